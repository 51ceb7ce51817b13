/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_relay.c - Clients of the relay send anything, in any order
 *
 * The input is a list of steps: a byte that says what, one that says who, and
 * what that step needs.  Good requests, frames and answers are among them, so
 * that the bytes get behind the handshakes.  Whatever happens, in the end no
 * session, no byte and no registration is left (fake_stop()), and what is kept
 * for clients stays bounded meanwhile.
 */

#include <stddef.h>
#include <stdint.h>

#include "../unit/fake_relay.h"

#define STEP_CNT_MAX 400
/* 16 clients: a listener's inbox or a few reads' worth for each. */
#define HELD_LEN_MAX (FAKE_IO_CNT * 8 * (size_t)RELAY_READ_SIZE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** struct steps - What is left of the input */
struct steps {
	const uint8_t *data;
	size_t len;
};

static uint8_t next(struct steps *steps)
{
	if (!steps->len)
		return 0;
	steps->len--;
	return *steps->data++;
}

/** take() - Up to @len bytes of the input */
static const uint8_t *take(struct steps *steps, size_t *len)
{
	const uint8_t *from = steps->data;

	if (*len > steps->len)
		*len = steps->len;
	steps->data += *len;
	steps->len -= *len;
	return from;
}

static void give_request(struct fake_io *io, uint8_t which)
{
	static const char *const requests[] = {
		"GET /$hc/hyco?sb-hc-action=connect HTTP/1.1\r\n" FAKE_UPGRADE
		"Sec-WebSocket-Protocol: a, b\r\n\r\n",
		"GET /hyco/x?y=1&sb-hc-id=7 HTTP/1.1\r\nHost: relay\r\n\r\n",
		"POST /hyco HTTP/1.1\r\nHost: relay\r\nContent-Length: "
		"9\r\n\r\n",
		"POST /hyco HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"PUT /hyco HTTP/1.1\r\nContent-Length: 70000\r\n"
		"Expect: 100-continue\r\n\r\n",
		"HEAD /hyco HTTP/1.0\r\n\r\n",
		"GET /$hc/closed?sb-hc-action=connect "
		"HTTP/1.1\r\n" FAKE_UPGRADE "\r\n",
	};

	fake_say(io,
		 requests[which % (sizeof(requests) / sizeof(requests[0]))]);
}

/** give_answer() - To the last request that this client was given */
static void give_answer(struct fake_io *io, uint8_t how)
{
	const char *mark = fake_find(io, "\"id\":\"");
	char text[256];
	const char *end;

	if (!mark)
		return;
	mark += 6;
	end = memchr(mark, '"',
		     io->out_len - (size_t)((const uint8_t *)mark - io->out));
	if (!end || end - mark > 100)
		return;
	snprintf(text, sizeof(text),
		 "{\"response\":{\"requestId\":\"%.*s\",\"statusCode\":%d,"
		 "\"body\":%s,\"responseHeaders\":{\"A\":\"%s\"}}}",
		 (int)(end - mark), mark, how & 1 ? 200 : 204,
		 how & 2 ? "true" : "false", how & 4 ? "\\r\\n" : "b");
	fake_frame(io, 0x81, text, strlen(text));
}

/** fill() - Long bodies and messages without a long input */
static void fill(struct fake_io *io, uint8_t pattern, uint8_t how)
{
	uint8_t block[4096];
	unsigned int i;

	memset(block, pattern, sizeof(block));
	for (i = 0; i < (how & 0x1f); i++) {
		if (how & 0x80)
			fake_frame(io, i ? 0x00 : 0x02, block, sizeof(block));
		else
			fake_give(io, block, sizeof(block));
	}
}

static void step(struct steps *steps)
{
	uint8_t what = next(steps);
	uint8_t who = next(steps);
	struct fake_io *io = &fake.ios[who % FAKE_IO_CNT];
	const uint8_t *bytes;
	size_t len;

	switch (what % 15) {
	case 0:
		fake_open(who);
		break;
	case 1:
		len = next(steps);
		bytes = take(steps, &len);
		fake_give(io, bytes, len);
		break;
	case 2:
		fake_listen(who, next(steps) + 1);
		break;
	case 3:
		give_request(fake_open(who), next(steps));
		break;
	case 4:
		give_request(io, next(steps));
		break;
	case 5:
		fake_meet(next(steps), io);
		break;
	case 6:
		what = next(steps);
		len = next(steps);
		bytes = take(steps, &len);
		fake_frame(io, what, bytes, len);
		break;
	case 7:
		give_answer(io, next(steps));
		break;
	case 8:
		fake_pass(next(steps) % 80);
		break;
	case 9:
		io->window = next(steps) * 600;
		break;
	case 10:
		fake_take(io);
		break;
	case 11:
		fake_close(io);
		break;
	case 12:
		what = next(steps);
		fill(io, what, next(steps));
		break;
	case 13:
		fake.relay.stopping = who & 0x40;
		if (io->open)
			session_goodbye(&io->session, who & 0x80);
		fake_settle();
		break;
	case 14:
		if (io->open)
			session_excuse(&io->session, next(steps) * 1000);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct steps steps = {data, size};
	unsigned int cnt = 0;
	size_t i;

	fake_start();
	while (steps.len && cnt++ < STEP_CNT_MAX) {
		step(&steps);
		/* Who would read nothing must not make the fake grow. */
		for (i = 0; i < FAKE_IO_CNT; i++) {
			if (fake.ios[i].out_len > FAKE_OUT_MAX / 2)
				fake_take(&fake.ios[i]);
		}
		if (fake.relay.held_len > HELD_LEN_MAX)
			abort();
	}
	fake_stop();
	return 0;
}

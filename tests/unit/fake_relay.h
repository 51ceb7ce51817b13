/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fake_relay.h - Sessions without sockets: in place of relay/relay.c, the clocks,
 * the kernel's randomness and the log
 *
 * Include it in one file of a program.  Time stands still but for fake_pass();
 * what sessions write gathers in memory, where a client takes it or not.
 */

#ifndef TESTS_FAKE_RELAY_H
#define TESTS_FAKE_RELAY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/token.h>

#include "relay/control.h"
#include "relay/relay.h"
#include "relay/session.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

#define FAKE_IO_CNT  16
#define FAKE_WALL_S  1800000000
#define FAKE_OUT_MAX (4u << 20)

/**
 * struct fake_io - One client
 * @out:	What the relay wrote and the client has not looked at
 * @unsent:	How much of its end the socket has not taken
 * @kept_len:	Bytes written while the socket had not taken all
 * @window:	Bytes that the socket takes beyond what the client took
 * @ended:	The relay said that nothing follows: the client closes, too, unless
 *		it @stays
 * @left:	The client hung up, and the relay has not read that
 */
struct fake_io {
	struct session session;
	uint8_t *out;
	size_t out_len;
	size_t kept_len;
	size_t window;
	bool open;
	bool killed;
	bool ended;
	bool stays;
	bool left;
	bool held;
	bool wants_writable;
};

static struct {
	struct relay relay;
	struct fake_io ios[FAKE_IO_CNT];
	mono_t now;
	int64_t wall_s;
	uint64_t drawn;
	size_t log_cnt;
} fake;

static struct relay_key fake_keys[] = {
	{.name = "root",
	 .rights = RELAY_MANAGE,
	 .key = (char[]){'k', 0},
	 .key_len = 1},
};
static struct relay_path fake_paths[] = {
	{.path = "hyco", .anonymous = true, .http = true},
	{.path = "closed", .http = true},
};
static struct relay_conf fake_conf = {
	.keys = fake_keys,
	.key_cnt = 1,
	.paths = fake_paths,
	.path_cnt = 2,
};

mono_t clock_mono(void)
{
	return fake.now;
}

wall_t clock_wall(void)
{
	return (wall_t){fake.wall_s};
}

void random_bytes(void *data, size_t len)
{
	uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < len; i++) {
		fake.drawn = fake.drawn * UINT64_C(6364136223846793005) + 1;
		bytes[i] = (uint8_t)(fake.drawn >> 56);
	}
}

uint64_t random_below(uint64_t limit)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value % limit;
}

#define FAKE_LOG(name)                                                         \
	void name(const char *fmt, ...)                                        \
	{                                                                      \
		char line[1024];                                               \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, fmt);                                             \
		vsnprintf(line, sizeof(line), fmt, ap);                        \
		va_end(ap);                                                    \
		fake.log_cnt++;                                                \
	}
FAKE_LOG(log_err)
FAKE_LOG(log_warn)
FAKE_LOG(log_info)
FAKE_LOG(log_debug)

static struct fake_io *fake_io(const struct session *session)
{
	return session->io;
}

bool relay_is_behind(const struct session *session)
{
	return fake_io(session)->out_len > fake_io(session)->window;
}

bool relay_write(struct session *session, const uint8_t *data, size_t len)
{
	struct fake_io *io = fake_io(session);

	if (io->killed)
		return false;
	if (io->out_len + len > FAKE_OUT_MAX)
		abort(); /* unbounded */
	memcpy(io->out + io->out_len, data, len);
	io->out_len += len;
	if (!relay_is_behind(session))
		return true;
	io->kept_len += len;
	session->relay->held_len += len;
	session->stuck = true;
	io->wants_writable = true;
	return true;
}

void relay_hold(struct session *session, bool hold)
{
	session->paused = hold;
}

void relay_call_writable(struct session *session)
{
	fake_io(session)->wants_writable = true;
}

void relay_end_output(struct session *session)
{
	fake_io(session)->ended = true;
}

bool relay_has_left(const struct session *session)
{
	return fake_io(session)->left;
}

void relay_kill(struct session *session)
{
	fake_io(session)->killed = true;
}

/** fake_close() - The connection ends */
static inline void fake_close(struct fake_io *io)
{
	if (!io->open)
		return;
	io->open = false;
	fake.relay.held_len -= io->kept_len;
	io->kept_len = 0;
	session_closed(&io->session);
}

/** fake_settle() - What the loop would do next, until there is nothing more */
static inline void fake_settle(void)
{
	bool again = true;
	size_t i;

	while (again) {
		again = false;
		for (i = 0; i < FAKE_IO_CNT; i++) {
			struct fake_io *io = &fake.ios[i];
			struct session *session = &io->session;

			if (!io->open)
				continue;
			if (io->killed || (io->ended && !io->stays)) {
				fake_close(io);
				again = true;
			} else if (io->wants_writable &&
				   !relay_is_behind(session)) {
				io->wants_writable = false;
				session->stuck = false;
				session->relay->held_len -= io->kept_len;
				io->kept_len = 0;
				session_writable(session);
				again = true;
			}
		}
	}
}

/** fake_gone() - As relay.c's, without the politeness */
static void fake_gone(struct hub *hub, void *context)
{
	(void)hub;
	(void)context;
}

static inline void fake_start(void)
{
	size_t i;

	memset(&fake, 0, sizeof(fake));
	fake.now = (mono_t){INT64_C(1000) * NS_PER_S};
	fake.wall_s = FAKE_WALL_S;
	relay_conf_defaults(&fake_conf.limits);
	memset(&fake_conf.fault, 0, sizeof(fake_conf.fault));
	fake.relay.conf = &fake_conf;
	fake.relay.scratch = malloc(RELAY_SCRATCH_SIZE);
	if (!fake.relay.scratch ||
	    hub_table_set(&fake.relay.hubs, &fake_conf, fake_gone, NULL))
		abort();
	for (i = 0; i < FAKE_IO_CNT; i++)
		fake.ios[i].window = FAKE_OUT_MAX;
}

/** fake_stop() - Close everything; nothing may be left over */
static inline void fake_stop(void)
{
	size_t i;

	for (i = 0; i < FAKE_IO_CNT; i++)
		fake_close(&fake.ios[i]);
	if (fake.relay.session_cnt || fake.relay.secret_cnt ||
	    fake.relay.sessions || fake.relay.held_len)
		abort();
	for (i = 0; i < RELAY_BUCKET_CNT; i++) {
		if (fake.relay.secrets[i])
			abort();
	}
	for (i = 0; i < fake.relay.hubs.cnt; i++) {
		if (fake.relay.hubs.hubs[i]->listener_cnt ||
		    fake.relay.hubs.hubs[i]->listeners ||
		    fake.relay.hubs.hubs[i]->ref_cnt)
			abort();
	}
	hub_table_fini(&fake.relay.hubs);
	free(fake.relay.scratch);
	for (i = 0; i < FAKE_IO_CNT; i++)
		free(fake.ios[i].out);
}

/** fake_open() - A client comes; one that is there is closed before */
static inline struct fake_io *fake_open(size_t idx)
{
	struct fake_io *io = &fake.ios[idx % FAKE_IO_CNT];
	size_t window = io->window;

	fake_close(io);
	if (!io->out)
		io->out = malloc(FAKE_OUT_MAX);
	if (!io->out)
		abort();
	*io = (struct fake_io){.out = io->out, .window = window, .open = true};
	session_open(&io->session, &fake.relay, io, "192.0.2.1", 7);
	return io;
}

/** fake_give() - The client sends; only while it is read from.  Bytes come from
 *  memory of their own, so that nobody keeps a pointer to them unseen */
static inline void fake_give(struct fake_io *io, const void *data, size_t len)
{
	uint8_t *copy;

	if (!io->open || io->killed || !len || io->session.paused ||
	    io->session.stuck)
		return;
	copy = malloc(len);
	if (!copy)
		abort();
	memcpy(copy, data, len);
	if (!session_receive(&io->session, copy, len))
		io->killed = true;
	free(copy);
	fake_settle();
}

static inline void fake_say(struct fake_io *io, const char *text)
{
	fake_give(io, text, strlen(text));
}

/** fake_frame() - The client sends a frame, masked with zeros */
static inline void fake_frame(struct fake_io *io, unsigned int first,
			      const void *data, size_t len)
{
	uint8_t *out = malloc(len + WS_HEAD_LEN_MAX);
	struct ws_head head = {
		.fin = (first & 0x80) != 0,
		.opcode = (enum ws_opcode)(first & 0xf),
		.masked = true,
		.payload_len = len,
	};
	size_t head_len;

	if (!out)
		abort();
	head_len = ws_head_write(out, &head);
	if (len)
		memcpy(out + head_len, data, len);
	fake_give(io, out, head_len + len);
	free(out);
}

/** fake_take() - The client takes all that was written */
static inline void fake_take(struct fake_io *io)
{
	io->out_len = 0;
	fake_settle();
}

/** fake_pass_ms() - Less than a second passes, and nobody's tick comes */
static inline void fake_pass_ms(int64_t ms)
{
	fake.now = mono_add_ms(fake.now, ms);
}

/** fake_pass() - Time passes, second by second */
static inline void fake_pass(unsigned int seconds)
{
	while (seconds--) {
		size_t i;

		fake.now = mono_add_ms(fake.now, 1000);
		fake.wall_s++;
		for (i = 0; i < FAKE_IO_CNT; i++) {
			if (fake.ios[i].open && !fake.ios[i].killed)
				session_tick(&fake.ios[i].session, fake.now,
					     fake.wall_s);
		}
		fake_settle();
	}
}

#define FAKE_UPGRADE                                                           \
	"Host: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"         \
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"                      \
	"Sec-WebSocket-Version: 13\r\n"

/** fake_token() - Good for everything, for @ttl_s */
static inline void fake_token(int64_t ttl_s, char token[HYCO_TOKEN_SIZE])
{
	if (hyco_token_sign("http://ns/", "root", "k", 1, fake.wall_s + ttl_s,
			    token, HYCO_TOKEN_SIZE) < 0)
		abort();
}

/** fake_listen() - A listener registers at "hyco" */
static inline struct fake_io *fake_listen(size_t idx, int64_t ttl_s)
{
	struct fake_io *io = fake_open(idx);
	char text[HYCO_TOKEN_SIZE + 512];
	char token[HYCO_TOKEN_SIZE];

	fake_token(ttl_s, token);
	snprintf(text, sizeof(text),
		 "GET /$hc/hyco?sb-hc-action=listen HTTP/1.1\r\n" FAKE_UPGRADE
		 "ServiceBusAuthorization: %s\r\n\r\n",
		 token);
	fake_say(io, text);
	return io;
}

/** fake_find() - A text in what was written to a client; NULL when absent */
static inline const char *fake_find(const struct fake_io *io, const char *text)
{
	return io->out_len ? memmem(io->out, io->out_len, text, strlen(text))
			   : NULL;
}

/** fake_meet() - Go to the last address that a listener was told
 *  Return: false when there is none */
static inline bool fake_meet(size_t idx, const struct fake_io *listener)
{
	static const char mark[] = "\"address\":\"wss://relay";
	const uint8_t *from = listener->out;
	size_t len = listener->out_len;
	const uint8_t *found = NULL;
	const uint8_t *end;
	struct fake_io *io;

	while (len) {
		const uint8_t *next = memmem(from, len, mark, sizeof(mark) - 1);

		if (!next)
			break;
		found = next + sizeof(mark) - 1;
		len -= (size_t)(found - from);
		from = found;
	}
	end = found ? memchr(found, '"', len) : NULL;
	if (!end)
		return false;
	io = fake_open(idx);
	fake_say(io, "GET ");
	fake_give(io, found, (size_t)(end - found));
	fake_say(io, " HTTP/1.1\r\n" FAKE_UPGRADE "\r\n");
	return true;
}

#endif /* TESTS_FAKE_RELAY_H */

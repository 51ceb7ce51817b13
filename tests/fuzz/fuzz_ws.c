/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_ws.c - Frames: a stream byte by byte gives what it gives at once
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "codec/ws.h"

#define INBOX_SIZE 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** feed() - Run a stream; Return: a hash of all that came of it */
static uint64_t feed(const uint8_t *data, size_t size, size_t step, bool masked)
{
	uint8_t buf[INBOX_SIZE];
	struct ws_message m;
	struct ws_inbox inbox;
	uint64_t hash = 0;
	int err = 0;
	size_t i;

	ws_inbox_init(&inbox, buf, sizeof(buf), masked);
	while (size && !err) {
		size_t room;
		uint8_t *to = ws_inbox_room(&inbox, &room);
		size_t len = size < step ? size : step;

		assert(room > 0 && to >= buf && to + room <= buf + INBOX_SIZE);
		len = len < room ? len : room;
		memcpy(to, data, len);
		ws_inbox_filled(&inbox, len);
		data += len;
		size -= len;
		while ((err = ws_inbox_next(&inbox, &m)) == 1) {
			hash = hash * 31 + (uint64_t)m.opcode + m.len;
			for (i = 0; i < m.len; i++)
				hash = hash * 31 + m.data[i];
		}
	}
	return hash * 31 + (uint64_t)(int64_t)err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t out[WS_HEAD_LEN_MAX];
	struct ws_head head;
	ssize_t len = ws_head_parse(data, size, &head);
	const char *reason;
	size_t reason_len;
	uint16_t code;
	int masked;

	if (len > 0) {
		assert(ws_head_len(&head) == (size_t)len);
		assert(ws_head_write(out, &head) == (size_t)len);
		assert(!memcmp(out, data, (size_t)len));
	}
	for (masked = 0; masked < 2; masked++)
		assert(feed(data, size, 1, masked) ==
		       feed(data, size, size, masked));
	if (!ws_close_parse(data, size, &code, &reason, &reason_len))
		assert(reason_len <= size);
	return 0;
}

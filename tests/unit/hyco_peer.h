/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * hyco_peer.h - A scripted relay for tests of libhyco: it answers upgrades and
 *		 reads and writes frames; there is no network
 */

#ifndef TESTS_HYCO_PEER_H
#define TESTS_HYCO_PEER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <hyco/conn.h>

#include "codec/http.h"
#include "codec/ws.h"

/** peer_random() - Different bytes at each call, the same in each run */
static inline void peer_random(void *arg, void *data, size_t len)
{
	uint64_t *state = arg;
	uint8_t *out = data;

	while (len--) {
		*state = *state * 6364136223846793005u + 1442695040888963407u;
		*out++ = (uint8_t)(*state >> 56);
	}
}

/** peer_take() - All that the connection sends now; Return: bytes in @data */
static inline size_t peer_take(struct hyco_conn *conn, uint8_t *data,
			       size_t size)
{
	const uint8_t *out;
	size_t used = 0;
	size_t len;

	while ((len = hyco_conn_output(conn, &out)) > 0) {
		assert_true(used + len <= size);
		memcpy(data + used, out, len);
		used += len;
		hyco_conn_written(conn, len);
	}
	return used;
}

/** peer_give() - Bytes for the connection to receive */
static inline void peer_give(struct hyco_conn *conn, const void *data,
			     size_t len)
{
	const uint8_t *at = data;

	while (len) {
		size_t room;
		uint8_t *to = hyco_conn_room(conn, &room);
		size_t part = len < room ? len : room;

		assert_non_null(to);
		assert_true(part > 0);
		memcpy(to, at, part);
		hyco_conn_filled(conn, part);
		at += part;
		len -= part;
	}
}

/** peer_request() - The upgrade request, NUL-terminated in @text */
static inline void peer_request(struct hyco_conn *conn, char *text, size_t size)
{
	size_t len = peer_take(conn, (uint8_t *)text, size - 1);

	text[len] = '\0';
}

/** peer_welcome() - The right 101 for a request; @more are further lines */
static inline size_t peer_welcome(const char *request, const char *more,
				  char *text, size_t size)
{
	struct http_request head;
	const struct slice *key;
	char accept[WS_ACCEPT_SIZE];

	assert_true(http_request_parse(request, strlen(request), &head) > 0);
	key = http_header_find(head.headers, head.header_cnt,
			       "Sec-WebSocket-Key");
	assert_non_null(key);
	assert_int_equal(ws_accept_key(key->data, key->len, accept), 0);
	return (size_t)snprintf(text, size,
				"HTTP/1.1 101 Switching Protocols\r\n"
				"Upgrade: websocket\r\nConnection: Upgrade\r\n"
				"Sec-WebSocket-Accept: %s\r\n%s\r\n",
				accept, more);
}

/** peer_frame() - One unmasked frame, as a relay sends it; Return: its length */
static inline size_t peer_frame(uint8_t *data, enum ws_opcode opcode,
				const void *payload, size_t len)
{
	const struct ws_head head = {
		.fin = true, .opcode = opcode, .payload_len = len};
	size_t head_len = ws_head_write(data, &head);

	if (len)
		memcpy(data + head_len, payload, len);
	return head_len + len;
}

/** peer_send() - One frame to the connection */
static inline void peer_send(struct hyco_conn *conn, enum ws_opcode opcode,
			     const void *payload, size_t len)
{
	uint8_t data[70000];

	peer_give(conn, data, peer_frame(data, opcode, payload, len));
}

/** peer_read() - One frame of what the connection sent, unmasked in place
 *  Return: its length with head, 0 when there is none */
static inline size_t peer_read(uint8_t *data, size_t len, struct ws_head *head,
			       uint8_t **payload)
{
	ssize_t head_len = ws_head_parse(data, len, head);

	if (head_len <= 0)
		return 0;
	assert_true(head->masked);
	*payload = data + head_len;
	assert_true((size_t)head_len + head->payload_len <= len);
	ws_mask(*payload, (size_t)head->payload_len, head->mask, 0);
	return (size_t)head_len + (size_t)head->payload_len;
}

#endif /* TESTS_HYCO_PEER_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_listener.c - A relay that says anything to a registered listener, in pieces
 *		     of any size: bytes behind its 101, as frames
 *
 * The first byte is the length of the pieces.  What the listener sends is taken
 * and dropped; each request is answered.
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <hyco/listener.h>

#include "codec/http.h"
#include "codec/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(void *arg, void *data, size_t len)
{
	(void)arg;
	memset(data, 7, len);
}

static void drop_output(struct hyco_conn *conn)
{
	const uint8_t *out;
	size_t len;

	while ((len = hyco_conn_output(conn, &out)) > 0)
		hyco_conn_written(conn, len);
}

static void give(struct hyco_conn *conn, const void *data, size_t len)
{
	size_t room;
	uint8_t *to = hyco_conn_room(conn, &room);

	if (!to || room < len)
		return;
	memcpy(to, data, len);
	hyco_conn_filled(conn, len);
}

/** welcome() - The 101 to the handshake key of sevens */
static void welcome(struct hyco_conn *conn)
{
	static const char key[] = "BwcHBwcHBwcHBwcHBwcHBw==";
	static const char head[] = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n"
				   "Connection: Upgrade\r\n"
				   "Sec-WebSocket-Accept: ";
	char accept[WS_ACCEPT_SIZE];

	assert(!ws_accept_key(key, sizeof(key) - 1, accept));
	give(conn, head, sizeof(head) - 1);
	give(conn, accept, sizeof(accept) - 1);
	give(conn, "\r\n\r\n", 4);
}

/** turn() - All events; Return: is it over? */
static int turn(struct hyco_listener *listener, int64_t now_ms)
{
	struct hyco_listener_event event;

	for (;;) {
		switch (hyco_listener_next(listener, now_ms, &event)) {
		case HYCO_LISTENER_NOTHING:
			return 0;
		case HYCO_LISTENER_TOKEN:
			assert(!hyco_listener_token(listener, "t", 3600000,
						    now_ms));
			break;
		case HYCO_LISTENER_ENDED:
			assert(event.end->text[0]);
			return 1;
		case HYCO_LISTENER_ACCEPT:
			assert(!strncmp(event.accept->address, "wss:", 4) ||
			       !strncasecmp(event.accept->address,
					    "https:", 6) ||
			       !strncasecmp(event.accept->address, "sb:", 3) ||
			       !strncasecmp(event.accept->address, "wss:", 4));
			break;
		case HYCO_LISTENER_REQUEST: {
			const struct hyco_response response = {
				.id = event.exchange->request.id,
				.status = 200};
			int err = hyco_listener_respond(listener, &response,
							NULL, 0);

			assert(err <= 0);
			break;
		}
		case HYCO_LISTENER_REFUSED:
		case HYCO_LISTENER_MALFORMED:
			assert(event.reason);
			break;
		case HYCO_LISTENER_CONNECT:
		case HYCO_LISTENER_REGISTERED:
			break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hyco_listener_config config = {
		.address = "wss://ns.example.net/o",
		.random = same,
	};
	const char *why;
	struct hyco_listener *listener = hyco_listener_new(&config, &why);
	struct hyco_conn *conn = hyco_listener_conn(listener);
	size_t piece = size ? data[0] + 1u : 1;
	size_t at = size ? 1 : 0;
	int over;

	over = turn(listener, 0);
	drop_output(conn);
	welcome(conn);
	over |= turn(listener, 0);
	assert(!over && hyco_listener_is_registered(listener));
	while (!over && at < size) {
		size_t len = size - at < piece ? size - at : piece;

		give(conn, data + at, len);
		at += len;
		over = turn(listener, (int64_t)at);
		drop_output(conn);
	}
	hyco_listener_free(listener);
	return 0;
}

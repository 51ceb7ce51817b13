/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_answer.c - A listener's answer goes to the client
 */

#include "relay/http_answer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "relay/http_exchange.h"
#include "relay/relay.h"

/** write_head() - Of the answer, to the client */
static void write_head(struct session *client, int64_t total)
{
	struct exchange *exchange = client->exchange;
	struct http_response *response = &exchange->response;
	struct strbuf text;

	exchange->silent = exchange->head_only ||
			   !http_response_has_body(response->status);
	if (!http_body_is_done(&exchange->body) || client->relay->stopping)
		exchange->keep = false;
	if (exchange->silent)
		total = exchange->head_only && response->length >= 0
				? response->length
				: -2;
	else if (total < 0 && !exchange->minor)
		total = -2;
	exchange->chunked = total == -1;
	strbuf_init(&text);
	http_response_head(response,
			   client->host[0] ? client->host : HTTP_VIA_NAME,
			   total, exchange->keep, &text);
	exchange->head_sent = true;
	relay_write(client, (const uint8_t *)strbuf_str(&text), text.len);
	strbuf_fini(&text);
	exchange_forget_headers(client);
}

/** write_chunk() - Head, bytes and end in one write; @data is at its place in the
 *  scratch buffer */
static void write_chunk(struct session *client, size_t len)
{
	uint8_t *data = client->relay->scratch + HTTP_ANSWER_CHUNK_ROOM;
	char head[HTTP_ANSWER_CHUNK_ROOM + 1];
	int head_len = snprintf(head, sizeof(head), "%zx\r\n", len);

	memcpy(data - head_len, head, (size_t)head_len);
	memcpy(data + len, "\r\n", 2);
	relay_write(client, data - head_len, (size_t)head_len + len + 2);
}

/** write_body() - To the client, if it may see it */
static void write_body(struct session *client, const uint8_t *data, size_t len)
{
	uint8_t *place = client->relay->scratch + HTTP_ANSWER_CHUNK_ROOM;

	if (!len || client->exchange->silent)
		return;
	if (!client->exchange->chunked) {
		relay_write(client, data, len);
		return;
	}
	/* Chunks are parts, and those come by the scratch buffer. */
	assert(data == place);
	write_chunk(client, len);
}

/** end() - The answer is whole */
static void end(struct session *client)
{
	struct exchange *exchange = client->exchange;
	bool again = exchange->keep && !client->relay->stopping;

	if (exchange->chunked && !exchange->silent)
		relay_write(client, (const uint8_t *)"0\r\n\r\n", 5);
	client->linger = !http_body_is_done(&exchange->body);
	exchange_reset(client);
	exchange_set_state(client, EXCHANGE_IDLE);
	session_forget_head(client);
	if (!again) {
		exchange_part(client);
		session_finish(client);
		return;
	}
	session_set(client, SESSION_HEAD);
	hub_release(client->hub);
	client->hub = NULL;
	buffer_move(&client->head, &client->early);
	relay_hold(client, false);
	relay_call_writable(client); /* a request may have come already */
}

bool http_answer_begin(struct session *client, struct http_response *response)
{
	struct exchange *exchange = client->exchange;

	if (exchange->has_response)
		return false;
	if (!session_has_room(client, response->headers.size)) {
		exchange_fail_busy(client);
		return false;
	}
	client->relay->held_len += response->headers.size;
	exchange->response = *response;
	exchange->has_response = true;
	strbuf_init(&response->headers);
	exchange_free_message(client);
	exchange_set_state(client, EXCHANGE_ANSWERING);
	relay_hold(client, true);
	if (response->body)
		return true;
	write_head(client, 0);
	end(client);
	return false;
}

void http_answer_body(struct session *client, const uint8_t *data, size_t len,
		      int64_t total, bool last)
{
	struct exchange *exchange = client->exchange;

	if (exchange->state != EXCHANGE_ANSWERING)
		return;
	exchange_progress(client);
	if (!exchange->head_sent)
		write_head(client, last ? (int64_t)len : total);
	write_body(client, data, len);
	if (last)
		end(client);
}

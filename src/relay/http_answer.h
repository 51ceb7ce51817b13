/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_answer.h - A listener's answer goes to the client
 */

#ifndef RELAY_HTTP_ANSWER_H
#define RELAY_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/http_message.h"
#include "relay/session.h"

/* "ffffffff\r\n" before a chunk. */
#define HTTP_ANSWER_CHUNK_ROOM 12

/**
 * http_answer_begin() - An answer begins
 * @response:	Its headers are taken over
 *
 * Return: does its body follow?
 */
bool http_answer_begin(struct session *client, struct http_response *response);

/**
 * http_answer_body() - Bytes of the answer's body
 * @data:	Any, or in the scratch buffer behind HTTP_ANSWER_CHUNK_ROOM bytes
 * @total:	Length of the whole body if it is known, else -1
 * @last:	These are its last
 */
void http_answer_body(struct session *client, const uint8_t *data, size_t len,
		      int64_t total, bool last);

#endif /* RELAY_HTTP_ANSWER_H */

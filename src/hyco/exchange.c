/* SPDX-License-Identifier: MIT */

/*
 * exchange.c - HTTP requests and their bodies, put together from messages
 */

#include <hyco/exchange.h>

#include <stdlib.h>
#include <string.h>

#include <hyco/error.h>

void hyco_exchange_init(struct hyco_exchange *exchange)
{
	memset(exchange, 0, sizeof(*exchange));
}

void hyco_exchange_fini(struct hyco_exchange *exchange)
{
	free(exchange->text);
	hyco_exchange_init(exchange);
}

/** take_request() - The text message that begins one */
static int take_request(struct hyco_exchange *exchange,
			const struct hyco_received *received)
{
	const char *text = (const char *)received->data;
	int err;

	hyco_exchange_fini(exchange);
	err = hyco_message_parse_request(text, received->len,
					 &exchange->request);
	if (err)
		return err;
	exchange->text = malloc(received->len + 1);
	if (!exchange->text)
		return HYCO_EMSGSIZE;
	memcpy(exchange->text, text, received->len);
	exchange->text[received->len] = '\0';
	exchange->text_len = received->len;
	exchange->waits = exchange->request.body && exchange->request.method[0];
	return exchange->waits ? 0 : 1;
}

int hyco_exchange_take(struct hyco_exchange *exchange,
		       const struct hyco_received *received)
{
	struct hyco_accept ignored;

	if (!received->text) {
		if (!exchange->waits)
			return HYCO_EPROTO;
		exchange->waits = false;
		exchange->body = received->data;
		exchange->body_len = received->len;
		return 1;
	}
	switch (hyco_message_parse((const char *)received->data, received->len,
				   &ignored)) {
	case HYCO_MESSAGE_REQUEST:
		return take_request(exchange, received);
	case HYCO_MESSAGE_ACCEPT:
	case HYCO_MESSAGE_UNKNOWN:
		return 0;
	default:
		return HYCO_EBADMSG;
	}
}

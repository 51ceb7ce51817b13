/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_forward.h - A client's HTTP request goes to a listener
 *
 * Each of these may end the exchange: exchange_fail().
 */

#ifndef RELAY_HTTP_FORWARD_H
#define RELAY_HTTP_FORWARD_H

#include "relay/session.h"

/** http_forward_ask() - Choose a listener and a way to it */
void http_forward_ask(struct session *client, const struct http_request *head);

/** http_forward_again() - To the listener of the request before, which is still
 *  there */
void http_forward_again(struct session *client,
			const struct http_request *head);

/** http_forward_gather() - Bytes of the body that waits to be whole */
void http_forward_gather(struct session *client);

/** http_forward_invite() - Tell the listener an address instead of the request */
void http_forward_invite(struct session *client);

/** http_forward_start() - The listener has come: the request's message, then its
 *  body */
void http_forward_start(struct session *client);

/** http_forward_body() - As much of it as there is and the channel takes */
void http_forward_body(struct session *client);

#endif /* RELAY_HTTP_FORWARD_H */

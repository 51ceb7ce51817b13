/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rendezvous.h - How a sender and a listener find each other
 */

#ifndef RELAY_RENDEZVOUS_H
#define RELAY_RENDEZVOUS_H

#include <stdbool.h>

#include "relay/session.h"

/** rendezvous_new_id() - A random GUID as text */
void rendezvous_new_id(char id[REQUEST_ID_SIZE]);

/**
 * rendezvous_open() - A session waits to be met: give it a secret
 *
 * Its @request names the path.  The secret ends with rendezvous_close().
 */
void rendezvous_open(struct session *session);

/** rendezvous_close() - Nobody may come any more; fine when none was open */
void rendezvous_close(struct session *session);

/**
 * rendezvous_address() - Where a listener shall meet a session
 * @listener:	Who will be told
 * @waiting:	Who waits; its secret was made
 * @action:	"accept" or "request"
 * @query:	The client's own arguments, each with an '&' behind it
 *
 * Return: false when it does not fit
 */
bool rendezvous_address(const struct session *listener,
			const struct session *waiting, const char *action,
			const char *id, const char *query, char *out,
			size_t size);

/**
 * rendezvous_ask() - Pick a listener and tell it where to meet this sender
 * @sender:	Authorized; gets its id and secret
 * @head:	Its request
 * @refusal:	On failure what to answer
 *
 * Return: true when a listener was told
 */
bool rendezvous_ask(struct session *sender, const struct http_request *head,
		    struct refusal *refusal);

/** rendezvous_listener_gone() - It is no listener any more: who waits for it soon
 *  asks another one */
void rendezvous_listener_gone(struct session *listener);

/** rendezvous_find() - Who waits at an address, NULL for nobody */
struct session *rendezvous_find(const struct relay *relay,
				const struct request *request);

#endif /* RELAY_RENDEZVOUS_H */

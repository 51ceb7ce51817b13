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

/** rendezvous_listener_cnt() - Listeners registered at a hybrid connection */
size_t rendezvous_listener_cnt(const struct relay *relay,
			       const struct relay_path *path);

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

/** rendezvous_find() - The sender that waits at an address, NULL for none */
struct session *rendezvous_find(const struct relay *relay,
				const struct request *request);

#endif /* RELAY_RENDEZVOUS_H */

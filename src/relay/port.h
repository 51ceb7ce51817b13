/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * port.h - The listening port, and libwebsockets around it
 */

#ifndef RELAY_PORT_H
#define RELAY_PORT_H

#include "relay/relay.h"

struct lws_context;

/**
 * port_open() - Listen where the configuration says
 * @relay:	Becomes the context's user
 * @context:	Set to libwebsockets' context, NULL when there is none; the
 *		caller destroys it, also after errors
 *
 * Return: 0 or negative errno, -EKEYREJECTED for certificate and key
 */
int port_open(struct relay *relay, struct lws_context **context)
	__attribute__((warn_unused_result));

#endif /* RELAY_PORT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * port.h - The listening port, and libwebsockets around it
 */

#ifndef RELAY_PORT_H
#define RELAY_PORT_H

#include "relay/relay.h"

struct lws_context;

#define PORT_CNT_MAX 2

/**
 * port_open() - Listen where the configuration says
 * @relay:	Becomes the context's user
 * @context:	Set to libwebsockets' context, NULL when there is none; the
 *		caller destroys it, also after errors
 * @fds:	Listening sockets, -1 for none; the caller closes them, also after
 *		errors
 *
 * Return: 0 or negative errno, -EKEYREJECTED for certificate and key
 */
int port_open(struct relay *relay, struct lws_context **context,
	      int fds[PORT_CNT_MAX]) __attribute__((warn_unused_result));
void port_close(int fds[PORT_CNT_MAX]);

#endif /* RELAY_PORT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * tls.h - Certificate and key of a listening port, also while it serves
 */

#ifndef RELAY_TLS_H
#define RELAY_TLS_H

#include <stddef.h>

#include "relay/relay_conf.h"

struct ssl_ctx_st;

/* The port, and with a fault a second one. */
#define TLS_PORT_CNT_MAX 2

/** struct tls_ports - OpenSSL contexts of the listening ports, as libwebsockets
 *  made them; none without TLS */
struct tls_ports {
	struct ssl_ctx_st *contexts[TLS_PORT_CNT_MAX];
	size_t cnt;
};

/** tls_keep() - Remember the context of a port, and do what libwebsockets left:
 *  memory of idle connections, sessions kept for nothing */
void tls_keep(struct tls_ports *ports, struct ssl_ctx_st *context);

/**
 * tls_reload() - Take the files of a configuration for connections to come
 *
 * Return: 0, or -EKEYREJECTED when they are not accepted: those before stay
 */
int tls_reload(const struct tls_ports *ports, const struct relay_conf *conf)
	__attribute__((warn_unused_result));

#endif /* RELAY_TLS_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * tls.h - Certificate and key of a listening port, also while it serves
 */

#ifndef RELAY_TLS_H
#define RELAY_TLS_H

#include <stddef.h>

#include "relay/relay_conf.h"

struct ssl_ctx_st;

/**
 * struct tls_ports - What the listening ports show; none without TLS
 * @cnt:	Ports
 * @reloaded:	Has certificate and key since the last reload, NULL before one
 */
struct tls_ports {
	size_t cnt;
	struct ssl_ctx_st *reloaded;
};

/** tls_keep() - A port got its context; @ports stays where it is
 *
 * Does what libwebsockets left: memory of idle connections, sessions kept for
 * nothing, other certificates while it serves.
 */
void tls_keep(struct tls_ports *ports, struct ssl_ctx_st *context);

/**
 * tls_fault() - What is wrong with certificate and key of a configuration
 *
 * The files go the way that tls_reload() takes.
 *
 * Return: NULL, or a static sentence
 */
const char *tls_fault(const struct relay_conf *conf)
	__attribute__((warn_unused_result));

/**
 * tls_reload() - Take the files of a configuration for connections to come
 *
 * Return: 0, or -EKEYREJECTED when they are not accepted: those before stay
 */
int tls_reload(struct tls_ports *ports, const struct relay_conf *conf)
	__attribute__((warn_unused_result));

/** tls_fini() - After the ports were closed */
void tls_fini(struct tls_ports *ports);

#endif /* RELAY_TLS_H */

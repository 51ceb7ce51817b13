/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * tls.h - Certificate and key of a listening port, also while it serves
 */

#ifndef RELAY_TLS_H
#define RELAY_TLS_H

#include "relay/relay_conf.h"

struct ssl_ctx_st;

/** tls_tune() - What libwebsockets leaves as it was: memory of idle
 *  connections, sessions kept for nothing */
void tls_tune(struct ssl_ctx_st *context);

/**
 * tls_reload() - Take the files of a configuration for connections to come
 *
 * Return: 0, or -EKEYREJECTED when they are not accepted: those before stay
 */
int tls_reload(struct ssl_ctx_st *context, const struct relay_conf *conf)
	__attribute__((warn_unused_result));

#endif /* RELAY_TLS_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * tls.c - Certificate and key of a listening port, also while it serves
 */

#include "relay/tls.h"

#include <errno.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/**
 * offer() - Certificate and key of one handshake
 *
 * Into the connection, not into the port's context: that has a place for each
 * type of key, and would go on showing an old certificate beside a new one of
 * another type.
 *
 * Return: 1, or 0 to end the handshake
 */
static int offer(SSL *ssl, void *context)
{
	const struct tls_ports *ports = context;
	STACK_OF(X509) *chain = NULL;

	if (!ports->reloaded)
		return 1;
	SSL_certs_clear(ssl);
	return SSL_CTX_get0_chain_certs(ports->reloaded, &chain) == 1 &&
	       SSL_use_cert_and_key(
		       ssl, SSL_CTX_get0_certificate(ports->reloaded),
		       SSL_CTX_get0_privatekey(ports->reloaded), chain, 1) == 1;
}

void tls_keep(struct tls_ports *ports, struct ssl_ctx_st *context)
{
	ports->cnt++;
	SSL_CTX_set_cert_cb(context, offer, ports);
	/* An idle connection gives its two buffers of 17 kB back. */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 1);
}

/** use() - Files into a context; Return: were they accepted? */
static bool use(SSL_CTX *context, const struct relay_conf *conf)
{
	return SSL_CTX_use_certificate_chain_file(context, conf->certificate) ==
		       1 &&
	       SSL_CTX_use_PrivateKey_file(context, conf->private_key,
					   SSL_FILETYPE_PEM) == 1 &&
	       SSL_CTX_check_private_key(context) == 1;
}

int tls_reload(struct tls_ports *ports, const struct relay_conf *conf)
{
	SSL_CTX *next;
	bool good;

	if (!ports->cnt || !conf->certificate)
		return 0;
	next = SSL_CTX_new(TLS_server_method());
	good = next && use(next, conf);
	if (good) {
		SSL_CTX_free(ports->reloaded);
		ports->reloaded = next;
	} else {
		SSL_CTX_free(next);
	}
	ERR_clear_error();
	return good ? 0 : -EKEYREJECTED;
}

void tls_fini(struct tls_ports *ports)
{
	SSL_CTX_free(ports->reloaded);
	*ports = (struct tls_ports){0};
}

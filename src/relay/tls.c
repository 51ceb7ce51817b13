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

/** no_passphrase() - For keys that have one: nobody is there to be asked */
static int no_passphrase(char *buf, int size, int writing, void *context)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)context;
	return 0;
}

/** use() - Files into a context; Return: NULL, or what is wrong with them */
static const char *use(SSL_CTX *context, const struct relay_conf *conf)
{
	if (SSL_CTX_use_certificate_chain_file(context, conf->certificate) != 1)
		return "the certificate is not accepted: it must be PEM, the "
		       "relay's own first, then those of its issuers";
	if (SSL_CTX_use_PrivateKey_file(context, conf->private_key,
					SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context) != 1)
		return "the key is not accepted: it must be PEM, without a "
		       "passphrase, and that of the certificate";
	return NULL;
}

/** load() - A context with both; Return: NULL, and @fault is set, when they are not
 *  accepted */
static SSL_CTX *load(const struct relay_conf *conf, const char **fault)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	*fault = context ? NULL : "TLS cannot be set up";
	if (context) {
		SSL_CTX_set_default_passwd_cb(context, no_passphrase);
		*fault = use(context, conf);
	}
	ERR_clear_error();
	if (!*fault)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

const char *tls_fault(const struct relay_conf *conf)
{
	const char *fault;

	SSL_CTX_free(load(conf, &fault));
	return fault;
}

int tls_reload(struct tls_ports *ports, const struct relay_conf *conf)
{
	const char *fault;
	SSL_CTX *next;

	if (!ports->cnt || !conf->certificate)
		return 0;
	next = load(conf, &fault);
	if (!next)
		return -EKEYREJECTED;
	SSL_CTX_free(ports->reloaded);
	ports->reloaded = next;
	return 0;
}

void tls_fini(struct tls_ports *ports)
{
	SSL_CTX_free(ports->reloaded);
	*ports = (struct tls_ports){0};
}

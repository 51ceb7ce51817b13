/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * tls.c - Certificate and key of a listening port, also while it serves
 */

#include "relay/tls.h"

#include <errno.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

void tls_keep(struct tls_ports *ports, struct ssl_ctx_st *context)
{
	if (ports->cnt < TLS_PORT_CNT_MAX)
		ports->contexts[ports->cnt++] = context;
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

int tls_reload(const struct tls_ports *ports, const struct relay_conf *conf)
{
	SSL_CTX *trial;
	bool good;
	size_t i;

	if (!ports->cnt || !conf->certificate)
		return 0;
	/* First into one that nobody uses: what fails half-way harms nobody. */
	trial = SSL_CTX_new(TLS_server_method());
	good = trial && use(trial, conf);
	for (i = 0; good && i < ports->cnt; i++)
		good = use(ports->contexts[i], conf);
	SSL_CTX_free(trial);
	ERR_clear_error();
	return good ? 0 : -EKEYREJECTED;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * port.c - The listening port, and libwebsockets around it
 */

#include "relay/port.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <libwebsockets.h>
#include <openssl/ssl.h>

#include "relay/entry.h"
#include "sys/log.h"

/* --fault other-host: where rendezvous addresses point then. */
#define OTHER_HOST                                                             \
	{                                                                      \
		127, 0, 0, 2                                                   \
	}

static void on_log(int level, const char *line)
{
	int len = (int)strcspn(line, "\n");

	if (level & LLL_ERR)
		log_err("event=lws text=\"%.*s\"", len, line);
	else
		log_warn("event=lws text=\"%.*s\"", len, line);
}

/** fill_tls() - Certificate and key, from files or memory */
static void fill_tls(struct lws_context_creation_info *info,
		     const struct relay_conf *conf)
{
	info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	info->ssl_options_set =
		(long)(SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1);
	if (!conf->certificate_pem) {
		info->ssl_cert_filepath = conf->certificate;
		info->ssl_private_key_filepath = conf->private_key;
		return;
	}
	info->server_ssl_cert_mem = conf->certificate_pem;
	info->server_ssl_cert_mem_len =
		(unsigned int)strlen(conf->certificate_pem) + 1;
	info->server_ssl_private_key_mem = conf->private_key_pem;
	info->server_ssl_private_key_mem_len =
		(unsigned int)strlen(conf->private_key_pem) + 1;
}

/** make_context() - For the connections of the ports, which are not its own
 *  Return: NULL on failure */
static struct lws_context *make_context(struct relay *relay)
{
	const struct relay_conf *conf = relay->conf;
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = relay_protocols(),
		.user = relay,
		.gid = -1,
		.uid = -1,
		.pt_serv_buf_size = RELAY_READ_SIZE,
		.timeout_secs = (unsigned int)conf->limits.head_s,
		/* Else a client that can gets HTTP/2. */
		.alpn = "http/1.1",
	};

	if (!conf->plaintext)
		fill_tls(&info, conf);
	return lws_create_context(&info);
}

/** open_sockets() - One, and another for rendezvous only with a fault
 *  Return: 0 or negative errno */
static int open_sockets(const struct relay_conf *conf, int fds[PORT_CNT_MAX])
{
	struct ip_addr other = {.family = IP_V4, .bytes = OTHER_HOST};
	int err = 0;

	fds[0] = entry_listen(&conf->addr, conf->port);
	if (fds[0] < 0)
		return fds[0];
	if (conf->fault.other_host) {
		fds[1] = entry_listen(&other, conf->port);
		err = fds[1] < 0 ? fds[1] : 0;
	}
	return err;
}

int port_open(struct relay *relay, struct lws_context **context,
	      int fds[PORT_CNT_MAX])
{
	int err = open_sockets(relay->conf, fds);

	if (err)
		return err;
	/* Why it does not start, the caller says in one line. */
	lws_set_log_level(0, on_log);
	*context = make_context(relay);
	if (!*context)
		return relay->conf->plaintext ? -ENOMEM : -EKEYREJECTED;
	lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
	return 0;
}

void port_close(int fds[PORT_CNT_MAX])
{
	size_t i;

	for (i = 0; i < PORT_CNT_MAX; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

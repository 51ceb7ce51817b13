/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * port.c - The listening port, and libwebsockets around it
 */

#include "relay/port.h"

#include <errno.h>
#include <string.h>

#include <libwebsockets.h>
#include <openssl/ssl.h>

#include "sys/log.h"

/* limits.peer_s: half of it without a byte, then so many questions in the other
 * half. */
#define KEEPALIVE_PROBE_CNT 4

/* --fault other-host: where rendezvous addresses point then. */
#define OTHER_HOST "127.0.0.2"

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

/** fill_info() - Context and listening vhost in one */
static void fill_info(struct lws_context_creation_info *info,
		      struct relay *relay, const char *iface)
{
	const struct relay_conf *conf = relay->conf;

	memset(info, 0, sizeof(*info));
	info->port = conf->port;
	info->iface = iface;
	info->protocols = relay_protocols();
	info->user = relay;
	info->gid = -1;
	info->uid = -1;
	info->pt_serv_buf_size = RELAY_READ_SIZE;
	info->timeout_secs = (unsigned int)conf->limits.head_s;
	/* A pair whose two sides vanished without a word ends by this: the
	 * relay itself sends nothing on a joined connection. */
	info->ka_time = (int)conf->limits.peer_s / 2;
	info->ka_probes = KEEPALIVE_PROBE_CNT;
	info->ka_interval =
		(int)(conf->limits.peer_s / 2) / KEEPALIVE_PROBE_CNT + 1;
	info->alpn = "http/1.1"; /* else a client that can gets HTTP/2 */
	info->listen_accept_role = "raw-skt";
	info->listen_accept_protocol = RELAY_PROTOCOL;
	info->options = LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG |
			LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
	if (conf->addr.family == IP_V4)
		info->options |= LWS_SERVER_OPTION_DISABLE_IPV6;
	if (!conf->plaintext)
		fill_tls(info, conf);
}

/** open_other() - A second port, for rendezvous only (a fault) */
static int open_other(struct lws_context *context, struct relay *relay)
{
	struct lws_context_creation_info info;

	if (!relay->conf->fault.other_host)
		return 0;
	fill_info(&info, relay, OTHER_HOST);
	info.vhost_name = "other";
	return lws_create_vhost(context, &info) ? 0 : -EADDRNOTAVAIL;
}

int port_open(struct relay *relay, struct lws_context **context)
{
	const struct relay_conf *conf = relay->conf;
	struct lws_context_creation_info info;
	char iface[IP_ADDR_TEXT_SIZE];
	int err;

	/* Why it does not start, the caller says in one line. */
	lws_set_log_level(0, on_log);
	fill_info(&info, relay, ip_addr_format(&conf->addr, iface));
	*context = lws_create_context(&info);
	if (!*context) /* The port was free a moment ago: the files. */
		return conf->plaintext ? -EADDRNOTAVAIL : -EKEYREJECTED;
	err = open_other(*context, relay);
	lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * relay.c - The relay's connections: libwebsockets in its raw role
 */

/**
 * DOC: Theory of operation
 *
 * libwebsockets listens, makes TLS, and calls us with bytes.  Its own WebSocket
 * role must answer an upgrade at once; a sender's answer waits for its listener,
 * so heads and frames are ours (codec/http, codec/ws).
 *
 * A write goes to the socket at once; what the socket does not take,
 * libwebsockets keeps, and calls back when it is sent.  Until then it does not
 * read from that raw connection either, but polls for input: unless we turn
 * that off as well it spins.  So a client that does not read is not read from.
 */

#include "relay/relay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "sys/clock.h"
#include "sys/log.h"

#define STOP_LIMIT_MS 3000

/* A pair whose two sides vanished without a word is given up after two
 * minutes; the relay itself sends nothing on a joined connection. */
#define KEEPALIVE_S          60
#define KEEPALIVE_PROBE_CNT  4
#define KEEPALIVE_INTERVAL_S 15

/** set_flow() - Read from a connection only when nothing speaks against it */
static void set_flow(struct session *session)
{
	lws_rx_flow_control(session->wsi, !session->paused && !session->stuck);
}

bool relay_write(struct session *session, const uint8_t *data, size_t len)
{
	int put = lws_write(session->wsi, (unsigned char *)(uintptr_t)data, len,
			    LWS_WRITE_RAW);

	if (put < 0) {
		relay_kill(session);
		return false;
	}
	if (relay_is_behind(session) && !session->stuck) {
		session->stuck = true;
		set_flow(session);
		relay_call_writable(session);
	}
	return true;
}

bool relay_is_behind(const struct session *session)
{
	return lws_partial_buffered(session->wsi);
}

void relay_hold(struct session *session, bool hold)
{
	session->paused = hold;
	set_flow(session);
}

void relay_call_writable(struct session *session)
{
	lws_callback_on_writable(session->wsi);
}

void relay_kill(struct session *session)
{
	lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
			LWS_TO_KILL_ASYNC);
}

static int on_adopt(struct lws *wsi, struct session *session)
{
	struct relay *relay = lws_context_user(lws_get_context(wsi));

	if (relay->stopping ||
	    relay->session_cnt >= relay->conf->connection_cnt_max) {
		log_warn("event=connection_refused reason=\"%zu connections "
			 "are all that are allowed\"",
			 relay->session_cnt);
		return -1;
	}
	memset(session, 0, sizeof(*session));
	session_open(session, relay, wsi);
	return 0;
}

/** on_writable() - libwebsockets has nothing left to send */
static void on_writable(struct session *session)
{
	if (session->stuck) {
		session->stuck = false;
		set_flow(session);
	}
	session_writable(session);
}

static int on_traffic(struct lws *wsi, enum lws_callback_reasons reason,
		      void *user, void *in, size_t len)
{
	struct session *session = user;

	switch (reason) {
	case LWS_CALLBACK_RAW_ADOPT:
		return on_adopt(wsi, session);
	case LWS_CALLBACK_RAW_RX:
		if (!session->relay)
			return -1;
		/* An accepted raw connection carries a timeout that would cut
		 * it off in mid-flight. */
		if (session->kind == SESSION_HEAD)
			lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		return session_receive(session, in, len) ? 0 : -1;
	case LWS_CALLBACK_RAW_WRITEABLE:
		if (session->relay)
			on_writable(session);
		return 0;
	case LWS_CALLBACK_RAW_CLOSE:
		if (session && session->relay)
			session_closed(session);
		return 0;
	default:
		return 0;
	}
}

static void stop(struct relay *relay)
{
	struct session *session;
	struct session *next;

	log_info("event=stopping connections=%zu", relay->session_cnt);
	relay->stopping = true;
	for (session = relay->sessions; session; session = next) {
		next = session->next;
		session_goodbye(session);
	}
}

static int on_signal(struct lws *wsi, enum lws_callback_reasons reason,
		     void *user, void *in, size_t len)
{
	struct relay *relay = lws_context_user(lws_get_context(wsi));
	struct signalfd_siginfo info;

	(void)user;
	(void)in;
	(void)len;
	if (reason == LWS_CALLBACK_RAW_RX_FILE &&
	    read(relay->signal_fd, &info, sizeof(info)) == sizeof(info))
		stop(relay);
	return 0;
}

static void on_tick(lws_sorted_usec_list_t *sul)
{
	struct relay *relay = lws_container_of(sul, struct relay, tick);
	mono_t now = clock_mono();
	int64_t now_s = clock_wall().s;
	struct session *session;
	struct session *next;

	for (session = relay->sessions; session; session = next) {
		next = session->next;
		session_tick(session, now, now_s);
	}
	lws_sul_schedule(relay->context, 0, &relay->tick, on_tick,
			 LWS_US_PER_SEC);
}

static void on_log(int level, const char *line)
{
	int len = (int)strcspn(line, "\n");

	if (level & LLL_ERR)
		log_err("event=lws text=\"%.*s\"", len, line);
	else
		log_warn("event=lws text=\"%.*s\"", len, line);
}

static const struct lws_protocols protocols[] = {
	{"relay", on_traffic, sizeof(struct session), RELAY_READ_SIZE, 0, NULL,
	 0},
	{"signals", on_signal, 0, 0, 0, NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0},
};

/** fill_info() - Context and listening vhost in one */
static void fill_info(struct lws_context_creation_info *info,
		      struct relay *relay, char *iface)
{
	const struct relay_conf *conf = relay->conf;

	memset(info, 0, sizeof(*info));
	info->port = conf->port;
	info->iface = ip_addr_format(&conf->addr, iface);
	info->protocols = protocols;
	info->user = relay;
	info->gid = -1;
	info->uid = -1;
	info->pt_serv_buf_size = RELAY_READ_SIZE;
	info->ka_time = KEEPALIVE_S;
	info->ka_probes = KEEPALIVE_PROBE_CNT;
	info->ka_interval = KEEPALIVE_INTERVAL_S;
	info->listen_accept_role = "raw-skt";
	info->listen_accept_protocol = "relay";
	info->options = LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG |
			LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
	if (conf->addr.family == IP_V4)
		info->options |= LWS_SERVER_OPTION_DISABLE_IPV6;
	if (conf->plaintext)
		return;
	info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	info->ssl_cert_filepath = conf->certificate;
	info->ssl_private_key_filepath = conf->private_key;
	info->ssl_options_set =
		(long)(SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1);
}

/** adopt_signals() - SIGTERM and SIGINT through the loop; Return: 0 or -errno */
static int adopt_signals(struct relay *relay)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.vhost_name = "signals",
		.options = LWS_SERVER_OPTION_DISABLE_IPV6,
	};
	struct lws_vhost *vhost;
	lws_sock_file_fd_type fd;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	relay->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (relay->signal_fd < 0)
		return -errno;
	/* In a vhost of its own: the listening one makes sockets of all it
	 * adopts. */
	vhost = lws_create_vhost(relay->context, &info);
	fd.filefd = relay->signal_fd;
	if (!vhost ||
	    !lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd,
					"signals", NULL))
		return -ENOMEM;
	return 0;
}

static void serve(struct relay *relay)
{
	mono_t stopped = {0};

	lws_sul_schedule(relay->context, 0, &relay->tick, on_tick,
			 LWS_US_PER_SEC);
	while (lws_service(relay->context, 0) >= 0) {
		if (!relay->stopping)
			continue;
		if (!stopped.ns)
			stopped = clock_mono();
		if (!relay->session_cnt ||
		    mono_diff_ms(clock_mono(), stopped) > STOP_LIMIT_MS)
			break;
	}
}

int relay_run(const struct relay_conf *conf,
	      int (*ready)(const struct relay_conf *conf))
{
	struct lws_context_creation_info info;
	struct relay relay = {.conf = conf, .signal_fd = -1};
	char iface[IP_ADDR_TEXT_SIZE];
	int err;

	/* Why it does not start, the caller says in one line. */
	lws_set_log_level(0, on_log);
	relay.scratch = malloc(RELAY_SCRATCH_SIZE);
	if (!relay.scratch)
		return -ENOMEM;
	fill_info(&info, &relay, iface);
	relay.context = lws_create_context(&info);
	if (!relay.context) {
		free(relay.scratch);
		/* The port was free a moment ago: it is about the files. */
		return conf->plaintext ? -EADDRNOTAVAIL : -EKEYREJECTED;
	}
	lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
	err = adopt_signals(&relay);
	if (!err)
		err = ready(conf);
	if (!err)
		serve(&relay);
	lws_context_destroy(relay.context);
	free(relay.scratch);
	return err;
}

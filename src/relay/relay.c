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
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "relay/control.h"
#include "relay/guard.h"
#include "relay/http_exchange.h"
#include "relay/pair.h"
#include "relay/status_socket.h"
#include "relay/status_text.h"
#include "relay/tls.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

/* After the drain, for closes to be sent. */
#define STOP_LIMIT_MS 3000

/* limits.peer_s: half of it without a byte, then so many questions in the other
 * half. */
#define KEEPALIVE_PROBE_CNT 4

/* Records of one connection read in a row, so that others get their turn. */
#define READ_MORE_CNT      16
#define TLS_RECORD_LEN_MAX 16384

/* The port, and with a fault a second one. */
#define PORT_CNT_MAX 2

/* --fault other-host: where rendezvous addresses point then. */
#define OTHER_HOST "127.0.0.2"

/**
 * struct server - The program around the relay
 * @tls:	OpenSSL contexts of the ports, as libwebsockets made them
 * @tls_cnt:	How many: none without TLS
 * @more:	See read_more()
 * @tick:	Once a second
 * @told_connections, @told_rate: Refusals that the log knows of
 * @stopped:	When SIGTERM came, and then when the drain had ended
 * @drained:	The second of the two
 */
struct server {
	struct relay relay;
	const struct relay_hooks *hooks;
	struct lws_context *context;
	SSL_CTX *tls[PORT_CNT_MAX];
	size_t tls_cnt;
	struct guard guard;
	uint8_t more[TLS_RECORD_LEN_MAX];
	lws_sorted_usec_list_t tick;
	int signal_fd;
	int status_fd;
	size_t status_client_cnt;
	uint64_t told_connections;
	uint64_t told_rate;
	mono_t stopped;
	bool drained;
};

static struct server *server_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

/** set_flow() - Read from a connection only when nothing speaks against it */
static void set_flow(struct session *session)
{
	lws_rx_flow_control(session->io, !session->paused && !session->stuck);
}

bool relay_write(struct session *session, const uint8_t *data, size_t len)
{
	int put = lws_write(session->io, (unsigned char *)(uintptr_t)data, len,
			    LWS_WRITE_RAW);

	if (put < 0) {
		relay_kill(session);
		return false;
	}
	if (!relay_is_behind(session))
		return true;
	session->kept_len += len;
	session->relay->held_len += len;
	if (!session->stuck) {
		session->stuck = true;
		set_flow(session);
		relay_call_writable(session);
	}
	return true;
}

bool relay_is_behind(const struct session *session)
{
	return lws_partial_buffered(session->io);
}

void relay_hold(struct session *session, bool hold)
{
	session->paused = hold;
	set_flow(session);
}

void relay_call_writable(struct session *session)
{
	lws_callback_on_writable(session->io);
}

void relay_kill(struct session *session)
{
	lws_set_timeout(session->io, PENDING_TIMEOUT_USER_REASON_BASE,
			LWS_TO_KILL_ASYNC);
}

/** read_addr() - From the kernel's form */
static void read_addr(const struct sockaddr_storage *from, struct ip_addr *addr,
		      uint16_t *port)
{
	/* IPv4 in IPv6's form, RFC 4291 section 2.5.5.2. */
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memcpy(&v4, from, sizeof(v4));
	memcpy(&v6, from, sizeof(v6));
	memset(addr, 0, sizeof(*addr));
	if (from->ss_family == AF_INET) {
		addr->family = IP_V4;
		memcpy(addr->bytes, &v4.sin_addr, 4);
		*port = ntohs(v4.sin_port);
		return;
	}
	*port = ntohs(v6.sin6_port);
	if (!memcmp(&v6.sin6_addr, mapped, sizeof(mapped))) {
		addr->family = IP_V4;
		memcpy(addr->bytes, v6.sin6_addr.s6_addr + 12, 4);
	} else {
		addr->family = IP_V6;
		memcpy(addr->bytes, &v6.sin6_addr, 16);
	}
}

/**
 * filter() - Before anything is spent on a new connection
 *
 * Return: 0 to go on, else it is closed
 */
static int filter(struct server *server, int fd)
{
	struct relay *relay = &server->relay;
	const struct relay_limits *limits = &relay->conf->limits;
	const unsigned int timeout_ms = (unsigned int)limits->peer_s * 1000;
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof(from);
	struct ip_addr addr;
	uint16_t port;

	if (relay->stopping || getpeername(fd, (struct sockaddr *)&from, &len))
		return -1;
	read_addr(&from, &addr, &port);
	if (!guard_admit(&server->guard, &addr, limits->handshake_cnt,
			 clock_mono())) {
		relay->counts.over_rate++;
		return -1;
	}
	if (relay->session_cnt >= limits->connection_cnt) {
		relay->counts.over_connections++;
		return -1;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
			 sizeof(timeout_ms));
	return 0;
}

static int on_adopt(struct lws *wsi, struct session *session)
{
	struct server *server = server_of(wsi);
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof(from);
	char remote[IP_ADDR_TEXT_SIZE] = "-";
	struct ip_addr addr;
	uint16_t port = 0;

	if (!getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&from,
			 &len)) {
		read_addr(&from, &addr, &port);
		ip_addr_format(&addr, remote);
	}
	server->relay.counts.connections++;
	session_open(session, &server->relay, wsi, remote, port);
	return 0;
}

/** on_writable() - libwebsockets has nothing left to send */
static void on_writable(struct session *session)
{
	if (session->stuck) {
		session->stuck = false;
		session->relay->held_len -= session->kept_len;
		session->kept_len = 0;
		set_flow(session);
	}
	session_writable(session);
}

/** cork() - Gather what is written to a pair's side in few segments, or let them
 *  go: each costs a way through the kernel and wakes its reader */
static void cork(const struct session *session, int on)
{
	if (session)
		(void)setsockopt(lws_get_socket_fd(session->io), IPPROTO_TCP,
				 TCP_CORK, &on, sizeof(on));
}

/**
 * read_records() - Further records of a busy pair, without a poll() for each
 *
 * libwebsockets reads one record a round of its loop.  Its next read finds
 * nothing then, which is fine; what is left behind READ_MORE_CNT, it finds.
 * The first one was passed on already; what follows is gathered, and @corked
 * set.
 *
 * Return: false when the connection must be closed
 */
static bool read_records(struct server *server, struct session *session,
			 SSL *ssl, bool *corked)
{
	int i;

	for (i = 0; i < READ_MORE_CNT && session->kind == SESSION_JOINED; i++) {
		int got;
		int err;

		if (session->paused || session->stuck)
			return true;
		got = SSL_read(ssl, server->more, sizeof(server->more));
		if (got > 0) {
			if (!*corked)
				cork(session->other, 1);
			*corked = true;
			if (!session_receive(session, server->more,
					     (size_t)got))
				return false;
			continue;
		}
		err = SSL_get_error(ssl, got);
		ERR_clear_error();
		return err == SSL_ERROR_WANT_READ ||
		       err == SSL_ERROR_WANT_WRITE;
	}
	return true;
}

/** read_more() - What else has come on a pair's side
 *  Return: false when the connection must be closed */
static bool read_more(struct server *server, struct session *session)
{
	SSL *ssl = server->tls_cnt ? lws_get_ssl(session->io) : NULL;
	bool corked = false;
	bool good;

	if (!ssl)
		return true;
	good = read_records(server, session, ssl, &corked);
	if (corked)
		cork(session->other, 0);
	return good;
}

/** keep_tls() - libwebsockets made a port's context */
static int keep_tls(struct server *server, SSL_CTX *context)
{
	if (server->tls_cnt < PORT_CNT_MAX)
		server->tls[server->tls_cnt++] = context;
	tls_tune(context);
	return 0;
}

static int on_traffic(struct lws *wsi, enum lws_callback_reasons reason,
		      void *user, void *in, size_t len)
{
	struct session *session = user;

	switch (reason) {
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		return keep_tls(server_of(wsi), user);
	case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
		return filter(server_of(wsi), (int)(intptr_t)in);
	case LWS_CALLBACK_RAW_ADOPT:
		return on_adopt(wsi, session);
	case LWS_CALLBACK_RAW_RX:
		if (!session->relay)
			return -1;
		/* An accepted raw connection carries a timeout that would cut
		 * it off in mid-flight. */
		if (session->kind == SESSION_HEAD)
			lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		return session_receive(session, in, len) &&
				       read_more(server_of(wsi), session)
			       ? 0
			       : -1;
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

/** goodbye() - To all sessions */
static void goodbye(struct relay *relay, bool now)
{
	struct session *session;
	struct session *next;

	for (session = relay->sessions; session; session = next) {
		next = session->next;
		session_goodbye(session, now);
	}
}

static void stop(struct server *server)
{
	struct relay *relay = &server->relay;

	log_info("event=stopping connections=%zu", relay->session_cnt);
	server->stopped = clock_mono();
	/* A second signal ends the drain. */
	server->drained = relay->stopping;
	relay->stopping = true;
	goodbye(relay, server->drained);
}

/** on_gone() - A hybrid connection is not configured any more */
static void on_gone(struct hub *hub, void *context)
{
	static const char reason[] = "hybrid connection is gone";
	struct relay *relay = context;
	struct session *session;
	struct session *next;

	for (session = relay->sessions; session; session = next) {
		next = session->next;
		if (session->hub != hub)
			continue;
		if (session->kind == SESSION_LISTENER)
			control_close(session, WS_CLOSE_GOING_AWAY, reason);
		else if (session->kind == SESSION_JOINED)
			pair_close(session, WS_CLOSE_GOING_AWAY, reason);
		else if (session->kind == SESSION_WAITING)
			session_refuse(session, 404, reason);
		else if (session->kind == SESSION_HTTP)
			exchange_fail(session, 404, reason);
	}
}

/** warn_kept() - What a reload does not change */
static void warn_kept(const struct relay_conf *old,
		      const struct relay_conf *now)
{
	if (!ip_addr_equal(&old->addr, &now->addr) || old->port != now->port ||
	    old->plaintext != now->plaintext)
		log_warn(
			"event=reload_kept text=\"listen and plaintext stay as "
			"they were: restart the relay to change them\"");
}

/** use_tls() - New certificates for connections to come; Return: 0 or -errno */
static int use_tls(struct server *server, const struct relay_conf *conf)
{
	size_t i;

	for (i = 0; i < server->tls_cnt && conf->certificate; i++) {
		if (tls_reload(server->tls[i], conf))
			return -EKEYREJECTED;
	}
	return 0;
}

static void reload(struct server *server)
{
	struct relay *relay = &server->relay;
	const struct relay_conf *old = relay->conf;
	const struct relay_conf *conf =
		server->hooks->load
			? server->hooks->load(server->hooks->context)
			: NULL;

	if (!conf) {
		log_err("event=reload_failed text=\"all stays as it was\"");
		return;
	}
	if (use_tls(server, conf)) {
		log_err("event=reload_failed text=\"certificate %s and key %s "
			"are not accepted: all stays as it was\"",
			conf->certificate, conf->private_key);
		server->hooks->undo(server->hooks->context);
		return;
	}
	if (hub_table_set(&relay->hubs, conf, on_gone, relay)) {
		log_err("event=reload_failed text=\"out of memory\"");
		server->hooks->undo(server->hooks->context);
		return;
	}
	warn_kept(old, conf);
	relay->conf = conf;
	server->hooks->drop(server->hooks->context);
	log_info("event=reloaded paths=%zu", conf->path_cnt);
}

static int on_signal(struct lws *wsi, enum lws_callback_reasons reason,
		     void *user, void *in, size_t len)
{
	struct server *server = server_of(wsi);
	struct signalfd_siginfo info;

	(void)user;
	(void)in;
	(void)len;
	if (reason != LWS_CALLBACK_RAW_RX_FILE ||
	    read(server->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGHUP)
		reload(server);
	else
		stop(server);
	return 0;
}

static int on_status_client(struct lws *wsi, enum lws_callback_reasons reason,
			    void *user, void *in, size_t len)
{
	struct server *server = server_of(wsi);
	struct status_client *client = user;
	int got;

	(void)in;
	(void)len;
	switch (reason) {
	case LWS_CALLBACK_RAW_ADOPT_FILE:
		server->status_client_cnt++;
		client->text = status_text(&server->relay, clock_mono());
		client->len = client->text ? strlen(client->text) : 0;
		lws_callback_on_writable(wsi);
		return client->text ? 0 : -1;
	case LWS_CALLBACK_RAW_RX_FILE:
		return -1; /* whoever speaks, or hangs up, has what it wanted */
	case LWS_CALLBACK_RAW_WRITEABLE_FILE:
		got = status_send(client, (int)lws_get_socket_fd(wsi));
		if (!got)
			lws_callback_on_writable(wsi);
		return got ? -1 : 0;
	case LWS_CALLBACK_RAW_CLOSE_FILE:
		server->status_client_cnt--;
		free(client->text);
		client->text = NULL;
		return 0;
	default:
		return 0;
	}
}

static int on_status(struct lws *wsi, enum lws_callback_reasons reason,
		     void *user, void *in, size_t len)
{
	struct server *server = server_of(wsi);
	lws_sock_file_fd_type fd;

	(void)user;
	(void)in;
	(void)len;
	if (reason != LWS_CALLBACK_RAW_RX_FILE)
		return 0;
	fd.filefd = status_accept(server->status_fd);
	if (fd.filefd < 0)
		return 0;
	if (server->status_client_cnt >= STATUS_CLIENT_CNT_MAX)
		close(fd.filefd);
	else
		(void)lws_adopt_descriptor_vhost(lws_get_vhost(wsi),
						 LWS_ADOPT_RAW_FILE_DESC, fd,
						 "status-client", NULL);
	return 0;
}

/** tell_refused() - One line a second at most, however many come */
static void tell_refused(struct server *server)
{
	const struct relay_counts *counts = &server->relay.counts;
	uint64_t full = counts->over_connections - server->told_connections;
	uint64_t fast = counts->over_rate - server->told_rate;

	if (!full && !fast)
		return;
	log_warn("event=connections_refused all_places_taken=%llu "
		 "too_fast=%llu connections=%zu",
		 (unsigned long long)full, (unsigned long long)fast,
		 server->relay.session_cnt);
	server->told_connections = counts->over_connections;
	server->told_rate = counts->over_rate;
}

static void on_tick(lws_sorted_usec_list_t *sul)
{
	struct server *server = lws_container_of(sul, struct server, tick);
	mono_t now = clock_mono();
	int64_t now_s = clock_wall().s;
	struct session *session;
	struct session *next;

	for (session = server->relay.sessions; session; session = next) {
		next = session->next;
		session_tick(session, now, now_s);
	}
	tell_refused(server);
	lws_sul_schedule(server->context, 0, &server->tick, on_tick,
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
	{NULL, NULL, 0, 0, 0, NULL, 0},
};

/* In a vhost of their own: the listening one makes sockets of all it adopts. */
static const struct lws_protocols file_protocols[] = {
	{"signals", on_signal, 0, 0, 0, NULL, 0},
	{"status", on_status, 0, 0, 0, NULL, 0},
	{"status-client", on_status_client, sizeof(struct status_client), 0, 0,
	 NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0},
};

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
		      struct server *server, const char *iface)
{
	const struct relay_conf *conf = server->relay.conf;

	memset(info, 0, sizeof(*info));
	info->port = conf->port;
	info->iface = iface;
	info->protocols = protocols;
	info->user = server;
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
	info->listen_accept_protocol = "relay";
	info->options = LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG |
			LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
	if (conf->addr.family == IP_V4)
		info->options |= LWS_SERVER_OPTION_DISABLE_IPV6;
	if (!conf->plaintext)
		fill_tls(info, conf);
}

/** adopt_file() - A descriptor to be watched; Return: was it taken? */
static bool adopt_file(struct lws_vhost *vhost, int fd, const char *protocol)
{
	lws_sock_file_fd_type file = {.filefd = fd};

	return lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, file,
					  protocol, NULL) != NULL;
}

/** open_signals() - Return: 0 or negative errno */
static int open_signals(struct server *server)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	server->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return server->signal_fd < 0 ? -errno : 0;
}

/** open_status() - A relay without its status socket is still a relay */
static void open_status(struct server *server)
{
	const char *path = server->relay.conf->status_socket;

	if (!path)
		return;
	server->status_fd = status_listen(path);
	if (server->status_fd < 0)
		log_warn("event=no_status socket=%s error=\"%s\"", path,
			 strerror(-server->status_fd));
}

/** adopt_files() - Signals and status through the loop; Return: 0 or -errno */
static int adopt_files(struct server *server)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = file_protocols,
		.vhost_name = "files",
		.options = LWS_SERVER_OPTION_DISABLE_IPV6,
	};
	struct lws_vhost *vhost = lws_create_vhost(server->context, &info);

	if (!vhost || !adopt_file(vhost, server->signal_fd, "signals"))
		return -ENOMEM;
	if (server->status_fd >= 0 &&
	    !adopt_file(vhost, server->status_fd, "status"))
		return -ENOMEM;
	return 0;
}

/** open_other() - A second port, for rendezvous only (a fault) */
static int open_other(struct server *server)
{
	struct lws_context_creation_info info;

	if (!server->relay.conf->fault.other_host)
		return 0;
	fill_info(&info, server, OTHER_HOST);
	info.vhost_name = "other";
	return lws_create_vhost(server->context, &info) ? 0 : -EADDRNOTAVAIL;
}

/** is_over() - Has everything ended, or the time for it? */
static bool is_over(struct server *server)
{
	struct relay *relay = &server->relay;
	int64_t age_ms = mono_diff_ms(clock_mono(), server->stopped);

	if (!relay->session_cnt)
		return true;
	if (!server->drained && age_ms >= relay->conf->limits.drain_s * 1000) {
		server->drained = true;
		server->stopped = clock_mono();
		goodbye(relay, true);
		return false;
	}
	return server->drained && age_ms > STOP_LIMIT_MS;
}

static void serve(struct server *server)
{
	lws_sul_schedule(server->context, 0, &server->tick, on_tick,
			 LWS_US_PER_SEC);
	while (lws_service(server->context, 0) >= 0) {
		if (server->relay.stopping && is_over(server))
			break;
	}
}

/** open_server() - Ports, signals, status; Return: 0 or negative errno */
static int open_server(struct server *server)
{
	const struct relay_conf *conf = server->relay.conf;
	struct lws_context_creation_info info;
	char iface[IP_ADDR_TEXT_SIZE];
	int err;

	/* Why it does not start, the caller says in one line. */
	lws_set_log_level(0, on_log);
	fill_info(&info, server, ip_addr_format(&conf->addr, iface));
	server->context = lws_create_context(&info);
	if (!server->context) /* The port was free a moment ago: the files. */
		return conf->plaintext ? -EADDRNOTAVAIL : -EKEYREJECTED;
	err = open_other(server);
	lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
	if (!err)
		err = open_signals(server);
	if (err)
		return err;
	open_status(server);
	return adopt_files(server);
}

static void close_server(struct server *server)
{
	if (server->status_fd >= 0)
		status_unlisten(server->relay.conf->status_socket);
	if (server->context)
		lws_context_destroy(server->context);
	hub_table_fini(&server->relay.hubs);
	free(server->relay.scratch);
	free(server);
}

int relay_run(const struct relay_conf *conf, const struct relay_hooks *hooks)
{
	struct server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	server->hooks = hooks;
	server->signal_fd = -1;
	server->status_fd = -1;
	server->relay.conf = conf;
	server->relay.plaintext = conf->plaintext;
	server->relay.started = clock_mono();
	server->relay.scratch = malloc(RELAY_SCRATCH_SIZE);
	random_bytes(&server->guard.seed, sizeof(server->guard.seed));
	err = server->relay.scratch ? hub_table_set(&server->relay.hubs, conf,
						    on_gone, &server->relay)
				    : -ENOMEM;
	if (!err)
		err = open_server(server);
	if (!err)
		err = hooks->ready(hooks->context, conf);
	if (!err)
		serve(server);
	close_server(server);
	return err;
}

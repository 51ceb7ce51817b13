/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * server.c - The program around the relay: signals, status, the stop
 */

#include "relay/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "relay/entry.h"
#include "relay/port.h"
#include "relay/status_socket.h"
#include "relay/status_text.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/random.h"

/* Connections accepted in a row, so that those that are there get their turn. */
#define ACCEPT_CNT 8

/* After the drain, for closes to be sent. */
#define STOP_LIMIT_MS 3000

/* A tick so much late was not late for want of CPU time alone. */
#define STOOD_STILL_MS 1000

/* Whoever waits for the end need not wait for the next second. */
#define STOPPING_TICK_US (100 * LWS_US_PER_MS)

/**
 * struct server - The program around the relay
 * @relay:	What libwebsockets' context knows
 * @vhost:	For connections
 * @tick:	Once a second, the last time at @ticked
 * @port_fds:	Listening sockets; libwebsockets' from the time that it has them in
 *		@ports
 * @status:	The status socket, as libwebsockets has it; NULL for none
 * @notify_fd:	Where systemd is told, or -1
 * @told_connections, @told_rate, @told_not_accepted: What the log knows of
 * @stopped:	When SIGTERM came, and then when the drain had ended
 * @drained:	The second of the two
 */
struct server {
	struct relay relay;
	const struct relay_hooks *hooks;
	struct lws_context *context;
	struct lws_vhost *vhost;
	lws_sorted_usec_list_t tick;
	mono_t ticked;
	int port_fds[PORT_CNT_MAX];
	struct lws *ports[PORT_CNT_MAX];
	uint64_t told_not_accepted;
	int accept_err;
	int signal_fd;
	int status_fd;
	struct lws *status;
	int notify_fd;
	size_t status_client_cnt;
	uint64_t told_connections;
	uint64_t told_rate;
	mono_t stopped;
	bool drained;
};

static struct server *server_of(struct lws *wsi)
{
	struct relay *relay = lws_context_user(lws_get_context(wsi));

	return lws_container_of(relay, struct server, relay);
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

/** tell_refused() - One line a second at most, however many come */
static void tell_refused(struct server *server)
{
	const struct relay_counts *counts = &server->relay.counts;
	uint64_t full = counts->over_connections - server->told_connections;
	uint64_t fast = counts->over_rate - server->told_rate;

	if (counts->not_accepted != server->told_not_accepted)
		log_warn("event=not_accepted error=\"%s\" connections=%zu "
			 "text=\"clients wait\"",
			 strerror(server->accept_err),
			 server->relay.session_cnt);
	server->told_not_accepted = counts->not_accepted;
	if (!full && !fast)
		return;
	log_warn("event=connections_refused all_places_taken=%llu "
		 "too_fast=%llu connections=%zu",
		 (unsigned long long)full, (unsigned long long)fast,
		 server->relay.session_cnt);
	server->told_connections = counts->over_connections;
	server->told_rate = counts->over_rate;
}

/** forgive() - The program was stopped, or its machine: what waits in sockets has not
 *  been looked at, so no limit has passed */
static void forgive(struct server *server, mono_t now)
{
	int64_t stood_ms = mono_diff_ms(now, server->ticked) - 1000;
	struct session *session = server->relay.sessions;
	bool drains = server->relay.stopping &&
		      !mono_before(server->ticked, server->stopped);

	server->ticked = now;
	if (stood_ms < STOOD_STILL_MS)
		return;
	log_warn("event=stood_still ms=%lld", (long long)stood_ms);
	if (drains)
		server->stopped = mono_add_ms(server->stopped, stood_ms);
	for (; session; session = session->next)
		session_excuse(session, stood_ms);
}

static void on_tick(lws_sorted_usec_list_t *sul)
{
	struct server *server = lws_container_of(sul, struct server, tick);
	mono_t now = clock_mono();
	int64_t now_s = clock_wall().s;
	struct session *session;
	struct session *next;
	size_t i;

	forgive(server, now);
	for (session = server->relay.sessions; session; session = next) {
		next = session->next;
		session_tick(session, now, now_s);
	}
	tell_refused(server);
	/* They may have looked away. */
	for (i = 0; i < PORT_CNT_MAX; i++) {
		if (server->ports[i])
			lws_rx_flow_control(server->ports[i], 1);
	}
	if (server->status)
		lws_rx_flow_control(server->status, 1);
	if (notify_watchdog_ms())
		notify_systemd(server->notify_fd, NOTIFY_ALIVE);
	lws_sul_schedule(server->context, 0, &server->tick, on_tick,
			 server->relay.stopping ? STOPPING_TICK_US
						: LWS_US_PER_SEC);
}

static void stop(struct server *server)
{
	struct relay *relay = &server->relay;

	notify_systemd(server->notify_fd, "STOPPING=1");
	log_info("event=stopping connections=%zu", relay->session_cnt);
	server->stopped = clock_mono();
	/* A second signal ends the drain. */
	server->drained = relay->stopping;
	relay->stopping = true;
	goodbye(relay, server->drained);
	lws_sul_schedule(server->context, 0, &server->tick, on_tick,
			 STOPPING_TICK_US);
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
	if (info.ssi_signo == SIGHUP) {
		notify_systemd(server->notify_fd, "RELOADING=1");
		relay_reload(&server->relay, server->hooks);
		notify_systemd(server->notify_fd, "READY=1");
	} else {
		stop(server);
	}
	return 0;
}

/** on_port() - Somebody connects */
static int on_port(struct lws *wsi, enum lws_callback_reasons reason,
		   void *user, void *in, size_t len)
{
	struct server *server = server_of(wsi);
	lws_sock_file_fd_type fd;
	int i;

	(void)user;
	(void)in;
	(void)len;
	if (reason != LWS_CALLBACK_RAW_RX_FILE)
		return 0;
	for (i = 0; i < ACCEPT_CNT; i++) {
		fd.sockfd = entry_accept(&server->relay,
					 (int)lws_get_socket_fd(wsi));
		if (fd.sockfd == -EAGAIN)
			break;
		if (fd.sockfd >= 0) {
			/* On failure it closes what it did not take. */
			(void)lws_adopt_descriptor_vhost(
				server->vhost,
				LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL, fd,
				RELAY_PROTOCOL, NULL);
		} else if (fd.sockfd != -ECONNREFUSED) {
			server->accept_err = -fd.sockfd;
			server->relay.counts.not_accepted++;
			lws_rx_flow_control(wsi, 0); /* until the next tick */
			break;
		}
	}
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
	if (fd.filefd < 0 && fd.filefd != -EAGAIN)
		lws_rx_flow_control(wsi, 0); /* until the next tick */
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

/* In a vhost of their own: the listening one makes sockets of all it adopts. */
static const struct lws_protocols file_protocols[] = {
	{"port", on_port, 0, 0, 0, NULL, 0},
	{"signals", on_signal, 0, 0, 0, NULL, 0},
	{"status", on_status, 0, 0, 0, NULL, 0},
	{"status-client", on_status_client, sizeof(struct status_client), 0, 0,
	 NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0},
};

/** adopt_file() - A descriptor to be watched; Return: NULL if it was not taken */
static struct lws *adopt_file(struct lws_vhost *vhost, int fd,
			      const char *protocol)
{
	lws_sock_file_fd_type file = {.filefd = fd};

	return lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, file,
					  protocol, NULL);
}

/** adopt_ports() - Return: 0 or -ENOMEM */
static int adopt_ports(struct server *server, struct lws_vhost *vhost)
{
	size_t i;

	for (i = 0; i < PORT_CNT_MAX; i++) {
		if (server->port_fds[i] < 0)
			continue;
		server->ports[i] =
			adopt_file(vhost, server->port_fds[i], "port");
		if (!server->ports[i])
			return -ENOMEM;
		server->port_fds[i] = -1;
	}
	return 0;
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
	const char *path = server->relay.fixed.status_socket;

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
	if (server->status_fd >= 0) {
		server->status = adopt_file(vhost, server->status_fd, "status");
		if (!server->status)
			return -ENOMEM;
	}
	return adopt_ports(server, vhost);
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
	server->ticked = clock_mono();
	lws_sul_schedule(server->context, 0, &server->tick, on_tick,
			 LWS_US_PER_SEC);
	while (lws_service(server->context, 0) >= 0) {
		if (!server->relay.stopping)
			continue;
		/* The tick has not seen it yet. */
		forgive(server, clock_mono());
		if (is_over(server))
			break;
	}
}

/** open_server() - Port, signals, status; Return: 0 or negative errno */
static int open_server(struct server *server)
{
	int err = port_open(&server->relay, &server->context, server->port_fds);

	server->vhost =
		err ? NULL : lws_get_vhost_by_name(server->context, "default");
	if (!err && !server->vhost)
		err = -ENOMEM;
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
		status_unlisten(server->relay.fixed.status_socket);
	port_close(server->port_fds);
	if (server->notify_fd >= 0)
		close(server->notify_fd);
	if (server->context)
		lws_context_destroy(server->context);
	tls_fini(&server->relay.tls);
	hub_table_fini(&server->relay.hubs);
	fixed_fini(&server->relay.fixed);
	outflow_gather_fini(&server->relay.gather);
	free(server->relay.scratch);
	free(server);
}

/** places() - Connections that open files allow: libwebsockets has a table that does
 *  not grow later */
static size_t places(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return SIZE_MAX;
	return limit.rlim_cur > ENTRY_OTHER_FILE_CNT
		       ? (size_t)limit.rlim_cur - ENTRY_OTHER_FILE_CNT
		       : 1;
}

int server_run(const struct relay_conf *conf, const struct relay_hooks *hooks)
{
	struct server *server = calloc(1, sizeof(*server));
	size_t i;
	int err;

	if (!server)
		return -ENOMEM;
	server->hooks = hooks;
	server->signal_fd = -1;
	server->status_fd = -1;
	server->notify_fd = notify_open();
	for (i = 0; i < PORT_CNT_MAX; i++)
		server->port_fds[i] = -1;
	server->relay.place_cnt = places();
	server->relay.conf = conf;
	server->relay.started = clock_mono();
	server->relay.scratch = malloc(RELAY_SCRATCH_SIZE);
	random_bytes(&server->relay.guard.seed,
		     sizeof(server->relay.guard.seed));
	err = server->relay.scratch ? fixed_init(&server->relay.fixed, conf)
				    : -ENOMEM;
	if (!err)
		err = outflow_gather_init(&server->relay.gather);
	if (!err)
		err = hub_table_set(&server->relay.hubs, conf,
				    relay_reload_gone, &server->relay);
	if (!err)
		err = open_server(server);
	if (!err)
		err = hooks->ready(hooks->context, conf);
	if (!err) {
		notify_systemd(server->notify_fd, "READY=1");
		serve(server);
	}
	close_server(server);
	return err;
}

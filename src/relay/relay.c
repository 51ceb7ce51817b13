/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * relay.c - The relay's connections: libwebsockets in its raw role
 */

/**
 * DOC: Theory of operation
 *
 * libwebsockets makes TLS of connections that are accepted, and calls us with bytes.  Its own WebSocket
 * role must answer an upgrade at once; a sender's answer waits for its listener,
 * so heads and frames are ours (codec/http, codec/ws).
 *
 * What is written goes past libwebsockets to the socket, by outflow.c, which keeps
 * what the socket does not take.  Until that is sent we do not read from that
 * connection: so a client that does not read is not read from.
 */

#include "relay/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "relay/entry.h"

/* Records of one connection read in a row, so that others get their turn. */
#define READ_MORE_CNT 16

/**
 * struct connection - What libwebsockets keeps for us
 * @session:	First, as callbacks get the address of both
 * @out:	What is written to it
 */
struct connection {
	struct session session;
	struct outflow out;
};

static struct relay *relay_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

/** set_flow() - Read from a connection only when nothing speaks against it */
static void set_flow(struct session *session)
{
	lws_rx_flow_control(session->io, !session->paused && !session->stuck);
}

static struct outflow *out_of(const struct session *session)
{
	struct connection *connection = lws_wsi_user(session->io);

	return &connection->out;
}

/** tls_of() - A connection's TLS, NULL when it has none */
static SSL *tls_of(const struct session *session)
{
	return session->relay->fixed.plaintext ? NULL
					       : lws_get_ssl(session->io);
}

/** note_behind() - If the socket does not take what we write, read no more from its
 *  client until it does */
static void note_behind(struct session *session)
{
	if (session->stuck || !relay_is_behind(session))
		return;
	session->stuck = true;
	set_flow(session);
	relay_call_writable(session);
}

/** open_out() - Before the first write; Return: could it be? */
static bool open_out(struct session *session)
{
	struct relay *relay = session->relay;

	return !outflow_open(out_of(session), &relay->gather,
			     lws_get_socket_fd(session->io), tls_of(session),
			     &relay->held_len);
}

bool relay_write(struct session *session, const uint8_t *data, size_t len)
{
	struct outflow *out = out_of(session);

	if ((!out->gather && !open_out(session)) ||
	    outflow_write(out, data, len)) {
		relay_kill(session);
		return false;
	}
	note_behind(session);
	return true;
}

bool relay_is_behind(const struct session *session)
{
	return outflow_is_behind(out_of(session));
}

void relay_hold(struct session *session, bool hold)
{
	session->paused = hold;
	set_flow(session);
}

bool relay_has_left(const struct session *session)
{
	struct pollfd fd = {.fd = lws_get_socket_fd(session->io),
			    .events = POLLRDHUP};

	return poll(&fd, 1, 0) > 0;
}

void relay_call_writable(struct session *session)
{
	lws_callback_on_writable(session->io);
}

void relay_end_output(struct session *session)
{
	SSL *ssl = tls_of(session);

	if (ssl)
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
	(void)shutdown(lws_get_socket_fd(session->io), SHUT_WR);
}

void relay_kill(struct session *session)
{
	lws_set_timeout(session->io, PENDING_TIMEOUT_USER_REASON_BASE,
			LWS_TO_KILL_ASYNC);
}

static int on_adopt(struct lws *wsi, struct session *session)
{
	struct relay *relay = relay_of(wsi);
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof(from);
	char remote[IP_ADDR_TEXT_SIZE] = "-";
	struct ip_addr addr;
	uint16_t port = 0;

	if (!getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&from,
			 &len)) {
		entry_read_addr(&from, &addr, &port);
		ip_addr_format(&addr, remote);
	}
	relay->counts.connections++;
	session_open(session, relay, wsi, remote, port);
	return 0;
}

/** on_writable() - The socket takes more; Return: false when it is dead */
static bool on_writable(struct session *session)
{
	int err = outflow_flush(out_of(session));

	if (err == -EIO)
		return false;
	if (err) {
		relay_call_writable(session);
		return true;
	}
	if (session->stuck) {
		session->stuck = false;
		set_flow(session);
	}
	session_writable(session);
	return true;
}

/**
 * read_records() - Further records of a busy pair, without a poll() for each
 *
 * libwebsockets reads one record a round of its loop.  Its next read finds
 * nothing then, which is fine; what is left behind READ_MORE_CNT, it finds.
 *
 * Return: false when the connection must be closed
 */
static bool read_records(struct session *session, SSL *ssl)
{
	uint8_t *more = session->relay->more;
	int i;

	for (i = 0; i < READ_MORE_CNT && session->kind == SESSION_JOINED; i++) {
		int got;
		int err;

		if (session->paused || session->stuck)
			return true;
		ERR_clear_error(); /* what a write left is no error of ours */
		got = SSL_read(ssl, more, RELAY_RECORD_SIZE);
		if (got > 0) {
			if (!session_receive(session, more, (size_t)got))
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

/** pass_burst() - A pair's side sent something: what is there leaves together, for
 *  each segment is a way through the kernel and wakes its reader
 *  Return: false when the connection must be closed */
static bool pass_burst(struct session *session, const uint8_t *data, size_t len)
{
	SSL *ssl = tls_of(session);
	struct session *to = session->other;
	bool good;

	outflow_hold(out_of(to));
	good = session_receive(session, data, len) &&
	       (!ssl || read_records(session, ssl));
	outflow_release(out_of(to));
	if (out_of(to)->broken)
		relay_kill(to);
	note_behind(to);
	return good;
}

/** on_bytes() - Return: false when the connection must be closed */
static bool on_bytes(struct session *session, const uint8_t *data, size_t len)
{
	if (session->kind == SESSION_JOINED && session->other &&
	    out_of(session->other)->gather)
		return pass_burst(session, data, len);
	return session_receive(session, data, len);
}

/** on_close() - The connection is gone, but for libwebsockets' own last words */
static void on_close(struct connection *connection)
{
	session_closed(&connection->session);
	outflow_close(&connection->out);
}

static int on_traffic(struct lws *wsi, enum lws_callback_reasons reason,
		      void *user, void *in, size_t len)
{
	struct session *session = user;

	switch (reason) {
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		tls_keep(&relay_of(wsi)->tls, user);
		return 0;
	case LWS_CALLBACK_RAW_ADOPT:
		return on_adopt(wsi, session);
	case LWS_CALLBACK_RAW_RX:
		if (!session->relay)
			return -1;
		/* An accepted raw connection carries a timeout that would cut
		 * it off in mid-flight. */
		if (session->kind == SESSION_HEAD)
			lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		return on_bytes(session, in, len) ? 0 : -1;
	case LWS_CALLBACK_RAW_WRITEABLE:
		return !session->relay || on_writable(session) ? 0 : -1;
	case LWS_CALLBACK_RAW_CLOSE:
		if (session && session->relay)
			on_close(user);
		return 0;
	default:
		return 0;
	}
}

const struct lws_protocols *relay_protocols(void)
{
	static const struct lws_protocols protocols[] = {
		{RELAY_PROTOCOL, on_traffic, sizeof(struct connection),
		 RELAY_READ_SIZE, 0, NULL, 0},
		{NULL, NULL, 0, 0, 0, NULL, 0},
	};

	return protocols;
}

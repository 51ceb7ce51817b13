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
 * A write goes to the socket at once; what the socket does not take,
 * libwebsockets keeps, and calls back when it is sent.  Until then it does not
 * read from that raw connection either, but polls for input: unless we turn
 * that off as well it spins.  So a client that does not read is not read from.
 */

#include "relay/relay.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "relay/entry.h"

/* Records of one connection read in a row, so that others get their turn. */
#define READ_MORE_CNT 16

static struct relay *relay_of(struct lws *wsi)
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

/** tls_of() - A connection's TLS, NULL when it has none */
static SSL *tls_of(const struct session *session)
{
	return session->relay->fixed.plaintext ? NULL
					       : lws_get_ssl(session->io);
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
static bool read_records(struct session *session, SSL *ssl, bool *corked)
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
			if (!*corked)
				cork(session->other, 1);
			*corked = true;
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

/** read_more() - What else has come on a pair's side
 *  Return: false when the connection must be closed */
static bool read_more(struct session *session)
{
	SSL *ssl = tls_of(session);
	bool corked = false;
	bool good;

	if (!ssl)
		return true;
	good = read_records(session, ssl, &corked);
	if (corked)
		cork(session->other, 0);
	return good;
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
		return session_receive(session, in, len) && read_more(session)
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

const struct lws_protocols *relay_protocols(void)
{
	static const struct lws_protocols protocols[] = {
		{RELAY_PROTOCOL, on_traffic, sizeof(struct session),
		 RELAY_READ_SIZE, 0, NULL, 0},
		{NULL, NULL, 0, 0, 0, NULL, 0},
	};

	return protocols;
}

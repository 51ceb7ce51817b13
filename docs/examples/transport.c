/* SPDX-License-Identifier: MIT */

/*
 * transport.c - What the examples share: TLS by OpenSSL, tokens, randomness
 */

#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void random_fill(void *arg, void *data, size_t len)
{
	uint8_t *at = data;

	(void)arg;
	while (len) {
		ssize_t got = getrandom(at, len, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			at += got;
			len -= (size_t)got;
		}
	}
}

/** connect_tcp() - To the first address that answers; Return: fd or -1 */
static int connect_tcp(const struct hyco_uri *uri)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	struct addrinfo *at;
	char port[8];
	int fd = -1;

	snprintf(port, sizeof(port), "%u", uri->port);
	if (getaddrinfo(uri->host, port, &hints, &list))
		return -1;
	for (at = list; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen)) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return fd;
}

/** shake_hands() - TLS, with the name checked; Return: 0 or -1 */
static int shake_hands(struct transport *transport, const char *host)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		return -1;
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_default_verify_paths(context);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	transport->ssl = SSL_new(context);
	SSL_CTX_free(context);
	if (!transport->ssl || !SSL_set_fd(transport->ssl, transport->fd) ||
	    !SSL_set_tlsext_host_name(transport->ssl, host) ||
	    !SSL_set1_host(transport->ssl, host))
		return -1;
	return SSL_connect(transport->ssl) == 1 ? 0 : -1;
}

int transport_open(struct transport *transport, const struct hyco_uri *uri)
{
	*transport = (struct transport){.fd = connect_tcp(uri)};
	if (transport->fd < 0) {
		fprintf(stderr, "cannot connect to %s:%u\n", uri->host,
			uri->port);
		return -1;
	}
	if (uri->tls && shake_hands(transport, uri->host)) {
		fprintf(stderr, "no TLS with %s:%u: %s\n", uri->host, uri->port,
			ERR_error_string(ERR_get_error(), NULL));
		transport_close(transport);
		return -1;
	}
	fcntl(transport->fd, F_SETFL,
	      fcntl(transport->fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

void transport_close(struct transport *transport)
{
	SSL_free(transport->ssl);
	if (transport->fd >= 0)
		close(transport->fd);
	*transport = (struct transport){.fd = -1};
}

/** put() - Return: bytes written, 0: later, -1: lost */
static ssize_t put(struct transport *transport, const uint8_t *data, size_t len)
{
	size_t done = 0;
	ssize_t sent;

	if (!transport->ssl) {
		sent = send(transport->fd, data, len, MSG_NOSIGNAL);
		return sent < 0 && errno == EAGAIN ? 0 : sent;
	}
	if (SSL_write_ex(transport->ssl, data, len, &done))
		return (ssize_t)done;
	switch (SSL_get_error(transport->ssl, 0)) {
	case SSL_ERROR_WANT_WRITE:
	case SSL_ERROR_WANT_READ:
		return 0;
	default:
		return -1;
	}
}

/** get() - Return: bytes read, 0: nothing now, -1: lost or the end */
static ssize_t get(struct transport *transport, uint8_t *data, size_t size)
{
	size_t done = 0;
	ssize_t got;

	if (!transport->ssl) {
		got = recv(transport->fd, data, size, 0);
		if (got < 0 && errno == EAGAIN)
			return 0;
		return got > 0 ? got : -1;
	}
	if (SSL_read_ex(transport->ssl, data, size, &done))
		return (ssize_t)done;
	switch (SSL_get_error(transport->ssl, 0)) {
	case SSL_ERROR_WANT_WRITE:
	case SSL_ERROR_WANT_READ:
		return 0;
	default:
		return -1;
	}
}

static void move_out(struct transport *transport, struct hyco_conn *conn)
{
	const uint8_t *data;
	size_t len;

	transport->full = false;
	while ((len = hyco_conn_output(conn, &data)) > 0) {
		ssize_t sent = put(transport, data, len);

		if (sent < 0) {
			hyco_conn_lost(conn, "the transport failed");
			return;
		}
		transport->full = sent == 0;
		if (!sent)
			return;
		hyco_conn_written(conn, (size_t)sent);
	}
}

void transport_move(struct transport *transport, struct hyco_conn *conn)
{
	uint8_t *data;
	size_t room;
	ssize_t got;

	if (transport->fd < 0)
		return;
	move_out(transport, conn);
	data = hyco_conn_room(conn, &room);
	if (!room)
		return;
	got = get(transport, data, room);
	if (got < 0)
		hyco_conn_lost(conn, "the relay ended the connection");
	else
		hyco_conn_filled(conn, (size_t)got);
}

short transport_events(const struct transport *transport,
		       struct hyco_conn *conn)
{
	const uint8_t *data;

	/* TLS may hold bytes that poll() does not tell of; so the caller goes
	 * round while there are any (its time-out is 0 then). */
	return (short)(POLLIN |
		       (transport->full || hyco_conn_output(conn, &data)
				? POLLOUT
				: 0));
}

int account_open(struct account *account)
{
	const char *text = getenv("HYCO_CONNECTION_STRING");
	const char *why = "HYCO_CONNECTION_STRING is not set";

	if (!text || hyco_connection_string_parse(text, strlen(text),
						  &account->string, &why)) {
		fprintf(stderr, "connection string: %s\n", why);
		return -1;
	}
	if (hyco_connection_string_address(&account->string, NULL,
					   account->address,
					   sizeof(account->address)) < 0) {
		fprintf(stderr, "connection string: it needs an EntityPath\n");
		return -1;
	}
	return 0;
}

int account_token(const struct account *account, char *token, size_t size)
{
	const struct hyco_connection_string *string = &account->string;
	char audience[HYCO_HOST_SIZE + HYCO_TARGET_SIZE];
	struct hyco_uri uri;
	const char *why;

	if (string->token[0])
		return snprintf(token, size, "%s", string->token) < (int)size
			       ? 0
			       : -1;
	if (hyco_uri_parse(account->address, &uri, &why) ||
	    hyco_uri_audience(&uri, audience, sizeof(audience)) < 0)
		return -1;
	return hyco_token_sign(audience, string->key_name, string->key,
			       strlen(string->key),
			       time(NULL) + ACCOUNT_TOKEN_S, token, size) < 0
		       ? -1
		       : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * bytes.c - The plainest relay there can be: from one TLS connection to another
 *
 *	bytes PORT CERTIFICATE KEY
 *
 * Takes two connections and passes what comes on either to the other, byte by
 * byte as it is: no frames, no masks, one thread, one buffer a direction.  What
 * the relay's forwarding is held against.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "tls.h"

#define BUF_SIZE 65536

/** struct way - One direction
 * @from, @to:	Connections
 * @data:	Read and not yet written: from @off to @len
 */
struct way {
	SSL *from;
	SSL *to;
	char data[BUF_SIZE];
	int off;
	int len;
};

/** move() - As much as goes without waiting; Return: 0 at the end */
static int move(struct way *way)
{
	for (;;) {
		int got;

		while (way->off < way->len) {
			int put = SSL_write(way->to, way->data + way->off,
					    way->len - way->off);

			if (put <= 0)
				return SSL_get_error(way->to, put) ==
				       SSL_ERROR_WANT_WRITE;
			way->off += put;
		}
		got = SSL_read(way->from, way->data, BUF_SIZE);
		if (got <= 0)
			return SSL_get_error(way->from, got) ==
			       SSL_ERROR_WANT_READ;
		way->off = 0;
		way->len = got;
	}
}

static SSL *take(SSL_CTX *context, int listener)
{
	SSL *ssl = SSL_new(context);
	int fd = accept(listener, NULL, NULL);
	int one = 1;

	if (fd < 0)
		die("accept");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		exit(1);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return ssl;
}

int main(int argc, char **argv)
{
	static struct way ways[2];
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in addr;
	struct pollfd fds[2];
	int one = 1;

	if (argc != 4)
		return 2;
	addr = loopback(argv[1]);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (SSL_CTX_use_certificate_chain_file(context, argv[2]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) !=
		    1)
		return 1;
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, 2))
		die("bind");
	puts("ready");
	fflush(stdout);
	ways[0].from = ways[1].to = take(context, listener);
	ways[0].to = ways[1].from = take(context, listener);
	fds[0].fd = SSL_get_fd(ways[0].from);
	fds[1].fd = SSL_get_fd(ways[0].to);
	while (move(&ways[0]) && move(&ways[1])) {
		int i;

		for (i = 0; i < 2; i++) {
			fds[i].events = 0;
			if (ways[i].off == ways[i].len)
				fds[i].events |= POLLIN;
			if (ways[!i].off < ways[!i].len)
				fds[i].events |= POLLOUT;
		}
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			die("poll");
	}
	return 0;
}

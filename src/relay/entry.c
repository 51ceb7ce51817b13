/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * entry.c - New connections, and who may come in
 */

/**
 * DOC: Theory of operation
 *
 * The listening sockets are ours rather than libwebsockets': when a connection
 * cannot be accepted for want of files or memory it stays where it is, and a loop
 * that polls for it goes round and round.  server.c looks away for a while then.
 */

#include "relay/entry.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "relay/relay.h"
#include "sys/clock.h"

/* limits.peer_s: half of it without a byte, then so many questions in the other
 * half. */
#define KEEPALIVE_PROBE_CNT 4

int entry_listen(const struct ip_addr *addr, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET,
				 .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(port)};
	bool is_v4 = addr->family == IP_V4;
	const struct sockaddr *to =
		is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	int fd = socket(to->sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;
	int err;

	if (fd < 0)
		return -errno;
	memcpy(&v4.sin_addr, addr->bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, addr->bytes, sizeof(v6.sin6_addr));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, to, is_v4 ? sizeof(v4) : sizeof(v6)) ||
	    listen(fd, SOMAXCONN)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

void entry_read_addr(const struct sockaddr_storage *from, struct ip_addr *addr,
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

size_t entry_limit(const struct relay *relay)
{
	size_t limit = relay->conf->limits.connection_cnt;

	return limit < relay->place_cnt ? limit : relay->place_cnt;
}

/** is_welcome() - May this address have one more connection? */
static bool is_welcome(struct relay *relay, const struct sockaddr_storage *from)
{
	struct ip_addr addr;
	uint16_t port;

	if (relay->stopping && !relay->secret_cnt)
		return false;
	entry_read_addr(from, &addr, &port);
	if (!guard_admit(&relay->guard, &addr,
			 relay->conf->limits.handshake_cnt, clock_mono())) {
		relay->counts.over_rate++;
		return false;
	}
	if (relay->session_cnt >= entry_limit(relay)) {
		relay->counts.over_connections++;
		return false;
	}
	return true;
}

/** set_timeouts() - For one that vanishes without a word, idle or not */
static void set_timeouts(int fd, int peer_s)
{
	const unsigned int timeout_ms = (unsigned int)peer_s * 1000;
	const int options[][2] = {
		{TCP_KEEPIDLE, peer_s / 2},
		{TCP_KEEPINTVL, peer_s / 2 / KEEPALIVE_PROBE_CNT + 1},
		{TCP_KEEPCNT, KEEPALIVE_PROBE_CNT},
		{TCP_NODELAY, 1},
	};
	const int one = 1;
	size_t i;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
			 sizeof(timeout_ms));
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, IPPROTO_TCP, options[i][0], &options[i][1],
				 sizeof(options[i][1]));
}

int entry_accept(struct relay *relay, int fd)
{
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof(from);
	int client = accept4(fd, (struct sockaddr *)&from, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client < 0) {
		/* One that was gone before it was accepted is no trouble. */
		return errno == ECONNABORTED || errno == EINTR ? -ECONNREFUSED
							       : -errno;
	}
	if (!is_welcome(relay, &from)) {
		close(client);
		return -ECONNREFUSED;
	}
	set_timeouts(client, (int)relay->conf->limits.peer_s);
	return client;
}

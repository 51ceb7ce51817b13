/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * relay.h - The relay's connections, and what sessions may do to them
 */

#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/relay_conf.h"
#include "relay/session.h"

/* One read's worth, and what splicing may add. */
#define RELAY_READ_SIZE    65536
#define RELAY_SCRATCH_SIZE (RELAY_READ_SIZE + 1024)

/**
 * struct relay - The process
 * @conf:	Constant
 * @sessions:	All connections
 * @session_cnt: How many
 * @scratch:	Output under construction; each use ends before the next begins
 * @tick:	Once a second
 * @stopping:	SIGTERM came: no new connections
 */
struct relay {
	const struct relay_conf *conf;
	struct lws_context *context;
	struct session *sessions;
	size_t session_cnt;
	uint8_t *scratch;
	lws_sorted_usec_list_t tick;
	int signal_fd;
	bool stopping;
};

/**
 * relay_run() - Serve until SIGTERM or SIGINT
 * @conf:	Settings, keys read
 * @ready:	Called when the port is open, before the first connection (to
 *		drop privileges); a failure ends the relay
 *
 * Return: 0 or negative errno, -EKEYREJECTED for certificate and key
 */
int relay_run(const struct relay_conf *conf,
	      int (*ready)(const struct relay_conf *conf))
	__attribute__((warn_unused_result));

/** relay_write() - Send bytes, or keep them until the socket takes them
 *  Return: false when the connection is dead */
bool relay_write(struct session *session, const uint8_t *data, size_t len);

/** relay_is_behind() - Are bytes kept that the socket has not taken? */
bool relay_is_behind(const struct session *session);

/** relay_hold() - Stop or go on reading from a connection */
void relay_hold(struct session *session, bool hold);

/** relay_call_writable() - session_writable() once all is sent */
void relay_call_writable(struct session *session);

/** relay_kill() - Close from outside its own callback */
void relay_kill(struct session *session);

#endif /* RELAY_RELAY_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * relay.h - The relay's connections, and what sessions may do to them
 *
 * The functions that sessions call are few, so that a test can stand in for
 * all of relay.c and drive sessions without a socket.
 */

#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/fixed.h"
#include "relay/guard.h"
#include "relay/hub.h"
#include "relay/outflow.h"
#include "relay/relay_conf.h"
#include "relay/session.h"
#include "relay/tls.h"

/* One read's worth, and what splicing may add. */
#define RELAY_READ_SIZE    65536
#define RELAY_SCRATCH_SIZE (RELAY_READ_SIZE + 1024)

/* What libwebsockets calls relay.c's callback. */
#define RELAY_PROTOCOL "relay"

/* The longest payload of a TLS record. */
#define RELAY_RECORD_SIZE 16384

#define RELAY_BUCKET_CNT  1024

/**
 * struct relay_counts - Since the start
 * @connections: Accepted
 * @over_connections, @over_rate: Not accepted, and why
 * @not_accepted: How often one could not be accepted, and waited on
 * @refused:	Requests refused, by hundreds of their status
 * @over_held:	Requests refused because the relay kept too many bytes
 * @faults:	Malformed frames
 */
struct relay_counts {
	uint64_t connections;
	uint64_t over_connections;
	uint64_t over_rate;
	uint64_t not_accepted;
	uint64_t refused[6];
	uint64_t over_held;
	uint64_t faults;
};

/**
 * struct relay - What sessions share
 * @conf:	In force; replaced by a reload
 * @fixed:	What no reload changes
 * @hubs:	Hybrid connections
 * @sessions:	All connections
 * @session_cnt: How many
 * @secrets:	Sessions that somebody may come to meet, by their secret
 * @secret_cnt:	How many
 * @held_len:	Bytes kept for clients, see struct relay_limits
 * @place_cnt:	Connections that open files allow since the start
 * @scratch:	Output under construction; each use ends before the next begins
 * @more:	A record that was just read
 * @gather:	Output on its way
 * @guard:	How often each address came
 * @tls:	Of the listening ports
 * @started:	When the relay did
 * @stopping:	SIGTERM came: nothing new but who comes to meet somebody
 */
struct relay {
	const struct relay_conf *conf;
	struct fixed fixed;
	struct hub_table hubs;
	struct session *sessions;
	size_t session_cnt;
	struct session *secrets[RELAY_BUCKET_CNT];
	size_t secret_cnt;
	size_t held_len;
	size_t place_cnt;
	uint8_t *scratch;
	uint8_t more[RELAY_RECORD_SIZE];
	struct outflow_gather gather;
	struct guard guard;
	struct tls_ports tls;
	struct relay_counts counts;
	mono_t started;
	bool stopping;
};

struct lws_protocols;

/** relay_protocols() - What a listening port hands its connections to */
const struct lws_protocols *relay_protocols(void);

/** relay_write() - Send bytes, or keep them until the socket takes them
 *  Return: false when the connection is dead */
bool relay_write(struct session *session, const uint8_t *data, size_t len);

/** relay_is_behind() - Are bytes kept that the socket has not taken? */
bool relay_is_behind(const struct session *session);

/** relay_hold() - Stop or go on reading from a connection */
void relay_hold(struct session *session, bool hold);

/** relay_call_writable() - session_writable() once all is sent */
void relay_call_writable(struct session *session);

/** relay_end_output() - Nothing more will be written, and what was is sent: tell it
 *  the client, who may still send.  Once for a connection */
void relay_end_output(struct session *session);

/** relay_has_left() - Has the client hung up?  Of one that is held, nothing else tells:
 *  its end waits behind what is not read */
bool relay_has_left(const struct session *session);

/** relay_kill() - Close from outside its own callback */
void relay_kill(struct session *session);

#endif /* RELAY_RELAY_H */

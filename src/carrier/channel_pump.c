/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * channel_pump.c - What a channel sends
 */

/**
 * DOC: Theory of operation
 *
 * channel_pump() is the only place that sends, but for BYE: the small messages that
 * are due first, then a message of what waits in @lane, filled only when it can be
 * sent, and when not too much is on its way already (flight.h).
 *
 * It is called when something has become due or waits, and when the output slot is
 * free again.
 */

#include "carrier/channel_pump.h"

#include <string.h>

#include "carrier/channel.h"
#include "carrier/channel_beat.h"
#include "carrier/greeting.h"
#include "carrier/worker.h"
#include "sys/clock.h"

/** count() - What a message took out of the queue */
static void count(struct channel *channel, const struct outbox_tally *tally)
{
	struct worker *worker = channel->worker;
	struct traffic *up = &worker->peers[channel->peer].up;

	worker->stats.up.packets += tally->packets;
	worker->stats.up.bytes += tally->bytes;
	up->packets += tally->packets;
	up->bytes += tally->bytes;
	worker->stats.drops[DROP_UP_TOO_BIG] += tally->too_big;
	worker->stats.drops[DROP_UP_OFFLOAD] += tally->offload;
}

/** send_data() - A message of what waits; Return: was there one to send? */
static bool send_data(struct channel *channel)
{
	struct worker *worker = channel->worker;
	const struct outbox_source source = {&worker->queue,
					     worker->peers[channel->peer].flows,
					     &channel->lane};
	const struct outbox_peer peer = {
		.msg_len_max = channel->peer_msg_len_max,
		.msg_len_enough = flight_msg_len(&channel->flight),
		.offloads = channel->peer_offloads,
	};
	struct outbox_tally tally = {0};
	size_t len;

	if (flight_is_full(&channel->flight, channel->bytes_out))
		return false;
	worker->queue.now = clock_mono();
	worker->queue.excused = flight_is_probing(&channel->flight);
	len = outbox_fill(&channel->outbox, &source, &peer, &tally);
	count(channel, &tally);
	if (!len) {
		flight_starves(&channel->flight);
		return false;
	}
	channel->messages_out++;
	channel->bytes_out += len;
	if (flight_shall_ask(&channel->flight, channel->bytes_out))
		channel_ask(channel, clock_mono());
	channel_beat_touch(channel);
	wsconn_send(&channel->conn, WS_BINARY,
		    channel->outbox.buf + OUTBOX_HEAD, len);
	return true;
}

/** send_small() - The most urgent of the messages that are due */
static void send_small(struct channel *channel)
{
	uint8_t *data = channel->small + OUTBOX_HEAD;
	size_t size = CHANNEL_SMALL_SIZE - OUTBOX_HEAD;
	struct wire_ping ping = {
		.time_ns = channel->ping_time_ns,
		.bytes = channel->bytes_in,
		.messages = channel->messages_in,
	};
	struct wire_policy policy;
	ssize_t len;

	if (channel->due & CHANNEL_DUE_PREFACE) {
		channel->due &= ~(unsigned int)CHANNEL_DUE_PREFACE;
		len = (ssize_t)greeting_preface_write(channel, data, size);
	} else if (channel->due & CHANNEL_DUE_HELLO) {
		channel->due &= ~(unsigned int)CHANNEL_DUE_HELLO;
		len = (ssize_t)greeting_hello_write(channel, data, size);
	} else if (channel->due & CHANNEL_DUE_PONG) {
		channel->due &= ~(unsigned int)CHANNEL_DUE_PONG;
		len = wire_ping_write(WIRE_PONG, &ping, data, size);
	} else if (channel->due & CHANNEL_DUE_PING) {
		channel->due &= ~(unsigned int)CHANNEL_DUE_PING;
		ping.time_ns = (uint64_t)clock_mono().ns;
		len = wire_ping_write(WIRE_PING, &ping, data, size);
	} else {
		channel->due &= ~(unsigned int)CHANNEL_DUE_POLICY;
		memcpy(policy.digest, greeting_own_digest(channel),
		       sizeof(policy.digest));
		len = wire_policy_write(&policy, data, size);
	}
	if (len <= 0)
		return;
	channel->messages_out++;
	channel->bytes_out += (uint64_t)len;
	if (ping.time_ns != channel->ping_time_ns)
		flight_asked(&channel->flight, channel->bytes_out,
			     (mono_t){(int64_t)ping.time_ns});
	wsconn_send(&channel->conn, WS_BINARY, data, (size_t)len);
}

void channel_pump(struct channel *channel)
{
	const struct peer *peer;

	while (wsconn_can_send(&channel->conn)) {
		if (channel->due)
			send_small(channel);
		else if (channel->state != CHANNEL_OPEN || !send_data(channel))
			break;
	}
	if (channel->state != CHANNEL_OPEN)
		return;
	peer = &channel->worker->peers[channel->peer];
	channel->pump_cnt++;
	channel->stuck_cnt += queue_lane_waits(peer->flows, &channel->lane);
}

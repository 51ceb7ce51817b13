/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * channel_take.c - A message has come on a channel
 */

/**
 * DOC: Theory of operation
 *
 * channel_take() is the map: each kind of message has a function here, which says
 * whether it may come now and reads it.  What follows from it is elsewhere: DATA
 * goes to downlink.c, PREFACE and HELLO to greeting.c, PONG to channel_beat.c, the
 * channel's life to channel.c.
 *
 * Whoever breaks the protocol hears of it by BYE, and the channel ends: so nothing
 * may be done with it after a fault.
 */

#include "carrier/channel_take.h"

#include <string.h>

#include "carrier/channel.h"
#include "carrier/channel_beat.h"
#include "carrier/channel_pump.h"
#include "carrier/downlink.h"
#include "carrier/greeting.h"
#include "carrier/worker.h"
#include "sys/clock.h"

/** fault() - The peer did what it must not: say so and end */
static void fault(struct channel *channel, const struct greeting_fault *fault)
{
	channel_end(channel, fault->code, fault->text);
}

static void protocol_fault(struct channel *channel, const char *text)
{
	channel_end(channel, WIRE_BYE_PROTOCOL, text);
}

static void take_preface(struct channel *channel, const uint8_t *data,
			 size_t len)
{
	struct greeting_fault why;

	if (channel->preface_in_len) {
		protocol_fault(channel, "second PREFACE");
		return;
	}
	if (greeting_preface_take(channel, data, len, &why)) {
		fault(channel, &why);
		return;
	}
	channel->due |= CHANNEL_DUE_HELLO;
	channel_pump(channel);
}

static void take_hello(struct channel *channel,
		       const struct wire_message *message)
{
	struct greeting_fault why;

	if (!channel->preface_in_len)
		protocol_fault(channel, "HELLO before PREFACE");
	else if (greeting_hello_take(channel, message->body, message->body_len,
				     &why))
		fault(channel, &why);
	else
		channel_greeted(channel);
}

static void take_data(struct channel *channel,
		      const struct wire_message *message, uint8_t *data)
{
	channel_beat_touch(channel);
	if (downlink_data(channel, data + WIRE_HEADER_LEN, message->body_len))
		protocol_fault(channel, "malformed DATA");
}

static void take_ping(struct channel *channel,
		      const struct wire_message *message)
{
	struct wire_ping ping;

	if (wire_ping_read(message->body, message->body_len, &ping)) {
		protocol_fault(channel, "malformed PING");
		return;
	}
	channel->ping_time_ns = ping.time_ns;
	channel->due |= CHANNEL_DUE_PONG;
	channel_pump(channel);
}

static void take_pong(struct channel *channel,
		      const struct wire_message *message)
{
	struct wire_ping pong;
	const char *why;

	if (wire_ping_read(message->body, message->body_len, &pong)) {
		protocol_fault(channel, "malformed PONG");
		return;
	}
	why = channel_beat_pong(channel, &pong);
	if (why) {
		protocol_fault(channel, why);
		return;
	}
	channel_pump(channel);
}

static void take_bye(struct channel *channel,
		     const struct wire_message *message)
{
	struct wire_bye bye;

	if (wire_bye_read(message->body, message->body_len, &bye))
		protocol_fault(channel, "malformed BYE");
	else
		channel_left(channel, &bye);
}

static void take_policy(struct channel *channel,
			const struct wire_message *message)
{
	struct wire_policy policy;

	if (wire_policy_read(message->body, message->body_len, &policy)) {
		protocol_fault(channel, "malformed POLICY");
		return;
	}
	memcpy(channel->worker->peers[channel->peer].digest, policy.digest,
	       sizeof(policy.digest));
	greeting_compare_policy(channel);
}

/** take_open() - A message that may come only after HELLO */
static void take_open(struct channel *channel,
		      const struct wire_message *message, uint8_t *data)
{
	if (channel->state != CHANNEL_OPEN) {
		protocol_fault(channel, "message before HELLO");
		return;
	}
	switch (message->type) {
	case WIRE_DATA:
		take_data(channel, message, data);
		return;
	case WIRE_PING:
		take_ping(channel, message);
		return;
	case WIRE_PONG:
		take_pong(channel, message);
		return;
	case WIRE_POLICY:
		take_policy(channel, message);
		return;
	case WIRE_HANDSHAKE:
	case WIRE_SEALED:
		protocol_fault(channel, "sealing was not agreed on");
		return;
	default:
		channel->worker->stats.unknown_messages++;
		return;
	}
}

void channel_take(struct channel *channel, const struct ws_message *ws)
{
	struct wire_message message;

	channel->heard = clock_mono();
	channel->messages_in++;
	channel->bytes_in += ws->len;
	if (ws->opcode != WS_BINARY || ws->len > WIRE_MSG_LEN_MAX ||
	    wire_open(ws->data, ws->len, &message)) {
		protocol_fault(channel, "malformed message");
		return;
	}
	switch (message.type) {
	case WIRE_PREFACE:
		take_preface(channel, ws->data, ws->len);
		return;
	case WIRE_HELLO:
		if (channel->state == CHANNEL_OPEN)
			protocol_fault(channel, "second HELLO");
		else
			take_hello(channel, &message);
		return;
	case WIRE_BYE:
		take_bye(channel, &message);
		return;
	default:
		take_open(channel, &message, ws->data);
		return;
	}
}

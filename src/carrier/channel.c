/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * channel.c - One rendezvous WebSocket that carries packets to one peer
 */

/**
 * DOC: Theory of operation
 *
 * Connect	The sender dials (channel_dial) and dials again for ever, with
 *		delays drawn from a range that doubles up to 30 s, always over the
 *		same relay: others have channels of their own.  The listener's side
 *		takes up accepts (channel_accept) and forgets the channel when it
 *		ends.
 * Greet	PREFACE at once, HELLO after the peer's PREFACE, open after the
 *		peer's HELLO.  A new channel replaces the one of its number, and
 *		all of an older instance of the peer.
 * Live		PING every CHANNEL_PING_MS, more often while packets pass.  One that
 *		does not answer loses its flows (peer.c); CHANNEL_DEAD_MS without
 *		any message and it is given up.
 * Send		channel_pump() is the only place that sends: what is due first,
 *		then a message of what waits in @lane, filled only when it can
 *		be sent, and when not too much is on its way already.
 *
 * One timer serves all states: the delay, the greeting's limit, the next ping; in
 * CHANNEL_IDLE it gives back the buffers, which nobody may be using any more then.
 */

#include "carrier/channel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/downlink.h"
#include "carrier/greeting.h"
#include "carrier/retry.h"
#include "carrier/worker.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

/* That a channel does not answer is logged this often. */
#define SUSPECT_LOG_MS 10000

static struct channel *channel_of_conn(struct wsconn *conn)
{
	return (struct channel *)((char *)conn -
				  offsetof(struct channel, conn));
}

const char *channel_state_name(enum channel_state state)
{
	switch (state) {
	case CHANNEL_IDLE:
		return "idle";
	case CHANNEL_CONNECTING:
		return "connecting";
	case CHANNEL_GREETING:
		return "greeting";
	case CHANNEL_OPEN:
		return "open";
	case CHANNEL_WAITING:
		return "waiting";
	}
	return "?";
}

/** peer_name() - For logs */
static const char *peer_name(const struct channel *channel)
{
	if (channel->peer == STEER_NO_PEER)
		return "-";
	return channel->worker->peers[channel->peer].gateway->name;
}

static void set_state(struct channel *channel, enum channel_state state)
{
	channel->state = state;
	channel->since = clock_mono();
}

static void set_timer(struct channel *channel, int64_t ms)
{
	loop_timer_set(&channel->worker->loop, &channel->timer,
		       mono_add_ms(clock_mono(), ms));
}

/** ask() - A PING is due: channel_pump() sends it */
static void ask(struct channel *channel)
{
	channel->due |= CHANNEL_DUE_PING;
	pulse_asked(&channel->pulse, clock_mono());
}

/** detach() - The peer's packets go elsewhere */
static void detach(struct channel *channel)
{
	struct worker *worker = channel->worker;

	if (channel->peer != STEER_NO_PEER)
		worker_detach(worker, channel);
	outbox_reset(&channel->outbox, &worker->queue);
}

/** rest() - To CHANNEL_IDLE; buffers go when whoever called us is done */
static void rest(struct channel *channel)
{
	channel->peer = STEER_NO_PEER;
	set_state(channel, CHANNEL_IDLE);
	set_timer(channel, 0);
}

/**
 * over() - The WebSocket is closed: dial again after a delay, or free the slot
 *
 * @channel->error says why.
 */
static void over(struct channel *channel)
{
	bool was_open = channel->state == CHANNEL_OPEN;
	int64_t delay_ms;

	if (was_open ||
	    retry_log_due(&channel->log, clock_mono(), channel->error))
		log_warn("channel=%u peer=%s event=closed state=%s "
			 "reason=\"%s\"",
			 channel->idx, peer_name(channel),
			 channel_state_name(channel->state), channel->error);
	detach(channel);
	loop_timer_cancel(&channel->worker->loop, &channel->timer);
	if (!channel->dialled) {
		rest(channel);
		return;
	}
	delay_ms = hyco_sender_ended(&channel->sender,
				     channel->left ? 404 : channel->conn.status,
				     random_below(UINT32_MAX), wsconn_now_ms());
	set_state(channel, CHANNEL_WAITING);
	set_timer(channel, delay_ms);
}

void channel_end(struct channel *channel, uint16_t code, const char *text)
{
	struct wire_bye bye = {.code = code};
	uint8_t *data;
	ssize_t len;

	if (channel->conn.state == WSCONN_CLOSED)
		return;
	data = channel->small + OUTBOX_HEAD;
	snprintf(bye.text, sizeof(bye.text), "%s", text);
	snprintf(channel->error, sizeof(channel->error), "%s", text);
	len = wire_bye_write(&bye, data, CHANNEL_SMALL_SIZE - OUTBOX_HEAD);
	if (len > 0 && wsconn_can_send(&channel->conn))
		wsconn_send(&channel->conn, WS_BINARY, data, (size_t)len);
	/* Sending may have found the connection dead and ended us already. */
	if (channel->conn.state == WSCONN_CLOSED)
		return;
	wsconn_close(&channel->conn, WS_CLOSE_NORMAL, text);
	over(channel);
}

/** fault() - The peer did what it must not: say so and end */
static void fault(struct channel *channel, const struct greeting_fault *fault)
{
	channel_end(channel, fault->code, fault->text);
}

static void protocol_fault(struct channel *channel, const char *text)
{
	channel_end(channel, WIRE_BYE_PROTOCOL, text);
}

/** is_replaced() - Does a channel go because @newer has come? */
static bool is_replaced(const struct channel *channel,
			const struct channel *newer)
{
	return channel != newer && (channel->number == newer->number ||
				    memcmp(channel->instance, newer->instance,
					   sizeof(channel->instance)));
}

/** take_place() - The peer's older channel of this number goes, and all of a former
 *  instance */
static void take_place(struct channel *channel)
{
	struct peer *peer = &channel->worker->peers[channel->peer];
	size_t i = 0;

	while (i < peer->channel_cnt) {
		struct channel *older = peer->channels[i];

		if (!is_replaced(older, channel)) {
			i++;
			continue;
		}
		channel_end(older, WIRE_BYE_REPLACED,
			    "replaced by a newer channel of this peer");
	}
	worker_attach(channel->worker, channel);
	kin_tell_peer(channel->worker, channel);
}

static void take_hello(struct channel *channel,
		       const struct wire_message *message)
{
	struct greeting_fault why;

	if (!channel->preface_in_len) {
		protocol_fault(channel, "HELLO before PREFACE");
		return;
	}
	if (greeting_hello_take(channel, message->body, message->body_len,
				&why)) {
		fault(channel, &why);
		return;
	}
	flight_init(&channel->flight, clock_mono());
	pulse_init(&channel->pulse, clock_mono());
	channel->busy = false;
	channel->told = false;
	channel->answered = clock_mono();
	set_state(channel, CHANNEL_OPEN);
	take_place(channel);
	hyco_sender_opened(&channel->sender, wsconn_now_ms());
	channel->opened_cnt++;
	channel->log = (struct retry_log){0};
	ask(channel);
	set_timer(channel, CHANNEL_PING_MS);
	log_info("channel=%u peer=%s event=open number=%u relay=%s:%u",
		 channel->idx, peer_name(channel), channel->number,
		 wsconn_host(&channel->conn), wsconn_port(&channel->conn));
	channel_pump(channel);
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

/** probe_others() - They may share the path that a channel has begun to probe; what
 *  is due is sent when they are pumped next */
static void probe_others(const struct channel *channel, mono_t now)
{
	const struct worker *worker = channel->worker;
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		struct channel *other = worker->channels[i];

		if (other->state != CHANNEL_OPEN)
			continue;
		flight_probe(&other->flight, now);
		if (flight_shall_ask(&other->flight, other->bytes_out))
			ask(other);
	}
}

static void take_pong(struct channel *channel,
		      const struct wire_message *message)
{
	struct wire_ping pong;
	bool probed = channel->flight.probe != FLIGHT_PROBE_NONE;
	mono_t now = clock_mono();
	int64_t rtt_ns;

	if (wire_ping_read(message->body, message->body_len, &pong)) {
		protocol_fault(channel, "malformed PONG");
		return;
	}
	if (pong.bytes > channel->bytes_out) {
		protocol_fault(channel, "PONG counts bytes that were not sent");
		return;
	}
	rtt_ns = flight_rtt_ns(pong.time_ns, now, CHANNEL_DEAF_MS * NS_PER_MS);
	if (!rtt_ns)
		return;
	if (!flight_pong(&channel->flight, pong.bytes, channel->bytes_out,
			 rtt_ns, now)) {
		protocol_fault(channel, "PONG counts fewer bytes than before");
		return;
	}
	peer_arrived(&channel->worker->peers[channel->peer], channel, now);
	if (!probed && channel->flight.probe != FLIGHT_PROBE_NONE)
		probe_others(channel, now);
	if (flight_shall_ask(&channel->flight, channel->bytes_out))
		ask(channel);
	pulse_answered(&channel->pulse, (mono_t){now.ns - rtt_ns}, now);
	channel->answered = now;
	/* RFC 6298's weight for the smoothed value. */
	channel->rtt_ns =
		channel->rtt_ns
			? channel->rtt_ns + (rtt_ns - channel->rtt_ns) / 8
			: rtt_ns;
	channel_pump(channel);
}

static void take_bye(struct channel *channel,
		     const struct wire_message *message)
{
	struct wire_bye bye;

	if (wire_bye_read(message->body, message->body_len, &bye)) {
		protocol_fault(channel, "malformed BYE");
		return;
	}
	snprintf(channel->error, sizeof(channel->error), "peer said BYE: %s",
		 bye.text);
	channel->left = bye.code == WIRE_BYE_STOPPING;
	wsconn_close(&channel->conn, WS_CLOSE_NORMAL, "");
	over(channel);
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

/** touch() - Packets pass: a PING goes soon, if none would */
static void touch(struct channel *channel)
{
	mono_t soon;

	if (channel->busy)
		return;
	channel->busy = true;
	soon = mono_add_ms(clock_mono(), CHANNEL_PING_BUSY_MS);
	if (mono_before(soon, channel->timer.at))
		loop_timer_set(&channel->worker->loop, &channel->timer, soon);
}

static void take_data(struct channel *channel,
		      const struct wire_message *message, uint8_t *data)
{
	touch(channel);
	if (downlink_data(channel, data + WIRE_HEADER_LEN, message->body_len))
		protocol_fault(channel, "malformed DATA");
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

static void on_message(struct wsconn *conn, const struct ws_message *ws)
{
	struct channel *channel = channel_of_conn(conn);
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

static void on_opened(struct wsconn *conn)
{
	struct channel *channel = channel_of_conn(conn);

	set_state(channel, CHANNEL_GREETING);
	set_timer(channel, CHANNEL_GREET_MS);
	channel->heard = clock_mono();
	channel->due = CHANNEL_DUE_PREFACE;
	channel_pump(channel);
}

static void on_idle(struct wsconn *conn)
{
	channel_pump(channel_of_conn(conn));
}

static void on_closed(struct wsconn *conn)
{
	struct channel *channel = channel_of_conn(conn);

	snprintf(channel->error, sizeof(channel->error), "%s", conn->error);
	over(channel);
}

static const struct wsconn_handler conn_handler = {
	.opened = on_opened,
	.message = on_message,
	.idle = on_idle,
	.closed = on_closed,
};

static void channel_dial_again(struct channel *channel);
static void give_buffers(struct channel *channel);

/** live() - An open channel's timer: it is given up, or the next PING is due */
static void live(struct channel *channel)
{
	mono_t now = clock_mono();

	if (mono_diff_ms(now, channel->heard) >= CHANNEL_DEAD_MS) {
		channel_end(channel, WIRE_BYE_TIMEOUT,
			    "nothing heard for too long");
		return;
	}
	if (mono_diff_ms(now, channel->answered) >= CHANNEL_DEAF_MS) {
		channel_end(channel, WIRE_BYE_TIMEOUT,
			    "pings are not answered");
		return;
	}
	ask(channel);
	set_timer(channel,
		  channel->busy ? CHANNEL_PING_BUSY_MS : CHANNEL_PING_MS);
	channel->busy = false;
	channel_pump(channel);
}

static void on_timer(struct loop_timer *timer)
{
	struct channel *channel =
		(struct channel *)((char *)timer -
				   offsetof(struct channel, timer));

	switch (channel->state) {
	case CHANNEL_WAITING:
		channel_dial_again(channel);
		return;
	case CHANNEL_GREETING:
		channel_end(channel, WIRE_BYE_TIMEOUT,
			    "peer did not greet in time");
		return;
	case CHANNEL_OPEN:
		live(channel);
		return;
	case CHANNEL_IDLE:
		give_buffers(channel);
		return;
	case CHANNEL_CONNECTING:
		return;
	}
}

void channel_init(struct channel *channel, struct worker *worker,
		  unsigned int idx)
{
	*channel = (struct channel){
		.worker = worker,
		.idx = idx,
		.peer = STEER_NO_PEER,
		.since = clock_mono(),
		.timer.fire = on_timer,
		.outbox.cutting = QUEUE_NONE,
	};
}

/** take_buffers() - What a connection needs; Return: 0 or -ENOMEM */
static int take_buffers(struct channel *channel)
{
	struct hyco_conn *ws;

	if (channel->small)
		return 0;
	ws = wsconn_new_ws(CHANNEL_IN_SIZE);
	channel->small = malloc(CHANNEL_SMALL_SIZE);
	wsconn_init(&channel->conn, &channel->worker->loop, &conn_handler, ws);
	if (ws && channel->small && !outbox_init(&channel->outbox))
		return 0;
	give_buffers(channel);
	return -ENOMEM;
}

static void give_buffers(struct channel *channel)
{
	hyco_conn_free(channel->conn.ws);
	channel->conn.ws = NULL;
	outbox_fini(&channel->outbox);
	free(channel->small);
	channel->small = NULL;
}

void channel_fini(struct channel *channel)
{
	wsconn_close(&channel->conn, WS_CLOSE_GOING_AWAY, "");
	loop_timer_cancel(&channel->worker->loop, &channel->timer);
	give_buffers(channel);
}

/** reset() - Forget what belonged to the last connection */
static void reset(struct channel *channel)
{
	channel->due = 0;
	channel->left = false;
	channel->preface_in_len = 0;
	channel->preface_out_len = 0;
	channel->rtt_ns = 0;
	channel->messages_in = 0;
	channel->bytes_in = 0;
	channel->messages_out = 0;
	channel->bytes_out = 0;
}

/** open_conn() - Begin to connect; Return: 0, or negative errno */
static int open_conn(struct channel *channel, struct wsconn_target *to)
{
	int err = take_buffers(channel);

	if (err)
		return err;
	loop_timer_cancel(&channel->worker->loop, &channel->timer);
	to->path = &channel->worker->setup->path;
	reset(channel);
	err = wsconn_open(&channel->conn, to);
	if (!err)
		set_state(channel, CHANNEL_CONNECTING);
	return err;
}

/** aim() - @channel->sender at the relay whose turn it is; what it knows of
 *  failures before stays */
static int aim(struct channel *channel, const char **why)
{
	const struct policy_gateway *gateway =
		channel->worker->peers[channel->peer].gateway;
	unsigned int failure_cnt = channel->sender.failure_cnt;
	unsigned int absent_cnt = channel->sender.absent_cnt;
	struct hyco_sender_config config = {
		.protocol = WIRE_PROTOCOL,
		.agent = "relaytun/" RELAYTUN_VERSION,
		.headers = &channel->hint,
		.header_cnt = 1,
	};
	int err;

	channel->hint = (struct hyco_header){
		.name = CHANNEL_HINT,
		.name_len = sizeof(CHANNEL_HINT) - 1,
		.value = channel->hint_value,
		.value_len = (size_t)snprintf(channel->hint_value,
					      sizeof(channel->hint_value), "%u",
					      channel->number),
	};
	config.address = gateway->relays[channel->relay_idx];
	err = hyco_sender_init(&channel->sender, &config, why);
	channel->sender.failure_cnt = failure_cnt;
	channel->sender.absent_cnt = absent_cnt;
	return err;
}

/** dial_relay() - One attempt; Return: 0, or negative errno with *@why */
static int dial_relay(struct channel *channel, const char **why)
{
	const struct credential *credential =
		&channel->worker->setup->credential;
	char token[CREDENTIAL_TOKEN_SIZE];
	struct wsconn_target to = {
		.sender = &channel->sender,
		.token = token,
		.credential = credential->words,
	};
	int64_t life_s;
	int err = aim(channel, why);
	ssize_t len;

	if (err)
		return err;
	len = credential_token(credential, &channel->sender.uri, token, &life_s,
			       why);
	if (len < 0)
		return (int)len;
	err = open_conn(channel, &to);
	explicit_bzero(token, sizeof(token));
	*why = strerror(-err);
	return err;
}

static void channel_dial_again(struct channel *channel)
{
	const char *why;

	if (!dial_relay(channel, &why))
		return;
	channel->conn.status = 0;
	snprintf(channel->error, sizeof(channel->error),
		 "cannot begin to connect: %s", why);
	over(channel);
}

void channel_dial(struct channel *channel, int peer, size_t relay_idx,
		  unsigned int number)
{
	channel->dialled = true;
	channel->peer = peer;
	channel->relay_idx = relay_idx;
	channel->number = number;
	channel->sender.failure_cnt = 0;
	channel->sender.absent_cnt = 0;
	channel_dial_again(channel);
}

int channel_accept(struct channel *channel, const char *address)
{
	struct wsconn_target to = {
		.accept = address,
		.protocol = WIRE_PROTOCOL,
	};
	int err;

	channel->dialled = false;
	channel->peer = STEER_NO_PEER;
	err = open_conn(channel, &to);
	if (err)
		rest(channel);
	return err;
}

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
	const struct outbox_peer peer = {channel->peer_msg_len_max,
					 channel->peer_offloads};
	struct outbox_tally tally = {0};
	size_t len;

	if (flight_is_full(&channel->flight, channel->bytes_out))
		return false;
	len = outbox_fill(&channel->outbox, &source, &peer, &tally);
	count(channel, &tally);
	if (!len)
		return false;
	channel->messages_out++;
	channel->bytes_out += len;
	if (flight_shall_ask(&channel->flight, channel->bytes_out))
		ask(channel);
	touch(channel);
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
		flight_asked(&channel->flight, channel->bytes_out);
	wsconn_send(&channel->conn, WS_BINARY, data, (size_t)len);
}

void channel_retire(struct channel *channel, uint16_t code, const char *text)
{
	channel->dialled = false;
	loop_timer_cancel(&channel->worker->loop, &channel->timer);
	channel_end(channel, code, text);
	rest(channel);
}

void channel_moved(struct channel *channel, int peer, size_t relay_idx)
{
	if (channel->peer == STEER_NO_PEER)
		return;
	if (peer == STEER_NO_PEER) {
		channel_retire(channel, WIRE_BYE_UNKNOWN_PEER,
			       "you are no longer in my policy");
		return;
	}
	channel->peer = peer;
	if (channel->dialled &&
	    relay_idx == channel->worker->peers[peer].gateway->relay_cnt) {
		channel_retire(channel, WIRE_BYE_STOPPING,
			       "the policy does not name this relay any more");
		return;
	}
	channel->relay_idx = relay_idx;
	if (channel->state == CHANNEL_GREETING) {
		/* Our HELLO may have told of the old policy. */
		channel_end(channel, WIRE_BYE_STOPPING,
			    "the policy changed during the greeting");
		return;
	}
	if (channel->state == CHANNEL_OPEN) {
		greeting_compare_policy(channel);
		if (channel->peer_features & WIRE_FEATURE_POLICY)
			channel->due |= CHANNEL_DUE_POLICY;
		channel_pump(channel);
	}
}

/** say_judged() - Log that it is suspect, now and then, or that it is no more */
static void say_judged(struct channel *channel, mono_t now)
{
	if (!channel->suspect) {
		channel->told = false;
		log_info("channel=%u peer=%s event=answers_again", channel->idx,
			 peer_name(channel));
		return;
	}
	if (channel->told_at.ns &&
	    mono_diff_ms(now, channel->told_at) < SUSPECT_LOG_MS)
		return;
	channel->told = true;
	channel->told_at = now;
	log_warn("channel=%u peer=%s event=suspect reason=\"no answer for %lld "
		 "ms, others answer: its flows take those\"",
		 channel->idx, peer_name(channel),
		 (long long)pulse_wait_ms(&channel->pulse, now));
}

void channel_judged(struct channel *channel)
{
	if (channel->state != CHANNEL_OPEN)
		return;
	if (channel->suspect != channel->told)
		say_judged(channel, clock_mono());
	if (channel->due)
		channel_pump(channel);
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

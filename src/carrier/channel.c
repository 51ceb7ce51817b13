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
 *		ends.  Other credentials end a delay, and an attempt that showed
 *		the old ones (channel_hurry).
 * Greet	PREFACE at once, HELLO after the peer's PREFACE, open after the
 *		peer's HELLO.  A new channel replaces the one of its number, and
 *		all of an older instance of the peer.
 * Live		Messages come (channel_take.h) and go (channel_pump.h), and PINGs
 *		tell whether the path is there still (channel_beat.h).
 * End		By failure, BYE or order; over() is where each leads.
 *
 * One timer serves all states: the delay, the greeting's limit, the next ping; in
 * CHANNEL_IDLE it gives back the buffers, which nobody may be using any more then.
 */

#include "carrier/channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/channel_beat.h"
#include "carrier/channel_pump.h"
#include "carrier/channel_take.h"
#include "carrier/greeting.h"
#include "carrier/retry.h"
#include "carrier/worker.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

/* For the peer's greeting. */
#define GREET_MS 5000
/* Several messages, so that few are moved before they are whole. */
#define IN_SIZE (4 * (WIRE_MSG_LEN_MAX + WS_HEAD_LEN_MAX))

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

const char *channel_peer_name(const struct channel *channel)
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

void channel_set_timer(struct channel *channel, int64_t ms)
{
	loop_timer_set(&channel->worker->loop, &channel->timer,
		       mono_add_ms(clock_mono(), ms));
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
	channel_set_timer(channel, 0);
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

	if ((was_open ||
	     retry_log_due(&channel->log, clock_mono(), channel->error)) &&
	    worker_may_log(channel->worker))
		log_warn("channel=%u peer=%s event=closed state=%s "
			 "reason=\"%s\"",
			 channel->idx, channel_peer_name(channel),
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
	channel_set_timer(channel, delay_ms);
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

void channel_greeted(struct channel *channel)
{
	set_state(channel, CHANNEL_OPEN);
	channel_beat_begin(channel);
	take_place(channel);
	hyco_sender_opened(&channel->sender, wsconn_now_ms());
	channel->opened_cnt++;
	channel->log = (struct retry_log){0};
	if (worker_may_log(channel->worker))
		log_info("channel=%u peer=%s event=open number=%u relay=%s:%u",
			 channel->idx, channel_peer_name(channel),
			 channel->number, wsconn_host(&channel->conn),
			 wsconn_port(&channel->conn));
	channel_pump(channel);
}

void channel_left(struct channel *channel, const struct wire_bye *bye)
{
	snprintf(channel->error, sizeof(channel->error), "peer said BYE: %s",
		 bye->text);
	channel->left = bye->code == WIRE_BYE_STOPPING;
	wsconn_close(&channel->conn, WS_CLOSE_NORMAL, "");
	over(channel);
}

static void on_message(struct wsconn *conn, const struct ws_message *message)
{
	channel_take(channel_of_conn(conn), message);
}

static void on_opened(struct wsconn *conn)
{
	struct channel *channel = channel_of_conn(conn);

	set_state(channel, CHANNEL_GREETING);
	channel_set_timer(channel, GREET_MS);
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
		channel_beat_tick(channel);
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
	ws = wsconn_new_ws(IN_SIZE);
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

void channel_hurry(struct channel *channel)
{
	if (channel->state == CHANNEL_CONNECTING && channel->dialled)
		wsconn_close(&channel->conn, WS_CLOSE_GOING_AWAY, "");
	else if (channel->state != CHANNEL_WAITING)
		return;
	channel_dial(channel, channel->peer, channel->relay_idx,
		     channel->number);
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

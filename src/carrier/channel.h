/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * channel.h - One rendezvous WebSocket that carries packets to one peer
 *
 * Connects (or takes up an accept), greets, and ends.  What it sends is
 * channel_pump.h, what comes channel_take.h, whether it answers channel_beat.h;
 * which packet goes where is decided elsewhere.
 */

#ifndef CARRIER_CHANNEL_H
#define CARRIER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "carrier/flight.h"
#include "carrier/outbox.h"
#include "carrier/pulse.h"
#include "carrier/queue.h"
#include "carrier/retry.h"
#include "carrier/wsconn.h"
#include "codec/wire.h"

struct worker;

/* We send at least one message in this time. */
#define CHANNEL_PING_MS 500

/* Header of a sender's request: the channel's number, so that a gateway with
 * several workers gives each some of a peer's channels.  No more than a hint: who
 * listens must do without, and with any value. */
#define CHANNEL_HINT "Relaytun-Channel"

/* PREFACE, HELLO, PING, PONG, BYE. */
#define CHANNEL_SMALL_SIZE (OUTBOX_HEAD + 1024)

/**
 * enum channel_state - Life of one channel
 *
 * CHANNEL_IDLE		Slot free (listener's side), or not yet begun.
 *	channel_dial(), channel_accept() -> CHANNEL_CONNECTING
 * CHANNEL_CONNECTING	The WebSocket is being made.
 *	opened			-> CHANNEL_GREETING
 * CHANNEL_GREETING	PREFACE and HELLO under way; no packet may pass.
 *	peer's HELLO is good	-> CHANNEL_OPEN
 * CHANNEL_OPEN		Packets pass both ways; the only state in which
 *			packets may be packed.
 *	any of these three, on failure:
 *				-> CHANNEL_WAITING (dialled), CHANNEL_IDLE
 * CHANNEL_WAITING	Dialled again after a delay.
 *	delay over, or channel_hurry() -> CHANNEL_CONNECTING
 */
enum channel_state {
	CHANNEL_IDLE,
	CHANNEL_CONNECTING,
	CHANNEL_GREETING,
	CHANNEL_OPEN,
	CHANNEL_WAITING,
};

/** channel_state_name() - For status and logs */
const char *channel_state_name(enum channel_state state);

/* Small messages that wait for the output slot, in order of their urgency. */
enum channel_due {
	CHANNEL_DUE_PREFACE = 0x1,
	CHANNEL_DUE_HELLO = 0x2,
	CHANNEL_DUE_PONG = 0x4,
	CHANNEL_DUE_PING = 0x8,
	CHANNEL_DUE_POLICY = 0x10,
};

/**
 * struct channel - One channel and all it owns
 * @state:	See above
 * @worker:	Whose it is
 * @idx:	Slot number, for logs
 * @dialled:	We are the sender: it is dialled again whenever it ends
 * @peer:	Index of the peer; the listener's side learns it from HELLO,
 *		STEER_NO_PEER before
 * @relay_idx:	Dialled: which of the peer's relays it goes over
 * @number:	Which of the pair's channels it is, below PEER_CHANNEL_CNT_MAX: the
 *		sender's side says so in its HELLO
 * @instance:	The peer's, from its HELLO
 * @sender:	Dialled: whom, and how attempts went; it sends @hint, whose value is
 *		@hint_value
 * @since:	When it took its state
 * @heard:	When the last message came
 * @due:	enum channel_due bits
 * @ping_time_ns: Of the peer's PING that a PONG is due for
 * @preface_out: Our PREFACE message, kept for HELLO's hash
 * @preface_in:	Theirs; @preface_in_len is 0 before it came
 * @peer_msg_len_max: Longest message the peer takes
 * @peer_features: enum wire_feature bits it has
 * @peer_offloads: Offloads its kernel takes
 * @lane:	Flows of the peer's that it serves
 * @outbox:	The message that it sends, of what waits in @lane
 * @pump_cnt, @stuck_cnt: How often it was pumped since the last look at its load,
 *		and how often something waited for it still
 * @flight:	How much may be on its way
 * @pulse:	Does it answer?
 * @busy:	Packets passed since the last PING by the clock
 * @answered:	When the last PONG came
 * @left:	The peer said BYE because it stops: its next dialling may find
 *		nobody for a while, which tells nothing of the way
 * @small:	Buffer of the small messages
 * @rtt_ns:	Smoothed round-trip time, 0 before the first PONG
 * @weight:	How large a share of the peer's flows it takes: see peer.c, whose
 *		the next four are, too
 * @error:	Why it ended last, "" when it never did
 * @opened_cnt:	How often it became open
 * @log:	Which failure was logged last
 * @told, @told_at: That it is suspect was logged, and when last
 */
struct channel {
	enum channel_state state;
	struct worker *worker;
	unsigned int idx;
	bool dialled;
	int peer;
	size_t relay_idx;
	unsigned int number;
	uint8_t instance[WIRE_INSTANCE_LEN];
	struct hyco_sender sender;
	struct hyco_header hint;
	char hint_value[12];
	mono_t since;
	mono_t heard;
	struct wsconn conn;
	struct loop_timer timer;
	unsigned int due;
	uint64_t ping_time_ns;
	uint8_t preface_out[WIRE_HEADER_LEN + 64];
	size_t preface_out_len;
	uint8_t preface_in[WIRE_HEADER_LEN + 64];
	size_t preface_in_len;
	size_t peer_msg_len_max;
	uint32_t peer_features;
	uint32_t peer_offloads;
	struct queue_lane lane;
	struct outbox outbox;
	unsigned int pump_cnt;
	unsigned int stuck_cnt;
	struct flight flight;
	struct pulse pulse;
	bool busy;
	mono_t answered;
	bool left;
	uint8_t *small;
	uint64_t messages_in;
	uint64_t bytes_in;
	uint64_t messages_out;
	uint64_t bytes_out;
	int64_t rtt_ns;
	unsigned int weight;
	int look_cnt;
	unsigned int doubt_cnt;
	bool suspect;
	mono_t suspect_since;
	uint64_t opened_cnt;
	struct retry_log log;
	bool told;
	mono_t told_at;
	char error[WSCONN_ERROR_SIZE];
};

/**
 * channel_init() - An idle slot; its buffers come with a connection
 * @channel:	Slot
 * @worker:	Whose it is
 * @idx:	Slot number
 */
void channel_init(struct channel *channel, struct worker *worker,
		  unsigned int idx);
void channel_fini(struct channel *channel);

/**
 * channel_dial() - Connect to a peer as sender, for ever
 * @peer:	Its index
 * @relay_idx:	Which of its relays to go over
 * @number:	No other channel to that peer has it
 */
void channel_dial(struct channel *channel, int peer, size_t relay_idx,
		  unsigned int number);

/** channel_hurry() - The credentials have changed: what waits to be dialled again is
 *  dialled now, as if nothing had failed, and so is what showed the old ones */
void channel_hurry(struct channel *channel);

/**
 * channel_accept() - Take up an accept as listener
 * @address:	The accept message's address
 *
 * Return: 0, or negative errno: address not usable, or no memory; it is idle still
 */
int channel_accept(struct channel *channel, const char *address)
	__attribute__((warn_unused_result));

/**
 * channel_end() - Close with a BYE, if it can still be sent
 * @code:	enum wire_bye_code
 * @text:	What to tell the peer and the log
 */
void channel_end(struct channel *channel, uint16_t code, const char *text);

/** channel_retire() - End for good: it is not wanted any more; as channel_end() */
void channel_retire(struct channel *channel, uint16_t code, const char *text);

/**
 * channel_moved() - The setup has changed under a channel
 * @peer:	The peer's index now, STEER_NO_PEER when the policy no longer has
 *		it: then the channel ends, and a dialled one is not dialled again
 * @relay_idx:	Dialled: which of the peer's relays its own is now, or the count
 *		of them when it is none: as if the peer were gone
 */
void channel_moved(struct channel *channel, int peer, size_t relay_idx);

/** channel_greeted() - The peer's HELLO is good: packets may pass */
void channel_greeted(struct channel *channel);

/** channel_left() - The peer has said BYE */
void channel_left(struct channel *channel, const struct wire_bye *bye);

/** channel_set_timer() - Instead of what it was set to */
void channel_set_timer(struct channel *channel, int64_t ms);

/** channel_peer_name() - For logs */
const char *channel_peer_name(const struct channel *channel);

/** channel_ask() - A PING is due: it goes when the channel is pumped next */
static inline void channel_ask(struct channel *channel, mono_t now)
{
	channel->due |= CHANNEL_DUE_PING;
	pulse_asked(&channel->pulse, now);
}

#endif /* CARRIER_CHANNEL_H */

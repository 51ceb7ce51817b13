/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flight.h - How much of a channel may be on its way
 *
 * Pure.  Learns from PONGs what has arrived; says when to ask, and when to wait.
 */

#ifndef CARRIER_FLIGHT_H
#define CARRIER_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

/* So much may be on its way of a path that has not proved to be slow: four of the
 * longest messages. */
#define FLIGHT_BYTES_EASY (256 * 1024)
/* And so much however slow it is: two of the shortest. */
#define FLIGHT_BYTES_MIN 6000
/* And no more than this, however fast and far: 160 ms at 400 Mbit/s. */
#define FLIGHT_BYTES_MAX (8 * 1024 * 1024)
/* Shorter messages cost more than they save: two packets of 1,500 bytes. */
#define FLIGHT_MSG_MIN 3000

/** struct flight_gen - The best of the present and the last generation */
struct flight_gen {
	mono_t since;
	int64_t now;
	int64_t last;
};

/**
 * enum flight_probe - A look at the path without our own queue
 *
 * FLIGHT_PROBE_NONE	None is under way.
 *	another generation, or doubt	-> FLIGHT_PROBE_DRAIN
 *	flight_probe()			-> FLIGHT_PROBE_DRAIN
 * FLIGHT_PROBE_DRAIN	Hardly anything may be sent, now and until it is over; a
 *			PING is due, after all that was sent.
 *	its answer			-> FLIGHT_PROBE_ASK
 * FLIGHT_PROBE_ASK	Another is due, before anything else is sent.
 *	it was sent			-> FLIGHT_PROBE_WAIT
 * FLIGHT_PROBE_WAIT	Its answer tells the path's own round trip.
 *	it came				-> FLIGHT_PROBE_NONE
 */
enum flight_probe {
	FLIGHT_PROBE_NONE,
	FLIGHT_PROBE_DRAIN,
	FLIGHT_PROBE_ASK,
	FLIGHT_PROBE_WAIT,
};

/**
 * struct flight - One channel's
 * @acked:	Bytes that the peer has received
 * @asked:	Bytes that were sent when it was asked last
 * @due:	Bytes that must have arrived when the PING of @due_asked, or a later
 *		one, is answered; 0: no PING waits for that
 * @due_asked:	When that PING was sent
 * @window:	How many may be on their way
 * @rate:	Most bytes a ms
 * @proven:	The same, which only samples make less that the path limited
 * @proof_cnt:	Of those, in the present generation
 * @is_proven:	A generation had enough of them: no presumption is left
 * @rtt:	Least round trip, in ns
 * @recent:	The same of a short time
 * @sample_at, @sample_acked: Beginning of the rate's sample under way
 * @sample_rtt:	Least round trip during it, in ns, 0 before the first
 * @starved, @starved_before: There was nothing to send, during that sample and during
 *		the one before
 * @probe:	See above
 * @in_doubt:	It began because the path looks longer than it was
 * @probe_asked: FLIGHT_PROBE_DRAIN: its PING was sent
 * @probe_since:	When that step began
 * @probed:	When the last probe ended
 */
struct flight {
	uint64_t acked;
	uint64_t asked;
	uint64_t due;
	mono_t due_asked;
	uint64_t window;
	struct flight_gen rate;
	struct flight_gen proven;
	unsigned int proof_cnt;
	bool is_proven;
	struct flight_gen rtt;
	struct flight_gen recent;
	mono_t sample_at;
	uint64_t sample_acked;
	int64_t sample_rtt;
	bool starved;
	bool starved_before;
	enum flight_probe probe;
	bool in_doubt;
	bool probe_asked;
	mono_t probe_since;
	mono_t probed;
};

/** flight_init() - A channel begins */
void flight_init(struct flight *flight, mono_t now);

/** flight_is_full() - Wait for a PONG?  @sent: bytes sent so far */
bool flight_is_full(const struct flight *flight, uint64_t sent);

/** flight_msg_len() - How long a message may be: a part of the window, since what is
 *  sent after it waits for all of it; no less than
 *  FLIGHT_MSG_MIN, but for a probe */
size_t flight_msg_len(const struct flight *flight);

/** flight_is_held_up() - Would a packet of this length hold up all others of a path
 *  that has proved to be slow? */
bool flight_is_held_up(const struct flight *flight, size_t len);

/** flight_is_probing() - Does a probe hold back what might be sent? */
bool flight_is_probing(const struct flight *flight);

/** flight_starves() - More might be sent, and there is nothing: what arrives now says
 *  less than the path could carry */
void flight_starves(struct flight *flight);

/** flight_rate() - Bytes a s that the path has proved to carry of late; until there
 *  was enough to send, what is presumed of any */
uint64_t flight_rate(const struct flight *flight);

/** flight_rtt_min_ns() - The path's own round trip, 0 before the first PONG */
int64_t flight_rtt_min_ns(const struct flight *flight);

/** flight_shall_ask() - Is it time for a PING, by what was sent since the last, or
 *  because a probe needs it? */
bool flight_shall_ask(const struct flight *flight, uint64_t sent);

/**
 * flight_rtt_ns() - The round trip that a PONG tells of
 * @asked_ns:	The time it repeats: whatever the peer likes
 * @max_ns:	What is longer ago cannot be ours
 *
 * Return: 0 when it is no answer to a PING of the last @max_ns
 */
int64_t flight_rtt_ns(uint64_t asked_ns, mono_t now, int64_t max_ns);

/** flight_asked() - A PING was sent
 *  @sent:	Bytes sent so far, with it
 *  @now:	The time that it carries */
void flight_asked(struct flight *flight, uint64_t sent, mono_t now);

/**
 * flight_has_lost() - Has the path lost messages?
 * @acked:	Bytes that a PONG says have arrived
 * @asked:	Time of the PING that it answers
 *
 * A channel is in order, and a PONG counts all that came up to the PING it
 * answers (wire format, section 3.4).  What is missing then never comes, and would
 * count as on its way for ever.
 */
bool flight_has_lost(const struct flight *flight, uint64_t acked, mono_t asked);

/** flight_probe() - Begin a probe, unless one is under way: another channel that may
 *  share the path has begun one, and its queue must not be taken for distance */
void flight_probe(struct flight *flight, mono_t now);

/**
 * flight_pong() - A PONG came
 * @acked:	Bytes that the peer says it has received
 * @sent:	Bytes sent so far: it cannot have received more
 * @rtt_ns:	Round trip, above 0
 *
 * Return: false when it says what cannot be
 */
bool flight_pong(struct flight *flight, uint64_t acked, uint64_t sent,
		 int64_t rtt_ns, mono_t now);

#endif /* CARRIER_FLIGHT_H */

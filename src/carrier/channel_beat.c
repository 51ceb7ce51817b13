/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * channel_beat.c - An open channel's PINGs: when they go, and what answers say
 */

/**
 * DOC: Theory of operation
 *
 * Ask		A PING is due every CHANNEL_PING_MS, and PING_BUSY_MS after
 *		packets passed; and beside the clock when flight.h, or the peer's look
 *		at its channels (peer.c), wants to know something.
 * Answer	PONG says what has arrived: that opens the flight's window, tells the
 *		round trip, and proves that the channel lives (pulse.h).
 * Silence	One that does not answer loses its flows (peer.c), which is logged
 *		here; DEAD_MS without any message, or DEAF_MS without
 *		an answer, and it is given up.
 */

#include "carrier/channel_beat.h"

#include "carrier/channel.h"
#include "carrier/channel_pump.h"
#include "carrier/worker.h"
#include "sys/clock.h"
#include "sys/log.h"

/* A PING goes so long after packets passed, if none would, so that flows do not wait
 * for the next to learn that their channel does not answer: TCP connections inside
 * double their pauses meanwhile. */
#define PING_BUSY_MS 100
/* Nothing heard for so long: the path is dead. */
#define DEAD_MS 7000
/* It is heard, but answers no PING: it takes nothing. */
#define DEAF_MS 15000
/* That a channel does not answer is logged this often. */
#define SUSPECT_LOG_MS 10000

void channel_beat_begin(struct channel *channel)
{
	mono_t now = clock_mono();

	flight_init(&channel->flight, now);
	pulse_init(&channel->pulse, now);
	channel->busy = false;
	channel->told = false;
	channel->answered = now;
	channel_ask(channel, now);
	channel_set_timer(channel, CHANNEL_PING_MS);
}

void channel_beat_touch(struct channel *channel)
{
	mono_t soon;

	if (channel->busy)
		return;
	channel->busy = true;
	soon = mono_add_ms(clock_mono(), PING_BUSY_MS);
	if (mono_before(soon, channel->timer.at))
		loop_timer_set(&channel->worker->loop, &channel->timer, soon);
}

void channel_beat_tick(struct channel *channel)
{
	mono_t now = clock_mono();

	if (mono_diff_ms(now, channel->heard) >= DEAD_MS) {
		channel_end(channel, WIRE_BYE_TIMEOUT,
			    "nothing heard for too long");
		return;
	}
	if (mono_diff_ms(now, channel->answered) >= DEAF_MS) {
		channel_end(channel, WIRE_BYE_TIMEOUT,
			    "pings are not answered");
		return;
	}
	channel_ask(channel, now);
	channel_set_timer(channel,
			  channel->busy ? PING_BUSY_MS : CHANNEL_PING_MS);
	channel->busy = false;
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
			channel_ask(other, now);
	}
}

const char *channel_beat_pong(struct channel *channel,
			      const struct wire_ping *pong)
{
	bool probed = channel->flight.probe != FLIGHT_PROBE_NONE;
	mono_t now = clock_mono();
	int64_t rtt_ns;

	if (pong->bytes > channel->bytes_out)
		return "PONG counts bytes that were not sent";
	rtt_ns = flight_rtt_ns(pong->time_ns, now, DEAF_MS * NS_PER_MS);
	if (!rtt_ns)
		return NULL;
	if (flight_has_lost(&channel->flight, pong->bytes,
			    (mono_t){now.ns - rtt_ns}))
		return "messages were lost on the way";
	if (!flight_pong(&channel->flight, pong->bytes, channel->bytes_out,
			 rtt_ns, now))
		return "PONG counts fewer bytes than before";
	peer_arrived(&channel->worker->peers[channel->peer], channel, now);
	if (!probed && channel->flight.probe != FLIGHT_PROBE_NONE)
		probe_others(channel, now);
	if (flight_shall_ask(&channel->flight, channel->bytes_out))
		channel_ask(channel, now);
	pulse_answered(&channel->pulse, (mono_t){now.ns - rtt_ns}, now);
	channel->answered = now;
	/* RFC 6298's weight for the smoothed value. */
	channel->rtt_ns =
		channel->rtt_ns
			? channel->rtt_ns + (rtt_ns - channel->rtt_ns) / 8
			: rtt_ns;
	return NULL;
}

/** say_judged() - Log that it is suspect, now and then, or that it is no more */
static void say_judged(struct channel *channel, mono_t now)
{
	if (!channel->suspect) {
		channel->told = false;
		log_info("channel=%u peer=%s event=answers_again", channel->idx,
			 channel_peer_name(channel));
		return;
	}
	if (channel->told_at.ns &&
	    mono_diff_ms(now, channel->told_at) < SUSPECT_LOG_MS)
		return;
	channel->told = true;
	channel->told_at = now;
	log_warn("channel=%u peer=%s event=suspect reason=\"no answer for %lld "
		 "ms, others answer: its flows take those\"",
		 channel->idx, channel_peer_name(channel),
		 (long long)pulse_wait_ms(&channel->pulse, now));
}

void channel_beat_judged(struct channel *channel)
{
	if (channel->state != CHANNEL_OPEN)
		return;
	if (channel->suspect != channel->told)
		say_judged(channel, clock_mono());
	if (channel->due)
		channel_pump(channel);
}

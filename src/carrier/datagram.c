/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * datagram.c - The flow of packets that lack their ports
 */

#include "carrier/datagram.h"

#include "carrier/steer.h"

/** of_fragment() - A fragment goes where the one went that came first */
static uint32_t of_fragment(struct datagrams *datagrams, uint32_t flow,
			    const struct ip_view *view, mono_t now)
{
	uint64_t key = steer_datagram(view);

	if (!memo_find(&datagrams->out, key, now, DATAGRAM_LIFE_MS, &flow))
		memo_put(&datagrams->out, key, now, flow);
	return flow;
}

uint32_t datagram_flow(struct datagrams *datagrams, const uint8_t *pkt,
		       const struct ip_view *view, mono_t now)
{
	uint32_t flow = steer_flow(pkt, view);
	struct ip_view quoted;

	if (view->fragment)
		return of_fragment(datagrams, flow, view, now);
	/* What is not found keeps the flow that its addresses make. */
	if (!ip_icmp_quote(pkt, view, &quoted) && quoted.fragment &&
	    !quoted.first)
		(void)memo_find(&datagrams->in, steer_datagram(&quoted), now,
				DATAGRAM_LIFE_MS, &flow);
	return flow;
}

void datagram_came(struct datagrams *datagrams, const uint8_t *pkt,
		   const struct ip_view *view, mono_t now)
{
	if (view->fragment && view->first)
		memo_put(&datagrams->in, steer_datagram(view), now,
			 steer_flow(pkt, view));
}

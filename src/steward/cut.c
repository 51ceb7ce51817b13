/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cut.c - Ending flows that the policy no longer allows
 */

#include "steward/cut.h"

#include <stdlib.h>

#include "steward/flows.h"
#include "steward/judge.h"
#include "steward/poke.h"
#include "sys/log.h"
#include "sys/tun.h"

/**
 * DOC: Theory of operation
 *
 * A ruleset judges new flows; those that were let in go on although their
 * service is gone, leads elsewhere or no longer lets in their source.  When the
 * new ruleset stands:
 *
 * Judge	Every entry of connection tracking with a mark of ours is held
 *		against the new plan (judge.c), one by one: so it does not matter
 *		what changed, and a service that was renamed loses nothing, its
 *		flows get the new mark.
 * Mark		What is to end gets PLAN_ID_CUT.  From now on the chain `cut`
 *		answers whatever either end still sends, with a reset or an ICMP
 *		error: an end that is busy notices at once.
 * Poke		An end that is silent is made to speak (poke.c): the steward
 *		writes one packet a flow into the TUN device, as if it came from
 *		the other end.  A cloud gateway so reaches clients, a site
 *		gateway targets: each its own side, since both read the same
 *		policy.
 * Delete	CUT_LINGER_MS later the entries go (cut_finish()).
 *
 * Sequence numbers are nobody's business here: the reset is made by the kernel,
 * out of the packet that it answers, and is believed for that reason.
 */

/** struct cutting - What cut_begin() works with */
struct cutting {
	struct judge *now;
	struct judge *before;
	struct cut *cut;
};

/** note() - Remember a flow that is to end */
static void note(struct cut *cut, const struct flow *flow)
{
	if (cut->cnt == cut->size) {
		size_t size = cut->size ? 2 * cut->size : 256;
		struct flow *larger =
			reallocarray(cut->flows, size, sizeof(*larger));

		if (!larger)
			abort();
		cut->flows = larger;
		cut->size = size;
	}
	cut->flows[cut->cnt++] = *flow;
}

/** weigh() - One entry: leave it, give it another mark, or end it */
static enum flow_fate weigh(void *arg, const struct flow *flow, uint32_t *id)
{
	struct cutting *cutting = arg;
	uint32_t mark = flow->mark & PLAN_MARK_MASK;

	if (!mark || (!judge_is_ours(cutting->now, flow) &&
		      !judge_is_ours(cutting->before, flow)))
		return FLOW_LEAVE;
	*id = judge_flow(cutting->now, flow);
	if (*id == mark)
		return FLOW_LEAVE;
	if (!*id) {
		*id = PLAN_ID_CUT;
		note(cutting->cut, flow);
	}
	return FLOW_MARK;
}

/** look() - As weigh(), without changing anything; those that are being ended
 *  already are no news */
static enum flow_fate look(void *arg, const struct flow *flow, uint32_t *id)
{
	if ((flow->mark & PLAN_MARK_MASK) != PLAN_ID_CUT)
		(void)weigh(arg, flow, id);
	return FLOW_LEAVE;
}

/** poke() - Make the ends on our side speak */
static void poke(const struct cut *cut, enum gateway_role role, int tun_fd)
{
	uint8_t packet[POKE_LEN_MAX];
	size_t i;

	for (i = 0; i < cut->cnt; i++) {
		size_t len = poke_packet(&cut->flows[i], role, packet);

		/* One that cannot be written is as one that is lost. */
		if (len)
			(void)!tun_write(tun_fd, packet, len);
	}
}

/** go_through() - All entries, each judged by @each; Return: as flows_each() */
static int go_through(struct cut *cut, const struct plan *now,
		      const struct plan *before, flow_fn *each,
		      struct diag *diag)
{
	struct cutting cutting = {
		.now = judge_new(now),
		.before = judge_new(before),
		.cut = cut,
	};
	int ret = flows_each(0, each, &cutting, diag);

	judge_free(cutting.now);
	judge_free(cutting.before);
	return ret < 0 ? ret : (int)cut->cnt;
}

/** by_tuple() - Order of flows */
static int by_tuple(const void *a, const void *b)
{
	const struct flow *x = a;
	const struct flow *y = b;
	int order = (int)x->proto - (int)y->proto;

	if (!order)
		order = ip_addr_compare(&x->orig.src, &y->orig.src);
	if (!order)
		order = ip_addr_compare(&x->orig.dst, &y->orig.dst);
	if (!order)
		order = x->orig.sport - y->orig.sport;
	return order ? order : x->orig.dport - y->orig.dport;
}

int cut_begin(struct cut *cut, const struct plan *now,
	      const struct plan *before, int tun_fd, struct diag *diag)
{
	int cnt = go_through(cut, now, before, weigh, diag);

	poke(cut, now->gateway->role, tun_fd);
	if (cut->cnt)
		qsort(cut->flows, cut->cnt, sizeof(*cut->flows), by_tuple);
	return cnt;
}

/** end() - An entry that lingered, if it is one of those */
static enum flow_fate end(void *arg, const struct flow *flow, uint32_t *id)
{
	const struct cut *cut = arg;

	(void)id;
	return bsearch(flow, cut->flows, cut->cnt, sizeof(*cut->flows),
		       by_tuple)
		       ? FLOW_DELETE
		       : FLOW_LEAVE;
}

void cut_finish(struct cut *cut, struct diag *diag)
{
	if (cut->cnt)
		(void)!flows_each(PLAN_ID_CUT, end, cut, diag);
	free(cut->flows);
	*cut = (struct cut){.cnt = 0};
}

int cut_preview(struct cut *cut, const struct plan *now,
		const struct plan *before, struct diag *diag)
{
	return go_through(cut, now, before, look, diag);
}

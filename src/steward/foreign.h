/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * foreign.h - Do rules of others drop what this gateway forwards?
 *
 * Pure.  A drop in any base chain of a hook wins over our accept, so Docker, ufw,
 * firewalld and an administrator's own rules can stop the tunnel's packets.
 */

#ifndef STEWARD_FOREIGN_H
#define STEWARD_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "policy/plan.h"
#include "steward/sim.h"

/* More than these are not told: the first one is to be mended first anyway. */
#define FOREIGN_FINDING_MAX 8

/* Names of tables and chains: 128 at most in nf_tables, with NUL. */
#define FOREIGN_NAME_SIZE 130

/**
 * enum foreign_way - Which packets are dropped
 *
 * FOREIGN_INTO		forwarded into the tunnel
 * FOREIGN_OUT_OF	forwarded out of the tunnel
 * FOREIGN_DIAL		the gateway's own connections to relays
 * FOREIGN_UNTRACKED	kept from connection tracking, and so by our own rules
 */
enum foreign_way {
	FOREIGN_INTO,
	FOREIGN_OUT_OF,
	FOREIGN_DIAL,
	FOREIGN_UNTRACKED,
};

/**
 * struct foreign_finding - A chain that drops
 * @handle:	Of the rule, 0: the chain's policy
 * @certain:	Whatever comes before; else earlier rules may let some through
 * @family6:	IPv6 packets
 * @ifname:	The other interface of the packet's way
 */
struct foreign_finding {
	enum foreign_way way;
	char family[8];
	char table[FOREIGN_NAME_SIZE];
	char chain[FOREIGN_NAME_SIZE];
	long handle;
	bool certain;
	bool rejects;
	bool family6;
	char ifname[16];
};

/** struct foreign - What was found */
struct foreign {
	struct foreign_finding findings[FOREIGN_FINDING_MAX];
	size_t cnt;
};

/**
 * foreign_judge() - Send packets as the plan's through the base chains of others
 * @sim:	Their tables; tables of relaytun's are passed over
 * @ifnames:	Where packets come in (cloud) or go out (site)
 * @found:	Receives the chains that drop, each once
 */
void foreign_judge(const struct sim *sim, const struct plan *plan,
		   const char *const *ifnames, size_t ifname_cnt,
		   struct foreign *found);

/**
 * foreign_tell() - A sentence for the operator: what drops, and the remedy
 * @rule:	Text of the rule, "" for a policy
 * @managed_by:	"docker", "ufw", "firewalld", or "" for somebody else
 */
void foreign_tell(const struct foreign_finding *finding, const char *rule,
		  const char *managed_by, const char *tun, struct strbuf *out);

/** foreign_manager() - Whose table is it, as its chains tell? "" if unknown */
const char *foreign_manager(const struct sim *sim, const char *family,
			    const char *table);

#endif /* STEWARD_FOREIGN_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft_work.h - What the files that render a ruleset share
 *
 * Only nft*.c include this; others ask nft.h.
 */

#ifndef STEWARD_NFT_WORK_H
#define STEWARD_NFT_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "policy/plan.h"
#include "steward/table.h"

/* "ct mark" of ours, for and against. */
#define MARKED   "ct mark & 0x0000ffff != 0"
#define UNMARKED "ct mark & 0x0000ffff == 0"
#define CUT      "ct mark & 0x0000ffff == 0x0000ffff"

/* NUL included; the longest is "from_0123456789abcdef_v6". */
#define NFT_NAME_SIZE 40

/**
 * struct nft_family - How nft calls things of one family
 * @ip:		Header, and family in statements
 * @tag:	End of names: sets hold one family
 * @type:	Data type of an address
 * @nfproto:	"meta nfproto"
 * @icmp:	"meta l4proto"
 * @ping:	Matches an echo request
 */
struct nft_family {
	enum ip_family family;
	const char *ip;
	const char *tag;
	const char *type;
	const char *nfproto;
	const char *icmp;
	const char *ping;
};

/**
 * struct nft_work - A ruleset being rendered
 * @plan:	Wanted state
 * @table:	Receives it
 * @ending:	The plan before, or NULL
 * @families:	Those in which this gateway has a tunnel address
 */
struct nft_work {
	const struct plan *plan;
	const struct plan *ending;
	struct table *table;
	const struct nft_family *families[2];
	size_t family_cnt;
};

/** nft_comment() - A quoted comment: no character that could end it */
void nft_comment(struct strbuf *out, const char *text);

/** nft_chain() - Begin a chain, on a hook or (@hook NULL) called by others */
void nft_chain(struct nft_work *work, const char *name, const char *why,
	       const char *hook);

/** nft_rule() - A rule of the chain begun last, with its explanation or NULL */
void nft_rule(struct nft_work *work, const char *why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** nft_set() - Begin a set or map; @flags is NULL or "interval" */
void nft_set(struct nft_work *work, enum table_kind kind, const char *name,
	     const char *why, const char *type, const char *flags);

/** nft_family_of() - A family of the work's; NULL when it is none of them */
const struct nft_family *nft_family_of(const struct nft_work *work,
				       enum ip_family family);

/* nft_set.c */

/** struct nft_prefixes - Prefixes being gathered; start with zeros */
struct nft_prefixes {
	struct ip_prefix *prefixes;
	size_t cnt;
	size_t size;
};

/** nft_prefixes_add() - One more; those of other families are passed over */
void nft_prefixes_add(struct nft_prefixes *list, const struct ip_prefix *prefix,
		      enum ip_family family);

/** nft_prefixes_set() - The set of those, none within another; frees the list */
void nft_prefixes_set(struct nft_work *work, struct nft_prefixes *list,
		      const char *name, const char *why,
		      const struct nft_family *family);

/**
 * nft_from_name() - Name of the set that holds the prefixes of a list in one
 * family: a digest of its content, so that equal lists share a set
 */
void nft_from_name(const struct prefix_list *from,
		   const struct nft_family *family, char name[NFT_NAME_SIZE]);

/** nft_from_others() - A match, with a space behind it: a list of a service does not
 *  have the sender */
void nft_from_others(const struct prefix_list *from,
		     const struct nft_family *family, struct strbuf *out);

/** nft_from_sets() - The sets of all services' and routes' lists, each once
 *  @services: Those of services as well */
void nft_from_sets(struct nft_work *work, bool services);

/** nft_peers_set() - "peers_F": where gateways at the other end are */
void nft_peers_set(struct nft_work *work, const struct nft_family *family);

/* nft_service.c */

/** nft_cloud_services() - Chains of services, and maps of public ports */
void nft_cloud_services(struct nft_work *work, const struct nft_family *family);

/** nft_site_services() - Chains of services, and maps of targets */
void nft_site_services(struct nft_work *work, const struct nft_family *family);

/** nft_timeouts() - The objects that services' idle timeouts need, each once */
void nft_timeouts(struct nft_work *work);

/* nft_grant.c */

/** nft_grants() - Chains of routes, and the map of destinations: "grants_F" */
void nft_grants(struct nft_work *work, const struct nft_family *family);

/** nft_grant_marks() - The sets of marks of routes */
void nft_grant_marks(struct nft_work *work);

/** nft_ending_set() - "ending_F": by what flows that are being ended are known as
 *  ours, wherever they are about to go; consumes the list */
void nft_ending_set(struct nft_work *work, struct nft_prefixes *list,
		    const struct nft_family *family);

/* nft_cloud.c, nft_site.c */

void nft_cloud(struct nft_work *work);
void nft_site(struct nft_work *work);

/** nft_forgotten_rules() - Cloud: resets for what targets send of flows that are
 *  not known here any more */
void nft_forgotten_rules(struct nft_work *work);

/**
 * nft_forward_begin() - The forward hook: flows that are being ended, then what goes
 * into the tunnel and what comes out of it
 * @from:	Direction whose source tells that a flow is ours: "original", "reply"
 */
void nft_forward_begin(struct nft_work *work, const char *from);

/** nft_rerouted_rule() - Of the egress hook: nothing of others into the tunnel */
void nft_rerouted_rule(struct nft_work *work);

/** nft_opened_rules() - End of the forward hook: what was closed is closed */
void nft_opened_rules(struct nft_work *work);

#endif /* STEWARD_NFT_WORK_H */

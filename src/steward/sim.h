/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sim.h - What an nftables ruleset would do with a packet
 *
 * Pure: works on the kernel's ruleset as libnftables lists it in JSON, ours and
 * others' alike.  What is not known of a packet stays open: a rule that asks for
 * it may match or not, and both ways are followed.
 */

#ifndef STEWARD_SIM_H
#define STEWARD_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/** enum sim_bit - What can become of a packet: bits of a set */
enum sim_bit {
	SIM_ACCEPT = 1,
	SIM_DROP = 2,
};

/** enum sim_status - Bits of "ct status" */
enum sim_status {
	SIM_SNAT = 1,
	SIM_DNAT = 2,
};

/* State of a packet of no flow: connection tracking was told to pass it by. */
#define SIM_UNTRACKED "untracked"
/* What a sim_step_fn is told of such a statement. */
#define SIM_NOTRACK "notrack"

/**
 * struct sim_packet - What is known of a packet and its flow
 * @family:	IP_V4 or IP_V6
 * @saddr:	As it is now; IP_NONE: unknown.  The others alike
 * @proto:	IP protocol, 0: unknown
 * @sport:	Port, -1: unknown.  The others alike
 * @icmp_type:	As nft names it ("echo-request"), NULL: unknown
 * @iif:	Interface it came in by; "": none; NULL: unknown
 * @oif:	Interface it leaves by
 * @iifgroup:	Device group, -1: unknown
 * @oifgroup:	Likewise
 * @state:	"new", "established", ...; NULL: unknown
 * @reply:	Its direction in the flow
 * @status:	Bits of enum sim_status
 * @mark:	Packet mark; only bits of @mark_known are known
 * @ct_mark:	Connection mark, likewise
 * @orig_saddr:	Tuple of the flow's first direction
 * @orig_daddr:	Likewise
 * @reply_saddr: Tuple of the other one
 * @reply_daddr: Likewise
 * @local:	Is @daddr this machine's? 0, 1, or -1: unknown
 */
struct sim_packet {
	enum ip_family family;
	struct ip_addr saddr;
	struct ip_addr daddr;
	uint8_t proto;
	int sport;
	int dport;
	const char *icmp_type;
	const char *iif;
	const char *oif;
	int iifgroup;
	int oifgroup;
	const char *state;
	bool reply;
	unsigned int status;
	uint32_t mark;
	uint32_t mark_known;
	uint32_t ct_mark;
	uint32_t ct_mark_known;
	struct ip_addr orig_saddr;
	struct ip_addr orig_daddr;
	struct ip_addr reply_saddr;
	struct ip_addr reply_daddr;
	int local;
};

/**
 * struct sim_place - A rule, or a chain's policy
 * @family:	"ip", "ip6" or "inet"
 * @handle:	The rule's, 0 for a policy
 * @comment:	The rule's, or that of its chain; "" without
 * @rejects:	The sender is told
 */
struct sim_place {
	const char *family;
	const char *table;
	const char *chain;
	long handle;
	const char *comment;
	bool rejects;
};

/**
 * sim_step_fn - Something happened for certain
 * @place:	Where
 * @what:	"accept", "drop", "jump svc_7", "dnat to 10.1.0.5:443", ...
 */
typedef void sim_step_fn(void *arg, const struct sim_place *place,
			 const char *what);

struct sim;

/** sim_new() - A ruleset without anything in it; sim_free() it */
struct sim *sim_new(void);
void sim_free(struct sim *sim);

/** sim_add() - Add what `nft -j list ...` prints; Return: 0, or -EBADMSG */
int sim_add(struct sim *sim, const char *json)
	__attribute__((warn_unused_result));

/** sim_has_chain() - Is there such a chain? */
bool sim_has_chain(const struct sim *sim, const char *family, const char *table,
		   const char *chain);

/** sim_has_table() - Was a table added? */
bool sim_has_table(const struct sim *sim, const char *family,
		   const char *table);

/** struct sim_base - A chain on a hook
 * @listed:	Its place in the list: of two with the same priority the later one
 *		sees packets first, as the kernel has it
 */
struct sim_base {
	const char *family;
	const char *table;
	const char *chain;
	const char *type;
	long prio;
	size_t listed;
};

/**
 * sim_bases() - Chains on a hook that see packets of a family, in their order
 * @hook:	"forward"
 * @bases:	Receives them
 * @size:	Room there, in entries
 *
 * Return: how many, at most @size
 */
size_t sim_bases(const struct sim *sim, enum ip_family family, const char *hook,
		 struct sim_base *bases, size_t size);

/**
 * sim_run() - One chain on a hook, its policy included
 * @packet:	Changed as the chain changes it for certain
 * @step:	Called for what happens for certain, NULL for nobody
 * @last:	Receives where the packet's way ends if no rule fires that
 *		merely may; untouched when that is nowhere known
 *
 * Return: bits of enum sim_bit: all that can become of the packet there
 */
unsigned int sim_run(const struct sim *sim, const struct sim_base *base,
		     struct sim_packet *packet, sim_step_fn *step, void *arg,
		     struct sim_place *last, enum sim_bit *last_bit);

/** sim_unknown() - A packet of which nothing is known but its family */
struct sim_packet sim_unknown(enum ip_family family);

#endif /* STEWARD_SIM_H */

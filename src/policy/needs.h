/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * needs.h - What a policy needs of Azure Relay, or of a relay of one's own
 */

#ifndef POLICY_NEEDS_H
#define POLICY_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/strbuf.h"
#include "policy/policy.h"

/* Azure's limits; also those of a relay of one's own unless its relay.cfg has
 * others. */
#define NEEDS_LISTENER_CNT_MAX   25   /* at one hybrid connection */
#define NEEDS_CONNECTION_CNT_MAX 5000 /* in a namespace */

/**
 * struct relay_needs - What one namespace has to bear
 * @host:	"contoso.servicebus.windows.net", with its port when it has one
 * @path_cnt:	Hybrid connections
 * @listener_cnt: Listeners at all of them: each is billed by the hour
 * @busiest:	Relay address with the most listeners
 * @busiest_cnt: How many those are
 * @connection_cnt: Channels, when all gateways are up: each is one connection
 * @line:	Where the policy has a gateway of @busiest
 */
struct relay_needs {
	const char *host;
	size_t path_cnt;
	size_t listener_cnt;
	const char *busiest;
	size_t busiest_cnt;
	size_t connection_cnt;
	unsigned int line;
};

/**
 * struct channel_choice - How many channels a cloud gateway dials to each peer over
 * each of its relays
 * @cnt:	So many
 * @wanted:	So many it should be: more than @cnt when there is no room for them
 * @is_set:	gateway.cfg says so
 * @is_workers:	It would be fewer, if each worker did not need one
 * @host:	The namespace that is too small for @wanted, else NULL
 * @gateway:	The gateway that has so many relays that @wanted over each cannot all
 *		be dialled, else NULL
 * @workers:	That deal them out
 */
struct channel_choice {
	uint32_t cnt;
	uint32_t wanted;
	bool is_set;
	bool is_workers;
	const char *host;
	const struct policy_gateway *gateway;
	uint32_t workers;
};

/**
 * needs_share() - Channels that one worker of a cloud gateway dials over a relay
 * @channels, @workers, @id:	As for needs_dialled()
 */
size_t needs_share(uint32_t channels, uint32_t workers, unsigned int id);

/**
 * needs_dialled() - Channels that one worker of a cloud gateway dials to a peer
 * @channels:	Over each relay, of all workers together
 * @workers:	Threads: they deal out the channels over each relay, one to each at
 *		least, and the numbers of the pair's channels, PAIR_CHANNEL_CNT_MAX,
 *		of which each channel needs one
 * @id:		The worker's, from 0
 * @relay_cnt:	Relays of the peer
 */
size_t needs_dialled(uint32_t channels, uint32_t workers, unsigned int id,
		     size_t relay_cnt);

/**
 * needs_channels() - Choose
 * @policy:	Valid policy
 * @set:	"channels" of gateway.cfg, 0 for none
 * @workers:	Threads of the gateway: each has a channel to each peer
 * @arena:	Receives @host
 *
 * What is set is taken, whatever it needs.  Else GATEWAY_CHANNELS_DEFAULT, so that
 * no flow hangs on one connection alone, less where all cloud gateways' channels
 * together would be more than a namespace takes (all are thought to be set up
 * like this one), or a pair of gateways has; never fewer than @workers, and one.
 */
struct channel_choice needs_channels(const struct policy *policy, uint32_t set,
				     uint32_t workers, struct arena *arena);

/** channel_choice_check() - Warn when there are fewer than there should be, or more
 *  are set than can be dialled */
void channel_choice_check(const struct policy *policy,
			  const struct channel_choice *choice,
			  struct diag *diag);

/** channel_choice_print() - As a line for a person */
void channel_choice_print(const struct channel_choice *choice,
			  struct strbuf *out);

/**
 * needs_of() - Count
 * @policy:	Valid policy
 * @channels:	Channels that a cloud gateway dials to each peer over each relay
 * @arena:	Receives the result
 * @cnt:	Set to the number of namespaces
 *
 * Return: one entry a namespace, by name
 */
const struct relay_needs *needs_of(const struct policy *policy,
				   uint32_t channels, struct arena *arena,
				   size_t *cnt);

/** needs_check() - Warn where a namespace has to bear more than it does */
void needs_check(const struct policy *policy, const struct relay_needs *needs,
		 size_t cnt, struct diag *diag);

/** needs_print() - As a table for a person */
void needs_print(const struct relay_needs *needs, size_t cnt,
		 struct strbuf *out);

#endif /* POLICY_NEEDS_H */

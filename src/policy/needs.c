/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * needs.c - What a policy needs of Azure Relay, or of a relay of one's own
 */

#include "policy/needs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/**
 * struct use - A gateway that listens at a relay
 * @relay:	"wss://HOST[:PORT]/NAME"
 * @host_len:	Length of "wss://HOST[:PORT]"
 * @line:	The gateway's
 */
struct use {
	const char *relay;
	size_t host_len;
	unsigned int line;
};

/**
 * by_relay() - Order of uses, for qsort(): those of one host are neighbours,
 * and among them those of one hybrid connection
 * @a:		One struct use
 * @b:		Another
 */
static int by_relay(const void *a, const void *b)
{
	const struct use *one = a;
	const struct use *two = b;
	size_t len =
		one->host_len < two->host_len ? one->host_len : two->host_len;
	int order = strncmp(one->relay, two->relay, len);

	if (!order && one->host_len != two->host_len)
		order = one->host_len < two->host_len ? -1 : 1;
	return order ? order : strcmp(one->relay, two->relay);
}

/**
 * same_host() - Are two uses at one host?
 * @a:		One
 * @b:		Another
 */
static bool same_host(const struct use *a, const struct use *b)
{
	return a->host_len == b->host_len &&
	       !strncmp(a->relay, b->relay, a->host_len);
}

/**
 * host_text() - The host of a use
 * @use:	Use
 * @arena:	Receives it
 */
static const char *host_text(const struct use *use, struct arena *arena)
{
	const char *host = strstr(use->relay, "://") + 3;
	size_t len = use->host_len - (size_t)(host - use->relay);
	char *text = arena_alloc(arena, len + 1);

	memcpy(text, host, len);
	return text;
}

/**
 * uses_of() - All gateways that listen, each at each of its relays
 * @policy:	Policy
 * @arena:	Receives them
 * @cnt:	Set to their number
 *
 * Return: in order of by_relay()
 */
static struct use *uses_of(const struct policy *policy, struct arena *arena,
			   size_t *cnt)
{
	struct use *uses;
	size_t i;
	size_t k;

	for (i = 0, *cnt = 0; i < policy->gateway_cnt; i++)
		*cnt += policy->gateways[i].relay_cnt;
	uses = arena_array(arena, *cnt, sizeof(*uses));
	for (i = 0, *cnt = 0; i < policy->gateway_cnt; i++) {
		const struct policy_gateway *gateway = &policy->gateways[i];

		for (k = 0; k < gateway->relay_cnt; k++) {
			const char *relay = gateway->relays[k];
			const char *host = strstr(relay, "://") + 3;

			uses[(*cnt)++] = (struct use){
				.relay = relay,
				.host_len = (size_t)(host - relay) +
					    strcspn(host, "/"),
				.line = gateway->line,
			};
		}
	}
	if (*cnt)
		qsort(uses, *cnt, sizeof(*uses), by_relay);
	return uses;
}

/**
 * cloud_cnt() - How many gateways dial
 * @policy:	Policy
 */
static size_t cloud_cnt(const struct policy *policy)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < policy->gateway_cnt; i++)
		cnt += policy->gateways[i].role == ROLE_CLOUD;
	return cnt;
}

const struct relay_needs *needs_of(const struct policy *policy,
				   uint32_t channels, struct arena *arena,
				   size_t *cnt)
{
	size_t use_cnt;
	const struct use *uses = uses_of(policy, arena, &use_cnt);
	size_t dialled = cloud_cnt(policy) * channels;
	struct relay_needs *needs = arena_array(arena, use_cnt, sizeof(*needs));
	size_t at_path = 0;
	size_t i;

	*cnt = 0;
	for (i = 0; i < use_cnt; i++) {
		const struct use *before = i ? &uses[i - 1] : NULL;
		struct relay_needs *need;

		if (!before || !same_host(before, &uses[i]))
			needs[(*cnt)++].host = host_text(&uses[i], arena);
		need = &needs[*cnt - 1];
		if (!before || by_relay(before, &uses[i])) {
			need->path_cnt++;
			at_path = 0;
		}
		need->listener_cnt++;
		need->connection_cnt += dialled;
		if (++at_path > need->busiest_cnt) {
			need->busiest_cnt = at_path;
			need->busiest = uses[i].relay;
			need->line = uses[i].line;
		}
	}
	return needs;
}

/**
 * most_relays() - The gateway that listens at most relays, NULL when none does
 * @policy:	Policy
 */
static const struct policy_gateway *most_relays(const struct policy *policy)
{
	const struct policy_gateway *most = NULL;
	size_t i;

	for (i = 0; i < policy->gateway_cnt; i++) {
		const struct policy_gateway *gateway = &policy->gateways[i];

		if (gateway->relay_cnt > (most ? most->relay_cnt : 0))
			most = gateway;
	}
	return most;
}

/**
 * fullest() - The namespace with most connections, NULL when there is none
 * @needs:	Namespaces
 * @cnt:	How many
 */
static const struct relay_needs *fullest(const struct relay_needs *needs,
					 size_t cnt)
{
	const struct relay_needs *full = cnt ? needs : NULL;
	size_t i;

	for (i = 1; i < cnt; i++) {
		if (needs[i].connection_cnt > full->connection_cnt)
			full = &needs[i];
	}
	return full;
}

/**
 * lower() - Choose fewer, since there is no room for more
 * @choice:	Choice; unchanged if it is low enough
 * @room:	For so many there is
 * @least:	But it must be so many
 *
 * Return: is @room the reason for what it is now?
 */
static bool lower(struct channel_choice *choice, size_t room, uint32_t least)
{
	if (room >= choice->cnt || choice->cnt == least)
		return false;
	choice->cnt = room > least ? (uint32_t)room : least;
	return true;
}

size_t needs_share(uint32_t channels, uint32_t workers, unsigned int id)
{
	return (channels + workers - 1 - id) / workers;
}

size_t needs_dialled(uint32_t channels, uint32_t workers, unsigned int id,
		     size_t relay_cnt)
{
	size_t numbers = needs_share(PAIR_CHANNEL_CNT_MAX, workers, id);
	size_t cnt = relay_cnt * needs_share(channels, workers, id);

	return cnt < numbers ? cnt : numbers;
}

/**
 * dialled_cnt() - Likewise of all workers
 * @channels:	Over each relay
 * @workers:	How many
 * @relay_cnt:	Relays of the peer
 */
static size_t dialled_cnt(uint32_t channels, uint32_t workers, size_t relay_cnt)
{
	size_t cnt = 0;
	unsigned int id;

	for (id = 0; id < workers; id++)
		cnt += needs_dialled(channels, workers, id, relay_cnt);
	return cnt;
}

struct channel_choice needs_channels(const struct policy *policy, uint32_t set,
				     uint32_t workers, struct arena *arena)
{
	const uint32_t least = workers ? workers : 1;
	uint32_t wanted = set ? set : GATEWAY_CHANNELS_DEFAULT;
	const struct policy_gateway *most = most_relays(policy);
	struct channel_choice choice = {
		.is_set = set >= least,
		.is_workers = least > wanted,
		.workers = least,
	};
	const struct relay_needs *needs;
	const struct relay_needs *full;
	size_t cnt;

	wanted = wanted > least ? wanted : least;
	choice.cnt = wanted;
	choice.wanted = wanted;
	if (most && dialled_cnt(wanted, least, most->relay_cnt) <
			    wanted * most->relay_cnt) {
		choice.gateway = most;
		if (!set)
			(void)lower(&choice,
				    PAIR_CHANNEL_CNT_MAX / most->relay_cnt,
				    least);
	}
	needs = needs_of(policy, 1, arena, &cnt);
	full = fullest(needs, cnt);
	if (!set && full && full->connection_cnt &&
	    lower(&choice, NEEDS_CONNECTION_CNT_MAX / full->connection_cnt,
		  least)) {
		choice.gateway = NULL;
		choice.host = full->host;
	}
	return choice;
}

/**
 * check_pair() - Warn of the gateway that has too many relays for so many channels
 * @policy:	Policy
 * @choice:	Choice, with a gateway
 * @diag:	Receives the warning
 */
static void check_pair(const struct policy *policy,
		       const struct channel_choice *choice, struct diag *diag)
{
	size_t relay_cnt = choice->gateway->relay_cnt;
	size_t dialled = dialled_cnt(choice->cnt, choice->workers, relay_cnt);
	char workers[40] = "";

	if (choice->workers > 1)
		snprintf(workers, sizeof(workers), ", dealt out to %u workers",
			 choice->workers);
	cfg_source_warning(
		&policy->source, diag, choice->gateway->line,
		"\"%s\" listens at %zu relays: %u channels over each are %zu, "
		"and two gateways may have %d%s; %zu are dialled, so that %s",
		choice->gateway->name, relay_cnt, choice->wanted,
		choice->wanted * relay_cnt, PAIR_CHANNEL_CNT_MAX, workers,
		dialled,
		dialled < choice->cnt * relay_cnt
			? "some relays have fewer or none"
			: "each relay has fewer");
}

void channel_choice_check(const struct policy *policy,
			  const struct channel_choice *choice,
			  struct diag *diag)
{
	if (choice->gateway)
		check_pair(policy, choice, diag);
	if (choice->host)
		cfg_source_warning(
			&policy->source, diag, 0,
			"there is room for %u channel%s between two gateways "
			"over each relay only: Azure takes %d connections in a "
			"namespace, and %u channels would need more at %.100s",
			choice->cnt, choice->cnt == 1 ? "" : "s",
			NEEDS_CONNECTION_CNT_MAX, choice->wanted, choice->host);
}

void channel_choice_print(const struct channel_choice *choice,
			  struct strbuf *out)
{
	strbuf_printf(out,
		      "\nChannels of each cloud gateway to each site gateway "
		      "over each relay: %u (",
		      choice->cnt);
	if (choice->is_set)
		strbuf_printf(out, "set in gateway.cfg)\n");
	else if (choice->is_workers)
		strbuf_printf(out, "as many as workers)\n");
	else if (choice->host)
		strbuf_printf(out, "for more there is no room at %s)\n",
			      choice->host);
	else if (choice->gateway)
		strbuf_printf(out, "\"%s\" has %zu relays)\n",
			      choice->gateway->name,
			      choice->gateway->relay_cnt);
	else
		strbuf_printf(out, "default)\n");
}

void needs_check(const struct policy *policy, const struct relay_needs *needs,
		 size_t cnt, struct diag *diag)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		const struct relay_needs *need = &needs[i];

		if (need->busiest_cnt > NEEDS_LISTENER_CNT_MAX)
			cfg_source_warning(
				&policy->source, diag, need->line,
				"%zu gateways listen at \"%.100s\"; Azure "
				"takes "
				"%d at one hybrid connection, so give each "
				"gateway its own",
				need->busiest_cnt, need->busiest,
				NEEDS_LISTENER_CNT_MAX);
		if (need->connection_cnt > NEEDS_CONNECTION_CNT_MAX)
			cfg_source_warning(
				&policy->source, diag, 0,
				"the channels through %.100s are %zu "
				"connections; Azure takes %d in a namespace, "
				"so set fewer \"channels\" in gateway.cfg, or "
				"use more namespaces",
				need->host, need->connection_cnt,
				NEEDS_CONNECTION_CNT_MAX);
	}
}

void needs_print(const struct relay_needs *needs, size_t cnt,
		 struct strbuf *out)
{
	static const char *const heads[] = {"RELAY", "HYBRID CONNECTIONS",
					    "LISTENERS", "MOST AT ONE",
					    "CONNECTIONS"};
	size_t width = strlen(heads[0]);
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (strlen(needs[i].host) > width)
			width = strlen(needs[i].host);
	}
	strbuf_printf(out, "%-*s  %s  %s  %s  %s\n", (int)width, heads[0],
		      heads[1], heads[2], heads[3], heads[4]);
	for (i = 0; i < cnt; i++)
		strbuf_printf(out, "%-*s  %18zu  %9zu  %8zu/%d  %6zu/%d\n",
			      (int)width, needs[i].host, needs[i].path_cnt,
			      needs[i].listener_cnt, needs[i].busiest_cnt,
			      NEEDS_LISTENER_CNT_MAX, needs[i].connection_cnt,
			      NEEDS_CONNECTION_CNT_MAX);
}

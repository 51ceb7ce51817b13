/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * two_sites.h - A cloud gateway with a site of one gateway and a site of two
 */

#ifndef TESTS_TWO_SITES_H
#define TESTS_TWO_SITES_H

#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/diag.h"
#include "carrier/setup.h"
#include "policy/parse.h"

/* edge-1's peers: two of bergen, one of oslo. */
enum {
	BERGEN_A,
	BERGEN_B,
	OSLO_A,
	PEER_CNT,
};

static const char policy_text[] =
	"version = 1;\n"
	"gateways = (\n"
	" { name = \"edge-1\"; role = \"cloud\"; address = \"100.64.0.1\"; },\n"
	" { name = \"oslo-a\"; role = \"site\"; site = \"oslo\";\n"
	"   address = \"100.64.0.11\"; relays = \"wss://h/oslo-a\"; },\n"
	" { name = \"bergen-a\"; role = \"site\"; site = \"bergen\";\n"
	"   address = \"100.64.0.12\"; relays = \"wss://h/bergen-a\"; },\n"
	" { name = \"bergen-b\"; role = \"site\"; site = \"bergen\";\n"
	"   address = \"100.64.0.13\"; relays = \"wss://h/bergen-b\"; } );\n"
	"sites = ( { name = \"oslo\"; networks = \"10.1.0.0/24\";\n"
	"  services = ( { name = \"web\"; public = \"tcp/80\";\n"
	"                 target = \"10.1.0.5:80\"; } ); },\n"
	" { name = \"bergen\"; networks = \"10.3.0.0/24\";\n"
	"  services = ( { name = \"www\"; public = \"tcp/81\";\n"
	"                 target = \"10.3.0.5:80\"; } ); } );\n";
static const char conf_text[] =
	"name = \"edge-1\"; policy = \"/p\";\n"
	"credentials = { key_name = \"k\"; key_file = \"/k\"; };\n";

/**
 * struct two_sites - What edge-1's carrier knows, and a "TUN"
 * @setup:	Plan, steering and the carrier's end
 * @kernel:	The kernel's end
 */
struct two_sites {
	struct arena arena;
	struct diag diag;
	struct setup setup;
	int kernel;
};

static inline void two_sites_open(struct two_sites *sites)
{
	const struct gateway_conf *conf;
	const struct policy_gateway *self;
	const struct policy *policy;
	struct setup *setup = &sites->setup;
	int pair[2];

	arena_init(&sites->arena);
	diag_init(&sites->diag);
	policy = policy_parse(policy_text, "p", &sites->arena, &sites->diag);
	conf = gateway_conf_parse(conf_text, "c", &sites->arena, &sites->diag);
	assert_true(policy && conf);
	self = gateway_conf_check(policy, conf, "c", &sites->diag);
	assert_non_null(self);
	setup->plan = plan_make(policy, self, conf, NULL, 0, &sites->arena);
	assert_int_equal(setup->plan->peer_cnt, PEER_CNT);
	setup->steer = steer_new(setup->plan, &sites->arena);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair),
		0);
	setup->tun_fds[0] = pair[0];
	sites->kernel = pair[1];
}

static inline void two_sites_close(struct two_sites *sites)
{
	close(sites->setup.tun_fds[0]);
	close(sites->kernel);
	diag_fini(&sites->diag);
	arena_fini(&sites->arena);
}

#endif /* TESTS_TWO_SITES_H */

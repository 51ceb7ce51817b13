/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "carrier/steer.h"
#include "steer_packets.h"

/*
 * edge-1 100.64.0.1, fd64:1::1, and edge-2 100.64.0.2 are cloud gateways.
 * Site oslo (10.1.0.0/24, fd10:1::/32) has oslo-a 100.64.0.11, fd64:1::11 and
 * oslo-b 100.64.0.12.  Site bergen (10.2.0.0/16 and all of 100.64.0.0/24 but
 * the gateways) has bergen-a 100.64.0.21.
 */
enum {
	EDGE_1,
	EDGE_2,
	OSLO_A,
	OSLO_B,
	BERGEN_A,
	GATEWAY_CNT,
};

/* Peers as edge-1 and edge-2 number them, and as sites do. */
enum {
	PEER_OSLO_A = 0,
	PEER_OSLO_B = 1,
	PEER_BERGEN_A = 2,
	PEER_EDGE_1 = 0,
	PEER_EDGE_2 = 1,
	/* Groups of cloud gateways: each peer, then the sites'. */
	SITE_OSLO = 3,
	SITE_BERGEN = 4,
};

struct world {
	struct ip_prefix networks[2][2];
	struct ip_addr addrs[GATEWAY_CNT][2];
	struct ip_prefix pools[GATEWAY_CNT][2];
	struct policy_site sites[2];
	struct policy_gateway gateways[GATEWAY_CNT];
	const struct policy_gateway *peers[GATEWAY_CNT];
	struct plan plan;
	struct arena arena;
	const struct steer *steer;
};

/** prefix() - From text */
static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix p;

	assert_int_equal(ip_prefix_parse(text, &p), 0);
	return p;
}

/** add_gateway() - One gateway of the world; @v6 may be NULL */
static void add_gateway(struct world *w, int idx, const char *v4,
			const char *v6)
{
	w->addrs[idx][0] = addr(v4);
	w->pools[idx][0] = ip_prefix_of(&w->addrs[idx][0]);
	if (v6) {
		w->addrs[idx][1] = addr(v6);
		w->pools[idx][1] = ip_prefix_of(&w->addrs[idx][1]);
	}
	w->gateways[idx] = (struct policy_gateway){
		.role = idx <= EDGE_2 ? ROLE_CLOUD : ROLE_SITE,
		.site = idx <= EDGE_2   ? NULL
			: idx <= OSLO_B ? &w->sites[0]
					: &w->sites[1],
		.addrs = w->addrs[idx],
		.pools = w->pools[idx],
		.addr_cnt = v6 ? 2 : 1,
	};
}

/** world_init() - The policy above, seen from one gateway */
static void world_init(struct world *w, int self)
{
	int i;

	memset(w, 0, sizeof(*w));
	w->networks[0][0] = prefix("10.1.0.0/24");
	w->networks[0][1] = prefix("fd10:1::/32");
	w->networks[1][0] = prefix("10.2.0.0/16");
	w->networks[1][1] = prefix("100.64.0.0/24");
	for (i = 0; i < 2; i++) {
		w->sites[i].networks = w->networks[i];
		w->sites[i].network_cnt = 2;
	}
	add_gateway(w, EDGE_1, "100.64.0.1", "fd64:1::1");
	add_gateway(w, EDGE_2, "100.64.0.2", NULL);
	add_gateway(w, OSLO_A, "100.64.0.11", "fd64:1::11");
	add_gateway(w, OSLO_B, "100.64.0.12", NULL);
	add_gateway(w, BERGEN_A, "100.64.0.21", NULL);

	w->plan.gateway = &w->gateways[self];
	w->plan.peers = w->peers;
	for (i = 0; i < GATEWAY_CNT; i++) {
		if (w->gateways[i].role != w->gateways[self].role)
			w->peers[w->plan.peer_cnt++] = &w->gateways[i];
	}
	arena_init(&w->arena);
	w->steer = steer_new(&w->plan, &w->arena);
}

/** world_fini() - Free what world_init() took */
static void world_fini(struct world *w)
{
	arena_fini(&w->arena);
}

/** out() - steer_out() of a packet */
static int out(const struct world *w, const struct packet *p)
{
	struct ip_view view;

	assert_int_equal(ip_view(p->data, p->len, &view), 0);
	return steer_out(w->steer, p->data, &view);
}

/** in() - steer_in() of a packet */
static int in(const struct world *w, int peer, const struct packet *p)
{
	struct ip_view view;

	assert_int_equal(ip_view(p->data, p->len, &view), 0);
	return steer_in(w->steer, peer, p->data, &view);
}

/** struct way - A packet, and what is to become of it */
struct way {
	const char *src;
	const char *dst;
	int peer; /* to (out), or from (in) */
	int rc;   /* of steer_in() */
};

static void assert_out(const struct world *w, const struct way *ways,
		       size_t cnt)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		struct packet p;

		udp(&p, ways[i].src, ways[i].dst);
		if (out(w, &p) != ways[i].peer)
			fail_msg("%s -> %s: peer %d, not %d", ways[i].src,
				 ways[i].dst, out(w, &p), ways[i].peer);
	}
}

static void assert_in(const struct world *w, const struct way *ways, size_t cnt)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		struct packet p;

		udp(&p, ways[i].src, ways[i].dst);
		if (in(w, ways[i].peer, &p) != ways[i].rc)
			fail_msg("%s -> %s from %d: not %d", ways[i].src,
				 ways[i].dst, ways[i].peer, ways[i].rc);
	}
}

static void cloud_sends_by_longest_prefix_of_the_destination(void **state)
{
	static const struct way ways[] = {
		{"100.64.0.1", "10.1.0.5", SITE_OSLO, 0},
		{"100.64.0.1", "10.1.0.255", SITE_OSLO, 0},
		{"100.64.0.1", "10.2.200.1", SITE_BERGEN, 0},
		{"fd64:1::1", "fd10:1:2:3::4", SITE_OSLO, 0},
		/* Gateways' own, inside a network of bergen. */
		{"100.64.0.1", "100.64.0.11", PEER_OSLO_A, 0},
		{"100.64.0.1", "100.64.0.12", PEER_OSLO_B, 0},
		{"100.64.0.1", "100.64.0.21", PEER_BERGEN_A, 0},
		{"100.64.0.1", "100.64.0.77", SITE_BERGEN, 0},
		{"fd64:1::1", "fd64:1::11", PEER_OSLO_A, 0},
		/* Nobody's. */
		{"100.64.0.1", "10.1.1.0", STEER_NO_GROUP, 0},
		{"100.64.0.1", "8.8.8.8", STEER_NO_GROUP, 0},
		{"fd64:1::1", "fd64:1::12", STEER_NO_GROUP, 0},
	};
	struct world w;

	(void)state;
	world_init(&w, EDGE_1);
	assert_out(&w, ways, sizeof(ways) / sizeof(ways[0]));
	world_fini(&w);
}

static void cloud_sends_only_from_its_own_addresses(void **state)
{
	static const struct way ways[] = {
		{"100.64.0.2", "10.1.0.5", STEER_NO_GROUP, 0},
		{"100.64.0.11", "10.1.0.5", STEER_NO_GROUP, 0},
		{"10.2.0.1", "10.1.0.5", STEER_NO_GROUP, 0},
		{"203.0.113.9", "10.1.0.5", STEER_NO_GROUP, 0},
		{"fd64:1::2", "fd10:1::4", STEER_NO_GROUP, 0},
	};
	struct packet quote;
	struct packet p;
	struct world w;

	(void)state;
	world_init(&w, EDGE_1);
	assert_out(&w, ways, sizeof(ways) / sizeof(ways[0]));

	/* An ICMP error from the internet is no exception at the cloud. */
	udp(&quote, "10.1.0.5", "100.64.0.1");
	icmp_error(&p, "203.0.113.9", "10.1.0.5", &quote);
	assert_int_equal(out(&w, &p), STEER_NO_GROUP);
	icmp_error(&p, "100.64.0.1", "10.1.0.5", &quote);
	assert_int_equal(out(&w, &p), SITE_OSLO);
	world_fini(&w);
}

static void site_sends_to_cloud_gateways_from_its_networks(void **state)
{
	static const struct way ways[] = {
		{"10.1.0.5", "100.64.0.1", PEER_EDGE_1, 0},
		{"10.1.0.5", "100.64.0.2", PEER_EDGE_2, 0},
		{"100.64.0.11", "100.64.0.2", PEER_EDGE_2, 0},
		{"fd10:1::5", "fd64:1::1", PEER_EDGE_1, 0},
		{"fd64:1::11", "fd64:1::1", PEER_EDGE_1, 0},
		/* Not ours to send from. */
		{"10.1.1.5", "100.64.0.1", STEER_NO_GROUP, 0},
		{"10.2.0.5", "100.64.0.1", STEER_NO_GROUP, 0},
		{"100.64.0.12", "100.64.0.1", STEER_NO_GROUP, 0},
		/* Not a cloud gateway. */
		{"10.1.0.5", "10.2.0.5", STEER_NO_GROUP, 0},
		{"10.1.0.5", "100.64.0.21", STEER_NO_GROUP, 0},
		{"10.1.0.5", "8.8.8.8", STEER_NO_GROUP, 0},
	};
	struct world w;

	(void)state;
	world_init(&w, OSLO_A);
	assert_out(&w, ways, sizeof(ways) / sizeof(ways[0]));
	world_fini(&w);
}

static void site_passes_icmp_errors_of_any_router_about_its_packets(
	void **state)
{
	struct packet quote;
	struct packet p;
	struct world w;

	(void)state;
	world_init(&w, OSLO_A);

	udp(&quote, "100.64.0.1", "10.1.0.5");
	icmp_error(&p, "192.168.7.1", "100.64.0.1", &quote);
	assert_int_equal(out(&w, &p), PEER_EDGE_1);

	/* It goes to somebody else than the quoted packet came from. */
	icmp_error(&p, "192.168.7.1", "100.64.0.2", &quote);
	assert_int_equal(out(&w, &p), STEER_NO_GROUP);

	/* The quoted packet did not go to us. */
	udp(&quote, "100.64.0.1", "10.2.0.5");
	icmp_error(&p, "192.168.7.1", "100.64.0.1", &quote);
	assert_int_equal(out(&w, &p), STEER_NO_GROUP);

	udp(&quote, "fd64:1::1", "fd10:1::5");
	icmp_error(&p, "2001:db8::1", "fd64:1::1", &quote);
	assert_int_equal(out(&w, &p), PEER_EDGE_1);
	world_fini(&w);
}

static void cloud_takes_from_a_peer_what_its_site_may_send(void **state)
{
	static const struct way ways[] = {
		{"10.1.0.5", "100.64.0.1", PEER_OSLO_A, 0},
		{"10.1.0.5", "100.64.0.1", PEER_OSLO_B, 0}, /* same site */
		{"10.1.0.5", "100.64.0.1", PEER_BERGEN_A, -EACCES},
		{"10.2.0.5", "100.64.0.1", PEER_BERGEN_A, 0},
		{"10.2.0.5", "100.64.0.1", PEER_OSLO_A, -EACCES},
		{"10.1.1.5", "100.64.0.1", PEER_OSLO_A, -EACCES},
		{"203.0.113.9", "100.64.0.1", PEER_OSLO_A, -EACCES},
		{"fd10:1::5", "fd64:1::1", PEER_OSLO_A, 0},
		{"fd10:2::5", "fd64:1::1", PEER_OSLO_A, -EACCES},
		/* A gateway's own address is its own alone. */
		{"100.64.0.11", "100.64.0.1", PEER_OSLO_A, 0},
		{"100.64.0.11", "100.64.0.1", PEER_OSLO_B, -EACCES},
		{"100.64.0.11", "100.64.0.1", PEER_BERGEN_A, -EACCES},
		{"100.64.0.77", "100.64.0.1", PEER_BERGEN_A, 0},
		{"fd64:1::11", "fd64:1::1", PEER_OSLO_B, -EACCES},
		/* To us, and to no one else. */
		{"10.1.0.5", "100.64.0.2", PEER_OSLO_A, -EACCES},
		{"10.1.0.5", "10.2.0.5", PEER_OSLO_A, -EACCES},
		{"10.1.0.5", "203.0.113.9", PEER_OSLO_A, -EACCES},
		{"fd10:1::5", "fd64:1::2", PEER_OSLO_A, -EACCES},
		/* Our own address as a source. */
		{"100.64.0.1", "100.64.0.1", PEER_OSLO_A, -EACCES},
	};
	struct world w;

	(void)state;
	world_init(&w, EDGE_1);
	assert_in(&w, ways, sizeof(ways) / sizeof(ways[0]));
	world_fini(&w);
}

static void cloud_takes_icmp_errors_about_packets_that_went_there(void **state)
{
	struct packet quote;
	struct packet p;
	struct world w;

	(void)state;
	world_init(&w, EDGE_1);

	udp(&quote, "100.64.0.1", "10.1.0.5");
	icmp_error(&p, "192.168.7.1", "100.64.0.1", &quote);
	assert_int_equal(in(&w, PEER_OSLO_A, &p), 0);
	assert_int_equal(in(&w, PEER_OSLO_B, &p), 0);
	assert_int_equal(in(&w, PEER_BERGEN_A, &p), -EACCES);

	/* About a packet that was not ours. */
	udp(&quote, "100.64.0.2", "10.1.0.5");
	icmp_error(&p, "192.168.7.1", "100.64.0.1", &quote);
	assert_int_equal(in(&w, PEER_OSLO_A, &p), -EACCES);

	/* About a packet to the internet. */
	udp(&quote, "100.64.0.1", "203.0.113.9");
	icmp_error(&p, "192.168.7.1", "100.64.0.1", &quote);
	assert_int_equal(in(&w, PEER_OSLO_A, &p), -EACCES);

	/* A redirect is no error. */
	udp(&quote, "100.64.0.1", "10.1.0.5");
	icmp_error(&p, "192.168.7.1", "100.64.0.1", &quote);
	p.data[20] = 5;
	assert_int_equal(in(&w, PEER_OSLO_A, &p), -EACCES);

	/* Nor is a ping. */
	p.data[20] = 8;
	assert_int_equal(in(&w, PEER_OSLO_A, &p), -EACCES);
	world_fini(&w);
}

static void site_takes_from_a_cloud_gateway_its_own_addresses(void **state)
{
	static const struct way ways[] = {
		{"100.64.0.1", "10.1.0.5", PEER_EDGE_1, 0},
		{"100.64.0.1", "100.64.0.11", PEER_EDGE_1, 0},
		{"fd64:1::1", "fd10:1::5", PEER_EDGE_1, 0},
		{"100.64.0.2", "10.1.0.5", PEER_EDGE_1, -EACCES},
		{"100.64.0.1", "10.1.0.5", PEER_EDGE_2, -EACCES},
		{"203.0.113.9", "10.1.0.5", PEER_EDGE_1, -EACCES},
		{"10.1.0.6", "10.1.0.5", PEER_EDGE_1, -EACCES},
		{"100.64.0.1", "10.2.0.5", PEER_EDGE_1, -EACCES},
		{"100.64.0.1", "10.1.1.5", PEER_EDGE_1, -EACCES},
		{"100.64.0.1", "100.64.0.12", PEER_EDGE_1, -EACCES},
		{"100.64.0.1", "8.8.8.8", PEER_EDGE_1, -EACCES},
	};
	struct packet quote;
	struct packet p;
	struct world w;

	(void)state;
	world_init(&w, OSLO_A);
	assert_in(&w, ways, sizeof(ways) / sizeof(ways[0]));

	/* No exception for ICMP errors in this direction. */
	udp(&quote, "10.1.0.5", "100.64.0.1");
	icmp_error(&p, "203.0.113.9", "10.1.0.5", &quote);
	assert_int_equal(in(&w, PEER_EDGE_1, &p), -EACCES);
	icmp_error(&p, "100.64.0.1", "10.1.0.5", &quote);
	assert_int_equal(in(&w, PEER_EDGE_1, &p), 0);
	world_fini(&w);
}

static void addresses_of_one_link_never_travel(void **state)
{
	static const char *const v4[] = {
		"0.0.0.0",         "0.1.2.3",   "127.0.0.1",      "224.0.0.1",
		"239.255.255.250", "240.0.0.1", "255.255.255.255"};
	static const char *const v6[] = {"::",      "::1",     "ff02::1",
					 "ff0e::1", "fe80::1", "febf::1"};
	struct packet quote;
	struct packet p;
	struct world w;
	size_t i;

	(void)state;
	/* A site that owns everything. */
	world_init(&w, EDGE_1);
	w.networks[1][0] = prefix("0.0.0.0/0");
	w.networks[1][1] = prefix("::/0");
	w.steer = steer_new(&w.plan, &w.arena);
	udp(&p, "100.64.0.1", "9.9.9.9");
	assert_int_equal(out(&w, &p), SITE_BERGEN);

	for (i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
		udp(&p, "100.64.0.1", v4[i]);
		assert_int_equal(out(&w, &p), STEER_NO_GROUP);
		udp(&p, v4[i], "100.64.0.1");
		assert_int_equal(in(&w, PEER_BERGEN_A, &p), -EACCES);
	}
	for (i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
		udp(&p, "fd64:1::1", v6[i]);
		assert_int_equal(out(&w, &p), STEER_NO_GROUP);
		udp(&p, v6[i], "fd64:1::1");
		assert_int_equal(in(&w, PEER_BERGEN_A, &p), -EACCES);
	}
	/* Not even as the source of an ICMP error. */
	udp(&quote, "100.64.0.1", "10.1.0.5");
	icmp_error(&p, "127.0.0.1", "100.64.0.1", &quote);
	assert_int_equal(in(&w, PEER_OSLO_A, &p), -EACCES);
	world_fini(&w);
}

static void gateway_without_peers_sends_nothing(void **state)
{
	struct packet p;
	struct world w;

	(void)state;
	world_init(&w, EDGE_1);
	w.plan.peer_cnt = 0;
	w.steer = steer_new(&w.plan, &w.arena);
	udp(&p, "100.64.0.1", "10.1.0.5");
	assert_int_equal(out(&w, &p), STEER_NO_GROUP);
	world_fini(&w);
}

static void pool_of_a_gateway_is_its_own_alone(void **state)
{
	static const struct way from_cloud[] = {
		{"100.64.7.9", "10.1.0.5", PEER_EDGE_1, 0},
		{"100.64.7.9", "10.1.0.5", PEER_EDGE_2, -EACCES},
		{"100.64.8.0", "10.1.0.5", PEER_EDGE_1, -EACCES},
	};
	static const struct way to_cloud[] = {
		{"10.1.0.5", "100.64.7.200", PEER_EDGE_1, 0},
		{"10.1.0.5", "100.64.8.0", STEER_NO_GROUP, 0},
	};
	static const struct way at_cloud[] = {
		{"100.64.7.77", "10.1.0.5", SITE_OSLO, 0},
		{"100.64.8.1", "10.1.0.5", STEER_NO_GROUP, 0},
	};
	struct world w;

	(void)state;
	world_init(&w, OSLO_A);
	w.pools[EDGE_1][0] = prefix("100.64.7.0/24");
	w.steer = steer_new(&w.plan, &w.arena);
	assert_in(&w, from_cloud, 3);
	assert_out(&w, to_cloud, 2);
	world_fini(&w);

	world_init(&w, EDGE_1);
	w.pools[EDGE_1][0] = prefix("100.64.7.0/24");
	w.steer = steer_new(&w.plan, &w.arena);
	assert_out(&w, at_cloud, 2);
	world_fini(&w);
}

static void aliases_stand_for_networks_in_the_tunnel(void **state)
{
	static const struct ip_prefix aliases[] = {
		{{IP_V4, {100, 80, 1}}, 24},
		{{IP_V6, {0xfd, 0x80}}, 32},
	};
	static const struct way at_cloud[] = {
		{"100.64.0.1", "100.80.1.5", SITE_OSLO, 0},
		{"fd64:1::1", "fd80::5", SITE_OSLO, 0},
		{"100.64.0.1", "10.1.0.5", STEER_NO_GROUP, 0},
	};
	static const struct way at_site[] = {
		{"100.80.1.5", "100.64.0.1", PEER_EDGE_1, 0},
		{"10.1.0.5", "100.64.0.1", STEER_NO_GROUP, 0},
	};
	struct world w;

	(void)state;
	world_init(&w, EDGE_1);
	w.sites[0].aliases = aliases;
	w.steer = steer_new(&w.plan, &w.arena);
	assert_out(&w, at_cloud, 3);
	world_fini(&w);

	world_init(&w, OSLO_A);
	w.sites[0].aliases = aliases;
	w.steer = steer_new(&w.plan, &w.arena);
	assert_out(&w, at_site, 2);
	world_fini(&w);
}

static const struct ip_prefix branch = {{IP_V4, {172, 16}}, 16};
static const struct policy_route routes[] = {
	{.via = "edge-1", .from = {&branch, 1}},
	/* Enters with the gateway's address: no source of its own. */
	{.nat = true, .from = {&branch, 1}},
};

/** world_route() - As world_init(), and oslo has a route without NAT from
 *  172.16.0.0/16 by edge-1 */
static void world_route(struct world *w, int self)
{
	world_init(w, self);
	w->gateways[EDGE_1].name = "edge-1";
	w->gateways[EDGE_2].name = "edge-2";
	w->sites[0].routes = routes;
	w->sites[0].route_cnt = 2;
	w->steer = steer_new(&w->plan, &w->arena);
}

static void sources_of_a_route_without_nat_enter_at_its_gateway(void **state)
{
	static const struct way at_cloud[] = {
		{"172.16.3.4", "10.1.0.5", SITE_OSLO, 0},
		{"172.17.3.4", "10.1.0.5", STEER_NO_GROUP, 0},
	};
	static const struct way at_other[] = {
		{"172.16.3.4", "10.1.0.5", STEER_NO_GROUP, 0},
	};
	static const struct way to_cloud[] = {
		{"10.1.0.5", "172.16.3.4", PEER_EDGE_1, 0},
		{"10.1.0.5", "172.17.3.4", STEER_NO_GROUP, 0},
	};
	static const struct way from_cloud[] = {
		{"172.16.3.4", "10.1.0.5", PEER_EDGE_1, 0},
		{"172.16.3.4", "10.1.0.5", PEER_EDGE_2, -EACCES},
	};
	static const struct way at_bergen[] = {
		{"172.16.3.4", "10.2.0.5", PEER_EDGE_1, -EACCES},
	};
	struct world w;

	(void)state;
	world_route(&w, EDGE_1);
	assert_out(&w, at_cloud, 2);
	world_fini(&w);
	world_route(&w, EDGE_2);
	assert_out(&w, at_other, 1);
	world_fini(&w);
	world_route(&w, OSLO_A);
	assert_out(&w, to_cloud, 2);
	assert_in(&w, from_cloud, 2);
	world_fini(&w);
	world_route(&w, BERGEN_A);
	assert_in(&w, at_bergen, 1);
	world_fini(&w);
}

static void routers_before_such_a_source_may_report(void **state)
{
	struct packet quote;
	struct packet p;
	struct world w;

	(void)state;
	udp(&quote, "10.1.0.5", "172.16.3.4");
	icmp_error(&p, "192.168.7.1", "10.1.0.5", &quote);

	world_route(&w, EDGE_1);
	assert_int_equal(out(&w, &p), SITE_OSLO);
	world_fini(&w);
	world_route(&w, OSLO_A);
	assert_int_equal(in(&w, PEER_EDGE_1, &p), 0);
	assert_int_equal(in(&w, PEER_EDGE_2, &p), -EACCES);
	world_fini(&w);
}

static void site_is_a_group_of_its_gateways(void **state)
{
	const struct steer_group *group;
	struct world w;

	(void)state;
	world_init(&w, EDGE_1);
	assert_int_equal(steer_group_cnt(w.steer), 5);
	group = steer_group(w.steer, SITE_OSLO);
	assert_int_equal(group->cnt, 2);
	assert_int_equal(group->peers[0], PEER_OSLO_A);
	assert_int_equal(group->peers[1], PEER_OSLO_B);
	assert_int_equal(steer_group(w.steer, SITE_BERGEN)->cnt, 1);
	world_fini(&w);

	world_init(&w, OSLO_A);
	assert_int_equal(steer_group_cnt(w.steer), 2);
	world_fini(&w);
}

/** shared() - steer_is_shared() of an address given as text */
static bool shared(const struct world *w, const char *text)
{
	const struct ip_addr a = addr(text);

	return steer_is_shared(w->steer, &a);
}

static void only_networks_of_several_gateways_are_shared(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, EDGE_1);
	assert_true(shared(&w, "10.1.0.5"));
	assert_true(shared(&w, "fd10:1:2:3::4"));
	assert_false(shared(&w, "100.64.0.11")); /* oslo-a itself */
	assert_false(shared(&w, "10.2.0.5"));
	assert_false(shared(&w, "192.0.2.1")); /* nobody's */
	world_fini(&w);
	world_init(&w, OSLO_A);
	assert_false(shared(&w, "100.64.0.1"));
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			cloud_sends_by_longest_prefix_of_the_destination),
		cmocka_unit_test(cloud_sends_only_from_its_own_addresses),
		cmocka_unit_test(
			site_sends_to_cloud_gateways_from_its_networks),
		cmocka_unit_test(
			site_passes_icmp_errors_of_any_router_about_its_packets),
		cmocka_unit_test(
			cloud_takes_from_a_peer_what_its_site_may_send),
		cmocka_unit_test(
			cloud_takes_icmp_errors_about_packets_that_went_there),
		cmocka_unit_test(
			site_takes_from_a_cloud_gateway_its_own_addresses),
		cmocka_unit_test(addresses_of_one_link_never_travel),
		cmocka_unit_test(gateway_without_peers_sends_nothing),
		cmocka_unit_test(pool_of_a_gateway_is_its_own_alone),
		cmocka_unit_test(aliases_stand_for_networks_in_the_tunnel),
		cmocka_unit_test(
			sources_of_a_route_without_nat_enter_at_its_gateway),
		cmocka_unit_test(routers_before_such_a_source_may_report),
		cmocka_unit_test(site_is_a_group_of_its_gateways),
		cmocka_unit_test(only_networks_of_several_gateways_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

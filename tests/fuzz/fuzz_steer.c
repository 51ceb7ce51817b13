/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_steer.c - A packet at both ends: what one may send the other may answer
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/steer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ip_addr cloud_addrs[] = {
	{IP_V4, {100, 64, 0, 1}},
	{IP_V6, {0xfd, 0x64, 0, 1, [15] = 1}},
};
static const struct ip_addr site_addrs[] = {
	{IP_V4, {100, 64, 0, 11}},
	{IP_V6, {0xfd, 0x64, 0, 1, [15] = 0x11}},
};
static const struct ip_prefix networks[] = {
	{{IP_V4, {10}}, 8},
	{{IP_V4, {100, 64}}, 24},
	{{IP_V6, {0xfd, 0x10}}, 16},
};
static const struct ip_prefix cloud_pools[] = {
	{{IP_V4, {100, 64}}, 30},
	{{IP_V6, {0xfd, 0x64, 0, 1}}, 124},
};
static const struct ip_prefix site_pools[] = {
	{{IP_V4, {100, 64, 0, 11}}, 32},
	{{IP_V6, {0xfd, 0x64, 0, 1, [15] = 0x11}}, 128},
};
static const struct ip_prefix branch = {{IP_V4, {172, 16}}, 12};
static const struct policy_route route = {.via = "c", .from = {&branch, 1}};
static const struct policy_site site = {.networks = networks,
					.network_cnt = 3,
					.routes = &route,
					.route_cnt = 1};
static const struct policy_gateway cloud_gw = {.name = "c",
					       .role = ROLE_CLOUD,
					       .addrs = cloud_addrs,
					       .pools = cloud_pools,
					       .addr_cnt = 2};
static const struct policy_gateway site_gw = {.name = "s",
					      .role = ROLE_SITE,
					      .site = &site,
					      .addrs = site_addrs,
					      .pools = site_pools,
					      .addr_cnt = 2};

/** turn() - Exchange source and destination, and the ports where they count */
static void turn(uint8_t *pkt, const struct ip_view *view)
{
	size_t len = ip_addr_len(view->family);
	uint8_t *src = pkt + (view->family == IP_V4 ? 12 : 8);
	uint8_t *ports = pkt + view->l4_off;
	uint8_t port[2];

	memcpy(src, view->dst.bytes, len);
	memcpy(src + len, view->src.bytes, len);
	if (view->fragment || view->len < view->l4_off + 8 ||
	    (view->proto != 6 && view->proto != 17 && view->proto != 132))
		return;
	memcpy(port, ports, 2);
	memcpy(ports, ports + 2, 2);
	memcpy(ports + 2, port, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct policy_gateway *const sites[] = {&site_gw};
	const struct policy_gateway *const clouds[] = {&cloud_gw};
	const struct plan cloud_plan = {
		.gateway = &cloud_gw, .peers = sites, .peer_cnt = 1};
	const struct plan site_plan = {
		.gateway = &site_gw, .peers = clouds, .peer_cnt = 1};
	const struct steer *cloud;
	const struct steer *on_prem;
	struct ip_view quoted;
	struct ip_view view;
	struct arena arena;
	uint8_t *back;
	bool error;

	if (ip_view(data, size, &view))
		return 0;
	arena_init(&arena);
	cloud = steer_new(&cloud_plan, &arena);
	on_prem = steer_new(&site_plan, &arena);
	back = malloc(size);
	assert(back);
	memcpy(back, data, size);
	turn(back, &view);
	error = !ip_icmp_quote(data, &view, &quoted);

	/* What one end sends, the other takes. */
	if (steer_out(cloud, data, &view) >= 0)
		assert(!steer_in(on_prem, 0, data, &view));
	if (steer_out(on_prem, data, &view) >= 0)
		assert(!steer_in(cloud, 0, data, &view));
	/* What was taken may be answered, and an answer is of one flow. */
	if (!steer_in(cloud, 0, data, &view) && !error) {
		struct ip_view answer;

		assert(!ip_view(back, size, &answer));
		assert(steer_out(cloud, back, &answer) >= 0);
		assert(view.fragment ||
		       steer_flow(back, &answer) == steer_flow(data, &view));
	}
	steer_flow(data, &view);
	steer_begins(data, &view);
	steer_datagram(&view);
	free(back);
	arena_fini(&arena);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "carrier/crew.h"

/* One site of three gateways, seen by a cloud gateway: group 3. */
#define PEER_CNT 3
#define GROUP    3
#define FLOW_CNT 4096

static const struct policy_site site = {.name = "oslo"};
static const struct policy_gateway gateways[] = {
	{.name = "oslo-a", .role = ROLE_SITE, .site = &site},
	{.name = "oslo-b", .role = ROLE_SITE, .site = &site},
	{.name = "oslo-c", .role = ROLE_SITE, .site = &site},
};
static const struct policy_gateway *const peers[] = {&gateways[0], &gateways[1],
						     &gateways[2]};
static const struct policy_gateway cloud = {.name = "edge-1"};
static const struct plan plan = {
	.gateway = &cloud, .peers = peers, .peer_cnt = PEER_CNT};

struct world {
	struct arena arena;
	struct crew crew;
};

/** at() - A point in time */
static mono_t at(int64_t ms)
{
	return (mono_t){(1000000 + ms) * NS_PER_MS};
}

/** world_new() - The first @live_cnt peers are live */
static struct world *world_new(int live_cnt)
{
	struct world *w = calloc(1, sizeof(*w));
	int i;

	assert_non_null(w);
	arena_init(&w->arena);
	crew_init(&w->crew, &plan, steer_new(&plan, &w->arena));
	for (i = 0; i < live_cnt; i++)
		crew_set_live(&w->crew, i, true, at(0));
	return w;
}

static void world_free(struct world *w)
{
	crew_fini(&w->crew);
	arena_fini(&w->arena);
	free(w);
}

/** flow() - The n-th of FLOW_CNT flows, over all buckets */
static uint32_t flow(uint32_t n)
{
	return n * 0x9e3779b1u;
}

static int pick(struct world *w, uint32_t n, bool begins, int64_t ms)
{
	return crew_pick(&w->crew, GROUP, flow(n), begins, at(ms));
}

static void all_live_peers_take_flows(void **state)
{
	struct world *w = world_new(PEER_CNT);
	size_t cnt[PEER_CNT] = {0};
	uint32_t n;

	(void)state;
	for (n = 0; n < FLOW_CNT; n++)
		cnt[pick(w, n, true, 0)]++;
	for (n = 0; n < PEER_CNT; n++)
		assert_in_range(cnt[n], FLOW_CNT / 4, FLOW_CNT / 2);
	world_free(w);
}

static void flows_of_a_dead_peer_move_and_no_others(void **state)
{
	struct world *w = world_new(PEER_CNT);
	int before[FLOW_CNT];
	uint32_t n;

	(void)state;
	for (n = 0; n < FLOW_CNT; n++)
		before[n] = pick(w, n, true, 0);
	crew_set_live(&w->crew, 1, false, at(0));
	for (n = 0; n < FLOW_CNT; n++) {
		int now = pick(w, n, true, 1);

		assert_int_not_equal(now, 1);
		if (before[n] != 1)
			assert_int_equal(now, before[n]);
	}
	world_free(w);
}

static void flow_begun_elsewhere_stays_when_its_home_is_back(void **state)
{
	struct world *w = world_new(PEER_CNT);
	size_t stray_cnt = 0;
	uint32_t n;

	(void)state;
	crew_set_live(&w->crew, 1, false, at(0));
	for (n = 0; n < 100; n++)
		assert_int_not_equal(pick(w, n, true, 10), 1);
	crew_set_live(&w->crew, 1, true, at(20));
	for (n = 0; n < 100; n++) {
		/* As if a flow of the same bucket had begun now. */
		uint32_t newer = flow(n) ^ 0x8000;
		int home = crew_pick(&w->crew, GROUP, newer, true, at(30));

		stray_cnt += home == 1;
		assert_int_not_equal(pick(w, n, false, 30), 1);
	}
	assert_in_range(stray_cnt, 10, 60);
	world_free(w);
}

static void running_connection_waits_for_its_peer(void **state)
{
	struct world *w = world_new(PEER_CNT);
	uint32_t n = 0;

	(void)state;
	while (pick(w, n, true, 0) != 1)
		n++;
	crew_set_live(&w->crew, 1, false, at(0));
	assert_int_equal(pick(w, n, false, CREW_GRACE_MS - 1), 1);
	/* Back in time: as if nothing had happened. */
	crew_set_live(&w->crew, 1, true, at(CREW_GRACE_MS - 1));
	assert_int_equal(pick(w, n, false, CREW_GRACE_MS + 1), 1);

	crew_set_live(&w->crew, 1, false, at(10000));
	assert_int_not_equal(pick(w, n, false, 10000 + CREW_GRACE_MS), 1);
	world_free(w);
}

static void connection_that_begins_does_not_wait(void **state)
{
	struct world *w = world_new(PEER_CNT);
	uint32_t n = 0;
	int other;

	(void)state;
	while (pick(w, n, true, 0) != 1)
		n++;
	crew_set_live(&w->crew, 1, false, at(0));
	other = pick(w, n, true, 1);
	assert_int_not_equal(other, 1);
	assert_int_equal(pick(w, n, false, 2), other);
	world_free(w);
}

static void with_no_peer_live_one_is_named_still(void **state)
{
	struct world *w = world_new(0);

	(void)state;
	assert_in_range(pick(w, 1, true, 0), 0, PEER_CNT - 1);
	world_free(w);
}

static void group_of_one_is_that_one(void **state)
{
	struct world *w = world_new(1);

	(void)state;
	assert_int_equal(crew_pick(&w->crew, 2, 77, true, at(0)), 2);
	world_free(w);
}

static void another_setup_knows_strays_and_losses(void **state)
{
	struct world *w = world_new(PEER_CNT);
	struct world *later = world_new(PEER_CNT);
	uint32_t n = 0;
	int other;

	(void)state;
	while (pick(w, n, true, 0) != 1)
		n++;
	crew_set_live(&w->crew, 1, false, at(0));
	other = pick(w, n, true, 1);
	crew_follow(&later->crew, &w->crew);
	assert_int_equal(pick(later, n, false, 2), other);
	world_free(later);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_live_peers_take_flows),
		cmocka_unit_test(flows_of_a_dead_peer_move_and_no_others),
		cmocka_unit_test(
			flow_begun_elsewhere_stays_when_its_home_is_back),
		cmocka_unit_test(running_connection_waits_for_its_peer),
		cmocka_unit_test(connection_that_begins_does_not_wait),
		cmocka_unit_test(with_no_peer_live_one_is_named_still),
		cmocka_unit_test(group_of_one_is_that_one),
		cmocka_unit_test(another_setup_knows_strays_and_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

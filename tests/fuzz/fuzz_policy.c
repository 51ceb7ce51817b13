/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_policy.c - A valid policy's normal form is valid and its own normal form,
 * and every gateway of it has a plan without an id twice
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/plan.h"
#include "policy/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** check_plan() - Ids in range and unique, routes with a source of their family */
static void check_plan(const struct policy *policy,
		       const struct policy_gateway *gateway,
		       struct arena *arena)
{
	const struct gateway_conf conf = {.name = gateway->name};
	const struct plan *plan =
		plan_make(policy, gateway, &conf, NULL, 0, arena);
	uint8_t *seen = arena_alloc(arena, PLAN_ID_MAX + 1);
	size_t i;

	for (i = 0; i < plan->service_cnt; i++) {
		uint32_t id = plan->services[i].id;

		assert(id >= 1 && id <= PLAN_ID_MAX && !seen[id]);
		seen[id] = 1;
	}
	for (i = 0; i < plan->grant_cnt; i++) {
		uint32_t id = plan->grants[i].id;

		assert(id >= 1 && id <= PLAN_ID_MAX && !seen[id]);
		seen[id] = 1;
	}
	for (i = 0; i < plan->route_cnt; i++)
		assert(plan->routes[i].src.family ==
		       plan->routes[i].to.addr.family);
}

/** check_valid() - What holds for every valid policy */
static void check_valid(const struct policy *policy, struct arena *arena,
			struct diag *diag)
{
	const struct policy *again;
	struct strbuf first;
	struct strbuf second;
	size_t i;

	strbuf_init(&first);
	strbuf_init(&second);
	policy_print(policy, &first);
	again = policy_parse(strbuf_str(&first), "again", arena, diag);
	assert(again);
	policy_print(again, &second);
	assert(!strcmp(strbuf_str(&first), strbuf_str(&second)));
	for (i = 0; i < policy->gateway_cnt; i++)
		check_plan(policy, &policy->gateways[i], arena);
	strbuf_fini(&first);
	strbuf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	const struct policy *policy;
	struct arena arena;
	struct diag diag;

	if (!text)
		abort();
	arena_init(&arena);
	diag_init(&diag);
	policy = policy_parse(text, "fuzz", &arena, &diag);
	assert(!policy == (diag.error_cnt != 0));
	if (policy)
		check_valid(policy, &arena, &diag);
	diag_fini(&diag);
	arena_fini(&arena);
	free(text);
	return 0;
}

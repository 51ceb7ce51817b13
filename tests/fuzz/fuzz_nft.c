/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_nft.c - Nothing in a policy gets out of where it stands in the ruleset:
 * quotes end on their line, brackets close, and the table that is read back
 * from the printed script is the one that was printed
 */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/plan.h"
#include "steward/nft.h"
#include "steward/table_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** check_form() - Quotes and brackets of a script */
static void check_form(const char *script)
{
	bool quoted = false;
	long open = 0;

	for (; *script; script++) {
		if (*script == '"')
			quoted = !quoted;
		assert(*script != '\n' || !quoted);
		if (!quoted && *script == '{')
			open++;
		if (!quoted && *script == '}')
			open--;
		assert(open >= 0);
	}
	assert(!quoted && !open);
}

/** check_gateway() - What holds for the ruleset of a gateway */
static void check_gateway(const struct policy *policy,
			  const struct policy_gateway *gateway,
			  struct arena *arena)
{
	static const struct nft_opened none;
	const struct gateway_conf conf = {.name = gateway->name,
					  .tun_name = "rt0"};
	const struct plan *plan =
		plan_make(policy, gateway, &conf, NULL, 0, arena);
	struct table *made = nft_table(plan, &none);
	struct strbuf change;
	struct strbuf script;
	struct table *read;

	strbuf_init(&script);
	strbuf_init(&change);
	nft_render(plan, &none, &script);
	check_form(strbuf_str(&script));
	read = table_parse(strbuf_str(&script));
	assert(read);
	assert(table_diff(read, made, &change) == TABLE_DIFF_NONE);
	table_free(read);
	table_free(made);
	strbuf_fini(&change);
	strbuf_fini(&script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	const struct policy *policy;
	struct arena arena;
	struct diag diag;
	size_t i;

	if (!text)
		abort();
	arena_init(&arena);
	diag_init(&diag);
	policy = policy_parse(text, "fuzz", &arena, &diag);
	for (i = 0; policy && i < policy->gateway_cnt; i++)
		check_gateway(policy, &policy->gateways[i], &arena);
	diag_fini(&diag);
	arena_fini(&arena);
	free(text);
	return 0;
}

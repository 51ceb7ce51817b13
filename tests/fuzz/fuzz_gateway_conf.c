/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_gateway_conf.c - A valid gateway.cfg's normal form is valid and its own
 * normal form
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** check_valid() - What holds for every valid text */
static void check_valid(const struct gateway_conf *conf, struct arena *arena,
			struct diag *diag)
{
	const struct gateway_conf *again;
	struct strbuf first;
	struct strbuf second;

	strbuf_init(&first);
	strbuf_init(&second);
	gateway_conf_print(conf, &first);
	again = gateway_conf_parse(strbuf_str(&first), "again", arena, diag);
	assert(again);
	gateway_conf_print(again, &second);
	assert(!strcmp(strbuf_str(&first), strbuf_str(&second)));
	strbuf_fini(&first);
	strbuf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	const struct gateway_conf *conf;
	const char *policy_path;
	struct arena arena;
	struct diag diag;

	if (!text)
		abort();
	arena_init(&arena);
	diag_init(&diag);
	conf = gateway_conf_parse(text, "fuzz", &arena, &diag);
	assert(!conf == (diag.error_cnt != 0));
	policy_path = gateway_conf_policy_path(text, &arena);
	if (conf) {
		assert(policy_path && !strcmp(policy_path, conf->policy_path));
		check_valid(conf, &arena, &diag);
	}
	diag_fini(&diag);
	arena_fini(&arena);
	free(text);
	return 0;
}

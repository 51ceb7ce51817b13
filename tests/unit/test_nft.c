/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Golden files: tests/golden/nft/N.policy.cfg and N.gateway.cfg give N.nft.
 * UPDATE_GOLDEN=1 writes what is rendered; read the difference before it is
 * committed.
 */

#include "steward/nft.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/limits.h"
#include "plans.h"
#include "policy/parse.h"
#include "sys/file.h"

#define GOLDEN_DIR "tests/golden/nft"

/** show_errors() - What is wrong with a golden file's input */
static void show_errors(const struct diag *diag)
{
	char line[DIAG_TEXT_LEN_MAX + 256];
	size_t i;

	for (i = 0; i < diag->cnt; i++) {
		diag_text(diag, i, line, sizeof(line));
		print_error("%s\n", line);
	}
}

/** make_plan() - From two texts to a plan; the test fails if they are wrong */
static const struct plan *make_plan(const char *policy_text,
				    const char *conf_text, struct arena *arena)
{
	const struct policy_gateway *gateway = NULL;
	const struct gateway_conf *conf;
	const struct policy *policy;
	struct diag diag;

	diag_init(&diag);
	policy = policy_parse(policy_text, "policy", arena, &diag);
	conf = gateway_conf_parse(conf_text, "gateway", arena, &diag);
	if (policy && conf)
		gateway = gateway_conf_check(policy, conf, "gateway", &diag);
	show_errors(&diag);
	diag_fini(&diag);
	assert_non_null(gateway);
	return plan_make(policy, gateway, conf, NULL, 0, arena);
}

static const struct nft_opened none;

static char *read_golden(const char *name, const char *suffix)
{
	char path[256];
	char *text;

	snprintf(path, sizeof(path), GOLDEN_DIR "/%s.%s", name, suffix);
	if (file_read(path, POLICY_LEN_MAX, &text) < 0)
		fail_msg("%s cannot be read", path);
	return text;
}

/** compare() - With what is pinned, or pin it */
static void compare(const char *name, const struct strbuf *out)
{
	char path[256];
	char *expected;

	if (getenv("UPDATE_GOLDEN")) {
		snprintf(path, sizeof(path), GOLDEN_DIR "/%s.nft", name);
		assert_int_equal(
			file_write_atomic(path, out->text, out->len, 0644), 0);
	}
	expected = read_golden(name, "nft");
	assert_string_equal(strbuf_str(out), expected);
	free(expected);
}

static void check_golden(const char *name)
{
	static const char *const ifnames[] = {"eth0", "eth1.100"};
	static const struct nft_opened opened = {
		.v4 = ifnames, .v4_cnt = 2, .v6 = ifnames + 1, .v6_cnt = 1};
	char *policy_text = read_golden(name, "policy.cfg");
	char *conf_text = read_golden(name, "gateway.cfg");
	struct arena arena;
	struct strbuf out;

	arena_init(&arena);
	strbuf_init(&out);

	nft_render(make_plan(policy_text, conf_text, &arena),
		   strstr(name, "cloud") ? &opened : &none, &out);

	compare(name, &out);
	strbuf_fini(&out);
	arena_fini(&arena);
	free(conf_text);
	free(policy_text);
}

static void every_golden_policy_renders_to_its_ruleset(void **state)
{
	DIR *dir = opendir(GOLDEN_DIR);
	struct dirent *entry;
	unsigned int cnt = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char *suffix = strstr(entry->d_name, ".gateway.cfg");

		if (!suffix)
			continue;
		*suffix = '\0';
		check_golden(entry->d_name);
		cnt++;
	}
	closedir(dir);
	assert_true(cnt >= 4);
}

/** check_made() - A made-up plan that uses everything, both ends */
static void check_made(const char *name, enum gateway_role role, bool v6_off)
{
	const struct nft_opened opened = {.v6_all = true, .v6_off = v6_off};
	struct arena arena;
	struct strbuf out;

	arena_init(&arena);
	strbuf_init(&out);

	nft_render(plans_make(7, role, &arena), &opened, &out);

	compare(name, &out);
	strbuf_fini(&out);
	arena_fini(&arena);
}

static void everything_at_once_renders_to_its_ruleset(void **state)
{
	(void)state;
	check_made("made-cloud", ROLE_CLOUD, false);
	check_made("made-site", ROLE_SITE, false);
}

static void without_ipv6_in_the_kernel_nothing_of_it_stands(void **state)
{
	(void)state;
	check_made("made-cloud-v4", ROLE_CLOUD, true);
	check_made("made-site-v4", ROLE_SITE, true);
}

static void names_are_cut_and_cannot_end_a_comment(void **state)
{
	struct policy_service service = {
		.name = "evil\"; flush ruleset; #",
		.proto = PROTO_TCP,
		.public_port = 1,
		.target = {IP_V4, {10, 0, 0, 1}},
		.target_port = 2,
	};
	const struct policy_site site = {
		.name = "a\nb\\c",
		.services = &service,
		.service_cnt = 1,
	};
	const struct ip_addr self = {IP_V4, {100, 64, 0, 1}};
	const struct ip_prefix pool = ip_prefix_of(&self);
	const struct policy_gateway gateway = {.name = "g",
					       .role = ROLE_CLOUD,
					       .addrs = &self,
					       .pools = &pool,
					       .addr_cnt = 1};
	const struct policy policy = {.gateways = &gateway,
				      .gateway_cnt = 1,
				      .sites = &site,
				      .site_cnt = 1};
	const struct gateway_conf conf = {.name = "g", .tun_name = "rt0"};
	const struct plan_service services = {&site, &service, 7};
	const struct plan plan = {
		.policy = &policy,
		.gateway = &gateway,
		.conf = &conf,
		.services = &services,
		.service_cnt = 1,
	};
	struct strbuf out;
	const char *cut;

	(void)state;
	strbuf_init(&out);

	nft_render(&plan, &none, &out);

	assert_non_null(strstr(strbuf_str(&out),
			       "comment \"a?b?c/evil?; flush ruleset; #: "
			       "tcp/1 -> 10.0.0.1:2\""));
	strbuf_fini(&out);

	service.name = "0123456789012345678901234567890123456789012345678901"
		       "23456789012345678901234567890123456789012345678901234"
		       "5678901234567890";
	strbuf_init(&out);

	nft_render(&plan, &none, &out);

	cut = strstr(strbuf_str(&out), "comment \"a?b?c/0");
	assert_non_null(cut);
	assert_int_equal(strcspn(cut + 9, "\""), 120);
	assert_memory_equal(cut + 9 + 117, "...\"", 4);
	strbuf_fini(&out);
}

static void only_plain_interface_names_stand_in_a_ruleset(void **state)
{
	(void)state;
	assert_true(nft_ifname_ok("eth0"));
	assert_true(nft_ifname_ok("eth0.100"));
	assert_true(nft_ifname_ok("veth-a@b"));
	assert_false(nft_ifname_ok(""));
	assert_false(nft_ifname_ok("eth*"));
	assert_false(nft_ifname_ok("a\"b"));
	assert_false(nft_ifname_ok("a\\b"));
	assert_false(nft_ifname_ok("\xc3\xa9th"));
}

static void a_removal_works_whether_or_not_the_table_stands(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out);
	nft_render_removal("relaytun_edge-1", &out);
	assert_string_equal(strbuf_str(&out),
			    "table inet relaytun_edge-1\n"
			    "delete table inet relaytun_edge-1\n");
	strbuf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_policy_renders_to_its_ruleset),
		cmocka_unit_test(everything_at_once_renders_to_its_ruleset),
		cmocka_unit_test(
			without_ipv6_in_the_kernel_nothing_of_it_stands),
		cmocka_unit_test(names_are_cut_and_cannot_end_a_comment),
		cmocka_unit_test(only_plain_interface_names_stand_in_a_ruleset),
		cmocka_unit_test(
			a_removal_works_whether_or_not_the_table_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

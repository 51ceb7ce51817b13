/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The whole of it is compared with the kernel in netns-tests/49-trace.sh. */

#include "steward/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"

/** judged() - What a chain with these rules makes of a packet */
static unsigned int judged(const char *policy, const char *rules,
			   struct sim_packet *packet, enum sim_bit *last_bit)
{
	struct sim *sim = sim_new();
	struct sim_base bases[2];
	struct sim_place last;
	struct strbuf json;
	unsigned int bits;

	strbuf_init(&json);
	strbuf_printf(&json,
		      "{\"nftables\": [{\"chain\": {\"family\": \"inet\", "
		      "\"table\": \"t\", \"name\": \"c\", \"hook\": "
		      "\"forward\", \"type\": \"filter\", \"prio\": 0, "
		      "\"policy\": \"%s\"}}, {\"set\": {\"family\": \"inet\", "
		      "\"table\": \"t\", \"name\": \"s\", \"elem\": "
		      "[\"192.0.2.1\", {\"range\": [\"192.0.2.8\", "
		      "\"192.0.2.9\"]}]}}%s]}",
		      policy, rules);
	assert_int_equal(sim_add(sim, strbuf_str(&json)), 0);
	assert_int_equal(sim_bases(sim, packet->family, "forward", bases, 2),
			 1);
	bits = sim_run(sim, &bases[0], packet, NULL, NULL, &last, last_bit);
	strbuf_fini(&json);
	sim_free(sim);
	return bits;
}

#define RULE(chain, expr)                                                      \
	", {\"rule\": {\"family\": \"inet\", \"table\": \"t\", \"chain\": "    \
	"\"" chain "\", \"handle\": 7, \"expr\": [" expr "]}}"
#define MATCH(op, left, right)                                                 \
	"{\"match\": {\"op\": \"" op "\", \"left\": " left                     \
	", \"right\": " right "}}, "
#define SADDR "{\"payload\": {\"protocol\": \"ip\", \"field\": \"saddr\"}}"
#define DPORT "{\"payload\": {\"protocol\": \"tcp\", \"field\": \"dport\"}}"
#define DROP  "{\"drop\": null}"

static struct sim_packet known(void)
{
	struct sim_packet packet = sim_unknown(IP_V4);

	packet.saddr = (struct ip_addr){IP_V4, {192, 0, 2, 9}};
	packet.proto = 6;
	packet.dport = 80;
	packet.iif = "eth0";
	return packet;
}

static void what_is_known_is_decided(void **state)
{
	static const char rules[] =
		RULE("c", MATCH("==", SADDR, "\"@s\"")
				  MATCH("!=", DPORT,
					"{\"set\": [22, {\"range\": "
					"[443, 450]}]}") DROP);
	struct sim_packet packet = known();
	enum sim_bit last;

	(void)state;
	assert_int_equal(judged("accept", rules, &packet, &last), SIM_DROP);
	packet.dport = 445;
	assert_int_equal(judged("accept", rules, &packet, &last), SIM_ACCEPT);
	packet.dport = 80;
	packet.saddr.bytes[3] = 7;
	assert_int_equal(judged("accept", rules, &packet, &last), SIM_ACCEPT);
}

static void what_is_not_known_leaves_both_ways_open(void **state)
{
	static const char rules[] =
		RULE("c", MATCH("==", SADDR, "\"@s\"") DROP);
	struct sim_packet packet = sim_unknown(IP_V4);
	enum sim_bit last;

	(void)state;
	assert_int_equal(judged("accept", rules, &packet, &last),
			 SIM_ACCEPT | SIM_DROP);
	assert_int_equal(last, SIM_ACCEPT);
	assert_int_equal(judged("drop", rules, &packet, &last), SIM_DROP);
}

static void a_question_about_what_a_packet_has_not_is_never_a_yes(void **state)
{
	static const char port[] = RULE("c", MATCH("!=", DPORT, "22") DROP);
	static const char addr[] =
		RULE("c", MATCH("!=", SADDR, "\"192.0.2.1\"") DROP);
	struct sim_packet packet = known();
	enum sim_bit last;

	(void)state;
	packet.proto = 17;
	assert_int_equal(judged("accept", port, &packet, &last), SIM_ACCEPT);
	packet = sim_unknown(IP_V6);
	assert_int_equal(judged("accept", addr, &packet, &last), SIM_ACCEPT);
}

static void a_jump_comes_back_and_a_goto_does_not(void **state)
{
	static const char jump[] = RULE("c", "{\"jump\": {\"target\": \"d\"}}")
		RULE("c", DROP) RULE("d", "{\"return\": null}");
	static const char go[] = RULE("c", "{\"goto\": {\"target\": \"d\"}}")
		RULE("c", DROP) RULE("d", "{\"return\": null}");
	struct sim_packet packet = known();
	enum sim_bit last;

	(void)state;
	assert_int_equal(judged("accept", jump, &packet, &last), SIM_DROP);
	assert_int_equal(judged("accept", go, &packet, &last), SIM_ACCEPT);
}

static void chains_that_call_each_other_come_to_an_end(void **state)
{
	static const char rules[] = RULE("c", "{\"jump\": {\"target\": \"d\"}}")
		RULE("d", "{\"jump\": {\"target\": \"c\"}}");
	struct sim_packet packet = known();
	enum sim_bit last = SIM_ACCEPT;

	(void)state;
	assert_int_equal(judged("accept", rules, &packet, &last),
			 SIM_ACCEPT | SIM_DROP);
}

static void statements_not_known_here_decide_nothing(void **state)
{
	static const char rules[] = RULE("c", "{\"xt\": null}, " DROP)
		RULE("c", "{\"limit\": {\"rate\": 3}}, {\"log\": null}");
	struct sim_packet packet = known();
	enum sim_bit last;

	(void)state;
	assert_int_equal(judged("accept", rules, &packet, &last),
			 SIM_ACCEPT | SIM_DROP);
	assert_int_equal(last, SIM_ACCEPT);
}

static void a_mark_is_set_for_certain_only(void **state)
{
	static const char mangle[] =
		"{\"mangle\": {\"key\": {\"ct\": {\"key\": \"mark\"}}, "
		"\"value\": {\"|\": [{\"&\": [{\"ct\": {\"key\": \"mark\"}}, "
		"4294901760]}, 7]}}}";
	struct sim_packet packet = known();
	char rules[512];
	enum sim_bit last;

	(void)state;
	packet.ct_mark = 0xabcd0001;
	packet.ct_mark_known = 0xffffffff;
	snprintf(rules, sizeof(rules), RULE("c", "%s"), mangle);
	(void)judged("accept", rules, &packet, &last);
	assert_int_equal(packet.ct_mark, 0xabcd0007);

	packet = known();
	snprintf(rules, sizeof(rules), RULE("c", "{\"xt\": null}, %s"), mangle);
	(void)judged("accept", rules, &packet, &last);
	assert_int_equal(packet.ct_mark, 0);
}

static void what_is_no_ruleset_is_refused(void **state)
{
	struct sim *sim = sim_new();

	(void)state;
	assert_int_not_equal(sim_add(sim, ""), 0);
	assert_int_not_equal(sim_add(sim, "{\"nftables\": 7}"), 0);
	assert_int_equal(sim_add(sim, "{\"nftables\": [7, null, {}]}"), 0);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_is_decided),
		cmocka_unit_test(what_is_not_known_leaves_both_ways_open),
		cmocka_unit_test(
			a_question_about_what_a_packet_has_not_is_never_a_yes),
		cmocka_unit_test(a_jump_comes_back_and_a_goto_does_not),
		cmocka_unit_test(chains_that_call_each_other_come_to_an_end),
		cmocka_unit_test(statements_not_known_here_decide_nothing),
		cmocka_unit_test(a_mark_is_set_for_certain_only),
		cmocka_unit_test(what_is_no_ruleset_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

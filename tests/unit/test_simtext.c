/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "steward/simtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"

/* What nft 1.0.6 prints of "-j CT --notrack", "-j CT --zone 5" with the
 * extensions of iptables, and of any such rule without them. */
static const char text[] =
	"table ip raw { # handle 1\n"
	"\tchain OUTPUT { # handle 9\n"
	"\t\ttype filter hook output priority raw; policy accept;\n"
	"\t\tdrop # handle 2\n"
	"\t}\n"
	"\n"
	"\tchain PREROUTING { # handle 1\n"
	"\t\ttype filter hook prerouting priority raw; policy accept;\n"
	"\t\ttcp dport 8080 counter packets 0 bytes 0 notrack # handle 2\n"
	"\t\ttcp dport 8081 counter ct zone set 5 comment \"a notrack b\" # "
	"handle 3\n"
	"\t\ttcp dport 8082 counter packets 0 bytes 0 xt target CT # handle 4\n"
	"\t}\n"
	"}\n";

#define CT_RULE(port, handle)                                                  \
	", {\"rule\": {\"family\": \"ip\", \"table\": \"raw\", \"chain\": "    \
	"\"PREROUTING\", \"handle\": " #handle ", \"expr\": [{\"match\": "     \
	"{\"op\": \"==\", \"left\": {\"payload\": {\"protocol\": \"tcp\", "    \
	"\"field\": \"dport\"}}, \"right\": " #port "}}, {\"xt\": {\"type\": " \
	"\"target\", \"name\": \"CT\"}}]}}"

static const char json[] =
	"{\"nftables\": [{\"chain\": {\"family\": \"ip\", \"table\": "
	"\"raw\", \"name\": \"PREROUTING\", \"hook\": \"prerouting\", "
	"\"type\": \"filter\", \"prio\": -300, \"policy\": "
	"\"accept\"}}" CT_RULE(8080, 2) CT_RULE(8081, 3) CT_RULE(8082, 4) "]}";

/** state_of() - Of a packet to a port, behind the chain; "" when not known */
static const char *state_of(const char *rules, int port)
{
	struct sim_packet packet = sim_unknown(IP_V4);
	struct sim *sim = sim_new();
	struct sim_base bases[2];
	struct sim_place last;
	enum sim_bit bit;

	packet.proto = 6;
	packet.dport = port;
	packet.state = "new";
	assert_int_equal(sim_add(sim, json), 0);
	simtext_take(sim, rules);
	assert_int_equal(sim_bases(sim, IP_V4, "prerouting", bases, 2), 1);
	(void)sim_run(sim, &bases[0], &packet, NULL, NULL, &last, &bit);
	sim_free(sim);
	return packet.state ? packet.state : "";
}

static void a_target_that_says_notrack_is_one(void **state)
{
	(void)state;
	assert_string_equal(state_of(text, 8080), SIM_UNTRACKED);
	assert_string_equal(state_of(text, 8081), "new");
	assert_string_equal(state_of(text, 80), "new");
}

static void one_that_is_not_translated_stays_open(void **state)
{
	(void)state;
	assert_string_equal(state_of(text, 8082), "");
	assert_string_equal(state_of("", 8080), "");
}

static void a_text_is_wanted_for_such_a_target_only(void **state)
{
	(void)state;
	assert_true(simtext_wanted(json));
	assert_false(simtext_wanted("{\"nftables\": [{\"xt\": {\"type\": "
				    "\"target\", \"name\": \"LOG\"}}]}"));
}

static void a_rule_is_found_in_its_own_chain(void **state)
{
	struct sim_place place = {.family = "ip",
				  .table = "raw",
				  .chain = "PREROUTING",
				  .handle = 2};
	const char *line;
	size_t len;

	(void)state;
	line = simtext_line(text, &place, &len);
	assert_non_null(line);
	assert_int_equal(
		len,
		strlen("tcp dport 8080 counter packets 0 bytes 0 notrack"));
	assert_memory_equal(line, "tcp dport 8080", 14);
	place.handle = 5;
	assert_null(simtext_line(text, &place, &len));
	place.table = "filter";
	assert_null(simtext_line(text, &place, &len));
}

static void every_truncation_is_read_without_harm(void **state)
{
	char cut[sizeof(text)];
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text); len++) {
		memcpy(cut, text, len);
		cut[len] = '\0';
		(void)state_of(cut, 8080);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_that_says_notrack_is_one),
		cmocka_unit_test(one_that_is_not_translated_stays_open),
		cmocka_unit_test(a_text_is_wanted_for_such_a_target_only),
		cmocka_unit_test(a_rule_is_found_in_its_own_chain),
		cmocka_unit_test(every_truncation_is_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

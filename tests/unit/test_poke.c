/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_poke.c - Packets that make an end of a flow speak
 *
 * The bytes were made by a script that knows the RFCs and nothing of ours.
 */

#include "steward/poke.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plans.h"

/** flow_of() - 203.0.113.2:50000 by a cloud gateway to 10.1.0.7, or as IPv6 */
static struct flow flow_of(uint8_t proto, bool v6, uint16_t target_port)
{
	const char *target = v6 ? "fd00:1::7" : "10.1.0.7";
	const char *gateway = v6 ? "fd64:1::1" : "100.64.0.1";

	return (struct flow){
		.proto = proto,
		.orig = {.src = plans_addr(v6 ? "2001:db8::2" : "203.0.113.2"),
			 .dst = plans_addr(v6 ? "2001:db8::1" : "203.0.113.1"),
			 .sport = 50000,
			 .dport = 8443},
		.reply = {.src = plans_addr(target),
			  .dst = plans_addr(gateway),
			  .sport = target_port,
			  .dport = 40000},
		.established = true,
	};
}

/** expect_packet() - Twelve zeros, then these bytes */
static void expect_packet(const struct flow *flow, enum gateway_role role,
			  const char *hex)
{
	uint8_t packet[POKE_LEN_MAX];
	size_t len = poke_packet(flow, role, packet);
	char text[2 * POKE_LEN_MAX + 1] = "";
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", packet[i]);
	assert_memory_equal(text, "000000000000000000000000", 24);
	assert_string_equal(text + 24, hex);
}

static void a_client_gets_a_syn_ack_of_its_connection(void **state)
{
	const struct flow flow = flow_of(PROTO_TCP, false, 443);

	(void)state;
	expect_packet(&flow, ROLE_CLOUD,
		      "45000028000040004006cc870a01000764400001"
		      "01bb9c40000000000000000050120000a38e0000");
}

static void a_target_gets_a_syn_of_its_connection(void **state)
{
	struct flow flow = flow_of(PROTO_TCP, false, 443);

	(void)state;
	/* What the site gateway sees of it. */
	flow.orig = (struct flow_tuple){plans_addr("100.64.0.1"),
					plans_addr("10.1.0.7"), 40000, 443};
	expect_packet(&flow, ROLE_SITE,
		      "45000028000040004006cc87644000010a010007"
		      "9c4001bb000000000000000050020000a39e0000");
}

static void a_udp_client_hears_that_the_port_is_unreachable(void **state)
{
	const struct flow v4 = flow_of(PROTO_UDP, false, 53);
	const struct flow v6 = flow_of(PROTO_UDP, true, 53);

	(void)state;
	expect_packet(&v4, ROLE_CLOUD,
		      "45000038000040004001cc7c0a01000764400001"
		      "03036b5f00000000"
		      "4500001c000040004011cc88644000010a010007"
		      "9c4000350008f51f");
	expect_packet(&v6, ROLE_CLOUD,
		      "6000000000383a40fd000001000000000000000000000007"
		      "fd640001000000000000000000000001"
		      "010492ea00000000"
		      "6000000000081140fd640001000000000000000000000001"
		      "fd000001000000000000000000000007"
		      "9c400035000868f9");
}

static void the_others_are_left_alone(void **state)
{
	uint8_t packet[POKE_LEN_MAX];
	struct flow flow = flow_of(PROTO_UDP, false, 53);

	(void)state;
	assert_int_equal(poke_packet(&flow, ROLE_SITE, packet), 0);
	flow = flow_of(PROTO_ICMP, false, 0);
	assert_int_equal(poke_packet(&flow, ROLE_CLOUD, packet), 0);
	flow = flow_of(PROTO_TCP, false, 443);
	flow.established = false;
	assert_int_equal(poke_packet(&flow, ROLE_CLOUD, packet), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_gets_a_syn_ack_of_its_connection),
		cmocka_unit_test(a_target_gets_a_syn_of_its_connection),
		cmocka_unit_test(
			a_udp_client_hears_that_the_port_is_unreachable),
		cmocka_unit_test(the_others_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

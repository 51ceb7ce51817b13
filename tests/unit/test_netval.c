/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_netval.c - Addresses, prefixes and ports, each judged by itself
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "policy/netval.h"

#define CNT(array) (sizeof(array) / sizeof((array)[0]))

static void netval_public_fills_in_protocol_address_and_port(void **state)
{
	struct policy_service service = {0};
	char buf[IP_ADDR_TEXT_SIZE];

	(void)state;
	assert_null(netval_public("udp/65535", &service));
	assert_int_equal(service.proto, PROTO_UDP);
	assert_int_equal(service.public_port, 65535);
	assert_int_equal(service.public_addr.family, IP_NONE);

	assert_null(netval_public("198.51.100.7:tcp/1", &service));
	assert_int_equal(service.proto, PROTO_TCP);
	assert_int_equal(service.public_port, 1);
	assert_string_equal(ip_addr_format(&service.public_addr, buf),
			    "198.51.100.7");
}

static void netval_target_fills_in_address_and_port(void **state)
{
	struct policy_service service = {0};
	char buf[IP_ADDR_TEXT_SIZE];

	(void)state;
	assert_null(netval_target("10.1.0.5:443", &service));
	assert_int_equal(service.target_port, 443);
	assert_string_equal(ip_addr_format(&service.target, buf), "10.1.0.5");
}

static void a_bad_value_leaves_the_service_as_it_was(void **state)
{
	static const char *const publics[] = {
		"tcp/0",  "icmp/1",      "tcp/1/2", "10.0.0.1:tcp/99999",
		":tcp/1", "10.0.0.1:/1", "",        "/",
		":"};
	static const char *const targets[] = {
		"10.1.0.5:0",   "10.1.0.5",    ":1",          "10.1.0.5:",
		"10.1.0.5:1:2", "10.1.0.5:+1", "10.1.0.5: 1", ""};
	struct policy_service service;
	struct policy_service before;
	size_t i;

	(void)state;
	memset(&service, 0x5a, sizeof(service));
	before = service;

	for (i = 0; i < CNT(publics); i++) {
		assert_non_null(netval_public(publics[i], &service));
		assert_memory_equal(&service, &before, sizeof(service));
	}
	for (i = 0; i < CNT(targets); i++) {
		assert_non_null(netval_target(targets[i], &service));
		assert_memory_equal(&service, &before, sizeof(service));
	}
}

static void netval_network_tells_host_bits_from_other_faults(void **state)
{
	char buf[IP_PREFIX_TEXT_SIZE];
	struct ip_prefix network;
	bool host_bits = true;

	(void)state;
	assert_null(netval_network("10.1.0.0/24", &network, &host_bits));
	assert_false(host_bits);

	assert_non_null(netval_network("10.1.0.9/24", &network, &host_bits));
	assert_true(host_bits);
	assert_string_equal(ip_prefix_format(&network, buf), "10.1.0.0/24");

	assert_non_null(netval_network("10.1.0.9/33", &network, &host_bits));
	assert_false(host_bits);
}

static void netval_tunnel_addr_takes_unicast_of_both_families(void **state)
{
	static const char *const good[] = {"100.64.0.1", "10.0.0.0",
					   "223.255.255.255", "fd64:1::1",
					   "2001:db8::1"};
	struct ip_prefix pool;
	struct ip_addr addr;
	size_t i;

	(void)state;
	for (i = 0; i < CNT(good); i++)
		assert_null(netval_tunnel_addr(good[i], &addr, &pool));
}

static void netval_public_and_target_are_printed_as_they_are_read(void **state)
{
	static const char *const publics[] = {
		"tcp/1", "udp/65535", "tcp/1-65535", "198.51.100.7:udp/53",
		"[2001:db8::7]:tcp/443-444"};
	static const char *const targets[] = {
		"10.1.0.5:443", "10.1.0.5:1-65535", "[fd00::5]:443",
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65534-65535"};
	struct policy_service service = {0};
	char buf[NETVAL_ENDPOINT_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < CNT(publics); i++) {
		assert_null(netval_public(publics[i], &service));
		assert_string_equal(netval_print_public(&service, buf),
				    publics[i]);
	}
	for (i = 0; i < CNT(targets); i++) {
		assert_null(netval_target(targets[i], &service));
		assert_string_equal(netval_print_target(&service, buf),
				    targets[i]);
	}
}

static void a_range_has_first_and_last_port(void **state)
{
	struct policy_service service = {0};

	(void)state;
	assert_null(netval_public("tcp/10000-10100", &service));
	assert_null(netval_target("10.1.0.7:20000-20100", &service));
	assert_int_equal(service.public_port, 10000);
	assert_int_equal(service.public_last, 10100);
	assert_int_equal(service.target_port, 20000);
	assert_int_equal(service.target_last, 20100);
}

static void netval_allow_is_a_protocol_with_or_without_ports(void **state)
{
	static const struct {
		const char *text;
		struct policy_allow allow;
		const char *printed;
	} good[] = {
		{"icmp", {PROTO_ICMP, 0, 0}, "icmp"},
		{"tcp", {PROTO_TCP, 1, 65535}, "tcp"},
		{"udp/1-65535", {PROTO_UDP, 1, 65535}, "udp"},
		{"tcp/22", {PROTO_TCP, 22, 22}, "tcp/22"},
		{"udp/8000-8100", {PROTO_UDP, 8000, 8100}, "udp/8000-8100"},
	};
	static const char *const bad[] = {
		"",       "tcp/",   "tcp/0",   "icmp/8",    "sctp", "22",
		"tcp:22", "TCP/22", "udp/2-1", "tcp/22,23", "/22"};
	struct policy_allow before = {PROTO_UDP, 7, 8};
	char buf[NETVAL_ENDPOINT_SIZE];
	struct policy_allow allow;
	size_t i;

	(void)state;
	for (i = 0; i < CNT(good); i++) {
		assert_null(netval_allow(good[i].text, &allow));
		assert_int_equal(allow.proto, good[i].allow.proto);
		assert_int_equal(allow.first, good[i].allow.first);
		assert_int_equal(allow.last, good[i].allow.last);
		assert_string_equal(netval_print_allow(&allow, buf),
				    good[i].printed);
	}
	for (i = 0; i < CNT(bad); i++) {
		allow = before;
		if (!netval_allow(bad[i], &allow))
			fail_msg("taken: %s", bad[i]);
		assert_memory_equal(&allow, &before, sizeof(allow));
	}
}

static void netval_tunnel_addr_keeps_the_address_beside_its_pool(void **state)
{
	char buf[IP_PREFIX_TEXT_SIZE];
	struct ip_prefix pool;
	struct ip_addr addr;

	(void)state;
	assert_null(netval_tunnel_addr("100.64.0.17/28", &addr, &pool));
	assert_string_equal(ip_addr_format(&addr, buf), "100.64.0.17");
	assert_string_equal(ip_prefix_format(&pool, buf), "100.64.0.16/28");

	assert_null(netval_tunnel_addr("fd64::1", &addr, &pool));
	assert_string_equal(ip_prefix_format(&pool, buf), "fd64::1/128");
}

static void netval_source_takes_all_that_packets_can_come_from(void **state)
{
	static const char *const good[] = {"0.0.0.0/0", "::/0",
					   "10.0.0.1",  "128.0.0.0/1",
					   "fe80::/64", "2001:db8::/32"};
	static const char *const bad[] = {
		"224.0.0.0/4",   "ff00::/8",  "ff02::1",      "::ffff:1.2.3.4",
		"::ffff:0:0/96", "240.0.0.1", "10.0.0.0/8/8", "10.0.0.0/"};
	struct ip_prefix prefix;
	bool host_bits;
	size_t i;

	(void)state;
	for (i = 0; i < CNT(good); i++) {
		if (netval_source(good[i], &prefix, &host_bits))
			fail_msg("not taken: %s", good[i]);
	}
	for (i = 0; i < CNT(bad); i++) {
		if (!netval_source(bad[i], &prefix, &host_bits))
			fail_msg("taken: %s", bad[i]);
	}
	assert_non_null(netval_source("10.0.0.1/8", &prefix, &host_bits));
	assert_true(host_bits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			netval_public_fills_in_protocol_address_and_port),
		cmocka_unit_test(netval_target_fills_in_address_and_port),
		cmocka_unit_test(a_bad_value_leaves_the_service_as_it_was),
		cmocka_unit_test(
			netval_network_tells_host_bits_from_other_faults),
		cmocka_unit_test(
			netval_tunnel_addr_takes_unicast_of_both_families),
		cmocka_unit_test(
			netval_public_and_target_are_printed_as_they_are_read),
		cmocka_unit_test(a_range_has_first_and_last_port),
		cmocka_unit_test(
			netval_allow_is_a_protocol_with_or_without_ports),
		cmocka_unit_test(
			netval_tunnel_addr_keeps_the_address_beside_its_pool),
		cmocka_unit_test(
			netval_source_takes_all_that_packets_can_come_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_value.c - Single values of a configuration text
 *
 * What is refused, and with which words, is in tests/golden; here is what is
 * taken, and where exactly the limits are.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "policy/netval.h"
#include "policy/value.h"

#define CNT(array) (sizeof(array) / sizeof((array)[0]))

/** repeat() - A text of @len times @c, in a caller's buffer */
static const char *repeat(char *buf, char c, size_t len)
{
	memset(buf, c, len);
	buf[len] = '\0';
	return buf;
}

static void value_name_takes_any_word_and_64_characters(void **state)
{
	static const char *const good[] = {"a",       "0",    "ip",
					   "rt",      "drop", "a-b_c.d",
					   "8.8.8.8", "a-",   "1--"};
	static const char *const bad[] = {"",    "-a",  ".a",       "_a", "A",
					  "a/b", "a b", "\xc3\xa5", "a\n"};
	char buf[NAME_LEN_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < CNT(good); i++)
		assert_null(value_name(good[i]));
	for (i = 0; i < CNT(bad); i++)
		assert_non_null(value_name(bad[i]));
	assert_null(value_name(repeat(buf, 'a', NAME_LEN_MAX)));
	assert_non_null(value_name(repeat(buf, 'a', NAME_LEN_MAX + 1)));
}

static void value_public_fills_in_protocol_address_and_port(void **state)
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

static void value_target_fills_in_address_and_port(void **state)
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

static void value_network_tells_host_bits_from_other_faults(void **state)
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

static void value_relay_takes_tls_anywhere_and_plain_on_this_machine(
	void **state)
{
	static const char *const good[] = {
		"wss://contoso.servicebus.windows.net/oslo-a",
		"wss://192.0.2.1:8443/a/b/c",
		"wss://[2001:db8::7]:443/oslo",
		"wss://h/name%20with%20blanks",
		"ws://127.0.0.1:8080/oslo",
		"ws://[::1]:80/oslo",
		"ws://localhost/oslo",
	};
	static const char *const bad[] = {
		"ws://127.0.0.2/x",
		"ws://[::2]/x",
		"WSS://h/x",
		"wss:/h/x",
		"wss://h:/x",
		"wss://h:1:2/x",
		"wss://[::1]x/x",
		"wss://]/x",
		"wss://:443/x",
		"wss://h\xc3\xa5/x",
		"ws://localhost.example.net/x",
	};
	size_t i;

	(void)state;
	for (i = 0; i < CNT(good); i++) {
		if (value_relay(good[i]))
			fail_msg("%s: %s", good[i], value_relay(good[i]));
	}
	for (i = 0; i < CNT(bad); i++) {
		if (!value_relay(bad[i]))
			fail_msg("taken: %s", bad[i]);
	}
}

static void value_relay_has_a_longest_address(void **state)
{
	char buf[URL_LEN_MAX + 2];

	(void)state;
	repeat(buf, 'a', URL_LEN_MAX);
	memcpy(buf, "wss://h/", 8);
	assert_null(value_relay(buf));
	repeat(buf, 'a', URL_LEN_MAX + 1);
	memcpy(buf, "wss://h/", 8);
	assert_non_null(value_relay(buf));
}

static void value_ifname_keeps_to_what_kernel_and_nftables_take(void **state)
{
	static const char *const good[] = {"rt0", "_x", "tun-oslo.1", "0",
					   "abcdefghijklmno"};
	static const char *const bad[] = {
		"",    "lo",  "all", "default", ".",  "..",
		"a/b", "a:1", "a b", "a%d",     "-a", "abcdefghijklmnop"};
	size_t i;

	(void)state;
	for (i = 0; i < CNT(good); i++)
		assert_null(value_ifname(good[i]));
	for (i = 0; i < CNT(bad); i++)
		assert_non_null(value_ifname(bad[i]));
}

static void value_tunnel_addr_takes_unicast_of_both_families(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_name_takes_any_word_and_64_characters),
		cmocka_unit_test(
			value_public_fills_in_protocol_address_and_port),
		cmocka_unit_test(value_target_fills_in_address_and_port),
		cmocka_unit_test(a_bad_value_leaves_the_service_as_it_was),
		cmocka_unit_test(
			value_network_tells_host_bits_from_other_faults),
		cmocka_unit_test(
			value_relay_takes_tls_anywhere_and_plain_on_this_machine),
		cmocka_unit_test(value_relay_has_a_longest_address),
		cmocka_unit_test(
			value_ifname_keeps_to_what_kernel_and_nftables_take),
		cmocka_unit_test(
			value_tunnel_addr_takes_unicast_of_both_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

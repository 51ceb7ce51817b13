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

static void value_label_takes_any_printable_text_of_64_bytes(void **state)
{
	static const char *const good[] = {
		"rt",          "drop",
		"say \"x\"",   "a/b",
		"\\",          "#",
		"B\xc3\xbcro", "\xe6\x9d\xb1\xe4\xba\xac",
		"a  b;{",      "\xf0\x9f\x90\xa7"};
	/* Controls, cut, overlong, surrogate, too high, turned, invisible. */
	static const char *const bad[] = {"",
					  " ",
					  "a ",
					  " a",
					  "a\tb",
					  "a\nb",
					  "\x7f",
					  "\xc2\x80",
					  "\xc3",
					  "\xe6\x9d",
					  "\xf0\x9f\x90",
					  "\x80",
					  "\xff",
					  "\xc0\xaf",
					  "\xe0\x80\xaf",
					  "\xed\xa0\x80",
					  "\xf4\x90\x80\x80",
					  "\xf8\x88\x80\x80\x80",
					  "a\xe2\x80\xae"
					  "b",
					  "a\xe2\x80\x8b"
					  "b",
					  "\xef\xbb\xbf"
					  "a",
					  "\xe2\x80\xa8",
					  "\xc2\xad"};
	char buf[NAME_LEN_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < CNT(good); i++) {
		if (value_label(good[i]))
			fail_msg("%s: %s", good[i], value_label(good[i]));
	}
	for (i = 0; i < CNT(bad); i++) {
		if (!value_label(bad[i]))
			fail_msg("taken: number %zu", i);
	}
	assert_null(value_label(repeat(buf, 'a', NAME_LEN_MAX)));
	assert_non_null(value_label(repeat(buf, 'a', NAME_LEN_MAX + 1)));
}

static void value_duration_is_a_number_with_its_unit(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds;
		const char *printed;
	} good[] = {{"1s", 1, "1s"},         {"90s", 90, "90s"},
		    {"5m", 300, "5m"},       {"60m", 3600, "1h"},
		    {"2h", 7200, "2h"},      {"86400s", 86400, "1d"},
		    {"14d", 1209600, "14d"}, {"1209600s", 1209600, "14d"}};
	static const char *const bad[] = {
		"",     "5",        "s",     "0s",   "05m",
		"5 m",  "5M",       "5ms",   "-5m",  "15d",
		"337h", "1209601s", "1h30m", "5.5m", "99999999999999999999s"};
	char buf[VALUE_DURATION_SIZE];
	uint32_t seconds;
	size_t i;

	(void)state;
	for (i = 0; i < CNT(good); i++) {
		assert_null(value_duration(good[i].text, &seconds));
		assert_int_equal(seconds, good[i].seconds);
		assert_string_equal(value_print_duration(seconds, buf),
				    good[i].printed);
	}
	for (i = 0; i < CNT(bad); i++) {
		seconds = 7;
		if (!value_duration(bad[i], &seconds))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(seconds, 7);
	}
}

static void value_url_addr_finds_the_address_of_those_that_have_one(
	void **state)
{
	static const struct {
		const char *url;
		const char *addr;
	} cases[] = {
		{"wss://192.0.2.1/x", "192.0.2.1"},
		{"wss://192.0.2.1:8443/x", "192.0.2.1"},
		{"wss://[2001:db8::7]/x", "2001:db8::7"},
		{"wss://[2001:db8::7]:443/x", "2001:db8::7"},
		{"wss://contoso.servicebus.windows.net/192.0.2.1", NULL},
		{"wss://192.0.2.1.example.net/x", NULL},
		{"http://192.0.2.9:3128", "192.0.2.9"},
		{"http://user@192.0.2.9:3128", "192.0.2.9"},
		{"socks5h://u@1.2.3.4@[fd00::9]", "fd00::9"},
		{"192.0.2.9:3128", NULL},
	};
	char buf[IP_ADDR_TEXT_SIZE];
	struct ip_addr addr;
	size_t i;

	(void)state;
	for (i = 0; i < CNT(cases); i++) {
		assert_int_equal(value_url_addr(cases[i].url, &addr),
				 cases[i].addr != NULL);
		if (cases[i].addr)
			assert_string_equal(ip_addr_format(&addr, buf),
					    cases[i].addr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_name_takes_any_word_and_64_characters),
		cmocka_unit_test(
			value_label_takes_any_printable_text_of_64_bytes),
		cmocka_unit_test(value_duration_is_a_number_with_its_unit),
		cmocka_unit_test(
			value_relay_takes_tls_anywhere_and_plain_on_this_machine),
		cmocka_unit_test(value_relay_has_a_longest_address),
		cmocka_unit_test(
			value_url_addr_finds_the_address_of_those_that_have_one),
		cmocka_unit_test(
			value_ifname_keeps_to_what_kernel_and_nftables_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

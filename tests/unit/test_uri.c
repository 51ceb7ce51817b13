/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_uri.c - Addresses of hybrid connections
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <hyco/error.h>
#include <hyco/uri.h>

static struct hyco_uri uri_of(const char *text)
{
	struct hyco_uri uri;
	const char *why;

	if (hyco_uri_parse(text, &uri, &why))
		fail_msg("%s: %s", text, why);
	return uri;
}

static void addresses_are_taken_apart(void **state)
{
	static const struct {
		const char *text;
		bool tls;
		const char *host;
		uint16_t port;
		const char *target;
	} cases[] = {
		{"wss://ns/oslo", true, "ns", 443, "/oslo"},
		{"ws://ns/oslo", false, "ns", 80, "/oslo"},
		{"https://ns/", true, "ns", 443, "/"},
		{"http://ns", false, "ns", 80, "/"},
		{"sb://ns/", true, "ns", 443, "/"},
		{"WSS://Ns.Example/Oslo", true, "ns.example", 443, "/Oslo"},
		{"wss://ns:8443/a/b", true, "ns", 8443, "/a/b"},
		{"wss://ns:1", true, "ns", 1, "/"},
		{"wss://ns:65535/", true, "ns", 65535, "/"},
		{"wss://ns?x=1&y", true, "ns", 443, "/?x=1&y"},
		{"wss://ns/a?x=/b:c@d", true, "ns", 443, "/a?x=/b:c@d"},
		{"wss://[FD64:1::11]/a", true, "fd64:1::11", 443, "/a"},
		{"ws://[::1]:81", false, "::1", 81, "/"},
		{"wss://[::ffff:10.0.0.1]/", true, "::ffff:10.0.0.1", 443, "/"},
		{"wss://10.1.0.5/a%20b", true, "10.1.0.5", 443, "/a%20b"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hyco_uri u = uri_of(cases[i].text);

		assert_int_equal(u.tls, cases[i].tls);
		assert_string_equal(u.host, cases[i].host);
		assert_int_equal(u.port, cases[i].port);
		assert_string_equal(u.target, cases[i].target);
	}
}

static void malformed_addresses_are_refused_with_their_reason(void **state)
{
	static const struct {
		const char *text;
		const char *why; /* a part of it */
	} bad[] = {
		{"", "wss://"},
		{"wss:/ns", "wss://"},
		{"ftp://ns/", "wss://"},
		{" wss://ns/", "wss://"},
		{"wss://", "host"},
		{"wss:///oslo", "host"},
		{"wss://:443/", "host"},
		{"wss://n%73/", "host"},
		{"wss://n,s/", "host"},
		{"wss://ns:/", "port"},
		{"wss://ns:0/", "port"},
		{"wss://ns:65536/", "port"},
		{"wss://ns:100000/", "port"},
		{"wss://ns:-1/", "port"},
		{"wss://ns:44a/", "port"},
		{"wss://ns:443:443/", "port"},
		{"wss://user@ns/", "user"},
		{"wss://user:pw@ns:443/", "user"},
		{"wss://[::1/", "]"},
		{"wss://[]/", "host"},
		{"wss://[::1]x/", "port"},
		{"wss://[::1]443/", "port"},
		{"wss://[ns]/", "host"},
		{"wss://[10.0.0.1]/", "host"},
		{"wss://[:::1]/", "host"},
		{"wss://::1/", "host"},
		{"wss://ns/a#b", "fragment"},
		{"wss://ns/a b", "percent-encoded"},
		{"wss://ns/ ", "percent-encoded"},
		{"wss://ns/a\r\nX: y", "percent-encoded"},
		{"wss://ns/\t", "percent-encoded"},
		{"wss://ns/\x7f", "percent-encoded"},
		{"wss://ns/\xc3\xb8", "percent-encoded"},
		{"wss://ns/a\\b", "percent-encoded"},
		{"wss://ns/<a>", "percent-encoded"},
	};
	struct hyco_uri u;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		if (hyco_uri_parse(bad[i].text, &u, &why) != HYCO_EBADMSG)
			fail_msg("taken: \"%s\"", bad[i].text);
		if (!why || !strstr(why, bad[i].why))
			fail_msg("%s: %s", bad[i].text, why ? why : "NULL");
	}
}

static void over_long_addresses_are_refused_and_the_longest_is_not(void **state)
{
	char text[HYCO_TARGET_SIZE + 64];
	char fill[HYCO_TARGET_SIZE + 1];
	struct hyco_uri u;
	const char *why;

	(void)state;
	memset(fill, 'a', sizeof(fill));
	snprintf(text, sizeof(text), "wss://%.253s/", fill);
	assert_int_equal(hyco_uri_parse(text, &u, &why), 0);
	snprintf(text, sizeof(text), "wss://%.254s/", fill);
	assert_int_equal(hyco_uri_parse(text, &u, &why), HYCO_EBADMSG);
	snprintf(text, sizeof(text), "wss://ns/%.4094s", fill);
	assert_int_equal(hyco_uri_parse(text, &u, &why), 0);
	snprintf(text, sizeof(text), "wss://ns/%.4095s", fill);
	assert_int_equal(hyco_uri_parse(text, &u, &why), HYCO_EBADMSG);
	assert_non_null(strstr(why, "long"));
}

/** C05: an accept address is used as it is, on its own host and port */
static void an_accept_address_keeps_its_target_unchanged(void **state)
{
	struct hyco_uri u = uri_of("wss://node7.example.net:8443/$hc/oslo/x?a=1"
				   "&sb-hc-action=accept&sb-hc-id=6f%2F1c");

	(void)state;
	assert_string_equal(u.host, "node7.example.net");
	assert_int_equal(u.port, 8443);
	assert_string_equal(u.target, "/$hc/oslo/x?a=1&sb-hc-action=accept"
				      "&sb-hc-id=6f%2F1c");
}

/** C04: spaces, slashes, unicode */
static void listen_and_connect_are_made_from_the_address(void **state)
{
	static const struct {
		const char *uri;
		enum hyco_action action;
		const char *id;
		const char *target;
	} cases[] = {
		{"wss://ns/oslo", HYCO_LISTEN, NULL,
		 "/$hc/oslo?sb-hc-action=listen"},
		{"wss://ns/oslo/", HYCO_LISTEN, NULL,
		 "/$hc/oslo?sb-hc-action=listen"},
		{"wss://ns/$hc/oslo", HYCO_LISTEN, NULL,
		 "/$hc/oslo?sb-hc-action=listen"},
		{"wss://ns/my%20name/a/b%C3%B8", HYCO_CONNECT, "id-1",
		 "/$hc/my%20name/a/b%C3%B8?sb-hc-action=connect&sb-hc-id=id-1"},
		{"wss://ns/oslo?a=b&c", HYCO_CONNECT, "7",
		 "/$hc/oslo?a=b&c&sb-hc-action=connect&sb-hc-id=7"},
		{"wss://ns/oslo?", HYCO_CONNECT, NULL,
		 "/$hc/oslo?sb-hc-action=connect"},
	};
	char target[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hyco_uri u = uri_of(cases[i].uri);
		size_t len = strlen(cases[i].target);

		assert_int_equal(hyco_uri_action(&u, cases[i].action,
						 cases[i].id, target, len + 1),
				 len);
		assert_string_equal(target, cases[i].target);
		assert_int_equal(hyco_uri_action(&u, cases[i].action,
						 cases[i].id, target, len),
				 HYCO_EMSGSIZE);
	}
}

static void the_audience_has_the_port_that_was_given_and_no_query(void **state)
{
	static const struct {
		const char *uri;
		const char *audience;
	} cases[] = {
		{"wss://NS/oslo", "http://ns/oslo"},
		{"wss://ns:443/$hc/oslo/edge?x=1", "http://ns:443/oslo/edge"},
		{"ws://ns:80/oslo", "http://ns:80/oslo"},
		{"sb://ns:5671/oslo/", "http://ns:5671/oslo/"},
		{"wss://[FD64::1]/a", "http://[fd64::1]/a"},
		{"wss://ns", "http://ns/"},
	};
	char audience[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hyco_uri u = uri_of(cases[i].uri);
		size_t len = strlen(cases[i].audience);

		assert_int_equal(hyco_uri_audience(&u, audience, len + 1), len);
		assert_string_equal(audience, cases[i].audience);
		assert_int_equal(hyco_uri_audience(&u, audience, len),
				 HYCO_EMSGSIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			over_long_addresses_are_refused_and_the_longest_is_not),
		cmocka_unit_test(
			the_audience_has_the_port_that_was_given_and_no_query),
		cmocka_unit_test(addresses_are_taken_apart),
		cmocka_unit_test(
			malformed_addresses_are_refused_with_their_reason),
		cmocka_unit_test(an_accept_address_keeps_its_target_unchanged),
		cmocka_unit_test(listen_and_connect_are_made_from_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

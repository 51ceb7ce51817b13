/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_listen.c - Which accept addresses a listener may follow
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier/listen.h"

struct address_case {
	const char *relay;
	const char *address;
};

static void expect(const struct address_case *cases, size_t cnt, bool allowed)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		struct hyco_uri relay;
		const char *why;
		const char *fault;

		assert_int_equal(hyco_uri_parse(cases[i].relay, &relay, &why),
				 0);
		fault = listener_address_fault(&relay, cases[i].address);
		if (allowed && fault)
			fail_msg("%s: %s", cases[i].address, fault);
		if (!allowed && !fault)
			fail_msg("%s was allowed", cases[i].address);
	}
}

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

static void the_relay_itself_and_its_domain_are_allowed(void **state)
{
	static const struct address_case cases[] = {
		{"wss://contoso.servicebus.windows.net/oslo",
		 "wss://g7-prod-by3-010-sb.servicebus.windows.net/$hc/oslo"
		 "?sb-hc-action=accept"},
		{"wss://relay.example.net/oslo", "wss://relay.example.net/$hc"},
		{"wss://relay.example.net/oslo",
		 "wss://RELAY.example.net:8443/$hc"},
		{"wss://relay.example.net/oslo", "wss://b.example.net/$hc"},
		{"wss://192.0.2.1/oslo", "wss://192.0.2.1:444/$hc"},
		{"ws://127.0.0.1/oslo", "ws://127.0.0.1/$hc"},
	};

	(void)state;
	expect(cases, CNT(cases), true);
}

static void other_places_and_lost_protection_are_refused(void **state)
{
	static const struct address_case cases[] = {
		{"wss://relay.example.net/oslo", "wss://example.org/$hc"},
		{"wss://relay.example.net/oslo",
		 "wss://relay.example.net.evil.org/$hc"},
		{"wss://relay.example.net/oslo", "wss://evilexample.net/$hc"},
		{"wss://relay.example.net/oslo", "ws://relay.example.net/$hc"},
		{"wss://relay.net/oslo", "wss://other.net/$hc"},
		{"wss://192.0.2.1/oslo", "wss://192.0.2.2/$hc"},
		{"wss://192.0.2.1/oslo", "wss://9.0.2.1/$hc"},
		{"wss://relay.example.net/oslo", "gopher://relay.example.net/"},
		{"wss://relay.example.net/oslo", ""},
	};

	(void)state;
	expect(cases, CNT(cases), false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_relay_itself_and_its_domain_are_allowed),
		cmocka_unit_test(other_places_and_lost_protection_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

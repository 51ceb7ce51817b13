/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "sys/netpath.h"

static void who_has_a_user_and_no_password_may_wait_for_a_kdc(void **state)
{
	static const struct {
		const char *proxy;
		const char *password;
		bool waits;
	} cases[] = {
		{"http://me@proxy.test:3128", NULL, true},
		{"HTTP://me@proxy.test:3128", NULL, true},
		{"me@proxy.test:3128", NULL, true},
		{"http://me:@proxy.test:3128/", NULL, true},
		{"http://me@proxy.test:3128", "secret", false},
		{"http://me:secret@proxy.test:3128", NULL, false},
		{"http://proxy.test:3128", NULL, false},
		{"http://proxy.test:3128/me@x", NULL, false},
		/* No Kerberos there, and no socket that could be handed on. */
		{"socks5://me@proxy.test:1080", NULL, false},
		{"https://me@proxy.test:3129", NULL, false},
		{"", NULL, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct netpath path = {
			.proxy = cases[i].proxy,
			.proxy_password = cases[i].password,
		};

		if (netpath_may_wait(&path) != cases[i].waits)
			fail_msg("%s", cases[i].proxy);
	}
}

static void the_environments_proxy_counts_where_none_is_given(void **state)
{
	const struct netpath path = {0};
	const struct netpath none = {.proxy = ""};

	(void)state;
	assert_int_equal(setenv("https_proxy", "http://me@proxy.test:1", 1), 0);
	assert_true(netpath_may_wait(&path));
	assert_false(netpath_may_wait(&none));
	assert_int_equal(unsetenv("https_proxy"), 0);
	assert_false(netpath_may_wait(&path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			who_has_a_user_and_no_password_may_wait_for_a_kdc),
		cmocka_unit_test(
			the_environments_proxy_counts_where_none_is_given),
	};

	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

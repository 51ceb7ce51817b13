/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_fixed.c - What a reload cannot change
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "relay/fixed.h"

static struct relay_conf plain(void)
{
	struct relay_conf conf = {
		.addr = {.family = IP_V4, .bytes = {192, 0, 2, 1}},
		.port = 443,
		.plaintext = true,
	};

	relay_conf_defaults(&conf.limits);
	return conf;
}

static void what_can_be_changed_is_not_told(void **state)
{
	const char *names[FIXED_NAME_CNT];
	struct relay_conf conf = plain();
	struct fixed fixed;

	(void)state;
	assert_int_equal(fixed_init(&fixed, &conf), 0);
	conf.limits.rendezvous_s++;
	conf.limits.held_len++;
	conf.public_url = "wss://relay.example.net";

	assert_int_equal(fixed_changes(&fixed, &conf, names), 0);

	fixed_fini(&fixed);
}

static void each_setting_that_stays_is_told_by_its_name(void **state)
{
	const char *const wanted[FIXED_NAME_CNT] = {"listen",
						    "plaintext",
						    "status",
						    "user",
						    "head_s of TLS handshakes",
						    "peer_s of keepalives"};
	const char *names[FIXED_NAME_CNT];
	struct relay_conf conf = plain();
	struct fixed fixed;
	size_t i;

	(void)state;
	assert_int_equal(fixed_init(&fixed, &conf), 0);
	for (i = 0; i < FIXED_NAME_CNT; i++) {
		conf = plain();
		conf.port = i == 0 ? 8443 : 443;
		conf.plaintext = i != 1;
		conf.status_socket = i == 2 ? "/run/relay.sock" : NULL;
		conf.user = i == 3 ? "relaytun" : NULL;
		conf.limits.head_s += i == 4;
		conf.limits.peer_s += i == 5;

		assert_int_equal(fixed_changes(&fixed, &conf, names), 1);
		assert_string_equal(names[0], wanted[i]);
	}
	conf = plain();
	conf.addr.bytes[3] = 2;
	assert_int_equal(fixed_changes(&fixed, &conf, names), 1);
	assert_string_equal(names[0], "listen");
	fixed_fini(&fixed);
}

static void texts_are_compared_as_texts(void **state)
{
	char path[] = "/run/relay.sock";
	const char *names[FIXED_NAME_CNT];
	struct relay_conf conf = plain();
	struct fixed fixed;

	(void)state;
	conf.status_socket = path;
	assert_int_equal(fixed_init(&fixed, &conf), 0);
	/* The configuration before is gone by then. */
	conf.status_socket = "/run/relay.sock";
	path[1] = 'x';

	assert_int_equal(fixed_changes(&fixed, &conf, names), 0);

	conf.status_socket = NULL;
	assert_int_equal(fixed_changes(&fixed, &conf, names), 1);
	fixed_fini(&fixed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be_changed_is_not_told),
		cmocka_unit_test(each_setting_that_stays_is_told_by_its_name),
		cmocka_unit_test(texts_are_compared_as_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

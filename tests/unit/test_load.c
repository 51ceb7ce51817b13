/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_load.c - What a relay asks of its machine when it reads its files
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pwd.h>
#include <stdio.h>

#include "in_dir.h"
#include "relay/load.h"

#define CONF                                                                   \
	"listen = \"127.0.0.1:8443\";\n"                                       \
	"tls = { certificate = \"/none\"; key = \"/none\"; };\n"               \
	"connections = ( { path = \"p\"; keys = ( { name = \"k\"; "            \
	"key_file = \"/none\"; rights = [ \"listen\", \"send\" ]; } ); } );\n" \
	"user = \"somebody\";\n"

/* How often the name service was asked. */
static int asked_cnt;

/* In place of libc's. */
struct passwd *getpwnam(const char *name)
{
	static struct passwd somebody = {.pw_uid = 4711, .pw_gid = 4712};

	assert_string_equal(name, "somebody");
	asked_cnt++;
	return &somebody;
}

/** load() - Once, as the relay does; Return: were there values? */
static bool load(struct load_user *user)
{
	struct loaded loaded;
	struct diag diag;
	bool read;

	diag_init(&diag);
	(void)load_open(&loaded, "relay.cfg", user, &diag);
	read = loaded.conf;
	load_close(&loaded);
	diag_fini(&diag);
	return read;
}

static void the_name_service_is_asked_for_the_user_once(void **state)
{
	struct load_user user = {0};
	FILE *file = fopen("relay.cfg", "w");

	(void)state;
	assert_non_null(file);
	fputs(CONF, file);
	assert_int_equal(fclose(file), 0);

	assert_true(load(&user));
	assert_int_equal(asked_cnt, 1);
	assert_int_equal(user.group, 4712);

	assert_true(load(&user));
	assert_int_equal(asked_cnt, 1);
	assert_int_equal(user.group, 4712);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_dir(the_name_service_is_asked_for_the_user_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

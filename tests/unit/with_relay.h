/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * with_relay.h - Tests that each have a relay of their own, see fake_relay.h
 */

#ifndef TESTS_WITH_RELAY_H
#define TESTS_WITH_RELAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_relay.h"

#define WITH_RELAY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static int setup(void **state)
{
	(void)state;
	fake_start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_stop();
	return 0;
}

/** begins() - Is what the client got first this text? */
static bool begins(const struct fake_io *io, const char *text)
{
	return io->out_len >= strlen(text) &&
	       !memcmp(io->out, text, strlen(text));
}

#endif /* TESTS_WITH_RELAY_H */

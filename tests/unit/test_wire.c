/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "wire_vectors.h"

static void message_header_is_type_and_three_zero_bytes(void **state)
{
	static const uint8_t good[] = {0xee, 0, 0, 0, 0x11};
	struct wire_message m;
	size_t i;

	(void)state;
	assert_int_equal(wire_open(good, sizeof(good), &m), 0);
	assert_int_equal(m.type, 0xee); /* unknown types open, too */
	assert_ptr_equal(m.body, good + 4);
	assert_int_equal(m.body_len, 1);

	for (i = 0; i < 4; i++)
		assert_int_equal(wire_open(good, i, &m), -EBADMSG);
	for (i = 1; i < 4; i++) {
		uint8_t bad[] = {5, 0, 0, 0};

		bad[i] = 1;
		assert_int_equal(wire_open(bad, sizeof(bad), &m), -EBADMSG);
	}
}

static void every_type_has_its_name(void **state)
{
	static const char *const names[] = {
		"unknown", "PREFACE", "HANDSHAKE", "SEALED", "HELLO",
		"DATA",    "PING",    "PONG",      "POLICY", "DRAIN",
		"BYE",     "LOCK",    "WHY",       "unknown"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(wire_type_name((uint8_t)i), names[i]);
	assert_string_equal(wire_type_name(255), "unknown");
}

static void preface_reads_and_writes_as_the_golden_bytes(void **state)
{
	static const struct {
		const char *path;
		uint8_t role;
		uint8_t nonce;
	} cases[] = {
		{GOLDEN "preface-cloud.hex", WIRE_ROLE_CLOUD, 0x00},
		{GOLDEN "preface-site.hex", WIRE_ROLE_SITE, 0x80},
	};
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct message m;
		struct wire_preface p;
		uint8_t out[64];

		load(&m, cases[i].path);

		assert_int_equal(m.open.type, WIRE_PREFACE);
		assert_int_equal(
			wire_preface_read(m.open.body, m.open.body_len, &p), 0);
		assert_int_equal(p.major, 1);
		assert_int_equal(p.minor, 0);
		assert_int_equal(p.suites, 0);
		assert_int_equal(p.role, cases[i].role);
		for (k = 0; k < WIRE_NONCE_LEN; k++)
			assert_int_equal(p.nonce[k], cases[i].nonce + k);
		assert_written(&m, out,
			       wire_preface_write(&p, out, sizeof(out)));
	}
}

static void preface_of_any_other_length_is_malformed(void **state)
{
	struct message m;
	struct wire_preface p;
	size_t len;

	(void)state;
	load(&m, GOLDEN "preface-cloud.hex");
	for (len = 0; len < 60; len++) {
		int want = len == m.open.body_len ? 0 : -EBADMSG;

		assert_int_equal(wire_preface_read(m.open.body, len, &p), want);
	}
}

static void preface_with_a_wrong_byte_is_malformed(void **state)
{
	static const struct {
		size_t off;
		uint8_t value;
	} cases[] = {
		{0, 'r'},  {3, 'X'}, /* magic */
		{6, 0},    {6, 3},   /* role */
		{6, 0xff}, {7, 1},   /* reserved */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message m;
		struct wire_preface p;

		load(&m, GOLDEN "preface-site.hex");
		m.data[WIRE_HEADER_LEN + cases[i].off] = cases[i].value;
		assert_int_equal(
			wire_preface_read(m.open.body, m.open.body_len, &p),
			-EBADMSG);
	}
}

static void preface_of_another_major_tells_only_its_version(void **state)
{
	static const uint8_t body[] = {'R', 'T', 'U', 'N', 2, 7, 0xff, 0xff};
	struct wire_preface p;
	size_t len;

	(void)state;
	for (len = 6; len <= sizeof(body); len++) {
		assert_int_equal(wire_preface_read(body, len, &p), -EPROTO);
		assert_int_equal(p.major, 2);
		assert_int_equal(p.minor, 7);
	}
}

static void preface_of_a_later_minor_is_read(void **state)
{
	struct message m;
	struct wire_preface p;

	(void)state;
	load(&m, GOLDEN "preface-cloud.hex");
	m.data[WIRE_HEADER_LEN + 5] = 9;
	assert_int_equal(wire_preface_read(m.open.body, m.open.body_len, &p),
			 0);
	assert_int_equal(p.minor, 9);
}

static void ping_and_pong_read_and_write_as_the_golden_bytes(void **state)
{
	static const struct {
		const char *path;
		enum wire_type type;
		struct wire_ping want;
	} cases[] = {
		{GOLDEN "ping.hex",
		 WIRE_PING,
		 {1234567890123456789, 0x0102030405060708, 42}},
		{GOLDEN "pong.hex", WIRE_PONG, {1234567890123456789, 289, 3}},
	};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct message m;
		struct wire_ping ping;
		uint8_t out[64];
		size_t len;

		load(&m, cases[i].path);

		assert_int_equal(m.open.type, cases[i].type);
		assert_int_equal(
			wire_ping_read(m.open.body, m.open.body_len, &ping), 0);
		assert_int_equal(ping.time_ns, cases[i].want.time_ns);
		assert_int_equal(ping.bytes, cases[i].want.bytes);
		assert_int_equal(ping.messages, cases[i].want.messages);
		assert_written(&m, out,
			       wire_ping_write(cases[i].type, &cases[i].want,
					       out, sizeof(out)));
		for (len = 0; len < m.open.body_len; len++)
			assert_int_equal(
				wire_ping_read(m.open.body, len, &ping),
				-EBADMSG);
		/* A later minor version may have added to it. */
		assert_int_equal(wire_ping_read(m.open.body, len + 3, &ping),
				 0);
	}
}

static void bye_reads_and_writes_as_the_golden_bytes(void **state)
{
	static const struct {
		const char *path;
		struct wire_bye want;
	} cases[] = {
		{GOLDEN "bye.hex", {WIRE_BYE_STOPPING, "going down"}},
		{GOLDEN "bye-no-text.hex", {WIRE_BYE_PROTOCOL, ""}},
	};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct message m;
		struct wire_bye bye;
		uint8_t out[256];

		load(&m, cases[i].path);

		assert_int_equal(m.open.type, WIRE_BYE);
		assert_int_equal(
			wire_bye_read(m.open.body, m.open.body_len, &bye), 0);
		assert_int_equal(bye.code, cases[i].want.code);
		assert_string_equal(bye.text, cases[i].want.text);
		assert_written(
			&m, out,
			wire_bye_write(&cases[i].want, out, sizeof(out)));
	}
}

static void policy_reads_and_writes_as_the_golden_bytes(void **state)
{
	struct wire_policy policy;
	struct message m;
	uint8_t out[64];
	size_t len;
	size_t i;

	(void)state;
	load(&m, GOLDEN "policy.hex");
	assert_int_equal(m.open.type, WIRE_POLICY);
	assert_int_equal(
		wire_policy_read(m.open.body, m.open.body_len, &policy), 0);
	for (i = 0; i < sizeof(policy.digest); i++)
		assert_int_equal(policy.digest[i], 0x40 + i);
	assert_written(&m, out, wire_policy_write(&policy, out, sizeof(out)));
	for (len = 0; len < m.open.body_len; len++)
		assert_int_equal(wire_policy_read(m.open.body, len, &policy),
				 -EBADMSG);
}

static void bye_text_cannot_carry_control_characters(void **state)
{
	static const uint8_t body[] = {99,   1,    6,    0,    'a',
				       '\0', '\n', 0x1b, 0xc3, 0x7f};
	struct wire_bye bye;

	(void)state;
	assert_int_equal(wire_bye_read(body, sizeof(body), &bye), 0);
	assert_int_equal(bye.code, 355); /* of a newer version: still read */
	assert_string_equal(bye.text, "a?????");
}

static void bye_that_is_cut_or_too_long_is_malformed(void **state)
{
	uint8_t body[4 + WIRE_TEXT_LEN_MAX + 1] = {1, 0, WIRE_TEXT_LEN_MAX, 0};
	struct wire_bye bye;
	size_t len;

	(void)state;
	memset(body + 4, 'x', sizeof(body) - 4);
	for (len = 0; len < sizeof(body) - 1; len++)
		assert_int_equal(wire_bye_read(body, len, &bye), -EBADMSG);
	assert_int_equal(wire_bye_read(body, len, &bye), 0);
	assert_int_equal(strlen(bye.text), WIRE_TEXT_LEN_MAX);
	/* A later minor version may have added to it. */
	assert_int_equal(wire_bye_read(body, len + 1, &bye), 0);
	assert_int_equal(strlen(bye.text), WIRE_TEXT_LEN_MAX);

	body[2] = WIRE_TEXT_LEN_MAX + 1;
	assert_int_equal(wire_bye_read(body, sizeof(body), &bye), -EBADMSG);
}

static void writers_refuse_every_buffer_that_is_too_short(void **state)
{
	struct wire_preface preface = {.major = 1, .role = 1};
	struct wire_hello hello = hello_site();
	struct wire_ping ping = {1, 2, 3};
	struct wire_bye bye = {.code = 1, .text = "text"};
	uint8_t out[BUF_SIZE];
	ssize_t len = wire_hello_write(&hello, out, sizeof(out));
	size_t size;

	(void)state;
	for (size = 0; size < 48; size++)
		assert_int_equal(wire_preface_write(&preface, out, size),
				 -EMSGSIZE);
	for (size = 0; size < (size_t)len; size++)
		assert_int_equal(wire_hello_write(&hello, out, size),
				 -EMSGSIZE);
	for (size = 0; size < 28; size++)
		assert_int_equal(wire_ping_write(WIRE_PING, &ping, out, size),
				 -EMSGSIZE);
	for (size = 0; size < 12; size++)
		assert_int_equal(wire_bye_write(&bye, out, size), -EMSGSIZE);
}

/** slurp() - A text file, NUL-terminated */
static void slurp(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, size - 1, file);
	assert_true(len > 0 && feof(file));
	text[len] = '\0';
	fclose(file);
}

static void specification_quotes_the_golden_bytes(void **state)
{
	static const char *const paths[] = {GOLDEN "preface-cloud.hex",
					    GOLDEN "data.hex"};
	static char spec[128 * 1024];
	size_t i;

	(void)state;
	slurp("docs/wire-format.md", spec, sizeof(spec));
	for (i = 0; i < 2; i++) {
		char vector[8192];
		char *bytes;

		slurp(paths[i], vector, sizeof(vector));
		bytes = strstr(vector, "\n\n"); /* behind the headline */
		assert_non_null(bytes);
		if (!strstr(spec, bytes + 2))
			fail_msg("docs/wire-format.md differs from %s",
				 paths[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_header_is_type_and_three_zero_bytes),
		cmocka_unit_test(every_type_has_its_name),
		cmocka_unit_test(preface_reads_and_writes_as_the_golden_bytes),
		cmocka_unit_test(preface_of_any_other_length_is_malformed),
		cmocka_unit_test(preface_with_a_wrong_byte_is_malformed),
		cmocka_unit_test(
			preface_of_another_major_tells_only_its_version),
		cmocka_unit_test(preface_of_a_later_minor_is_read),
		cmocka_unit_test(
			ping_and_pong_read_and_write_as_the_golden_bytes),
		cmocka_unit_test(bye_reads_and_writes_as_the_golden_bytes),
		cmocka_unit_test(policy_reads_and_writes_as_the_golden_bytes),
		cmocka_unit_test(bye_text_cannot_carry_control_characters),
		cmocka_unit_test(bye_that_is_cut_or_too_long_is_malformed),
		cmocka_unit_test(writers_refuse_every_buffer_that_is_too_short),
		cmocka_unit_test(specification_quotes_the_golden_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

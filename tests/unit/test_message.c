/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_message.c - Messages of the control channel
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <hyco/error.h>
#include <hyco/message.h>

#include "base/limits.h"

static int parse(const char *text, struct hyco_accept *accept)
{
	return hyco_message_parse(text, strlen(text), accept);
}

/** C08 */
static void an_accept_is_read_in_any_order_with_unknown_keys(void **state)
{
	static const char *const texts[] = {
		"{\"accept\":{\"address\":\"wss://n/a\",\"id\":\"7\","
		"\"connectHeaders\":{\"Host\":\"n\","
		"\"Sec-WebSocket-Protocol\":\"p1, p2\"},"
		"\"remoteEndpoint\":{\"address\":\"203.0.113.9\","
		"\"port\":50112}}}",
		" {\"new\":[1,{}],\n\"accept\":{\"x\":null,\"connectHeaders\":"
		"{\"sec-websocket-PROTOCOL\":\" \\tp1\",\"n\":1},\"id\":\"7\","
		"\"address\":\"wss:\\/\\/n\\u002fa\"}} ",
	};
	struct hyco_accept a;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		memset(&a, 0x5a, sizeof(a));
		assert_int_equal(parse(texts[i], &a), HYCO_MESSAGE_ACCEPT);
		assert_string_equal(a.address, "wss://n/a");
		assert_string_equal(a.id, "7");
		assert_string_equal(a.protocol, "p1");
	}
}

/** C08 */
static void an_accept_needs_nothing_but_its_address(void **state)
{
	struct hyco_accept a;

	(void)state;
	memset(&a, 0x5a, sizeof(a));
	assert_int_equal(parse("{\"accept\":{\"address\":\"ws://b\"}}", &a),
			 HYCO_MESSAGE_ACCEPT);
	assert_string_equal(a.address, "ws://b");
	assert_string_equal(a.id, "");
	assert_string_equal(a.protocol, "");
}

/** C08 */
static void malformed_messages_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"x",
		"null",
		"[]",
		"\"accept\"",
		"7",
		"{",
		"{}x",
		"{}{}",
		"{\"accept\":}",
		"{'accept':{}}",
		"{\"accept\":null}",
		"{\"accept\":[]}",
		"{\"accept\":\"wss://n/a\"}",
		"{\"accept\":{}}",
		"{\"accept\":{\"id\":\"7\"}}",
		"{\"accept\":{\"address\":\"\"}}",
		"{\"accept\":{\"address\":7}}",
		"{\"accept\":{\"address\":null}}",
		"{\"accept\":{\"address\":\"a\",\"address\":\"b\"}}",
		"{\"accept\":{\"address\":\"a\"},\"accept\":{}}",
		"{\"accept\":{\"address\":\"a\\u0000b\"}}",
		"{\"accept\":{\"address\":\"\xff\"}}",
		"{\"accept\":{\"address\":\"a\nb\"}}",
	};
	struct hyco_accept a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i], &a) != HYCO_EBADMSG)
			fail_msg("taken: %s", bad[i]);
	}
}

static void other_messages_are_told_apart(void **state)
{
	struct hyco_accept a;

	(void)state;
	assert_int_equal(parse("{}", &a), HYCO_MESSAGE_UNKNOWN);
	assert_int_equal(parse("{\"Accept\":{}}", &a), HYCO_MESSAGE_UNKNOWN);
	assert_int_equal(parse("{\"listener\":{\"accept\":1}}", &a),
			 HYCO_MESSAGE_UNKNOWN);
	assert_int_equal(parse("{\"request\":{\"id\":\"1\"}}", &a),
			 HYCO_MESSAGE_REQUEST);
}

static void a_message_cut_anywhere_is_refused(void **state)
{
	static const char text[] = "{\"accept\":{\"address\":\"wss://n/a\","
				   "\"id\":\"\\u00f8\"}}";
	struct hyco_accept a;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(hyco_message_parse(text, len, &a),
				 HYCO_EBADMSG);
	assert_int_equal(parse(text, &a), HYCO_MESSAGE_ACCEPT);
	assert_string_equal(a.id, "\xc3\xb8");
}

/** padded() - An accept whose one header makes it @len bytes long */
static char *padded(size_t len)
{
	static const char start[] = "{\"accept\":{\"address\":\"wss://n/a\","
				    "\"connectHeaders\":{\"A\":\"";
	char *text = malloc(len);

	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, start, sizeof(start) - 1);
	memcpy(text + len - 4, "\"}}}", 4);
	return text;
}

/** C08: 64 kB of headers */
static void a_message_may_have_64_kb_and_not_a_byte_more(void **state)
{
	char *text = padded(CONTROL_MSG_LEN_MAX);
	char *longer = padded(CONTROL_MSG_LEN_MAX + 1);
	struct hyco_accept a;

	(void)state;
	assert_int_equal(hyco_message_parse(text, CONTROL_MSG_LEN_MAX, &a),
			 HYCO_MESSAGE_ACCEPT);
	assert_int_equal(
		hyco_message_parse(longer, CONTROL_MSG_LEN_MAX + 1, &a),
		HYCO_EBADMSG);
	free(text);
	free(longer);
}

static void deep_nesting_is_refused_without_harm(void **state)
{
	char *text = malloc(CONTROL_MSG_LEN_MAX);
	struct hyco_accept a;

	(void)state;
	assert_non_null(text);
	memset(text, '[', CONTROL_MSG_LEN_MAX);
	memcpy(text, "{\"accept\":", 10);
	assert_int_equal(hyco_message_parse(text, CONTROL_MSG_LEN_MAX, &a),
			 HYCO_EBADMSG);
	free(text);
}

static void over_long_fields_are_refused(void **state)
{
	static const char start[] = "{\"accept\":{\"address\":\"";
	char text[6000];
	struct hyco_accept a;
	size_t len = sizeof(start) - 1;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, start, len);
	memcpy(text + len + 4095, "\"}}", 3);
	assert_int_equal(hyco_message_parse(text, len + 4098, &a),
			 HYCO_MESSAGE_ACCEPT);
	memset(text + len + 4095, 'a', 3);
	memcpy(text + len + 4096, "\"}}", 3);
	assert_int_equal(hyco_message_parse(text, len + 4099, &a),
			 HYCO_EBADMSG);
}

static void a_protocol_that_is_no_token_is_not_taken(void **state)
{
	static const char *const bad[] = {
		"a\\r\\nX: y", "a\\u007f", "a(b)", "\xc3\xb8", "", ",a",
	};
	char text[256];
	struct hyco_accept a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(text, "{\"accept\":{\"address\":\"wss://n/a\","
			     "\"connectHeaders\":"
			     "{\"Sec-WebSocket-Protocol\":\"");
		strcat(text, bad[i]);
		strcat(text, "\"}}}");
		assert_int_equal(parse(text, &a), HYCO_MESSAGE_ACCEPT);
		assert_string_equal(a.protocol, "");
	}
}

static void an_accept_is_written_as_azure_does_and_reads_again(void **state)
{
	static const struct hyco_header headers[] = {
		{"Host", 4, "n", 1},
		{"Cookie", 6, "a=\"1\"", 5},
		{"X", 1, "\xd8l", 2}, /* Latin-1 */
		{"cookie", 6, "b", 1},
		{"Y", 1, "\xc3\x98l", 3},
		{"Sec-WebSocket-Protocol", 22, "p1", 2},
	};
	static const char want[] =
		"{\"accept\":{\"address\":\"wss://n/a\",\"id\":\"7\","
		"\"connectHeaders\":{\"Host\":\"n\",\"Cookie\":\"a=\\\"1\\\", "
		"b\",\"X\":\"\xc3\x98l\",\"Y\":\"\xc3\x98l\","
		"\"Sec-WebSocket-Protocol\":\"p1\"},\"remoteEndpoint\":"
		"{\"address\":\"203.0.113.9\",\"port\":50112}}}";
	char text[1024];
	struct hyco_accept a;
	ssize_t len =
		hyco_message_accept("wss://n/a", "7", headers, 6, "203.0.113.9",
				    50112, text, sizeof(text));

	(void)state;
	assert_int_equal(len, sizeof(want) - 1);
	assert_string_equal(text, want);
	assert_int_equal(parse(text, &a), HYCO_MESSAGE_ACCEPT);
	assert_string_equal(a.address, "wss://n/a");
	assert_string_equal(a.protocol, "p1");
	assert_int_equal(hyco_message_accept("wss://n/a", "7", headers, 6,
					     "203.0.113.9", 50112, text,
					     (size_t)len),
			 HYCO_EMSGSIZE);
	assert_int_equal(hyco_message_accept("wss://n/a", "7", headers, 6,
					     "203.0.113.9", 50112, text,
					     (size_t)len + 1),
			 len);
}

static void an_id_that_is_not_utf8_is_written_as_latin1(void **state)
{
	char text[1024];
	struct hyco_accept a;

	(void)state;
	assert_true(hyco_message_accept("wss://n/a", "\xd8", NULL, 0, "::1", 1,
					text, sizeof(text)) > 0);
	assert_int_equal(parse(text, &a), HYCO_MESSAGE_ACCEPT);
	assert_string_equal(a.id, "\xc3\x98");
}

static void a_renewal_is_written_and_read(void **state)
{
	static const char want[] = "{\"renewToken\":{\"token\":\"a&b=c\"}}";
	char text[128];
	char token[16];

	(void)state;
	assert_int_equal(hyco_message_renew("a&b=c", text, sizeof(text)),
			 sizeof(want) - 1);
	assert_string_equal(text, want);
	assert_int_equal(hyco_message_renew("a&b=c", text, sizeof(want) - 1),
			 HYCO_EMSGSIZE);
	assert_int_equal(
		hyco_message_parse_renew(want, sizeof(want) - 1, token, 6), 5);
	assert_string_equal(token, "a&b=c");
	assert_int_equal(
		hyco_message_parse_renew(want, sizeof(want) - 1, token, 5),
		HYCO_EBADMSG);
}

static void renewals_are_told_from_other_messages_and_nonsense(void **state)
{
	static const struct {
		const char *text;
		ssize_t want;
	} cases[] = {
		{"{}", 0},
		{"{\"accept\":{}}", 0},
		{"{\"renewToken\":{}}", HYCO_EBADMSG},
		{"{\"renewToken\":null}", HYCO_EBADMSG},
		{"{\"renewToken\":\"t\"}", HYCO_EBADMSG},
		{"{\"renewToken\":{\"token\":\"\"}}", HYCO_EBADMSG},
		{"{\"renewToken\":{\"token\":7}}", HYCO_EBADMSG},
		{"[]", HYCO_EBADMSG},
		{"hello", HYCO_EBADMSG},
		{"{\"x\":1,\"renewToken\":{\"y\":2,\"token\":\"t\"}}", 1},
	};
	char token[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (hyco_message_parse_renew(cases[i].text,
					     strlen(cases[i].text), token,
					     sizeof(token)) != cases[i].want)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_accept_is_read_in_any_order_with_unknown_keys),
		cmocka_unit_test(an_accept_needs_nothing_but_its_address),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(other_messages_are_told_apart),
		cmocka_unit_test(a_message_cut_anywhere_is_refused),
		cmocka_unit_test(a_message_may_have_64_kb_and_not_a_byte_more),
		cmocka_unit_test(deep_nesting_is_refused_without_harm),
		cmocka_unit_test(over_long_fields_are_refused),
		cmocka_unit_test(a_protocol_that_is_no_token_is_not_taken),
		cmocka_unit_test(
			an_accept_is_written_as_azure_does_and_reads_again),
		cmocka_unit_test(an_id_that_is_not_utf8_is_written_as_latin1),
		cmocka_unit_test(a_renewal_is_written_and_read),
		cmocka_unit_test(
			renewals_are_told_from_other_messages_and_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

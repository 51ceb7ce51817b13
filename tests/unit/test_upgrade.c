/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_upgrade.c - The client's WebSocket handshake
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <hyco/error.h>
#include <hyco/upgrade.h>

static const struct hyco_uri uri = {
	.tls = true,
	.host = "ns.example",
	.port = 443,
	.target = "/oslo",
};

/* "the sample nonce", the key of RFC 6455 section 1.3. */
static const struct hyco_upgrade plain = {
	.uri = &uri,
	.target = "/$hc/oslo?sb-hc-action=listen",
	.nonce = "the sample nonce",
};

static const struct hyco_upgrade full = {
	.uri = &uri,
	.target = "/",
	.token = "SharedAccessSignature sr=x",
	.protocol = "p1",
	.agent = "test/1",
	.nonce = "the sample nonce",
};

#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define START  "HTTP/1.1 101 Switching Protocols\r\n"
#define GOOD   START "Upgrade: WebSocket\r\nConnection: upgrade\r\n" ACCEPT

static ssize_t read_answer(const struct hyco_upgrade *upgrade, const char *text,
			   struct hyco_answer *answer)
{
	return hyco_upgrade_read(upgrade, text, strlen(text), answer);
}

static void the_request_is_that_of_rfc_6455(void **state)
{
	static const char want[] =
		"GET /$hc/oslo?sb-hc-action=listen HTTP/1.1\r\n"
		"Host: ns.example\r\n"
		"Upgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"\r\n";
	static const char want_full[] =
		"GET / HTTP/1.1\r\n"
		"Host: ns.example\r\n"
		"Upgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Protocol: p1\r\n"
		"User-Agent: test/1\r\n"
		"ServiceBusAuthorization: SharedAccessSignature sr=x\r\n"
		"\r\n";
	char data[1024];

	(void)state;
	assert_int_equal(hyco_upgrade_write(&plain, data, sizeof(data)),
			 sizeof(want) - 1);
	assert_memory_equal(data, want, sizeof(want) - 1);
	assert_int_equal(hyco_upgrade_write(&full, data, sizeof(data)),
			 sizeof(want_full) - 1);
	assert_memory_equal(data, want_full, sizeof(want_full) - 1);
	assert_int_equal(hyco_upgrade_write(&full, data, 100), HYCO_EMSGSIZE);
}

static void the_host_has_a_port_that_is_not_the_default_and_brackets(
	void **state)
{
	static const struct {
		struct hyco_uri uri;
		const char *host;
	} cases[] = {
		{{.tls = true, .host = "a", .port = 443}, "\r\nHost: a\r\n"},
		{{.tls = true, .host = "a", .port = 80}, "\r\nHost: a:80\r\n"},
		{{.tls = false, .host = "a", .port = 80}, "\r\nHost: a\r\n"},
		{{.tls = true, .host = "fd64::1", .port = 443},
		 "\r\nHost: [fd64::1]\r\n"},
		{{.tls = false, .host = "::1", .port = 65535},
		 "\r\nHost: [::1]:65535\r\n"},
	};
	char data[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hyco_upgrade u = plain;

		u.uri = &cases[i].uri;
		assert_true(hyco_upgrade_write(&u, data, sizeof(data) - 1) > 0);
		assert_non_null(strstr(data, cases[i].host));
	}
}

static void no_line_can_be_smuggled_into_the_request(void **state)
{
	struct hyco_upgrade u[4] = {full, full, full, full};
	char data[1024];
	size_t i;

	(void)state;
	u[0].target = "/ HTTP/1.1\r\nX: y";
	u[1].token = "t\nX: y";
	u[2].protocol = "p\rX";
	u[3].agent = "a\r\n";
	for (i = 0; i < 4; i++)
		assert_int_equal(hyco_upgrade_write(&u[i], data, sizeof(data)),
				 HYCO_EINVAL);
}

/** C06: cut anywhere; frames behind the head are the caller's */
static void a_good_answer_is_taken_when_it_is_whole(void **state)
{
	static const char text[] = GOOD "\r\n\x81\x05Hello";
	size_t head_len = sizeof(GOOD "\r\n") - 1;
	struct hyco_answer a;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text); len++)
		assert_int_equal(hyco_upgrade_read(&plain, text, len, &a),
				 len < head_len ? HYCO_EAGAIN
						: (ssize_t)head_len);
	assert_int_equal(a.status, 101);
	assert_string_equal(a.reason, "Switching Protocols");
	assert_true(a.date_s == 0);
}

/** C06 */
static void a_101_that_is_not_ours_is_refused(void **state)
{
#define UP "Upgrade: websocket\r\n"
#define CO "Connection: Upgrade\r\n"
	static const char *const bad[] = {
		START "\r\n",
		START UP CO "\r\n",
		START UP ACCEPT "\r\n",
		START CO ACCEPT "\r\n",
		START "Upgrade: h2c\r\n" CO ACCEPT "\r\n",
		START UP "Connection: close\r\n" ACCEPT "\r\n",
		START UP CO "Sec-WebSocket-Accept: \r\n\r\n",
		START UP CO "Sec-WebSocket-Accept: "
			    "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		START UP CO "Sec-WebSocket-Accept: "
			    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n\r\n",
		GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		GOOD "Sec-WebSocket-Protocol: p1\r\n\r\n",
	};
	struct hyco_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (read_answer(&plain, bad[i], &a) != HYCO_EPROTO)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(a.status, 101);
	}
}

static void only_the_protocol_that_was_offered_may_come_back(void **state)
{
	struct hyco_answer a;

	(void)state;
	assert_true(read_answer(&full,
				GOOD "Sec-WebSocket-Protocol: p1\r\n\r\n",
				&a) > 0);
	assert_true(read_answer(&full, GOOD "\r\n", &a) > 0);
	assert_int_equal(read_answer(&full,
				     GOOD "Sec-WebSocket-Protocol: p2\r\n\r\n",
				     &a),
			 HYCO_EPROTO);
	assert_int_equal(read_answer(&full,
				     GOOD "Sec-WebSocket-Protocol: P1\r\n\r\n",
				     &a),
			 HYCO_EPROTO);
}

/** C07 */
static void every_other_status_is_told_with_reason_id_and_date(void **state)
{
	static const int statuses[] = {200, 302, 401, 403, 404,
				       410, 429, 500, 503, 504};
	char text[512];
	struct hyco_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		int len =
			snprintf(text, sizeof(text),
				 "HTTP/1.1 %d It is so. TrackingId:6f1c-22_G7, "
				 "SystemTracker:ns, Timestamp:x\r\n"
				 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
				 statuses[i]);

		assert_int_equal(read_answer(&plain, text, &a), len);
		assert_int_equal(a.status, statuses[i]);
		assert_memory_equal(a.reason, "It is so. ", 10);
		assert_string_equal(a.tracking_id, "6f1c-22_G7");
		/* RFC 9110 5.6.7. */
		assert_true(a.date_s == 784111777);
	}
}

static void what_is_no_date_is_none(void **state)
{
	static const char *const bad[] = {
		"",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT+1",
		"Sun, 06 Nov 1994 25:49:37 GMT",
		"784111777",
		"Sun, 06 Nov 1994 08:49:37 GMT and much more text than a date",
	};
	char text[256];
	struct hyco_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "HTTP/1.1 404\r\nDate: %s\r\n\r\n",
			 bad[i]);
		assert_true(read_answer(&plain, text, &a) > 0);
		assert_true(a.date_s == 0);
		assert_string_equal(a.tracking_id, "");
	}
}

static void a_reason_is_made_printable_and_cut(void **state)
{
	char text[1024] = "HTTP/1.1 404 \xc3\x98\t";
	struct hyco_answer a;
	size_t len = strlen(text);

	(void)state;
	memset(text + len, 'x', 400);
	strcpy(text + len + 400, " TrackingId:1\r\n\r\n");
	assert_true(read_answer(&plain, text, &a) > 0);
	assert_memory_equal(a.reason, "???x", 4);
	assert_int_equal(strlen(a.reason), sizeof(a.reason) - 1);

	strcpy(text, "HTTP/1.1 404 TrackingId:");
	memset(text + strlen(text), 'i', 100);
	strcpy(text + 24 + 100, "\r\n\r\n");
	assert_true(read_answer(&plain, text, &a) > 0);
	assert_int_equal(strlen(a.tracking_id), sizeof(a.tracking_id) - 1);
}

static void what_is_not_http_is_refused(void **state)
{
	static char big[17000];
	struct hyco_answer a;

	(void)state;
	assert_int_equal(read_answer(&plain, "SSH-2.0-x\r\n\r\n", &a),
			 HYCO_EBADMSG);
	assert_int_equal(read_answer(&plain, "HTTP/2 101\r\n\r\n", &a),
			 HYCO_EBADMSG);
	memset(big, 'x', sizeof(big));
	assert_int_equal(hyco_upgrade_read(&plain, big, 16383, &a),
			 HYCO_EAGAIN);
	assert_int_equal(hyco_upgrade_read(&plain, big, sizeof(big), &a),
			 HYCO_EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_host_has_a_port_that_is_not_the_default_and_brackets),
		cmocka_unit_test(the_request_is_that_of_rfc_6455),
		cmocka_unit_test(no_line_can_be_smuggled_into_the_request),
		cmocka_unit_test(a_good_answer_is_taken_when_it_is_whole),
		cmocka_unit_test(a_101_that_is_not_ours_is_refused),
		cmocka_unit_test(
			only_the_protocol_that_was_offered_may_come_back),
		cmocka_unit_test(
			every_other_status_is_told_with_reason_id_and_date),
		cmocka_unit_test(what_is_no_date_is_none),
		cmocka_unit_test(a_reason_is_made_printable_and_cut),
		cmocka_unit_test(what_is_not_http_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

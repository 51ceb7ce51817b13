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

/** assert_hello() - Two HELLOs are equal, field by field */
static void assert_hello(const struct wire_hello *a, const struct wire_hello *b)
{
	assert_memory_equal(a->prefaces, b->prefaces, sizeof(a->prefaces));
	assert_string_equal(a->gateway, b->gateway);
	assert_int_equal(a->role, b->role);
	assert_string_equal(a->site, b->site);
	assert_memory_equal(a->instance, b->instance, sizeof(a->instance));
	assert_int_equal(a->start_ms, b->start_ms);
	assert_int_equal(a->features_required, b->features_required);
	assert_int_equal(a->features, b->features);
	assert_int_equal(a->msg_len_max, b->msg_len_max);
	assert_int_equal(a->offloads, b->offloads);
	assert_int_equal(a->mtu, b->mtu);
	assert_memory_equal(a->policy_digest, b->policy_digest,
			    sizeof(a->policy_digest));
	assert_string_equal(a->software, b->software);
	assert_int_equal(a->keepalive_ms, b->keepalive_ms);
	assert_int_equal(a->channel_idx, b->channel_idx);
	assert_int_equal(a->clock_ms, b->clock_ms);
}

static void hello_reads_and_writes_as_the_golden_bytes(void **state)
{
	struct wire_hello want[] = {hello_cloud(), hello_site()};
	static const char *const paths[] = {GOLDEN "hello-cloud.hex",
					    GOLDEN "hello-site.hex"};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct message m;
		struct wire_hello hello;
		uint8_t out[BUF_SIZE];

		load(&m, paths[i]);

		assert_int_equal(m.open.type, WIRE_HELLO);
		assert_int_equal(
			wire_hello_read(m.open.body, m.open.body_len, &hello),
			0);
		assert_hello(&hello, &want[i]);
		assert_written(&m, out,
			       wire_hello_write(&want[i], out, sizeof(out)));
	}
}

static void hello_of_release_0_1_is_read(void **state)
{
	struct wire_hello want = hello_cloud();
	struct wire_hello hello;
	struct message m;

	(void)state;
	load(&m, GOLDEN "hello-0.1.hex");
	assert_int_equal(wire_hello_read(m.open.body, m.open.body_len, &hello),
			 0);
	assert_hello(&hello, &want);
}

static void hello_skips_unknown_tlvs_and_takes_any_order(void **state)
{
	struct wire_hello want = hello_site();
	struct wire_hello hello;
	struct message m;

	(void)state;
	load(&m, GOLDEN "hello-later-minor.hex");
	assert_int_equal(wire_hello_read(m.open.body, m.open.body_len, &hello),
			 0);
	assert_hello(&hello, &want);
}

static void hello_with_something_it_must_understand_is_refused(void **state)
{
	static const char *const paths[] = {GOLDEN "hello-critical.hex",
					    GOLDEN "hello-required.hex"};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct wire_hello hello;
		struct message m;

		load(&m, paths[i]);
		assert_int_equal(
			wire_hello_read(m.open.body, m.open.body_len, &hello),
			-EPROTO);
		assert_string_equal(hello.gateway, "edge-1"); /* for the log */
	}
}

/** tlv_at() - Offset in the message of the TLV with this number */
static size_t tlv_at(const struct message *m, unsigned int number)
{
	size_t off = WIRE_HEADER_LEN;

	while (off < m->len) {
		if ((m->data[off] | (m->data[off + 1] & 0x7f) << 8) ==
		    (int)number)
			return off;
		off += 4u + (size_t)(m->data[off + 2] | m->data[off + 3] << 8);
	}
	fail_msg("TLV %u not found", number);
	return 0;
}

/** tlv_remove() - Take the TLV at an offset out of the message */
static void tlv_remove(struct message *m, size_t off)
{
	size_t len = 4u + m->data[off + 2];

	memmove(m->data + off, m->data + off + len, m->len - off - len);
	m->len -= len;
	m->open.body_len -= len;
}

static void hello_cut_anywhere_but_between_optional_tlvs_is_malformed(
	void **state)
{
	struct wire_hello hello;
	struct message m;
	size_t whole = 0;
	size_t len;

	(void)state;
	load(&m, GOLDEN "hello-cloud.hex");
	for (len = 0; len < m.open.body_len; len++) {
		int rc = wire_hello_read(m.open.body, len, &hello);

		/* TLVs 13 to 16 may be missing: ends of 12 to 15. */
		if (len + WIRE_HEADER_LEN == tlv_at(&m, 13) ||
		    len + WIRE_HEADER_LEN == tlv_at(&m, 14) ||
		    len + WIRE_HEADER_LEN == tlv_at(&m, 15) ||
		    len + WIRE_HEADER_LEN == tlv_at(&m, 16)) {
			assert_int_equal(rc, 0);
			whole++;
		} else {
			assert_int_equal(rc, -EBADMSG);
		}
	}
	assert_int_equal(whole, 4);
}

static void hello_without_a_tlv_that_is_needed_is_malformed(void **state)
{
	static const unsigned int needed[] = {1, 2, 3, 4, 5, 6, 9, 10, 12};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct wire_hello hello;
		struct message m;

		load(&m, GOLDEN "hello-site.hex");
		tlv_remove(&m, tlv_at(&m, needed[i]));
		assert_int_equal(
			wire_hello_read(m.open.body, m.open.body_len, &hello),
			-EBADMSG);
	}
}

static void hello_tlv_that_may_be_missing_reads_as_zero(void **state)
{
	static const unsigned int optional[] = {7, 8, 11, 13, 14, 15, 16};
	struct wire_hello want = hello_site();
	struct wire_hello hello;
	struct message m;
	size_t i;

	(void)state;
	want.mtu = 0;
	memset(want.software, 0, sizeof(want.software));
	want.keepalive_ms = 0;
	want.channel_idx = 0;
	want.clock_ms = 0;

	load(&m, GOLDEN "hello-site.hex");
	for (i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
		tlv_remove(&m, tlv_at(&m, optional[i]));
	assert_int_equal(wire_hello_read(m.open.body, m.open.body_len, &hello),
			 0);
	assert_hello(&hello, &want);
}

static void hello_with_one_of_its_tlvs_twice_is_malformed(void **state)
{
	unsigned int number;

	(void)state;
	for (number = 1; number <= 16; number++) {
		struct wire_hello hello;
		struct message m;
		size_t off;
		size_t len;

		load(&m, GOLDEN "hello-site.hex");
		off = tlv_at(&m, number);
		len = 4u + m.data[off + 2];
		memcpy(m.data + m.len, m.data + off, len);
		assert_int_equal(wire_hello_read(m.open.body,
						 m.open.body_len + len, &hello),
				 -EBADMSG);
	}
}

static void hello_tlv_of_wrong_length_is_malformed(void **state)
{
	static const unsigned int fixed[] = {1,  3,  5,  6,  7,  8, 9,
					     10, 11, 12, 14, 15, 16};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		struct wire_hello hello;
		struct message m;
		size_t off;
		size_t end;

		/* One byte longer. */
		load(&m, GOLDEN "hello-site.hex");
		off = tlv_at(&m, fixed[i]);
		end = off + 4 + m.data[off + 2];
		memmove(m.data + end + 1, m.data + end, m.len - end);
		m.data[off + 2]++;
		assert_int_equal(wire_hello_read(m.open.body,
						 m.open.body_len + 1, &hello),
				 -EBADMSG);

		/* One byte shorter. */
		load(&m, GOLDEN "hello-site.hex");
		memmove(m.data + end - 1, m.data + end, m.len - end);
		m.data[off + 2]--;
		assert_int_equal(wire_hello_read(m.open.body,
						 m.open.body_len - 1, &hello),
				 -EBADMSG);
	}
}

/** hello_rc() - What reading a written HELLO says */
static int hello_rc(const struct wire_hello *hello)
{
	struct wire_hello again;
	struct wire_message m;
	uint8_t out[BUF_SIZE];
	ssize_t len = wire_hello_write(hello, out, sizeof(out));

	assert_true(len > 0);
	assert_int_equal(wire_open(out, (size_t)len, &m), 0);
	return wire_hello_read(m.body, m.body_len, &again);
}

static void hello_with_a_value_out_of_range_is_malformed(void **state)
{
	struct wire_hello hello;

	(void)state;
	hello = hello_cloud();
	hello.gateway[0] = '\0';
	assert_int_equal(hello_rc(&hello), -EBADMSG);

	hello = hello_site();
	hello.role = 0;
	assert_int_equal(hello_rc(&hello), -EBADMSG);
	hello.role = 3;
	assert_int_equal(hello_rc(&hello), -EBADMSG);

	hello = hello_site();
	hello.msg_len_max = WIRE_MSG_LEN_FLOOR - 1;
	assert_int_equal(hello_rc(&hello), -EBADMSG);
}

static void hello_text_that_is_not_printable_ascii_is_malformed(void **state)
{
	static const char bytes[] = {0x01, '\n',       0x1b,      0x1f,
				     0x7f, (char)0x80, (char)0xff};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++) {
		struct wire_hello hello;

		hello = hello_site();
		hello.gateway[2] = bytes[i];
		assert_int_equal(hello_rc(&hello), -EBADMSG);
		hello = hello_site();
		hello.site[3] = bytes[i];
		assert_int_equal(hello_rc(&hello), -EBADMSG);
		hello = hello_site();
		hello.software[0] = bytes[i];
		assert_int_equal(hello_rc(&hello), -EBADMSG);
	}
}

static void hello_text_with_a_nul_inside_is_malformed(void **state)
{
	struct wire_hello hello;
	struct message m;

	(void)state;
	load(&m, GOLDEN "hello-site.hex");
	m.data[tlv_at(&m, 2) + 6] = '\0';
	assert_int_equal(wire_hello_read(m.open.body, m.open.body_len, &hello),
			 -EBADMSG);
}

static void hello_texts_may_be_as_long_as_their_limit_and_no_longer(
	void **state)
{
	struct wire_hello hello = hello_site();
	struct wire_hello again;
	struct wire_message open;
	uint8_t out[BUF_SIZE];
	ssize_t len;

	(void)state;
	memset(hello.gateway, 'g', NAME_LEN_MAX);
	memset(hello.site, 's', NAME_LEN_MAX);
	memset(hello.software, 'v', WIRE_TEXT_LEN_MAX);

	len = wire_hello_write(&hello, out, sizeof(out));
	assert_true(len > 0 && len <= WIRE_MSG_LEN_FLOOR);
	assert_int_equal(wire_open(out, (size_t)len, &open), 0);
	assert_int_equal(wire_hello_read(open.body, open.body_len, &again), 0);
	assert_hello(&hello, &again);

	/* TLV 2 follows the 4 + 32 bytes of TLV 1: make it take one more. */
	assert_int_equal(out[4 + 36], 2);
	memmove(out + 4 + 36 + 5, out + 4 + 36 + 4, (size_t)len - 44);
	out[4 + 36 + 2] = NAME_LEN_MAX + 1;
	assert_int_equal(wire_hello_read(open.body, open.body_len + 1, &again),
			 -EBADMSG);
}

/** random_fill() - Random bytes */
static void random_fill(void *data, size_t len)
{
	uint8_t *p = data;

	while (len--)
		*p++ = (uint8_t)random();
}

/** random_text() - Printable text of 1 to @max characters, zeros behind it */
static void random_text(char *text, size_t max)
{
	size_t len = 1 + (size_t)random() % max;
	size_t i;

	memset(text, 0, max + 1);
	for (i = 0; i < len; i++)
		text[i] = (char)(' ' + random() % 95);
}

static void random_hellos_read_back_as_written(void **state)
{
	unsigned int round;

	(void)state;
	srandom(1);
	for (round = 0; round < 2000; round++) {
		struct wire_hello hello;
		struct wire_hello again;
		struct wire_message m;
		uint8_t out[BUF_SIZE];
		ssize_t len;

		random_fill(&hello, sizeof(hello));
		random_text(hello.gateway, NAME_LEN_MAX);
		random_text(hello.site, NAME_LEN_MAX);
		random_text(hello.software, WIRE_TEXT_LEN_MAX);
		hello.role = round & 1 ? WIRE_ROLE_SITE : WIRE_ROLE_CLOUD;
		if (hello.role == WIRE_ROLE_CLOUD)
			hello.site[0] = '\0';
		hello.features_required = 0;
		hello.msg_len_max |= WIRE_MSG_LEN_FLOOR;

		len = wire_hello_write(&hello, out, sizeof(out));
		assert_true(len > 0);
		assert_int_equal(wire_open(out, (size_t)len, &m), 0);
		assert_int_equal(wire_hello_read(m.body, m.body_len, &again),
				 0);
		assert_hello(&hello, &again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_reads_and_writes_as_the_golden_bytes),
		cmocka_unit_test(hello_of_release_0_1_is_read),
		cmocka_unit_test(hello_skips_unknown_tlvs_and_takes_any_order),
		cmocka_unit_test(
			hello_with_something_it_must_understand_is_refused),
		cmocka_unit_test(
			hello_cut_anywhere_but_between_optional_tlvs_is_malformed),
		cmocka_unit_test(
			hello_without_a_tlv_that_is_needed_is_malformed),
		cmocka_unit_test(hello_tlv_that_may_be_missing_reads_as_zero),
		cmocka_unit_test(hello_with_one_of_its_tlvs_twice_is_malformed),
		cmocka_unit_test(hello_tlv_of_wrong_length_is_malformed),
		cmocka_unit_test(hello_with_a_value_out_of_range_is_malformed),
		cmocka_unit_test(
			hello_text_that_is_not_printable_ascii_is_malformed),
		cmocka_unit_test(hello_text_with_a_nul_inside_is_malformed),
		cmocka_unit_test(
			hello_texts_may_be_as_long_as_their_limit_and_no_longer),
		cmocka_unit_test(random_hellos_read_back_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <endian.h>
#include <errno.h>

#include "codec/gso.h"
#include "codec/wire.h"
#include "hexfile.h"

#define GOLDEN "tests/golden/wire/"

/* Any HELLO is shorter; a DATA message of the tests too. */
#define BUF_SIZE 4096

/** struct message - A message with the buffer it lies in */
struct message {
	uint8_t data[BUF_SIZE];
	size_t len;
	struct wire_message open;
};

/** load() - Read a golden message and open it */
static void load(struct message *m, const char *path)
{
	m->len = hexfile_read(path, m->data, sizeof(m->data));
	assert_int_equal(wire_open(m->data, m->len, &m->open), 0);
}

/** assert_written() - The writer's result is this golden message */
static void assert_written(const struct message *m, const uint8_t *data,
			   ssize_t len)
{
	assert_int_equal(len, m->len);
	assert_memory_equal(data, m->data, m->len);
}

/** hello_cloud() - What hello-cloud.hex and hello-0.1.hex say */
static struct wire_hello hello_cloud(void)
{
	struct wire_hello hello = {
		.prefaces = {0xea, 0xa9, 0x28, 0xa4, 0x2e, 0x14, 0x7d, 0xaa,
			     0x09, 0x33, 0xdc, 0x3d, 0x28, 0xce, 0xb0, 0x16,
			     0x18, 0x28, 0x02, 0x12, 0xa8, 0x1a, 0x48, 0xb2,
			     0x7c, 0x03, 0x97, 0x9d, 0x87, 0x4d, 0x20, 0x7f},
		.gateway = "edge-1",
		.role = WIRE_ROLE_CLOUD,
		.site = "",
		.instance = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
			     0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf},
		.start_ms = 1795478400000,
		.msg_len_max = 66560,
		.offloads = 0x6f,
		.mtu = 1500,
		.software = "relaytun 0.1.0",
		.keepalive_ms = 5000,
		.channel_idx = 0,
		.clock_ms = 1795478400250,
	};

	memset(hello.policy_digest, 0x5a, sizeof(hello.policy_digest));
	return hello;
}

/** hello_site() - What hello-site.hex and hello-later-minor.hex say */
static struct wire_hello hello_site(void)
{
	struct wire_hello hello = hello_cloud();
	size_t i;

	memset(hello.gateway, 0, sizeof(hello.gateway));
	memcpy(hello.gateway, "oslo-a", 6);
	hello.role = WIRE_ROLE_SITE;
	memcpy(hello.site, "oslo", 4);
	for (i = 0; i < sizeof(hello.instance); i++)
		hello.instance[i] = (uint8_t)(0xb0 + i);
	hello.start_ms = 1795470000001;
	hello.msg_len_max = 4096;
	hello.offloads = GSO_CAN_CSUM;
	hello.mtu = 1280;
	hello.keepalive_ms = 2500;
	hello.channel_idx = 3;
	hello.clock_ms = 1795478400999;
	return hello;
}

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

static void data_reads_as_the_golden_records(void **state)
{
	struct message m;
	struct wire_record record;
	uint8_t *body;
	size_t off = 0;

	(void)state;
	load(&m, GOLDEN "data.hex");
	body = m.data + WIRE_HEADER_LEN;

	assert_int_equal(m.open.type, WIRE_DATA);
	assert_int_equal(wire_data_next(body, m.open.body_len, &off, &record),
			 1);
	assert_ptr_equal(record.data, m.data + 8);
	assert_int_equal(record.len, 45);
	assert_int_equal(wire_data_next(body, m.open.body_len, &off, &record),
			 1);
	assert_ptr_equal(record.data, m.data + 8 + 48 + 4);
	assert_int_equal(record.len, 96);
	assert_int_equal(wire_data_next(body, m.open.body_len, &off, &record),
			 0);
	assert_int_equal(off, m.open.body_len);
}

static void data_writes_as_the_golden_records(void **state)
{
	static const size_t lens[] = {45, 96};
	struct message m;
	struct wire_data data;
	uint8_t out[WIRE_MSG_LEN_FLOOR];
	size_t off = 8;
	size_t i;

	(void)state;
	load(&m, GOLDEN "data.hex");
	memset(out, 0xcc, sizeof(out));

	wire_data_begin(&data, out, sizeof(out));
	for (i = 0; i < 2; i++) {
		size_t room;
		uint8_t *at = wire_data_room(&data, &room);

		assert_true(room >= lens[i]);
		memcpy(at, m.data + off, lens[i]);
		off += wire_record_size(lens[i]);
		wire_data_commit(&data, lens[i]);
	}
	assert_written(&m, out, (ssize_t)data.len);
}

static void data_without_records_ends_at_once(void **state)
{
	struct message m;
	struct wire_record record;
	struct wire_data data;
	uint8_t out[WIRE_MSG_LEN_FLOOR];
	size_t off = 0;

	(void)state;
	load(&m, GOLDEN "data-empty.hex");
	assert_int_equal(wire_data_next(m.data + 4, 0, &off, &record), 0);

	wire_data_begin(&data, out, sizeof(out));
	assert_written(&m, out, (ssize_t)data.len);
}

static void data_cut_inside_a_record_is_malformed(void **state)
{
	struct message m;
	size_t len;

	(void)state;
	load(&m, GOLDEN "data.hex");
	for (len = 1; len < m.open.body_len; len++) {
		struct wire_record record;
		size_t off = 0;
		int rc = 1;

		while (rc > 0)
			rc = wire_data_next(m.data + 4, len, &off, &record);
		if (len == 4 + 48) /* between the two */
			assert_int_equal(rc, 0);
		else
			assert_int_equal(rc, -EBADMSG);
	}
}

static void data_record_length_outside_its_limits_is_malformed(void **state)
{
	static const struct {
		uint32_t len;
		int rc;
	} cases[] = {
		{0, -EBADMSG},
		{WIRE_RECORD_LEN_MIN - 1, -EBADMSG},
		{WIRE_RECORD_LEN_MIN, 1},
		{WIRE_RECORD_LEN_MAX, 1},
		{WIRE_RECORD_LEN_MAX + 1, -EBADMSG},
		{0x7fffffff, -EBADMSG},
		{0xffffffff, -EBADMSG},
		{0xfffffffc, -EBADMSG},
	};
	size_t size = WIRE_RECORD_LEN_MAX + 64;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *body = calloc(1, size);
		struct wire_record record;
		size_t off = 0;

		assert_non_null(body);
		memcpy(body, &(uint32_t){htole32(cases[i].len)}, 4);
		assert_int_equal(wire_data_next(body, size, &off, &record),
				 cases[i].rc);
		if (cases[i].rc < 0)
			assert_int_equal(off, 0);
		free(body);
	}
}

static void data_padding_that_is_not_zero_is_malformed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct message m;
		struct wire_record record;
		size_t off = 0;

		load(&m, GOLDEN "data.hex");
		m.data[WIRE_HEADER_LEN + 4 + 45 + i] = 1;
		assert_int_equal(wire_data_next(m.data + 4, m.open.body_len,
						&off, &record),
				 -EBADMSG);
	}
}

static void data_room_always_has_place_for_the_padding(void **state)
{
	size_t size;

	(void)state;
	for (size = WIRE_MSG_LEN_FLOOR; size < WIRE_MSG_LEN_FLOOR + 8; size++) {
		uint8_t *buf = malloc(size);
		struct wire_data data;
		size_t room;
		uint8_t *at;

		assert_non_null(buf);
		wire_data_begin(&data, buf, size);
		at = wire_data_room(&data, &room);
		assert_true(room > size - 8 - 4 && room <= size - 8);
		memset(at, 0, room);
		wire_data_commit(&data, room - 1);
		assert_true(data.len <= size);
		assert_int_equal(data.len % 4, 0);
		wire_data_room(&data, &room);
		assert_int_equal(room, 0);
		free(buf);
	}
}

static void data_room_is_never_more_than_the_longest_record(void **state)
{
	size_t size = WIRE_MSG_LEN_MAX * 2;
	uint8_t *buf = malloc(size);
	struct wire_data data;
	size_t room;

	(void)state;
	assert_non_null(buf);
	wire_data_begin(&data, buf, size);
	wire_data_room(&data, &room);
	assert_int_equal(room, 12 + 65535);
	free(buf);
}

static void longest_message_takes_the_largest_packet(void **state)
{
	uint8_t *buf = malloc(WIRE_MSG_LEN_MAX);
	struct wire_data data;
	size_t room;

	(void)state;
	assert_non_null(buf);
	wire_data_begin(&data, buf, WIRE_MSG_LEN_MAX);
	memset(wire_data_room(&data, &room), 0x45, WIRE_RECORD_LEN_MAX);
	assert_int_equal(room, WIRE_RECORD_LEN_MAX);
	wire_data_commit(&data, room);
	assert_true(data.len <= WIRE_MSG_LEN_MAX);
	free(buf);
}

static void data_commit_clears_what_must_not_travel(void **state)
{
	static const uint8_t header[12] = {0x02, 0, 0, 0, 0,    0,
					   0,    0, 0, 0, 0xde, 0xad};
	uint8_t buf[WIRE_MSG_LEN_FLOOR];
	struct wire_data data;
	size_t room;
	uint8_t *at;
	size_t i;

	(void)state;
	wire_data_begin(&data, buf, sizeof(buf));
	at = wire_data_room(&data, &room);
	memset(at, 0x45, 60);
	memcpy(at, header, sizeof(header));
	wire_data_commit(&data, 60);
	for (i = 0; i < sizeof(header); i++)
		assert_int_equal(at[i], 0);
	assert_int_equal(at[12], 0x45);
}

static void data_of_random_records_reads_back_what_was_written(void **state)
{
	static uint8_t buf[WIRE_MSG_LEN_MAX];
	unsigned int round;

	(void)state;
	srandom(20261124);
	for (round = 0; round < 300; round++) {
		size_t size =
			WIRE_MSG_LEN_FLOOR +
			(size_t)random() % (sizeof(buf) - WIRE_MSG_LEN_FLOOR);
		size_t lens[2000];
		size_t cnt = 0;
		struct wire_data data;
		struct wire_record record;
		size_t off = 0;
		size_t room;
		size_t i;

		wire_data_begin(&data, buf, size);
		for (;;) {
			uint8_t *at = wire_data_room(&data, &room);
			size_t len =
				WIRE_RECORD_LEN_MIN + (size_t)random() % 1500;

			if (len > room)
				break;
			memset(at, (int)(cnt & 0xff), len);
			memset(at, 0, VNET_HDR_LEN);
			wire_data_commit(&data, len);
			lens[cnt++] = len;
		}
		assert_true(data.len <= size);

		for (i = 0; i < cnt; i++) {
			assert_int_equal(wire_data_next(buf + 4, data.len - 4,
							&off, &record),
					 1);
			assert_int_equal(record.len, lens[i]);
			assert_int_equal(record.data[12], i & 0xff);
			assert_int_equal(record.data[lens[i] - 1], i & 0xff);
			assert_int_equal((record.data - buf) % 4, 0);
		}
		assert_int_equal(
			wire_data_next(buf + 4, data.len - 4, &off, &record),
			0);
	}
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
		cmocka_unit_test(message_header_is_type_and_three_zero_bytes),
		cmocka_unit_test(every_type_has_its_name),
		cmocka_unit_test(preface_reads_and_writes_as_the_golden_bytes),
		cmocka_unit_test(preface_of_any_other_length_is_malformed),
		cmocka_unit_test(preface_with_a_wrong_byte_is_malformed),
		cmocka_unit_test(
			preface_of_another_major_tells_only_its_version),
		cmocka_unit_test(preface_of_a_later_minor_is_read),
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
		cmocka_unit_test(
			ping_and_pong_read_and_write_as_the_golden_bytes),
		cmocka_unit_test(bye_reads_and_writes_as_the_golden_bytes),
		cmocka_unit_test(policy_reads_and_writes_as_the_golden_bytes),
		cmocka_unit_test(bye_text_cannot_carry_control_characters),
		cmocka_unit_test(bye_that_is_cut_or_too_long_is_malformed),
		cmocka_unit_test(writers_refuse_every_buffer_that_is_too_short),
		cmocka_unit_test(data_reads_as_the_golden_records),
		cmocka_unit_test(data_writes_as_the_golden_records),
		cmocka_unit_test(data_without_records_ends_at_once),
		cmocka_unit_test(data_cut_inside_a_record_is_malformed),
		cmocka_unit_test(
			data_record_length_outside_its_limits_is_malformed),
		cmocka_unit_test(data_padding_that_is_not_zero_is_malformed),
		cmocka_unit_test(data_room_always_has_place_for_the_padding),
		cmocka_unit_test(
			data_room_is_never_more_than_the_longest_record),
		cmocka_unit_test(longest_message_takes_the_largest_packet),
		cmocka_unit_test(data_commit_clears_what_must_not_travel),
		cmocka_unit_test(
			data_of_random_records_reads_back_what_was_written),
		cmocka_unit_test(specification_quotes_the_golden_bytes),
		cmocka_unit_test(random_hellos_read_back_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

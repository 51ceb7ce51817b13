/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "codec/ip.h"
#include "packets.h"

#define TCP    6
#define UDP    17
#define ICMP   1
#define ICMPV6 58

static const uint8_t a4[4] = {100, 64, 0, 1};
static const uint8_t b4[4] = {10, 1, 0, 5};
static const uint8_t a6[16] = {0xfd, 0x64, 0, 1, [15] = 1};
static const uint8_t b6[16] = {0xfd, 0x10, 0, 1, [15] = 5};

/**
 * view_exact() - ip_view() over memory that ends where the packet does
 *
 * So that AddressSanitizer sees a read behind its end.
 */
static int view_exact(const uint8_t *pkt, size_t len, struct ip_view *view)
{
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, pkt, len);
	rc = ip_view(copy, len, view);
	free(copy);
	return rc;
}

/** tcp4() - IPv4, TCP, ten bytes of payload */
static void tcp4(struct packet *p)
{
	packet_v4(p, a4, b4, TCP);
	packet_ports(p, TCP, 40000, 443);
	packet_add(p, "0123456789", 10);
	packet_close(p);
}

/** udp6() - IPv6, UDP, five bytes of payload */
static void udp6(struct packet *p)
{
	packet_v6(p, a6, b6, UDP);
	packet_ports(p, UDP, 40000, 53);
	packet_add(p, "01234", 5);
	packet_close(p);
}

static void ipv4_header_is_seen(void **state)
{
	struct packet p;
	struct ip_view v;

	(void)state;
	tcp4(&p);

	assert_int_equal(view_exact(p.data, p.len, &v), 0);
	assert_int_equal(v.family, IP_V4);
	assert_int_equal(v.src.family, IP_V4);
	assert_memory_equal(v.src.bytes, a4, 4);
	assert_memory_equal(v.dst.bytes, b4, 4);
	assert_int_equal(v.dst.bytes[4], 0);
	assert_int_equal(v.proto, TCP);
	assert_int_equal(v.l4_off, 20);
	assert_int_equal(v.len, 50);
	assert_false(v.fragment);
	assert_true(v.first);
}

static void ipv4_options_move_the_transport_header(void **state)
{
	struct packet p;
	struct ip_view v;

	(void)state;
	packet_v4(&p, a4, b4, UDP);
	p.data[0] = 0x4f;
	packet_add(&p, NULL, 40);
	packet_ports(&p, UDP, 1, 2);
	packet_close(&p);

	assert_int_equal(view_exact(p.data, p.len, &v), 0);
	assert_int_equal(v.l4_off, 60);
}

static void ipv4_length_must_be_what_came(void **state)
{
	struct packet p;
	struct ip_view v;
	size_t len;

	(void)state;
	tcp4(&p);
	packet_add(&p, NULL, 8);
	for (len = 0; len <= p.len; len++) {
		int want = len == 50 ? 0 : -EBADMSG;

		assert_int_equal(view_exact(p.data, len, &v), want);
	}
}

static void ipv4_super_packet_of_65535_bytes_is_seen(void **state)
{
	uint8_t *pkt = calloc(1, 65535);
	struct packet p;
	struct ip_view v;

	(void)state;
	assert_non_null(pkt);
	tcp4(&p);
	memcpy(pkt, p.data, p.len);
	put_u16(pkt + 2, 65535);
	assert_int_equal(ip_view(pkt, 65535, &v), 0);
	assert_int_equal(v.len, 65535);
	free(pkt);
}

static void ipv4_header_that_lies_is_refused(void **state)
{
	static const struct {
		size_t off;
		uint8_t value;
	} cases[] = {
		{0, 0x44}, /* header of 16 bytes */
		{0, 0x40}, /* of none */
		{0, 0x4f}, /* of 60, packet has 50 */
		{0, 0x55}, /* version 5 */
		{0, 0x05}, /* version 0 */
		{3, 19},   /* total length below the header */
		{3, 0},    /* none at all */
		{2, 1},    /* more than came */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct packet p;
		struct ip_view v;

		tcp4(&p);
		p.data[cases[i].off] = cases[i].value;
		assert_int_equal(view_exact(p.data, p.len, &v), -EBADMSG);
	}
}

static void ipv4_fragments_are_told_apart(void **state)
{
	static const struct {
		uint16_t field;
		bool fragment;
		bool first;
	} cases[] = {
		{0x0000, false, true}, {0x4000, false, true}, /* DF */
		{0x8000, false, true},                        /* reserved */
		{0x2000, true, true},                         /* MF */
		{0x2001, true, false}, {0x0001, true, false},
		{0x1fff, true, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct packet p;
		struct ip_view v;

		tcp4(&p);
		put_u16(p.data + 6, cases[i].field);
		assert_int_equal(view_exact(p.data, p.len, &v), 0);
		assert_int_equal(v.fragment, cases[i].fragment);
		assert_int_equal(v.first, cases[i].first);
		assert_int_equal(v.proto, TCP);
	}
}

static void ipv6_header_is_seen(void **state)
{
	struct packet p;
	struct ip_view v;

	(void)state;
	udp6(&p);

	assert_int_equal(view_exact(p.data, p.len, &v), 0);
	assert_int_equal(v.family, IP_V6);
	assert_int_equal(v.src.family, IP_V6);
	assert_memory_equal(v.src.bytes, a6, 16);
	assert_memory_equal(v.dst.bytes, b6, 16);
	assert_int_equal(v.proto, UDP);
	assert_int_equal(v.l4_off, 40);
	assert_int_equal(v.len, 53);
	assert_false(v.fragment);
	assert_true(v.first);
}

static void ipv6_length_must_be_what_came(void **state)
{
	struct packet p;
	struct ip_view v;
	size_t len;

	(void)state;
	udp6(&p);
	packet_add(&p, NULL, 8);
	for (len = 0; len <= p.len; len++) {
		int want = len == 53 ? 0 : -EBADMSG;

		assert_int_equal(view_exact(p.data, len, &v), want);
	}
}

static void ipv6_jumbogram_is_refused(void **state)
{
	struct packet p;
	struct ip_view v;

	(void)state;
	packet_v6(&p, a6, b6, 0);
	packet_add(&p, "\x11\0\xc2\x04\0\1\0\0", 8); /* RFC 2675 */
	packet_add(&p, NULL, 100);
	assert_int_equal(view_exact(p.data, p.len, &v), -EBADMSG);
}

static void ipv6_extension_headers_are_stepped_over(void **state)
{
	struct packet p;
	struct ip_view v;

	(void)state;
	packet_v6(&p, a6, b6, 0);
	packet_add(&p, "\x3c\0\1\4\0\0\0\0", 8); /* hop-by-hop */
	packet_add(&p, "\x2b\1\1\14\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* dest. */
	packet_add(&p, "\x06\0\0\0\0\0\0\0", 8);                   /* routing */
	packet_ports(&p, TCP, 1, 2);
	packet_close(&p);

	assert_int_equal(view_exact(p.data, p.len, &v), 0);
	assert_int_equal(v.proto, TCP);
	assert_int_equal(v.l4_off, 40 + 8 + 16 + 8);
}

static void ipv6_extension_header_cut_anywhere_is_refused(void **state)
{
	struct packet p;
	struct ip_view v;
	size_t len;

	(void)state;
	packet_v6(&p, a6, b6, 60);
	packet_add(&p, "\x06\1\1\14\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	for (len = 40; len <= 56; len++) {
		p.len = len;
		packet_close(&p);
		assert_int_equal(view_exact(p.data, len, &v),
				 len == 56 ? 0 : -EBADMSG);
	}
}

static void ipv6_fragment_with_an_offset_ends_the_walk(void **state)
{
	struct packet p;
	struct ip_view v;

	(void)state;
	packet_v6(&p, a6, b6, 44);
	packet_add(&p, "\x3c\0\0\x09\0\0\0\1", 8); /* offset 8, more */
	packet_add(&p, "\xff\xff\xff\xff", 4);     /* no header, just bytes */
	packet_close(&p);

	assert_int_equal(view_exact(p.data, p.len, &v), 0);
	assert_true(v.fragment);
	assert_false(v.first);
	assert_int_equal(v.proto, 60);
	assert_int_equal(v.l4_off, 48);
}

static void ipv6_first_fragment_is_walked_to_the_transport_header(void **state)
{
	struct packet p;
	struct ip_view v;

	(void)state;
	packet_v6(&p, a6, b6, 44);
	packet_add(&p, "\x3c\0\0\x01\0\0\0\1", 8); /* offset 0, more */
	packet_add(&p, "\x11\0\1\4\0\0\0\0", 8);
	packet_ports(&p, UDP, 1, 2);
	packet_close(&p);

	assert_int_equal(view_exact(p.data, p.len, &v), 0);
	assert_true(v.fragment);
	assert_true(v.first);
	assert_int_equal(v.proto, UDP);
	assert_int_equal(v.l4_off, 56);
}

static void ipv6_extension_headers_out_of_place_are_refused(void **state)
{
	struct packet p;
	struct ip_view v;

	(void)state;
	/* Hop-by-hop options that are not first. */
	packet_v6(&p, a6, b6, 60);
	packet_add(&p, "\x00\0\1\4\0\0\0\0", 8);
	packet_add(&p, "\x11\0\1\4\0\0\0\0", 8);
	packet_ports(&p, UDP, 1, 2);
	packet_close(&p);
	assert_int_equal(view_exact(p.data, p.len, &v), -EBADMSG);

	/* Two fragment headers. */
	packet_v6(&p, a6, b6, 44);
	packet_add(&p, "\x2c\0\0\x01\0\0\0\1", 8);
	packet_add(&p, "\x11\0\0\x01\0\0\0\1", 8);
	packet_ports(&p, UDP, 1, 2);
	packet_close(&p);
	assert_int_equal(view_exact(p.data, p.len, &v), -EBADMSG);
}

static void ipv6_takes_seven_extension_headers_and_not_eight(void **state)
{
	size_t cnt;

	(void)state;
	for (cnt = 1; cnt <= 9; cnt++) {
		struct packet p;
		struct ip_view v;
		size_t i;

		packet_v6(&p, a6, b6, 60);
		for (i = 0; i < cnt; i++)
			packet_add(&p, "\x3c\0\1\4\0\0\0\0", 8);
		p.data[40 + 8 * (cnt - 1)] = UDP;
		packet_ports(&p, UDP, 1, 2);
		packet_close(&p);
		assert_int_equal(view_exact(p.data, p.len, &v),
				 cnt <= 7 ? 0 : -EBADMSG);
	}
}

/** icmp4() - ICMP error of a type that quotes @quote */
static void icmp4(struct packet *p, uint8_t type, const struct packet *quote,
		  size_t quote_len)
{
	packet_v4(p, b4, a4, ICMP);
	*packet_add(p, NULL, 8) = type;
	packet_add(p, quote->data, quote_len);
	packet_close(p);
}

/** quote_exact() - ip_icmp_quote() over memory that ends with the packet */
static int quote_exact(const struct packet *p, struct ip_view *quoted)
{
	uint8_t *copy = malloc(p->len);
	struct ip_view v;
	int rc;

	assert_non_null(copy);
	memcpy(copy, p->data, p->len);
	assert_int_equal(ip_view(copy, p->len, &v), 0);
	assert_int_equal(ip_icmp_quote_off(&v), v.l4_off + 8);
	rc = ip_icmp_quote(copy, &v, quoted);
	free(copy);
	return rc;
}

static void icmp_error_shows_the_packet_it_is_about(void **state)
{
	struct packet quote;
	struct packet p;
	struct ip_view q;

	(void)state;
	tcp4(&quote);
	icmp4(&p, 3, &quote, 28); /* header and eight bytes: RFC 792 */

	assert_int_equal(quote_exact(&p, &q), 0);
	assert_int_equal(q.family, IP_V4);
	assert_memory_equal(q.src.bytes, a4, 4);
	assert_memory_equal(q.dst.bytes, b4, 4);
	assert_int_equal(q.proto, TCP);
	assert_int_equal(q.l4_off, 20);
	assert_int_equal(q.len, 50); /* as it claims */
	assert_true(q.first);
}

static void icmp_errors_are_only_those_about_a_packet(void **state)
{
	unsigned int type;

	(void)state;
	for (type = 0; type < 256; type++) {
		int want = type == 3 || type == 11 || type == 12 ? 0 : -ENOENT;
		struct packet quote;
		struct packet p;
		struct ip_view q;

		tcp4(&quote);
		icmp4(&p, (uint8_t)type, &quote, quote.len);
		assert_int_equal(quote_exact(&p, &q), want);
	}
	for (type = 0; type < 256; type++) {
		int want = type >= 1 && type <= 4 ? 0 : -ENOENT;
		struct packet quote;
		struct packet p;
		struct ip_view q;

		udp6(&quote);
		packet_v6(&p, b6, a6, ICMPV6);
		*packet_add(&p, NULL, 8) = (uint8_t)type;
		packet_add(&p, quote.data, quote.len);
		packet_close(&p);
		assert_int_equal(quote_exact(&p, &q), want);
	}
}

static void icmp_numbers_of_the_other_family_are_no_errors(void **state)
{
	struct packet quote;
	struct packet p;
	struct ip_view q;

	(void)state;
	tcp4(&quote);
	icmp4(&p, 3, &quote, 28);
	p.data[9] = ICMPV6;
	assert_int_equal(quote_exact(&p, &q), -ENOENT);
}

static void icmp_quote_cut_in_the_ip_header_is_malformed(void **state)
{
	struct packet quote;
	size_t len;

	(void)state;
	tcp4(&quote);
	for (len = 0; len <= quote.len; len++) {
		struct packet p;
		struct ip_view q;

		icmp4(&p, 11, &quote, len);
		assert_int_equal(quote_exact(&p, &q), len < 20 ? -EBADMSG : 0);
		if (len >= 20)
			assert_int_equal(q.first, len >= 28);
	}
}

static void icmp_header_that_is_cut_is_no_error(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < 8; len++) {
		struct packet p;
		struct ip_view q;

		packet_v4(&p, b4, a4, ICMP);
		packet_add(&p, "\3\0\0\0\0\0\0\0", len);
		packet_close(&p);
		assert_int_equal(quote_exact(&p, &q), -ENOENT);
	}
}

static void icmp_quote_of_the_other_family_is_malformed(void **state)
{
	struct packet quote;
	struct packet p;
	struct ip_view q;

	(void)state;
	udp6(&quote);
	icmp4(&p, 3, &quote, quote.len);
	assert_int_equal(quote_exact(&p, &q), -EBADMSG);
}

static void icmp_error_in_a_fragment_is_not_read(void **state)
{
	static const uint16_t fields[] = {0x2000, 0x2001, 0x0010};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct packet quote;
		struct packet p;
		struct ip_view q;

		tcp4(&quote);
		icmp4(&p, 3, &quote, 28);
		put_u16(p.data + 6, fields[i]);
		assert_int_equal(quote_exact(&p, &q), -ENOENT);
	}
}

static void icmp_quote_of_a_short_packet_does_not_take_what_is_behind(
	void **state)
{
	struct packet quote;
	struct packet p;
	struct ip_view q;

	(void)state;
	packet_v4(&quote, a4, b4, UDP);
	packet_add(&quote, NULL, 4);
	packet_close(&quote);
	packet_add(&quote, NULL, 104); /* an extension of RFC 4884 */
	icmp4(&p, 3, &quote, quote.len);

	assert_int_equal(quote_exact(&p, &q), 0);
	assert_int_equal(q.len, 24);
	assert_false(q.first);
}

static void icmpv6_quote_is_walked_to_its_transport_header(void **state)
{
	struct packet quote;
	struct packet p;
	struct ip_view q;

	(void)state;
	packet_v6(&quote, a6, b6, 60);
	packet_add(&quote, "\x11\0\1\4\0\0\0\0", 8);
	packet_ports(&quote, UDP, 7, 9);
	packet_add(&quote, NULL, 1000);
	packet_close(&quote);
	packet_v6(&p, b6, a6, ICMPV6);
	*packet_add(&p, NULL, 8) = 2;
	packet_add(&p, quote.data, 60);
	packet_close(&p);

	assert_int_equal(quote_exact(&p, &q), 0);
	assert_int_equal(q.proto, UDP);
	assert_int_equal(q.l4_off, 48);
	assert_int_equal(q.len, 1056);
	assert_true(q.first);
}

static void random_bytes_never_give_offsets_outside_the_packet(void **state)
{
	unsigned int seen = 0;
	unsigned int round;

	(void)state;
	srandom(20261124);
	for (round = 0; round < 200000; round++) {
		uint8_t pkt[160];
		size_t len = (size_t)random() % sizeof(pkt);
		struct ip_view v;
		struct ip_view q;
		size_t i;

		for (i = 0; i < len; i++)
			pkt[i] = (uint8_t)random();
		if (len >= 41 && round & 1) {
			static const uint8_t next[] = {0,  43, 44, 60,
						       58, 17, 6,  59};

			pkt[0] = 0x60;
			put_u16(pkt + 4, len - 40);
			pkt[6] = next[random() & 7];
			pkt[40] = next[random() & 7];
		} else if (len >= 20) {
			pkt[0] = (uint8_t)(0x45 + random() % 2);
			put_u16(pkt + 2, len);
			if (round & 2) {
				pkt[9] = ICMP;
				put_u16(pkt + 6, 0);
				pkt[20] = 3;
				pkt[28 % len] = 0x45;
			}
		}
		if (view_exact(pkt, len, &v))
			continue;
		seen++;
		assert_int_equal(v.len, len);
		assert_true(v.l4_off <= len);
		assert_true(v.first || v.fragment);
		if (!ip_icmp_quote(pkt, &v, &q) && q.first)
			assert_true(ip_icmp_quote_off(&v) + q.l4_off + 8 <=
				    len);
	}
	assert_true(seen > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_header_is_seen),
		cmocka_unit_test(ipv4_options_move_the_transport_header),
		cmocka_unit_test(ipv4_length_must_be_what_came),
		cmocka_unit_test(ipv4_super_packet_of_65535_bytes_is_seen),
		cmocka_unit_test(ipv4_header_that_lies_is_refused),
		cmocka_unit_test(ipv4_fragments_are_told_apart),
		cmocka_unit_test(ipv6_header_is_seen),
		cmocka_unit_test(ipv6_length_must_be_what_came),
		cmocka_unit_test(ipv6_jumbogram_is_refused),
		cmocka_unit_test(ipv6_extension_headers_are_stepped_over),
		cmocka_unit_test(ipv6_extension_header_cut_anywhere_is_refused),
		cmocka_unit_test(ipv6_fragment_with_an_offset_ends_the_walk),
		cmocka_unit_test(
			ipv6_first_fragment_is_walked_to_the_transport_header),
		cmocka_unit_test(
			ipv6_extension_headers_out_of_place_are_refused),
		cmocka_unit_test(
			ipv6_takes_seven_extension_headers_and_not_eight),
		cmocka_unit_test(icmp_error_shows_the_packet_it_is_about),
		cmocka_unit_test(icmp_errors_are_only_those_about_a_packet),
		cmocka_unit_test(
			icmp_numbers_of_the_other_family_are_no_errors),
		cmocka_unit_test(icmp_quote_cut_in_the_ip_header_is_malformed),
		cmocka_unit_test(icmp_header_that_is_cut_is_no_error),
		cmocka_unit_test(icmp_quote_of_the_other_family_is_malformed),
		cmocka_unit_test(icmp_error_in_a_fragment_is_not_read),
		cmocka_unit_test(
			icmp_quote_of_a_short_packet_does_not_take_what_is_behind),
		cmocka_unit_test(
			icmpv6_quote_is_walked_to_its_transport_header),
		cmocka_unit_test(
			random_bytes_never_give_offsets_outside_the_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

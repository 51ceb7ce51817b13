/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>

#include "codec/gso.h"
#include "hexfile.h"
#include "packets.h"

#define TCP  6
#define UDP  17
#define ICMP 1
#define SCTP 132

static const uint8_t a4[4] = {100, 64, 0, 1};
static const uint8_t b4[4] = {10, 1, 0, 5};
static const uint8_t a6[16] = {0xfd, 0x64, 0, 1, [15] = 1};
static const uint8_t b6[16] = {0xfd, 0x10, 0, 1, [15] = 5};

/** packet() - A packet with 1000 bytes behind its transport header */
static void packet(struct packet *p, int family, uint8_t proto)
{
	if (family == 4)
		packet_v4(p, a4, b4, proto);
	else
		packet_v6(p, a6, b6, proto);
	packet_ports(p, proto, 40000, 443);
	packet_add(p, NULL, 1000);
	packet_close(p);
}

/** struct good - Headers as Linux writes them, with the packet they are of */
struct good {
	int family;
	uint8_t proto;
	struct gso_header header;
	uint32_t needs;
};

static const struct good goods[] = {
	{4, TCP, {0, GSO_NONE, 0, 0, 0, 0, 0}, 0},
	{6, UDP, {0, GSO_NONE, 0, 0, 0, 0, 1}, 0},
	{4, ICMP, {GSO_DATA_VALID, GSO_NONE, 0, 0, 0, 0, 0}, 0},
	{4, TCP, {1, GSO_NONE, 0, 0, 20, 16, 0}, 0x01},
	{4, UDP, {1, GSO_NONE, 0, 0, 20, 6, 0}, 0x01},
	{6, TCP, {1, GSO_NONE, 0, 0, 40, 16, 0}, 0x01},
	{6, UDP, {1, GSO_NONE, 0, 0, 40, 6, 0}, 0x01},
	{4, TCP, {1, GSO_TCPV4, 40, 100, 20, 16, 0}, 0x03},
	{4, TCP, {1, GSO_TCPV4 | GSO_ECN, 40, 100, 20, 16, 0}, 0x0b},
	{4, TCP, {1, GSO_TCPV4, 1040, 100, 20, 16, 0}, 0x03}, /* all linear */
	{6, TCP, {1, GSO_TCPV6, 60, 100, 40, 16, 0}, 0x05},
	{6, TCP, {1, GSO_TCPV6 | GSO_ECN, 60, 100, 40, 16, 0}, 0x0d},
	{4, UDP, {1, GSO_UDP_L4, 28, 100, 20, 6, 0}, 0x21},
	{6, UDP, {1, GSO_UDP_L4, 48, 100, 40, 6, 0}, 0x41},
};

#define GOOD_CNT (sizeof(goods) / sizeof(goods[0]))

/** check_exact() - gso_check() over memory that ends where the packet does */
static int check_exact(const struct gso_header *header, const struct packet *p)
{
	uint8_t *copy = malloc(p->len);
	int rc;

	assert_non_null(copy);
	memcpy(copy, p->data, p->len);
	rc = gso_check(header, copy, p->len);
	free(copy);
	return rc;
}

static void header_reads_and_writes_as_virtio_lays_it_out(void **state)
{
	/* virtio 1.1, section 5.1.6, little-endian */
	static const uint8_t bytes[12] = {0x01, 0x84, 0x42, 0x01, 0xb4, 0x05,
					  0x14, 0x00, 0x10, 0x00, 0x02, 0x03};
	struct gso_header h;
	uint8_t out[12];

	(void)state;
	gso_read(bytes, &h);
	assert_int_equal(h.flags, GSO_NEEDS_CSUM);
	assert_int_equal(h.type, GSO_TCPV6 | GSO_ECN);
	assert_int_equal(h.hdr_len, 0x142);
	assert_int_equal(h.gso_size, 1460);
	assert_int_equal(h.csum_start, 20);
	assert_int_equal(h.csum_offset, 16);
	assert_int_equal(h.num_buffers, 0x302);

	gso_write(out, &h);
	assert_memory_equal(out, bytes, sizeof(bytes));
}

static void headers_as_linux_writes_them_pass(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < GOOD_CNT; i++) {
		struct packet p;

		packet(&p, goods[i].family, goods[i].proto);
		assert_int_equal(check_exact(&goods[i].header, &p), 0);
		assert_int_equal(gso_needs(&goods[i].header, p.data),
				 goods[i].needs);
	}
}

static void header_with_one_field_wrong_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < GOOD_CNT; i++) {
		const struct gso_header good = goods[i].header;
		struct gso_header bad[] = {good, good, good, good, good,
					   good, good, good, good};
		struct packet p;
		size_t k;

		bad[0].flags ^= 0x04; /* RSC_INFO */
		bad[1].flags ^= 0x80;
		bad[2].type = 3; /* UDP fragmentation: no one's any more */
		bad[3].type = 2;
		bad[4].csum_start++;
		bad[5].csum_offset++;
		bad[6].num_buffers = 2;
		bad[7].hdr_len = good.hdr_len ? 39 - 12 * (good.type == 5) : 20;
		bad[8].gso_size = good.gso_size ? 0 : 1;
		packet(&p, goods[i].family, goods[i].proto);
		for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
			assert_int_equal(check_exact(&bad[k], &p), -EBADMSG);
	}
}

static void type_must_fit_family_and_protocol(void **state)
{
	static const uint8_t types[] = {GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4};
	static const uint8_t protos[] = {TCP, UDP};
	size_t t;
	size_t k;
	int family;

	(void)state;
	for (t = 0; t < 3; t++) {
		for (k = 0; k < 2; k++) {
			for (family = 4; family <= 6; family += 2) {
				uint16_t l4 = family == 4 ? 20 : 40;
				uint8_t proto = protos[k];
				bool tcp = proto == TCP;
				struct gso_header h = {
					.flags = 1,
					.type = types[t],
					.hdr_len =
						(uint16_t)(l4 + (tcp ? 20 : 8)),
					.gso_size = 100,
					.csum_start = l4,
					.csum_offset = tcp ? 16 : 6,
				};
				bool fits =
					types[t] == GSO_UDP_L4
						? !tcp
						: tcp && (types[t] ==
							  GSO_TCPV4) ==
								  (family == 4);
				struct packet p;

				packet(&p, family, proto);
				assert_int_equal(check_exact(&h, &p),
						 fits ? 0 : -EBADMSG);
			}
		}
	}
}

static void ecn_is_for_tcp_only(void **state)
{
	struct gso_header udp = {1, GSO_UDP_L4 | GSO_ECN, 28, 100, 20, 6, 0};
	struct gso_header none = {1, GSO_NONE | GSO_ECN, 0, 0, 20, 16, 0};
	struct gso_header plain = {0, GSO_NONE | GSO_ECN, 0, 0, 0, 0, 0};
	struct packet p;

	(void)state;
	packet(&p, 4, UDP);
	assert_int_equal(check_exact(&udp, &p), -EBADMSG);
	packet(&p, 4, TCP);
	assert_int_equal(check_exact(&none, &p), -EBADMSG);
	assert_int_equal(check_exact(&plain, &p), -EBADMSG);
}

static void segments_need_the_checksum_flag(void **state)
{
	struct packet p;
	size_t i;

	(void)state;
	for (i = 0; i < GOOD_CNT; i++) {
		struct gso_header h = goods[i].header;

		if (!h.csum_start)
			continue;
		packet(&p, goods[i].family, goods[i].proto);
		h.flags = 0;
		assert_int_equal(check_exact(&h, &p), -EBADMSG);
		h.flags = GSO_DATA_VALID;
		assert_int_equal(check_exact(&h, &p), -EBADMSG);
		h.flags = GSO_NEEDS_CSUM | GSO_DATA_VALID;
		assert_int_equal(check_exact(&h, &p), -EBADMSG);
	}
}

static void hdr_len_lies_between_the_headers_and_the_end(void **state)
{
	struct packet p;
	unsigned int hdr_len;

	(void)state;
	packet(&p, 4, TCP);
	p.data[20 + 12] = 0x80; /* TCP header of 32 bytes */
	for (hdr_len = 0; hdr_len <= 1100; hdr_len++) {
		struct gso_header h = {
			1, GSO_TCPV4, (uint16_t)hdr_len, 100, 20, 16, 0};
		int want = hdr_len >= 52 && hdr_len <= 1040 ? 0 : -EBADMSG;

		assert_int_equal(check_exact(&h, &p), want);
	}
}

static void tcp_data_offset_that_lies_is_refused(void **state)
{
	struct gso_header h = {1, GSO_TCPV4, 1040, 100, 20, 16, 0};
	struct packet p;

	(void)state;
	packet(&p, 4, TCP);
	p.data[32] = 0x40; /* 16 bytes */
	assert_int_equal(check_exact(&h, &p), -EBADMSG);

	/* 60 bytes, where the packet has 50 of TCP. */
	packet_v4(&p, a4, b4, TCP);
	packet_ports(&p, TCP, 1, 2)[12] = 0xf0;
	packet_add(&p, NULL, 30);
	packet_close(&p);
	h.hdr_len = 70;
	assert_int_equal(check_exact(&h, &p), -EBADMSG);
}

static void segments_need_a_payload(void **state)
{
	struct gso_header h = {1, GSO_TCPV4, 40, 100, 20, 16, 0};
	struct packet p;

	(void)state;
	packet_v4(&p, a4, b4, TCP);
	packet_ports(&p, TCP, 1, 2);
	packet_close(&p);
	assert_int_equal(check_exact(&h, &p), -EBADMSG);
	packet_add(&p, "x", 1);
	packet_close(&p);
	assert_int_equal(check_exact(&h, &p), 0);
}

static void segments_of_tcp_have_at_least_eight_bytes(void **state)
{
	struct gso_header h = {1, GSO_TCPV4, 40, 8, 20, 16, 0};
	struct packet p;

	(void)state;
	packet(&p, 4, TCP);
	assert_int_equal(check_exact(&h, &p), 0);
	h.gso_size = 7;
	assert_int_equal(check_exact(&h, &p), -EBADMSG);
}

static void segments_of_udp_are_at_most_128(void **state)
{
	struct gso_header h = {1, GSO_UDP_L4, 28, 1, 20, 6, 0};
	struct packet p;

	(void)state;
	packet_v4(&p, a4, b4, UDP);
	packet_ports(&p, UDP, 1, 2);
	packet_add(&p, NULL, 128);
	packet_close(&p);
	assert_int_equal(check_exact(&h, &p), 0);
	packet_add(&p, NULL, 1);
	packet_close(&p);
	assert_int_equal(check_exact(&h, &p), -EBADMSG);
	h.gso_size = 2;
	assert_int_equal(check_exact(&h, &p), 0);
}

static void checksum_of_other_protocols_is_not_ours_to_leave(void **state)
{
	static const uint8_t protos[] = {ICMP, SCTP, 58, 47, 33, 136, 0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(protos); i++) {
		struct gso_header h = {1, GSO_NONE, 0, 0, 20, 16, 0};
		struct packet p;

		packet(&p, 4, TCP);
		p.data[9] = protos[i];
		assert_int_equal(check_exact(&h, &p), -EBADMSG);
		h.csum_offset = protos[i] == SCTP ? 8 : 2;
		assert_int_equal(check_exact(&h, &p), -EBADMSG);
	}
}

static void checksum_of_a_fragment_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < GOOD_CNT; i++) {
		struct packet p;

		if (!goods[i].header.csum_start || goods[i].family == 6)
			continue;
		packet(&p, 4, goods[i].proto);
		put_u16(p.data + 6, 0x2000);
		assert_int_equal(check_exact(&goods[i].header, &p), -EBADMSG);
		put_u16(p.data + 6, 0x0007);
		assert_int_equal(check_exact(&goods[i].header, &p), -EBADMSG);
	}
}

static void checksum_of_an_ipv6_fragment_is_refused(void **state)
{
	struct gso_header h = {1, GSO_NONE, 0, 0, 48, 6, 0};
	struct packet p;

	(void)state;
	packet_v6(&p, a6, b6, 44);
	packet_add(&p, "\x11\0\0\x01\0\0\0\1", 8);
	packet_ports(&p, UDP, 1, 2);
	packet_close(&p);
	assert_int_equal(check_exact(&h, &p), -EBADMSG);
}

static void checksum_field_must_lie_in_the_packet(void **state)
{
	struct gso_header tcp = {1, GSO_NONE, 0, 0, 20, 16, 0};
	struct gso_header udp = {1, GSO_NONE, 0, 0, 20, 6, 0};
	size_t len;

	(void)state;
	for (len = 0; len <= 24; len++) {
		struct packet p;

		packet_v4(&p, a4, b4, TCP);
		packet_add(&p, NULL, len);
		packet_close(&p);
		assert_int_equal(check_exact(&tcp, &p),
				 len < 20 ? -EBADMSG : 0);
		p.data[9] = UDP;
		assert_int_equal(check_exact(&udp, &p), len < 8 ? -EBADMSG : 0);
	}
}

static void checksum_start_follows_ipv6_extension_headers(void **state)
{
	struct gso_header h = {1, GSO_TCPV6, 68, 100, 48, 16, 0};
	struct packet p;

	(void)state;
	packet_v6(&p, a6, b6, 60);
	packet_add(&p, "\x06\0\1\4\0\0\0\0", 8);
	packet_ports(&p, TCP, 1, 2);
	packet_add(&p, NULL, 500);
	packet_close(&p);
	assert_int_equal(check_exact(&h, &p), 0);
	h.csum_start = 40;
	assert_int_equal(check_exact(&h, &p), -EBADMSG);
}

static void malformed_packet_is_refused_where_it_is_looked_at(void **state)
{
	struct gso_header h = {1, GSO_NONE, 0, 0, 20, 16, 0};
	struct packet p;

	(void)state;
	packet(&p, 4, TCP);
	p.len--;
	assert_int_equal(check_exact(&h, &p), -EBADMSG);
}

static void unknown_type_needs_what_nobody_has(void **state)
{
	struct gso_header h = {.flags = 0, .type = 3};
	struct packet p;

	(void)state;
	packet(&p, 4, UDP);
	assert_int_equal(gso_needs(&h, p.data), GSO_CAN_NOBODY);
}

static void scrub_clears_what_must_not_travel_and_nothing_else(void **state)
{
	uint8_t data[12] = {0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
	static const uint8_t want[12] = {0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0};

	(void)state;
	gso_scrub(data);
	assert_memory_equal(data, want, sizeof(want));
}

static void random_header_that_passes_is_one_linux_would_write(void **state)
{
	unsigned int passed = 0;
	unsigned int round;

	(void)state;
	srandom(20261124);
	for (round = 0; round < 500000; round++) {
		const struct good *good = &goods[(size_t)random() % GOOD_CNT];
		struct gso_header h = good->header;
		struct packet p;
		uint8_t bytes[12];
		bool tcp = good->proto == TCP;
		size_t l4 = good->family == 4 ? 20 : 40;

		packet(&p, good->family, good->proto);
		gso_write(bytes, &h);
		bytes[random() % 12] = (uint8_t)(random() % 64);
		bytes[random() % 12] ^= (uint8_t)(1u << (random() % 8));
		gso_read(bytes, &h);
		if (gso_check(&h, p.data, p.len))
			continue;
		passed++;
		if (h.flags & GSO_NEEDS_CSUM) {
			assert_int_equal(h.csum_start, l4);
			assert_int_equal(h.csum_offset, tcp ? 16 : 6);
		}
		if (h.type != GSO_NONE) {
			assert_true(h.flags & GSO_NEEDS_CSUM);
			assert_true(h.gso_size >= (tcp ? 8 : 1));
			assert_true(h.hdr_len <= p.len);
		}
	}
	assert_true(passed > 1000);
}

/** cut_all() - All segments, one behind the other; Return: length */
static size_t cut_all(const uint8_t *in, size_t in_len, uint8_t *out,
		      size_t size)
{
	struct gso_segments s;
	struct gso_header h;
	size_t len = 0;
	ssize_t got;

	gso_read(in, &h);
	assert_int_equal(gso_segments_init(&s, &h, in + 12, in_len - 12), 0);
	while ((got = gso_segment(&s, out + len, size - len)) > 0)
		len += (size_t)got;
	assert_int_equal(got, 0);
	assert_int_equal(gso_segment(&s, out, size), 0); /* and stays so */
	return len;
}

static void segments_are_the_golden_ones(void **state)
{
	static const char *const names[] = {
		"tcp4",      "tcp6",       "udp4",
		"udp6",      "one-tcp4",   "csum-udp4",
		"csum-tcp6", "valid-udp4", "csum-zero-udp4"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint8_t want[1024];
		uint8_t out[1024];
		uint8_t in[1024];
		char path[64];
		size_t in_len;
		size_t len;

		snprintf(path, sizeof(path), "tests/golden/gso/%s.in.hex",
			 names[i]);
		in_len = hexfile_read(path, in, sizeof(in));
		snprintf(path, sizeof(path), "tests/golden/gso/%s.out.hex",
			 names[i]);
		len = hexfile_read(path, want, sizeof(want));

		assert_int_equal(cut_all(in, in_len, out, sizeof(out)), len);
		assert_memory_equal(out, want, len);
	}
}

static void segment_that_does_not_fit_is_still_the_next_one(void **state)
{
	uint8_t want[1024];
	uint8_t out[1024];
	uint8_t in[1024];
	size_t in_len =
		hexfile_read("tests/golden/gso/udp4.in.hex", in, sizeof(in));
	struct gso_segments s;
	struct gso_header h;
	size_t size;

	(void)state;
	hexfile_read("tests/golden/gso/udp4.out.hex", want, sizeof(want));
	gso_read(in, &h);
	assert_int_equal(gso_segments_init(&s, &h, in + 12, in_len - 12), 0);
	for (size = 0; size < 12 + 28 + 9; size++) {
		memset(out, 0xcc, sizeof(out));
		assert_int_equal(gso_segment(&s, out, size), -EMSGSIZE);
		assert_int_equal(out[size], 0xcc);
	}
	assert_int_equal(gso_segment(&s, out, size), size);
	assert_memory_equal(out, want, size);
}

static void packet_whose_header_lies_is_not_cut(void **state)
{
	struct gso_header h = {1, GSO_TCPV4, 40, 7, 20, 16, 0};
	struct gso_segments s;
	struct packet p;

	(void)state;
	packet(&p, 4, TCP);
	assert_int_equal(gso_segments_init(&s, &h, p.data, p.len), -EBADMSG);
}

/** sum_twin() - Internet checksum the slow way: one byte at a time */
static uint32_t sum_twin(uint32_t sum, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i & 1 ? data[i] : (uint32_t)data[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/** assert_sums() - A receiver would find both checksums right */
static void assert_sums(const uint8_t *pkt, size_t len)
{
	bool v4 = pkt[0] >> 4 == 4;
	size_t l4 = v4 ? 20 : 40;
	uint32_t sum = (uint32_t)(len - l4) + pkt[v4 ? 9 : 6];

	if (v4)
		assert_int_equal(sum_twin(0, pkt, 20), 0xffff);
	sum = sum_twin(sum, pkt + (v4 ? 12 : 8), v4 ? 8 : 32);
	assert_int_equal(sum_twin(sum, pkt + l4, len - l4), 0xffff);
}

static void random_packets_are_cut_without_loss(void **state)
{
	static uint8_t out[1 << 20];
	unsigned int round;

	(void)state;
	srandom(20261124);
	for (round = 0; round < 3000; round++) {
		int family = round & 1 ? 4 : 6;
		uint8_t proto = round & 2 ? TCP : UDP;
		uint16_t l4 = family == 4 ? 20 : 40;
		uint16_t headers = (uint16_t)(l4 + (proto == TCP ? 20 : 8));
		size_t payload_len = 1 + (size_t)random() % 1500;
		struct gso_header h = {
			.flags = 1,
			.type = proto == UDP  ? GSO_UDP_L4
				: family == 4 ? GSO_TCPV4
					      : GSO_TCPV6,
			.hdr_len = headers,
			.gso_size = (uint16_t)(16 + random() % 600),
			.csum_start = l4,
			.csum_offset = proto == TCP ? 16 : 6,
		};
		struct gso_segments s;
		struct packet p;
		size_t done = 0;
		ssize_t got;
		size_t i;

		if (family == 4)
			packet_v4(&p, a4, b4, proto);
		else
			packet_v6(&p, a6, b6, proto);
		packet_ports(&p, proto, 40000, 443);
		for (i = 0; i < payload_len; i++)
			*packet_add(&p, NULL, 1) = (uint8_t)random();
		packet_close(&p);

		assert_int_equal(gso_segments_init(&s, &h, p.data, p.len), 0);
		while ((got = gso_segment(&s, out, sizeof(out))) > 0) {
			size_t len = (size_t)got - 12;
			struct gso_header none;
			struct ip_view view;

			gso_read(out, &none);
			assert_int_equal(gso_needs(&none, out + 12), 0);
			assert_int_equal(ip_view(out + 12, len, &view), 0);
			assert_sums(out + 12, len);
			assert_true(len > headers &&
				    len <= headers + h.gso_size);
			assert_memory_equal(out + 12 + headers,
					    p.data + headers + done,
					    len - headers);
			done += len - headers;
		}
		assert_int_equal(got, 0);
		assert_int_equal(done, payload_len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_reads_and_writes_as_virtio_lays_it_out),
		cmocka_unit_test(headers_as_linux_writes_them_pass),
		cmocka_unit_test(header_with_one_field_wrong_is_refused),
		cmocka_unit_test(type_must_fit_family_and_protocol),
		cmocka_unit_test(ecn_is_for_tcp_only),
		cmocka_unit_test(segments_need_the_checksum_flag),
		cmocka_unit_test(hdr_len_lies_between_the_headers_and_the_end),
		cmocka_unit_test(tcp_data_offset_that_lies_is_refused),
		cmocka_unit_test(segments_need_a_payload),
		cmocka_unit_test(segments_of_tcp_have_at_least_eight_bytes),
		cmocka_unit_test(segments_of_udp_are_at_most_128),
		cmocka_unit_test(
			checksum_of_other_protocols_is_not_ours_to_leave),
		cmocka_unit_test(checksum_of_a_fragment_is_refused),
		cmocka_unit_test(checksum_of_an_ipv6_fragment_is_refused),
		cmocka_unit_test(checksum_field_must_lie_in_the_packet),
		cmocka_unit_test(checksum_start_follows_ipv6_extension_headers),
		cmocka_unit_test(
			malformed_packet_is_refused_where_it_is_looked_at),
		cmocka_unit_test(unknown_type_needs_what_nobody_has),
		cmocka_unit_test(
			scrub_clears_what_must_not_travel_and_nothing_else),
		cmocka_unit_test(
			random_header_that_passes_is_one_linux_would_write),
		cmocka_unit_test(segments_are_the_golden_ones),
		cmocka_unit_test(
			segment_that_does_not_fit_is_still_the_next_one),
		cmocka_unit_test(packet_whose_header_lies_is_not_cut),
		cmocka_unit_test(random_packets_are_cut_without_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

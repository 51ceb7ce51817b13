/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "carrier/steer.h"
#include "steer_packets.h"

/** flow() - steer_flow() of a packet */
static uint32_t flow(const struct packet *p)
{
	struct ip_view view;

	assert_int_equal(ip_view(p->data, p->len, &view), 0);
	return steer_flow(p->data, &view);
}

static void flow_is_the_same_in_both_directions(void **state)
{
	static const uint8_t protos[] = {TCP, UDP};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct packet a;
		struct packet b;

		tuple(&a, "100.64.0.1", 40000, "10.1.0.5", 443, protos[i]);
		tuple(&b, "10.1.0.5", 443, "100.64.0.1", 40000, protos[i]);
		assert_int_equal(flow(&a), flow(&b));
		tuple(&a, "fd64:1::1", 1, "fd10:1::5", 2, protos[i]);
		tuple(&b, "fd10:1::5", 2, "fd64:1::1", 1, protos[i]);
		assert_int_equal(flow(&a), flow(&b));
		/* Equal addresses: the ports alone order the ends. */
		tuple(&a, "10.1.0.5", 1, "10.1.0.5", 2, protos[i]);
		tuple(&b, "10.1.0.5", 2, "10.1.0.5", 1, protos[i]);
		assert_int_equal(flow(&a), flow(&b));
	}
}

static void flow_depends_on_each_part_of_the_tuple(void **state)
{
	struct packet p[6];
	size_t i;
	size_t k;

	(void)state;
	tuple(&p[0], "100.64.0.1", 40000, "10.1.0.5", 443, TCP);
	tuple(&p[1], "100.64.0.1", 40001, "10.1.0.5", 443, TCP);
	tuple(&p[2], "100.64.0.1", 40000, "10.1.0.5", 444, TCP);
	tuple(&p[3], "100.64.0.1", 40000, "10.1.0.6", 443, TCP);
	tuple(&p[4], "100.64.0.1", 40000, "10.1.0.5", 443, UDP);
	tuple(&p[5], "100.64.0.1", 443, "10.1.0.5", 40000, TCP);
	for (i = 0; i < 6; i++) {
		for (k = 0; k < i; k++)
			assert_int_not_equal(flow(&p[i]), flow(&p[k]));
	}
}

static void flow_of_an_icmp_error_is_that_of_the_quoted_packet(void **state)
{
	struct packet quote;
	struct packet p;

	(void)state;
	tuple(&quote, "100.64.0.1", 40000, "10.1.0.5", 443, TCP);
	icmp_error(&p, "192.168.7.1", "100.64.0.1", &quote);
	assert_int_equal(flow(&p), flow(&quote));

	/* Eight bytes of the transport header are enough. */
	p.len = 20 + 8 + 20 + 8;
	packet_close(&p);
	assert_int_equal(flow(&p), flow(&quote));

	tuple(&quote, "fd64:1::1", 40000, "fd10:1::5", 53, UDP);
	icmp_error(&p, "2001:db8::1", "fd64:1::1", &quote);
	assert_int_equal(flow(&p), flow(&quote));
}

static void flow_of_a_ping_is_its_id(void **state)
{
	struct packet ping;
	struct packet pong;
	struct packet other;
	struct packet error;

	(void)state;
	echo(&ping, "100.64.0.1", "10.1.0.5", 8, 77);
	echo(&pong, "10.1.0.5", "100.64.0.1", 0, 77);
	echo(&other, "100.64.0.1", "10.1.0.5", 8, 78);
	assert_int_equal(flow(&ping), flow(&pong));
	assert_int_not_equal(flow(&ping), flow(&other));
	icmp_error(&error, "192.168.7.1", "100.64.0.1", &ping);
	assert_int_equal(flow(&error), flow(&ping));

	echo(&ping, "fd64:1::1", "fd10:1::5", 128, 77);
	echo(&pong, "fd10:1::5", "fd64:1::1", 129, 77);
	echo(&other, "fd64:1::1", "fd10:1::5", 128, 78);
	assert_int_equal(flow(&ping), flow(&pong));
	assert_int_not_equal(flow(&ping), flow(&other));
}

static void flow_of_a_first_fragment_is_its_datagrams(void **state)
{
	struct packet whole;
	struct packet first;

	(void)state;
	tuple(&whole, "100.64.0.1", 40000, "10.1.0.5", 443, UDP);
	tuple(&first, "100.64.0.1", 40000, "10.1.0.5", 443, UDP);
	put_u16(first.data + 6, 0x2000);
	assert_int_equal(flow(&first), flow(&whole));
}

/** datagram() - steer_datagram() of a packet */
static uint64_t datagram(const struct packet *p)
{
	struct ip_view view;

	assert_int_equal(ip_view(p->data, p->len, &view), 0);
	return steer_datagram(&view);
}

static void fragments_of_a_datagram_have_its_key(void **state)
{
	struct packet first;
	struct packet later;

	(void)state;
	tuple(&first, "100.64.0.1", 40000, "10.1.0.5", 443, UDP);
	put_u16(first.data + 4, 7);
	put_u16(first.data + 6, 0x2000);
	tuple(&later, "100.64.0.1", 1, "10.1.0.5", 2, UDP); /* payload */
	put_u16(later.data + 4, 7);
	put_u16(later.data + 6, 0x00b9);
	assert_true(datagram(&first) == datagram(&later));

	put_u16(later.data + 4, 8);
	assert_true(datagram(&first) != datagram(&later));
	put_u16(later.data + 4, 7);
	later.data[19] = 6;
	assert_true(datagram(&first) != datagram(&later));
}

/** begins() - steer_begins() of a packet */
static bool begins(const struct packet *p)
{
	struct ip_view view;

	assert_int_equal(ip_view(p->data, p->len, &view), 0);
	return steer_begins(p->data, &view);
}

static void only_a_syn_begins_a_tcp_connection(void **state)
{
	struct packet error;
	struct packet p;

	(void)state;
	tuple(&p, "100.64.0.1", 1, "10.1.0.5", 2, TCP);
	p.data[33] = 0x10; /* ACK */
	assert_false(begins(&p));
	p.data[33] = 0x12; /* SYN ACK */
	assert_false(begins(&p));
	p.data[33] = 0x02; /* SYN */
	assert_true(begins(&p));
	p.data[33] = 0xc2; /* SYN, with ECN */
	assert_true(begins(&p));

	icmp_error(&error, "192.168.7.1", "100.64.0.1", &p);
	assert_false(begins(&error));
	tuple(&p, "100.64.0.1", 1, "10.1.0.5", 2, UDP);
	assert_true(begins(&p));
}

static void flow_of_a_cut_transport_header_is_not_read_from_behind_it(
	void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < 8; len++) {
		struct ip_view view;
		struct packet p;
		uint8_t *copy;

		begin(&p, "100.64.0.1", "10.1.0.5", UDP);
		packet_add(&p, NULL, len);
		packet_close(&p);
		copy = malloc(p.len);
		assert_non_null(copy);
		memcpy(copy, p.data, p.len);
		assert_int_equal(ip_view(copy, p.len, &view), 0);
		assert_int_equal(steer_flow(copy, &view), flow(&p));
		free(copy);
	}
}

static void flows_spread_evenly(void **state)
{
	unsigned int buckets[8] = {0};
	unsigned int port;
	size_t i;

	(void)state;
	for (port = 1024; port < 1024 + 8000; port++) {
		struct packet p;

		tuple(&p, "100.64.0.1", port, "10.1.0.5", 443, TCP);
		buckets[flow(&p) % 8]++;
	}
	/* 1000 in each, give or take four standard deviations. */
	for (i = 0; i < 8; i++)
		assert_in_range(buckets[i], 1000 - 120, 1000 + 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flow_is_the_same_in_both_directions),
		cmocka_unit_test(flow_depends_on_each_part_of_the_tuple),
		cmocka_unit_test(
			flow_of_an_icmp_error_is_that_of_the_quoted_packet),
		cmocka_unit_test(flow_of_a_ping_is_its_id),
		cmocka_unit_test(flow_of_a_first_fragment_is_its_datagrams),
		cmocka_unit_test(fragments_of_a_datagram_have_its_key),
		cmocka_unit_test(only_a_syn_begins_a_tcp_connection),
		cmocka_unit_test(
			flow_of_a_cut_transport_header_is_not_read_from_behind_it),
		cmocka_unit_test(flows_spread_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

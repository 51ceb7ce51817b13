/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "carrier/datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "carrier/steer.h"
#include "steer_packets.h"

/** struct sides - Addresses of one family */
struct sides {
	const char *cloud;
	const char *server;
	const char *router;
};

static const struct sides families[] = {
	{"100.64.0.1", "10.1.0.5", "192.168.7.1"},
	{"fd64:1::1", "fd10:1::5", "2001:db8::1"},
};

static mono_t at(int64_t ms)
{
	return (mono_t){(1000000 + ms) * NS_PER_MS};
}

/** fragment() - Of a UDP datagram, 40000 to 443: the first, or a later one */
static void fragment(struct packet *p, const char *src, const char *dst,
		     unsigned int id, bool first)
{
	bool v4 = addr(src).family == IP_V4;
	uint8_t *head;

	begin(p, src, dst, v4 ? UDP : 44);
	if (v4) {
		put_u16(p->data + 4, id);
		put_u16(p->data + 6, first ? 0x2000 : 185);
	} else {
		head = packet_add(p, NULL, 8);
		head[0] = UDP;
		put_u16(head + 2, first ? 1 : 1480);
		put_u16(head + 6, id);
	}
	if (first)
		packet_ports(p, UDP, 40000, 443);
	packet_add(p, NULL, 100);
	packet_close(p);
}

static struct ip_view view_of(const struct packet *p)
{
	struct ip_view view;

	assert_int_equal(ip_view(p->data, p->len, &view), 0);
	return view;
}

static uint32_t flow(struct datagrams *d, const struct packet *p, int64_t ms)
{
	struct ip_view view = view_of(p);

	return datagram_flow(d, p->data, &view, at(ms));
}

static void came(struct datagrams *d, const struct packet *p, int64_t ms)
{
	struct ip_view view = view_of(p);

	datagram_came(d, p->data, &view, at(ms));
}

/** tuple_flow() - Of whole packets of the same flow */
static uint32_t tuple_flow(const struct sides *s)
{
	struct packet whole;
	struct ip_view view;

	tuple(&whole, s->cloud, 40000, s->server, 443, UDP);
	view = view_of(&whole);
	return steer_flow(whole.data, &view);
}

static struct datagrams *setup(void)
{
	struct datagrams *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	return d;
}

static void later_fragments_follow_the_one_that_came_first(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct sides *s = &families[i];
		struct datagrams *d = setup();
		struct packet p;

		fragment(&p, s->cloud, s->server, 7, true);
		assert_int_equal(flow(d, &p, 0), tuple_flow(s));
		fragment(&p, s->cloud, s->server, 7, false);
		assert_int_equal(flow(d, &p, 1), tuple_flow(s));
		/* Another datagram's first was not seen. */
		fragment(&p, s->cloud, s->server, 8, false);
		assert_int_not_equal(flow(d, &p, 1), tuple_flow(s));
		/* The next of this one follows it, whatever comes now. */
		fragment(&p, s->cloud, s->server, 8, true);
		assert_int_not_equal(flow(d, &p, 2), tuple_flow(s));
		free(d);
	}
}

/** error_about() - Of a router, about a later fragment of datagram @id */
static void error_about(struct packet *p, const struct sides *s,
			unsigned int id)
{
	struct packet quote;

	fragment(&quote, s->cloud, s->server, id, false);
	icmp_error(p, s->router, s->cloud, &quote);
}

static void error_about_a_later_fragment_finds_its_flow(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct sides *s = &families[i];
		struct datagrams *d = setup();
		struct packet error;
		struct packet p;

		error_about(&error, s, 7);
		assert_int_not_equal(flow(d, &error, 0), tuple_flow(s));
		fragment(&p, s->cloud, s->server, 7, true);
		came(d, &p, 0);
		fragment(&p, s->cloud, s->server, 7, false);
		came(d, &p, 0);
		assert_int_equal(flow(d, &error, 1), tuple_flow(s));

		/* Not another's, nor after a while. */
		error_about(&error, s, 8);
		assert_int_not_equal(flow(d, &error, 2), tuple_flow(s));
		error_about(&error, s, 7);
		assert_int_not_equal(flow(d, &error, DATAGRAM_LIFE_MS + 2),
				     tuple_flow(s));
		free(d);
	}
}

static void error_is_not_about_what_goes_the_same_way(void **state)
{
	const struct sides *s = &families[0];
	struct datagrams *d = setup();
	struct packet error;
	struct packet p;

	(void)state;
	fragment(&p, s->cloud, s->server, 7, true);
	(void)flow(d, &p, 0);
	error_about(&error, s, 7);
	assert_int_not_equal(flow(d, &error, 1), tuple_flow(s));
	free(d);
}

static void fragments_of_a_peer_push_out_none_of_ours(void **state)
{
	const struct sides *s = &families[0];
	struct datagrams *d = setup();
	struct packet p;
	unsigned int id;

	(void)state;
	fragment(&p, s->cloud, s->server, 7, true);
	(void)flow(d, &p, 0);
	for (id = 0; id < 60000; id++) {
		fragment(&p, s->server, s->cloud, id, true);
		came(d, &p, 1);
	}
	fragment(&p, s->cloud, s->server, 7, false);
	assert_int_equal(flow(d, &p, 2), tuple_flow(s));
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			later_fragments_follow_the_one_that_came_first),
		cmocka_unit_test(error_about_a_later_fragment_finds_its_flow),
		cmocka_unit_test(error_is_not_about_what_goes_the_same_way),
		cmocka_unit_test(fragments_of_a_peer_push_out_none_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

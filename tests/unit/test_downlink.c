/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_downlink.c - What of a peer's message gets to the kernel
 *
 * A socket takes the place of the TUN queue: what is written there can be read.
 */

#include "carrier/downlink.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "carrier/worker.h"
#include "codec/csum.h"
#include "codec/gso.h"
#include "codec/netorder.h"
#include "packets.h"
#include "two_sites.h"

static const uint8_t server[4] = {10, 1, 0, 5};
static const uint8_t other_server[4] = {10, 3, 0, 5};
static const uint8_t stranger[4] = {10, 2, 0, 5};
static const uint8_t gateway[4] = {100, 64, 0, 1};

/** struct world - A channel from oslo-a */
struct world {
	struct two_sites sites;
	struct kin kin;
	struct worker worker;
	struct peer peers[PEER_CNT];
	struct channel channel;
};

static int world_open(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	two_sites_open(&w.sites);
	w.sites.setup.tun_offloads = GSO_CAN_CSUM | GSO_CAN_TSO4;
	w.kin.cnt = 1;
	w.worker.kin = &w.kin;
	w.worker.setup = &w.sites.setup;
	w.worker.peers = w.peers;
	w.worker.peer_cnt = PEER_CNT;
	w.channel.worker = &w.worker;
	w.channel.peer = OSLO_A;
	*state = &w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;

	two_sites_close(&w->sites);
	return 0;
}

/** tcp() - A segment with 100 bytes of data */
static void tcp(struct packet *p, const uint8_t src[4], const uint8_t dst[4])
{
	packet_v4(p, src, dst, 6);
	packet_ports(p, 6, 80, 1000);
	packet_add(p, NULL, 100);
	packet_close(p);
}

/** arrive() - One record from the peer; Return: as downlink_data() */
static int arrive(struct world *w, const struct gso_header *offload,
		  const struct packet *p)
{
	uint8_t message[WIRE_MSG_LEN_FLOOR];
	struct wire_data data;
	uint8_t *record;
	size_t room;

	wire_data_begin(&data, message, sizeof(message));
	record = wire_data_room(&data, &room);
	memset(record, 0, VNET_HDR_LEN);
	memcpy(record + VNET_HDR_LEN, p->data, p->len);
	wire_data_commit(&data, VNET_HDR_LEN + p->len);
	/* Last: a peer that means harm does not scrub its header. */
	gso_write(record, offload);
	return downlink_data(&w->channel, message + WIRE_HEADER_LEN,
			     data.len - WIRE_HEADER_LEN);
}

/** segments() - Two segments of a stream and one of another arrive as one message;
 *  Return: bytes of each */
static size_t segments(struct world *w)
{
	static const struct gso_header none = {0};
	uint8_t message[WIRE_MSG_LEN_FLOOR];
	struct wire_data data;
	struct packet p;
	uint8_t *record;
	size_t room;
	size_t i;

	wire_data_begin(&data, message, sizeof(message));
	for (i = 0; i < 3; i++) {
		tcp(&p, server, gateway);
		store_u16(p.data + 4, i);
		store_u16(p.data + 10,
			  (uint16_t)~csum_fold(csum_add(0, p.data, 20)));
		store_u16(p.data + 20, i < 2 ? 80 : 81);
		store_u32(p.data + 24, (uint32_t)i * 100);
		p.data[33] = 0x10;
		/* Of the pseudo header: addresses, TCP's number, length */
		store_u16(p.data + 36,
			  (uint16_t)~csum_fold(csum_add(
				  csum_add(6 + p.len - 20, p.data + 12, 8),
				  p.data + 20, p.len - 20)));
		record = wire_data_room(&data, &room);
		gso_write(record, &none);
		memcpy(record + VNET_HDR_LEN, p.data, p.len);
		wire_data_commit(&data, VNET_HDR_LEN + p.len);
	}
	assert_int_equal(downlink_data(&w->channel, message + WIRE_HEADER_LEN,
				       data.len - WIRE_HEADER_LEN),
			 0);
	return p.len;
}

/** dropped() - Nothing got to the kernel, and the one reason was counted */
static void assert_dropped(struct world *w, enum drop_reason reason)
{
	uint8_t got[PACKET_SIZE];
	int i;

	assert_int_equal(read(w->sites.kernel, got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
	for (i = 0; i < DROP_REASON_CNT; i++)
		assert_int_equal(w->worker.stats.drops[i], i == (int)reason);
	assert_int_equal(w->worker.stats.down.packets, 0);
	w->worker.stats.drops[reason] = 0;
}

static void a_good_packet_gets_to_the_kernel_and_is_counted(void **state)
{
	const struct gso_header offload = {
		.flags = GSO_NEEDS_CSUM,
		.type = GSO_TCPV4,
		.hdr_len = 40,
		.gso_size = 50,
		.csum_start = 20,
		.csum_offset = 16,
	};
	struct world *w = *state;
	uint8_t got[PACKET_SIZE];
	struct gso_header header;
	struct packet p;

	tcp(&p, server, gateway);

	assert_int_equal(arrive(w, &offload, &p), 0);

	assert_int_equal(read(w->sites.kernel, got, sizeof(got)),
			 VNET_HDR_LEN + p.len);
	gso_read(got, &header);
	assert_int_equal(header.flags, GSO_NEEDS_CSUM);
	assert_int_equal(header.type, GSO_TCPV4);
	assert_int_equal(header.gso_size, 50);
	assert_memory_equal(got + VNET_HDR_LEN, p.data, p.len);
	assert_int_equal(w->worker.stats.down.packets, 1);
	assert_int_equal(w->worker.stats.down.bytes, p.len);
	assert_int_equal(w->peers[OSLO_A].down.packets, 1);
	assert_int_equal(w->peers[OSLO_A].down.bytes, p.len);
}

static void a_peers_word_for_a_checksum_is_not_taken(void **state)
{
	const struct gso_header offload = {.flags = GSO_DATA_VALID};
	struct world *w = *state;
	uint8_t got[PACKET_SIZE];
	struct gso_header header;
	struct packet p;

	tcp(&p, server, gateway);

	assert_int_equal(arrive(w, &offload, &p), 0);

	assert_int_equal(read(w->sites.kernel, got, sizeof(got)),
			 VNET_HDR_LEN + p.len);
	gso_read(got, &header);
	assert_int_equal(header.flags, 0);
}

static void an_offload_header_that_is_not_the_packets_is_dropped(void **state)
{
	static const struct gso_header bad[] = {
		/* a checksum elsewhere than in the TCP header */
		{.flags = GSO_NEEDS_CSUM, .csum_start = 20, .csum_offset = 6},
		{.flags = GSO_NEEDS_CSUM, .csum_start = 0, .csum_offset = 16},
		{.flags = GSO_NEEDS_CSUM,
		 .csum_start = 65535,
		 .csum_offset = 16},
		/* segments without a size, and headers beyond the packet */
		{.flags = GSO_NEEDS_CSUM,
		 .type = GSO_TCPV4,
		 .hdr_len = 40,
		 .csum_start = 20,
		 .csum_offset = 16},
		{.flags = GSO_NEEDS_CSUM,
		 .type = GSO_TCPV4,
		 .hdr_len = 4000,
		 .gso_size = 50,
		 .csum_start = 20,
		 .csum_offset = 16},
		/* values that mean nothing here */
		{.gso_size = 50},
		{.flags = 0x80},
	};
	struct world *w = *state;
	struct packet p;
	size_t i;

	tcp(&p, server, gateway);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(arrive(w, &bad[i], &p), 0);
		assert_dropped(w, DROP_DOWN_BAD_OFFLOAD);
	}
}

static void an_offload_that_the_kernel_does_not_take_is_dropped(void **state)
{
	const struct gso_header offload = {
		.flags = GSO_NEEDS_CSUM,
		.csum_start = 20,
		.csum_offset = 16,
	};
	struct world *w = *state;
	struct packet p;

	w->sites.setup.tun_offloads = 0;
	tcp(&p, server, gateway);

	assert_int_equal(arrive(w, &offload, &p), 0);

	assert_dropped(w, DROP_DOWN_BAD_OFFLOAD);
}

static void what_is_no_packet_of_this_peer_is_dropped(void **state)
{
	const struct gso_header none = {0};
	struct world *w = *state;
	struct packet p;

	tcp(&p, stranger, gateway);
	assert_int_equal(arrive(w, &none, &p), 0);
	assert_dropped(w, DROP_DOWN_SOURCE);

	tcp(&p, server, stranger);
	assert_int_equal(arrive(w, &none, &p), 0);
	assert_dropped(w, DROP_DOWN_SOURCE);

	tcp(&p, server, gateway);
	p.data[0] = 0x55;
	assert_int_equal(arrive(w, &none, &p), 0);
	assert_dropped(w, DROP_DOWN_BAD_PACKET);
}

static void first_fragments_are_remembered_unless_they_are_dropped(void **state)
{
	const struct gso_header none = {0};
	struct world *w = *state;
	struct packet p;

	tcp(&p, stranger, gateway);
	put_u16(p.data + 6, 0x2000);
	assert_int_equal(arrive(w, &none, &p), 0);
	assert_true(memo_is_unused(&w->worker.datagrams.in));

	tcp(&p, server, gateway);
	put_u16(p.data + 6, 0x2000);
	assert_int_equal(arrive(w, &none, &p), 0);
	assert_false(memo_is_unused(&w->worker.datagrams.in));
	assert_true(memo_is_unused(&w->worker.datagrams.out));
}

/** told() - How many notes wait for the sibling */
static size_t told(struct world *w)
{
	struct kin_note note;
	size_t cnt = 0;

	while (!mailbox_take(&w->kin.notes[1], &note, sizeof(note)))
		cnt += note.kind == KIN_CAME;
	return cnt;
}

static void siblings_hear_of_fragments_from_sites_with_several_gateways_only(
	void **state)
{
	const struct gso_header none = {0};
	struct world *w = *state;
	struct packet p;

	assert_int_equal(kin_open(&w->kin, 2), 0);
	tcp(&p, server, gateway);
	put_u16(p.data + 6, 0x2000);
	assert_int_equal(arrive(w, &none, &p), 0);
	assert_int_equal(told(w), 0);

	w->channel.peer = BERGEN_A;
	tcp(&p, other_server, gateway);
	put_u16(p.data + 6, 0x2000);
	assert_int_equal(arrive(w, &none, &p), 0);
	assert_int_equal(told(w), 1);
	assert_int_equal(w->worker.stats.down.packets, 2);
	kin_close(&w->kin);
}

static void what_the_kernel_does_not_take_is_counted(void **state)
{
	const struct gso_header none = {0};
	struct world *w = *state;
	struct packet p;

	assert_int_equal(shutdown(w->sites.kernel, SHUT_RD), 0);
	tcp(&p, server, gateway);

	assert_int_equal(arrive(w, &none, &p), 0);

	assert_int_equal(w->worker.stats.drops[DROP_DOWN_KERNEL], 1);
	assert_int_equal(w->worker.stats.down.packets, 0);
}

static void segments_of_a_stream_get_to_the_kernel_at_once(void **state)
{
	struct world *w = *state;
	uint8_t got[PACKET_SIZE];
	struct gso_header header;
	size_t len = segments(w);

	assert_int_equal(read(w->sites.kernel, got, sizeof(got)),
			 VNET_HDR_LEN + len + 100);
	gso_read(got, &header);
	assert_int_equal(header.type, GSO_TCPV4);
	assert_int_equal(header.gso_size, 100);
	assert_int_equal(read(w->sites.kernel, got, sizeof(got)),
			 VNET_HDR_LEN + len);
	assert_int_equal(w->worker.stats.down.packets, 3);
	assert_int_equal(w->worker.stats.down.bytes, 3 * len);
	assert_int_equal(w->peers[OSLO_A].down.packets, 3);
	assert_int_equal(w->peers[OSLO_A].down.bytes, 3 * len);
}

static void segments_stay_apart_for_a_kernel_without_offloads(void **state)
{
	struct world *w = *state;
	uint8_t got[PACKET_SIZE];
	size_t len;
	size_t i;

	w->sites.setup.tun_offloads = 0;
	len = segments(w);
	for (i = 0; i < 3; i++)
		assert_int_equal(read(w->sites.kernel, got, sizeof(got)),
				 VNET_HDR_LEN + len);
}

static void segments_that_the_kernel_does_not_take_are_all_counted(void **state)
{
	struct world *w = *state;

	assert_int_equal(shutdown(w->sites.kernel, SHUT_RD), 0);
	segments(w);
	assert_int_equal(w->worker.stats.drops[DROP_DOWN_KERNEL], 3);
	assert_int_equal(w->worker.stats.down.packets, 0);
}

static void a_message_that_is_malformed_ends_the_channel(void **state)
{
	struct world *w = *state;
	uint8_t body[] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};

	assert_int_equal(downlink_data(&w->channel, body, sizeof(body)),
			 -EBADMSG);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_packet_gets_to_the_kernel_and_is_counted),
		TEST(a_peers_word_for_a_checksum_is_not_taken),
		TEST(an_offload_header_that_is_not_the_packets_is_dropped),
		TEST(an_offload_that_the_kernel_does_not_take_is_dropped),
		TEST(what_is_no_packet_of_this_peer_is_dropped),
		TEST(first_fragments_are_remembered_unless_they_are_dropped),
		TEST(siblings_hear_of_fragments_from_sites_with_several_gateways_only),
		TEST(what_the_kernel_does_not_take_is_counted),
		TEST(segments_of_a_stream_get_to_the_kernel_at_once),
		TEST(segments_stay_apart_for_a_kernel_without_offloads),
		TEST(segments_that_the_kernel_does_not_take_are_all_counted),
		TEST(a_message_that_is_malformed_ends_the_channel),
	};

	/* EPIPE is enough where the "kernel" does not read. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

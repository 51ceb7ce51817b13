/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_uplink.c - Where a worker's packets go, with a sibling beside it
 *
 * A socket takes the place of the TUN queue.  Channels are open but not connected:
 * packets wait, and each counts how often it was pumped.
 */

#include "carrier/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "carrier/worker.h"
#include "codec/gso.h"
#include "packets.h"
#include "two_sites.h"

static const uint8_t gateway[4] = {100, 64, 0, 1};
static const uint8_t in_oslo[4] = {10, 1, 0, 5};
static const uint8_t in_bergen[4] = {10, 3, 0, 5};

/** struct world - Worker 0 of two, with a channel to each peer */
struct world {
	struct two_sites sites;
	struct kin kin;
	struct worker worker;
	struct peer peers[PEER_CNT];
	struct queue_flows flows[PEER_CNT];
	struct channel channels[PEER_CNT];
};

static int world_open(void **state)
{
	static struct world w;
	struct setup *setup = &w.sites.setup;
	int i;

	memset(&w, 0, sizeof(w));
	two_sites_open(&w.sites);
	setup->reach = reach_new(2, PEER_CNT, &w.sites.arena);
	reach_fill(setup->reach, 0);
	reach_fill(setup->reach, 1);
	w.worker.setup = setup;
	w.worker.kin = &w.kin;
	w.worker.peers = w.peers;
	w.worker.peer_cnt = PEER_CNT;
	assert_int_equal(kin_open(&w.kin, 2), 0);
	assert_int_equal(loop_open(&w.worker.loop), 0);
	assert_int_equal(kin_join(&w.worker), 0);
	assert_int_equal(queue_init(&w.worker.queue), 0);
	crew_init(&w.worker.crew, setup->plan, setup->steer);
	for (i = 0; i < PEER_CNT; i++) {
		w.peers[i].gateway = setup->plan->peers[i];
		w.peers[i].flows = &w.flows[i];
		queue_join(&w.worker.queue, &w.flows[i]);
		peer_init(&w.peers[i]);
		channel_init(&w.channels[i], &w.worker, (unsigned int)i);
		w.channels[i].peer = i;
		w.channels[i].state = CHANNEL_OPEN;
		worker_attach(&w.worker, &w.channels[i]);
	}
	*state = &w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;

	crew_fini(&w->worker.crew);
	queue_fini(&w->worker.queue);
	loop_close(&w->worker.loop);
	kin_close(&w->kin);
	two_sites_close(&w->sites);
	return 0;
}

/** send_packet() - The kernel gives one to the worker
 *  @frag:	Fragment field of its header */
static void send_packet(struct world *w, const uint8_t dst[4], size_t frag)
{
	uint8_t data[VNET_HDR_LEN + PACKET_SIZE] = {0};
	struct packet p;

	packet_v4(&p, gateway, dst, 17);
	packet_ports(&p, 17, 1000, 53);
	packet_add(&p, NULL, 64);
	packet_close(&p);
	put_u16(p.data + 6, frag);
	memcpy(data + VNET_HDR_LEN, p.data, p.len);
	assert_int_equal(write(w->sites.kernel, data, VNET_HDR_LEN + p.len),
			 VNET_HDR_LEN + p.len);
	uplink_run(&w->worker);
}

/** send_super() - The same with 6 datagrams at once; @last: what the last bytes of the
 *  offload header happen to be */
static void send_super(struct world *w, const uint8_t dst[4], uint16_t last)
{
	uint8_t data[VNET_HDR_LEN + 28 + 3600] = {0};
	const struct gso_header header = {
		.flags = GSO_NEEDS_CSUM,
		.type = GSO_UDP_L4,
		.hdr_len = 28,
		.gso_size = 600,
		.csum_start = 20,
		.csum_offset = 6,
		.num_buffers = last,
	};
	struct packet p;

	packet_v4(&p, gateway, dst, 17);
	packet_ports(&p, 17, 1000, 53);
	put_u16(p.data + 2, sizeof(data) - VNET_HDR_LEN);
	put_u16(p.data + 24, sizeof(data) - VNET_HDR_LEN - 20);
	gso_write(data, &header);
	memcpy(data + VNET_HDR_LEN, p.data, 28);
	assert_int_equal(write(w->sites.kernel, data, sizeof(data)),
			 sizeof(data));
	uplink_run(&w->worker);
}

/** waiting() - How many packets wait for a peer */
static size_t waiting(const struct world *w, int peer)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < SPREAD_BUCKET_CNT; i++)
		cnt += w->flows[peer].flows[i].small_cnt +
		       w->flows[peer].flows[i].big_cnt;
	return cnt;
}

static void long_packet_is_cut_for_a_slow_channel_whatever_the_kernel_left(
	void **state)
{
	struct world *w = *state;

	send_super(w, in_oslo, 0);
	assert_int_equal(waiting(w, OSLO_A), 1);
	w->channels[OSLO_A].flight.is_proven = true;
	w->channels[OSLO_A].flight.window = FLIGHT_BYTES_MIN;
	send_super(w, in_oslo, 0);
	assert_int_equal(waiting(w, OSLO_A), 1 + 6);
	send_super(w, in_oslo, 0x0101);
	assert_int_equal(waiting(w, OSLO_A), 1 + 6 + 6);
}

/** told() - How many notes of a kind wait for the sibling; others are forgotten */
static size_t told(struct world *w, enum kin_note_kind kind)
{
	struct kin_note note;
	size_t cnt = 0;

	while (!mailbox_take(&w->kin.notes[1], &note, sizeof(note)))
		cnt += note.kind == kind;
	return cnt;
}

static void siblings_hear_of_fragments_to_sites_with_several_gateways_only(
	void **state)
{
	struct world *w = *state;

	send_packet(w, in_oslo, 0x2000);
	assert_int_equal(told(w, KIN_LEAVES), 0);
	send_packet(w, in_bergen, 0x2000);
	assert_int_equal(told(w, KIN_LEAVES), 1);
	send_packet(w, in_bergen, 0x2001);
	send_packet(w, in_bergen, 0);
	assert_int_equal(told(w, KIN_LEAVES), 0);
}

/** tell_strays() - Of more flows than may be told; Return: of how many was told? */
static size_t tell_strays(struct world *w)
{
	size_t cnt = 0;
	uint32_t flow;

	for (flow = 0; flow < 2 * KIN_STRAY_CNT_MAX; flow++) {
		kin_tell_stray(&w->worker, flow, BERGEN_B);
		cnt += told(w, KIN_STRAY);
	}
	return cnt;
}

static void so_many_strays_are_told_of_between_two_looks(void **state)
{
	struct world *w = *state;

	assert_int_equal(tell_strays(w), KIN_STRAY_CNT_MAX);
	assert_int_equal(tell_strays(w), 0);
	w->worker.look_cnt++;
	assert_int_equal(tell_strays(w), KIN_STRAY_CNT_MAX);
}

/* The worker has no list of slots here: a run need not walk it. */
static void a_run_pumps_every_channel_of_every_peer(void **state)
{
	struct channel others[2] = {
		{.number = 1, .state = CHANNEL_OPEN, .peer = OSLO_A},
		{.number = 2, .state = CHANNEL_OPEN, .peer = OSLO_A},
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		others[i].worker = &w->worker;
		worker_attach(&w->worker, &others[i]);
	}
	uplink_run(&w->worker);
	for (i = 0; i < PEER_CNT; i++)
		assert_int_equal(w->channels[i].pump_cnt, 1);
	for (i = 0; i < 2; i++)
		assert_int_equal(others[i].pump_cnt, 1);
}

/** put_aside() - The channel to oslo-a does not answer, and the sibling has a better
 *  one, whose mailbox is full: a packet waits aside */
static void put_aside(struct world *w)
{
	w->channels[OSLO_A].suspect = true;
	reach_set(w->sites.setup.reach, 1, OSLO_A, true);
	kin_looked(&w->worker, OSLO_A);
	assert_true(w->peers[OSLO_A].is_aside);
	while (!mailbox_post(&w->kin.packets[1], "", 1))
		;
	send_packet(w, in_oslo, 0);
	assert_true(w->flows[OSLO_A].bytes > 0);
	assert_int_equal(w->worker.stats.passed_on, 0);
	w->channels[OSLO_A].stuck_cnt = 0;
}

/** assert_taken_back() - It waits for the channel, which was pumped with it */
static void assert_taken_back(const struct world *w)
{
	const struct channel *channel = &w->channels[OSLO_A];

	assert_false(w->peers[OSLO_A].is_aside);
	assert_true(queue_lane_waits(&w->flows[OSLO_A], &channel->lane));
	assert_true(channel->stuck_cnt > 0);
}

static void a_look_sends_what_waits_aside_when_the_sibling_is_lost(void **state)
{
	struct world *w = *state;

	put_aside(w);
	reach_set(w->sites.setup.reach, 1, OSLO_A, false);
	kin_looked(&w->worker, OSLO_A);
	assert_taken_back(w);
}

static void what_cannot_be_passed_on_is_sent_at_once(void **state)
{
	struct world *w = *state;

	put_aside(w);
	reach_set(w->sites.setup.reach, 1, OSLO_A, false);
	kin_pump(&w->worker);
	assert_taken_back(w);
}

static void a_packet_does_not_wait_aside_for_a_sibling_that_is_lost(
	void **state)
{
	struct world *w = *state;

	w->channels[OSLO_A].suspect = true;
	reach_set(w->sites.setup.reach, 1, OSLO_A, true);
	kin_looked(&w->worker, OSLO_A);
	kin_pump(&w->worker);
	reach_set(w->sites.setup.reach, 1, OSLO_A, false);
	send_packet(w, in_oslo, 0);
	assert_taken_back(w);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(siblings_hear_of_fragments_to_sites_with_several_gateways_only),
		TEST(long_packet_is_cut_for_a_slow_channel_whatever_the_kernel_left),
		TEST(so_many_strays_are_told_of_between_two_looks),
		TEST(a_run_pumps_every_channel_of_every_peer),
		TEST(a_look_sends_what_waits_aside_when_the_sibling_is_lost),
		TEST(what_cannot_be_passed_on_is_sent_at_once),
		TEST(a_packet_does_not_wait_aside_for_a_sibling_that_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

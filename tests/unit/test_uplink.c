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
#include "policy/parse.h"
#include "two_sites.h"

static const uint8_t gateway[4] = {100, 64, 0, 1};
static const uint8_t in_oslo[4] = {10, 1, 0, 5};
static const uint8_t in_bergen[4] = {10, 3, 0, 5};

/** struct world - Worker 0 of two, with a channel to each peer, and the kernel's
 *  end of its "TUN" */
struct world {
	struct arena arena;
	struct diag diag;
	struct setup setup;
	struct kin kin;
	struct worker worker;
	struct peer peers[PEER_CNT];
	struct queue_flows flows[PEER_CNT];
	struct channel channels[PEER_CNT];
	int kernel;
};

/** open_setup() - What is constant */
static void open_setup(struct world *w)
{
	const struct gateway_conf *conf;
	const struct policy_gateway *self;
	const struct policy *policy;
	int pair[2];

	policy = policy_parse(policy_text, "p", &w->arena, &w->diag);
	conf = gateway_conf_parse(conf_text, "c", &w->arena, &w->diag);
	assert_true(policy && conf);
	self = gateway_conf_check(policy, conf, "c", &w->diag);
	assert_non_null(self);
	w->setup.plan = plan_make(policy, self, conf, NULL, 0, &w->arena);
	assert_int_equal(w->setup.plan->peer_cnt, PEER_CNT);
	w->setup.steer = steer_new(w->setup.plan, &w->arena);
	w->setup.reach = reach_new(2, PEER_CNT, &w->arena);
	reach_fill(w->setup.reach, 0);
	reach_fill(w->setup.reach, 1);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair),
		0);
	w->setup.tun_fds[0] = pair[0];
	w->kernel = pair[1];
}

static int world_open(void **state)
{
	static struct world w;
	int i;

	memset(&w, 0, sizeof(w));
	arena_init(&w.arena);
	diag_init(&w.diag);
	open_setup(&w);
	w.worker.setup = &w.setup;
	w.worker.kin = &w.kin;
	w.worker.peers = w.peers;
	w.worker.peer_cnt = PEER_CNT;
	assert_int_equal(kin_open(&w.kin, 2), 0);
	assert_int_equal(loop_open(&w.worker.loop), 0);
	assert_int_equal(kin_join(&w.worker), 0);
	assert_int_equal(queue_init(&w.worker.queue), 0);
	crew_init(&w.worker.crew, w.setup.plan, w.setup.steer);
	for (i = 0; i < PEER_CNT; i++) {
		w.peers[i].gateway = w.setup.plan->peers[i];
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
	close(w->setup.tun_fds[0]);
	close(w->kernel);
	diag_fini(&w->diag);
	arena_fini(&w->arena);
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
	assert_int_equal(write(w->kernel, data, VNET_HDR_LEN + p.len),
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
	assert_int_equal(write(w->kernel, data, sizeof(data)), sizeof(data));
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
	reach_set(w->setup.reach, 1, OSLO_A, true);
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
	reach_set(w->setup.reach, 1, OSLO_A, false);
	kin_looked(&w->worker, OSLO_A);
	assert_taken_back(w);
}

static void what_cannot_be_passed_on_is_sent_at_once(void **state)
{
	struct world *w = *state;

	put_aside(w);
	reach_set(w->setup.reach, 1, OSLO_A, false);
	kin_pump(&w->worker);
	assert_taken_back(w);
}

static void a_packet_does_not_wait_aside_for_a_sibling_that_is_lost(
	void **state)
{
	struct world *w = *state;

	w->channels[OSLO_A].suspect = true;
	reach_set(w->setup.reach, 1, OSLO_A, true);
	kin_looked(&w->worker, OSLO_A);
	kin_pump(&w->worker);
	reach_set(w->setup.reach, 1, OSLO_A, false);
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

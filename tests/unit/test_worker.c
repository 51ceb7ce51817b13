/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_worker.c - Workers' threads, with a socket in place of each TUN queue
 *
 * Worth most under ThreadSanitizer (SAN=thread).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "carrier/report.h"
#include "carrier/team.h"
#include "carrier/worker.h"
#include "packets.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/stream.h"

#define POLICY                                                                 \
	"version = 1; gateways = ("                                            \
	"{ name = \"edge-1\"; role = \"cloud\"; address = [ \"100.64.0.1\" "   \
	"]; "                                                                  \
	"}, { name = \"oslo-a\"; role = \"site\"; site = \"oslo\"; address = " \
	"[ \"100.64.0.11\" ]; relays = ( \"wss://127.0.0.1:1/oslo-a\"%s ); } " \
	"); sites = ( { name = \"oslo\"; networks = [ \"10.1.0.0/24\" ]; "     \
	"services = ( { name = \"web\"; public = \"tcp/80\"; target = "        \
	"\"10.1.0.5:80\"; } ); } );"
#define SETUP_CNT 20
#define KEY       "c2VjcmV0"

/* Warnings of accepts that came to nothing, in place of sys/log.c. */
static atomic_int accept_warnings;

void log_warn(const char *fmt, ...)
{
	if (!strncmp(fmt, "event=accept_", 13) || strstr(fmt, " event=accept_"))
		accept_warnings++;
}

#define QUIET(name)                                                            \
	void name(const char *fmt, ...)                                        \
	{                                                                      \
		(void)fmt;                                                     \
	}
QUIET(log_err)
QUIET(log_info)
QUIET(log_debug)

/** struct world - A worker, the other end of its "device", and its setups */
struct world {
	struct worker worker;
	struct kin kin;
	struct mailbox replies;
	int tun[2];
	struct setup setups[SETUP_CNT];
};

/** give() - One message of a setup, as the steward would send it */
static void give(struct setup *setup, uint32_t type, const char *text, int fd)
{
	const struct handover_msg msg = {.type = type, .value = 0x67};

	if (text)
		fd = handover_seal_text("test", text, strlen(text));
	assert_true(fd >= 0);
	assert_int_equal(setup_take(setup, &msg, fd), 0);
}

/**
 * fill_setup() - As the steward would
 * @setup:	Setup
 * @before:	The first one, NULL when it is that itself
 * @name:	Which gateway
 * @more:	Another relay of oslo-a's, or ""
 * @key:	Its credential's
 * @queues:	As many queues as workers
 * @cnt:	How many
 */
static void fill_setup(struct setup *setup, const struct setup *before,
		       const char *name, const char *more, const char *key,
		       const int *queues, int cnt)
{
	char policy[1024];
	char conf[300];
	char why[200] = "";

	snprintf(policy, sizeof(policy), POLICY, more);
	snprintf(conf, sizeof(conf),
		 "name = \"%s\"; credentials = { key_name = \"k\"; "
		 "key_file = \"/k\"; }; proxy = \"\"; workers = %d;",
		 name, cnt);
	setup_init(setup);
	while (cnt-- > 0)
		give(setup, HANDOVER_TUN, NULL, dup(*queues++));
	give(setup, HANDOVER_STATUS, NULL, dup(queues[-1]));
	give(setup, HANDOVER_POLICY, policy, -1);
	give(setup, HANDOVER_GATEWAY, conf, -1);
	give(setup, HANDOVER_KEY, key, -1);
	if (setup_finish(setup, before, why, sizeof(why)))
		fail_msg("%s", why);
}

/** world_make() - All but the worker */
static struct world *world_make(const char *name)
{
	struct world *w = calloc(1, sizeof(*w));
	int i;

	assert_non_null(w);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, w->tun),
		0);
	for (i = 0; i < SETUP_CNT; i++)
		fill_setup(&w->setups[i], i ? w->setups : NULL, name,
			   i % 2 ? ", \"wss://127.0.0.1:2/oslo-a\"" : "", KEY,
			   w->tun, 1);
	assert_int_equal(kin_open(&w->kin, 1), 0);
	assert_int_equal(mailbox_open(&w->replies), 0);
	return w;
}

static void world_start(struct world *w)
{
	assert_int_equal(
		worker_open(&w->worker, 0, &w->setups[0], &w->kin, &w->replies),
		0);
	assert_int_equal(worker_start(&w->worker), 0);
}

static struct world *world_new(const char *name)
{
	struct world *w = world_make(name);

	world_start(w);
	return w;
}

static void post(struct world *w, struct worker_order *order)
{
	assert_int_equal(mailbox_post(&w->worker.orders, order, sizeof(*order)),
			 0);
}

/** await() - The worker's next answer */
static struct worker_reply await(struct world *w)
{
	struct pollfd fd = {.fd = w->replies.take_fd, .events = POLLIN};
	struct worker_reply reply;

	while (mailbox_take(&w->replies, &reply, sizeof(reply)))
		assert_true(poll(&fd, 1, 10000) > 0);
	return reply;
}

static void world_free(struct world *w)
{
	struct worker_order stop = {.kind = WORKER_STOP};
	int i;

	post(w, &stop);
	worker_join(&w->worker);
	worker_close(&w->worker);
	kin_close(&w->kin);
	mailbox_close(&w->replies);
	for (i = 0; i < SETUP_CNT; i++)
		setup_fini(&w->setups[i]);
	close(w->tun[0]);
	close(w->tun[1]);
	free(w);
}

/** ask() - For a report, and wait for it (its lists are the caller's) */
static struct worker_report *ask(struct world *w, const struct setup *setup)
{
	struct worker_order order = {.kind = WORKER_REPORT};
	struct worker_report *report = report_new(setup, 0);

	order.report = report;
	post(w, &order);
	assert_ptr_equal(await(w).report, report);
	return report;
}

/** send_packets() - Into the device */
static void send_packets_to(int device, int cnt)
{
	static const uint8_t src[] = {10, 1, 0, 5};
	static const uint8_t dst[] = {100, 64, 0, 1};
	uint8_t data[VNET_HDR_LEN + PACKET_SIZE] = {0};
	struct packet p;

	packet_v4(&p, src, dst, 17);
	packet_ports(&p, 17, 1, 2);
	packet_close(&p);
	memcpy(data + VNET_HDR_LEN, p.data, p.len);
	while (cnt-- > 0)
		assert_true(write(device, data, VNET_HDR_LEN + p.len) > 0);
}

static void send_packets(struct world *w, int cnt)
{
	send_packets_to(w->tun[1], cnt);
}

static void worker_reports_what_it_counted(void **state)
{
	struct world *w = world_new("oslo-a");
	struct worker_report *report;
	int tries;

	(void)state;
	send_packets(w, 5);
	for (tries = 0; tries < 1000; tries++) {
		uint64_t dropped;

		report = ask(w, &w->setups[0]);
		dropped = report->drops[DROP_UP_NO_CHANNEL];
		report_free(report);
		if (dropped == 5)
			break;
		usleep(1000);
	}
	assert_true(tries < 1000);
	world_free(w);
}

static void setups_are_given_back_while_packets_come(void **state)
{
	struct world *w = world_new("oslo-a");
	int i;

	(void)state;
	for (i = 1; i < SETUP_CNT; i++) {
		struct worker_order order = {.kind = WORKER_SETUP,
					     .setup = &w->setups[i]};

		send_packets(w, 3);
		post(w, &order);
		assert_ptr_equal(await(w).setup, &w->setups[i - 1]);
		/* It is ours again, and goes. */
		setup_fini(&w->setups[i - 1]);
		report_free(ask(w, &w->setups[i]));
	}
	world_free(w);
}

static void post_accept(struct world *w, const char *address)
{
	struct worker_accept accept = {0};

	snprintf(accept.address, sizeof(accept.address), "%s", address);
	assert_int_equal(
		mailbox_post(&w->worker.accepts, &accept, sizeof(accept)), 0);
}

static void channels_that_come_to_nothing_do_no_harm(void **state)
{
	struct world *w = world_new("oslo-a");
	int i;

	(void)state;
	accept_warnings = 0;
	for (i = 0; i < 100; i++) {
		post_accept(w,
			    i % 2 ? "nonsense" : "ws://127.0.0.1:1/$hc/x?a=b");
		report_free(ask(w, &w->setups[0]));
	}
	/* One line of each kind, not one for each accept. */
	assert_in_range(accept_warnings, 1, 2);
	world_free(w);
}

/** free_big_cnt() - Big slots of a worker's queue that are free; no more than there
 *  are, if one is free twice */
static size_t free_big_cnt(const struct queue *queue)
{
	uint16_t slot = queue->free_big;
	size_t cnt = 0;

	for (; slot != QUEUE_NONE && cnt <= QUEUE_BIG_CNT; cnt++)
		slot = queue->packets[slot].next;
	return cnt;
}

/* A channel that never had buffers has no packet half sent either. */
static void a_dial_without_a_token_gives_no_slot_back(void **state)
{
	struct world *w = world_make("edge-1");
	struct access_conf conf = *w->setups[0].credential.conf;
	struct token_box box;

	(void)state;
	assert_int_equal(token_box_init(&box), 0);
	conf.kind = CREDENTIAL_IDENTITY;
	w->setups[0].credential.conf = &conf;
	w->setups[0].credential.box = &box;
	world_start(w);
	/* The second dial was over before this is answered. */
	report_free(ask(w, &w->setups[0]));
	assert_int_equal(free_big_cnt(&w->worker.queue), QUEUE_BIG_CNT - 1);
	world_free(w);
	token_box_fini(&box);
}

/** listen_somewhere() - Who connects there is never answered; @port is set */
static int listen_somewhere(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 128), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/** busy_cnt() - Slots that are not idle */
static size_t busy_cnt(struct world *w)
{
	struct worker_report *report = ask(w, &w->setups[0]);
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < report->channel_cnt; i++)
		cnt += report->channels[i].state != CHANNEL_IDLE;
	report_free(report);
	return cnt;
}

static void strangers_take_a_part_of_the_slots_and_give_way(void **state)
{
	struct world *w = world_new("oslo-a");
	int taken[PEER_CHANNEL_CNT_MAX + 1];
	size_t cnt = 0;
	int tries;
	char address[64];
	int port;
	int fd = listen_somewhere(&port);

	(void)state;
	snprintf(address, sizeof(address), "ws://127.0.0.1:%d/$hc/x?a=b", port);
	for (tries = 1; tries <= 50; tries++) {
		post_accept(w, address);
		assert_int_equal(busy_cnt(w), tries < PEER_CHANNEL_CNT_MAX
						      ? tries
						      : PEER_CHANNEL_CNT_MAX);
	}
	/* One more gets through, when they have not greeted for long. */
	for (tries = 0; tries < 1000 && cnt <= PEER_CHANNEL_CNT_MAX; tries++) {
		taken[cnt] = accept(fd, NULL, NULL);
		if (taken[cnt] >= 0) {
			cnt++;
			continue;
		}
		post_accept(w, address);
		assert_int_equal(busy_cnt(w), PEER_CHANNEL_CNT_MAX);
		usleep(10000);
	}
	assert_int_equal(cnt, PEER_CHANNEL_CNT_MAX + 1);
	world_free(w);
	while (cnt > 0)
		close(taken[--cnt]);
	close(fd);
}

/** now_ms() - For what takes time */
static int64_t now_ms(void)
{
	return clock_mono().ns / NS_PER_MS;
}

/* A relay sends any number of accepts, and hangs up whenever somebody comes. */
static void accepts_of_no_use_are_taken_up_so_many_a_second(void **state)
{
	struct world *w = world_new("oslo-a");
	int64_t start_ms = now_ms();
	char address[64];
	int64_t cnt = 0;
	int port;
	int fd = listen_somewhere(&port);
	int taken;

	(void)state;
	snprintf(address, sizeof(address), "ws://127.0.0.1:%d/$hc/x?a=b", port);
	while (now_ms() - start_ms < 1500) {
		post_accept(w, address);
		(void)busy_cnt(w);
		while ((taken = accept(fd, NULL, NULL)) >= 0) {
			close(taken);
			cnt++;
		}
	}
	assert_in_range(cnt, PEER_CHANNEL_CNT_MAX,
			PEER_CHANNEL_CNT_MAX +
				(now_ms() - start_ms) * 32 / 1000 + 1);
	world_free(w);
	close(fd);
}

static void lines_about_channels_that_come_and_go_have_a_bound(void **state)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int64_t start_ms = now_ms();
	int64_t cnt = 0;
	int i;

	(void)state;
	assert_non_null(worker);
	for (i = 0; i < 100000; i++)
		cnt += worker_may_log(worker);
	assert_in_range(cnt, 500, 500 + (now_ms() - start_ms) / 1000 + 1);
	free(worker);
}

static void dialling_goes_on_through_setups(void **state)
{
	struct world *w = world_new("edge-1");
	int i;

	(void)state;
	for (i = 1; i < SETUP_CNT; i++) {
		struct worker_order order = {.kind = WORKER_SETUP,
					     .setup = &w->setups[i]};

		post(w, &order);
		assert_ptr_equal(await(w).setup, &w->setups[i - 1]);
		setup_fini(&w->setups[i - 1]);
		report_free(ask(w, &w->setups[i]));
	}
	world_free(w);
}

/** make_wait() - All channels wait for an hour after many failures: every other one
 *  for the second relay of oslo-a's */
static void make_wait(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		struct channel *channel = worker->channels[i];

		channel->state = CHANNEL_WAITING;
		channel->dialled = true;
		channel->peer = 0;
		channel->relay_idx = i % 2;
		channel->number = (unsigned int)i;
		channel->sender.failure_cnt = 20;
		channel_set_timer(channel, 3600000);
	}
}

/** move() - To another setup; Return: what the worker says under it */
static struct worker_report *move(struct world *w, const struct setup *setup)
{
	struct worker_order order = {.kind = WORKER_SETUP, .setup = setup};

	post(w, &order);
	assert_non_null(await(w).setup);
	return ask(w, setup);
}

/** take_dialled() - The next connection to @fd, which must come */
static int take_dialled(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&wait, 1, 10000), 1);
	return accept(fd, NULL, NULL);
}

static void other_credentials_are_tried_at_once(void **state)
{
	static const char *const keys[] = {KEY, KEY, "b3RoZXI=", "dGhpcmQ="};
	struct world *w = world_make("edge-1");
	struct worker_report *report;
	char more[64];
	int taken[4];
	int port;
	int fd = listen_somewhere(&port);
	size_t i;

	(void)state;
	snprintf(more, sizeof(more), ", \"wss://127.0.0.1:%d/oslo-a\"", port);
	for (i = 0; i < 4; i++) {
		setup_fini(&w->setups[i]);
		fill_setup(&w->setups[i], i ? w->setups : NULL, "edge-1", more,
			   keys[i], w->tun, 1);
	}
	assert_int_equal(
		worker_open(&w->worker, 0, &w->setups[0], &w->kin, &w->replies),
		0);
	assert_int_equal(w->worker.channel_cnt, 4);
	make_wait(&w->worker);
	assert_int_equal(worker_start(&w->worker), 0);
	/* The same key is no reason. */
	report = move(w, &w->setups[1]);
	for (i = 0; i < 4; i++)
		assert_int_equal(report->channels[i].state, CHANNEL_WAITING);
	report_free(report);
	/* Another one ends the delay, and then what is under way with it. */
	for (i = 0; i < 4; i += 2) {
		report_free(move(w, &w->setups[2 + i / 2]));
		taken[i] = take_dialled(fd);
		taken[i + 1] = take_dialled(fd);
	}
	report = ask(w, &w->setups[3]);
	for (i = 0; i < 4; i++) {
		if (report->channels[i].relay_idx == 1)
			assert_string_equal(report->channels[i].error, "");
	}
	report_free(report);
	world_free(w);
	for (i = 0; i < 4; i++)
		close(taken[i]);
	close(fd);
}

/** struct duo - Two workers, and their control thread's side
 *  @queues, @devices: Both ends of each worker's queue */
struct duo {
	struct team team;
	struct loop loop;
	int queues[2];
	int devices[2];
	struct setup setups[SETUP_CNT];
	struct worker_report *report;
};

static void on_moved(void *arg)
{
	loop_stop(&((struct duo *)arg)->loop);
}

static void on_reported(void *arg, struct worker_report *report)
{
	struct duo *duo = arg;

	duo->report = report;
	loop_stop(&duo->loop);
}

static struct duo *duo_new(const char *name)
{
	static const struct team_handler handler = {on_moved, on_reported};
	struct duo *duo = calloc(1, sizeof(*duo));
	int pair[2];
	int i;

	assert_non_null(duo);
	for (i = 0; i < 2; i++) {
		assert_int_equal(socketpair(AF_UNIX,
					    SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
					    pair),
				 0);
		duo->queues[i] = pair[0];
		duo->devices[i] = pair[1];
	}
	for (i = 0; i < SETUP_CNT; i++)
		fill_setup(&duo->setups[i], i ? duo->setups : NULL, name,
			   i % 2 ? ", \"wss://127.0.0.1:2/oslo-a\"" : "", KEY,
			   duo->queues, 2);
	assert_int_equal(loop_open(&duo->loop), 0);
	assert_int_equal(team_start(&duo->team, &duo->loop, &duo->setups[0],
				    &handler, duo),
			 0);
	return duo;
}

static void duo_free(struct duo *duo)
{
	int i;

	team_stop(&duo->team);
	loop_close(&duo->loop);
	for (i = 0; i < SETUP_CNT; i++)
		setup_fini(&duo->setups[i]);
	for (i = 0; i < 2; i++) {
		close(duo->queues[i]);
		close(duo->devices[i]);
	}
	free(duo);
}

/** duo_ask() - The sum of both reports */
static struct worker_report *duo_ask(struct duo *duo, const struct setup *setup)
{
	team_ask(&duo->team, setup);
	assert_int_equal(loop_run(&duo->loop), 0);
	return duo->report;
}

static void packets_without_a_channel_are_passed_on_once(void **state)
{
	struct duo *duo = duo_new("oslo-a");
	uint64_t passed_on = 0;
	uint64_t dropped = 0;
	uint64_t sent = 0;
	int tries;

	(void)state;
	for (tries = 0; tries < 3000; tries++) {
		struct worker_report *report;

		/* Neither has one, but the first is told that the second does,
		 * until that takes it back. */
		if (passed_on < 20) {
			reach_set(duo->setups[0].reach, 1, 0, true);
			send_packets_to(duo->devices[0], 1);
			sent++;
		}
		report = duo_ask(duo, &duo->setups[0]);
		passed_on = report->shares[0].passed_on;
		dropped = report->drops[DROP_UP_NO_CHANNEL];
		assert_int_equal(report->shares[1].passed_on, 0);
		report_free(report);
		if (passed_on >= 20 && dropped == sent)
			break;
		usleep(500);
	}
	assert_true(passed_on >= 20);
	assert_int_equal(dropped, sent);
	duo_free(duo);
}

static void all_workers_move_before_a_setup_is_given_back(void **state)
{
	struct duo *duo = duo_new("edge-1");
	struct worker_report *report;
	int i;

	(void)state;
	for (i = 1; i < SETUP_CNT; i++) {
		send_packets_to(duo->devices[i % 2], 3);
		team_move(&duo->team, &duo->setups[i]);
		assert_int_equal(loop_run(&duo->loop), 0);
		setup_fini(&duo->setups[i - 1]);
		report = duo_ask(duo, &duo->setups[i]);
		/* As many as there are relays, for each worker. */
		assert_int_equal(report->channel_cnt, i % 2 ? 4 : 2);
		assert_int_not_equal(
			report->channels[0].worker,
			report->channels[report->channel_cnt - 1].worker);
		report_free(report);
	}
	duo_free(duo);
}

/** busy_at() - Slots of a worker that are not idle */
static size_t busy_at(const struct worker_report *report, unsigned int worker)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < report->channel_cnt; i++)
		cnt += report->channels[i].worker == worker &&
		       report->channels[i].state != CHANNEL_IDLE;
	return cnt;
}

static void accepts_go_where_the_hint_says_and_else_in_turn(void **state)
{
	static const long hints[] = {1, 3, 999, TEAM_NO_HINT, TEAM_NO_HINT, 0};
	struct duo *duo = duo_new("oslo-a");
	struct worker_report *report;
	char address[64];
	size_t i;
	int port;
	int fd = listen_somewhere(&port);

	(void)state;
	snprintf(address, sizeof(address), "ws://127.0.0.1:%d/$hc/x?a=b", port);
	for (i = 0; i < sizeof(hints) / sizeof(*hints); i++)
		assert_int_equal(team_accept(&duo->team, address, hints[i]), 0);

	report = duo_ask(duo, &duo->setups[0]);
	assert_int_equal(busy_at(report, 0), 2);
	assert_int_equal(busy_at(report, 1), 4);
	report_free(report);
	duo_free(duo);
	close(fd);
}

/* That nothing is lost LeakSanitizer says. */
static void what_was_asked_for_before_a_stop_is_freed(void **state)
{
	struct duo *duo = duo_new("oslo-a");

	(void)state;
	team_move(&duo->team, &duo->setups[1]);
	team_ask(&duo->team, &duo->setups[1]);
	duo_free(duo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker_reports_what_it_counted),
		cmocka_unit_test(setups_are_given_back_while_packets_come),
		cmocka_unit_test(channels_that_come_to_nothing_do_no_harm),
		cmocka_unit_test(
			strangers_take_a_part_of_the_slots_and_give_way),
		cmocka_unit_test(
			accepts_of_no_use_are_taken_up_so_many_a_second),
		cmocka_unit_test(
			lines_about_channels_that_come_and_go_have_a_bound),
		cmocka_unit_test(a_dial_without_a_token_gives_no_slot_back),
		cmocka_unit_test(dialling_goes_on_through_setups),
		cmocka_unit_test(other_credentials_are_tried_at_once),
		cmocka_unit_test(packets_without_a_channel_are_passed_on_once),
		cmocka_unit_test(all_workers_move_before_a_setup_is_given_back),
		cmocka_unit_test(
			accepts_go_where_the_hint_says_and_else_in_turn),
		cmocka_unit_test(what_was_asked_for_before_a_stop_is_freed),
	};

	if (stream_global_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

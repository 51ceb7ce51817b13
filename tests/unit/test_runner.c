/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_runner.c - What a carrier cannot do to its steward; the test plays spawner
 * and carrier
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "steward/runner.h"
#include "sys/handover.h"
#include "sys/log.h"

/* More sets than any socket has room for. */
#define MANY 5000
/* A steward that blocks is not waited for. */
#define LIMIT_S 20

/**
 * struct stage - The steward's side, and the ends of the others
 * @spawner:	Where the steward asks for processes
 * @carrier:	What was given to the carrier
 * @ready_cnt:	Calls of runner->ready
 */
struct stage {
	struct runner runner;
	struct loop loop;
	struct host host;
	struct gateway_conf conf;
	struct plan plan;
	struct feed feed;
	struct spawner as_held;
	int spawner;
	int carrier;
	unsigned int ready_cnt;
};

static struct stage stage;

static void on_ready(struct runner *runner)
{
	(void)runner;
	stage.ready_cnt++;
}

static void on_stopped(struct runner *runner)
{
	(void)runner;
}

static void on_failed(struct runner *runner, const char *what, int err)
{
	(void)runner;
	fail_msg("%s: %s", what, strerror(-err));
}

/** next_order() - What the spawner is told next, and with which descriptor; Return:
 *  its type, or 0: nothing */
static uint32_t next_order(struct handover_msg *order, int *fd)
{
	return handover_receive(stage.spawner, order, fd) == 1 ? order->type
							       : 0;
}

/** say() - As the carrier, and let the steward hear it */
static void say(enum handover_type type)
{
	const struct handover_msg msg = {.type = type};

	assert_int_equal(handover_send(stage.carrier, &msg, -1), 0);
	stage.runner.handover.ready(&stage.runner.handover, EPOLLIN);
}

/** take_all() - What waits for the carrier; Return: how many are @type */
static unsigned int take_all(enum handover_type type)
{
	struct handover_msg msg;
	unsigned int cnt = 0;
	char none;
	int fd;

	while (recv(stage.carrier, &none, 1, MSG_PEEK | MSG_DONTWAIT) >= 0) {
		assert_int_equal(handover_receive(stage.carrier, &msg, &fd), 1);
		cnt += msg.type == type;
	}
	return cnt;
}

static int open_stage(void **state)
{
	struct handover_msg order;
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, pair))
		return -1;
	stage = (struct stage){
		.runner = {.ready = on_ready,
			   .stopped = on_stopped,
			   .failed = on_failed},
		.conf = {.tun_name = "none"},
		.plan = {.conf = &stage.conf},
		.host = {.plan = &stage.plan},
		.as_held = {.sock = pair[0]},
		.spawner = pair[1],
		.carrier = -1,
	};
	feed_init(&stage.feed);
	if (loop_open(&stage.loop) ||
	    runner_open(&stage.runner, &stage.loop, &stage.host, &stage.feed,
			&stage.as_held))
		return -1;
	alarm(LIMIT_S);
	runner_start(&stage.runner);
	return next_order(&order, &stage.carrier) == SPAWNER_START ? 0 : -1;
}

static int close_stage(void **state)
{
	(void)state;
	alarm(0);
	runner_close(&stage.runner);
	loop_close(&stage.loop);
	close(stage.as_held.sock);
	close(stage.spawner);
	close(stage.carrier);
	return 0;
}

static void a_carrier_that_does_not_read_holds_no_reload_up(void **state)
{
	struct handover_msg order;
	int fd;
	int i;

	(void)state;
	for (i = 0; i < MANY; i++)
		runner_hand_over(&stage.runner);

	assert_int_equal(next_order(&order, &fd), 0);
	assert_int_equal(take_all(HANDOVER_GO), 1);
}

static void what_changed_meanwhile_follows_the_answer_in_one_set(void **state)
{
	(void)state;
	(void)take_all(HANDOVER_GO);
	runner_hand_over(&stage.runner);
	runner_hand_over(&stage.runner);
	assert_int_equal(take_all(HANDOVER_GO), 0);

	say(HANDOVER_READY);
	assert_int_equal(take_all(HANDOVER_GO), 1);

	say(HANDOVER_REFUSED);
	assert_int_equal(take_all(HANDOVER_GO), 0);
}

static void one_that_answers_and_does_not_read_is_given_up_at_once(void **state)
{
	struct handover_msg order;
	int fd;
	int i;

	(void)state;
	say(HANDOVER_READY);
	for (i = 0; i < MANY && !stage.runner.vigil.given_up; i++) {
		runner_hand_over(&stage.runner);
		say(HANDOVER_READY);
	}

	assert_int_equal(next_order(&order, &fd), SPAWNER_SIGNAL);
	assert_int_equal(order.value, SIGABRT);
	assert_non_null(strstr(stage.runner.last_end, "did not take"));
	runner_hand_over(&stage.runner);
	assert_int_equal(next_order(&order, &fd), 0);
}

static void one_that_does_not_read_holds_no_notice_up(void **state)
{
	struct strbuf notices;
	int i;

	(void)state;
	strbuf_init(&notices);
	strbuf_printf(&notices, "a notice\n");
	say(HANDOVER_READY);
	for (i = 0; i < MANY; i++)
		runner_notify(&stage.runner, &notices);
	strbuf_fini(&notices);

	assert_true(take_all(HANDOVER_NOTICES) < MANY);
}

static void ready_is_heard_once_a_set(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < MANY; i++)
		say(HANDOVER_READY);

	assert_int_equal(stage.ready_cnt, 1);
	assert_int_equal(take_all(HANDOVER_ENDED), 1);
}

static void a_sign_of_life_that_nobody_asked_for_is_none(void **state)
{
	(void)state;
	say(HANDOVER_READY);
	stage.runner.vigil.left = 5;
	say(HANDOVER_ALIVE);
	assert_int_equal(stage.runner.vigil.left, 5);

	stage.runner.look.fire(&stage.runner.look);
	assert_int_equal(take_all(HANDOVER_ASK), 1);
	say(HANDOVER_ALIVE);
	assert_int_equal(stage.runner.vigil.left, VIGIL_LOOKS);
}

static void nor_is_one_while_a_set_is_not_answered(void **state)
{
	(void)state;
	say(HANDOVER_READY);
	runner_hand_over(&stage.runner);
	stage.runner.vigil.left = 5;
	stage.runner.look.fire(&stage.runner.look);
	say(HANDOVER_ALIVE);
	assert_int_equal(stage.runner.vigil.left, 4);

	say(HANDOVER_READY);
	assert_int_equal(stage.runner.vigil.left, VIGIL_LOOKS);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_carrier_that_does_not_read_holds_no_reload_up),
		TEST(what_changed_meanwhile_follows_the_answer_in_one_set),
		TEST(one_that_answers_and_does_not_read_is_given_up_at_once),
		TEST(one_that_does_not_read_holds_no_notice_up),
		TEST(ready_is_heard_once_a_set),
		TEST(a_sign_of_life_that_nobody_asked_for_is_none),
		TEST(nor_is_one_while_a_set_is_not_answered),
	};

	log_open("test", LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * runner.c - The carrier's process: started, handed to, started again
 */

#include "steward/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/handover.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * runner_start() makes the handover pair, fills our end with the whole set and gives
 * the other end to the spawner; the messages wait in the socket until the
 * carrier reads them.  What ends a carrier is the spawner's SPAWNER_EXITED and
 * nothing else: the end of the handover socket alone may come from one that
 * still lives.
 *
 * Our end does not block: a carrier that does not read holds nobody up.  It gets a
 * set only once it has answered the one before, so that in good order there is room
 * for all that we send; where there is none, half a set is there, and the carrier is
 * ended.  What it says unasked is passed over: each READY costs us messages and
 * lines of the log.
 *
 * One that lives and does nothing is found by asking it once a second (vigil.c).
 * It is ended by SIGABRT, which in the log is nobody else's, and if that does not
 * help by SIGKILL.  What follows is as after any other end.
 *
 * A carrier that ends is started again at once; one that ends again soon is
 * given a pause that doubles, RESTART_MS_MAX at most.  While none lives, the
 * queues of the TUN device are drained.
 */

#define RESTART_MS_FIRST 125
#define RESTART_MS_MAX   1000
/* A carrier that lived as long has earned an immediate restart. */
#define STEADY_MS 10000
/* From SIGTERM to SIGKILL. */
#define STOP_MS 2000

#define RUNNER_OF(member_ptr, member)                                          \
	((struct runner *)(void *)((char *)(member_ptr)-offsetof(              \
		struct runner, member)))

/** drain_while_down() - Who reads the TUN queues: we, or a carrier? */
static void drain_while_down(struct runner *runner)
{
	if (runner->state != RUNNER_DOWN) {
		drain_end(&runner->drain);
		return;
	}
	drain_begin(&runner->drain, &runner->host->tun,
		    runner->host->plan->conf->tun_name);
}

/** send_signal() - To the carrier, through the spawner */
static void send_signal(struct runner *runner, int signo)
{
	const struct handover_msg msg = {.type = SPAWNER_SIGNAL,
					 .value = (uint32_t)signo};
	int err = handover_send(runner->spawner->sock, &msg, -1);

	if (err)
		runner->failed(runner, "spawner", err);
}

/** ended() - Clean up after it, and see to the next one */
static void ended(struct runner *runner)
{
	int64_t pause_ms = 0;
	unsigned int i;

	loop_unwatch(runner->loop, &runner->handover);
	if (runner->handover_fd >= 0)
		close(runner->handover_fd);
	runner->handover_fd = -1;
	runner->state = RUNNER_DOWN;
	runner->killed = false;
	runner->awaited = false;
	runner->stale = false;
	loop_timer_cancel(runner->loop, &runner->stop_limit);
	loop_timer_cancel(runner->loop, &runner->look);
	drain_while_down(runner);
	if (runner->stopping) {
		runner->stopped(runner);
		return;
	}

	if (mono_diff_ms(clock_mono(), runner->started) >= STEADY_MS)
		runner->failure_cnt = 0;
	for (i = 0; i < runner->failure_cnt && pause_ms < RESTART_MS_MAX; i++)
		pause_ms = pause_ms ? 2 * pause_ms : RESTART_MS_FIRST;
	runner->failure_cnt++;
	log_info("carrier event=restart in_ms=%d", (int)pause_ms);
	loop_timer_set(runner->loop, &runner->restart,
		       mono_add_ms(clock_mono(), pause_ms));
}

/** look_later() - At the carrier, whether it is alive */
static void look_later(struct runner *runner)
{
	loop_timer_set(runner->loop, &runner->look,
		       mono_add_ms(clock_mono(), VIGIL_LOOK_MS));
}

/** open_pair() - For the handover; Return: 0 or negative errno */
static int open_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	/* Of our end only: the carrier waits for its first set. */
	if (fcntl(pair[0], F_SETFL, O_RDWR | O_NONBLOCK)) {
		int err = -errno;

		close(pair[0]);
		close(pair[1]);
		return err;
	}
	return 0;
}

/** feed() - Send the set as it is now; Return: 0 or negative errno */
static int feed(struct runner *runner)
{
	runner->awaited = true;
	runner->stale = false;
	return feed_send(runner->feed, &runner->host->tun, runner->handover_fd);
}

void runner_start(struct runner *runner)
{
	const struct handover_msg start = {.type = SPAWNER_START};
	int pair[2];
	int err = open_pair(pair);

	runner->started = clock_mono();
	if (err) {
		log_err("carrier event=not_started error=\"%s\"",
			strerror(-err));
		ended(runner);
		return;
	}
	runner->handover_fd = pair[0];
	runner->state = RUNNER_STARTING;
	drain_while_down(runner);
	err = feed(runner);
	if (!err)
		err = loop_watch(runner->loop, &runner->handover, pair[0],
				 EPOLLIN);
	if (!err)
		err = handover_send(runner->spawner->sock, &start, pair[1]);
	close(pair[1]);
	if (err) {
		log_err("carrier event=not_started error=\"%s\"",
			strerror(-err));
		ended(runner);
		return;
	}
	vigil_begin(&runner->vigil);
	look_later(runner);
}

/** give_up_silent() - The carrier hangs: end it */
static void give_up_silent(struct runner *runner)
{
	char part[VIGIL_PART_SIZE];

	vigil_part(&runner->vigil, part);
	snprintf(runner->last_end, sizeof(runner->last_end),
		 "%s gave no sign of life for %d s", part, VIGIL_LOOKS);
	log_err("carrier event=hung part=\"%s\" silent_s=%d action=\"it is "
		"ended, another one started\"",
		part, VIGIL_LOOKS);
	send_signal(runner, SIGABRT);
}

/** give_up_deaf() - Half a set is there, since the carrier does not read: end it */
static void give_up_deaf(struct runner *runner, int err)
{
	vigil_give_up(&runner->vigil);
	snprintf(runner->last_end, sizeof(runner->last_end),
		 "did not take what it was handed: %s", strerror(-err));
	log_err("carrier event=not_reloaded error=\"%s\" action=\"it is "
		"ended, another one started\"",
		strerror(-err));
	send_signal(runner, SIGABRT);
}

/** on_look() - Is it alive? */
static void on_look(struct loop_timer *timer)
{
	const struct handover_msg ask = {.type = HANDOVER_ASK};
	struct runner *runner = RUNNER_OF(timer, look);

	look_later(runner);
	switch (vigil_look(&runner->vigil, runner->state == RUNNER_UP)) {
	case VIGIL_ASK:
		/* One that is gone is told of by the spawner, one that does not
		 * read does not answer. */
		(void)!handover_send(runner->handover_fd, &ask, -1);
		break;
	case VIGIL_ABORT:
		give_up_silent(runner);
		break;
	case VIGIL_KILL:
		send_signal(runner, SIGKILL);
		break;
	case VIGIL_WAIT:
		break;
	}
}

static void on_restart(struct loop_timer *timer)
{
	runner_start(RUNNER_OF(timer, restart));
}

/** receive() - A message to us: none has a descriptor that we want */
static int receive(int sock, struct handover_msg *msg)
{
	int fd;
	int got = handover_receive(sock, msg, &fd);

	if (fd >= 0)
		close(fd);
	return got;
}

/** tell_past() - What the status is to show of carriers before this one */
static void tell_past(const struct runner *runner)
{
	const struct handover_msg hung = {.type = HANDOVER_HUNG,
					  .value = runner->hung_cnt};
	struct handover_msg ends = {.type = HANDOVER_ENDED,
				    .value = runner->ended_cnt};

	snprintf(ends.text, sizeof(ends.text), "%s", runner->last_end);
	if (handover_send(runner->handover_fd, &ends, -1) ||
	    handover_send(runner->handover_fd, &hung, -1))
		log_warn("event=notices_not_sent");
}

/** on_answered() - The set is in force, or refused */
static void on_answered(struct runner *runner, const struct handover_msg *msg)
{
	bool first = runner->state == RUNNER_STARTING;

	runner->awaited = false;
	if (msg->type == HANDOVER_REFUSED) {
		log_err("carrier event=refused reason=\"%s\"", msg->text);
	} else {
		runner->state = RUNNER_UP;
		vigil_took(&runner->vigil);
		if (first) {
			tell_past(runner);
			runner->ready(runner);
		}
		log_info("carrier event=ready");
	}
	if (runner->stale)
		runner_hand_over(runner);
}

/** on_handover() - What the carrier answers */
static void on_handover(struct loop_source *source, uint32_t events)
{
	struct runner *runner = RUNNER_OF(source, handover);
	struct handover_msg msg;
	int got = receive(source->fd, &msg);

	(void)events;
	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		/* Its exit is told by the spawner. */
		loop_unwatch(runner->loop, source);
		return;
	}
	switch (msg.type) {
	case HANDOVER_READY:
	case HANDOVER_REFUSED:
		if (runner->awaited)
			on_answered(runner, &msg);
		break;
	case HANDOVER_ALIVE:
		vigil_answer(&runner->vigil, msg.value, runner->awaited);
		break;
	default:
		break;
	}
}

/** note_end() - A carrier ended unasked: count it, and keep how */
static void note_end(struct runner *runner, int status)
{
	runner->ended_cnt++;
	runner->hung_cnt += runner->vigil.given_up;
	if (runner->vigil.given_up)
		return; /* told when it was given up */
	if (WIFSIGNALED(status))
		snprintf(runner->last_end, sizeof(runner->last_end),
			 "signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(runner->last_end, sizeof(runner->last_end),
			 "exit status %d", WEXITSTATUS(status));
}

/** log_exit() - How a carrier ended */
static void log_exit(struct runner *runner, int status)
{
	if (runner->stopping && !runner->killed) {
		log_info("carrier event=stopped");
		return;
	}
	if (runner->killed) {
		log_warn("carrier event=killed reason=\"it did not stop within "
			 "%d ms\"",
			 STOP_MS);
		return;
	}
	if (WIFSIGNALED(status))
		log_warn("carrier event=exited signal=%d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_warn("carrier event=exited status=%d", WEXITSTATUS(status));
	if (status)
		note_end(runner, status);
}

/** on_answer() - What the spawner says */
static void on_answer(struct loop_source *source, uint32_t events)
{
	struct runner *runner = RUNNER_OF(source, answers);
	struct handover_msg msg;
	int got = receive(source->fd, &msg);

	(void)events;
	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		runner->failed(runner, "the spawner has ended",
			       got ? got : -EPIPE);
		return;
	}
	switch (msg.type) {
	case SPAWNER_STARTED:
		log_info("carrier event=started pid=%u", msg.value);
		if (runner->stopping)
			send_signal(runner, SIGTERM);
		break;
	case SPAWNER_FAILED:
		log_err("carrier event=not_started error=\"%s\"",
			strerror((int)msg.value));
		ended(runner);
		break;
	case SPAWNER_EXITED:
		log_exit(runner, (int)msg.value);
		ended(runner);
		break;
	default:
		break;
	}
}

/** on_stop_limit() - It does not stop by itself */
static void on_stop_limit(struct loop_timer *timer)
{
	struct runner *runner = RUNNER_OF(timer, stop_limit);

	if (runner->killed && runner->stopping) {
		runner->stopped(runner);
		return;
	}
	runner->killed = true;
	send_signal(runner, SIGKILL);
	loop_timer_set(runner->loop, timer, mono_add_ms(clock_mono(), STOP_MS));
}

/** stop_carrier() - In good order, and by force when that takes too long */
static void stop_carrier(struct runner *runner)
{
	send_signal(runner, SIGTERM);
	loop_timer_set(runner->loop, &runner->stop_limit,
		       mono_add_ms(clock_mono(), STOP_MS));
}

void runner_stop(struct runner *runner)
{
	if (runner->stopping)
		return;
	runner->stopping = true;
	loop_timer_cancel(runner->loop, &runner->restart);
	if (runner->state == RUNNER_DOWN)
		runner->stopped(runner);
	else
		stop_carrier(runner);
}

void runner_hand_over(struct runner *runner)
{
	int err;

	if (runner->handover_fd < 0 || runner->vigil.given_up)
		return; /* the next one gets it */
	if (runner->awaited) {
		runner->stale = true;
		return;
	}
	err = feed(runner);
	/* The exit of one that is gone is told by the spawner. */
	if (err && err != -EPIPE)
		give_up_deaf(runner, err);
}

void runner_notify(const struct runner *runner, const struct strbuf *notices)
{
	const struct handover_msg msg = {.type = HANDOVER_NOTICES};
	int fd;

	if (runner->state != RUNNER_UP)
		return;
	fd = handover_seal_text("notices", strbuf_str(notices), notices->len);
	if (fd < 0 || handover_send(runner->handover_fd, &msg, fd))
		log_warn("event=notices_not_sent");
	if (fd >= 0)
		close(fd);
}

void runner_new_queues(struct runner *runner)
{
	drain_end(&runner->drain);
	drain_while_down(runner);
	if (runner->state != RUNNER_DOWN)
		stop_carrier(runner);
}

int runner_open(struct runner *runner, struct loop *loop,
		const struct host *host, const struct feed *feed,
		const struct spawner *spawner)
{
	runner->loop = loop;
	runner->host = host;
	runner->feed = feed;
	runner->spawner = spawner;
	runner->answers = (struct loop_source){.fd = -1, .ready = on_answer};
	runner->handover = (struct loop_source){.fd = -1, .ready = on_handover};
	runner->restart = (struct loop_timer){.fire = on_restart};
	runner->stop_limit = (struct loop_timer){.fire = on_stop_limit};
	runner->look = (struct loop_timer){.fire = on_look};
	runner->handover_fd = -1;
	drain_init(&runner->drain, loop);
	return loop_watch(loop, &runner->answers, spawner->sock, EPOLLIN);
}

void runner_close(struct runner *runner)
{
	if (runner->handover_fd >= 0)
		close(runner->handover_fd);
	runner->handover_fd = -1;
}

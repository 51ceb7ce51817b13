/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_loop.c - Sources and timers of an event loop, and mailboxes through it
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/mailbox.h"

/** struct fixture - A loop, a source on a pipe, timers, and what they did */
struct fixture {
	struct loop loop;
	struct loop_source source;
	struct loop_source other;
	struct loop_timer first;
	struct loop_timer second;
	int pipe[2];
	int other_pipe[2];
	int ready_cnt;
	int fired[2];
	int order;
};

static struct fixture *of(void *member, size_t off)
{
	return (struct fixture *)((char *)member - off);
}

static void stop_when_fired(struct loop_timer *timer)
{
	struct fixture *f = of(timer, offsetof(struct fixture, second));

	f->fired[1] = ++f->order;
	loop_stop(&f->loop);
}

static void note_fired(struct loop_timer *timer)
{
	struct fixture *f = of(timer, offsetof(struct fixture, first));

	f->fired[0] = ++f->order;
}

static void remove_both(struct loop_source *source, uint32_t events)
{
	struct fixture *f = of(source, offsetof(struct fixture, source));

	(void)events;
	f->ready_cnt++;
	loop_unwatch(&f->loop, &f->source);
	loop_unwatch(&f->loop, &f->other);
}

static void remove_both_other(struct loop_source *source, uint32_t events)
{
	remove_both(&of(source, offsetof(struct fixture, other))->source,
		    events);
}

static void open_fixture(struct fixture *f)
{
	*f = (struct fixture){
		.source = {.fd = -1, .ready = remove_both},
		.other = {.fd = -1, .ready = remove_both_other},
		.first.fire = note_fired,
		.second.fire = stop_when_fired,
	};
	assert_int_equal(loop_open(&f->loop), 0);
	assert_int_equal(pipe(f->pipe), 0);
	assert_int_equal(pipe(f->other_pipe), 0);
}

static void close_fixture(struct fixture *f)
{
	loop_close(&f->loop);
	close(f->pipe[0]);
	close(f->pipe[1]);
	close(f->other_pipe[0]);
	close(f->other_pipe[1]);
}

static void timers_fire_at_their_time_and_in_order(void **state)
{
	mono_t start = clock_mono();
	struct fixture f;

	(void)state;
	open_fixture(&f);
	loop_timer_set(&f.loop, &f.second, mono_add_ms(start, 30));
	loop_timer_set(&f.loop, &f.first, mono_add_ms(start, 10));
	assert_int_equal(loop_run(&f.loop), 0);

	assert_int_equal(f.fired[0], 1);
	assert_int_equal(f.fired[1], 2);
	assert_true(mono_diff_ms(clock_mono(), start) >= 30);
	close_fixture(&f);
}

static void a_cancelled_timer_does_not_fire(void **state)
{
	mono_t start = clock_mono();
	struct fixture f;

	(void)state;
	open_fixture(&f);
	loop_timer_set(&f.loop, &f.first, mono_add_ms(start, 1));
	loop_timer_set(&f.loop, &f.second, mono_add_ms(start, 20));
	loop_timer_cancel(&f.loop, &f.first);
	assert_int_equal(loop_run(&f.loop), 0);

	assert_int_equal(f.fired[0], 0);
	close_fixture(&f);
}

static void a_source_removed_in_the_same_round_is_not_called(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(loop_watch(&f.loop, &f.source, f.pipe[0], EPOLLIN), 0);
	assert_int_equal(
		loop_watch(&f.loop, &f.other, f.other_pipe[0], EPOLLIN), 0);
	assert_int_equal(write(f.pipe[1], "x", 1), 1);
	assert_int_equal(write(f.other_pipe[1], "x", 1), 1);
	loop_timer_set(&f.loop, &f.second, mono_add_ms(clock_mono(), 20));
	assert_int_equal(loop_run(&f.loop), 0);

	/* Whichever came first removed the other. */
	assert_int_equal(f.ready_cnt, 1);
	close_fixture(&f);
}

static void a_mailbox_gives_back_what_was_posted(void **state)
{
	struct mailbox box;
	uint64_t in = 0x0123456789abcdef;
	uint64_t out = 0;

	(void)state;
	assert_int_equal(mailbox_open(&box), 0);
	assert_int_equal(mailbox_take(&box, &out, sizeof(out)), -EAGAIN);
	assert_int_equal(mailbox_post(&box, &in, sizeof(in)), 0);
	assert_int_equal(mailbox_take(&box, &out, sizeof(out)), 0);
	assert_true(in == out);
	assert_int_equal(mailbox_post(&box, &in, 3), 0);
	assert_int_equal(mailbox_take(&box, &out, sizeof(out)), -EBADMSG);
	mailbox_close(&box);
}

static void a_full_mailbox_says_so_and_never_waits(void **state)
{
	struct mailbox box;
	char msg[4096] = "";
	int err = 0;
	int i;

	(void)state;
	assert_int_equal(mailbox_open(&box), 0);
	for (i = 0; i < 10000 && !err; i++)
		err = mailbox_post(&box, msg, sizeof(msg));
	assert_int_equal(err, -EAGAIN);
	mailbox_close(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_at_their_time_and_in_order),
		cmocka_unit_test(a_cancelled_timer_does_not_fire),
		cmocka_unit_test(
			a_source_removed_in_the_same_round_is_not_called),
		cmocka_unit_test(a_mailbox_gives_back_what_was_posted),
		cmocka_unit_test(a_full_mailbox_says_so_and_never_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

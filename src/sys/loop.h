/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * loop.h - One thread's event loop: descriptors and timers
 *
 * A thin shell over epoll.  Sources and timers are embedded in the objects
 * that own them; the loop allocates nothing.  A loop belongs to one thread.
 */

#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct loop;
struct loop_source;
struct loop_timer;

typedef void loop_ready_fn(struct loop_source *source, uint32_t events);
typedef void loop_timer_fn(struct loop_timer *timer);

/**
 * struct loop_source - A descriptor to watch
 * @fd:		The descriptor, -1 while not watched (borrowed)
 * @events:	EPOLLIN and so on, as last set
 * @ready:	Called when one of @events (or an error) is there
 */
struct loop_source {
	int fd;
	uint32_t events;
	loop_ready_fn *ready;
};

/**
 * struct loop_timer - Something to do at a time
 * @at:		When, if @armed
 * @armed:	In the loop's list
 * @fire:	Called once at @at or soon after; may arm the timer again
 * @next:	The loop's list
 */
struct loop_timer {
	mono_t at;
	bool armed;
	loop_timer_fn *fire;
	struct loop_timer *next;
};

/**
 * struct loop - Descriptors and timers of one thread
 * @epfd:	epoll instance
 * @timers:	Armed timers, in no order: there are few
 * @earliest:	No timer is due before this; INT64_MAX when none is armed
 * @stopped:	loop_stop() was called
 * @pending:	Events of the round under way, so that a source removed in it is
 *		not called any more
 * @pending_cnt: Entries in @pending
 */
struct loop {
	int epfd;
	struct loop_timer *timers;
	mono_t earliest;
	bool stopped;
	void *pending;
	int pending_cnt;
};

int loop_open(struct loop *loop) __attribute__((warn_unused_result));
void loop_close(struct loop *loop);

/**
 * loop_watch() - Watch a descriptor, or change what is watched for
 * @loop:	Loop
 * @source:	Source with @ready set; @fd is set here.  It must stay where it
 *		is until loop_unwatch()
 * @fd:		Descriptor, stays the caller's
 * @events:	EPOLLIN, EPOLLOUT or 0
 *
 * Return: 0 or negative errno
 */
int loop_watch(struct loop *loop, struct loop_source *source, int fd,
	       uint32_t events) __attribute__((warn_unused_result));

/** loop_unwatch() - Stop watching; call before the descriptor is closed */
void loop_unwatch(struct loop *loop, struct loop_source *source);

/** loop_timer_set() - Arm a timer, or move one that is armed */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, mono_t at);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/**
 * loop_run() - Serve sources and timers until loop_stop()
 *
 * Return: 0, or negative errno when epoll itself fails
 */
int loop_run(struct loop *loop) __attribute__((warn_unused_result));

/** loop_stop() - Let loop_run() return after the round under way */
void loop_stop(struct loop *loop);

#endif /* SYS_LOOP_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * loop.c - One thread's event loop: descriptors and timers
 */

/**
 * DOC: Theory of operation
 *
 * One round of loop_run() waits for events or the earliest timer, calls each
 * ready source once, then fires the timers that are due.
 *
 * A callback may remove any source, also one whose event of this round has not
 * been served: loop_unwatch() strikes it from the round.  Timers are a plain
 * list; @earliest spares walking it in rounds in which nothing can be due,
 * and may be too early (after a cancel), never too late.
 */

#include "sys/loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sys/clock.h"

#define EVENTS_PER_ROUND 64

static const mono_t never = {INT64_MAX};

int loop_open(struct loop *loop)
{
	*loop = (struct loop){.earliest = never};
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epfd < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epfd >= 0)
		close(loop->epfd);
	loop->epfd = -1;
}

int loop_watch(struct loop *loop, struct loop_source *source, int fd,
	       uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	if (source->fd == fd) {
		if (source->events == events)
			return 0;
		if (epoll_ctl(loop->epfd, EPOLL_CTL_MOD, fd, &event))
			return -errno;
	} else {
		loop_unwatch(loop, source);
		if (epoll_ctl(loop->epfd, EPOLL_CTL_ADD, fd, &event))
			return -errno;
		source->fd = fd;
	}
	source->events = events;
	return 0;
}

void loop_unwatch(struct loop *loop, struct loop_source *source)
{
	struct epoll_event *pending = loop->pending;
	int i;

	if (source->fd < 0)
		return;
	/* The descriptor may be closed already by who lent it: then the
	 * kernel has forgotten it, and there is nothing to do. */
	(void)epoll_ctl(loop->epfd, EPOLL_CTL_DEL, source->fd, NULL);
	source->fd = -1;
	source->events = 0;
	for (i = 0; i < loop->pending_cnt; i++) {
		if (pending[i].data.ptr == source)
			pending[i].data.ptr = NULL;
	}
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, mono_t at)
{
	timer->at = at;
	if (!timer->armed) {
		timer->armed = true;
		timer->next = loop->timers;
		loop->timers = timer;
	}
	if (mono_before(at, loop->earliest))
		loop->earliest = at;
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer **link;

	if (!timer->armed)
		return;
	for (link = &loop->timers; *link; link = &(*link)->next) {
		if (*link == timer) {
			*link = timer->next;
			break;
		}
	}
	timer->armed = false;
}

/**
 * take_due() - Unlink one timer that is due
 *
 * Return: the timer, or NULL after setting @loop->earliest anew
 */
static struct loop_timer *take_due(struct loop *loop, mono_t now)
{
	struct loop_timer **link;
	mono_t earliest = never;

	for (link = &loop->timers; *link; link = &(*link)->next) {
		struct loop_timer *timer = *link;

		if (!mono_before(now, timer->at)) {
			*link = timer->next;
			timer->armed = false;
			return timer;
		}
		if (mono_before(timer->at, earliest))
			earliest = timer->at;
	}
	loop->earliest = earliest;
	return NULL;
}

static void fire_timers(struct loop *loop)
{
	struct loop_timer *timer;
	mono_t now;

	if (loop->earliest.ns == never.ns)
		return;
	now = clock_mono();
	if (mono_before(now, loop->earliest))
		return;
	/* A timer armed again for "now" by its own callback waits for the
	 * next round: @now does not move, its new time is later. */
	while ((timer = take_due(loop, now)))
		timer->fire(timer);
}

static int wait_ms(const struct loop *loop)
{
	int64_t ns;

	if (loop->earliest.ns == never.ns)
		return -1;
	ns = mono_diff_ns(loop->earliest, clock_mono());
	if (ns <= 0)
		return 0;
	if (ns > 3600 * NS_PER_S)
		return 3600 * 1000;
	return (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[EVENTS_PER_ROUND];

	loop->stopped = false;
	while (!loop->stopped) {
		int cnt = epoll_wait(loop->epfd, events, EVENTS_PER_ROUND,
				     wait_ms(loop));
		int i;

		if (cnt < 0 && errno != EINTR)
			return -errno;
		loop->pending = events;
		loop->pending_cnt = cnt > 0 ? cnt : 0;
		for (i = 0; i < cnt; i++) {
			struct loop_source *source = events[i].data.ptr;

			if (source)
				source->ready(source, events[i].events);
		}
		loop->pending = NULL;
		loop->pending_cnt = 0;
		fire_timers(loop);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

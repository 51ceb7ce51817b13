/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multi.c - One libcurl transfer, driven by a loop
 */

/**
 * DOC: Theory of operation
 *
 * libcurl says which sockets to watch (on_socket) and when to wake it (on_timer);
 * drive() tells it what happened.  Names are resolved in libcurl's own thread, so
 * the loop never blocks.  The easy handle stays in the multi handle until
 * multi_close(): taking it out would close the connection.
 */

#include "sys/multi.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "sys/clock.h"

/** drive() - Tell libcurl what happened on a socket, and see what came of it */
static void drive(struct multi *multi, curl_socket_t fd, int flags)
{
	CURLMsg *msg;
	int running;
	int left;

	if (curl_multi_socket_action(multi->curlm, fd, flags, &running)) {
		multi->done(multi, CURLE_FAILED_INIT);
		return;
	}
	msg = curl_multi_info_read(multi->curlm, &left);
	if (msg && msg->msg == CURLMSG_DONE)
		multi->done(multi, msg->data.result);
}

static void watch_ready(struct loop_source *source, uint32_t events)
{
	struct multi_watch *watch =
		(struct multi_watch *)((char *)source -
				       offsetof(struct multi_watch, source));
	int flags = 0;

	if (events & EPOLLIN)
		flags |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		flags |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		flags |= CURL_CSELECT_ERR;
	drive(watch->multi, source->fd, flags);
}

static void timer_fired(struct loop_timer *timer)
{
	struct multi *multi =
		(struct multi *)((char *)timer - offsetof(struct multi, timer));

	drive(multi, CURL_SOCKET_TIMEOUT, 0);
}

static struct multi_watch *find_watch(struct multi *multi, int fd)
{
	size_t i;

	for (i = 0; i < MULTI_WATCH_CNT_MAX; i++) {
		if (multi->watches[i].source.fd == fd)
			return &multi->watches[i];
	}
	return NULL;
}

/* libcurl's callback: watch @fd for @what (CURLMOPT_SOCKETFUNCTION). */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		     void *unused)
{
	struct multi *multi = arg;
	struct multi_watch *watch = find_watch(multi, fd);
	uint32_t events = 0;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			loop_unwatch(multi->loop, &watch->source);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	if (!watch)
		watch = find_watch(multi, -1);
	if (!watch || loop_watch(multi->loop, &watch->source, fd, events))
		return -1;
	return 0;
}

/* libcurl's callback: wake me in @timeout_ms (CURLMOPT_TIMERFUNCTION). */
static int on_timer(CURLM *curlm, long timeout_ms, void *arg)
{
	struct multi *multi = arg;

	(void)curlm;
	if (timeout_ms < 0)
		loop_timer_cancel(multi->loop, &multi->timer);
	else
		loop_timer_set(multi->loop, &multi->timer,
			       mono_add_ms(clock_mono(), timeout_ms));
	return 0;
}

int multi_open(struct multi *multi, struct loop *loop,
	       void (*done)(struct multi *multi, CURLcode code))
{
	size_t i;

	*multi = (struct multi){.loop = loop, .done = done};
	multi->timer.fire = timer_fired;
	for (i = 0; i < MULTI_WATCH_CNT_MAX; i++) {
		multi->watches[i].multi = multi;
		multi->watches[i].source =
			(struct loop_source){.fd = -1, .ready = watch_ready};
	}
	multi->curlm = curl_multi_init();
	multi->easy = curl_easy_init();
	if (!multi->curlm || !multi->easy ||
	    curl_multi_setopt(multi->curlm, CURLMOPT_SOCKETFUNCTION,
			      on_socket) ||
	    curl_multi_setopt(multi->curlm, CURLMOPT_SOCKETDATA, multi) ||
	    curl_multi_setopt(multi->curlm, CURLMOPT_TIMERFUNCTION, on_timer) ||
	    curl_multi_setopt(multi->curlm, CURLMOPT_TIMERDATA, multi)) {
		multi_close(multi);
		return -ENOMEM;
	}
	return 0;
}

int multi_start(struct multi *multi)
{
	/* Sets the timer to "now": it begins in the loop. */
	return curl_multi_add_handle(multi->curlm, multi->easy) ? -ENOMEM : 0;
}

void multi_release(struct multi *multi)
{
	size_t i;

	for (i = 0; i < MULTI_WATCH_CNT_MAX; i++)
		loop_unwatch(multi->loop, &multi->watches[i].source);
	loop_timer_cancel(multi->loop, &multi->timer);
}

void multi_close(struct multi *multi)
{
	if (!multi->curlm && !multi->easy)
		return;
	if (multi->curlm && multi->easy)
		curl_multi_remove_handle(multi->curlm, multi->easy);
	if (multi->easy)
		curl_easy_cleanup(multi->easy);
	if (multi->curlm)
		curl_multi_cleanup(multi->curlm);
	multi->easy = NULL;
	multi->curlm = NULL;
	/* After the clean-up, which may still call on_socket and on_timer. */
	multi_release(multi);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * scan.c - Looking through the rules of others, in a process of its own
 */

#include "steward/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "steward/look.h"
#include "steward/stray.h"
#include "sys/clock.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * Others' rulesets can be large (Kubernetes), and libnftables lists them at its
 * leisure: so a child of the steward does it, with the steward's one capability,
 * and answers with sentences through a pipe.  It is started a moment after the
 * last change (scan_soon()), never twice at a time, and every POLL_MS as well,
 * since iptables-legacy tells nobody of its changes.
 */

/* After a change: others come in bunches.  A look that took long is followed by
 * a pause of PAUSE_FACTOR times that. */
#define PAUSE_FACTOR 5
#define CALM_MS      500
#define POLL_MS      60000
#define LIMIT_MS     30000

/* In the child: the first behind the standard ones. */
#define ANSWER_FD      3
#define ANSWER_LEN_MAX 16384

/** run_child() - Look, answer, end */
static void __attribute__((noreturn))
run_child(const struct plan *plan, int answer_fd)
{
	struct strbuf answer;
	const char *text;
	size_t len;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The lock and the carrier's socket must not outlive the steward. */
	if (dup2(answer_fd, ANSWER_FD) < 0 ||
	    close_range(ANSWER_FD + 1, ~0u, 0))
		_exit(1);
	strbuf_init(&answer);
	look_around(plan, &answer);
	text = strbuf_str(&answer);
	len = answer.len < ANSWER_LEN_MAX ? answer.len : ANSWER_LEN_MAX;
	_exit(write(ANSWER_FD, text, len) == (ssize_t)len ? 0 : 1);
}

/** pause_ms() - Until the next look may begin */
static int64_t pause_ms(const struct scan *scan)
{
	int64_t since = mono_diff_ms(clock_mono(), scan->started);
	int64_t pause = (PAUSE_FACTOR + 1) * scan->took_ms - since;

	return pause > CALM_MS ? pause : CALM_MS;
}

/** start_child() - Unless one looks already */
static void start_child(struct scan *scan)
{
	int ends[2];

	scan->again = false;
	scan->started = clock_mono();
	strbuf_fini(&scan->answer);
	strbuf_init(&scan->answer);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return;
	scan->pid = fork();
	if (scan->pid == 0)
		run_child(scan->host->plan, ends[1]);
	close(ends[1]);
	if (scan->pid < 0 ||
	    loop_watch(scan->loop, &scan->source, ends[0], EPOLLIN)) {
		close(ends[0]);
		if (scan->pid > 0)
			(void)waitpid(scan->pid, NULL, 0);
		scan->pid = 0;
	}
	loop_timer_set(
		scan->loop, &scan->due,
		mono_add_ms(clock_mono(), scan->pid > 0 ? LIMIT_MS : POLL_MS));
}

/** log_lines() - Each finding that is new */
static void log_lines(struct scan *scan, const char *text, const char *before)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		if (strstr(before, line))
			;
		else if (strstr(line, STRAY_SIGN))
			log_warn("event=stray reason=\"%s\" by=%s", line,
				 scan->by[0] ? scan->by : "\"unknown\"");
		else
			log_warn("event=%s reason=\"%s\"",
				 strstr(line, "remedy: ") ? "foreign_drop"
							  : "warning",
				 line);
		text += len + (text[len] == '\n');
	}
}

/** take_answer() - The child has ended well */
static void take_answer(struct scan *scan)
{
	if (!strcmp(strbuf_str(&scan->answer), strbuf_str(&scan->text)))
		return;
	log_lines(scan, strbuf_str(&scan->answer), strbuf_str(&scan->text));
	if (!scan->answer.len)
		log_info("event=foreign_clear reason=\"nothing on this machine "
			 "holds up this gateway's packets any more\"");
	strbuf_fini(&scan->text);
	scan->text = scan->answer;
	strbuf_init(&scan->answer);
	scan->by[0] = '\0';
	scan->changed(scan);
}

/** end_child() - Return: whether it ended well */
static bool end_child(struct scan *scan, bool kill_it)
{
	int status = 1;

	if (kill_it)
		(void)kill(scan->pid, SIGKILL);
	if (scan->source.fd >= 0) {
		int fd = scan->source.fd;

		loop_unwatch(scan->loop, &scan->source);
		close(fd);
	}
	(void)waitpid(scan->pid, &status, 0);
	scan->pid = 0;
	scan->took_ms = mono_diff_ms(clock_mono(), scan->started);
	return status == 0;
}

static void on_answer(struct loop_source *source, uint32_t events)
{
	struct scan *scan =
		(struct scan *)(void *)((char *)source -
					offsetof(struct scan, source));
	char bytes[4096];
	ssize_t len;

	(void)events;
	while ((len = read(source->fd, bytes, sizeof(bytes))) > 0 &&
	       scan->answer.len < ANSWER_LEN_MAX)
		strbuf_add(&scan->answer, bytes, (size_t)len);
	if (len < 0 && errno == EAGAIN)
		return;
	if (end_child(scan, false))
		take_answer(scan);
	else
		log_warn("event=foreign_unknown reason=\"the look at the rules "
			 "of others failed\"");
	loop_timer_set(
		scan->loop, &scan->due,
		mono_add_ms(clock_mono(), scan->again ? CALM_MS : POLL_MS));
}

static void on_due(struct loop_timer *timer)
{
	struct scan *scan = (struct scan *)(void *)((char *)timer -
						    offsetof(struct scan, due));

	if (scan->pid > 0) {
		(void)end_child(scan, true);
		log_warn("event=foreign_unknown reason=\"the rules of others "
			 "could not be listed within %d s\"",
			 LIMIT_MS / 1000);
		loop_timer_set(scan->loop, timer,
			       mono_add_ms(clock_mono(), POLL_MS));
		return;
	}
	start_child(scan);
}

void scan_open(struct scan *scan, struct loop *loop, const struct host *host)
{
	scan->loop = loop;
	scan->host = host;
	scan->source = (struct loop_source){.fd = -1, .ready = on_answer};
	scan->due = (struct loop_timer){.fire = on_due};
	strbuf_init(&scan->text);
	strbuf_init(&scan->answer);
	loop_timer_set(loop, &scan->due, clock_mono());
}

void scan_close(struct scan *scan)
{
	if (!scan->loop)
		return;
	if (scan->pid > 0)
		(void)end_child(scan, true);
	loop_timer_cancel(scan->loop, &scan->due);
	strbuf_fini(&scan->text);
	strbuf_fini(&scan->answer);
}

void scan_soon(struct scan *scan)
{
	if (scan->pid > 0)
		scan->again = true;
	else
		loop_timer_set(scan->loop, &scan->due,
			       mono_add_ms(clock_mono(), pause_ms(scan)));
}

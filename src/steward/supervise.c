/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * supervise.c - The steward's loop while the gateway runs
 */

#include "steward/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "steward/audit.h"
#include "steward/diaglog.h"
#include "steward/orders.h"
#include "steward/runner.h"
#include "steward/scan.h"
#include "steward/secrets.h"
#include "steward/watch.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/notify.h"

/**
 * DOC: Theory of operation
 *
 * One loop that ties the parts together: the carrier's process is runner.c's,
 * what others on the machine change is watch.c's, rules of others that drop are
 * scan.c's.  Here are signals, orders, and what must follow when the
 * configuration or a secret is another one.
 *
 * SIGHUP applies everything again.  systemd is told that the loop turns, in half the
 * time that its unit gives.
 */

/**
 * struct supervisor - The loop and all it touches
 * @end:	Why we stop, once the runner was told to
 * @look:	When @secrets are looked at again
 * @turn:	When systemd is to be told that we live
 * @notify_fd:	Where systemd is told, or -1
 * @err:	What the loop failed with
 */
struct supervisor {
	struct loop loop;
	struct host *host;
	struct reload *reload;
	struct runner runner;
	struct watch watch;
	struct scan scan;
	struct audit audit;
	struct loop_source signals;
	struct orders orders;
	struct loop_timer look;
	struct loop_timer turn;
	struct secrets secrets;
	enum supervise_end end;
	int notify_fd;
	int err;
};

#define SUPERVISOR_OF(member_ptr, member)                                      \
	((struct supervisor *)(void *)((char *)(member_ptr)-offsetof(          \
		struct supervisor, member)))

void supervise_block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	/* A shell starts what runs in its background with SIGINT ignored, and
	 * an ignored signal does not come through a signalfd either. */
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/** fail() - End the loop: we cannot go on */
static void fail(struct supervisor *sup, const char *what, int err)
{
	log_err("event=failed error=\"%s: %s\"", what, strerror(-err));
	sup->err = err;
	loop_stop(&sup->loop);
}

/** on_ready() - A new carrier knows nothing yet */
static void on_ready(struct runner *runner)
{
	runner_notify(runner, &SUPERVISOR_OF(runner, runner)->scan.text);
}

static void on_stopped(struct runner *runner)
{
	loop_stop(&SUPERVISOR_OF(runner, runner)->loop);
}

static void on_failed(struct runner *runner, const char *what, int err)
{
	fail(SUPERVISOR_OF(runner, runner), what, err);
}

/** on_scan() - Other rules of others drop, or none any more */
static void on_scan(struct scan *scan)
{
	runner_notify(&SUPERVISOR_OF(scan, scan)->runner, &scan->text);
}

/** stop() - Stop the carrier, then the loop */
static void stop(struct supervisor *sup, enum supervise_end end)
{
	sup->end = end;
	if (!sup->runner.stopping)
		notify_systemd(sup->notify_fd, "STOPPING=1");
	runner_stop(&sup->runner);
}

/** log_diag() - @err: what went wrong: -EBADMSG a file, else the machine */
static void log_diag(const struct diag *diag, int err)
{
	diaglog(diag, err == -EBADMSG ? "wrong_file" : "kernel_state");
}

/** on_reloaded() - The configuration in force is another one */
static void on_reloaded(void *arg)
{
	struct supervisor *sup = arg;

	watch_settle(&sup->watch);
	(void)secrets_look(&sup->secrets, &sup->host->plan->conf->access);
	runner_hand_over(&sup->runner);
	scan_soon(&sup->scan);
	audit_follow(&sup->audit);
}

/** add_diag() - Entries of a list as lines for who asked */
static void add_diag(const struct diag *diag, struct strbuf *answer)
{
	char line[DIAG_TEXT_LEN_MAX + 256];
	size_t i;

	for (i = 0; i < diag->cnt; i++) {
		diag_text(diag, i, line, sizeof(line));
		strbuf_printf(answer, "%s\n", line);
	}
}

/** reload() - Read all files again and go on with what they say
 *  @confirm_s:	See reload_run()
 *  @answer:	For who asked
 *
 *  Return: exit status */
static int reload(struct supervisor *sup, unsigned int confirm_s,
		  struct strbuf *answer)
{
	struct diag diag;
	int err;

	notify_systemd(sup->notify_fd, "RELOADING=1");
	diag_init(&diag);
	err = reload_run(sup->reload, confirm_s, answer, &diag);
	watch_settle(&sup->watch);
	(void)secrets_look(&sup->secrets, &sup->host->plan->conf->access);
	log_diag(&diag, err);
	add_diag(&diag, answer);
	if (err) {
		const char *why = err == -EBADMSG ? "the files have errors"
						  : strerror(-err);

		log_err("event=reload_refused reason=\"%s; all goes on as "
			"before\"",
			why);
		strbuf_printf(answer, "gateway %s goes on as before: %s\n",
			      sup->host->plan->gateway->name, why);
	}
	diag_fini(&diag);
	notify_systemd(sup->notify_fd, "READY=1");
	return !err ? 0 : err == -EBADMSG ? 2 : 1;
}

/** confirm() - The last change is meant; Return: exit status */
static int confirm(struct supervisor *sup, struct strbuf *answer)
{
	const char *name = sup->host->plan->gateway->name;
	bool done = reload_confirm(sup->reload);

	strbuf_printf(answer,
		      done ? "gateway %s: the change is confirmed\n"
			   : "gateway %s has no change to confirm\n",
		      name);
	return done ? 0 : 1;
}

/** on_order() - From who may give orders; see orders.h */
static int on_order(struct orders *orders, const char *order,
		    struct strbuf *answer)
{
	struct supervisor *sup = SUPERVISOR_OF(orders, orders);
	unsigned int confirm_s = 0;

	if (strcmp(order, "confirm") == 0)
		return confirm(sup, answer);
	if (strcmp(order, "reload") == 0 ||
	    sscanf(order, "reload %u", &confirm_s) == 1)
		return reload(sup, confirm_s, answer);
	strbuf_printf(answer, "this release knows no \"%s\"\n", order);
	return 1;
}

/** on_hangup() - SIGHUP: a reload whose outcome stands in the log only; it ends no
 *  trial, since its sender may know nothing of that */
static void on_hangup(struct supervisor *sup)
{
	struct strbuf unread;

	if (reload_on_trial(sup->reload)) {
		log_err("event=reload_refused reason=\"SIGHUP while a change "
			"waits to be confirmed\" remedy=\"relaytun confirm, "
			"or relaytun reload, which ends the trial\"");
		return;
	}
	strbuf_init(&unread);
	(void)reload(sup, 0, &unread);
	strbuf_fini(&unread);
}

/** on_look() - A secret's file may have been replaced: the carrier gets it */
static void on_look(struct loop_timer *timer)
{
	struct supervisor *sup = SUPERVISOR_OF(timer, look);
	struct diag diag;
	int err;

	loop_timer_set(&sup->loop, timer,
		       mono_add_ms(clock_mono(), SECRETS_MS));
	if (!secrets_look(&sup->secrets, &sup->host->plan->conf->access))
		return;
	diag_init(&diag);
	err = reload_secrets(sup->reload, &diag);
	if (err) {
		/* Looked at again once it changes again. */
		log_diag(&diag, err);
		log_err("event=secrets_refused reason=\"the old ones stay\"");
	} else {
		log_info("event=secrets_changed");
		runner_hand_over(&sup->runner);
	}
	diag_fini(&diag);
}

/** on_turn() - The loop turns: systemd hears of it */
static void on_turn(struct loop_timer *timer)
{
	struct supervisor *sup = SUPERVISOR_OF(timer, turn);
	int64_t in_ms = notify_watchdog_ms();

	if (!in_ms)
		return;
	notify_systemd(sup->notify_fd, NOTIFY_ALIVE);
	loop_timer_set(&sup->loop, timer, mono_add_ms(clock_mono(), in_ms));
}

static void on_signal(struct loop_source *source, uint32_t events)
{
	struct supervisor *sup = SUPERVISOR_OF(source, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(source->fd, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTERM:
			log_info("event=stop signal=SIGTERM "
				 "kernel_state=stays");
			stop(sup, SUPERVISE_LEAVE);
			break;
		case SIGINT:
			log_info("event=stop signal=SIGINT "
				 "kernel_state=removed");
			stop(sup, SUPERVISE_REMOVE);
			break;
		default:
			on_hangup(sup);
			break;
		}
	}
}

/** on_others() - Rules of others were changed, or routes beside ours */
static void on_others(struct watch *watch)
{
	struct scan *scan = &SUPERVISOR_OF(watch, watch)->scan;

	if (watch->diverter.pid)
		culprit_text(&watch->diverter, scan->by);
	watch->diverter = (struct culprit){0};
	scan_soon(scan);
}

/** on_new_queue() - The device was made anew */
static void on_new_queue(struct watch *watch)
{
	runner_new_queues(&SUPERVISOR_OF(watch, watch)->runner);
}

/** on_gone() - The device is gone, and cannot be made anew */
static void on_gone(struct watch *watch)
{
	fail(SUPERVISOR_OF(watch, watch), "the TUN device is gone", -ENODEV);
}

static int watch_signals(struct supervisor *sup)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	return loop_watch(&sup->loop, &sup->signals, fd, EPOLLIN);
}

/** watch_all() - Every source that is there from the start */
static int watch_all(struct supervisor *sup, const struct feed *feed,
		     const struct spawner *spawner, int lock)
{
	int err = watch_signals(sup);

	if (!err)
		err = watch_open(&sup->watch, &sup->loop, sup->host);
	if (!err)
		err = runner_open(&sup->runner, &sup->loop, sup->host, feed,
				  spawner);
	if (!err)
		err = orders_open(&sup->orders, &sup->loop, lock, on_order);
	return err;
}

int supervise_run(struct host *host, const struct feed *feed,
		  const struct spawner *spawner, int lock,
		  struct reload *reload)
{
	struct supervisor sup = {
		.host = host,
		.reload = reload,
		.runner = {.ready = on_ready,
			   .stopped = on_stopped,
			   .failed = on_failed,
			   .handover_fd = -1},
		.signals = {.fd = -1, .ready = on_signal},
		.watch = {.new_queue = on_new_queue,
			  .gone = on_gone,
			  .others = on_others,
			  .links = {.fd = -1},
			  .rules = {.fd = -1}},
		.look = {.fire = on_look},
		.turn = {.fire = on_turn},
		.scan = {.changed = on_scan},
	};
	int err = loop_open(&sup.loop);

	if (err)
		return err;
	sup.notify_fd = notify_open();
	reload_attach(reload, &sup.loop, on_reloaded, &sup);
	err = watch_all(&sup, feed, spawner, lock);
	if (!err) {
		scan_open(&sup.scan, &sup.loop, host);
		audit_open(&sup.audit, &sup.loop, host);
		notify_systemd(sup.notify_fd, "READY=1");
		(void)secrets_look(&sup.secrets, &host->plan->conf->access);
		on_look(&sup.look);
		on_turn(&sup.turn);
		runner_start(&sup.runner);
		err = loop_run(&sup.loop);
	}
	runner_close(&sup.runner);
	if (sup.signals.fd >= 0)
		close(sup.signals.fd);
	if (sup.notify_fd >= 0)
		close(sup.notify_fd);
	orders_close(&sup.orders);
	reload_detach(reload);
	watch_close(&sup.watch);
	scan_close(&sup.scan);
	audit_close(&sup.audit);
	loop_close(&sup.loop);
	if (!err)
		err = sup.err;
	return err ? err : (int)sup.end;
}

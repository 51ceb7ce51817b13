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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "steward/audit.h"
#include "steward/diaglog.h"
#include "steward/notify.h"
#include "steward/orders.h"
#include "steward/scan.h"
#include "steward/secrets.h"
#include "steward/watch.h"
#include "sys/clock.h"
#include "sys/handover.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/tun.h"

/**
 * DOC: Theory of operation
 *
 * One loop, one carrier.  carrier_start() makes the handover pair, fills our end
 * with the whole set and gives the other end to the spawner; the messages wait
 * in the socket until the carrier reads them.  What ends a carrier is the
 * spawner's SPAWNER_EXITED and nothing else: the end of the handover socket
 * alone may come from one that still lives.
 *
 * A carrier that ends is started again at once; one that ends again soon is
 * given a pause that doubles, RESTART_MS_MAX at most.
 *
 * The queues of the TUN device are ours and the carrier's at the same time: the
 * link stays up without a carrier.  While none lives we read and discard, since
 * a queue that nobody reads fills up and delays what comes after.
 *
 * What others on the machine change is watch.c's: a new interface, one of ours
 * that was deleted.  SIGHUP applies everything again.
 */

#define RESTART_MS_FIRST 125
#define RESTART_MS_MAX   1000
/* A carrier that lived as long has earned an immediate restart. */
#define STEADY_MS 10000
/* From SIGTERM to SIGKILL. */
#define STOP_MS 2000
/* Packets thrown away in one go, so that other sources have their turn. */
#define DRAIN_BATCH 64

/**
 * enum carrier_state - Life of the one carrier
 *
 * CARRIER_DOWN		None lives; @restart is armed unless we are stopping.
 *	carrier_start()		-> CARRIER_STARTING
 * CARRIER_STARTING	The spawner was asked, the set is sent.
 *	HANDOVER_READY		-> CARRIER_UP
 *	SPAWNER_FAILED, _EXITED	-> CARRIER_DOWN
 * CARRIER_UP		Packets move.
 *	SPAWNER_EXITED		-> CARRIER_DOWN
 */
enum carrier_state {
	CARRIER_DOWN,
	CARRIER_STARTING,
	CARRIER_UP,
};

/** struct drain - A queue of the TUN device that is emptied */
struct drain {
	struct loop_source source;
	struct loop *loop;
};

/**
 * struct supervisor - The loop and all it touches
 * @state:	Of the carrier
 * @end:	Why we stop, once @stopping
 * @stopping:	No carrier is started any more
 * @killed:	SIGKILL was sent after SIGTERM
 * @failure_cnt: Carriers in a row that did not live STEADY_MS
 * @started:	When the last one was asked for
 * @handover_fd: Our end, -1 in CARRIER_DOWN
 * @look:	When @secrets are looked at again
 * @err:	What the loop failed with
 */
struct supervisor {
	struct loop loop;
	struct host *host;
	const struct feed *feed;
	const struct spawner *spawner;
	struct reload *reload;
	struct watch watch;
	struct scan scan;
	struct audit audit;
	struct loop_source signals;
	struct loop_source answers;
	struct loop_source handover;
	struct drain drains[WORKER_CNT_MAX];
	struct orders orders;
	struct loop_timer restart;
	struct loop_timer stop_limit;
	struct loop_timer look;
	struct secrets secrets;
	enum carrier_state state;
	enum supervise_end end;
	bool stopping;
	bool killed;
	unsigned int failure_cnt;
	mono_t started;
	int handover_fd;
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

static void drain_nothing(struct supervisor *sup)
{
	size_t i;

	for (i = 0; i < WORKER_CNT_MAX; i++)
		loop_unwatch(&sup->loop, &sup->drains[i].source);
}

/** drain_while_down() - Who reads the TUN queues: we, or a carrier? */
static void drain_while_down(struct supervisor *sup)
{
	const struct link_tun *tun = &sup->host->tun;
	size_t i;

	if (sup->state != CARRIER_DOWN) {
		drain_nothing(sup);
		return;
	}
	for (i = 0; i < tun->cnt; i++) {
		if (loop_watch(&sup->loop, &sup->drains[i].source, tun->fds[i],
			       EPOLLIN))
			log_warn("event=not_drained device=%s",
				 sup->host->plan->conf->tun_name);
	}
}

/** on_drain() - Packets that no carrier takes */
static void on_drain(struct loop_source *source, uint32_t events)
{
	uint8_t packet[2048];
	int i;

	(void)events;
	for (i = 0; i < DRAIN_BATCH; i++) {
		ssize_t len = tun_read(source->fd, packet, sizeof(packet));

		if (len == -EAGAIN)
			return;
		if (len < 0) {
			/* Deleted: the event of its link comes as well. */
			loop_unwatch(((struct drain *)(void *)source)->loop,
				     source);
			return;
		}
	}
}

static void drain_init(struct supervisor *sup)
{
	size_t i;

	for (i = 0; i < WORKER_CNT_MAX; i++)
		sup->drains[i] = (struct drain){
			.source = {.fd = -1, .ready = on_drain},
			.loop = &sup->loop,
		};
}

/** send_signal() - To the carrier, through the spawner */
static void send_signal(struct supervisor *sup, int signo)
{
	const struct handover_msg msg = {.type = SPAWNER_SIGNAL,
					 .value = (uint32_t)signo};
	int err = handover_send(sup->spawner->sock, &msg, -1);

	if (err)
		fail(sup, "spawner", err);
}

/** carrier_ended() - Clean up after it, and see to the next one */
static void carrier_ended(struct supervisor *sup)
{
	int64_t pause_ms = 0;
	unsigned int i;

	loop_unwatch(&sup->loop, &sup->handover);
	if (sup->handover_fd >= 0)
		close(sup->handover_fd);
	sup->handover_fd = -1;
	sup->state = CARRIER_DOWN;
	sup->killed = false;
	loop_timer_cancel(&sup->loop, &sup->stop_limit);
	drain_while_down(sup);
	if (sup->stopping) {
		loop_stop(&sup->loop);
		return;
	}

	if (mono_diff_ms(clock_mono(), sup->started) >= STEADY_MS)
		sup->failure_cnt = 0;
	for (i = 0; i < sup->failure_cnt && pause_ms < RESTART_MS_MAX; i++)
		pause_ms = pause_ms ? 2 * pause_ms : RESTART_MS_FIRST;
	sup->failure_cnt++;
	log_info("carrier event=restart in_ms=%d", (int)pause_ms);
	loop_timer_set(&sup->loop, &sup->restart,
		       mono_add_ms(clock_mono(), pause_ms));
}

/** carrier_start() - Hand everything over and have it started */
static void carrier_start(struct supervisor *sup)
{
	const struct handover_msg start = {.type = SPAWNER_START};
	int pair[2];
	int err;

	sup->started = clock_mono();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		log_err("carrier event=not_started error=\"%m\"");
		carrier_ended(sup);
		return;
	}
	sup->handover_fd = pair[0];
	sup->state = CARRIER_STARTING;
	drain_while_down(sup);
	err = feed_send(sup->feed, &sup->host->tun, pair[0]);
	if (!err)
		err = loop_watch(&sup->loop, &sup->handover, pair[0], EPOLLIN);
	if (!err)
		err = handover_send(sup->spawner->sock, &start, pair[1]);
	close(pair[1]);
	if (err) {
		log_err("carrier event=not_started error=\"%s\"",
			strerror(-err));
		carrier_ended(sup);
	}
}

static void on_restart(struct loop_timer *timer)
{
	carrier_start(SUPERVISOR_OF(timer, restart));
}

/** send_notices() - What the status is to show, to the carrier that runs */
static void send_notices(struct supervisor *sup)
{
	const struct handover_msg msg = {.type = HANDOVER_NOTICES};
	const struct strbuf *text = &sup->scan.text;
	int fd;

	if (sup->state != CARRIER_UP)
		return;
	fd = handover_seal_text("notices", strbuf_str(text), text->len);
	if (fd < 0 || handover_send(sup->handover_fd, &msg, fd))
		log_warn("event=notices_not_sent");
	if (fd >= 0)
		close(fd);
}

/** on_scan() - Other rules of others drop, or none any more */
static void on_scan(struct scan *scan)
{
	send_notices(SUPERVISOR_OF(scan, scan));
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

/** on_handover() - What the carrier answers */
static void on_handover(struct loop_source *source, uint32_t events)
{
	struct supervisor *sup = SUPERVISOR_OF(source, handover);
	struct handover_msg msg;
	int got = receive(source->fd, &msg);

	(void)events;
	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		/* Its exit is told by the spawner. */
		loop_unwatch(&sup->loop, source);
		return;
	}
	if (msg.type == HANDOVER_READY) {
		sup->state = CARRIER_UP;
		send_notices(sup);
		log_info("carrier event=ready");
	} else if (msg.type == HANDOVER_REFUSED) {
		log_err("carrier event=refused reason=\"%s\"", msg.text);
	}
}

/** log_exit() - How a carrier ended */
static void log_exit(const struct supervisor *sup, int status)
{
	if (sup->stopping && !sup->killed)
		log_info("carrier event=stopped");
	else if (sup->killed)
		log_warn("carrier event=killed reason=\"it did not stop within "
			 "%d ms\"",
			 STOP_MS);
	else if (WIFSIGNALED(status))
		log_warn("carrier event=exited signal=%d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_warn("carrier event=exited status=%d", WEXITSTATUS(status));
}

/** on_answer() - What the spawner says */
static void on_answer(struct loop_source *source, uint32_t events)
{
	struct supervisor *sup = SUPERVISOR_OF(source, answers);
	struct handover_msg msg;
	int got = receive(source->fd, &msg);

	(void)events;
	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		fail(sup, "the spawner has ended", got ? got : -EPIPE);
		return;
	}
	switch (msg.type) {
	case SPAWNER_STARTED:
		log_info("carrier event=started pid=%u", msg.value);
		if (sup->stopping)
			send_signal(sup, SIGTERM);
		break;
	case SPAWNER_FAILED:
		log_err("carrier event=not_started error=\"%s\"",
			strerror((int)msg.value));
		carrier_ended(sup);
		break;
	case SPAWNER_EXITED:
		log_exit(sup, (int)msg.value);
		carrier_ended(sup);
		break;
	default:
		break;
	}
}

/** on_stop_limit() - It does not stop by itself */
static void on_stop_limit(struct loop_timer *timer)
{
	struct supervisor *sup = SUPERVISOR_OF(timer, stop_limit);

	if (sup->killed && sup->stopping) {
		loop_stop(&sup->loop);
		return;
	}
	sup->killed = true;
	send_signal(sup, SIGKILL);
	loop_timer_set(&sup->loop, timer, mono_add_ms(clock_mono(), STOP_MS));
}

/** stop_carrier() - In good order, and by force when that takes too long */
static void stop_carrier(struct supervisor *sup)
{
	send_signal(sup, SIGTERM);
	loop_timer_set(&sup->loop, &sup->stop_limit,
		       mono_add_ms(clock_mono(), STOP_MS));
}

/** stop() - Stop the carrier, then the loop */
static void stop(struct supervisor *sup, enum supervise_end end)
{
	sup->end = end;
	if (sup->stopping)
		return;
	sup->stopping = true;
	notify_systemd("STOPPING=1");
	loop_timer_cancel(&sup->loop, &sup->restart);
	if (sup->state == CARRIER_DOWN) {
		loop_stop(&sup->loop);
		return;
	}
	stop_carrier(sup);
}

/** log_diag() - @err: what went wrong: -EBADMSG a file, else the machine */
static void log_diag(const struct diag *diag, int err)
{
	diaglog(diag, err == -EBADMSG ? "wrong_file" : "kernel_state");
}

/** take_new_queue() - The device was made anew: its old queue is dead */
static void take_new_queue(struct supervisor *sup)
{
	drain_nothing(sup);
	drain_while_down(sup);
	if (sup->state != CARRIER_DOWN)
		stop_carrier(sup);
}

/** hand_over() - The set as it is now, to the carrier that runs */
static void hand_over(struct supervisor *sup)
{
	int err;

	if (sup->handover_fd < 0)
		return; /* the next one gets it */
	err = feed_send(sup->feed, &sup->host->tun, sup->handover_fd);
	if (err)
		log_err("carrier event=not_reloaded error=\"%s\"",
			strerror(-err));
}

/** on_reloaded() - The configuration in force is another one */
static void on_reloaded(void *arg)
{
	struct supervisor *sup = arg;

	watch_settle(&sup->watch);
	(void)secrets_look(&sup->secrets, &sup->host->plan->conf->access);
	hand_over(sup);
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

	notify_systemd("RELOADING=1");
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
	notify_systemd("READY=1");
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
		hand_over(sup);
	}
	diag_fini(&diag);
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
		watch_by(&watch->diverter, scan->by);
	watch->diverter = (struct watch_culprit){0};
	scan_soon(scan);
}

/** on_new_queue() - The device was made anew */
static void on_new_queue(struct watch *watch)
{
	take_new_queue(SUPERVISOR_OF(watch, watch));
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
static int watch_all(struct supervisor *sup, int lock)
{
	int err = watch_signals(sup);

	if (!err)
		err = watch_open(&sup->watch, &sup->loop, sup->host);
	if (!err)
		err = loop_watch(&sup->loop, &sup->answers, sup->spawner->sock,
				 EPOLLIN);
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
		.feed = feed,
		.spawner = spawner,
		.reload = reload,
		.signals = {.fd = -1, .ready = on_signal},
		.watch = {.new_queue = on_new_queue,
			  .gone = on_gone,
			  .others = on_others,
			  .links = {.fd = -1},
			  .rules = {.fd = -1}},
		.answers = {.fd = -1, .ready = on_answer},
		.handover = {.fd = -1, .ready = on_handover},
		.restart = {.fire = on_restart},
		.look = {.fire = on_look},
		.stop_limit = {.fire = on_stop_limit},
		.scan = {.changed = on_scan},
		.handover_fd = -1,
	};
	int err = loop_open(&sup.loop);

	if (err)
		return err;
	drain_init(&sup);
	reload_attach(reload, &sup.loop, on_reloaded, &sup);
	err = watch_all(&sup, lock);
	if (!err) {
		scan_open(&sup.scan, &sup.loop, host);
		audit_open(&sup.audit, &sup.loop, host);
		notify_systemd("READY=1");
		(void)secrets_look(&sup.secrets, &host->plan->conf->access);
		on_look(&sup.look);
		carrier_start(&sup);
		err = loop_run(&sup.loop);
	}
	if (sup.handover_fd >= 0)
		close(sup.handover_fd);
	if (sup.signals.fd >= 0)
		close(sup.signals.fd);
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

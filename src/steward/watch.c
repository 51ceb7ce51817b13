/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * watch.c - Others on the machine: what they take away of ours is restored
 */

#include "steward/watch.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "steward/diaglog.h"
#include "steward/nft.h"
#include "steward/rtevent.h"
#include "sys/clock.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * Two sockets tell what happens: rtnetlink of links, addresses, routes and
 * options, nfnetlink of nftables.  What they tell decides only whether to look
 * and whom to name; what is missing is found by looking (apply_follow()).
 *
 * nftables	touch.h gathers what a transaction did to our table; at its end
 *		that is forgotten if it was our own doing, else the whole table
 *		is loaded again.  Adding to our table counts like taking away.
 * rtnetlink	Messages about our device, and deletions by others of routes and
 *		addresses on it.  A deletion's nlmsg_pid is mostly the process.
 *		Routes and rules of others that may come before ours are left
 *		alone; where packets really go is looked at (scan.h).
 *
 * on_due() restores at once.  After QUICK_MAX restorations that follow each other
 * somebody fights: then the pause between two doubles up to PAUSE_MS_MAX, and
 * that is said once.
 *
 * Events may get lost (ENOBUFS): then all of it is looked at.  Our own large
 * transactions can overflow the socket as well; watch_settle() takes their
 * events off and passes over the overflow, else we would restore for ever.
 */

#define RCVBUF_SIZE (8 << 20)
#define EVENTS_SIZE 65536

/* Looks are at least so far apart, and restorations as well; several events of
 * one cause are one restoration. */
#define LOOK_MS        20
#define PAUSE_MS_QUICK 50
/* After so many restorations without calm between them it is a fight, and the
 * pause grows. */
#define QUICK_MAX      20
#define PAUSE_MS_FIGHT 1000
#define PAUSE_MS_MAX   8000
/* Before the next try, after one that failed. */
#define RETRY_MS 3000
/* After so long without one it is calm. */
#define CALM_MS 10000

/* Process ids in netlink ports of libnl: the lower 22 bits. */
#define PORT_PID_MASK 0x3fffffu

#define WATCH_OF(member_ptr, member)                                           \
	((struct watch *)(void *)((char *)(member_ptr)-offsetof(struct watch,  \
								member)))

/** say_restored() - One line: what, and who */
static void say_restored(struct watch *watch)
{
	char by[CULPRIT_BY_SIZE];

	culprit_text(&watch->culprit, by);
	log_warn("event=restored what=\"%s\" by=%s",
		 missing_text(&watch->missing), by);
}

/** schedule() - Look soon: at once if it has been calm */
static void schedule(struct watch *watch)
{
	mono_t now = clock_mono();
	mono_t at = mono_add_ms(watch->restored, watch->pause_ms);
	mono_t gap = mono_add_ms(watch->looked, LOOK_MS);

	if (watch->due.armed)
		return;
	if (mono_before(at, gap))
		at = gap;
	if (mono_before(at, now))
		at = now;
	loop_timer_set(watch->loop, &watch->due, at);
}

/** lengthen() - The pause after a restoration, and what is said of it */
static void lengthen(struct watch *watch)
{
	mono_t now = clock_mono();
	bool fights = watch->quick_cnt == QUICK_MAX;

	if (mono_diff_ms(now, watch->restored) > watch->pause_ms + CALM_MS) {
		watch->quick_cnt = 0;
		watch->pause_ms = PAUSE_MS_QUICK;
	} else if (!fights) {
		watch->quick_cnt++;
	}
	watch->restored = now;
	if (watch->quick_cnt < QUICK_MAX) {
		say_restored(watch);
		return;
	}
	if (!fights)
		log_warn("event=restoring_slower reason=\"somebody keeps "
			 "taking away what is restored: from now on every %d s "
			 "at most, and said no more until it is calm\"",
			 PAUSE_MS_MAX / 1000);
	watch->pause_ms = fights ? 2 * watch->pause_ms : PAUSE_MS_FIGHT;
	if (watch->pause_ms > PAUSE_MS_MAX)
		watch->pause_ms = PAUSE_MS_MAX;
}

/** log_failure() - Once per failure, not at each try */
static void log_failure(struct watch *watch, const struct diag *diag)
{
	if (!watch->failed)
		diaglog(diag, "kernel_state");
}

/** on_due() - Look, and restore what is missing */
static void on_due(struct loop_timer *timer)
{
	struct watch *watch = WATCH_OF(timer, due);
	unsigned int hurt = watch->hurt;
	bool failed = watch->failed;
	struct diag diag;
	int ret;

	diag_init(&diag);
	watch->hurt = 0;
	watch->looked = clock_mono();
	ret = apply_follow(watch->host, hurt, &watch->missing, &diag);
	log_failure(watch, &diag);
	diag_fini(&diag);
	watch->failed = ret < 0;
	if (watch->missing.cnt)
		lengthen(watch);
	missing_fini(&watch->missing);
	watch->culprit = (struct culprit){0};
	if (hurt & FOLLOW_RULES)
		watch_settle(watch);
	if (!watch->host->tun.cnt) {
		watch->gone(watch);
		return;
	}
	if (ret < 0) {
		watch->hurt |= hurt;
		loop_timer_set(watch->loop, timer,
			       mono_add_ms(clock_mono(), RETRY_MS));
	}
	if (ret > 0)
		watch->new_queue(watch);
	/* What was in the way is not any more, or there is something new. */
	if ((failed && ret >= 0) || hurt & (FOLLOW_RULES | FOLLOW_NAME))
		watch->others(watch);
}

/** end_transaction() - All of one was told: was ours touched? */
static void end_transaction(struct watch *watch, const struct culprit *by)
{
	struct touch *touch = &watch->touch;
	bool foreign = by->pid != (uint32_t)getpid();

	if (touch->ours.cnt && foreign) {
		missing_add(&watch->missing,
			    "in nftables:", missing_text(&touch->ours));
		watch->hurt |= FOLLOW_RULES;
		culprit_take(&watch->culprit, by->pid, by->comm);
		schedule(watch);
	}
	if (touch->rival && foreign) {
		watch->hurt |= FOLLOW_NAME;
		schedule(watch);
	}
	if (touch->others && foreign)
		watch->others(watch);
	touch_fini(touch);
}

/** is_ours() - Sent for a request of the steward itself? */
static bool is_ours(const struct watch *watch, const struct nlmsghdr *head)
{
	return head->nlmsg_pid == nl_socket_get_local_port(watch->host->nl);
}

/** note_diverter() - Whoever it is gets named if packets go astray */
static void note_diverter(struct watch *watch, const struct nlmsghdr *head)
{
	watch->diverter = (struct culprit){0};
	culprit_take(&watch->diverter, head->nlmsg_pid & PORT_PID_MASK, NULL);
	watch->others(watch);
	/* What was in the way may be gone: no need to wait for the retry. */
	if (head->nlmsg_type == RTM_DELROUTE && watch->failed) {
		watch->hurt |= FOLLOW_DEVICE;
		loop_timer_cancel(watch->loop, &watch->due);
		schedule(watch);
	}
}

/** on_route_event() - One message of rtnetlink; Return: whether to look */
static bool on_route_event(struct watch *watch, struct nlmsghdr *head)
{
	int ours = watch->host->tun.ifindex;
	bool about_ours = rtevent_ifindex(head) == ours;

	if (!is_ours(watch, head) &&
	    rtevent_may_divert(watch->host->plan, head))
		note_diverter(watch, head);
	/* "ip route replace" does not tell what it took away. */
	if (head->nlmsg_type == RTM_NEWROUTE)
		about_ours = head->nlmsg_flags & NLM_F_REPLACE &&
			     rtevent_is_planned(watch->host->plan, head);
	if (about_ours && !is_ours(watch, head)) {
		watch->hurt |= FOLLOW_DEVICE;
		culprit_take(&watch->culprit, head->nlmsg_pid & PORT_PID_MASK,
			     NULL);
		return true;
	}
	/* Others' interfaces come, go, and are opened and closed. */
	return head->nlmsg_type == RTM_NEWLINK ||
	       head->nlmsg_type == RTM_NEWNETCONF;
}

/** receive() - A bunch of messages from the kernel; Return: bytes, -errno */
static ssize_t receive(int fd, char *bytes, size_t size)
{
	struct sockaddr_nl from = {0};
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, bytes, size, MSG_DONTWAIT,
			       (struct sockaddr *)&from, &from_len);

	if (len < 0)
		return -errno;
	return from.nl_pid == 0 ? len : 0;
}

/** on_links() - Events of links, addresses, routes and options */
static void on_links(struct loop_source *source, uint32_t events)
{
	struct watch *watch = WATCH_OF(source, links);
	char bytes[EVENTS_SIZE] __attribute__((aligned(8)));
	bool look = false;
	ssize_t len;

	(void)events;
	while ((len = receive(source->fd, bytes, sizeof(bytes))) >= 0 ||
	       len == -ENOBUFS) {
		struct nlmsghdr *head = (struct nlmsghdr *)(void *)bytes;
		int rest = (int)len;

		if (len < 0) {
			look = true;
			watch->hurt |= FOLLOW_DEVICE;
		}
		for (; len > 0 && nlmsg_ok(head, rest);
		     head = nlmsg_next(head, &rest))
			look |= on_route_event(watch, head);
	}
	if (look)
		schedule(watch);
}

/** take_rules() - All that is there; Return: whether some was lost */
static bool take_rules(struct watch *watch)
{
	char bytes[EVENTS_SIZE] __attribute__((aligned(8)));
	const struct host *host = watch->host;
	struct strbuf name;
	struct culprit by;
	bool lost = false;
	ssize_t len;

	strbuf_init(&name);
	nft_table_name(host->plan->gateway->name, &name);
	while ((len = receive(watch->rules.fd, bytes, sizeof(bytes))) >= 0 ||
	       len == -ENOBUFS) {
		struct nlmsghdr *head = (struct nlmsghdr *)(void *)bytes;
		int rest = (int)len;

		if (len < 0) {
			touch_fini(&watch->touch);
			watch->touch.others = true;
			lost = true;
		}
		for (; len > 0 && nlmsg_ok(head, rest);
		     head = nlmsg_next(head, &rest)) {
			if (touch_take(&watch->touch,
				       host->table ? host->table->name
						   : strbuf_str(&name),
				       strbuf_str(&name), head, &by))
				end_transaction(watch, &by);
		}
	}
	strbuf_fini(&name);
	return lost;
}

/** on_rules() - Events of nftables */
static void on_rules(struct loop_source *source, uint32_t events)
{
	struct watch *watch = WATCH_OF(source, rules);

	(void)events;
	if (!take_rules(watch))
		return;
	missing_add(&watch->missing,
		    "in nftables:", "unknown, too many events");
	watch->hurt |= FOLLOW_RULES | FOLLOW_NAME;
	schedule(watch);
}

void watch_settle(struct watch *watch)
{
	if (watch->rules.fd >= 0)
		(void)take_rules(watch);
}

/** open_socket() - A netlink socket for events, with room for many */
static struct nl_sock *open_socket(int protocol)
{
	struct nl_sock *nl = nl_socket_alloc();
	int size = RCVBUF_SIZE;

	if (!nl)
		return NULL;
	if (nl_connect(nl, protocol)) {
		nl_socket_free(nl);
		return NULL;
	}
	if (setsockopt(nl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)))
		(void)setsockopt(nl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUF,
				 &size, sizeof(size));
	return nl;
}

int watch_open(struct watch *watch, struct loop *loop, struct host *host)
{
	int err;

	watch->loop = loop;
	watch->host = host;
	watch->links = (struct loop_source){.fd = -1, .ready = on_links};
	watch->rules = (struct loop_source){.fd = -1, .ready = on_rules};
	watch->due = (struct loop_timer){.fire = on_due};
	watch->pause_ms = PAUSE_MS_QUICK;
	watch->restored = mono_add_ms(clock_mono(), -CALM_MS);
	touch_init(&watch->touch);
	missing_init(&watch->missing);
	watch->route_nl = open_socket(NETLINK_ROUTE);
	watch->rules_nl = open_socket(NETLINK_NETFILTER);
	if (!watch->route_nl || !watch->rules_nl)
		return -EIO;
	if (nl_socket_add_memberships(
		    watch->route_nl, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
		    RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
		    RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF,
		    RTNLGRP_IPV6_IFINFO, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
		    0) ||
	    nl_socket_add_memberships(watch->rules_nl, NFNLGRP_NFTABLES, 0))
		return -EIO;
	err = loop_watch(loop, &watch->links, nl_socket_get_fd(watch->route_nl),
			 EPOLLIN);
	if (err)
		return err;
	err = loop_watch(loop, &watch->rules, nl_socket_get_fd(watch->rules_nl),
			 EPOLLIN);
	if (err)
		return err;
	watch->hurt = FOLLOW_DEVICE; /* since the start */
	schedule(watch);
	return 0;
}

void watch_close(struct watch *watch)
{
	if (watch->links.fd >= 0)
		loop_unwatch(watch->loop, &watch->links);
	if (watch->rules.fd >= 0)
		loop_unwatch(watch->loop, &watch->rules);
	loop_timer_cancel(watch->loop, &watch->due);
	if (watch->route_nl)
		nl_socket_free(watch->route_nl);
	if (watch->rules_nl)
		nl_socket_free(watch->rules_nl);
	touch_fini(&watch->touch);
	missing_fini(&watch->missing);
}

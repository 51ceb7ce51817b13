/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * audit.c - A line in the log for each flow of an audited service that ends
 */

#include "steward/audit.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "steward/flowlist.h"
#include "steward/flows.h"
#include "steward/judge.h"
#include "steward/setting.h"
#include "sys/clock.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * The kernel tells of each entry that ends, with counters and times if it keeps
 * them: two settings of connection tracking that are switched on (and remembered)
 * only when a service has audit = true, and stay on until `down`.  Flows that
 * began before have no duration.
 *
 * Flows that a change of the policy ends are told by audit_tell(): their mark is
 * another one by the time the kernel tells.
 *
 * A flow is one of ours by its mark and by what only ours have (judge.h).  At
 * most LINES_MAX lines a second are written; those that are too many, and events
 * that the socket had no room for, are counted and told.
 */

#define RCVBUF_SIZE (4 << 20)
#define LINES_MAX   100
#define SECOND_MS   1000

static const char *const settings[] = {
	"net/netfilter/nf_conntrack_acct",
	"net/netfilter/nf_conntrack_timestamp",
};
#define SETTING_CNT (sizeof(settings) / sizeof(*settings))

bool audit_wanted(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->service_cnt; i++) {
		if (plan->services[i].service->audit)
			return true;
	}
	return false;
}

bool audit_gather(const struct plan *plan, struct state *state)
{
	size_t before = state->setting_cnt;
	long value;
	size_t i;

	for (i = 0; i < SETTING_CNT && audit_wanted(plan); i++) {
		if (setting_read(settings[i], &value) == 0 && value == 0)
			state_set(state, settings[i], 0, 1);
	}
	return state->setting_cnt != before;
}

void audit_settings(const struct plan *plan)
{
	long value;
	size_t i;

	for (i = 0; i < SETTING_CNT && audit_wanted(plan); i++) {
		int err = setting_read(settings[i], &value);

		if (!err && value)
			continue;
		if (!err)
			err = setting_write(settings[i], 1);
		if (err)
			log_warn("event=audit_incomplete reason=\"/proc/sys/%s "
				 "cannot be switched on: %s; lines of audited "
				 "services lack bytes or durations\"",
				 settings[i], strerror(-err));
		else
			log_info("setting=%s event=on reason=audit",
				 settings[i]);
	}
}

/** is_audited() - Of a service with audit = true, and ours? */
static bool is_audited(const struct audit *audit, const struct flow *flow)
{
	uint32_t id = flow->mark & PLAN_MARK_MASK;

	return audit->audited[id / 8] >> (id % 8) & 1 &&
	       judge_is_ours(audit->judge, flow);
}

/** mark_audited() - The ids to look for */
static void mark_audited(struct audit *audit)
{
	const struct plan *plan = audit->plan;
	size_t i;

	memset(audit->audited, 0, sizeof(audit->audited));
	for (i = 0; i < plan->service_cnt; i++) {
		uint32_t id = plan->services[i].id;

		if (plan->services[i].service->audit)
			audit->audited[id / 8] |= (uint8_t)(1u << (id % 8));
	}
}

void audit_tell(const struct plan *plan, const struct flow *flows, size_t cnt,
		uint64_t now_ns)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	size_t told = 0;
	size_t i;

	if (!audit)
		abort();
	audit->plan = plan;
	mark_audited(audit);
	for (i = 0; i < cnt; i++) {
		uint32_t id = flows[i].mark & PLAN_MARK_MASK;
		struct flow flow = flows[i];
		struct strbuf line;

		if (!(audit->audited[id / 8] >> (id % 8) & 1) ||
		    told++ >= LINES_MAX)
			continue;
		flow.stop_ns = now_ns;
		strbuf_init(&line);
		flowlist_audit(plan, &flow, &line);
		log_info("%s reason=policy", strbuf_str(&line));
		strbuf_fini(&line);
	}
	if (told > LINES_MAX)
		log_warn("flow event=not_told count=%zu reason=\"more than %d "
			 "flows ended at once\"",
			 told - LINES_MAX, LINES_MAX);
	free(audit);
}

/** may_write() - Is there room for a line in this second? */
static bool may_write(struct audit *audit)
{
	mono_t now = clock_mono();

	if (mono_diff_ms(now, audit->second) >= SECOND_MS) {
		if (audit->skipped_cnt)
			log_warn("flow event=not_told count=%llu reason=\"more "
				 "than %d flows ended within a second\"",
				 (unsigned long long)audit->skipped_cnt,
				 LINES_MAX);
		audit->skipped_cnt = 0;
		audit->second = now;
		audit->line_cnt = 0;
	}
	if (audit->line_cnt == LINES_MAX) {
		audit->skipped_cnt++;
		return false;
	}
	audit->line_cnt++;
	return true;
}

/** on_end() - An entry has ended */
static void on_end(struct audit *audit, struct nlmsghdr *head)
{
	struct strbuf line;
	struct flow flow;

	if (head->nlmsg_type !=
		    (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE) ||
	    !flows_parse(head, &flow) || !is_audited(audit, &flow) ||
	    !may_write(audit))
		return;
	strbuf_init(&line);
	flowlist_audit(audit->plan, &flow, &line);
	log_info("%s", strbuf_str(&line));
	strbuf_fini(&line);
}

static void on_events(struct loop_source *source, uint32_t events)
{
	struct audit *audit =
		(struct audit *)(void *)((char *)source -
					 offsetof(struct audit, source));
	char bytes[65536] __attribute__((aligned(8)));
	ssize_t len;

	(void)events;
	while ((len = recv(source->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) >=
		       0 ||
	       errno == ENOBUFS) {
		struct nlmsghdr *head = (struct nlmsghdr *)(void *)bytes;
		int rest = (int)len;

		if (len < 0) {
			log_warn("flow event=not_told reason=\"more flows end "
				 "than can be told of\"");
			continue;
		}
		for (; nlmsg_ok(head, rest); head = nlmsg_next(head, &rest))
			on_end(audit, head);
	}
}

/** listen_in() - Open the socket; Return: 0 or negative errno */
static int listen_in(struct audit *audit)
{
	int size = RCVBUF_SIZE;
	int fd;

	audit->nl = nl_socket_alloc();
	if (!audit->nl)
		return -ENOMEM;
	if (nl_connect(audit->nl, NETLINK_NETFILTER) ||
	    nl_socket_add_memberships(audit->nl, NFNLGRP_CONNTRACK_DESTROY, 0))
		return -EIO;
	fd = nl_socket_get_fd(audit->nl);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return loop_watch(audit->loop, &audit->source, fd, EPOLLIN);
}

/** fall_silent() - Nobody is audited */
static void fall_silent(struct audit *audit)
{
	if (audit->source.fd >= 0)
		loop_unwatch(audit->loop, &audit->source);
	if (audit->nl)
		nl_socket_free(audit->nl);
	audit->nl = NULL;
	judge_free(audit->judge);
	audit->judge = NULL;
}

void audit_follow(struct audit *audit)
{
	int err;

	audit->plan = audit->host->plan;
	if (!audit_wanted(audit->plan)) {
		fall_silent(audit);
		return;
	}
	mark_audited(audit);
	judge_free(audit->judge);
	audit->judge = judge_new(audit->plan);
	if (audit->nl)
		return;
	err = listen_in(audit);
	if (!err)
		return;
	log_err("event=no_audit error=\"events of connection tracking: %s\"",
		strerror(-err));
	fall_silent(audit);
}

void audit_open(struct audit *audit, struct loop *loop, const struct host *host)
{
	*audit = (struct audit){
		.loop = loop,
		.host = host,
		.source = {.fd = -1, .ready = on_events},
	};
	audit_follow(audit);
}

void audit_close(struct audit *audit)
{
	if (audit->loop)
		fall_silent(audit);
}

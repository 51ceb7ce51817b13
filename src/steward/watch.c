/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * watch.c - Others on the machine: what they take away of ours is restored
 */

#include "steward/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netconf.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "steward/diaglog.h"
#include "steward/nft.h"
#include "sys/clock.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * Two sockets tell what happens: rtnetlink of links, addresses, routes and
 * options, nfnetlink of nftables.  What they tell decides only whether to look
 * and whom to name; what is missing is found by looking (apply_follow()).
 *
 * nftables	The messages of a transaction come together, the last one is
 *		NEWGEN with process id and name of whoever committed it.  on_nft()
 *		gathers what was done to our table; at NEWGEN it is forgotten if
 *		it was our own doing, else the whole table is loaded again.
 *		Adding to our table counts like taking away.
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

/* NFPROTO_INET; linux/netfilter.h and netinet/in.h do not go together. */
#define FAMILY_INET 1

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

/** read_line() - A file of a process in /proc as one line; "" if there is none */
static void read_line(uint32_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t len;
	ssize_t i;
	int fd;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, out, size - 1);
	close(fd);
	for (i = 0; i < len; i++) {
		if (out[i] == '\0' || out[i] == '\n')
			out[i] = ' ';
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	out[len > 0 ? len : 0] = '\0';
}

/** unquote() - Whoever it was chose its name: it must not end the value */
static void unquote(char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			*text = '\'';
	}
}

/** blame() - Take note of a process, while it may still live */
static void blame(struct watch_culprit *culprit, uint32_t pid, const char *comm)
{
	char now[WATCH_COMM_SIZE];

	if (pid == 0)
		return;
	read_line(pid, "comm", now, sizeof(now));
	/* An id that was given anew, or is another pid namespace's. */
	if (comm && strcmp(now, comm) != 0)
		now[0] = '\0';
	if (!now[0] && culprit->pid && !comm)
		return;
	*culprit = (struct watch_culprit){.pid = pid};
	snprintf(culprit->comm, sizeof(culprit->comm), "%s", comm ? comm : now);
	if (now[0])
		read_line(pid, "cmdline", culprit->command,
			  sizeof(culprit->command));
	unquote(culprit->command);
}

void watch_by(const struct watch_culprit *culprit, char by[WATCH_BY_SIZE])
{
	if (culprit->pid && culprit->command[0])
		snprintf(by, WATCH_BY_SIZE, "\"%s\" pid=%u command=\"%s\"",
			 culprit->comm, culprit->pid, culprit->command);
	else if (culprit->pid)
		snprintf(by, WATCH_BY_SIZE, "\"%s\" pid=%u",
			 culprit->comm[0] ? culprit->comm : "unknown",
			 culprit->pid);
	else
		snprintf(by, WATCH_BY_SIZE, "\"unknown\"");
}

/** say_restored() - One line: what, and who */
static void say_restored(struct watch *watch)
{
	char by[WATCH_BY_SIZE];

	watch_by(&watch->culprit, by);
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
	watch->culprit = (struct watch_culprit){0};
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
	if (failed && ret >= 0)
		watch->others(watch); /* what was in the way is not any more */
}

/** struct nft_kind - How an object of a table is named in a message
 * @attr:	Attribute with its name, 0 when it has none
 */
struct nft_kind {
	int type;
	const char *verb;
	const char *kind;
	uint16_t attr;
};

static const struct nft_kind nft_kinds[] = {
	{NFT_MSG_NEWTABLE, "added", "table", 0},
	{NFT_MSG_DELTABLE, "deleted", "table", 0},
	{NFT_MSG_NEWCHAIN, "added", "chain", NFTA_CHAIN_NAME},
	{NFT_MSG_DELCHAIN, "deleted", "chain", NFTA_CHAIN_NAME},
	{NFT_MSG_NEWRULE, "added", "rule in chain", NFTA_RULE_CHAIN},
	{NFT_MSG_DELRULE, "deleted", "rule in chain", NFTA_RULE_CHAIN},
	{NFT_MSG_NEWSET, "added", "set", NFTA_SET_NAME},
	{NFT_MSG_DELSET, "deleted", "set", NFTA_SET_NAME},
	{NFT_MSG_NEWSETELEM, "added", "element of", NFTA_SET_ELEM_LIST_SET},
	{NFT_MSG_DELSETELEM, "deleted", "element of", NFTA_SET_ELEM_LIST_SET},
	{NFT_MSG_NEWOBJ, "added", "object", NFTA_OBJ_NAME},
	{NFT_MSG_DELOBJ, "deleted", "object", NFTA_OBJ_NAME},
	{NFT_MSG_NEWFLOWTABLE, "added", "flowtable", NFTA_FLOWTABLE_NAME},
	{NFT_MSG_DELFLOWTABLE, "deleted", "flowtable", NFTA_FLOWTABLE_NAME},
};

/* Attribute 1 is the table's name in all of them; names are below this. */
#define NFT_NAME_ATTR_MAX 16

/** note_touch() - A message about an object of our table */
static void note_touch(struct watch *watch, const struct nft_kind *kind,
		       struct nlattr *const *attrs)
{
	const char *name = nla_get_string(kind->attr && attrs[kind->attr]
						  ? attrs[kind->attr]
						  : attrs[NFTA_TABLE_NAME]);
	char what[64];

	/* The sets that nft makes of "{ ... }" in a rule go with the rule. */
	if (strncmp(name, "__set", 5) == 0 || strncmp(name, "__map", 5) == 0)
		return;
	if (kind->type == NFT_MSG_DELTABLE)
		missing_fini(&watch->touched); /* says it all */
	snprintf(what, sizeof(what), "%s %s", kind->verb, kind->kind);
	missing_add(&watch->touched, what, name);
}

/** is_our_table() - "relaytun_NAME"? */
static bool is_our_table(const struct watch *watch, struct nlattr *name)
{
	struct strbuf table;
	bool ours;

	strbuf_init(&table);
	nft_table_name(watch->host->plan, &table);
	ours = name && strcmp(nla_get_string(name), strbuf_str(&table)) == 0;
	strbuf_fini(&table);
	return ours;
}

/** end_transaction() - NEWGEN: whose was it? */
static void end_transaction(struct watch *watch, struct nlmsghdr *head)
{
	struct nlattr *attrs[NFTA_GEN_MAX + 1];
	char comm[WATCH_COMM_SIZE] = "";
	uint32_t pid = 0;

	if (!nlmsg_parse(head, sizeof(struct nfgenmsg), attrs, NFTA_GEN_MAX,
			 NULL)) {
		if (attrs[NFTA_GEN_PROC_PID])
			pid = ntohl(nla_get_u32(attrs[NFTA_GEN_PROC_PID]));
		if (attrs[NFTA_GEN_PROC_NAME])
			snprintf(comm, sizeof(comm), "%s",
				 nla_get_string(attrs[NFTA_GEN_PROC_NAME]));
	}
	if (watch->touched.cnt && pid != (uint32_t)getpid()) {
		missing_add(&watch->missing,
			    "in nftables:", missing_text(&watch->touched));
		watch->hurt |= FOLLOW_RULES;
		blame(&watch->culprit, pid, comm);
		schedule(watch);
	}
	missing_fini(&watch->touched);
	if (watch->others_touched && pid != (uint32_t)getpid())
		watch->others(watch);
	watch->others_touched = false;
}

/** is_about_rules() - Of a table, a chain or a rule? */
static bool is_about_rules(int type)
{
	return type <= NFT_MSG_DELRULE;
}

/** on_nft() - One message of nftables */
static void on_nft(struct watch *watch, struct nlmsghdr *head)
{
	struct nlattr *attrs[NFT_NAME_ATTR_MAX + 1];
	const struct nfgenmsg *gen = nlmsg_data(head);
	size_t i;

	if (NFNL_SUBSYS_ID(head->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    !nlmsg_valid_hdr(head, sizeof(*gen)))
		return;
	if (NFNL_MSG_TYPE(head->nlmsg_type) == NFT_MSG_NEWGEN) {
		end_transaction(watch, head);
		return;
	}
	if (nlmsg_parse(head, sizeof(*gen), attrs, NFT_NAME_ATTR_MAX, NULL))
		return;
	if (gen->nfgen_family != FAMILY_INET ||
	    !is_our_table(watch, attrs[NFTA_TABLE_NAME])) {
		watch->others_touched |=
			is_about_rules(NFNL_MSG_TYPE(head->nlmsg_type));
		return;
	}
	for (i = 0; i < sizeof(nft_kinds) / sizeof(*nft_kinds); i++) {
		if (nft_kinds[i].type == NFNL_MSG_TYPE(head->nlmsg_type))
			note_touch(watch, &nft_kinds[i], attrs);
	}
}

/** is_ours() - Sent for a request of the steward itself? */
static bool is_ours(const struct watch *watch, const struct nlmsghdr *head)
{
	return head->nlmsg_pid == nl_socket_get_local_port(watch->host->nl);
}

/** route_ifindex() - The device of a route, 0 when it has several or none */
static int route_ifindex(struct nlmsghdr *head)
{
	struct nlattr *attrs[RTA_MAX + 1];

	if (nlmsg_parse(head, sizeof(struct rtmsg), attrs, RTA_MAX, NULL) ||
	    !attrs[RTA_OIF])
		return 0;
	return (int)nla_get_u32(attrs[RTA_OIF]);
}

/** route_to() - Destination of a message's route; Return: whether it has one */
static bool route_to(struct nlmsghdr *head, struct ip_prefix *to)
{
	struct nlattr *attrs[RTA_MAX + 1];
	const struct rtmsg *route = nlmsg_data(head);
	bool v4;

	if (nlmsg_parse(head, sizeof(*route), attrs, RTA_MAX, NULL) ||
	    !attrs[RTA_DST])
		return false;
	v4 = route->rtm_family == AF_INET;
	*to = (struct ip_prefix){
		.addr = {.family = v4 ? IP_V4 : IP_V6},
		.len = route->rtm_dst_len,
	};
	if (nla_len(attrs[RTA_DST]) != (int)ip_addr_len(to->addr.family))
		return false;
	memcpy(to->addr.bytes, nla_data(attrs[RTA_DST]),
	       ip_addr_len(to->addr.family));
	return true;
}

/** is_planned_route() - Does a message's route lead where one of ours does? */
static bool is_planned_route(const struct plan *plan, struct nlmsghdr *head)
{
	struct ip_prefix to;
	size_t i;

	if (!route_to(head, &to))
		return false;
	for (i = 0; i < plan->route_cnt; i++) {
		if (plan->routes[i].to.len == to.len &&
		    ip_addr_equal(&plan->routes[i].to.addr, &to.addr))
			return true;
	}
	return false;
}

/** may_divert() - Is it about something that can come before our routes, or
 *  did: a route into what they lead to, or a rule of routing? */
static bool may_divert(const struct plan *plan, struct nlmsghdr *head)
{
	struct ip_prefix to;
	size_t i;

	if (head->nlmsg_type == RTM_NEWRULE || head->nlmsg_type == RTM_DELRULE)
		return true;
	if ((head->nlmsg_type != RTM_NEWROUTE &&
	     head->nlmsg_type != RTM_DELROUTE) ||
	    !route_to(head, &to))
		return false;
	for (i = 0; i < plan->route_cnt; i++) {
		if (to.len >= plan->routes[i].to.len &&
		    ip_prefix_contains(&plan->routes[i].to, &to.addr))
			return true;
	}
	return false;
}

/** note_diverter() - Whoever it is gets named if packets go astray */
static void note_diverter(struct watch *watch, const struct nlmsghdr *head)
{
	watch->diverter = (struct watch_culprit){0};
	blame(&watch->diverter, head->nlmsg_pid & PORT_PID_MASK, NULL);
	watch->others(watch);
	/* What was in the way may be gone: no need to wait for the retry. */
	if (head->nlmsg_type == RTM_DELROUTE && watch->failed) {
		watch->hurt |= FOLLOW_DEVICE;
		loop_timer_cancel(watch->loop, &watch->due);
		schedule(watch);
	}
}

/** event_ifindex() - The interface that a message of rtnetlink is about, 0 when it
 *  is about none or several */
static int event_ifindex(struct nlmsghdr *head)
{
	struct nlattr *attrs[NETCONFA_MAX + 1];

	switch (head->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return nlmsg_valid_hdr(head, sizeof(struct ifinfomsg))
			       ? ((struct ifinfomsg *)nlmsg_data(head))
					 ->ifi_index
			       : 0;
	case RTM_DELADDR:
		return nlmsg_valid_hdr(head, sizeof(struct ifaddrmsg))
			       ? (int)((struct ifaddrmsg *)nlmsg_data(head))
					 ->ifa_index
			       : 0;
	case RTM_DELROUTE:
		return route_ifindex(head);
	case RTM_NEWNETCONF:
		if (nlmsg_parse(head, sizeof(struct netconfmsg), attrs,
				NETCONFA_MAX, NULL) ||
		    !attrs[NETCONFA_IFINDEX])
			return 0;
		return (int)nla_get_u32(attrs[NETCONFA_IFINDEX]);
	default:
		return 0;
	}
}

/** on_route_event() - One message of rtnetlink; Return: whether to look */
static bool on_route_event(struct watch *watch, struct nlmsghdr *head)
{
	int ours = watch->host->tun.ifindex;
	bool about_ours = event_ifindex(head) == ours;

	if (!is_ours(watch, head) && may_divert(watch->host->plan, head))
		note_diverter(watch, head);
	/* "ip route replace" does not tell what it took away. */
	if (head->nlmsg_type == RTM_NEWROUTE)
		about_ours = head->nlmsg_flags & NLM_F_REPLACE &&
			     is_planned_route(watch->host->plan, head);
	if (about_ours && !is_ours(watch, head)) {
		watch->hurt |= FOLLOW_DEVICE;
		blame(&watch->culprit, head->nlmsg_pid & PORT_PID_MASK, NULL);
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
	bool lost = false;
	ssize_t len;

	while ((len = receive(watch->rules.fd, bytes, sizeof(bytes))) >= 0 ||
	       len == -ENOBUFS) {
		struct nlmsghdr *head = (struct nlmsghdr *)(void *)bytes;
		int rest = (int)len;

		if (len < 0) {
			missing_fini(&watch->touched);
			watch->others_touched = true;
			lost = true;
		}
		for (; len > 0 && nlmsg_ok(head, rest);
		     head = nlmsg_next(head, &rest))
			on_nft(watch, head);
	}
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
	watch->hurt |= FOLLOW_RULES;
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
	missing_init(&watch->touched);
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
	missing_fini(&watch->touched);
	missing_fini(&watch->missing);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * scan.c - Looking through the rules of others, in a process of its own
 */

#include "steward/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <nftables/libnftables.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "steward/foreign.h"
#include "steward/iface.h"
#include "steward/iptdump.h"
#include "steward/iptsave.h"
#include "steward/rtsock.h"
#include "steward/stray.h"
#include "steward/way.h"
#include "sys/clock.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * Others' rulesets can be large (Kubernetes), and libnftables lists them at its
 * leisure: so a child of the steward does it, with the steward's one capability,
 * and answers with sentences through a pipe.  It is started a moment after the
 * last change (scan_soon()), never twice at a time, and every POLL_MS as well,
 * since iptables-legacy tells nobody of its changes.  It looks at the ways of the
 * tunnel's packets as well (stray.h).
 *
 * Only tables with a chain on a hook that matters are listed.
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
#define IFNAME_CNT_MAX 16

/** struct look - What the child works with */
struct look {
	const struct plan *plan;
	struct sim *sim;
	struct nft_ctx *nft;
	struct strbuf legacy[2]; /* iptables-legacy, by family */
	char names[IFNAME_CNT_MAX][IF_NAMESIZE];
	const char *ifnames[IFNAME_CNT_MAX];
	size_t ifname_cnt;
	struct strbuf answer;
};

/** list() - Run an nft command; Return: its output (borrowed), "" on failure */
static const char *list(const struct look *look, bool json, const char *command)
{
	nft_ctx_output_set_flags(look->nft,
				 json ? NFT_CTX_OUTPUT_JSON
				      : NFT_CTX_OUTPUT_HANDLE |
						 NFT_CTX_OUTPUT_STATELESS);
	if (nft_run_cmd_from_buffer(look->nft, command))
		return "";
	return nft_ctx_get_output_buffer(look->nft);
}

/** matters() - May a table hold up the tunnel's packets? */
static bool matters(const struct sim_base *base)
{
	return strncmp(base->table, "relaytun_", 9) != 0 &&
	       !strcmp(base->type, "filter");
}

/** read_table() - Its rules and sets, once */
static void read_table(struct look *look, const struct sim_base *base)
{
	char command[2 * FOREIGN_NAME_SIZE];

	if (sim_has_table(look->sim, base->family, base->table))
		return;
	snprintf(command, sizeof(command), "list table %s %s", base->family,
		 base->table);
	(void)!sim_add(look->sim, list(look, true, command));
}

/** read_tables() - All tables with a chain on one of the hooks */
static void read_tables(struct look *look)
{
	static const char *const hooks[] = {"forward", "input", "output",
					    "prerouting"};
	static const enum ip_family families[] = {IP_V4, IP_V6};
	struct sim *chains = sim_new();
	struct sim_base bases[64];
	size_t f;
	size_t h;
	size_t i;

	if (sim_add(chains, list(look, true, "list chains"))) {
		strbuf_printf(
			&look->answer,
			"the rules of others cannot be listed: whether "
			"they drop this gateway's packets is not known\n");
		sim_free(chains);
		return;
	}
	for (f = 0; f < 2; f++) {
		for (h = 0; h < sizeof(hooks) / sizeof(*hooks); h++) {
			size_t cnt = sim_bases(chains, families[f], hooks[h],
					       bases, 64);

			for (i = 0; i < cnt; i++) {
				if (matters(&bases[i]))
					read_table(look, &bases[i]);
			}
		}
	}
	sim_free(chains);
}

/** has_legacy() - Does the kernel hold a filter table of iptables-legacy? */
static bool has_legacy(const char *names)
{
	FILE *file = fopen(names, "re");
	char line[64];
	bool found = false;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		found |= strcmp(line, "filter\n") == 0;
	(void)fclose(file);
	return found;
}

/** read_legacy() - iptables-legacy of both families */
static void read_legacy(struct look *look)
{
	static const char *const names[] = {"/proc/net/ip_tables_names",
					    "/proc/net/ip6_tables_names"};
	size_t i;

	for (i = 0; i < 2; i++) {
		struct strbuf *text = &look->legacy[i];
		char *json;

		/* Asking for the table would make it. */
		if (!has_legacy(names[i]))
			continue;
		if (iptdump_filter(i ? IP_V6 : IP_V4, text)) {
			strbuf_printf(&look->answer,
				      "iptables-legacy rules are in force and "
				      "cannot be read: see \"%s -S FORWARD\"\n",
				      i ? "ip6tables-legacy"
					: "iptables-legacy");
			continue;
		}
		json = iptsave_to_json(strbuf_str(text), i ? "ip6" : "ip");
		(void)!sim_add(look->sim, json ? json : "");
		free(json);
	}
}

/** add_ifname() - An interface that packets use, once */
static void add_ifname(void *arg, const char *name, int forwarding)
{
	struct look *look = arg;
	size_t i;

	(void)forwarding;
	for (i = 0; i < look->ifname_cnt; i++) {
		if (!strcmp(look->ifnames[i], name))
			return;
	}
	if (look->ifname_cnt == IFNAME_CNT_MAX)
		return;
	snprintf(look->names[i], sizeof(look->names[i]), "%s", name);
	look->ifnames[i] = look->names[i];
	look->ifname_cnt++;
}

/** add_way_to() - The interface by which an address is reached */
static void add_way_to(struct look *look, struct nl_sock *nl,
		       const struct ip_addr *addr)
{
	struct nl_addr *to =
		nl_addr_build(addr->family == IP_V4 ? AF_INET : AF_INET6,
			      addr->bytes, ip_addr_len(addr->family));
	struct rtnl_route *route;
	struct rtnl_nexthop *hop;
	char name[IF_NAMESIZE];

	if (to && rtnl_route_lookup(nl, to, &route) == 0) {
		hop = rtnl_route_nexthop_n(route, 0);
		if (hop &&
		    if_indextoname((unsigned int)rtnl_route_nh_get_ifindex(hop),
				   name))
			add_ifname(look, name, 0);
		rtnl_route_put(route);
	}
	nl_addr_put(to);
}

/** find_ifnames() - Where packets come from or go to: the way to the internet or
 *  to the targets; all interfaces where there is none */
static void find_ifnames(struct look *look)
{
	/* Of the documentation's networks: by the default route. */
	static const struct ip_addr outside = {IP_V4, {203, 0, 113, 254}};
	bool cloud = look->plan->gateway->role == ROLE_CLOUD;
	struct nl_sock *nl;
	struct diag diag;
	size_t i;

	diag_init(&diag);
	nl = rtsock_open(&diag);
	if (nl && cloud)
		add_way_to(look, nl, &outside);
	for (i = 0; nl && !cloud && i < look->plan->service_cnt && i < 64; i++)
		add_way_to(look, nl, &look->plan->services[i].service->target);
	if (nl && look->ifname_cnt == 0)
		(void)!iface_each(nl, add_ifname, look, &diag);
	if (nl)
		nl_socket_free(nl);
	diag_fini(&diag);
}

/** judge_resolver() - Is a name server reached through the tunnel? */
static void judge_resolver(struct look *look, struct nl_sock *nl,
			   const char *text)
{
	static const struct ip_addr any = {.family = IP_NONE};
	struct ip_addr addr;
	struct way way;

	if (ip_addr_parse(text, &addr) ||
	    way_find(nl, &addr, &any, NULL, 0, &way) ||
	    strcmp(way.oif, look->plan->conf->tun_name) != 0)
		return;
	strbuf_printf(&look->answer,
		      "name server %s (/etc/resolv.conf) is reached through "
		      "the tunnel: while that is down no relay's name can be "
		      "resolved; add a name server elsewhere, or a route to "
		      "it that leads past the tunnel\n",
		      text);
}

/** look_at_resolvers() - Names of relays must be found before the tunnel is up */
static void look_at_resolvers(struct look *look)
{
	FILE *file = fopen("/etc/resolv.conf", "re");
	struct nl_sock *nl;
	struct diag diag;
	char line[256];

	if (!file)
		return;
	diag_init(&diag);
	nl = rtsock_open(&diag);
	while (nl && fgets(line, sizeof(line), file)) {
		char *addr = line + strlen("nameserver");

		if (strncmp(line, "nameserver", strlen("nameserver")) != 0)
			continue;
		addr += strspn(addr, " \t");
		addr[strcspn(addr, " \t\n%")] = '\0';
		judge_resolver(look, nl, addr);
	}
	if (nl)
		nl_socket_free(nl);
	diag_fini(&diag);
	(void)fclose(file);
}

/** look_at_ways() - Do packets for the tunnel go there? */
static void look_at_ways(struct look *look)
{
	bool cloud = look->plan->gateway->role == ROLE_CLOUD;
	struct nl_sock *nl;
	struct diag diag;

	diag_init(&diag);
	nl = rtsock_open(&diag);
	if (nl) {
		stray_tell(look->plan, nl,
			   cloud && look->ifname_cnt ? look->ifnames[0] : NULL,
			   &look->answer);
		if (!cloud)
			stray_tell_own(look->plan, nl, &look->answer);
		nl_socket_free(nl);
	}
	diag_fini(&diag);
}

/** rule_text() - A rule as nft or iptables writes it; heap, "" when not found */
static char *rule_text(const struct look *look,
		       const struct foreign_finding *finding)
{
	char command[3 * FOREIGN_NAME_SIZE];
	char mark[32];
	const char *line;
	const char *end;

	if (strstr(finding->table, IPTSAVE_TABLE_SUFFIX)) {
		return iptsave_rule(strbuf_str(&look->legacy[finding->family6]),
				    finding->table, finding->chain,
				    finding->handle);
	}
	snprintf(command, sizeof(command), "list chain %s %s %s",
		 finding->family, finding->table, finding->chain);
	snprintf(mark, sizeof(mark), " # handle %ld\n", finding->handle);
	line = list(look, false, command);
	end = strstr(line, mark);
	if (!end)
		return strdup("");
	while (end > line && end[-1] != '\n')
		end--;
	end += strspn(end, "\t ");
	return strndup(end, (size_t)(strstr(end, mark) - end));
}

/** look_at_all() - The child's work: findings as lines */
static void look_at_all(struct look *look)
{
	struct foreign found;
	size_t i;

	if (nft_ctx_buffer_output(look->nft) || nft_ctx_buffer_error(look->nft))
		return;
	read_tables(look);
	read_legacy(look);
	look_at_resolvers(look);
	find_ifnames(look);
	look_at_ways(look);
	foreign_judge(look->sim, look->plan, look->ifnames, look->ifname_cnt,
		      &found);
	for (i = 0; i < found.cnt; i++) {
		const struct foreign_finding *finding = &found.findings[i];
		char *rule = finding->handle ? rule_text(look, finding) : NULL;

		foreign_tell(finding, rule ? rule : "",
			     foreign_manager(look->sim, finding->family,
					     finding->table),
			     look->plan->conf->tun_name, &look->answer);
		strbuf_printf(&look->answer, "\n");
		free(rule);
	}
}

/** run_child() - Look, answer, end */
static void __attribute__((noreturn))
run_child(const struct plan *plan, int answer_fd)
{
	struct look look = {.plan = plan};
	const char *text;
	size_t len;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The lock and the carrier's socket must not outlive the steward. */
	if (dup2(answer_fd, ANSWER_FD) < 0 ||
	    close_range(ANSWER_FD + 1, ~0u, 0))
		_exit(1);
	look.sim = sim_new();
	look.nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (look.nft)
		look_at_all(&look);
	text = strbuf_str(&look.answer);
	len = look.answer.len < ANSWER_LEN_MAX ? look.answer.len
					       : ANSWER_LEN_MAX;
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

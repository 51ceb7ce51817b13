/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flowlist.c - Flows of the tunnel as a table, as JSON, and as a line of the log
 */

#include "steward/flowlist.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_IN_S INT64_C(1000000000)

/* "[IPv6]:65535" with NUL. */
#define ENDPOINT_SIZE (IP_ADDR_TEXT_SIZE + 8)
#define NAME_SIZE     160

void flowlist_init(struct flowlist *list, const struct plan *plan)
{
	*list = (struct flowlist){.plan = plan};
}

void flowlist_fini(struct flowlist *list)
{
	free(list->flows);
	list->flows = NULL;
}

bool flowlist_add(struct flowlist *list, const struct flow *flow)
{
	if (list->cnt == list->size) {
		size_t size = list->size ? 2 * list->size : 64;
		struct flow *larger =
			reallocarray(list->flows, size, sizeof(*larger));

		if (!larger)
			return false;
		list->flows = larger;
		list->size = size;
	}
	list->flows[list->cnt++] = *flow;
	return true;
}

const char *flowlist_name(const struct plan *plan, uint32_t mark, char *name,
			  size_t size)
{
	uint32_t id = mark & PLAN_MARK_MASK;
	size_t i;

	for (i = 0; i < plan->service_cnt; i++) {
		if (plan->services[i].id == id) {
			snprintf(name, size, "%s/%s",
				 plan->services[i].site->name,
				 plan->services[i].service->name);
			return name;
		}
	}
	for (i = 0; i < plan->grant_cnt; i++) {
		if (plan->grants[i].id == id) {
			snprintf(name, size, "%s/%s",
				 plan->grants[i].site->name,
				 plan->grants[i].route->name);
			return name;
		}
	}
	snprintf(name, size, "?");
	return name;
}

/** proto_name() - "tcp", "udp", "icmp", or a number in @buf */
static const char *proto_name(uint8_t proto, char buf[8])
{
	if (proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_ICMP)
		return service_proto_name(proto);
	if (proto == 58)
		return "icmp6";
	snprintf(buf, 8, "%u", proto);
	return buf;
}

/** state_name() - TCP: as conntrack(8) says it; others: whether both ends were
 *  heard cannot be told from here */
static const char *state_name(const struct flow *flow)
{
	static const char *const names[] = {
		"none",     "syn_sent",   "syn_recv", "established",
		"fin_wait", "close_wait", "last_ack", "time_wait",
		"close",    "syn_sent2",
	};

	if (flow->proto != PROTO_TCP)
		return "open";
	if (flow->tcp_state >= sizeof(names) / sizeof(*names))
		return "unknown";
	return names[flow->tcp_state];
}

/** endpoint() - "10.1.0.5:443"; Return: @buf */
static const char *endpoint(const struct ip_addr *addr, uint16_t port,
			    char buf[ENDPOINT_SIZE])
{
	char text[IP_ADDR_TEXT_SIZE];

	ip_addr_format(addr, text);
	if (!port)
		snprintf(buf, ENDPOINT_SIZE, "%s", text);
	else if (addr->family == IP_V6)
		snprintf(buf, ENDPOINT_SIZE, "[%s]:%u", text, port);
	else
		snprintf(buf, ENDPOINT_SIZE, "%s:%u", text, port);
	return buf;
}

/** by_mark_and_client() - Order, for qsort() */
static int by_mark_and_client(const void *a, const void *b)
{
	const struct flow *x = a;
	const struct flow *y = b;
	uint32_t x_id = x->mark & PLAN_MARK_MASK;
	uint32_t y_id = y->mark & PLAN_MARK_MASK;
	int order = (x_id > y_id) - (x_id < y_id);

	if (!order)
		order = ip_addr_compare(&x->orig.src, &y->orig.src);
	return order ? order : x->orig.sport - y->orig.sport;
}

static void sort(struct flowlist *list)
{
	if (list->cnt)
		qsort(list->flows, list->cnt, sizeof(*list->flows),
		      by_mark_and_client);
}

/** age_s() - Seconds, -1: unknown */
static int64_t age_s(const struct flowlist *list, const struct flow *flow)
{
	if (!flow->start_ns || flow->start_ns > list->now_ns)
		return -1;
	return (int64_t)(list->now_ns - flow->start_ns) / NS_IN_S;
}

/** format_age() - "3d4h", "5m12s", "-" */
static const char *format_age(int64_t s, char buf[32])
{
	if (s < 0)
		snprintf(buf, 32, "-");
	else if (s >= 86400)
		snprintf(buf, 32, "%" PRId64 "d%" PRId64 "h", s / 86400,
			 s % 86400 / 3600);
	else if (s >= 3600)
		snprintf(buf, 32, "%" PRId64 "h%" PRId64 "m", s / 3600,
			 s % 3600 / 60);
	else if (s >= 60)
		snprintf(buf, 32, "%" PRId64 "m%" PRId64 "s", s / 60, s % 60);
	else
		snprintf(buf, 32, "%" PRId64 "s", s);
	return buf;
}

/** format_bytes() - "1.5M", "-" when not counted */
static const char *format_bytes(const struct flow *flow, int dir, char buf[32])
{
	static const char units[] = "BKMGTP";
	double value = (double)flow->bytes[dir];
	size_t unit = 0;

	if (!flow->counted) {
		snprintf(buf, 32, "-");
		return buf;
	}
	while (value >= 1024 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, 32, unit ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return buf;
}

static void print_flow(const struct flowlist *list, const struct flow *flow,
		       struct strbuf *out)
{
	char client[ENDPOINT_SIZE];
	char target[ENDPOINT_SIZE];
	char name[NAME_SIZE];
	char proto[8];
	char age[32];
	char up[32];
	char down[32];

	strbuf_printf(out, "%-24s %-5s %-26s %-22s %-12s %-7s %-8s %s\n",
		      flowlist_name(list->plan, flow->mark, name, sizeof(name)),
		      proto_name(flow->proto, proto),
		      endpoint(&flow->orig.src, flow->orig.sport, client),
		      endpoint(&flow->reply.src, flow->reply.sport, target),
		      state_name(flow), format_age(age_s(list, flow), age),
		      format_bytes(flow, 0, up), format_bytes(flow, 1, down));
}

void flowlist_print(struct flowlist *list, struct strbuf *out)
{
	size_t i;

	sort(list);
	strbuf_printf(out, "%-24s %-5s %-26s %-22s %-12s %-7s %-8s %s\n",
		      "SERVICE", "PROTO", "CLIENT", "TARGET", "STATE", "AGE",
		      "SENT", "RECEIVED");
	for (i = 0; i < list->cnt; i++)
		print_flow(list, &list->flows[i], out);
}

/** or_null() - A number, null below 0 */
static json_t *or_null(int64_t n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static json_t *flow_json(const struct flowlist *list, const struct flow *flow)
{
	char client[IP_ADDR_TEXT_SIZE];
	char target[IP_ADDR_TEXT_SIZE];
	char public[IP_ADDR_TEXT_SIZE];
	char name[NAME_SIZE];
	char proto[8];
	bool counted = flow->counted;

	return json_pack(
		"{s:s, s:i, s:s, s:s, s:i, s:s, s:i, s:s, s:i, s:s, s:o, s:o, "
		"s:o, s:o, s:o}",
		"service",
		flowlist_name(list->plan, flow->mark, name, sizeof(name)), "id",
		(int)(flow->mark & PLAN_MARK_MASK), "protocol",
		proto_name(flow->proto, proto), "client",
		ip_addr_format(&flow->orig.src, client), "client_port",
		(int)flow->orig.sport, "public",
		ip_addr_format(&flow->orig.dst, public), "public_port",
		(int)flow->orig.dport, "target",
		ip_addr_format(&flow->reply.src, target), "target_port",
		(int)flow->reply.sport, "state", state_name(flow), "age_s",
		or_null(age_s(list, flow)), "bytes_sent",
		or_null(counted ? (int64_t)flow->bytes[0] : -1),
		"bytes_received",
		or_null(counted ? (int64_t)flow->bytes[1] : -1), "packets_sent",
		or_null(counted ? (int64_t)flow->packets[0] : -1),
		"packets_received",
		or_null(counted ? (int64_t)flow->packets[1] : -1));
}

char *flowlist_json(struct flowlist *list)
{
	json_t *flows = json_array();
	json_t *root;
	char *text;
	size_t i;

	sort(list);
	for (i = 0; i < list->cnt; i++)
		json_array_append_new(flows, flow_json(list, &list->flows[i]));
	root = json_pack("{s:i, s:s, s:b, s:b, s:o}", "version",
			 FLOWLIST_VERSION, "gateway", list->plan->gateway->name,
			 "accounting", list->counts, "timestamps", list->times,
			 "flows", flows);
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return text;
}

void flowlist_audit(const struct plan *plan, const struct flow *flow,
		    struct strbuf *out)
{
	char client[ENDPOINT_SIZE];
	char target[ENDPOINT_SIZE];
	char name[NAME_SIZE];
	char proto[8];

	strbuf_printf(out,
		      "flow event=ended service=\"%s\" protocol=%s client=%s "
		      "target=%s",
		      flowlist_name(plan, flow->mark, name, sizeof(name)),
		      proto_name(flow->proto, proto),
		      endpoint(&flow->orig.src, flow->orig.sport, client),
		      endpoint(&flow->reply.src, flow->reply.sport, target));
	if (flow->start_ns && flow->stop_ns >= flow->start_ns)
		strbuf_printf(out, " duration_ms=%" PRIu64,
			      (flow->stop_ns - flow->start_ns) / 1000000);
	if (flow->counted)
		strbuf_printf(out,
			      " bytes_sent=%" PRIu64 " bytes_received=%" PRIu64,
			      flow->bytes[0], flow->bytes[1]);
}

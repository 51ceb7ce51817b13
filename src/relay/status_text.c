/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * status_text.c - How the relay is, as JSON
 */

#include "relay/status_text.h"

#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "relay/entry.h"

static json_t *count(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/** kinds_json() - How many sessions there are of each kind */
static json_t *kinds_json(const struct relay *relay)
{
	static const char *const names[SESSION_KIND_CNT] = {
		[SESSION_HEAD] = "head",
		[SESSION_LISTENER] = "listeners",
		[SESSION_WAITING] = "waiting",
		[SESSION_JOINED] = "joined",
		[SESSION_HTTP] = "http",
		[SESSION_CHANNEL] = "channels",
		[SESSION_FINISHING] = "finishing",
	};
	size_t cnt[SESSION_KIND_CNT] = {0};
	const struct session *session;
	json_t *object = json_object();
	size_t i;

	for (session = relay->sessions; session; session = session->next)
		cnt[session->kind]++;
	for (i = 0; i < SESSION_KIND_CNT; i++)
		json_object_set_new(object, names[i], count(cnt[i]));
	return object;
}

/** deaf_json() - Of what it took none, with how many it missed in a row */
static json_t *deaf_json(const struct session *session)
{
	json_t *object = json_object();
	int i;

	for (i = 0; i < LISTENER_USE_CNT; i++) {
		enum listener_use use = (enum listener_use)i;

		if (listener_is_deaf(session, use))
			json_object_set_new(
				object, listener_use_name(use),
				count(session->listener->doubts[i].missed));
	}
	return object;
}

static json_t *listeners_json(const struct hub *hub, mono_t now)
{
	const struct session *one;
	json_t *list = json_array();
	char remote[80];

	for (one = hub->listeners; one; one = one->listener->next) {
		snprintf(remote, sizeof(remote), "%s port %u", one->remote,
			 one->remote_port);
		json_array_append_new(
			list,
			json_pack("{s:s, s:I, s:I, s:b, s:o}", "remote", remote,
				  "since_ms",
				  (json_int_t)mono_diff_ms(now, one->since),
				  "heard_ms",
				  (json_int_t)mono_diff_ms(now, one->heard),
				  "stuck", one->stuck, "deaf", deaf_json(one)));
	}
	return list;
}

static json_t *hubs_json(const struct relay *relay, mono_t now)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < relay->hubs.cnt; i++) {
		const struct hub *hub = relay->hubs.hubs[i];

		json_array_append_new(
			list,
			json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, "
				  "s:o}",
				  "path", hub->name, "anonymous",
				  hub->conf->anonymous, "http", hub->conf->http,
				  "joined", count(hub->joined), "rejected",
				  count(hub->rejected), "unanswered",
				  count(hub->unanswered), "requests",
				  count(hub->requests), "passed_bytes",
				  count(hub->passed_len), "listeners",
				  listeners_json(hub, now)));
	}
	return list;
}

static json_t *counts_json(const struct relay_counts *counts)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "connections", count(counts->connections),
			 "over_connections", count(counts->over_connections),
			 "over_rate", count(counts->over_rate), "not_accepted",
			 count(counts->not_accepted), "over_held",
			 count(counts->over_held), "faults",
			 count(counts->faults), "refused_3xx",
			 count(counts->refused[3]), "refused_4xx",
			 count(counts->refused[4]), "refused_5xx",
			 count(counts->refused[5]));
}

static json_t *limits_json(const struct relay *relay)
{
	const struct relay_limits *limits = &relay->conf->limits;

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "listeners",
			 count(limits->listener_cnt), "connections",
			 count(entry_limit(relay)), "wanted_connections",
			 count(limits->connection_cnt), "handshakes",
			 count(limits->handshake_cnt), "held_bytes",
			 count(limits->held_len));
}

/** changes_json() - What stands in the file and is not in force */
static json_t *changes_json(const struct relay *relay)
{
	const char *names[FIXED_NAME_CNT];
	size_t cnt = fixed_changes(&relay->fixed, relay->conf, names);
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < cnt; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

char *status_text(const struct relay *relay, mono_t now)
{
	char addr[IP_ADDR_TEXT_SIZE];
	char listen[IP_ADDR_TEXT_SIZE + 16];
	json_t *root;
	char *text;

	snprintf(listen, sizeof(listen),
		 relay->fixed.addr.family == IP_V6 ? "[%s]:%u" : "%s:%u",
		 ip_addr_format(&relay->fixed.addr, addr), relay->fixed.port);
	root = json_pack(
		"{s:i, s:s, s:s, s:s, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o}",
		"version", 1, "relay", listen, "state",
		relay->stopping ? "stopping" : "up", "software",
		"relaytun " RELAYTUN_VERSION, "pid", (int)getpid(), "uptime_ms",
		(json_int_t)mono_diff_ms(now, relay->started), "connections",
		count(relay->session_cnt), "held_bytes", count(relay->held_len),
		"sessions", kinds_json(relay), "counts",
		counts_json(&relay->counts), "limits", limits_json(relay),
		"hubs", hubs_json(relay, now), "restart_needed",
		changes_json(relay));
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	return text;
}

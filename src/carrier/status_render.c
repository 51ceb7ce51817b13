/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * status_render.c - The status document
 *
 * Fields are only ever added; "version" changes when one must go.
 */

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "carrier/carrier.h"
#include "codec/text.h"
#include "sys/clock.h"

static json_t *traffic_json(const struct traffic *traffic)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)traffic->packets,
			 "bytes", (json_int_t)traffic->bytes);
}

/** rtt_json() - Microseconds, null before the first answer */
static json_t *rtt_json(int64_t rtt_ns)
{
	return rtt_ns ? json_integer(rtt_ns / 1000) : json_null();
}

static const char *peer_name(const struct carrier *carrier, int peer)
{
	return peer < 0 ? NULL : carrier->setup->plan->peers[peer]->name;
}

/** relay_of() - Which relay a dialled channel uses */
static const char *relay_of(const struct carrier *carrier,
			    const struct channel_report *report)
{
	const struct policy_gateway *gateway;

	if (!report->dialled || report->peer < 0)
		return NULL;
	gateway = carrier->setup->plan->peers[report->peer];
	return gateway->relays[report->relay_idx];
}

static json_t *channel_json(const struct carrier *carrier,
			    const struct channel_report *report)
{
	return json_pack(
		"{s:i, s:i, s:i, s:i, s:s?, s:s, s:s, s:s?, s:I, s:I, s:s, "
		"s:I, s:o, s:o, s:I, s:I, s:{s:I, s:I}, s:{s:I, s:I}}",
		"id", (int)report->idx, "worker", (int)report->worker, "number",
		(int)report->number, "weight", (int)report->weight, "peer",
		peer_name(carrier, report->peer), "role",
		report->dialled ? "sender" : "listener", "state",
		channel_state_name(report->state), "relay",
		relay_of(carrier, report), "since_ms",
		(json_int_t)report->since_ms, "retry_ms",
		(json_int_t)report->retry_ms, "last_error", report->error,
		"opened", (json_int_t)report->opened_cnt, "rtt_us",
		rtt_json(report->rtt_ns), "rtt_min_us",
		rtt_json(report->rtt_min_ns), "window",
		(json_int_t)report->window, "rate", (json_int_t)report->rate,
		"sent", "messages", (json_int_t)report->messages_out, "bytes",
		(json_int_t)report->bytes_out, "received", "messages",
		(json_int_t)report->messages_in, "bytes",
		(json_int_t)report->bytes_in);
}

static json_t *channels_json(const struct carrier *carrier,
			     const struct worker_report *report)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < report->channel_cnt; i++) {
		const struct channel_report *channel = &report->channels[i];

		if (channel->state != CHANNEL_IDLE || channel->error[0])
			json_array_append_new(list,
					      channel_json(carrier, channel));
	}
	return list;
}

/** peer_rtt_ns() - Of its fastest open channel, 0 when there is none */
static int64_t peer_rtt_ns(const struct worker_report *report, int peer)
{
	int64_t best_ns = 0;
	size_t i;

	for (i = 0; i < report->channel_cnt; i++) {
		const struct channel_report *channel = &report->channels[i];

		if (channel->peer == peer && channel->state == CHANNEL_OPEN &&
		    channel->rtt_ns && (!best_ns || channel->rtt_ns < best_ns))
			best_ns = channel->rtt_ns;
	}
	return best_ns;
}

static json_t *peer_json(const struct carrier *carrier,
			 const struct worker_report *report, size_t idx)
{
	const struct policy_gateway *gateway = carrier->setup->plan->peers[idx];
	const struct peer_report *peer = &report->peers[idx];
	char instance[2 * WIRE_INSTANCE_LEN + 1];
	const char *policy = NULL;

	if (peer->known)
		policy = peer->policy_same ? "same" : "differs";
	if (text_hex_encode(peer->instance, sizeof(peer->instance), instance,
			    sizeof(instance)) < 0)
		instance[0] = '\0';
	return json_pack("{s:s, s:s?, s:s, s:i, s:s?, s:s?, s:s?, s:I, s:o, "
			 "s:o, s:o}",
			 "name", gateway->name, "site",
			 gateway->site ? gateway->site->name : NULL, "state",
			 peer->open_cnt ? "up" : "down", "channels",
			 (int)peer->open_cnt, "policy", policy, "software",
			 peer->known ? peer->software : NULL, "instance",
			 peer->known ? instance : NULL, "clock_skew_ms",
			 (json_int_t)peer->skew_ms, "rtt_us",
			 rtt_json(peer_rtt_ns(report, (int)idx)), "up",
			 traffic_json(&peer->up), "down",
			 traffic_json(&peer->down));
}

static json_t *peers_json(const struct carrier *carrier,
			  const struct worker_report *report)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < report->peer_cnt; i++)
		json_array_append_new(list, peer_json(carrier, report, i));
	return list;
}

/** site_is_up() - Can it be reached through one of its gateways?  Our own site
 *  is up when a cloud gateway can be reached */
static bool site_is_up(const struct carrier *carrier,
		       const struct worker_report *report,
		       const struct policy_site *site)
{
	const struct plan *plan = carrier->setup->plan;
	bool own = carrier->setup->gateway->role == ROLE_SITE;
	size_t i;

	for (i = 0; i < report->peer_cnt; i++) {
		if (report->peers[i].open_cnt &&
		    (own || plan->peers[i]->site == site))
			return true;
	}
	return false;
}

static json_t *sites_json(const struct carrier *carrier,
			  const struct worker_report *report, bool *all_up)
{
	const struct policy *policy = carrier->setup->plan->policy;
	const struct policy_site *own = carrier->setup->gateway->site;
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < policy->site_cnt; i++) {
		const struct policy_site *site = &policy->sites[i];
		bool up = site_is_up(carrier, report, site);

		if (own && own != site)
			continue;
		*all_up &= up;
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:i}", "name", site->name,
					"state", up ? "up" : "down", "services",
					(int)site->service_cnt));
	}
	return list;
}

static json_t *listeners_json(const struct carrier *carrier, bool *all_up)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < carrier->listener_cnt; i++) {
		const struct listener *l = carrier->listeners[i];

		*all_up &= l->registered;
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:I}",
				  "relay", l->url, "state",
				  l->registered ? "registered" : "down",
				  "since_ms",
				  (json_int_t)mono_diff_ms(clock_mono(),
							   l->since),
				  "last_error", l->error, "registered",
				  (json_int_t)l->registered_cnt, "accepts",
				  (json_int_t)l->accept_cnt, "clock_skew_s",
				  (json_int_t)l->conn.skew_s));
	}
	return list;
}

/** workers_json() - How the work is shared */
static json_t *workers_json(const struct worker_report *report)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < report->share_cnt; i++) {
		const struct worker_share *share = &report->shares[i];

		json_array_append_new(
			list,
			json_pack("{s:i, s:i, s:o, s:o, s:I}", "id", (int)i,
				  "channels", (int)share->open_cnt, "up",
				  traffic_json(&share->up), "down",
				  traffic_json(&share->down), "passed_on",
				  (json_int_t)share->passed_on));
	}
	return list;
}

static json_t *drops_json(const struct worker_report *report)
{
#define DROP_NAME(id, name) name,
	static const char *const names[] = {DROP_REASONS(DROP_NAME)};
#undef DROP_NAME
	json_t *map = json_object();
	size_t i;

	for (i = 0; i < DROP_REASON_CNT; i++)
		json_object_set_new(map, names[i],
				    json_integer((json_int_t)report->drops[i]));
	return map;
}

/** notices_json() - What the steward wants shown */
static json_t *notices_json(const struct carrier *carrier)
{
	const char *text = carrier->notices ? carrier->notices : "";
	json_t *list = json_array();

	while (*text) {
		size_t len = strcspn(text, "\n");

		json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == '\n');
	}
	return list;
}

/** credential_json() - What is shown to relays, without secrets */
static json_t *credential_json(const struct carrier *carrier)
{
	const struct setup *setup = carrier->setup;
	json_int_t expiry_s = 0;
	char error[512] = "";

	if (access_is_entra(&setup->conf->access))
		expiry_s = token_box_error(setup->credential.box, error,
					   sizeof(error));
	return json_pack("{s:s, s:o, s:s}", "is", setup->credential.words,
			 "expires_s",
			 expiry_s ? json_integer(expiry_s) : json_null(),
			 "last_error", error);
}

char *status_render(const struct carrier *carrier,
		    const struct worker_report *report)
{
	const struct setup *setup = carrier->setup;
	bool all_up = true;
	json_t *sites = sites_json(carrier, report, &all_up);
	json_t *listeners = listeners_json(carrier, &all_up);
	json_t *root = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:i, s:I, s:{s:s, s:i, s:o, s:o}}",
		"version", 1, "gateway", setup->gateway->name, "role",
		gateway_role_name(setup->gateway->role), "state",
		all_up ? "up" : "degraded", "software",
		"relaytun " RELAYTUN_VERSION, "pid", (int)getpid(), "uptime_ms",
		(json_int_t)mono_diff_ms(clock_mono(), carrier->status.started),
		"tun", "name", setup->conf->tun_name, "mtu",
		(int)setup->conf->tun_mtu, "up", traffic_json(&report->up),
		"down", traffic_json(&report->down));
	char proxy[256];
	char *text;

	json_object_set_new(root, "credential", credential_json(carrier));
	json_object_set_new(
		root, "proxy",
		json_string(netpath_proxy(&setup->path, proxy, sizeof(proxy))));
	json_object_set_new(root, "sites", sites);
	json_object_set_new(root, "peers", peers_json(carrier, report));
	json_object_set_new(root, "channels", channels_json(carrier, report));
	json_object_set_new(root, "workers", workers_json(report));
	json_object_set_new(root, "listeners", listeners);
	json_object_set_new(root, "warnings", notices_json(carrier));
	json_object_set_new(root, "carriers",
			    json_pack("{s:I, s:I, s:s}", "ended",
				      (json_int_t)carrier->ended.value, "hung",
				      (json_int_t)carrier->hung_cnt, "last_end",
				      carrier->ended.text));
	json_object_set_new(root, "drops", drops_json(report));
	json_object_set_new(root, "marked",
			    json_integer((json_int_t)report->marked));
	json_object_set_new(root, "unknown_messages",
			    json_integer((json_int_t)report->unknown_messages));
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return text;
}

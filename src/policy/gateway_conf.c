/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * gateway_conf.c - gateway.cfg: text to settings
 */

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/cfgread.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "policy/parse.h"
#include "policy/plan.h"
#include "policy/value.h"

#define DEFAULT_POLICY   RELAYTUN_SYSCONF "/relaytun/policy.cfg"
#define DEFAULT_TUN_NAME "rt0"
#define DEFAULT_TUN_MTU  1500
#define DEFAULT_USER     "relaytun"

/* One stands still while a lost segment is sent again; Azure bills none of them,
 * but lets 25 listeners and 5,000 connections be. */
#define CHANNELS_MAX 16

/* RFC 8200: less would be no link for IPv6. */
#define TUN_MTU_MIN 1280
/* A TUN device takes no more: 65535 less the longest link header. */
#define TUN_MTU_MAX 65521

/**
 * judge() - Report a value that is not valid
 * @cfg:	Text
 * @group:	Group it stands in
 * @key:	Its key
 * @text:	The value, NULL when there is none
 * @fault:	What value.c says of it, NULL when it is valid
 */
static void judge(struct cfg *cfg, config_setting_t *group, const char *key,
		  const char *text, const char *fault)
{
	if (text && fault)
		cfg_error(cfg, cfg_key_line(group, key), "%s \"%.100s\": %s",
			  key, text, fault);
}

/**
 * judge_path() - Report a path that is not valid
 * @cfg:	Text
 * @group:	Group it stands in
 * @key:	Its key
 * @path:	The path, NULL when there is none
 */
static void judge_path(struct cfg *cfg, config_setting_t *group,
		       const char *key, const char *path)
{
	judge(cfg, group, key, path, path ? value_path(path) : NULL);
}

/**
 * read_offloads() - tun.offloads
 * @cfg:	Text
 * @group:	The group it stands in
 * @conf:	Receives it
 */
static void read_offloads(struct cfg *cfg, config_setting_t *group,
			  struct gateway_conf *conf)
{
	const char *text = cfg_string_or(cfg, group, "offloads", "all");
	enum tun_offloads offloads;

	for (offloads = TUN_OFFLOADS_ALL; offloads <= TUN_OFFLOADS_NONE;
	     offloads++) {
		if (!strcmp(text, tun_offloads_name(offloads))) {
			conf->tun_offloads = offloads;
			return;
		}
	}
	judge(cfg, group, "offloads", text,
	      "use \"all\", \"no-uso\" or \"none\"");
}

/**
 * read_tun() - tun = { name; mtu; offloads; }
 * @cfg:	Text
 * @conf:	Receives it
 */
static void read_tun(struct cfg *cfg, struct gateway_conf *conf)
{
	static const char *const keys[] = {"name", "mtu", "offloads", NULL};
	config_setting_t *group = cfg_group(cfg, cfg_root(cfg), "tun");

	conf->tun_name = DEFAULT_TUN_NAME;
	conf->tun_mtu = DEFAULT_TUN_MTU;
	if (!group)
		return;
	cfg_keys(cfg, group, "\"tun\" group", keys);
	conf->tun_name = cfg_string_or(cfg, group, "name", DEFAULT_TUN_NAME);
	conf->tun_mtu = (uint32_t)cfg_int_or(cfg, group, "mtu", DEFAULT_TUN_MTU,
					     TUN_MTU_MIN, TUN_MTU_MAX);
	read_offloads(cfg, group, conf);
	judge(cfg, group, "name", conf->tun_name, value_ifname(conf->tun_name));
}

/**
 * run_path() - Default path of a gateway's own file
 * @cfg:	Text
 * @name:	The gateway's name, NULL after an error
 * @suffix:	"sock"
 *
 * Return: "/run/relaytun/NAME.SUFFIX" in the arena
 */
static const char *run_path(struct cfg *cfg, const char *name,
			    const char *suffix)
{
	char path[sizeof(GATEWAY_RUN_DIR) + NAME_LEN_MAX + 16];

	snprintf(path, sizeof(path), GATEWAY_RUN_DIR "/%.*s.%s", NAME_LEN_MAX,
		 name ? name : "", suffix);
	return arena_strdup(cfg->arena, path);
}

/**
 * read_status() - status = { socket; }
 * @cfg:	Text
 * @conf:	Receives it; its name is there already
 */
static void read_status(struct cfg *cfg, struct gateway_conf *conf)
{
	static const char *const keys[] = {"socket", NULL};
	const size_t len_max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	config_setting_t *group = cfg_group(cfg, cfg_root(cfg), "status");

	conf->status_socket = run_path(cfg, conf->name, "sock");
	if (!group)
		return;
	cfg_keys(cfg, group, "\"status\" group", keys);
	conf->status_socket =
		cfg_string_or(cfg, group, "socket", conf->status_socket);
	judge_path(cfg, group, "socket", conf->status_socket);
	if (strlen(conf->status_socket) > len_max)
		cfg_error(
			cfg, cfg_key_line(group, "socket"),
			"socket has a path of %zu bytes; the kernel takes %zu "
			"at most",
			strlen(conf->status_socket), len_max);
}

/**
 * read_conf() - The whole text
 * @cfg:	Text
 * @conf:	Receives it
 */
static void read_conf(struct cfg *cfg, struct gateway_conf *conf)
{
	static const char *const keys[] = {"name",
					   "policy",
					   "tun",
					   "credentials",
					   "channels",
					   "workers",
					   "tls",
					   "proxy",
					   "proxy_password_file",
					   "no_proxy",
					   "rendezvous_hosts",
					   "user",
					   "status",
					   "state_file",
					   NULL};
	config_setting_t *root = cfg_root(cfg);

	cfg_keys(cfg, root, "gateway.cfg", keys);
	conf->name = cfg_string(cfg, root, "gateway.cfg", "name");
	conf->name_line = cfg_key_line(root, "name");
	if (conf->name)
		judge(cfg, root, "name", conf->name, value_name(conf->name));
	conf->policy_path = cfg_string_or(cfg, root, "policy", DEFAULT_POLICY);
	judge_path(cfg, root, "policy", conf->policy_path);
	conf->user = cfg_string_or(cfg, root, "user", DEFAULT_USER);
	judge(cfg, root, "user", conf->user, value_user(conf->user));
	conf->channels =
		(uint32_t)cfg_int_or(cfg, root, "channels", 0, 1, CHANNELS_MAX);
	conf->workers = (uint32_t)cfg_int_or(cfg, root, "workers", 1, 1,
					     WORKER_CNT_MAX);
	read_tun(cfg, conf);
	access_read(cfg, &conf->access);
	read_status(cfg, conf);
	conf->state_file = cfg_string_or(cfg, root, "state_file",
					 run_path(cfg, conf->name, "state"));
	judge_path(cfg, root, "state_file", conf->state_file);
}

const struct gateway_conf *gateway_conf_parse_source(
	const struct cfg_source *source, struct arena *arena, struct diag *diag)
{
	struct gateway_conf *conf = arena_alloc(arena, sizeof(*conf));
	size_t error_cnt = diag->error_cnt;
	struct cfg cfg;

	if (cfg_open_source(&cfg, source, arena, diag) == 0) {
		read_conf(&cfg, conf);
		diag_sort(diag);
	}
	cfg_close(&cfg);
	return diag->error_cnt == error_cnt ? conf : NULL;
}

const struct gateway_conf *gateway_conf_parse(const char *text,
					      const char *path,
					      struct arena *arena,
					      struct diag *diag)
{
	const struct cfg_source source = {.text = text, .path = path};

	return gateway_conf_parse_source(&source, arena, diag);
}

const char *gateway_conf_policy_path(const char *text, struct arena *arena)
{
	const char *path = NULL;
	struct diag ignored;
	struct cfg cfg;

	diag_init(&ignored);
	if (cfg_open(&cfg, text, "", arena, &ignored) == 0)
		path = cfg_string_or(&cfg, cfg_root(&cfg), "policy",
				     DEFAULT_POLICY);
	cfg_close(&cfg);
	diag_fini(&ignored);
	return path;
}

/**
 * check_proxy() - The proxy lies in nothing that is routed into the tunnel
 * @policy:	Valid policy
 * @gateway:	This machine's gateway
 * @conf:	Its settings
 * @conf_path:	Their file
 * @diag:	Receives an error
 *
 * Return: whether it is so; also when the proxy has a name
 */
static bool check_proxy(const struct policy *policy,
			const struct policy_gateway *gateway,
			const struct gateway_conf *conf, const char *conf_path,
			struct diag *diag)
{
	char text[IP_PREFIX_TEXT_SIZE];
	const struct plan *plan;
	struct arena scratch;
	struct ip_addr addr;
	bool good = true;
	size_t i;

	if (!conf->access.proxy || !value_url_addr(conf->access.proxy, &addr))
		return true;
	arena_init(&scratch);
	plan = plan_make(policy, gateway, conf, NULL, 0, &scratch);
	for (i = 0; good && i < plan->route_cnt; i++) {
		const struct ip_prefix *to = &plan->routes[i].to;

		good = !ip_prefix_contains(to, &addr);
		if (!good)
			diag_error(diag, conf_path, 0,
				   "proxy \"%.100s\" lies in %s, which is "
				   "routed into the tunnel: the tunnel's own "
				   "connection would end up in itself; use an "
				   "address outside of it",
				   conf->access.proxy,
				   ip_prefix_format(to, text));
	}
	arena_fini(&scratch);
	return good;
}

const struct policy_gateway *gateway_conf_check(const struct policy *policy,
						const struct gateway_conf *conf,
						const char *conf_path,
						struct diag *diag)
{
	const struct policy_gateway *gateway =
		policy_gateway_find(policy, conf->name);
	struct strbuf names;
	size_t i;

	if (gateway)
		return check_proxy(policy, gateway, conf, conf_path, diag)
			       ? gateway
			       : NULL;

	strbuf_init(&names);
	for (i = 0; i < policy->gateway_cnt; i++)
		strbuf_printf(&names, "%s%s", i ? ", " : "",
			      policy->gateways[i].name);
	diag_error(diag, conf_path, conf->name_line,
		   "name \"%s\" is none of the policy's gateways; these are: "
		   "%s",
		   conf->name, names.len ? strbuf_str(&names) : "none");
	strbuf_fini(&names);
	return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * gateway_conf.c - gateway.cfg: text to settings
 */

#include <stdio.h>
#include <string.h>

#include "base/cfgread.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "policy/parse.h"

/* RFC 8200: IPv6 needs it, and nobody's path is smaller. */
#define MTU_MIN 1280
#define MTU_MAX 65521 /* the kernel's limit for a TUN device */

/** check_path() - Paths are absolute: a daemon has no useful directory */
static void check_path(struct cfg *cfg, config_setting_t *group,
		       const char *key, const char *path)
{
	if (path && path[0] != '/')
		diag_error(cfg->diag, cfg->path, cfg_key_line(group, key),
			   "%s \"%s\": write the whole path, from / on", key,
			   path);
}

static void read_tun(struct cfg *cfg, config_setting_t *root,
		     struct gateway_conf *conf)
{
	static const char *const keys[] = {"name", "mtu", NULL};
	config_setting_t *group = cfg_group(cfg, root, "tun");

	conf->tun_name = "rt0";
	conf->tun_mtu = 1500;
	if (!group)
		return;
	cfg_keys(cfg, group, "tun", keys);
	conf->tun_name = cfg_string_or(cfg, group, "name", "rt0");
	conf->tun_mtu =
		(uint32_t)cfg_int_or(cfg, group, "mtu", 1500, MTU_MIN, MTU_MAX);
	if (!conf->tun_name[0] || strlen(conf->tun_name) > IFNAME_LEN_MAX ||
	    strpbrk(conf->tun_name, "/ \t\n:%\"\\") ||
	    !strcmp(conf->tun_name, ".") || !strcmp(conf->tun_name, ".."))
		diag_error(cfg->diag, cfg->path, cfg_key_line(group, "name"),
			   "tun name \"%s\": a device name has 1 to %d "
			   "characters, as rt0",
			   conf->tun_name, IFNAME_LEN_MAX);
}

static void read_credentials(struct cfg *cfg, config_setting_t *root,
			     struct gateway_conf *conf)
{
	static const char *const keys[] = {"key_name", "key_file", NULL};
	config_setting_t *group = cfg_group(cfg, root, "credentials");

	if (!group) {
		if (!config_setting_get_member(root, "credentials"))
			diag_error(cfg->diag, cfg->path, 0,
				   "gateway.cfg needs \"credentials\", as { "
				   "key_name = \"send\"; key_file = "
				   "\"/etc/relaytun/send.key\"; }");
		return;
	}
	cfg_keys(cfg, group, "credentials", keys);
	conf->key_name = cfg_string(cfg, group, "credentials", "key_name");
	conf->key_file = cfg_string(cfg, group, "credentials", "key_file");
	check_path(cfg, group, "key_file", conf->key_file);
	if (conf->key_name &&
	    (!conf->key_name[0] || strlen(conf->key_name) > KEY_NAME_LEN_MAX))
		diag_error(cfg->diag, cfg->path,
			   cfg_key_line(group, "key_name"),
			   "key_name: it has 1 to %d characters",
			   KEY_NAME_LEN_MAX);
}

static void read_tls(struct cfg *cfg, config_setting_t *root,
		     struct gateway_conf *conf)
{
	static const char *const keys[] = {"ca_file", NULL};
	config_setting_t *group = cfg_group(cfg, root, "tls");

	if (!group)
		return;
	cfg_keys(cfg, group, "tls", keys);
	conf->ca_file = cfg_string_or(cfg, group, "ca_file", NULL);
	check_path(cfg, group, "ca_file", conf->ca_file);
}

/** run_path() - "/run/relaytun/NAME.SUFFIX" */
static const char *run_path(struct cfg *cfg, const char *name,
			    const char *suffix)
{
	char path[NAME_LEN_MAX + 64];

	snprintf(path, sizeof(path), "/run/relaytun/%.*s.%s", NAME_LEN_MAX,
		 name ? name : "", suffix);
	return arena_strdup(cfg->arena, path);
}

static void read_status(struct cfg *cfg, config_setting_t *root,
			struct gateway_conf *conf)
{
	static const char *const keys[] = {"socket", NULL};
	config_setting_t *group = cfg_group(cfg, root, "status");

	conf->status_socket = run_path(cfg, conf->name, "sock");
	if (!group)
		return;
	cfg_keys(cfg, group, "status", keys);
	conf->status_socket =
		cfg_string_or(cfg, group, "socket", conf->status_socket);
	check_path(cfg, group, "socket", conf->status_socket);
	/* struct sockaddr_un has 108 bytes for it. */
	if (strlen(conf->status_socket) > 107)
		diag_error(cfg->diag, cfg->path, cfg_key_line(group, "socket"),
			   "socket path has over 107 characters: use a "
			   "shorter one");
}

static void read_conf(struct cfg *cfg, struct gateway_conf *conf)
{
	static const char *const keys[] = {"name",        "policy",     "tun",
					   "credentials", "tls",        "user",
					   "status",      "state_file", NULL};
	config_setting_t *root = cfg_root(cfg);

	cfg_keys(cfg, root, "gateway.cfg", keys);
	conf->name = cfg_string(cfg, root, "gateway.cfg", "name");
	conf->policy_path =
		cfg_string_or(cfg, root, "policy", "/etc/relaytun/policy.cfg");
	check_path(cfg, root, "policy", conf->policy_path);
	conf->user = cfg_string_or(cfg, root, "user", "relaytun");
	read_tun(cfg, root, conf);
	read_credentials(cfg, root, conf);
	read_tls(cfg, root, conf);
	read_status(cfg, root, conf);
	conf->state_file = cfg_string_or(cfg, root, "state_file",
					 run_path(cfg, conf->name, "state"));
	check_path(cfg, root, "state_file", conf->state_file);
}

const struct gateway_conf *gateway_conf_parse(const char *text,
					      const char *path,
					      struct arena *arena,
					      struct diag *diag)
{
	struct gateway_conf *conf = arena_alloc(arena, sizeof(*conf));
	size_t before = diag->error_cnt;
	struct cfg cfg;

	if (cfg_open(&cfg, text, path, arena, diag) == 0) {
		read_conf(&cfg, conf);
		diag_sort(diag);
	}
	cfg_close(&cfg);
	return diag->error_cnt == before ? conf : NULL;
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
		return gateway;
	strbuf_init(&names);
	for (i = 0; i < policy->gateway_cnt; i++)
		strbuf_printf(&names, "%s%s", i ? ", " : "",
			      policy->gateways[i].name);
	diag_error(diag, conf_path, 0,
		   "name \"%s\" is not a gateway of the policy: it has %s",
		   conf->name,
		   policy->gateway_cnt ? strbuf_str(&names) : "none");
	strbuf_fini(&names);
	return NULL;
}

const char *gateway_conf_policy_path(const char *text, struct arena *arena)
{
	const char *path = NULL;
	struct diag unused;
	struct cfg cfg;

	diag_init(&unused);
	if (cfg_open(&cfg, text, "", arena, &unused) == 0)
		path = cfg_string_or(&cfg, cfg_root(&cfg), "policy",
				     "/etc/relaytun/policy.cfg");
	cfg_close(&cfg);
	diag_fini(&unused);
	return path;
}

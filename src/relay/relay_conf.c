/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * relay_conf.c - relay.cfg
 */

#include "relay/relay_conf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cfgread.h"
#include "base/limits.h"

/* A name of 253 characters and ":65535". */
#define HOST_LEN_MAX 260

static void check_path(struct cfg *cfg, config_setting_t *group,
		       const char *key, const char *path)
{
	if (path && path[0] != '/')
		cfg_error(cfg, cfg_key_line(group, key),
			  "%s \"%s\": write the whole path, from / on", key,
			  path);
}

/** parse_port() - Digits alone, 1 to 65535; 0 for anything else */
static uint16_t parse_port(const char *text)
{
	unsigned int port = 0;

	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 5)
		return 0;
	for (; *text; text++)
		port = port * 10 + (unsigned int)(*text - '0');
	return port <= 65535 ? (uint16_t)port : 0;
}

/** parse_host() - An address, an IPv6 one in brackets; Return: was it one? */
static bool parse_host(const char *text, size_t len, struct ip_addr *addr)
{
	char host[IP_ADDR_TEXT_SIZE];
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (brackets) {
		text++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return ip_addr_parse(host, addr) == 0 &&
	       addr->family == (brackets ? IP_V6 : IP_V4);
}

/** read_listen() - "ADDRESS:PORT", IPv6 in brackets */
static void read_listen(struct cfg *cfg, struct relay_conf *conf)
{
	config_setting_t *root = cfg_root(cfg);
	const char *text = cfg_string_or(cfg, root, "listen", "0.0.0.0:443");
	const char *colon = strrchr(text, ':');

	if (colon) {
		conf->port = parse_port(colon + 1);
		if (conf->port &&
		    parse_host(text, (size_t)(colon - text), &conf->addr))
			return;
	}
	cfg_error(cfg, cfg_key_line(root, "listen"),
		  "listen \"%s\": write it as 0.0.0.0:443 or [::]:443", text);
}

/** is_base_url() - "wss://host[:port]" and no more? */
static bool is_base_url(const char *url)
{
	const char *host;

	if (strncasecmp(url, "wss://", 6) && strncasecmp(url, "ws://", 5))
		return false;
	host = strstr(url, "://") + 3;
	return *host && *host != ':' && strlen(host) <= HOST_LEN_MAX &&
	       !strpbrk(host, "/@?#\"\\ ");
}

static void read_public(struct cfg *cfg, struct relay_conf *conf)
{
	config_setting_t *root = cfg_root(cfg);
	const char *url = cfg_string_or(cfg, root, "public", NULL);

	conf->public_url = url;
	if (url && !is_base_url(url))
		cfg_error(cfg, cfg_key_line(root, "public"),
			  "public \"%s\": write it as wss://relay.example.net "
			  "or wss://relay.example.net:8443",
			  url);
}

static void read_tls(struct cfg *cfg, struct relay_conf *conf)
{
	static const char *const keys[] = {"certificate", "key", NULL};
	config_setting_t *root = cfg_root(cfg);
	config_setting_t *group = cfg_group(cfg, root, "tls");

	conf->plaintext = cfg_bool_or(cfg, root, "plaintext", false);
	if (!group) {
		if (!conf->plaintext)
			cfg_error(cfg, 0,
				  "relay.cfg needs \"tls\", as { certificate "
				  "= \"/etc/relaytun/relay.crt\"; key = "
				  "\"/etc/relaytun/relay.key\"; } (or, behind "
				  "a TLS proxy only, plaintext = true)");
		return;
	}
	if (conf->plaintext)
		cfg_error(cfg, cfg_line(group),
			  "\"tls\" and plaintext = true exclude each other");
	cfg_keys(cfg, group, "tls", keys);
	conf->certificate = cfg_string(cfg, group, "tls", "certificate");
	conf->private_key = cfg_string(cfg, group, "tls", "key");
	check_path(cfg, group, "certificate", conf->certificate);
	check_path(cfg, group, "key", conf->private_key);
}

static unsigned int read_rights(struct cfg *cfg, config_setting_t *group)
{
	size_t cnt;
	const char **texts = cfg_strings(cfg, group, "rights", &cnt);
	unsigned int rights = 0;
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (!strcmp(texts[i], "listen"))
			rights |= RELAY_LISTEN;
		else if (!strcmp(texts[i], "send"))
			rights |= RELAY_SEND;
		else if (!strcmp(texts[i], "manage"))
			rights |= RELAY_MANAGE;
		else
			cfg_error(cfg, cfg_key_line(group, "rights"),
				  "right \"%s\": it is listen, send or manage",
				  texts[i]);
	}
	if (!cnt)
		cfg_error(cfg, cfg_line(group),
			  "key needs \"rights\", as [ \"listen\" ]");
	return rights;
}

static void read_key(struct cfg *cfg, config_setting_t *group,
		     struct relay_key *key)
{
	static const char *const keys[] = {"name", "key_file", "rights", NULL};

	cfg_keys(cfg, group, "key", keys);
	key->line = cfg_line(group);
	key->place = cfg_source_place(&cfg->source, key->line);
	key->name = cfg_string(cfg, group, "key", "name");
	key->file = cfg_string(cfg, group, "key", "key_file");
	key->rights = read_rights(cfg, group);
	check_path(cfg, group, "key_file", key->file);
	if (key->name &&
	    (!key->name[0] || strlen(key->name) > KEY_NAME_LEN_MAX))
		cfg_error(cfg, cfg_key_line(group, "name"),
			  "a key's name has 1 to %d characters",
			  KEY_NAME_LEN_MAX);
}

/** check_key_twice() - The last of @cnt keys must differ from those before */
static void check_key_twice(struct cfg *cfg, const struct relay_key *keys,
			    size_t cnt)
{
	const struct relay_key *last = &keys[cnt - 1];
	size_t i;

	for (i = 0; last->name && i + 1 < cnt; i++) {
		if (keys[i].name && !strcmp(keys[i].name, last->name))
			cfg_error(cfg, last->line,
				  "key \"%s\" stands twice in one list",
				  last->name);
	}
}

static struct relay_key *read_keys(struct cfg *cfg, config_setting_t *group,
				   size_t *cnt)
{
	config_setting_t *list = cfg_list(cfg, group, "keys");
	unsigned int len = list ? (unsigned int)config_setting_length(list) : 0;
	struct relay_key *keys =
		arena_array(cfg->arena, len + 1, sizeof(*keys));
	unsigned int i;

	*cnt = 0;
	for (i = 0; i < len; i++) {
		config_setting_t *entry = config_setting_get_elem(list, i);

		if (!config_setting_is_group(entry)) {
			cfg_error(cfg, cfg_line(entry),
				  "each key is a group { ... }");
			continue;
		}
		read_key(cfg, entry, &keys[(*cnt)++]);
		check_key_twice(cfg, keys, *cnt);
	}
	return keys;
}

static void read_path(struct cfg *cfg, config_setting_t *group,
		      struct relay_path *path)
{
	static const char *const keys[] = {"path", "keys", "anonymous", "http",
					   NULL};
	size_t len;

	cfg_keys(cfg, group, "connection", keys);
	path->anonymous = cfg_bool_or(cfg, group, "anonymous", false);
	path->http = cfg_bool_or(cfg, group, "http", true);
	path->path = cfg_string(cfg, group, "connection", "path");
	path->keys = read_keys(cfg, group, &path->key_cnt);
	len = path->path ? strlen(path->path) : 1;
	if (!len || len > 260 ||
	    (path->path &&
	     (path->path[0] == '/' || path->path[len - 1] == '/' ||
	      strpbrk(path->path, "?#\"\\%"))))
		cfg_error(cfg, cfg_key_line(group, "path"),
			  "path \"%s\": write it as oslo-a or oslo/edge, 1 to "
			  "260 characters",
			  path->path ? path->path : "");
}

/** check_twice() - The entry just read must differ from those before it */
static void check_twice(struct cfg *cfg, config_setting_t *group,
			const struct relay_conf *conf)
{
	const struct relay_path *last = &conf->paths[conf->path_cnt - 1];
	size_t i;

	for (i = 0; last->path && i + 1 < conf->path_cnt; i++) {
		if (conf->paths[i].path &&
		    !strcmp(conf->paths[i].path, last->path))
			cfg_error(cfg, cfg_key_line(group, "path"),
				  "path \"%s\" stands twice", last->path);
	}
}

static void read_paths(struct cfg *cfg, struct relay_conf *conf)
{
	config_setting_t *root = cfg_root(cfg);
	config_setting_t *list = cfg_list(cfg, root, "connections");
	unsigned int len = list ? (unsigned int)config_setting_length(list) : 0;
	unsigned int i;

	conf->paths = arena_array(cfg->arena, len + 1, sizeof(*conf->paths));
	for (i = 0; i < len; i++) {
		config_setting_t *entry = config_setting_get_elem(list, i);

		if (!config_setting_is_group(entry)) {
			cfg_error(cfg, cfg_line(entry),
				  "each connection is a group { ... }");
			continue;
		}
		read_path(cfg, entry, &conf->paths[conf->path_cnt++]);
		check_twice(cfg, entry, conf);
		if (!conf->key_cnt && !conf->paths[conf->path_cnt - 1].key_cnt)
			cfg_error(cfg, cfg_line(entry),
				  "connection without keys: nobody could "
				  "listen or send; give it \"keys\", or the "
				  "whole relay");
	}
	if (!len)
		cfg_error(cfg, 0,
			  "relay.cfg needs \"connections\", as ( { path = "
			  "\"oslo-a\"; keys = ( ... ); } )");
}

void relay_conf_defaults(struct relay_limits *limits)
{
	*limits = (struct relay_limits){
		.rendezvous_s = 30,
		.head_s = 10,
		.response_s = 60,
		.ping_s = 30,
		.peer_s = 120,
		.drain_s = 5,
		.listener_cnt = 25,
		.connection_cnt = 5000,
		.handshake_cnt = 200,
		.held_len = (size_t)256 << 20,
	};
}

/** read_size() - A limit that is a count; the one that holds is its default */
static void read_size(struct cfg *cfg, config_setting_t *group, const char *key,
		      int64_t min, int64_t max, size_t *value)
{
	*value = (size_t)cfg_int_or(cfg, group, key, (int64_t)*value, min, max);
}

static void read_limits(struct cfg *cfg, struct relay_conf *conf)
{
	static const char *const keys[] = {
		"rendezvous_s", "head_s",   "response_s", "ping_s",
		"drain_s",      "peer_s",   "listeners",  "connections",
		"handshakes",   "held_mib", NULL};
	config_setting_t *root = cfg_root(cfg);
	config_setting_t *group = cfg_group(cfg, root, "limits");
	struct relay_limits *l = &conf->limits;
	size_t held_mib;

	relay_conf_defaults(l);
	if (!group)
		return;
	cfg_keys(cfg, group, "limits", keys);
	l->rendezvous_s =
		cfg_int_or(cfg, group, "rendezvous_s", l->rendezvous_s, 1, 300);
	l->head_s = cfg_int_or(cfg, group, "head_s", l->head_s, 1, 300);
	l->response_s =
		cfg_int_or(cfg, group, "response_s", l->response_s, 1, 3600);
	l->ping_s = cfg_int_or(cfg, group, "ping_s", l->ping_s, 1, 3600);
	l->peer_s = cfg_int_or(cfg, group, "peer_s", l->peer_s, 4, 86400);
	l->drain_s = cfg_int_or(cfg, group, "drain_s", l->drain_s, 0, 3600);
	read_size(cfg, group, "listeners", 1, 10000, &l->listener_cnt);
	read_size(cfg, group, "connections", 1, 1000000, &l->connection_cnt);
	read_size(cfg, group, "handshakes", 0, 1000000, &l->handshake_cnt);
	held_mib = l->held_len >> 20;
	read_size(cfg, group, "held_mib", 1, 1 << 20, &held_mib);
	l->held_len = held_mib << 20;
}

static void read_status(struct cfg *cfg, struct relay_conf *conf)
{
	static const char *const keys[] = {"socket", NULL};
	config_setting_t *group = cfg_group(cfg, cfg_root(cfg), "status");

	if (!group)
		return;
	cfg_keys(cfg, group, "status", keys);
	conf->status_socket = cfg_string(cfg, group, "status", "socket");
	check_path(cfg, group, "socket", conf->status_socket);
}

static void read_user(struct cfg *cfg, struct relay_conf *conf)
{
	conf->user = cfg_string_or(cfg, cfg_root(cfg), "user", NULL);
	if (conf->user && !conf->user[0])
		cfg_error(cfg, cfg_key_line(cfg_root(cfg), "user"),
			  "user \"\": name one, or leave it out");
}

struct relay_conf *relay_conf_parse_source(const struct cfg_source *source,
					   struct arena *arena,
					   struct diag *diag)
{
	static const char *const keys[] = {
		"listen",      "public", "tls",    "plaintext", "keys",
		"connections", "user",   "limits", "status",    NULL};
	struct relay_conf *conf = arena_alloc(arena, sizeof(*conf));
	size_t before = diag->error_cnt;
	struct cfg cfg;

	if (cfg_open_source(&cfg, source, arena, diag) == 0) {
		cfg_keys(&cfg, cfg_root(&cfg), "relay.cfg", keys);
		read_listen(&cfg, conf);
		read_public(&cfg, conf);
		read_tls(&cfg, conf);
		conf->keys = read_keys(&cfg, cfg_root(&cfg), &conf->key_cnt);
		read_paths(&cfg, conf);
		read_user(&cfg, conf);
		read_status(&cfg, conf);
		read_limits(&cfg, conf);
		diag_sort(diag);
	}
	cfg_close(&cfg);
	return diag->error_cnt == before ? conf : NULL;
}

struct relay_conf *relay_conf_parse(const char *text, const char *path,
				    struct arena *arena, struct diag *diag)
{
	const struct cfg_source source = {.text = text, .path = path};

	return relay_conf_parse_source(&source, arena, diag);
}

const struct relay_path *relay_conf_find(const struct relay_conf *conf,
					 const char *path, const char **suffix)
{
	const struct relay_path *best = NULL;
	size_t best_len = 0;
	size_t i;

	for (i = 0; i < conf->path_cnt; i++) {
		size_t len = strlen(conf->paths[i].path);

		if (strncmp(conf->paths[i].path, path, len) ||
		    (path[len] && path[len] != '/') || len < best_len)
			continue;
		best = &conf->paths[i];
		best_len = len;
	}
	*suffix = path + best_len;
	return best;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * parse.c - Text to validated table
 */

/**
 * DOC: Theory of operation
 *
 * policy_parse() reads every value of the text into a draft and reports each
 * that is malformed by itself; draft_check() then judges how they fit together.
 * An entry with a malformed value keeps a harmless one in its place, so that
 * one run finds everything.  Any error and there is no table.
 */

#include "policy/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cfgread.h"
#include "base/limits.h"
#include "policy/draft.h"

const struct policy_gateway *policy_gateway_find(const struct policy *policy,
						 const char *name)
{
	size_t i;

	for (i = 0; i < policy->gateway_cnt; i++) {
		if (!strcmp(policy->gateways[i].name, name))
			return &policy->gateways[i];
	}
	return NULL;
}

const struct ip_addr *gateway_addr(const struct policy_gateway *gateway,
				   enum ip_family family)
{
	size_t i;

	for (i = 0; i < gateway->addr_cnt; i++) {
		if (gateway->addrs[i].family == family)
			return &gateway->addrs[i];
	}
	return NULL;
}

const char *gateway_role_name(enum gateway_role role)
{
	return role == ROLE_CLOUD ? "cloud" : "site";
}

const char *service_proto_name(enum service_proto proto)
{
	return proto == PROTO_TCP ? "tcp" : "udp";
}

static bool name_is_good(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return len && !name[len] && len <= NAME_LEN_MAX && name[0] != '-' &&
	       name[0] != '.' && name[0] != '_';
}

/** read_name() - "name" of an entry; never NULL */
static const char *read_name(struct cfg *cfg, config_setting_t *group,
			     const char *what)
{
	const char *name = cfg_string(cfg, group, what, "name");

	if (!name)
		return "";
	if (!name_is_good(name))
		diag_error(cfg->diag, cfg->path, cfg_key_line(group, "name"),
			   "%s name \"%s\": use 1 to %d of a-z, 0-9, '.', '_' "
			   "and '-', beginning with a letter or digit",
			   what, name, NAME_LEN_MAX);
	return name;
}

/** is_group() - Report an entry of a list that is no group */
static bool is_group(struct cfg *cfg, const config_setting_t *entry,
		     const char *what)
{
	if (config_setting_is_group(entry))
		return true;
	diag_error(cfg->diag, cfg->path, cfg_line(entry),
		   "each %s is a group { ... }", what);
	return false;
}

/** read_addrs() - A gateway's tunnel addresses */
static void read_addrs(struct cfg *cfg, config_setting_t *group,
		       struct draft_gateway *draft)
{
	struct policy_gateway *gateway = &draft->gateway;
	size_t cnt;
	const char **texts = cfg_strings(cfg, group, "address", &cnt);
	struct ip_addr *addrs;
	size_t i;

	draft->address_line = cfg_key_line(group, "address");
	addrs = arena_array(cfg->arena, cnt + 1, sizeof(*addrs));
	gateway->addrs = addrs;
	for (i = 0; i < cnt; i++) {
		struct ip_addr addr;

		if (ip_addr_parse(texts[i], &addr))
			diag_error(cfg->diag, cfg->path, draft->address_line,
				   "\"%s\" is not an address: write it as "
				   "100.64.0.1 or fd64:1::1, without a length",
				   texts[i]);
		else if (gateway_addr(gateway, addr.family))
			diag_error(cfg->diag, cfg->path, draft->address_line,
				   "gateway \"%s\" has two IPv%d addresses: "
				   "one is all it can use",
				   gateway->name, addr.family);
		else
			addrs[gateway->addr_cnt++] = addr;
	}
	if (!texts)
		diag_error(cfg->diag, cfg->path, gateway->line,
			   "gateway needs \"address\"");
	else if (!gateway_addr(gateway, IP_V4) && gateway->addr_cnt == cnt)
		diag_error(cfg->diag, cfg->path, draft->address_line,
			   "gateway \"%s\" needs an IPv4 tunnel address, as "
			   "100.64.0.1",
			   gateway->name);
}

/** relay_fault() - What is wrong with a relay's URL, NULL when nothing is */
static const char *relay_fault(const char *url)
{
	static const char *const local[] = {"ws://127.0.0.1", "ws://[::1]",
					    "ws://localhost"};
	const char *host = strstr(url, "://");
	bool is_local = false;
	const char *path;
	size_t i;

	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		size_t len = strlen(local[i]);

		is_local |= !strncasecmp(url, local[i], len) &&
			    (url[len] == ':' || url[len] == '/');
	}
	if (strlen(url) > URL_LEN_MAX)
		return "it is too long";
	if (strncasecmp(url, "wss://", 6) && !is_local)
		return "it must begin with wss:// (ws:// without TLS only on "
		       "this machine itself)";
	if (strpbrk(url, " \t\r\n\"\\#@"))
		return "it has a character that does not belong there";
	host += 3;
	path = strchr(host, '/');
	if (path == host || !*host)
		return "it has no host";
	if (!path || !path[1])
		return "it lacks the name of the hybrid connection, as "
		       "wss://HOST/NAME";
	return NULL;
}

static void read_relays(struct cfg *cfg, config_setting_t *group,
			struct draft_gateway *draft)
{
	struct policy_gateway *gateway = &draft->gateway;
	size_t cnt;
	const char **urls = cfg_strings(cfg, group, "relays", &cnt);
	size_t i;

	draft->relays_line = cfg_key_line(group, "relays");
	for (i = 0; i < cnt; i++) {
		const char *fault = relay_fault(urls[i]);

		if (fault)
			diag_error(cfg->diag, cfg->path, draft->relays_line,
				   "relay \"%s\": %s", urls[i], fault);
	}
	gateway->relays = urls;
	gateway->relay_cnt = cnt;
}

static enum gateway_role read_role(struct cfg *cfg, config_setting_t *group)
{
	const char *text = cfg_string(cfg, group, "gateway", "role");

	if (text && strcmp(text, "cloud") && strcmp(text, "site"))
		diag_error(cfg->diag, cfg->path, cfg_key_line(group, "role"),
			   "role \"%s\": it is \"cloud\" or \"site\"", text);
	return text && !strcmp(text, "site") ? ROLE_SITE : ROLE_CLOUD;
}

static void read_gateway(struct cfg *cfg, config_setting_t *group,
			 struct draft_gateway *draft)
{
	static const char *const keys[] = {"name",    "role",   "site",
					   "address", "relays", NULL};

	cfg_keys(cfg, group, "gateway", keys);
	draft->gateway.line = cfg_line(group);
	draft->gateway.name = read_name(cfg, group, "gateway");
	draft->gateway.role = read_role(cfg, group);
	draft->site_name = cfg_string_or(cfg, group, "site", NULL);
	draft->site_line = cfg_key_line(group, "site");
	read_addrs(cfg, group, draft);
	read_relays(cfg, group, draft);
}

static void read_networks(struct cfg *cfg, config_setting_t *group,
			  struct draft_site *draft)
{
	size_t cnt;
	const char **texts = cfg_strings(cfg, group, "networks", &cnt);
	char right[IP_PREFIX_TEXT_SIZE];
	struct ip_prefix *networks;
	size_t i;

	draft->networks_line = cfg_key_line(group, "networks");
	networks = arena_array(cfg->arena, cnt + 1, sizeof(*networks));
	draft->site.networks = networks;
	for (i = 0; i < cnt; i++) {
		struct ip_prefix prefix;
		int err = ip_prefix_parse(texts[i], &prefix);

		if (err == -EDOM)
			diag_error(cfg->diag, cfg->path, draft->networks_line,
				   "network \"%s\" has host bits set: %s?",
				   texts[i], ip_prefix_format(&prefix, right));
		else if (err)
			diag_error(cfg->diag, cfg->path, draft->networks_line,
				   "\"%s\" is not a network: write it as "
				   "10.1.0.0/24",
				   texts[i]);
		else if (prefix.addr.family != IP_V4)
			diag_error(cfg->diag, cfg->path, draft->networks_line,
				   "network \"%s\": IPv6 networks are not "
				   "supported yet",
				   texts[i]);
		else
			networks[draft->site.network_cnt++] = prefix;
	}
	if (!cnt)
		diag_error(cfg->diag, cfg->path, draft->networks_line,
			   "site needs \"networks\", as [ \"10.1.0.0/24\" ]");
}

/** parse_port() - "8443" to a port, 0 when it is none */
static uint16_t parse_port(const char *text)
{
	unsigned int port = 0;

	if (!*text || strlen(text) > 5)
		return 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		port = port * 10 + (unsigned int)(*text - '0');
	}
	return port <= 65535 ? (uint16_t)port : 0;
}

/** split_last() - Copy @text and cut it at its last @sep
 *  Return: what follows @sep, NULL when there is none or it is too long */
static char *split_last(const char *text, char sep, char *copy, size_t size)
{
	char *at;

	if (strlen(text) >= size)
		return NULL;
	memcpy(copy, text, strlen(text) + 1);
	at = strrchr(copy, sep);
	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

/** parse_public() - "[ADDRESS:]PROTO/PORT"; Return: NULL, or what is wrong */
static const char *parse_public(const char *text,
				struct policy_service *service)
{
	char copy[128];
	const char *port = split_last(text, '/', copy, sizeof(copy));
	const char *proto = copy;
	char *colon;

	if (!port)
		return "write it as tcp/8443 or 198.51.100.7:udp/53";
	colon = strrchr(copy, ':');
	if (colon) {
		*colon = '\0';
		proto = colon + 1;
		if (ip_addr_parse(copy, &service->public_addr))
			return "what stands before the ':' is not an address";
		if (service->public_addr.family != IP_V4)
			return "IPv6 public addresses are not supported yet";
	}
	if (!strcmp(proto, "tcp"))
		service->proto = PROTO_TCP;
	else if (!strcmp(proto, "udp"))
		service->proto = PROTO_UDP;
	else
		return "the protocol is tcp or udp";
	service->public_port = parse_port(port);
	return service->public_port ? NULL : "the port is 1 to 65535";
}

/** parse_target() - "ADDRESS:PORT"; Return: NULL, or what is wrong */
static const char *parse_target(const char *text,
				struct policy_service *service)
{
	char copy[128];
	const char *port = split_last(text, ':', copy, sizeof(copy));
	struct ip_addr addr;

	if (!port || ip_addr_parse(copy, &addr))
		return "write it as 10.1.0.5:443";
	if (addr.family != IP_V4)
		return "IPv6 targets are not supported yet";
	service->target = addr;
	service->target_port = parse_port(port);
	return service->target_port ? NULL : "the port is 1 to 65535";
}

/** read_end() - One end of a service through its parser */
static void read_end(struct cfg *cfg, config_setting_t *group, const char *key,
		     struct policy_service *service,
		     const char *(*parse)(const char *,
					  struct policy_service *))
{
	const char *text = cfg_string(cfg, group, "service", key);
	const char *fault = text ? parse(text, service) : NULL;

	if (fault)
		diag_error(cfg->diag, cfg->path, cfg_key_line(group, key),
			   "%s \"%s\": %s", key, text, fault);
}

static void read_service(struct cfg *cfg, config_setting_t *group,
			 struct policy_service *service)
{
	static const char *const keys[] = {"name", "public", "target", NULL};

	cfg_keys(cfg, group, "service", keys);
	service->line = cfg_line(group);
	service->name = read_name(cfg, group, "service");
	read_end(cfg, group, "public", service, parse_public);
	read_end(cfg, group, "target", service, parse_target);
}

static void read_services(struct cfg *cfg, config_setting_t *group,
			  struct draft_site *draft)
{
	config_setting_t *list = cfg_list(cfg, group, "services");
	unsigned int cnt = list ? (unsigned int)config_setting_length(list) : 0;
	unsigned int i;

	draft->services =
		arena_array(cfg->arena, cnt + 1, sizeof(*draft->services));
	draft->site.services = draft->services;
	for (i = 0; i < cnt; i++) {
		config_setting_t *entry = config_setting_get_elem(list, i);

		if (is_group(cfg, entry, "service"))
			read_service(
				cfg, entry,
				&draft->services[draft->site.service_cnt++]);
	}
}

static void read_site(struct cfg *cfg, config_setting_t *group,
		      struct draft_site *draft)
{
	static const char *const keys[] = {"name", "networks", "services",
					   "masquerade", NULL};

	cfg_keys(cfg, group, "site", keys);
	draft->site.line = cfg_line(group);
	draft->site.name = read_name(cfg, group, "site");
	draft->site.masquerade = cfg_bool_or(cfg, group, "masquerade", true);
	read_networks(cfg, group, draft);
	read_services(cfg, group, draft);
}

/** list_of() - A required list of the root; *@cnt is its length */
static config_setting_t *list_of(struct cfg *cfg, const char *key,
				 unsigned int *cnt)
{
	config_setting_t *root = cfg_root(cfg);
	config_setting_t *list = cfg_list(cfg, root, key);

	*cnt = list ? (unsigned int)config_setting_length(list) : 0;
	if (!config_setting_get_member(root, key))
		diag_error(cfg->diag, cfg->path, 0,
			   "the policy needs \"%s\", a list ( ... )", key);
	return list;
}

static void read_draft(struct cfg *cfg, struct draft *draft)
{
	static const char *const keys[] = {"version", "gateways", "sites",
					   NULL};
	config_setting_t *list;
	unsigned int cnt;
	unsigned int i;

	cfg_keys(cfg, cfg_root(cfg), "the policy", keys);
	cfg_int(cfg, cfg_root(cfg), "the policy", "version", POLICY_VERSION,
		POLICY_VERSION);
	list = list_of(cfg, "gateways", &cnt);
	draft->gateways =
		arena_array(cfg->arena, cnt + 1, sizeof(*draft->gateways));
	for (i = 0; i < cnt; i++) {
		config_setting_t *entry = config_setting_get_elem(list, i);

		if (is_group(cfg, entry, "gateway"))
			read_gateway(cfg, entry,
				     &draft->gateways[draft->gateway_cnt++]);
	}
	list = list_of(cfg, "sites", &cnt);
	draft->sites = arena_array(cfg->arena, cnt + 1, sizeof(*draft->sites));
	for (i = 0; i < cnt; i++) {
		config_setting_t *entry = config_setting_get_elem(list, i);

		if (is_group(cfg, entry, "site"))
			read_site(cfg, entry, &draft->sites[draft->site_cnt++]);
	}
}

/** finish() - The draft, found good, as the constant table */
static const struct policy *finish(const struct draft *draft,
				   struct arena *arena)
{
	struct policy *policy = arena_alloc(arena, sizeof(*policy));
	struct policy_gateway *gateways =
		arena_array(arena, draft->gateway_cnt + 1, sizeof(*gateways));
	struct policy_site *sites =
		arena_array(arena, draft->site_cnt + 1, sizeof(*sites));
	size_t i;

	for (i = 0; i < draft->site_cnt; i++)
		sites[i] = draft->sites[i].site;
	for (i = 0; i < draft->gateway_cnt; i++) {
		size_t site;

		gateways[i] = draft->gateways[i].gateway;
		for (site = 0; site < draft->site_cnt; site++) {
			if (gateways[i].site == &draft->sites[site].site)
				gateways[i].site = &sites[site];
		}
	}
	*policy = (struct policy){gateways, draft->gateway_cnt, sites,
				  draft->site_cnt};
	return policy;
}

const struct policy *policy_parse(const char *text, const char *path,
				  struct arena *arena, struct diag *diag)
{
	const struct policy *policy = NULL;
	size_t before = diag->error_cnt;
	struct draft draft = {.path = path};
	struct cfg cfg;

	if (cfg_open(&cfg, text, path, arena, diag) == 0) {
		read_draft(&cfg, &draft);
		draft_check(&draft, diag);
		diag_sort(diag);
	}
	cfg_close(&cfg);
	if (diag->error_cnt == before)
		policy = finish(&draft, arena);
	return policy;
}

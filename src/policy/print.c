/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * print.c - Validated table to text: the normal form
 */

#include "policy/print.h"

#include <string.h>

#include "policy/netval.h"
#include "policy/value.h"

/**
 * quoted() - A libconfig string
 * @out:	Receives the text
 * @text:	Without control characters, which value.c refuses everywhere
 */
static void quoted(struct strbuf *out, const char *text)
{
	strbuf_add(out, "\"", 1);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			strbuf_add(out, "\\", 1);
		strbuf_add(out, text, 1);
	}
	strbuf_add(out, "\"", 1);
}

/* Lists of at most so many prefixes stand on one line. */
#define LINE_PREFIX_CNT_MAX 4

/**
 * print_prefixes() - [ "10.1.0.0/24", ... ]
 * @prefixes:	Prefixes
 * @cnt:	Entries there
 * @hosts:	One address has no length
 * @out:	Receives the text
 */
static void print_prefixes(const struct ip_prefix *prefixes, size_t cnt,
			   bool hosts, struct strbuf *out)
{
	const char *between = cnt > LINE_PREFIX_CNT_MAX ? ",\n\"" : ", \"";
	char text[IP_PREFIX_TEXT_SIZE];
	size_t i;

	strbuf_printf(out, "[%s", cnt > LINE_PREFIX_CNT_MAX ? "\n" : " ");
	for (i = 0; i < cnt; i++) {
		const struct ip_prefix *prefix = &prefixes[i];
		bool host = hosts &&
			    prefix->len == 8 * ip_addr_len(prefix->addr.family);

		strbuf_printf(out, "%s%s\"", i ? between : "\"",
			      host ? ip_addr_format(&prefix->addr, text)
				   : ip_prefix_format(prefix, text));
	}
	strbuf_printf(out, " ];");
}

/**
 * print_from() - " from = [ ... ];", or nothing for everybody
 * @from:	Who may come
 * @out:	Receives the text
 */
static void print_from(const struct prefix_list *from, struct strbuf *out)
{
	if (!from->cnt)
		return;
	strbuf_printf(out, " from = ");
	print_prefixes(from->prefixes, from->cnt, true, out);
}

/**
 * print_addrs() - A gateway's addresses and pools
 * @gateway:	Gateway
 * @out:	Receives the text
 */
static void print_addrs(const struct policy_gateway *gateway,
			struct strbuf *out)
{
	char text[IP_ADDR_TEXT_SIZE];
	size_t i;

	strbuf_printf(out, " address = [ ");
	for (i = 0; i < gateway->addr_cnt; i++) {
		const struct ip_addr *addr = &gateway->addrs[i];
		unsigned int len = gateway->pools[i].len;

		strbuf_printf(out, "%s\"%s", i ? ", " : "",
			      ip_addr_format(addr, text));
		if (len != 8 * ip_addr_len(addr->family))
			strbuf_printf(out, "/%u", len);
		strbuf_printf(out, "\"");
	}
	strbuf_printf(out, " ];");
}

/**
 * print_gateway() - One entry of "gateways", without newline
 * @gateway:	Gateway
 * @out:	Receives the text
 */
static void print_gateway(const struct policy_gateway *gateway,
			  struct strbuf *out)
{
	size_t i;

	strbuf_printf(out, "  { name = ");
	quoted(out, gateway->name);
	strbuf_printf(out, "; role = \"%s\";",
		      gateway_role_name(gateway->role));
	if (gateway->site) {
		strbuf_printf(out, " site = ");
		quoted(out, gateway->site->name);
		strbuf_printf(out, ";");
	}
	print_addrs(gateway, out);
	for (i = 0; i < gateway->relay_cnt; i++) {
		strbuf_printf(out, "%s", i ? ", " : "\n    relays = ( ");
		quoted(out, gateway->relays[i]);
	}
	strbuf_printf(out, "%s }", gateway->relay_cnt ? " );" : "");
}

/**
 * print_service() - One entry of "services", without newline
 * @service:	Service
 * @out:	Receives the text
 */
static void print_service(const struct policy_service *service,
			  struct strbuf *out)
{
	char text[NETVAL_ENDPOINT_SIZE];

	strbuf_printf(out, "      { name = ");
	quoted(out, service->name);
	strbuf_printf(out, "; public = \"%s\";",
		      netval_print_public(service, text));
	strbuf_printf(out, " target = \"%s\";",
		      netval_print_target(service, text));
	print_from(&service->from, out);
	if (service->idle_timeout_s)
		strbuf_printf(
			out, " idle_timeout = \"%s\";",
			value_print_duration(service->idle_timeout_s, text));
	strbuf_printf(out, "%s }", service->audit ? " audit = true;" : "");
}

/**
 * print_route() - One entry of "routes", without newline
 * @route:	Route
 * @out:	Receives the text
 */
static void print_route(const struct policy_route *route, struct strbuf *out)
{
	char prefix[IP_PREFIX_TEXT_SIZE];
	char text[NETVAL_ENDPOINT_SIZE];
	size_t i;

	strbuf_printf(out, "      { name = ");
	quoted(out, route->name);
	strbuf_printf(out, "; to = \"%s\"; allow = [ ",
		      ip_prefix_format(&route->to, prefix));
	for (i = 0; i < route->allow_cnt; i++)
		strbuf_printf(out, "%s\"%s\"", i ? ", " : "",
			      netval_print_allow(&route->allow[i], text));
	strbuf_printf(out, " ];");
	print_from(&route->from, out);
	if (!route->nat) {
		strbuf_printf(out, " nat = false; via = ");
		quoted(out, route->via);
		strbuf_printf(out, ";");
	}
	strbuf_printf(out, " }");
}

/**
 * print_services() - "services = ( ... );" without newline
 * @site:	Site
 * @out:	Receives the text
 */
static void print_services(const struct policy_site *site, struct strbuf *out)
{
	size_t i;

	strbuf_printf(out, "    services = (");
	for (i = 0; i < site->service_cnt; i++) {
		strbuf_printf(out, "%s\n", i ? "," : "");
		print_service(&site->services[i], out);
	}
	strbuf_printf(out, "%s);", site->service_cnt ? "\n    " : "");
}

/**
 * print_routes() - "routes = ( ... );" with newline before it; nothing without
 * any
 * @site:	Site
 * @out:	Receives the text
 */
static void print_routes(const struct policy_site *site, struct strbuf *out)
{
	size_t i;

	for (i = 0; i < site->route_cnt; i++) {
		strbuf_printf(out, "%s\n", i ? "," : "\n    routes = (");
		print_route(&site->routes[i], out);
	}
	strbuf_printf(out, "%s", site->route_cnt ? "\n    );" : "");
}

/**
 * print_site() - One entry of "sites", without newline
 * @site:	Site
 * @out:	Receives the text
 */
static void print_site(const struct policy_site *site, struct strbuf *out)
{
	strbuf_printf(out, "  {\n    name = ");
	quoted(out, site->name);
	strbuf_printf(out, ";\n    networks = ");
	print_prefixes(site->networks, site->network_cnt, false, out);
	if (site->aliases) {
		strbuf_printf(out, "\n    alias = ");
		print_prefixes(site->aliases, site->network_cnt, false, out);
	}
	strbuf_printf(out, "\n    masquerade = %s;\n",
		      site->masquerade ? "true" : "false");
	print_services(site, out);
	print_routes(site, out);
	strbuf_printf(out, "\n  }");
}

/**
 * open_list() - Begin a list of entries
 * @out:	Receives the text
 * @name:	Its key
 */
static void open_list(struct strbuf *out, const char *name)
{
	strbuf_printf(out, "%s = (", name);
}

/**
 * close_list() - End a list of entries
 * @out:	Receives the text
 * @cnt:	Entries printed
 */
static void close_list(struct strbuf *out, size_t cnt)
{
	strbuf_printf(out, "%s);\n", cnt ? "\n" : "");
}

/**
 * print_some() - The policy, or the part that concerns one site
 * @policy:	Policy
 * @only:	The site, NULL for everything
 * @out:	Receives the text
 */
static void print_some(const struct policy *policy,
		       const struct policy_site *only, struct strbuf *out)
{
	size_t cnt = 0;
	size_t i;

	strbuf_printf(out, "version = %d;\n", POLICY_VERSION);
	open_list(out, "gateways");
	for (i = 0; i < policy->gateway_cnt; i++) {
		const struct policy_gateway *gateway = &policy->gateways[i];

		if (only && gateway->site && gateway->site != only)
			continue;
		strbuf_printf(out, "%s\n", cnt++ ? "," : "");
		print_gateway(gateway, out);
	}
	close_list(out, cnt);
	open_list(out, "sites");
	for (i = 0, cnt = 0; i < policy->site_cnt; i++) {
		if (only && &policy->sites[i] != only)
			continue;
		strbuf_printf(out, "%s\n", cnt++ ? "," : "");
		print_site(&policy->sites[i], out);
	}
	close_list(out, cnt);
}

void policy_print(const struct policy *policy, struct strbuf *out)
{
	print_some(policy, NULL, out);
}

void policy_print_site(const struct policy *policy,
		       const struct policy_site *site, struct strbuf *out)
{
	print_some(policy, site, out);
}

/**
 * setting() - KEY = "VALUE"; without newline
 * @out:	Receives the text
 * @key:	Key
 * @value:	Text
 */
static void setting(struct strbuf *out, const char *key, const char *value)
{
	strbuf_printf(out, "%s = ", key);
	quoted(out, value);
	strbuf_printf(out, ";");
}

void gateway_conf_print(const struct gateway_conf *conf, struct strbuf *out)
{
	setting(out, "name", conf->name);
	strbuf_printf(out, "\n");
	setting(out, "policy", conf->policy_path);
	strbuf_printf(out, "\ntun = { ");
	setting(out, "name", conf->tun_name);
	strbuf_printf(out, " mtu = %u; ", conf->tun_mtu);
	setting(out, "offloads", tun_offloads_name(conf->tun_offloads));
	strbuf_printf(out, " };\n");
	access_print(&conf->access, out);
	if (conf->channels)
		strbuf_printf(out, "channels = %u;\n", conf->channels);
	strbuf_printf(out, "workers = %u;\n", conf->workers);
	setting(out, "user", conf->user);
	strbuf_printf(out, "\nstatus = { ");
	setting(out, "socket", conf->status_socket);
	strbuf_printf(out, " };\n");
	setting(out, "state_file", conf->state_file);
	strbuf_printf(out, "\n");
}

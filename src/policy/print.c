/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * print.c - Validated table to text: the normal form
 */

#include "policy/print.h"

#include <string.h>

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

/**
 * print_gateway() - One entry of "gateways", without newline
 * @gateway:	Gateway
 * @out:	Receives the text
 */
static void print_gateway(const struct policy_gateway *gateway,
			  struct strbuf *out)
{
	char text[IP_ADDR_TEXT_SIZE];
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
	strbuf_printf(out, " address = [ ");
	for (i = 0; i < gateway->addr_cnt; i++)
		strbuf_printf(out, "%s\"%s\"", i ? ", " : "",
			      ip_addr_format(&gateway->addrs[i], text));
	strbuf_printf(out, " ];");
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
	char text[IP_ADDR_TEXT_SIZE];

	strbuf_printf(out, "      { name = ");
	quoted(out, service->name);
	strbuf_printf(out, "; public = \"");
	if (service->public_addr.family != IP_NONE)
		strbuf_printf(out, "%s:",
			      ip_addr_format(&service->public_addr, text));
	strbuf_printf(out, "%s/%u\"; target = \"%s:%u\"; }",
		      service_proto_name(service->proto), service->public_port,
		      ip_addr_format(&service->target, text),
		      service->target_port);
}

/**
 * print_site() - One entry of "sites", without newline
 * @site:	Site
 * @out:	Receives the text
 */
static void print_site(const struct policy_site *site, struct strbuf *out)
{
	char text[IP_PREFIX_TEXT_SIZE];
	size_t i;

	strbuf_printf(out, "  {\n    name = ");
	quoted(out, site->name);
	strbuf_printf(out, ";\n    networks = [ ");
	for (i = 0; i < site->network_cnt; i++)
		strbuf_printf(out, "%s\"%s\"", i ? ", " : "",
			      ip_prefix_format(&site->networks[i], text));
	strbuf_printf(out, " ];\n    masquerade = %s;\n    services = (",
		      site->masquerade ? "true" : "false");
	for (i = 0; i < site->service_cnt; i++) {
		strbuf_printf(out, "%s\n", i ? "," : "");
		print_service(&site->services[i], out);
	}
	strbuf_printf(out, "%s);\n  }", site->service_cnt ? "\n    " : "");
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
	strbuf_printf(out, " mtu = %u; };\ncredentials = { ", conf->tun_mtu);
	setting(out, "key_name", conf->key_name);
	strbuf_printf(out, " ");
	setting(out, "key_file", conf->key_file);
	strbuf_printf(out, " };\n");
	if (conf->ca_file) {
		strbuf_printf(out, "tls = { ");
		setting(out, "ca_file", conf->ca_file);
		strbuf_printf(out, " };\n");
	}
	setting(out, "user", conf->user);
	strbuf_printf(out, "\nstatus = { ");
	setting(out, "socket", conf->status_socket);
	strbuf_printf(out, " };\n");
	setting(out, "state_file", conf->state_file);
	strbuf_printf(out, "\n");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * conf_print.c - relay.cfg in its normal form
 */

#include "relay/conf_print.h"

/** print_text() - As libconfig wants it */
static void print_text(struct strbuf *out, const char *text)
{
	strbuf_add(out, "\"", 1);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			strbuf_add(out, "\\", 1);
		if (*text == '\n')
			strbuf_printf(out, "\\n");
		else
			strbuf_add(out, text, 1);
	}
	strbuf_add(out, "\"", 1);
}

static void print_member(struct strbuf *out, const char *name, const char *text)
{
	strbuf_printf(out, "%s = ", name);
	print_text(out, text);
	strbuf_printf(out, ";");
}

static const char *print_rights(unsigned int rights)
{
	if ((rights & RELAY_MANAGE) == RELAY_MANAGE)
		return "\"manage\"";
	if ((rights & (RELAY_LISTEN | RELAY_SEND)) ==
	    (RELAY_LISTEN | RELAY_SEND))
		return "\"listen\", \"send\"";
	return rights & RELAY_LISTEN ? "\"listen\"" : "\"send\"";
}

static void print_keys(struct strbuf *out, const char *indent,
		       const struct relay_key *keys, size_t cnt)
{
	size_t i;

	if (!cnt)
		return;
	strbuf_printf(out, "%skeys = (", indent);
	for (i = 0; i < cnt; i++) {
		strbuf_printf(out, "%s\n%s  { ", i ? "," : "", indent);
		print_member(out, "name", keys[i].name);
		strbuf_printf(out, " ");
		print_member(out, "key_file", keys[i].file);
		strbuf_printf(out, " rights = [ %s ]; }",
			      print_rights(keys[i].rights));
	}
	strbuf_printf(out, "\n%s);\n", indent);
}

static void print_path(struct strbuf *out, const struct relay_path *path)
{
	strbuf_printf(out, "  {\n    ");
	print_member(out, "path", path->path);
	strbuf_printf(out, "\n    anonymous = %s;\n    http = %s;\n",
		      path->anonymous ? "true" : "false",
		      path->http ? "true" : "false");
	print_keys(out, "    ", path->keys, path->key_cnt);
	strbuf_printf(out, "  }");
}

static void print_limits(struct strbuf *out, const struct relay_limits *limits)
{
	strbuf_printf(out,
		      "limits = {\n"
		      "  rendezvous_s = %lld;\n  head_s = %lld;\n"
		      "  response_s = %lld;\n  ping_s = %lld;\n"
		      "  drain_s = %lld;\n  peer_s = %lld;\n"
		      "  listeners = %zu;\n  connections = %zu;\n"
		      "  handshakes = %zu;\n  held_mib = %zu;\n};\n",
		      (long long)limits->rendezvous_s,
		      (long long)limits->head_s, (long long)limits->response_s,
		      (long long)limits->ping_s, (long long)limits->drain_s,
		      (long long)limits->peer_s, limits->listener_cnt,
		      limits->connection_cnt, limits->handshake_cnt,
		      limits->held_len >> 20);
}

/** print_line() - A member of the whole file, when it is set */
static void print_line(struct strbuf *out, const char *name, const char *text)
{
	if (!text)
		return;
	print_member(out, name, text);
	strbuf_printf(out, "\n");
}

void relay_conf_print(const struct relay_conf *conf, struct strbuf *out)
{
	char addr[IP_ADDR_TEXT_SIZE];
	bool v6 = conf->addr.family == IP_V6;
	size_t i;

	strbuf_printf(out, "listen = \"%s%s%s:%u\";\n", v6 ? "[" : "",
		      ip_addr_format(&conf->addr, addr), v6 ? "]" : "",
		      conf->port);
	print_line(out, "public", conf->public_url);
	if (conf->plaintext) {
		strbuf_printf(out, "plaintext = true;\n");
	} else {
		strbuf_printf(out, "tls = { ");
		print_member(out, "certificate", conf->certificate);
		strbuf_printf(out, " ");
		print_member(out, "key", conf->private_key);
		strbuf_printf(out, " };\n");
	}
	print_line(out, "user", conf->user);
	if (conf->status_socket) {
		strbuf_printf(out, "status = { ");
		print_member(out, "socket", conf->status_socket);
		strbuf_printf(out, " };\n");
	}
	print_keys(out, "", conf->keys, conf->key_cnt);
	strbuf_printf(out, "connections = (\n");
	for (i = 0; i < conf->path_cnt; i++) {
		strbuf_printf(out, "%s", i ? ",\n" : "");
		print_path(out, &conf->paths[i]);
	}
	strbuf_printf(out, "\n);\n");
	print_limits(out, &conf->limits);
}

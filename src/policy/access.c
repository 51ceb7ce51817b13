/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * access.c - How a gateway gets to its relays: reading and printing
 */

#include "policy/access.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cfgread.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "policy/value.h"

#define TEXT_LEN_MAX 255

/* How each kind of credential is told in the group "credentials" (the last three
 * in its group "entra"). */
static const char *const secret_keys[] = {
	[CREDENTIAL_KEY] = "key_file",
	[CREDENTIAL_CONNECTION_STRING] = "connection_string_file",
	[CREDENTIAL_TOKEN] = "token_file",
	[CREDENTIAL_CLIENT_SECRET] = "client_secret_file",
	[CREDENTIAL_CLIENT_CERTIFICATE] = "certificate_file",
	[CREDENTIAL_IDENTITY] = "managed_identity",
};

const char *access_secret_key(enum credential_kind kind)
{
	return secret_keys[kind];
}

/** file_fault() - Of a _file key: absolute, or in systemd's folder */
static const char *file_fault(const char *path)
{
	size_t len = sizeof(ACCESS_CREDENTIALS_DIR) - 1;

	if (strncmp(path, ACCESS_CREDENTIALS_DIR, len))
		return value_path(path);
	if (strchr(path + len, '/') || !path[len])
		return "after $CREDENTIALS_DIRECTORY/ it is the name of a "
		       "credential";
	return value_line(path, TEXT_LEN_MAX);
}

/** url_fault() - Of an https (or, for tests, http) address without a query */
static const char *url_fault(const char *text)
{
	if (strncmp(text, "https://", 8) && strncmp(text, "http://", 7))
		return "it must begin with https://";
	if (strpbrk(text, " \"\\?#@"))
		return "it is an address without user, query or blanks";
	return value_line(text, TEXT_LEN_MAX);
}

static const char *proxy_fault(const char *text)
{
	static const char *const schemes[] = {"http://", "https://",
					      "socks5://"};
	const char *rest = NULL;
	const char *at;
	size_t i;

	if (!*text)
		return NULL;
	for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		if (!strncmp(text, schemes[i], strlen(schemes[i])))
			rest = text + strlen(schemes[i]);
	}
	if (!rest || !*rest)
		return "it is like http://USER@HOST:PORT; http, https and "
		       "socks5 are known, and \"\" means none";
	at = strchr(rest, '@');
	if (at && memchr(rest, ':', (size_t)(at - rest)))
		return "a password must not stand here; put it into a file "
		       "and name that in proxy_password_file";
	if (strpbrk(at ? at : rest, "/?# \""))
		return "nothing may follow the port";
	return value_line(text, TEXT_LEN_MAX);
}

static const char *pin_fault(const char *text)
{
	/* 32 bytes of SHA-256. */
	return !strncmp(text, "sha256//", 8) && strlen(text) == 8 + 44 &&
			       text[51] == '='
		       ? NULL
		       : "it is \"sha256//\" and the base64 of the SHA-256 of "
			 "the public key";
}

static const char *host_fault(const char *text)
{
	size_t len = strlen(text);

	if (!len || len > TEXT_LEN_MAX ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_/")])
		return "it is a host name, or a domain that begins with a dot";
	return NULL;
}

static const char *id_fault(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

	return !len || text[len] ? "it is a GUID or a domain" : NULL;
}

/** judged() - An optional text that must be valid; NULL when missing or not */
static const char *judged(struct cfg *cfg, config_setting_t *group,
			  const char *key,
			  const char *(*fault_of)(const char *text))
{
	const char *text = cfg_string_or(cfg, group, key, NULL);
	const char *fault = text ? fault_of(text) : NULL;

	if (fault)
		cfg_error(cfg, cfg_key_line(group, key), "%s \"%.100s\": %s",
			  key, text, fault);
	return fault ? NULL : text;
}

/** judged_list() - A list of texts that must all be valid */
static const char *const *judged_list(struct cfg *cfg, config_setting_t *group,
				      const char *key,
				      const char *(*fault_of)(const char *),
				      size_t *cnt)
{
	const char **list = cfg_strings(cfg, group, key, cnt);
	size_t i;

	for (i = 0; i < *cnt; i++) {
		const char *fault = list[i] ? fault_of(list[i]) : NULL;

		if (fault)
			cfg_error(cfg, cfg_key_line(group, key),
				  "%s \"%.100s\": %s", key, list[i], fault);
	}
	return list;
}

/** require() - Report a key that this kind of credential needs */
static void require(struct cfg *cfg, config_setting_t *group, const char *key,
		    const char *what)
{
	if (!cfg_has(group, key))
		cfg_error(cfg, cfg_line(group), "%s needs \"%s\"", what, key);
}

/** read_secret() - The one key among some that tells the kind
 *  Return: its kind, -1 when there is none, -2 after an error */
static int read_secret(struct cfg *cfg, config_setting_t *group, int first,
		       int last, struct access_conf *conf)
{
	int kind = -1;
	int i;

	for (i = first; i <= last; i++) {
		const char *key = secret_keys[i];

		if (!cfg_has(group, key))
			continue;
		if (kind >= 0) {
			cfg_error(cfg, cfg_key_line(group, key),
				  "\"%s\" and \"%s\" exclude each other",
				  secret_keys[kind], key);
			return -2;
		}
		kind = i;
		if (i == CREDENTIAL_IDENTITY)
			(void)cfg_bool_or(cfg, group, key, false);
		else
			conf->secret_file = judged(cfg, group, key, file_fault);
	}
	return kind;
}

static void read_entra(struct cfg *cfg, config_setting_t *group,
		       struct access_conf *conf)
{
	static const char *const keys[] = {
		"tenant",           "client_id",         "client_secret_file",
		"certificate_file", "managed_identity",  "authority",
		"audience",         "identity_endpoint", NULL};
	struct entra_conf *entra = &conf->entra;
	int kind;

	cfg_keys(cfg, group, "\"entra\" group", keys);
	kind = read_secret(cfg, group, CREDENTIAL_CLIENT_SECRET,
			   CREDENTIAL_IDENTITY, conf);
	entra->tenant = judged(cfg, group, "tenant", id_fault);
	entra->client_id = judged(cfg, group, "client_id", id_fault);
	entra->authority = judged(cfg, group, "authority", url_fault);
	entra->audience = judged(cfg, group, "audience", url_fault);
	entra->identity_endpoint =
		judged(cfg, group, "identity_endpoint", url_fault);
	if (!entra->authority)
		entra->authority = ACCESS_AUTHORITY;
	if (!entra->audience)
		entra->audience = ACCESS_AUDIENCE;
	if (!entra->identity_endpoint)
		entra->identity_endpoint = ACCESS_IDENTITY_ENDPOINT;
	if (kind == CREDENTIAL_IDENTITY &&
	    !cfg_bool_or(cfg, group, "managed_identity", false))
		kind = -1;
	if (kind == -1)
		cfg_error(cfg, cfg_line(group),
			  "an \"entra\" group needs one of "
			  "client_secret_file, certificate_file and "
			  "managed_identity = true");
	if (kind < 0)
		return;
	conf->kind = (enum credential_kind)kind;
	if (kind == CREDENTIAL_IDENTITY)
		return;
	require(cfg, group, "tenant", "an \"entra\" group");
	require(cfg, group, "client_id", "an \"entra\" group");
}

static const char *name_fault(const char *text)
{
	return value_line(text, KEY_NAME_LEN_MAX);
}

static void read_credentials(struct cfg *cfg, struct access_conf *conf)
{
	static const char *const keys[] = {
		"key_name",   "key_file", "connection_string_file",
		"token_file", "entra",    NULL};
	config_setting_t *group = cfg_group(cfg, cfg_root(cfg), "credentials");
	config_setting_t *entra;
	int kind;

	if (!cfg_has(cfg_root(cfg), "credentials"))
		cfg_error(
			cfg, 0,
			"gateway.cfg needs \"credentials\", like { key_name = "
			"\"send\"; key_file = \"/etc/relaytun/send.key\"; }");
	if (!group)
		return;
	cfg_keys(cfg, group, "\"credentials\" group", keys);
	kind = read_secret(cfg, group, CREDENTIAL_KEY, CREDENTIAL_TOKEN, conf);
	conf->key_name = judged(cfg, group, "key_name", name_fault);
	entra = cfg_group(cfg, group, "entra");
	if (kind == -1 && entra) {
		read_entra(cfg, entra, conf);
		return;
	}
	if (kind >= 0 && cfg_has(group, "entra"))
		cfg_error(cfg, cfg_key_line(group, "entra"),
			  "\"%s\" and \"entra\" exclude each other",
			  secret_keys[kind]);
	if (kind == -1 && !cfg_has(group, "entra"))
		cfg_error(cfg, cfg_line(group),
			  "credentials needs one of key_file (with key_name), "
			  "connection_string_file, token_file and entra");
	if (kind < 0)
		return;
	conf->kind = (enum credential_kind)kind;
	if (kind == CREDENTIAL_KEY)
		require(cfg, group, "key_name", "credentials with a key_file");
	else if (cfg_has(group, "key_name"))
		cfg_error(cfg, cfg_key_line(group, "key_name"),
			  "key_name belongs to key_file only");
}

static void read_tls(struct cfg *cfg, struct access_conf *conf)
{
	static const char *const keys[] = {"ca_file", "certificate_file",
					   "pins", NULL};
	config_setting_t *group = cfg_group(cfg, cfg_root(cfg), "tls");

	if (!group)
		return;
	cfg_keys(cfg, group, "\"tls\" group", keys);
	conf->ca_file = judged(cfg, group, "ca_file", file_fault);
	conf->certificate_file =
		judged(cfg, group, "certificate_file", file_fault);
	conf->pins = judged_list(cfg, group, "pins", pin_fault, &conf->pin_cnt);
}

void access_read(struct cfg *cfg, struct access_conf *conf)
{
	config_setting_t *root = cfg_root(cfg);

	read_credentials(cfg, conf);
	read_tls(cfg, conf);
	conf->proxy = judged(cfg, root, "proxy", proxy_fault);
	conf->proxy_password_file =
		judged(cfg, root, "proxy_password_file", file_fault);
	if (conf->proxy_password_file &&
	    (!conf->proxy || !strchr(conf->proxy, '@')))
		cfg_error(cfg, cfg_key_line(root, "proxy_password_file"),
			  "proxy_password_file needs a proxy with a user, like "
			  "http://USER@HOST:PORT");
	conf->has_no_proxy = cfg_has(root, "no_proxy");
	conf->no_proxy = judged_list(cfg, root, "no_proxy", host_fault,
				     &conf->no_proxy_cnt);
	conf->rendezvous_hosts =
		judged_list(cfg, root, "rendezvous_hosts", host_fault,
			    &conf->rendezvous_host_cnt);
}

/** setting() - "key = "value";" with quotes and backslashes escaped */
static void setting(struct strbuf *out, const char *key, const char *value)
{
	strbuf_printf(out, "%s = \"", key);
	for (; *value; value++)
		strbuf_printf(out, strchr("\"\\", *value) ? "\\%c" : "%c",
			      *value);
	strbuf_printf(out, "\";");
}

static void optional(struct strbuf *out, const char *key, const char *value)
{
	if (!value)
		return;
	strbuf_printf(out, " ");
	setting(out, key, value);
}

static void print_list(struct strbuf *out, const char *key,
		       const char *const *list, size_t cnt)
{
	size_t i;

	strbuf_printf(out, "%s = [ ", key);
	for (i = 0; i < cnt; i++)
		strbuf_printf(out, "%s\"%s\"", i ? ", " : "", list[i]);
	strbuf_printf(out, "%s];", cnt ? " " : "");
}

static void print_credentials(const struct access_conf *conf,
			      struct strbuf *out)
{
	const struct entra_conf *entra = &conf->entra;

	strbuf_printf(out, "credentials = {");
	if (!access_is_entra(conf)) {
		optional(out, "key_name", conf->key_name);
		optional(out, secret_keys[conf->kind], conf->secret_file);
		strbuf_printf(out, " };\n");
		return;
	}
	strbuf_printf(out, " entra = {");
	optional(out, "tenant", entra->tenant);
	optional(out, "client_id", entra->client_id);
	if (conf->kind == CREDENTIAL_IDENTITY) {
		strbuf_printf(out, " managed_identity = true;");
		optional(out, "identity_endpoint", entra->identity_endpoint);
	} else {
		optional(out, secret_keys[conf->kind], conf->secret_file);
		optional(out, "authority", entra->authority);
	}
	optional(out, "audience", entra->audience);
	strbuf_printf(out, " }; };\n");
}

static void print_tls(const struct access_conf *conf, struct strbuf *out)
{
	if (!conf->ca_file && !conf->certificate_file && !conf->pin_cnt)
		return;
	strbuf_printf(out, "tls = {");
	optional(out, "ca_file", conf->ca_file);
	optional(out, "certificate_file", conf->certificate_file);
	if (conf->pin_cnt) {
		strbuf_printf(out, " ");
		print_list(out, "pins", conf->pins, conf->pin_cnt);
	}
	strbuf_printf(out, " };\n");
}

void access_print(const struct access_conf *conf, struct strbuf *out)
{
	print_credentials(conf, out);
	print_tls(conf, out);
	if (conf->proxy) {
		setting(out, "proxy", conf->proxy);
		strbuf_printf(out, "\n");
	}
	if (conf->proxy_password_file) {
		setting(out, "proxy_password_file", conf->proxy_password_file);
		strbuf_printf(out, "\n");
	}
	if (conf->has_no_proxy) {
		print_list(out, "no_proxy", conf->no_proxy, conf->no_proxy_cnt);
		strbuf_printf(out, "\n");
	}
	if (conf->rendezvous_host_cnt) {
		print_list(out, "rendezvous_hosts", conf->rendezvous_hosts,
			   conf->rendezvous_host_cnt);
		strbuf_printf(out, "\n");
	}
}

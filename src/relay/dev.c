/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * dev.c - A relay for developers: no files, everything made in memory
 */

#include "relay/dev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "codec/text.h"
#include "relay/certificate.h"
#include "sys/clock.h"
#include "sys/random.h"

#define DEFAULT_PATH "hyco"
#define VALID_S      (30 * 86400)
#define FAULT_LATE_S 10
#define FAULT_DROP_S 10
#define FAULT_S_MAX  3600
#define DEV_KEY_LEN  32

/* The names that Azure gives to the first rule of a namespace, and two with one
 * right each. */
static const struct {
	const char *name;
	unsigned int rights;
} rules[] = {
	{"RootManageSharedAccessKey", RELAY_MANAGE},
	{"listen", RELAY_LISTEN},
	{"send", RELAY_SEND},
};
#define RULE_CNT (sizeof(rules) / sizeof(rules[0]))

/** read_seconds() - What stands behind '='; @def when nothing does
 *  Return: 0 when it is no number from 1 to FAULT_S_MAX */
static int64_t read_seconds(const char *text, int64_t def)
{
	char *end;
	long value;

	if (!*text)
		return def;
	if (*text++ != '=' || !*text)
		return 0;
	value = strtol(text, &end, 10);
	return *end || value < 1 || value > FAULT_S_MAX ? 0 : value;
}

bool dev_fault(struct relay_fault *fault, const char *text)
{
	size_t len = strcspn(text, "=");
	const char *rest = text + len;

	if (len == 11 && !strncmp(text, "late-accept", len)) {
		fault->late_s = read_seconds(rest, FAULT_LATE_S);
		return fault->late_s > 0;
	}
	if (len == 12 && !strncmp(text, "drop-control", len)) {
		fault->drop_s = read_seconds(rest, FAULT_DROP_S);
		return fault->drop_s > 0;
	}
	if (!strcmp(text, "ghost-listener"))
		return fault->ghost = true;
	if (!strcmp(text, "slow-reader"))
		return fault->slow = true;
	if (!strcmp(text, "other-host"))
		return fault->other_host = true;
	return false;
}

/** make_text() - The configuration, but for what has no place in a file */
static void make_text(const struct dev *dev, struct strbuf *text)
{
	size_t i;

	strbuf_printf(text,
		      "listen = \"%s\"; plaintext = true;\n"
		      "limits = { handshakes = 0; };\nconnections = (",
		      dev->listen);
	for (i = 0; i < dev->path_cnt; i++)
		strbuf_printf(text,
			      "%s{ path = \"%s\"; keys = ( { name = "
			      "\"x\"; key_file = \"/x\"; rights = [ "
			      "\"listen\" ]; } ); }",
			      i ? ", " : "", dev->paths[i]);
	strbuf_printf(text, ");\n");
}

/** pass_on() - Errors without the lines of a text that nobody wrote */
static void pass_on(const struct diag *inner, struct diag *diag)
{
	char line[DIAG_TEXT_LEN_MAX + 64];
	size_t i;

	for (i = 0; i < inner->cnt; i++) {
		const char *text = line;

		diag_text(inner, i, line, sizeof(line));
		if (strstr(line, ": "))
			text = strstr(line, ": ") + 2;
		diag_error(diag, "--dev", 0, "%s", text);
	}
}

/** parse() - The same checks as for a file; Return: NULL after errors */
static struct relay_conf *parse(struct dev *dev, struct arena *arena,
				struct diag *diag)
{
	struct relay_conf *conf;
	struct strbuf text;
	struct diag inner;
	size_t i;

	if (!dev->path_cnt)
		dev->paths[dev->path_cnt++] = DEFAULT_PATH;
	for (i = 0; i < dev->path_cnt; i++) {
		if (strpbrk(dev->paths[i], "\"\\\n")) {
			diag_error(diag, NULL, 0, "--path %s is no path",
				   dev->paths[i]);
			return NULL;
		}
	}
	if (strpbrk(dev->listen, "\"\\\n")) {
		diag_error(diag, NULL, 0, "--listen %s is no address",
			   dev->listen);
		return NULL;
	}
	strbuf_init(&text);
	diag_init(&inner);
	make_text(dev, &text);
	conf = relay_conf_parse(strbuf_str(&text), "--dev", arena, &inner);
	pass_on(&inner, diag);
	diag_fini(&inner);
	strbuf_fini(&text);
	return conf;
}

/** make_keys() - Random ones, of the whole namespace */
static void make_keys(struct relay_conf *conf, struct arena *arena)
{
	uint8_t bytes[DEV_KEY_LEN];
	size_t i;

	conf->keys = arena_array(arena, RULE_CNT, sizeof(*conf->keys));
	conf->key_cnt = RULE_CNT;
	for (i = 0; i < RULE_CNT; i++) {
		struct relay_key *key = &conf->keys[i];
		ssize_t len;

		key->name = rules[i].name;
		key->rights = rules[i].rights;
		key->key = arena_alloc(arena, 2 * DEV_KEY_LEN);
		random_bytes(bytes, sizeof(bytes));
		len = text_base64_encode(bytes, sizeof(bytes), key->key,
					 2 * DEV_KEY_LEN);
		key->key_len = len > 0 ? (size_t)len : 0;
	}
	for (i = 0; i < conf->path_cnt; i++)
		conf->paths[i].key_cnt = 0;
	explicit_bzero(bytes, sizeof(bytes));
}

int dev_make(struct dev *dev, struct arena *arena, struct diag *diag)
{
	struct certificate *certificate =
		arena_alloc(arena, sizeof(*certificate));
	struct relay_conf *conf = parse(dev, arena, diag);
	char *url;
	int err;

	if (!conf)
		return -EINVAL;
	err = certificate_make(certificate, clock_wall().s, VALID_S);
	if (err)
		return err;
	conf->plaintext = false;
	conf->certificate_pem = certificate->pem;
	conf->private_key_pem = certificate->key_pem;
	make_keys(conf, arena);
	conf->fault = dev->fault;
	if (conf->fault.other_host) {
		url = arena_alloc(arena, 32);
		snprintf(url, 32, "wss://127.0.0.2:%u", conf->port);
		conf->public_url = url;
	}
	dev->conf = conf;
	return 0;
}

/** print_string() - A connection string, as Azure's portal gives it */
static void print_string(const struct dev *dev, const struct relay_key *key,
			 const char *path, FILE *to)
{
	char port[16] = "";

	if (dev->conf->port != 443)
		snprintf(port, sizeof(port), ":%u", dev->conf->port);
	fprintf(to,
		"Endpoint=sb://localhost%s/;SharedAccessKeyName=%s;"
		"SharedAccessKey=%s%s%s\n",
		port, key->name, key->key, path ? ";EntityPath=" : "",
		path ? path : "");
}

int dev_print(const struct dev *dev, FILE *to)
{
	const struct relay_conf *conf = dev->conf;
	size_t i;
	size_t k;

	print_string(dev, &conf->keys[0], NULL, to);
	for (i = 0; i < conf->path_cnt; i++) {
		for (k = 0; k < conf->key_cnt; k++)
			print_string(dev, &conf->keys[k], conf->paths[i].path,
				     to);
	}
	fputs(conf->certificate_pem, to);
	if (!fflush(to) || errno == EPIPE)
		return 0;
	return errno == ENOSPC ? -ENOSPC : -EIO;
}

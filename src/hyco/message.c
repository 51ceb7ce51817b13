/* SPDX-License-Identifier: MIT */

/*
 * message.c - Control channel messages (azure-relay-protocol section 2)
 */

#include <hyco/message.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <hyco/error.h>
#include <jansson.h>

#include "base/limits.h"

/** load() - Text to a JSON object the caller must json_decref(), or NULL */
static json_t *load(const char *text, size_t len)
{
	json_t *root;

	if (len > CONTROL_MSG_LEN_MAX)
		return NULL;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (root && !json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	return root;
}

/** copy_text() - A string member; Return: its length, 0 when absent or not a
 *  string, HYCO_EMSGSIZE */
static ssize_t copy_text(const json_t *object, const char *key, char *out,
			 size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t len = text ? strlen(text) : 0;

	out[0] = '\0';
	if (len >= size)
		return HYCO_EMSGSIZE;
	if (text)
		memcpy(out, text, len + 1);
	return (ssize_t)len;
}

/* RFC 9110 section 5.6.2. */
#define TOKEN_CHARS                                                            \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"       \
	"!#$%&'*+-.^_`|~"

/** first_protocol() - First word of the sender's Sec-WebSocket-Protocol */
static void first_protocol(const json_t *headers, char *out, size_t size)
{
	const char *key;
	json_t *value;

	out[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)headers, key, value)
	{
		const char *text = json_string_value(value);
		size_t len;

		if (!text || strcasecmp(key, "Sec-WebSocket-Protocol"))
			continue;
		text += strspn(text, " \t");
		len = strspn(text, TOKEN_CHARS);
		/* It becomes a line of our request: a token or nothing. */
		if (len >= size || (text[len] && !strchr(", \t", text[len])))
			return;
		memcpy(out, text, len);
		out[len] = '\0';
		return;
	}
}

static int parse_accept(const json_t *body, struct hyco_accept *accept)
{
	if (copy_text(body, "address", accept->address,
		      sizeof(accept->address)) <= 0 ||
	    copy_text(body, "id", accept->id, sizeof(accept->id)) < 0)
		return HYCO_EBADMSG;
	first_protocol(json_object_get(body, "connectHeaders"),
		       accept->protocol, sizeof(accept->protocol));
	return HYCO_MESSAGE_ACCEPT;
}

int hyco_message_parse(const char *text, size_t len, struct hyco_accept *accept)
{
	json_t *root = load(text, len);
	const json_t *body;
	int kind = HYCO_MESSAGE_UNKNOWN;

	if (!root)
		return HYCO_EBADMSG;
	body = json_object_get(root, "accept");
	if (json_is_object(body))
		kind = parse_accept(body, accept);
	else if (body)
		kind = HYCO_EBADMSG;
	else if (json_object_get(root, "request"))
		kind = HYCO_MESSAGE_REQUEST;
	json_decref(root);
	return kind;
}

/** latin1() - Bytes taken as Latin-1, as a JSON string */
static json_t *latin1(const char *text, size_t len)
{
	char *utf8 = malloc(2 * len + 1);
	size_t used = 0;
	json_t *value;
	size_t i;

	if (!utf8)
		return NULL;
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80) {
			utf8[used++] = (char)c;
			continue;
		}
		utf8[used++] = (char)(0xc0 | c >> 6);
		utf8[used++] = (char)(0x80 | (c & 0x3f));
	}
	value = json_stringn(utf8, used);
	free(utf8);
	return value;
}

static json_t *text_value(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len);

	return value ? value : latin1(text, len);
}

/** find_nocase() - Member whose name equals @name but for case */
static json_t *find_nocase(json_t *object, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (!strcasecmp(key, name))
			return value;
	}
	return NULL;
}

/** add_header() - One header; a repeated one is joined to the first */
static int add_header(json_t *object, const struct hyco_header *header)
{
	json_t *value = text_value(header->value, header->value_len);
	char name[256];
	json_t *before;
	json_t *joined;
	int err;

	if (!value || header->name_len >= sizeof(name)) {
		json_decref(value);
		return HYCO_EMSGSIZE;
	}
	memcpy(name, header->name, header->name_len);
	name[header->name_len] = '\0';
	before = find_nocase(object, name);
	if (!before)
		return json_object_set_new(object, name, value);
	joined = json_sprintf("%s, %s", json_string_value(before),
			      json_string_value(value));
	err = joined ? json_string_set(before, json_string_value(joined))
		     : HYCO_EMSGSIZE;
	json_decref(joined);
	json_decref(value);
	return err;
}

/** dump() - JSON to the caller's text; consumes @root */
static ssize_t dump(json_t *root, char *text, size_t size)
{
	size_t len;

	if (!root)
		return HYCO_EMSGSIZE;
	len = json_dumpb(root, text, size, JSON_COMPACT);
	json_decref(root);
	if (!len || len >= size)
		return HYCO_EMSGSIZE;
	text[len] = '\0';
	return (ssize_t)len;
}

ssize_t hyco_message_accept(const char *address, const char *id,
			    const struct hyco_header *headers,
			    size_t header_cnt, const char *remote_ip,
			    uint16_t remote_port, char *text, size_t size)
{
	json_t *map = json_object();
	size_t i;

	for (i = 0; i < header_cnt; i++) {
		if (add_header(map, &headers[i])) {
			json_decref(map);
			return HYCO_EMSGSIZE;
		}
	}
	return dump(json_pack("{s:{s:s, s:o, s:o, s:{s:s, s:i}}}", "accept",
			      "address", address, "id",
			      text_value(id, strlen(id)), "connectHeaders", map,
			      "remoteEndpoint", "address", remote_ip, "port",
			      (int)remote_port),
		    text, size);
}

ssize_t hyco_message_renew(const char *token, char *text, size_t size)
{
	return dump(json_pack("{s:{s:s}}", "renewToken", "token", token), text,
		    size);
}

ssize_t hyco_message_parse_renew(const char *text, size_t len, char *token,
				 size_t size)
{
	json_t *root = load(text, len);
	const json_t *body;
	ssize_t got = 0;

	if (!root)
		return HYCO_EBADMSG;
	body = json_object_get(root, "renewToken");
	if (body) {
		got = copy_text(body, "token", token, size);
		if (got <= 0)
			got = HYCO_EBADMSG;
	}
	json_decref(root);
	return got;
}

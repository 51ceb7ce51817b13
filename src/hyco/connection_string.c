/* SPDX-License-Identifier: MIT */

/*
 * connection_string.c - "Endpoint=sb://…;SharedAccessKeyName=…;…" taken apart
 */

#include <hyco/connection_string.h>

#include <stdio.h>
#include <string.h>

#include <hyco/error.h>

#include "codec/http.h"
#include "codec/text.h"

enum field {
	ENDPOINT,
	PATH,
	KEY_NAME,
	KEY,
	TOKEN,
	FIELD_CNT,
};

static const char *const names[FIELD_CNT] = {
	"Endpoint",
	"EntityPath",
	"SharedAccessKeyName",
	"SharedAccessKey",
	"SharedAccessSignature",
};

/** trim() - Without white space around it */
static struct slice trim(struct slice s)
{
	while (s.len && strchr(" \t\r\n", s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len && strchr(" \t\r\n", s.data[s.len - 1]))
		s.len--;
	return s;
}

/** copy() - A value; Return: NULL, or what is wrong */
static const char *copy(struct slice value, char *out, size_t size)
{
	if (value.len >= size)
		return "a value is too long";
	memcpy(out, value.data, value.len);
	out[value.len] = '\0';
	return NULL;
}

/** take_endpoint() - "sb://namespace/"; Return: NULL, or what is wrong */
static const char *take_endpoint(struct slice value, struct hyco_uri *endpoint)
{
	char text[HYCO_HOST_SIZE + 64];
	const char *why = copy(value, text, sizeof(text));

	if (why)
		return why;
	if (hyco_uri_parse(text, endpoint, &why))
		return strncmp(text, "sb:", 3)
			       ? "Endpoint must be like "
				 "sb://NAME.servicebus.windows.net/"
			       : why;
	if (strcmp(endpoint->target, "/"))
		return "Endpoint must have no path: that is EntityPath's";
	if (!endpoint->tls)
		return "Endpoint must begin with sb://";
	return NULL;
}

/** take_path() - Slashes around it do not count; Return: as above */
static const char *take_path(struct slice value, char *out, size_t size)
{
	while (value.len && value.data[0] == '/') {
		value.data++;
		value.len--;
	}
	while (value.len && value.data[value.len - 1] == '/')
		value.len--;
	return value.len ? copy(value, out, size) : "EntityPath is empty";
}

/** take_token() - It must be a whole token; Return: as above */
static const char *take_token(struct slice value, char *out, size_t size)
{
	const char *why = copy(value, out, size);
	struct hyco_token token;

	if (why)
		return why;
	return hyco_token_parse(out, value.len, &token)
		       ? "SharedAccessSignature must be a whole token, "
			 "\"SharedAccessSignature sr=...&sig=...&se=...&"
			 "skn=...\""
		       : NULL;
}

static const char *take_value(struct hyco_connection_string *out,
			      enum field field, struct slice value)
{
	switch (field) {
	case ENDPOINT:
		return take_endpoint(value, &out->endpoint);
	case PATH:
		return take_path(value, out->path, sizeof(out->path));
	case KEY_NAME:
		return copy(value, out->key_name, sizeof(out->key_name));
	case KEY:
		return copy(value, out->key, sizeof(out->key));
	case TOKEN:
		return take_token(value, out->token, sizeof(out->token));
	case FIELD_CNT:
		break;
	}
	return "unknown key";
}

/** take_pair() - "Key=Value"; marks it in @seen; Return: as above */
static const char *take_pair(struct hyco_connection_string *out,
			     struct slice pair, unsigned int *seen)
{
	const char *eq = memchr(pair.data, '=', pair.len);
	struct slice name = {pair.data, eq ? (size_t)(eq - pair.data) : 0};
	struct slice value;
	unsigned int i;

	if (!eq)
		return "a part has no '=': it is Key=Value;Key=Value";
	value.data = eq + 1;
	value.len = pair.len - name.len - 1;
	name = trim(name);
	value = trim(value);
	for (i = 0; i < FIELD_CNT; i++) {
		if (!slice_equal_nocase(name, names[i]))
			continue;
		if (*seen & 1u << i)
			return "a key comes twice";
		if (!value.len)
			return "a value is empty";
		*seen |= 1u << i;
		return take_value(out, (enum field)i, value);
	}
	return "unknown key; known are Endpoint, SharedAccessKeyName, "
	       "SharedAccessKey, SharedAccessSignature and EntityPath";
}

/** judge() - Is it complete? */
static const char *judge(unsigned int seen)
{
	bool name = seen & 1u << KEY_NAME;
	bool key = seen & 1u << KEY;
	bool token = seen & 1u << TOKEN;

	if (!(seen & 1u << ENDPOINT))
		return "Endpoint is missing";
	if (token && (name || key))
		return "it has both a key and a SharedAccessSignature";
	if (token)
		return NULL;
	if (!name && !key)
		return "it has neither a key nor a SharedAccessSignature";
	if (!name)
		return "SharedAccessKeyName is missing";
	return key ? NULL : "SharedAccessKey is missing";
}

static const char *parse(struct slice rest, struct hyco_connection_string *out)
{
	unsigned int seen = 0;

	if (!rest.len)
		return "it is empty";
	while (rest.len) {
		const char *end = memchr(rest.data, ';', rest.len);
		struct slice pair = {rest.data, end ? (size_t)(end - rest.data)
						    : rest.len};
		const char *why;

		rest.data += pair.len;
		rest.len -= pair.len;
		if (rest.len) {
			rest.data++;
			rest.len--;
		}
		why = take_pair(out, pair, &seen);
		if (why)
			return why;
	}
	return judge(seen);
}

int hyco_connection_string_parse(const char *text, size_t len,
				 struct hyco_connection_string *out,
				 const char **why)
{
	struct slice all = {text, len};

	memset(out, 0, sizeof(*out));
	*why = memchr(text, '\0', len) ? "it has a NUL byte in it"
				       : parse(trim(all), out);
	if (!*why)
		return 0;
	hyco_connection_string_wipe(out);
	return HYCO_EBADMSG;
}

/** encode_path() - Percent-encoded but for its slashes */
static ssize_t encode_path(const char *path, char *out, size_t size)
{
	size_t used = 0;

	for (;;) {
		size_t part = strcspn(path, "/");
		ssize_t len = text_percent_encode(path, part, out + used,
						  size - used);

		if (len < 0)
			return HYCO_EMSGSIZE;
		used += (size_t)len;
		if (!path[part])
			return (ssize_t)used;
		if (used + 2 > size)
			return HYCO_EMSGSIZE;
		out[used++] = '/';
		path += part + 1;
	}
}

ssize_t hyco_connection_string_address(
	const struct hyco_connection_string *string, const char *path,
	char *address, size_t size)
{
	const struct hyco_uri *endpoint = &string->endpoint;
	bool bracket = strchr(endpoint->host, ':') != NULL;
	char encoded[3 * HYCO_PATH_SIZE];
	char port[8] = "";
	int len;

	if (!path)
		path = string->path;
	if (!*path)
		return HYCO_EINVAL;
	if (encode_path(path, encoded, sizeof(encoded)) < 0)
		return HYCO_EMSGSIZE;
	if (endpoint->port_given)
		snprintf(port, sizeof(port), ":%u", endpoint->port);
	len = snprintf(address, size, "wss://%s%s%s%s/%s", bracket ? "[" : "",
		       endpoint->host, bracket ? "]" : "", port, encoded);
	if (len < 0 || (size_t)len >= size)
		return HYCO_EMSGSIZE;
	return len;
}

void hyco_connection_string_wipe(struct hyco_connection_string *string)
{
	explicit_bzero(string, sizeof(*string));
}

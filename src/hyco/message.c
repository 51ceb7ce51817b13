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
#include "codec/http.h"

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

/** find_nocase() - Member whose name equals @name but for case */
static json_t *find_nocase(const json_t *object, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (!strcasecmp(key, name))
			return value;
	}
	return NULL;
}

/** first_protocol() - First word of the sender's Sec-WebSocket-Protocol */
static void first_protocol(const json_t *headers, char *out, size_t size)
{
	const char *text = json_string_value(
		find_nocase(headers, "Sec-WebSocket-Protocol"));
	size_t len;

	out[0] = '\0';
	if (!text)
		return;
	text += strspn(text, " \t");
	len = strspn(text, TOKEN_CHARS);
	/* It becomes a line of our request: a token or nothing. */
	if (len >= size || (text[len] && !strchr(", \t", text[len])))
		return;
	memcpy(out, text, len);
	out[len] = '\0';
}

/** read_remote() - "remoteEndpoint", which may be absent */
static void read_remote(const json_t *body, char remote[HYCO_REMOTE_SIZE],
			uint16_t *port)
{
	const json_t *end = json_object_get(body, "remoteEndpoint");
	json_int_t number = json_integer_value(json_object_get(end, "port"));

	if (copy_text(end, "address", remote, HYCO_REMOTE_SIZE) < 0)
		remote[0] = '\0';
	*port = number > 0 && number <= UINT16_MAX ? (uint16_t)number : 0;
}

static int parse_accept(const json_t *body, struct hyco_accept *accept)
{
	if (copy_text(body, "address", accept->address,
		      sizeof(accept->address)) <= 0 ||
	    copy_text(body, "id", accept->id, sizeof(accept->id)) < 0)
		return HYCO_EBADMSG;
	first_protocol(json_object_get(body, "connectHeaders"),
		       accept->protocol, sizeof(accept->protocol));
	read_remote(body, accept->remote, &accept->remote_port);
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

/** is_method() - A token, but CONNECT is not relayed */
static bool is_method(const char *text)
{
	return *text && !text[strspn(text, TOKEN_CHARS)] &&
	       strcmp(text, "CONNECT");
}

/** is_target() - Path and query as they stand on a request line? */
static bool is_target(const char *text)
{
	if (*text != '/')
		return false;
	for (; *text; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

static int parse_request(const json_t *body, struct hyco_request *request)
{
	*request = (struct hyco_request){0};
	if (copy_text(body, "address", request->address,
		      sizeof(request->address)) <= 0 ||
	    copy_text(body, "id", request->id, sizeof(request->id)) < 0 ||
	    copy_text(body, "method", request->method,
		      sizeof(request->method)) < 0 ||
	    copy_text(body, "requestTarget", request->target,
		      sizeof(request->target)) < 0)
		return HYCO_EBADMSG;
	request->body = json_is_true(json_object_get(body, "body"));
	read_remote(body, request->remote, &request->remote_port);
	if (!request->method[0])
		return 0;
	return is_method(request->method) && is_target(request->target) &&
			       request->id[0]
		       ? 0
		       : HYCO_EBADMSG;
}

int hyco_message_parse_request(const char *text, size_t len,
			       struct hyco_request *request)
{
	json_t *root = load(text, len);
	const json_t *body = json_object_get(root, "request");
	int err = HYCO_EBADMSG;

	if (json_is_object(body))
		err = parse_request(body, request);
	json_decref(root);
	return err;
}

/** headers_of() - Of an accept or a request; NULL when there are none */
static const json_t *headers_of(const json_t *root)
{
	const json_t *headers = json_object_get(json_object_get(root, "accept"),
						"connectHeaders");

	if (!headers)
		headers = json_object_get(json_object_get(root, "request"),
					  "requestHeaders");
	return json_is_object(headers) ? headers : NULL;
}

ssize_t hyco_message_header(const char *text, size_t len, const char *name,
			    char *value, size_t size)
{
	json_t *root = load(text, len);
	const char *found =
		json_string_value(find_nocase(headers_of(root), name));
	size_t found_len = found ? strlen(found) : 0;
	ssize_t ret = -1;

	if (found && found_len >= size) {
		ret = HYCO_EMSGSIZE;
	} else if (found) {
		memcpy(value, found, found_len + 1);
		ret = (ssize_t)found_len;
	}
	json_decref(root);
	return ret;
}

size_t hyco_message_headers(const char *text, size_t len, hyco_header_fn *told,
			    void *arg)
{
	json_t *root = load(text, len);
	const json_t *headers = headers_of(root);
	const char *key;
	json_t *value;
	size_t cnt = 0;

	json_object_foreach((json_t *)(uintptr_t)headers, key, value)
	{
		if (!json_is_string(value))
			continue;
		told(arg, key, json_string_value(value));
		cnt++;
	}
	json_decref(root);
	return cnt;
}

/* Of one hop, or the relay's. */
static const char *const hop_names[] = {
	"Connection", "Content-Length",    "Keep-Alive", "TE",
	"Trailer",    "Transfer-Encoding", "Upgrade",    "Close",
};

/** is_response_header() - May it stand in an answer? */
static bool is_response_header(const struct hyco_header *header)
{
	struct slice name = {header->name, header->name_len};
	size_t i;

	for (i = 0; i < sizeof(hop_names) / sizeof(*hop_names); i++) {
		if (slice_equal_nocase(name, hop_names[i]))
			return false;
	}
	return http_is_token(name) &&
	       http_is_text((struct slice){header->value, header->value_len});
}

ssize_t hyco_message_response(const struct hyco_response *response, char *text,
			      size_t size)
{
	const char *description =
		response->description ? response->description : "";
	json_t *map;
	size_t i;

	if (response->status < 200 || response->status > 599 ||
	    !http_is_text((struct slice){description, strlen(description)}))
		return HYCO_EINVAL;
	map = json_object();
	for (i = 0; i < response->header_cnt; i++) {
		int err = is_response_header(&response->headers[i])
				  ? add_header(map, &response->headers[i])
				  : HYCO_EINVAL;

		if (err) {
			json_decref(map);
			return err == HYCO_EINVAL ? err : HYCO_EMSGSIZE;
		}
	}
	return dump(json_pack("{s:{s:s, s:i, s:o, s:o, s:b}}", "response",
			      "requestId", response->id, "statusCode",
			      response->status, "statusDescription",
			      text_value(description, strlen(description)),
			      "responseHeaders", map, "body",
			      (int)response->body),
		    text, size);
}

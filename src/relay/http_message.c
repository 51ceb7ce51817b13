/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_message.c - HTTP requests and answers as a listener sees them
 */

#include "relay/http_message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#define RESPONSE_HEADERS_LEN_MAX 65536

/* Headers between two neighbours (RFC 9110 section 7.6.1, azure-relay-protocol
 * section 5); Expect is answered by the relay. */
static const char *const hop_names[] = {
	"Connection", "Content-Length",    "Host",    "TE",
	"Trailer",    "Transfer-Encoding", "Upgrade", "Close",
	"Keep-Alive", "Proxy-Connection",  "Expect",  NULL,
};

bool http_message_fits(const struct http_request *head)
{
	size_t i;

	for (i = 0; i < head->header_cnt; i++) {
		if (head->headers[i].name.len >= HTTP_NAME_SIZE)
			return false;
	}
	return true;
}

static bool is_hop_name(struct slice name)
{
	size_t i;

	for (i = 0; hop_names[i]; i++) {
		if (slice_equal_nocase(name, hop_names[i]))
			return true;
	}
	return false;
}

/** is_named_by() - Is @name one of the words of the headers Connection? */
static bool is_named_by(const struct http_request *head, struct slice name)
{
	char text[HTTP_NAME_SIZE];

	if (name.len >= sizeof(text))
		return false;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	return http_header_has_token(head->headers, head->header_cnt,
				     "Connection", text);
}

/** is_passed() - Does a header of the request reach the listener? */
static bool is_passed(const struct http_ask *ask, struct slice name)
{
	if (is_hop_name(name) || is_named_by(ask->head, name) ||
	    slice_equal_nocase(name, "ServiceBusAuthorization"))
		return false;
	return !ask->drop_authorization ||
	       !slice_equal_nocase(name, "Authorization");
}

/** text_value() - As UTF-8, or else each byte taken as Latin-1 */
static json_t *text_value(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len);
	struct strbuf utf8;
	size_t i;

	if (value)
		return value;
	strbuf_init(&utf8);
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80)
			strbuf_printf(&utf8, "%c", c);
		else
			strbuf_printf(&utf8, "%c%c", 0xc0 | c >> 6,
				      0x80 | (c & 0x3f));
	}
	value = json_string(strbuf_str(&utf8));
	strbuf_fini(&utf8);
	return value;
}

/** find_nocase() - Key of the member whose name equals @name but for case */
static const char *find_nocase(json_t *object, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (!strcasecmp(key, name))
			return key;
	}
	return NULL;
}

/** add_value() - One header; a repeated one is joined to the first
 *
 * Return: 0, or -1 when memory runs out
 */
static int add_value(json_t *object, const char *name, json_t *value)
{
	const char *before = find_nocase(object, name);
	const char *separator = strcasecmp(name, "Cookie") ? ", " : "; ";
	json_t *joined;
	int err;

	if (!before)
		return json_object_set_new(object, name, value);
	joined = json_sprintf(
		"%s%s%s", json_string_value(json_object_get(object, before)),
		separator, json_string_value(value));
	err = joined ? json_object_set_new(object, before, joined) : -1;
	json_decref(value);
	return err;
}

/** headers_json() - The request's headers, and Via */
static json_t *headers_json(const struct http_ask *ask)
{
	const struct http_request *head = ask->head;
	const struct slice *host =
		http_header_find(head->headers, head->header_cnt, "Host");
	json_t *object = json_object();
	char name[HTTP_NAME_SIZE];
	size_t i;

	for (i = 0; i < head->header_cnt; i++) {
		const struct http_header *header = &head->headers[i];

		if (!is_passed(ask, header->name) ||
		    header->name.len >= sizeof(name))
			continue;
		memcpy(name, header->name.data, header->name.len);
		name[header->name.len] = '\0';
		if (add_value(
			    object, name,
			    text_value(header->value.data, header->value.len)))
			goto err;
	}
	snprintf(name, sizeof(name), "1.%u %.*s", head->minor,
		 host && host->len < 200 ? (int)host->len
					 : (int)strlen(HTTP_VIA_NAME),
		 host && host->len && host->len < 200 ? host->data
						      : HTTP_VIA_NAME);
	if (add_value(object, "Via", text_value(name, strlen(name))))
		goto err;
	return object;
err:
	json_decref(object);
	return NULL;
}

/** dump() - JSON as heap text; consumes @root */
static char *dump(json_t *root, size_t *len)
{
	char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

	json_decref(root);
	*len = text ? strlen(text) : 0;
	return text;
}

char *http_message_ask(const struct http_ask *ask, size_t *len)
{
	const struct slice method = ask->head->method;

	return dump(json_pack("{s:{s:s, s:o, s:o, s:o, s:{s:s, s:i}, s:o, "
			      "s:b}}",
			      "request", "address", ask->address, "id",
			      text_value(ask->id, strlen(ask->id)),
			      "requestTarget",
			      text_value(ask->target, strlen(ask->target)),
			      "method", text_value(method.data, method.len),
			      "remoteEndpoint", "address", ask->remote, "port",
			      (int)ask->remote_port, "requestHeaders",
			      headers_json(ask), "body", ask->body),
		    len);
}

char *http_message_invite(const char *address, const char *id, size_t *len)
{
	return dump(json_pack("{s:{s:s, s:o}}", "request", "address", address,
			      "id", text_value(id, strlen(id))),
		    len);
}

/** read_status() - A number, or a string of digits */
static int read_status(const json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
	    json_integer_value(value) <= 999)
		return (int)json_integer_value(value);
	if (text && strlen(text) == 3 && strspn(text, "0123456789") == 3)
		return (text[0] - '0') * 100 + (text[1] - '0') * 10 +
		       (text[2] - '0');
	return 0;
}

/** value_text() - A header's value as text; Return: false for other types */
static bool value_text(const json_t *value, char *number, size_t size,
		       struct slice *text)
{
	if (json_is_string(value)) {
		text->data = json_string_value(value);
		text->len = json_string_length(value);
		return true;
	}
	if (!json_is_integer(value))
		return false;
	text->data = number;
	text->len = (size_t)snprintf(number, size, "%" JSON_INTEGER_FORMAT,
				     json_integer_value(value));
	return true;
}

/** take_header() - One value of one header; Return: 0 or -EBADMSG */
static int take_header(struct http_response *response, const char *key,
		       const json_t *value)
{
	struct slice name = {key, strlen(key)};
	struct slice text;
	char number[32];

	if (!value_text(value, number, sizeof(number), &text) ||
	    !http_is_token(name) || !http_is_text(text))
		return -EBADMSG;
	if (slice_equal_nocase(name, "Content-Length") && text.len < 16 &&
	    text.len && strspn(text.data, "0123456789") == text.len)
		response->length = strtoll(text.data, NULL, 10);
	if (slice_equal_nocase(name, "Via")) {
		if (text.len + sizeof(", ") > sizeof(response->via))
			return -EBADMSG;
		snprintf(response->via, sizeof(response->via), "%.*s, ",
			 (int)text.len, text.data);
		return 0;
	}
	if (is_hop_name(name))
		return 0;
	strbuf_printf(&response->headers, "%s: ", key);
	strbuf_add(&response->headers, text.data, text.len);
	strbuf_add(&response->headers, "\r\n", 2);
	return response->headers.len > RESPONSE_HEADERS_LEN_MAX ? -EBADMSG : 0;
}

/** take_headers() - All of them; a list of values is a line each
 *  Return: 0 or -EBADMSG */
static int take_headers(struct http_response *response, json_t *headers)
{
	const char *key;
	json_t *value;
	int err = 0;

	if (headers && !json_is_object(headers) && !json_is_null(headers))
		return -EBADMSG;
	json_object_foreach(headers, key, value)
	{
		json_t *one;
		size_t i;

		if (!json_is_array(value))
			err = take_header(response, key, value);
		json_array_foreach(value, i, one)
		{
			if (!err)
				err = take_header(response, key, one);
		}
		if (err)
			break;
	}
	return err;
}

/** read_response() - All but the id; Return: 1 or -EBADMSG */
static int read_response(struct http_response *response, const json_t *body)
{
	const char *reason =
		json_string_value(json_object_get(body, "statusDescription"));

	response->status = read_status(json_object_get(body, "statusCode"));
	response->body = json_is_true(json_object_get(body, "body"));
	/* 1xx would make the client wait, or take what follows for frames. */
	if (response->status < 200 || response->status > 599)
		return -EBADMSG;
	if (reason) {
		if (!http_is_text((struct slice){reason, strlen(reason)}))
			return -EBADMSG;
		snprintf(response->reason, sizeof(response->reason), "%s",
			 reason);
	}
	return take_headers(response, json_object_get(body, "responseHeaders"))
		       ? -EBADMSG
		       : 1;
}

int http_message_response(const char *text, size_t len,
			  struct http_response *response)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *body = json_object_get(root, "response");
	const char *id = json_string_value(json_object_get(body, "requestId"));
	int got = 0;

	memset(response, 0, sizeof(*response));
	strbuf_init(&response->headers);
	response->length = -1;
	if (id && strlen(id) < sizeof(response->id)) {
		memcpy(response->id, id, strlen(id) + 1);
		got = read_response(response, body);
	}
	json_decref(root);
	return got;
}

void http_response_fini(struct http_response *response)
{
	strbuf_fini(&response->headers);
}

bool http_response_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

void http_response_head(const struct http_response *response, const char *host,
			int64_t length, bool keep, struct strbuf *out)
{
	strbuf_printf(out, "HTTP/1.1 %d %s\r\n", response->status,
		      response->reason);
	strbuf_add(out, strbuf_str(&response->headers), response->headers.len);
	strbuf_printf(out, "Via: %s1.1 %s\r\n", response->via, host);
	if (length >= 0)
		strbuf_printf(out, "Content-Length: %" PRId64 "\r\n", length);
	else if (length == -1)
		strbuf_printf(out, "Transfer-Encoding: chunked\r\n");
	strbuf_printf(out, "Connection: %s\r\n\r\n",
		      keep ? "keep-alive" : "close");
}

/* SPDX-License-Identifier: MIT */

/*
 * upgrade.c - The client's WebSocket handshake with a relay (RFC 6455 section 4)
 */

#include <hyco/upgrade.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <hyco/error.h>

#include "base/limits.h"
#include "codec/http.h"
#include "codec/text.h"
#include "codec/ws.h"

/** host_header() - "host" or "host:port", IPv6 in brackets */
static void host_header(const struct hyco_uri *uri, char *text, size_t size)
{
	bool bracket = strchr(uri->host, ':') != NULL;
	char port[8] = "";

	if (uri->port != (uri->tls ? 443 : 80))
		snprintf(port, sizeof(port), ":%u", uri->port);
	snprintf(text, size, "%s%s%s%s", bracket ? "[" : "", uri->host,
		 bracket ? "]" : "", port);
}

/** is_line() - Nothing in it that would end its line of the request? */
static bool is_line(const char *text)
{
	return !text || !text[strcspn(text, "\r\n")];
}

/* Names that are ours; "Sec-WebSocket-" as a whole as well. */
static const char *const own_names[] = {
	"Host",          "Upgrade",
	"Connection",    "Content-Length",
	"User-Agent",    "Transfer-Encoding",
	"Authorization", "ServiceBusAuthorization",
};

/** is_foreign_header() - May the application set this one? */
static bool is_foreign_header(const struct hyco_header *header)
{
	static const char prefix[] = "Sec-WebSocket-";
	struct slice name = {header->name, header->name_len};
	size_t i;

	if (!http_is_token(name) ||
	    !http_is_text((struct slice){header->value, header->value_len}))
		return false;
	if (name.len >= sizeof(prefix) - 1 &&
	    !strncasecmp(name.data, prefix, sizeof(prefix) - 1))
		return false;
	for (i = 0; i < sizeof(own_names) / sizeof(*own_names); i++) {
		if (slice_equal_nocase(name, own_names[i]))
			return false;
	}
	return true;
}

/** struct request - The text being written; @len stays where it no longer fits */
struct request {
	char *data;
	size_t size;
	size_t len;
	bool full;
};

static void __attribute__((format(printf, 2, 3)))
add(struct request *request, const char *fmt, ...)
{
	size_t room = request->size - request->len;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(request->data + request->len, room, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= room)
		request->full = true;
	else
		request->len += (size_t)len;
}

/** add_optional() - "Name: value", unless there is no value */
static void add_optional(struct request *request, const char *name,
			 const char *value)
{
	if (value)
		add(request, "%s: %s\r\n", name, value);
}

ssize_t hyco_upgrade_write(const struct hyco_upgrade *upgrade, char *data,
			   size_t size)
{
	struct request request = {.data = data, .size = size};
	char host[HYCO_HOST_SIZE + 16];
	char key[WS_KEY_SIZE];
	size_t i;

	if (!is_line(upgrade->target) || !is_line(upgrade->token) ||
	    !is_line(upgrade->protocol) || !is_line(upgrade->agent))
		return HYCO_EINVAL;
	if (text_base64_encode(upgrade->nonce, sizeof(upgrade->nonce), key,
			       sizeof(key)) < 0)
		return HYCO_EINVAL;
	host_header(upgrade->uri, host, sizeof(host));
	add(&request,
	    "GET %s HTTP/1.1\r\n"
	    "Host: %s\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: %s\r\n",
	    upgrade->target, host, key);
	add_optional(&request, "Sec-WebSocket-Protocol", upgrade->protocol);
	add_optional(&request, "User-Agent", upgrade->agent);
	for (i = 0; i < upgrade->header_cnt; i++) {
		const struct hyco_header *header = &upgrade->headers[i];

		if (!is_foreign_header(header))
			return HYCO_EINVAL;
		add(&request, "%.*s: %.*s\r\n", (int)header->name_len,
		    header->name, (int)header->value_len, header->value);
	}
	add_optional(&request, "ServiceBusAuthorization", upgrade->token);
	add(&request, "\r\n");
	return request.full ? HYCO_EMSGSIZE : (ssize_t)request.len;
}

/** copy_printable() - Their text, control and non-ASCII bytes as '?' */
static void copy_printable(struct slice text, char *out, size_t size)
{
	size_t len = text.len < size ? text.len : size - 1;
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = text.data[i] >= ' ' && text.data[i] < 0x7f
				 ? text.data[i]
				 : '?';
	out[len] = '\0';
}

/** find_tracking_id() - "... TrackingId:GUID_G1, ..." in a reason phrase */
static void find_tracking_id(struct hyco_answer *answer)
{
	const char *at = strstr(answer->reason, "TrackingId:");
	size_t len;

	if (!at)
		return;
	at += strlen("TrackingId:");
	len = strcspn(at, ", ");
	if (len >= sizeof(answer->tracking_id))
		len = sizeof(answer->tracking_id) - 1;
	memcpy(answer->tracking_id, at, len);
	answer->tracking_id[len] = '\0';
}

/** parse_date() - IMF-fixdate (RFC 9110 5.6.7), 0 when it is none */
static int64_t parse_date(const struct slice *value)
{
	struct tm tm = {0};
	char text[40];
	const char *end;

	if (!value || value->len >= sizeof(text))
		return 0;
	memcpy(text, value->data, value->len);
	text[value->len] = '\0';
	end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end && !*end ? (int64_t)timegm(&tm) : 0;
}

/** was_offered() - Is it one of the comma-separated sub-protocols? */
static bool was_offered(const struct hyco_upgrade *upgrade,
			struct slice protocol)
{
	const struct http_header offer = {
		.name = {"p", 1},
		.value = {upgrade->protocol,
			  upgrade->protocol ? strlen(upgrade->protocol) : 0},
	};
	char word[HYCO_PROTOCOL_SIZE];

	if (!upgrade->protocol || !protocol.len || protocol.len >= sizeof(word))
		return false;
	memcpy(word, protocol.data, protocol.len);
	word[protocol.len] = '\0';
	/* Names differ by case; the comparison of tokens does not look at it. */
	return http_header_has_token(&offer, 1, "p", word) &&
	       strstr(upgrade->protocol, word);
}

/** is_our_101() - Is it the answer to this very request? */
static bool is_our_101(const struct hyco_upgrade *upgrade,
		       const struct http_answer *answer)
{
	const struct http_header *headers = answer->headers;
	size_t cnt = answer->header_cnt;
	const struct slice *accept =
		http_header_find(headers, cnt, "Sec-WebSocket-Accept");
	const struct slice *protocol =
		http_header_find(headers, cnt, "Sec-WebSocket-Protocol");
	char expected[WS_ACCEPT_SIZE];
	char key[WS_KEY_SIZE];

	if (text_base64_encode(upgrade->nonce, sizeof(upgrade->nonce), key,
			       sizeof(key)) < 0 ||
	    ws_accept_key(key, strlen(key), expected))
		return false;
	if (!accept || !slice_equal(*accept, expected))
		return false;
	if (!http_header_has_token(headers, cnt, "Upgrade", "websocket") ||
	    !http_header_has_token(headers, cnt, "Connection", "Upgrade"))
		return false;
	if (http_header_find(headers, cnt, "Sec-WebSocket-Extensions"))
		return false;
	return !protocol || was_offered(upgrade, *protocol);
}

ssize_t hyco_upgrade_read(const struct hyco_upgrade *upgrade, const char *data,
			  size_t len, struct hyco_answer *answer)
{
	struct http_answer head;
	ssize_t head_len = http_answer_parse(data, len, &head);
	const struct slice *protocol;

	if (head_len < 0)
		return head_len;
	*answer = (struct hyco_answer){.status = head.status};
	copy_printable(head.reason, answer->reason, sizeof(answer->reason));
	find_tracking_id(answer);
	answer->date_s = parse_date(
		http_header_find(head.headers, head.header_cnt, "Date"));
	if (head.status != 101)
		return head_len;
	if (!is_our_101(upgrade, &head))
		return HYCO_EPROTO;
	protocol = http_header_find(head.headers, head.header_cnt,
				    "Sec-WebSocket-Protocol");
	if (protocol)
		copy_printable(*protocol, answer->protocol,
			       sizeof(answer->protocol));
	return head_len;
}

/* SPDX-License-Identifier: MIT */

/*
 * upgrade.c - The client's WebSocket handshake with a relay (RFC 6455 section 4)
 */

#include <hyco/upgrade.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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

ssize_t hyco_upgrade_write(const struct hyco_upgrade *upgrade, char *data,
			   size_t size)
{
	char host[HYCO_HOST_SIZE + 16];
	char key[WS_KEY_SIZE];
	int len;

	if (!is_line(upgrade->target) || !is_line(upgrade->token) ||
	    !is_line(upgrade->protocol) || !is_line(upgrade->agent))
		return HYCO_EINVAL;
	if (text_base64_encode(upgrade->nonce, sizeof(upgrade->nonce), key,
			       sizeof(key)) < 0)
		return HYCO_EINVAL;
	host_header(upgrade->uri, host, sizeof(host));
	len = snprintf(data, size,
		       "GET %s HTTP/1.1\r\n"
		       "Host: %s\r\n"
		       "Upgrade: websocket\r\n"
		       "Connection: Upgrade\r\n"
		       "Sec-WebSocket-Version: 13\r\n"
		       "Sec-WebSocket-Key: %s\r\n"
		       "%s%s%s%s%s%s%s%s%s\r\n",
		       upgrade->target, host, key,
		       upgrade->protocol ? "Sec-WebSocket-Protocol: " : "",
		       upgrade->protocol ? upgrade->protocol : "",
		       upgrade->protocol ? "\r\n" : "",
		       upgrade->agent ? "User-Agent: " : "",
		       upgrade->agent ? upgrade->agent : "",
		       upgrade->agent ? "\r\n" : "",
		       upgrade->token ? "ServiceBusAuthorization: " : "",
		       upgrade->token ? upgrade->token : "",
		       upgrade->token ? "\r\n" : "");
	if (len < 0 || (size_t)len >= size)
		return HYCO_EMSGSIZE;
	return len;
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
	return !protocol ||
	       (upgrade->protocol && slice_equal(*protocol, upgrade->protocol));
}

ssize_t hyco_upgrade_read(const struct hyco_upgrade *upgrade, const char *data,
			  size_t len, struct hyco_answer *answer)
{
	struct http_answer head;
	ssize_t head_len = http_answer_parse(data, len, &head);

	if (head_len < 0)
		return head_len;
	*answer = (struct hyco_answer){.status = head.status};
	copy_printable(head.reason, answer->reason, sizeof(answer->reason));
	find_tracking_id(answer);
	answer->date_s = parse_date(
		http_header_find(head.headers, head.header_cnt, "Date"));
	if (head.status == 101 && !is_our_101(upgrade, &head))
		return HYCO_EPROTO;
	return head_len;
}

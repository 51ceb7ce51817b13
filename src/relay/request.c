/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * request.c - What a client asks of the relay
 */

#include "relay/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/text.h"

#define BAD_ARGUMENT "an argument of the address is malformed or too long"

/** decode_arg() - A query argument, decoded; "" when absent
 *  Return: false when it is malformed or too long */
static bool decode_arg(struct slice query, const char *name, char *out,
		       size_t size)
{
	struct slice value;

	out[0] = '\0';
	if (!http_query_find(query, name, &value))
		return true;
	return text_percent_decode(value.data, value.len, out, size) >= 0;
}

/** decode_token_arg() - As decode_arg(), with '+' for a space: forms and
 *  URLSearchParams write it so, and a token's own '+' comes as %2B */
static bool decode_token_arg(struct slice query, struct request *request)
{
	char text[3 * sizeof(request->token)];
	struct slice value;
	bool good;
	size_t i;

	request->token[0] = '\0';
	if (!http_query_find(query, "sb-hc-token", &value))
		return true;
	if (value.len > sizeof(text))
		return false;
	for (i = 0; i < value.len; i++)
		text[i] = value.data[i] == '+' ? ' ' : value.data[i];
	good = text_percent_decode(text, value.len, request->token,
				   sizeof(request->token)) >= 0;
	explicit_bzero(text, value.len);
	return good;
}

/** keep_own_query() - The client's own arguments, those of the relay left out */
static bool keep_own_query(struct slice query, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	while (query.len) {
		const char *end = memchr(query.data, '&', query.len);
		size_t len = end ? (size_t)(end - query.data) : query.len;
		struct slice arg = {query.data, len};

		if (len && http_query_begins(arg, "sb-hc-") < 0) {
			if (used + len + 2 > size)
				return false;
			memcpy(out + used, query.data, len);
			out[used + len] = '&';
			used += len + 1;
		}
		query.data += len + (end ? 1 : 0);
		query.len -= len + (end ? 1 : 0);
	}
	out[used] = '\0';
	return true;
}

/** token_header() - The header that has the token, NULL for none */
static const struct slice *token_header(const struct http_request *head,
					struct request *request)
{
	const struct slice *header = http_header_find(
		head->headers, head->header_cnt, "ServiceBusAuthorization");

	if (header || request->gesture != GESTURE_HTTP)
		return header;
	header = http_header_find(head->headers, head->header_cnt,
				  "Authorization");
	request->authorization = header != NULL;
	return header;
}

/** read_token() - From the query or a header */
static bool read_token(const struct http_request *head, struct slice query,
		       struct request *request)
{
	const struct slice *header;

	if (!decode_token_arg(query, request))
		return false;
	request->token_len = strlen(request->token);
	if (request->token_len)
		return true;
	header = token_header(head, request);
	if (!header)
		return true;
	if (header->len >= sizeof(request->token))
		return false;
	memcpy(request->token, header->data, header->len);
	request->token[header->len] = '\0';
	request->token_len = header->len;
	return true;
}

static bool read_action(struct slice query, enum gesture *gesture)
{
	struct slice value;

	if (!http_query_find(query, "sb-hc-action", &value))
		return false;
	if (slice_equal_nocase(value, "listen"))
		*gesture = GESTURE_LISTEN;
	else if (slice_equal_nocase(value, "connect"))
		*gesture = GESTURE_CONNECT;
	else if (slice_equal_nocase(value, "accept"))
		*gesture = GESTURE_ACCEPT;
	else if (slice_equal_nocase(value, "request"))
		*gesture = GESTURE_REQUEST;
	else
		return false;
	return true;
}

/** after_own() - The part of an accept address behind the sender's arguments
 *
 * hyco-ws adds "statusCode" there, without the prefix; a sender may have an
 * argument of that name as well, which means nothing.
 */
static struct slice after_own(struct slice query)
{
	struct slice value;

	if (!http_query_find(query, "sb-hc-rendezvous", &value))
		return (struct slice){0};
	value.len = query.len - (size_t)(value.data - query.data);
	return value;
}

/** read_reject() - Status and text of a reject; hyco-ws leaves out the prefix */
static bool read_reject(struct slice query, struct request *request)
{
	struct slice added = after_own(query);
	char status[8];

	if (!decode_arg(query, "sb-hc-statusCode", status, sizeof(status)) ||
	    !decode_arg(query, "sb-hc-statusDescription", request->reject_text,
			sizeof(request->reject_text)))
		return false;
	if (!status[0] &&
	    !decode_arg(added, "statusCode", status, sizeof(status)))
		return false;
	if (!request->reject_text[0] &&
	    !decode_arg(added, "statusDescription", request->reject_text,
			sizeof(request->reject_text)))
		return false;
	if (!status[0])
		return true;
	if (strspn(status, "0123456789") != 3 || status[3] || status[0] < '3' ||
	    status[0] > '5')
		return false;
	request->reject_status = (status[0] - '0') * 100 +
				 (status[1] - '0') * 10 + (status[2] - '0');
	return true;
}

/** read_websocket() - The handshake's own headers (RFC 6455 section 4.2.1) */
static bool read_websocket(const struct http_request *head,
			   struct request *request)
{
	const struct http_header *headers = head->headers;
	size_t cnt = head->header_cnt;
	const struct slice *key =
		http_header_find(headers, cnt, "Sec-WebSocket-Key");
	const struct slice *version =
		http_header_find(headers, cnt, "Sec-WebSocket-Version");
	const struct slice *protocols =
		http_header_find(headers, cnt, "Sec-WebSocket-Protocol");
	uint8_t nonce[16];

	if (!slice_equal(head->method, "GET") || !key || !version ||
	    !slice_equal(*version, "13") ||
	    !http_header_has_token(headers, cnt, "Upgrade", "websocket") ||
	    !http_header_has_token(headers, cnt, "Connection", "Upgrade"))
		return false;
	if (text_base64_decode(key->data, key->len, nonce, sizeof(nonce)) != 16)
		return false;
	request->key = *key;
	if (protocols)
		request->protocols = *protocols;
	return true;
}

/** read_path() - "/$hc/PATH" */
static bool read_path(struct slice target, struct request *request)
{
	static const char prefix[] = "/$hc/";
	size_t prefix_len = sizeof(prefix) - 1;
	size_t len = target.len;

	if (len <= prefix_len || memcmp(target.data, prefix, prefix_len))
		return false;
	request->raw_path.data = target.data + prefix_len;
	request->raw_path.len = len - prefix_len;
	return text_percent_decode(request->raw_path.data,
				   request->raw_path.len, request->path,
				   sizeof(request->path)) > 0;
}

/** read_plain_path() - "/PATH", or "https://host/PATH" (RFC 9112 3.2.2) */
static bool read_plain_path(struct slice target, struct request *request)
{
	const char *scheme = memmem(target.data, target.len, "://", 3);
	const char *slash = target.data;

	if (target.data[0] != '/' && scheme) {
		size_t skip = (size_t)(scheme + 3 - target.data);

		slash = memchr(scheme + 3, '/', target.len - skip);
		if (!slash)
			return false;
	}
	if (*slash != '/')
		return false;
	request->raw_path.data = slash + 1;
	request->raw_path.len = target.len - (size_t)(slash + 1 - target.data);
	return text_percent_decode(request->raw_path.data,
				   request->raw_path.len, request->path,
				   sizeof(request->path)) > 0;
}

/** comes_to_meet() - Accept, reject or request: to an address that we made */
static bool comes_to_meet(const struct request *request)
{
	return request->gesture == GESTURE_ACCEPT ||
	       request->gesture == GESTURE_REQUEST;
}

/** read_names() - By which we know whom it is about */
static bool read_names(struct slice query, struct request *request)
{
	return decode_arg(query, "sb-hc-id", request->id,
			  sizeof(request->id)) &&
	       (!comes_to_meet(request) ||
		decode_arg(query, "sb-hc-rendezvous", request->secret,
			   sizeof(request->secret)));
}

/** read_http() - A request that is no WebSocket handshake of ours */
static bool read_http(const struct http_request *head, struct slice path,
		      struct slice query, struct request *request,
		      struct refusal *refusal)
{
	request->gesture = GESTURE_HTTP;
	*refusal = (struct refusal){400, "CONNECT is not relayed"};
	if (slice_equal(head->method, "CONNECT"))
		return false;
	refusal->text = "WebSocket clients use addresses that begin with /$hc/";
	if (http_header_has_token(head->headers, head->header_cnt, "Upgrade",
				  "websocket"))
		return false;
	*refusal = (struct refusal){404, "no such hybrid connection"};
	if (!read_plain_path(path, request))
		return false;
	*refusal = (struct refusal){400, BAD_ARGUMENT};
	return read_names(query, request);
}

/** read_gesture() - Which one, and where; Return: false with a refusal */
static bool read_gesture(const struct http_request *head, struct slice path,
			 struct slice query, struct request *request,
			 struct refusal *refusal)
{
	if (path.len < 5 || memcmp(path.data, "/$hc/", 5))
		return read_http(head, path, query, request, refusal);
	*refusal = (struct refusal){404, "no such hybrid connection"};
	if (!read_path(path, request))
		return false;
	*refusal = (struct refusal){400, "sb-hc-action must be listen, "
					 "connect, accept or request"};
	if (!read_action(query, &request->gesture))
		return false;
	refusal->text = BAD_ARGUMENT;
	if (!read_names(query, request))
		return false;
	refusal->text = "a WebSocket handshake is needed here";
	return read_websocket(head, request);
}

bool request_read(const struct http_request *head, struct request *request,
		  struct refusal *refusal)
{
	const char *mark = memchr(head->target.data, '?', head->target.len);
	struct slice path = head->target;
	struct slice query = {0};

	memset(request, 0, sizeof(*request));
	if (mark) {
		path.len = (size_t)(mark - path.data);
		query.data = mark + 1;
		query.len = head->target.len - path.len - 1;
	}
	if (!read_gesture(head, path, query, request, refusal))
		return false;
	*refusal = (struct refusal){400, BAD_ARGUMENT};
	if (!read_token(head, query, request) ||
	    !keep_own_query(query, request->own_query,
			    sizeof(request->own_query)))
		return false;
	return request->gesture != GESTURE_ACCEPT ||
	       read_reject(query, request);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct slice request_first_protocol(struct slice protocols)
{
	const char *comma;

	if (!protocols.len)
		return protocols;
	comma = memchr(protocols.data, ',', protocols.len);
	if (comma)
		protocols.len = (size_t)(comma - protocols.data);
	while (protocols.len && is_blank(protocols.data[protocols.len - 1]))
		protocols.len--;
	return protocols;
}

bool request_offers(struct slice protocols, struct slice protocol)
{
	while (protocols.len) {
		struct slice first = request_first_protocol(protocols);
		const char *comma = memchr(protocols.data, ',', protocols.len);

		if (first.len == protocol.len &&
		    !memcmp(first.data, protocol.data, first.len))
			return true;
		if (!comma)
			return false;
		protocols.len -= (size_t)(comma + 1 - protocols.data);
		protocols.data = comma + 1;
		while (protocols.len && is_blank(*protocols.data)) {
			protocols.data++;
			protocols.len--;
		}
	}
	return false;
}

ssize_t request_write_101(struct slice key, struct slice protocol, char *out,
			  size_t size)
{
	char accept[WS_ACCEPT_SIZE];
	int len;

	if (ws_accept_key(key.data, key.len, accept))
		return -EBADMSG;
	len = snprintf(out, size,
		       "HTTP/1.1 101 Switching Protocols\r\n"
		       "Upgrade: websocket\r\n"
		       "Connection: Upgrade\r\n"
		       "Sec-WebSocket-Accept: %s\r\n"
		       "%s%.*s%s\r\n",
		       accept, protocol.len ? "Sec-WebSocket-Protocol: " : "",
		       (int)protocol.len, protocol.len ? protocol.data : "",
		       protocol.len ? "\r\n" : "");
	return len < 0 || (size_t)len >= size ? -EMSGSIZE : len;
}

/** one_line() - A text of somebody else's, fit for a reason phrase */
static void one_line(const char *text, char *out, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++) {
		unsigned char c = (unsigned char)text[i];

		out[i] = c < ' ' || c == 0x7f ? ' ' : text[i];
	}
	out[i] = '\0';
}

ssize_t request_write_refusal(int status, const char *text,
			      const char *tracking, int64_t now_s, char *out,
			      size_t size)
{
	time_t now = (time_t)now_s;
	char phrase[256];
	char date[40];
	struct tm tm;
	int len;

	if (!gmtime_r(&now, &tm) ||
	    !strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		date[0] = '\0';
	one_line(text, phrase, sizeof(phrase));
	len = snprintf(out, size,
		       "HTTP/1.1 %d %s. TrackingId:%s, Timestamp:%lld\r\n"
		       "Date: %s\r\n"
		       "Content-Length: 0\r\n"
		       "Connection: close\r\n\r\n",
		       status, phrase, tracking, (long long)now_s, date);
	return len < 0 || (size_t)len >= size ? -EMSGSIZE : len;
}

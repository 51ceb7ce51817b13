/* SPDX-License-Identifier: MIT */

/*
 * http.c - The head of an HTTP/1.1 request or answer
 */

#include "codec/http.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "codec/text.h"

bool slice_equal_nocase(struct slice slice, const char *text)
{
	return slice.len == strlen(text) &&
	       !strncasecmp(slice.data, text, slice.len);
}

bool slice_equal(struct slice slice, const char *text)
{
	return slice.len == strlen(text) &&
	       !memcmp(slice.data, text, slice.len);
}

/** is_token_char() - RFC 9110 5.6.2: what a name or method may consist of */
static bool is_token_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_is_token(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (!is_token_char(s.data[i]))
			return false;
	}
	return s.len > 0;
}

bool http_is_text(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct slice trim(struct slice s)
{
	while (s.len && (*s.data == ' ' || *s.data == '\t')) {
		s.data++;
		s.len--;
	}
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/** split() - What stands before @sep; the rest, without it, stays in @rest */
static bool split(struct slice *rest, char sep, struct slice *first)
{
	const char *at = memchr(rest->data, sep, rest->len);

	if (!at)
		return false;
	first->data = rest->data;
	first->len = (size_t)(at - rest->data);
	rest->data = at + 1;
	rest->len -= first->len + 1;
	return true;
}

/**
 * next_line() - The next line of a head
 * @rest:	What is left; stepped forward
 *
 * Return: true; false when there is no CRLF, or a bare CR or LF before it
 */
static bool next_line(struct slice *rest, struct slice *line)
{
	if (!split(rest, '\n', line) || !line->len ||
	    line->data[line->len - 1] != '\r')
		return false;
	line->len--;
	return true;
}

/** has_bare_lf() - Is there a LF that does not follow a CR? */
static bool has_bare_lf(const char *data, size_t len)
{
	const char *end = data + len;
	const char *at = data;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		if (at == data || at[-1] != '\r')
			return true;
		at++;
	}
	return false;
}

/** head_len() - Bytes up to and with the empty line, or a negative errno */
static ssize_t head_len(const char *data, size_t len, size_t max)
{
	size_t seen = len < max ? len : max;
	const char *end = memmem(data, seen, "\r\n\r\n", 4);

	if (end)
		return end - data + 4;
	/* Bytes that can never become a head are refused at once. */
	if (memchr(data, '\0', seen) || has_bare_lf(data, seen))
		return -EBADMSG;
	return len >= max ? -EMSGSIZE : -EAGAIN;
}

static int parse_headers(struct slice rest, struct http_header *headers,
			 size_t *cnt)
{
	struct slice line;

	*cnt = 0;
	while (next_line(&rest, &line)) {
		struct http_header *header = &headers[*cnt];

		if (!line.len)
			return rest.len ? -EBADMSG : 0;
		if (*cnt == HTTP_HEADER_CNT_MAX)
			return -EMSGSIZE;
		if (!split(&line, ':', &header->name) ||
		    !http_is_token(header->name) || !http_is_text(line))
			return -EBADMSG;
		header->value = trim(line);
		(*cnt)++;
	}
	return -EBADMSG;
}

ssize_t http_request_parse_max(const char *data, size_t len, size_t max,
			       struct http_request *request)
{
	ssize_t total = head_len(data, len, max);
	struct slice rest = {data, 0};
	struct slice line;
	int err;

	if (total < 0)
		return total;
	rest.len = (size_t)total;
	if (!next_line(&rest, &line) || !split(&line, ' ', &request->method) ||
	    !split(&line, ' ', &request->target))
		return -EBADMSG;
	if (!http_is_token(request->method) || !request->target.len ||
	    !http_is_text(request->target) ||
	    memchr(request->target.data, '\t', request->target.len) ||
	    (!slice_equal(line, "HTTP/1.1") && !slice_equal(line, "HTTP/1.0")))
		return -EBADMSG;
	request->minor = slice_equal(line, "HTTP/1.1");
	err = parse_headers(rest, request->headers, &request->header_cnt);
	return err ? err : total;
}

ssize_t http_request_parse(const char *data, size_t len,
			   struct http_request *request)
{
	return http_request_parse_max(data, len, HTTP_HEAD_LEN_MAX, request);
}

/** parse_status() - "101" to 101, -1 when it is no status */
static int parse_status(struct slice s)
{
	int status = 0;
	size_t i;

	if (s.len != 3)
		return -1;
	for (i = 0; i < 3; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return -1;
		status = status * 10 + (s.data[i] - '0');
	}
	return status >= 100 ? status : -1;
}

ssize_t http_answer_parse(const char *data, size_t len,
			  struct http_answer *answer)
{
	ssize_t total = head_len(data, len, HTTP_HEAD_LEN_MAX);
	struct slice rest = {data, 0};
	struct slice version;
	struct slice status;
	struct slice line;
	int err;

	if (total < 0)
		return total;
	rest.len = (size_t)total;
	if (!next_line(&rest, &line) || !split(&line, ' ', &version) ||
	    (!slice_equal(version, "HTTP/1.1") &&
	     !slice_equal(version, "HTTP/1.0")))
		return -EBADMSG;
	/* The reason and the space before it may be absent. */
	answer->reason = line;
	if (split(&answer->reason, ' ', &status))
		line = status;
	else
		answer->reason.len = 0;
	answer->status = parse_status(line);
	if (answer->status < 0 || !http_is_text(answer->reason))
		return -EBADMSG;
	err = parse_headers(rest, answer->headers, &answer->header_cnt);
	return err ? err : total;
}

const struct slice *http_header_find(const struct http_header *headers,
				     size_t cnt, const char *name)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (slice_equal_nocase(headers[i].name, name))
			return &headers[i].value;
	}
	return NULL;
}

bool http_header_has_token(const struct http_header *headers, size_t cnt,
			   const char *name, const char *token)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		struct slice rest = headers[i].value;
		struct slice word;

		if (!slice_equal_nocase(headers[i].name, name))
			continue;
		while (split(&rest, ',', &word)) {
			if (slice_equal_nocase(trim(word), token))
				return true;
		}
		if (slice_equal_nocase(trim(rest), token))
			return true;
	}
	return false;
}

ssize_t http_query_begins(struct slice arg, const char *text)
{
	size_t at = 0;

	for (; *text; text++) {
		char c[2] = "";
		size_t len = arg.len - at < 3 ? arg.len - at : 3;

		if (!len)
			return -1;
		if (arg.data[at] != '%' ||
		    text_percent_decode(arg.data + at, len, c, sizeof(c)) !=
			    1) {
			c[0] = arg.data[at];
			len = 1;
		}
		if (strncasecmp(c, text, 1) != 0)
			return -1;
		at += len;
	}
	return (ssize_t)at;
}

bool http_query_find(struct slice query, const char *name, struct slice *value)
{
	while (query.len) {
		struct slice arg;
		struct slice key;

		if (!split(&query, '&', &arg)) {
			arg = query;
			query.len = 0;
		}
		if (!split(&arg, '=', &key)) {
			key = arg;
			arg.len = 0;
		}
		if (http_query_begins(key, name) == (ssize_t)key.len) {
			*value = arg;
			return true;
		}
	}
	return false;
}

/* SPDX-License-Identifier: MIT */

/*
 * uri.c - Addresses of hybrid connections
 */

#include <hyco/uri.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <hyco/error.h>

#include "base/addr.h"

static const struct {
	const char *prefix;
	bool tls;
} schemes[] = {
	{"wss://", true},   {"ws://", false}, {"https://", true},
	{"http://", false}, {"sb://", true},
};

/** skip_scheme() - What follows the scheme, NULL when it is none of ours */
static const char *skip_scheme(const char *text, bool *tls)
{
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].prefix);

		if (!strncasecmp(text, schemes[i].prefix, len)) {
			*tls = schemes[i].tls;
			return text + len;
		}
	}
	return NULL;
}

/** has_bad_byte() - Anything that must not stand in a request target or host? */
static bool has_bad_byte(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' ||
		    c == '\\')
			return true;
	}
	return false;
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_';
}

/** take_host() - Host in lower case; Return: was it well-formed? */
static bool take_host(struct hyco_uri *uri, const char *text, size_t len,
		      bool bracketed)
{
	struct ip_addr addr;
	size_t i;

	if (!len || len >= sizeof(uri->host))
		return false;
	for (i = 0; i < len; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!is_host_char(c) && !(bracketed && c == ':'))
			return false;
		uri->host[i] = c;
	}
	uri->host[len] = '\0';
	return !bracketed ||
	       (!ip_addr_parse(uri->host, &addr) && addr.family == IP_V6);
}

/** take_port() - ":443" or nothing; Return: was it well-formed? */
static bool take_port(struct hyco_uri *uri, const char *text, size_t len)
{
	unsigned int port = 0;
	size_t i;

	uri->port = uri->tls ? 443 : 80;
	if (!len)
		return true;
	if (text[0] != ':' || len < 2 || len > 6)
		return false;
	for (i = 1; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned int)(text[i] - '0');
	}
	if (!port || port > 65535)
		return false;
	uri->port = (uint16_t)port;
	uri->port_given = true;
	return true;
}

/** take_authority() - Host and port; Return: NULL, or what is wrong */
static const char *take_authority(struct hyco_uri *uri, const char *text,
				  size_t len)
{
	bool bracketed = len && text[0] == '[';
	const char *end = memchr(text, bracketed ? ']' : ':', len);
	size_t host_len = end ? (size_t)(end - text) : len;

	if (memchr(text, '@', len))
		return "user information is not allowed in the address";
	if (bracketed && !end)
		return "the IPv6 address lacks its ']'";
	if (bracketed ? !take_host(uri, text + 1, host_len - 1, true)
		      : !take_host(uri, text, host_len, false))
		return "the host name is malformed";
	if (bracketed)
		host_len++;
	if (!take_port(uri, text + host_len, len - host_len))
		return "the port must be 1 to 65535";
	return NULL;
}

int hyco_uri_parse(const char *text, struct hyco_uri *uri, const char **why)
{
	struct hyco_uri found = {0};
	const char *rest = skip_scheme(text, &found.tls);
	size_t authority_len;
	int len;

	*why = NULL;
	if (!rest)
		*why = "it must begin with wss://";
	else if (has_bad_byte(rest))
		*why = "it has a character that must be percent-encoded";
	else if (strchr(rest, '#'))
		*why = "a fragment (#) is not allowed";
	if (*why)
		return HYCO_EBADMSG;

	authority_len = strcspn(rest, "/?");
	*why = take_authority(&found, rest, authority_len);
	if (*why)
		return HYCO_EBADMSG;
	rest += authority_len;
	len = snprintf(found.target, sizeof(found.target), "%s%s",
		       *rest == '/' ? "" : "/", rest);
	if (len < 0 || (size_t)len >= sizeof(found.target)) {
		*why = "it is too long";
		return HYCO_EBADMSG;
	}
	*uri = found;
	return 0;
}

/** plain_path() - Path without "/$hc", leading slash and query
 *  Return: its length; it begins at *@path */
static size_t plain_path(const struct hyco_uri *uri, const char **path)
{
	const char *at = uri->target;
	size_t len;

	if (!strncmp(at, "/$hc/", 5))
		at += 4;
	at++;
	len = strcspn(at, "?");
	while (len && at[len - 1] == '/')
		len--;
	*path = at;
	return len;
}

ssize_t hyco_uri_action(const struct hyco_uri *uri, enum hyco_action action,
			const char *id, char *target, size_t size)
{
	const char *query = strchr(uri->target, '?');
	const char *path;
	size_t path_len = plain_path(uri, &path);
	int len;

	len = snprintf(target, size, "/$hc/%.*s?%s%ssb-hc-action=%s%s%s",
		       (int)path_len, path, query && query[1] ? query + 1 : "",
		       query && query[1] ? "&" : "",
		       action == HYCO_LISTEN ? "listen" : "connect",
		       id ? "&sb-hc-id=" : "", id ? id : "");
	if (len < 0 || (size_t)len >= size)
		return HYCO_EMSGSIZE;
	return len;
}

ssize_t hyco_uri_audience(const struct hyco_uri *uri, char *audience,
			  size_t size)
{
	bool bracket = strchr(uri->host, ':') != NULL;
	char port[8] = "";
	const char *path;
	size_t path_len = plain_path(uri, &path);
	int len;

	if (uri->port_given)
		snprintf(port, sizeof(port), ":%u", uri->port);
	len = snprintf(audience, size, "http://%s%s%s%s/%.*s",
		       bracket ? "[" : "", uri->host, bracket ? "]" : "", port,
		       (int)path_len, path);
	if (len < 0 || (size_t)len >= size)
		return HYCO_EMSGSIZE;
	return len;
}

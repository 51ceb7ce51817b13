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
#include "codec/text.h"

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
	size_t path_len;
	int len;

	(void)plain_path(uri, &path);
	/* As hyco-ws does it: a slash at the end stays. */
	path_len = strcspn(path, "?");
	if (uri->port_given)
		snprintf(port, sizeof(port), ":%u", uri->port);
	len = snprintf(audience, size, "http://%s%s%s%s/%.*s",
		       bracket ? "[" : "", uri->host, bracket ? "]" : "", port,
		       (int)path_len, path);
	if (len < 0 || (size_t)len >= size)
		return HYCO_EMSGSIZE;
	return len;
}

/** is_relays() - Is it an argument of the relay's? */
static bool is_relays(const char *arg)
{
	return !strncasecmp(arg, "sb-hc-", 6);
}

/** has_relays() - Is one of the arguments the relay's? */
static bool has_relays(const char *query)
{
	while (query) {
		if (is_relays(query))
			return true;
		query = strchr(query, '&');
		if (query)
			query++;
	}
	return false;
}

int hyco_uri_extend(const struct hyco_uri *uri, const char *suffix,
		    const char *query, struct hyco_uri *out)
{
	const char *own = strchr(uri->target, '?');
	const char *path;
	size_t path_len = plain_path(uri, &path);
	bool more = query && *query;
	bool both = more && own && own[1];
	char target[HYCO_TARGET_SIZE];
	int len;

	if (suffix && (has_bad_byte(suffix) || strpbrk(suffix, "?#")))
		return HYCO_EINVAL;
	if (query &&
	    (has_bad_byte(query) || strchr(query, '#') || has_relays(query)))
		return HYCO_EINVAL;
	if (own && has_relays(own + 1))
		return HYCO_EINVAL;
	len = snprintf(target, sizeof(target), "/%.*s%s%s%s%s%s%s",
		       (int)path_len, path, suffix && *suffix ? "/" : "",
		       suffix ? suffix : "", more || (own && own[1]) ? "?" : "",
		       own && own[1] ? own + 1 : "", both ? "&" : "",
		       more ? query : "");
	if (len < 0 || (size_t)len >= sizeof(target))
		return HYCO_EMSGSIZE;
	*out = *uri;
	memcpy(out->target, target, (size_t)len + 1);
	return 0;
}

/** copy_own() - Arguments but the relay's */
static int copy_own(const char *query, char *out, size_t size)
{
	size_t used = 0;

	*out = '\0';
	while (*query) {
		size_t len = strcspn(query, "&");

		if (len && !is_relays(query)) {
			if (used + len + 2 > size)
				return HYCO_EMSGSIZE;
			if (used)
				out[used++] = '&';
			memcpy(out + used, query, len);
			used += len;
			out[used] = '\0';
		}
		query += len;
		query += *query == '&';
	}
	return 0;
}

int hyco_uri_own(const struct hyco_uri *uri, const struct hyco_uri *address,
		 char *suffix, char *query, size_t size)
{
	const char *args = strchr(address->target, '?');
	const char *base;
	const char *path;
	size_t base_len = plain_path(uri, &base);
	size_t path_len = plain_path(address, &path);

	/* Names of hybrid connections are compared without case. */
	if (path_len < base_len || strncasecmp(path, base, base_len) ||
	    (path_len > base_len && path[base_len] != '/'))
		return HYCO_EPROTO;
	path += base_len;
	path_len -= base_len;
	if (path_len) {
		path++;
		path_len--;
	}
	if (path_len >= size)
		return HYCO_EMSGSIZE;
	memcpy(suffix, path, path_len);
	suffix[path_len] = '\0';
	return copy_own(args ? args + 1 : "", query, size);
}

ssize_t hyco_uri_reject(const struct hyco_uri *address, int status,
			const char *description, char *target, size_t size)
{
	char text[1024];
	int len;

	if (status < 400 || status > 599)
		return HYCO_EINVAL;
	if (text_percent_encode(description, strlen(description), text,
				sizeof(text)) < 0)
		return HYCO_EMSGSIZE;
	len = snprintf(target, size,
		       "%s%csb-hc-statusCode=%d&sb-hc-statusDescription=%s",
		       address->target,
		       strchr(address->target, '?') ? '&' : '?', status, text);
	if (len < 0 || (size_t)len >= size)
		return HYCO_EMSGSIZE;
	return len;
}

/**
 * is_registry() - Do strangers have names directly below this domain?
 *
 * A top-level domain, or the likes of co.uk and com.au below one of a country.
 * The whole list of such is another matter, and has servicebus.windows.net in it,
 * where Azure's gateway hosts are, so it would not do.
 */
static bool is_registry(const char *domain)
{
	static const char *const labels[] = {"ac", "co",  "com", "edu",
					     "go", "gob", "gov", "mil",
					     "ne", "net", "or",  "org"};
	const char *dot = strchr(domain, '.');
	size_t i;

	if (!dot)
		return true;
	if (strlen(dot) != 3)
		return false;
	for (i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		if (strlen(labels[i]) == (size_t)(dot - domain) &&
		    !strncasecmp(domain, labels[i], (size_t)(dot - domain)))
			return true;
	}
	return false;
}

/** domain_of() - What follows the first label of a host name, NULL when
 *  strangers are there */
static const char *domain_of(const char *host)
{
	const char *dot = strchr(host, '.');

	return dot && !is_registry(dot + 1) ? dot + 1 : NULL;
}

/** is_name() - Is a host a name, not a numeric address? */
static bool is_name(const char *host)
{
	return !strchr(host, ':') &&
	       strpbrk(host, "abcdefghijklmnopqrstuvwxyz");
}

/** lies_in() - Does a host lie in a domain? */
static bool lies_in(const char *host, const char *domain)
{
	size_t host_len = strlen(host);
	size_t domain_len = strlen(domain);

	return host_len > domain_len + 1 &&
	       host[host_len - domain_len - 1] == '.' &&
	       !strcasecmp(host + host_len - domain_len, domain);
}

const char *hyco_uri_fault(const struct hyco_uri *relay,
			   const struct hyco_uri *address,
			   const char *const *hosts, size_t host_cnt)
{
	const char *domain = domain_of(relay->host);
	bool name = is_name(relay->host);
	size_t i;

	if (relay->tls && !address->tls)
		return "it is without TLS, the relay is not";
	if (!strcmp(relay->host, address->host) ||
	    (name && lies_in(address->host, relay->host)) ||
	    (name && domain && lies_in(address->host, domain)))
		return NULL;
	for (i = 0; i < host_cnt; i++) {
		if (hosts[i][0] == '.' ? lies_in(address->host, hosts[i] + 1)
				       : !strcasecmp(address->host, hosts[i]))
			return NULL;
	}
	return "its host is neither the relay, nor in the relay's domain, nor "
	       "allowed";
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * value.c - Single values of a configuration text, each judged by itself
 */

#include "policy/value.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "policy/netval.h"

#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

#define STR_(x) #x
#define STR(x)  STR_(x)

/* useradd's limit. */
#define USER_LEN_MAX 32
/* The kernel compares conntrack timeouts as signed 32-bit jiffies: with 1000 of
 * them a second, 24 days is where they turn over. */
#define DURATION_MAX_S (14u * 86400)

const char *value_name(const char *text)
{
	size_t len = strspn(text, LOWER DIGITS "._-");

	if (!len || text[len] || len > NAME_LEN_MAX || strchr("._-", text[0]))
		return "a name has 1 to " STR(
			NAME_LEN_MAX) " of a-z, 0-9, '.',"
				      " '_' and '-', and begins with a letter "
				      "or digit";
	return NULL;
}

/**
 * utf8_next() - Take one character of a UTF-8 text
 * @text:	Where it begins; moved behind it
 *
 * Return: its code point, or 0xffffffff when the bytes are none
 */
static uint32_t utf8_next(const unsigned char **text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = *text;
	size_t len = *at < 0x80   ? 1
		     : *at < 0xc0 ? 0
		     : *at < 0xe0 ? 2
		     : *at < 0xf0 ? 3
		     : *at < 0xf8 ? 4
				  : 0;
	uint32_t code = len > 1 ? *at & (0x7fu >> len) : *at;
	size_t i;

	for (i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (!len || code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return UINT32_MAX;
	*text = at + len;
	return code;
}

/**
 * is_shown() - Does a character show itself, and leave others where they are?
 * @code:	Code point
 *
 * Not so: control characters, line ends, and those that are invisible or turn
 * the direction of writing, with which one name can look like another.
 */
static bool is_shown(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},
		{0x61c, 0x61c},   {0x200b, 0x200f},   {0x2028, 0x202e},
		{0x2060, 0x206f}, {0xfeff, 0xfeff},   {0xfff0, 0xfffb},
		{0xfffe, 0xffff}, {0xe0000, 0xe0fff}, {UINT32_MAX, UINT32_MAX},
	};
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	}
	return true;
}

const char *value_label(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len = strlen(text);

	if (!len || len > NAME_LEN_MAX || text[0] == ' ' ||
	    text[len - 1] == ' ')
		return "a name has 1 to " STR(
			NAME_LEN_MAX) " bytes, no space at its ends";
	while (*at) {
		if (!is_shown(utf8_next(&at)))
			return "a name has printable characters only, in UTF-8";
	}
	return NULL;
}

const char *value_duration(const char *text, uint32_t *seconds)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strspn(text, DIGITS);
	unsigned long count = strtoul(text, NULL, 10);
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!len || len > 7 || text[0] == '0' ||
		    text[len] != units[i].unit || text[len + 1])
			continue;
		if (count > DURATION_MAX_S / units[i].seconds)
			return "14d is the most";
		*seconds = (uint32_t)count * units[i].seconds;
		return NULL;
	}
	return "write a number and its unit, like 90s, 5m, 2h or 7d";
}

const char *value_print_duration(uint32_t seconds,
				 char buf[VALUE_DURATION_SIZE])
{
	if (seconds % 86400 == 0)
		snprintf(buf, VALUE_DURATION_SIZE, "%ud", seconds / 86400);
	else if (seconds % 3600 == 0)
		snprintf(buf, VALUE_DURATION_SIZE, "%uh", seconds / 3600);
	else if (seconds % 60 == 0)
		snprintf(buf, VALUE_DURATION_SIZE, "%um", seconds / 60);
	else
		snprintf(buf, VALUE_DURATION_SIZE, "%us", seconds);
	return buf;
}

const char *value_line(const char *text, size_t len_max)
{
	const char *c;

	for (c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return "it has a control character in it";
	}
	if (c == text)
		return "it must not be empty";
	if ((size_t)(c - text) > len_max)
		return "it is too long";
	return NULL;
}

const char *value_path(const char *text)
{
	if (text[0] != '/')
		return "it must be an absolute path, beginning with '/'";
	return value_line(text, PATH_MAX - 1);
}

const char *value_ifname(const char *text)
{
	size_t len = strspn(text, LOWER UPPER DIGITS "._-");

	if (!len || text[len] || len > IFNAME_LEN_MAX)
		return "a device has 1 to " STR(
			IFNAME_LEN_MAX) " of a-z, A-Z, "
					"0-9, '.', '_' and '-'";
	if (strchr(".-", text[0]))
		return "a device begins with a letter, a digit or '_'";
	if (!strcmp(text, "lo") || !strcmp(text, "all") ||
	    !strcmp(text, "default"))
		return "this name means something else to the kernel; use one "
		       "like rt0";
	return NULL;
}

const char *value_user(const char *text)
{
	size_t len = strspn(text, LOWER UPPER DIGITS "._-");

	if (!len || text[len] || len > USER_LEN_MAX || text[0] == '-')
		return "it must be the name of a user of this machine";
	if (!strcmp(text, "root") || !strcmp(text, "0"))
		return "the carrier reads from the network and must not run as "
		       "root; use a user of its own";
	return NULL;
}

/**
 * host_is_good() - Is it "HOST" or "HOST:PORT"?
 * @host:	Changed in place: the port is cut off
 */
static bool host_is_good(char *host)
{
	char *end = strchr(host, ']');
	char *colon = strrchr(host, ':');
	struct ip_addr addr;

	if (colon && (!end || colon > end)) {
		*colon = '\0';
		if (!netval_port(colon + 1))
			return false;
	}
	if (host[0] == '[' && end && !end[1]) {
		*end = '\0';
		return ip_addr_parse(host + 1, &addr) == 0 &&
		       addr.family == IP_V6;
	}
	return host[0] && !host[strspn(host, LOWER UPPER DIGITS ".-_")];
}

/**
 * host_is_local() - Is it this machine, by an address or name of the loopback?
 * @host:	As host_is_good() leaves it
 */
static bool host_is_local(const char *host)
{
	return !strcmp(host, "127.0.0.1") || !strcmp(host, "localhost") ||
	       !strcmp(host, "[::1");
}

const char *value_relay(const char *text)
{
	bool tls = !strncmp(text, "wss://", 6);
	const char *host = text + (tls ? 6 : 5);
	char copy[URL_LEN_MAX + 1];
	const char *fault = value_line(text, URL_LEN_MAX);
	size_t len;

	if (fault)
		return fault;
	if (!tls && strncmp(text, "ws://", 5))
		return "it must be wss://HOST/NAME";
	len = strcspn(host, "/?#");
	memcpy(copy, host, len);
	copy[len] = '\0';
	if (!host_is_good(copy))
		return "HOST or PORT in wss://HOST[:PORT]/NAME is not valid";
	if (!tls && !host_is_local(copy))
		return "ws:// has no encryption and is for 127.0.0.1, [::1] "
		       "and "
		       "localhost only; use wss://";
	if (host[len] != '/' || !host[len + 1])
		return "it lacks the name of the hybrid connection: "
		       "wss://HOST/NAME";
	if (strpbrk(host + len, "?# \"\\"))
		return "the name of the hybrid connection ends at the first of "
		       "'?', '#', '\"', '\\' and space; leave them out";
	return NULL;
}

bool value_url_addr(const char *url, struct ip_addr *addr)
{
	const char *host = strstr(url, "://");
	char copy[IP_ADDR_TEXT_SIZE];
	const char *at;
	size_t len;

	if (!host)
		return false;
	host += 3;
	/* Back to the last '@' before the path, or to where it began. */
	at = host + strcspn(host, "/");
	while (at > host && at[-1] != '@')
		at--;
	host = at;
	if (host[0] == '[')
		len = strcspn(++host, "]");
	else
		len = strcspn(host, ":/");
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, host, len);
	copy[len] = '\0';
	return ip_addr_parse(copy, addr) == 0;
}

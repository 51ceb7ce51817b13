/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * netpath.c - How outgoing connections leave: proxy, trust, identity
 */

#include "sys/netpath.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROXY_SIZE 512

static CURLcode set_blob(CURL *easy, CURLoption option, const char *data,
			 size_t len)
{
	struct curl_blob blob = {
		.data = (void *)(uintptr_t)data,
		.len = len,
		.flags = CURL_BLOB_COPY,
	};

	return curl_easy_setopt(easy, option, &blob);
}

/**
 * split_proxy() - Take the user out of a proxy's URL
 * @proxy:	"http://user@proxy:3128"
 * @url:	Receives it without user; socks5 becomes socks5h, so that names are
 *		resolved at the proxy
 * @user:	Receives the user, still percent-encoded, "" for none
 *
 * Return: did they fit?
 */
static bool split_proxy(const char *proxy, char url[PROXY_SIZE],
			char user[PROXY_SIZE])
{
	const char *rest = strstr(proxy, "://");
	const char *at;
	const char *scheme = proxy;
	int scheme_len;
	int len;

	rest = rest ? rest + 3 : proxy;
	scheme_len = (int)(rest - proxy);
	if (!strncasecmp(proxy, "socks5://", 9)) {
		scheme = "socks5h://";
		scheme_len = 10;
	}
	at = memchr(rest, '@', strcspn(rest, "/"));
	user[0] = '\0';
	if (at) {
		size_t user_len = strcspn(rest, ":@");

		if (user_len >= PROXY_SIZE)
			return false;
		memcpy(user, rest, user_len);
		user[user_len] = '\0';
		rest = at + 1;
	}
	len = snprintf(url, PROXY_SIZE, "%.*s%s", scheme_len, scheme, rest);
	return len > 0 && len < PROXY_SIZE;
}

/** set_user() - Who we are at the proxy; Return: libcurl's result */
static CURLcode set_user(CURL *easy, const char *user, const char *password)
{
	char *name = curl_easy_unescape(easy, user, 0, NULL);
	CURLcode bad;

	if (!name)
		return CURLE_OUT_OF_MEMORY;
	bad = curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, name);
	bad |= curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD,
				password ? password : "");
	curl_free(name);
	return bad;
}

/** from_environment() - The variables that libcurl reads for https */
static const char *from_environment(void)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY",
					    "all_proxy", "ALL_PROXY"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return "";
}

/** proxy_of() - The proxy's URL, "" for none */
static const char *proxy_of(const struct netpath *path)
{
	return path->proxy ? path->proxy : from_environment();
}

/** user_of() - Where in a proxy's URL the user is; Return: his length, up to the
 *  "@", 0 when there is none */
static size_t user_of(const char *url, const char **user)
{
	const char *rest = strstr(url, "://");
	const char *at;

	*user = rest ? rest + 3 : url;
	at = memchr(*user, '@', strcspn(*user, "/"));
	return at ? (size_t)(at - *user) : 0;
}

/** has_password() - Is there one to show to the proxy? */
static bool has_password(const struct netpath *path)
{
	const char *user;
	size_t len = user_of(proxy_of(path), &user);
	const char *colon = memchr(user, ':', len);

	return path->proxy_password || (colon && colon + 1 < user + len);
}

bool netpath_may_wait(const struct netpath *path)
{
	const char *url = proxy_of(path);
	const char *user;

	return user_of(url, &user) && !has_password(path) &&
	       (user == url || !strncasecmp(url, "http://", 7));
}

/**
 * logins() - The ways to log in that a proxy may choose from
 *
 * libcurl takes the best of what the proxy offers, and nothing else when that
 * fails.  Negotiate is the best, and without a ticket fails; so whoever gives a
 * password has it used.
 */
static unsigned long logins(const struct netpath *path)
{
	return has_password(path)
		       ? CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_NTLM
		       : CURLAUTH_ANY;
}

static CURLcode set_proxy(CURL *easy, const struct netpath *path)
{
	char url[PROXY_SIZE];
	char user[PROXY_SIZE];
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(easy, CURLOPT_PROXYAUTH, logins(path));
	bad |= curl_easy_setopt(easy, CURLOPT_SOCKS5_AUTH, CURLAUTH_BASIC);
	/* Also for ws://: a proxy that rewrote it would break it. */
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	if (path->no_proxy)
		bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, path->no_proxy);
	if (!path->proxy)
		return bad;
	if (!*path->proxy)
		return bad | curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (!split_proxy(path->proxy, url, user))
		return CURLE_URL_MALFORMAT;
	bad |= curl_easy_setopt(easy, CURLOPT_PROXY, url);
	if (*user)
		bad |= set_user(easy, user, path->proxy_password);
	return bad;
}

bool netpath_apply(CURL *easy, const struct netpath *path, bool pinned)
{
	CURLcode bad = set_proxy(easy, path);

	if (path->ca_pem) {
		bad |= set_blob(easy, CURLOPT_CAINFO_BLOB, path->ca_pem,
				path->ca_len);
		bad |= set_blob(easy, CURLOPT_PROXY_CAINFO_BLOB, path->ca_pem,
				path->ca_len);
	}
	if (pinned && path->cert_pem) {
		bad |= set_blob(easy, CURLOPT_SSLCERT_BLOB, path->cert_pem,
				path->cert_len);
		bad |= set_blob(easy, CURLOPT_SSLKEY_BLOB, path->cert_pem,
				path->cert_len);
	}
	if (pinned && path->pins)
		bad |= curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY,
					path->pins);
	return bad == CURLE_OK;
}

bool netpath_apply_proxy(CURL *easy, const struct netpath *path)
{
	/* By itself libcurl would read other variables. */
	return path->proxy || curl_easy_setopt(easy, CURLOPT_PROXY,
					       from_environment()) == CURLE_OK;
}

const char *netpath_proxy(const struct netpath *path, char *text, size_t size)
{
	const char *proxy = proxy_of(path);
	char url[PROXY_SIZE];
	char user[PROXY_SIZE];

	text[0] = '\0';
	if (*proxy && split_proxy(proxy, url, user))
		snprintf(text, size, "%s", url);
	return text;
}

/** proxy_advice() - For what a proxy answered to CONNECT */
static const char *proxy_advice(long status)
{
	switch (status) {
	case 401:
	case 407:
		return "the proxy wants credentials: put the user into proxy "
		       "and the password into proxy_password_file, and check "
		       "both; for Kerberos check the ticket";
	case 403:
		return "the proxy does not allow this host and port: have them "
		       "allowed there";
	case 502:
	case 503:
	case 504:
		return "the proxy cannot reach this host: ask who runs it";
	default:
		return "that is the proxy's answer, not the relay's";
	}
}

/** socks_advice() - For what a SOCKS proxy answered */
static const char *socks_advice(CURL *easy)
{
	long answer = CURLPX_OK;

	(void)curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &answer);
	switch (answer) {
	case CURLPX_NO_AUTH:
	case CURLPX_USER_REJECTED:
		return proxy_advice(407);
	case CURLPX_REPLY_NOT_ALLOWED:
		return proxy_advice(403);
	case CURLPX_REPLY_HOST_UNREACHABLE:
	case CURLPX_REPLY_NETWORK_UNREACHABLE:
	case CURLPX_REPLY_CONNECTION_REFUSED:
	case CURLPX_REPLY_TTL_EXPIRED:
		return proxy_advice(502);
	default:
		return proxy_advice(0);
	}
}

/** advice_for() - For libcurl's results, "" when its words say all */
static const char *advice_for(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "check the name in proxy and this machine's DNS";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "check the name and this machine's DNS; behind a "
		       "firewall, set proxy";
	case CURLE_COULDNT_CONNECT:
		return "outbound TCP to it must be open in every firewall on "
		       "the way, or set proxy";
	case CURLE_PEER_FAILED_VERIFICATION:
		return "if the relay is private or a proxy opens TLS, put the "
		       "issuer's certificate into tls.ca_file";
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return "its public key is none of tls.pins: it was renewed, or "
		       "it is not the relay";
	case CURLE_SSL_CERTPROBLEM:
		return "check tls.certificate_file: it needs certificate and "
		       "key in PEM form";
	case CURLE_SSL_CONNECT_ERROR:
		return "what answers there does not speak TLS 1.2 or newer; a "
		       "firewall may be cutting in";
	default:
		return "";
	}
}

const char *netpath_waits_for(CURL *easy)
{
	curl_off_t named_us = 0;
	curl_off_t connected_us = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &named_us);
	(void)curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	if (!named_us)
		return "no name server answers: check this machine's DNS; "
		       "behind a firewall, set proxy";
	if (!connected_us)
		return advice_for(CURLE_COULDNT_CONNECT);
	return "TCP opens, but then nothing comes: a firewall or proxy on the "
	       "way may be holding TLS up";
}

void netpath_explain(CURL *easy, CURLcode code,
		     const struct netpath_fence *fence, char *text, size_t size)
{
	const char *advice;
	long status = 0;
	size_t len;

	if (code == CURLE_COULDNT_CONNECT && fence && fence->swallowed[0]) {
		snprintf(text, size,
			 "the way to %s leads into the tunnel itself: take it "
			 "out of the sites' networks, or add a route to it "
			 "that leads past the tunnel",
			 fence->swallowed);
		return;
	}
	if (!text[0])
		snprintf(text, size, "%s", curl_easy_strerror(code));
	(void)curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (code == CURLE_PROXY)
		advice = socks_advice(easy);
	else if (code == CURLE_OPERATION_TIMEDOUT && status < 300)
		advice = netpath_waits_for(easy);
	else
		advice =
			status >= 300 ? proxy_advice(status) : advice_for(code);
	len = strlen(text);
	if (*advice)
		snprintf(text + len, size - len, " (%s)", advice);
}

/** is_one_of() - Is a socket's address in a list? */
static bool is_one_of(const struct ip_addr *addrs, size_t addr_cnt,
		      const struct sockaddr_storage *from)
{
	struct ip_addr addr = {.family = IP_NONE};
	size_t i;

	if (from->ss_family == AF_INET) {
		addr.family = IP_V4;
		memcpy(addr.bytes,
		       &((const struct sockaddr_in *)(const void *)from)
				->sin_addr,
		       ip_addr_len(IP_V4));
	} else if (from->ss_family == AF_INET6) {
		addr.family = IP_V6;
		memcpy(addr.bytes,
		       &((const struct sockaddr_in6 *)(const void *)from)
				->sin6_addr,
		       ip_addr_len(IP_V6));
	}
	for (i = 0; i < addr_cnt; i++) {
		if (ip_addr_equal(&addrs[i], &addr))
			return true;
	}
	return false;
}

bool netpath_sends_from(const struct ip_addr *addrs, size_t addr_cnt,
			const struct sockaddr *to, socklen_t len)
{
	struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
	socklen_t from_len = sizeof(from);
	bool leads = false;
	int fd;

	if (addr_cnt == 0 ||
	    (to->sa_family != AF_INET && to->sa_family != AF_INET6))
		return false;
	/* Nothing is sent by connecting a datagram socket. */
	fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	if (connect(fd, to, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&from, &from_len) == 0)
		leads = is_one_of(addrs, addr_cnt, &from);
	close(fd);
	return leads;
}

void netpath_fence_init(struct netpath_fence *fence, const struct netpath *path)
{
	*fence = (struct netpath_fence){.addr_cnt = path->tunnel_addr_cnt};
	memcpy(fence->addrs, path->tunnel_addrs, sizeof(fence->addrs));
}

/* A connection that carries the tunnel cannot go through it. */
curl_socket_t netpath_open_socket(void *arg, curlsocktype purpose,
				  struct curl_sockaddr *addr)
{
	struct netpath_fence *fence = arg;

	if (purpose == CURLSOCKTYPE_IPCXN &&
	    netpath_sends_from(fence->addrs, fence->addr_cnt, &addr->addr,
			       (socklen_t)addr->addrlen)) {
		if (getnameinfo(&addr->addr, (socklen_t)addr->addrlen,
				fence->swallowed, sizeof(fence->swallowed),
				NULL, 0, NI_NUMERICHOST))
			strcpy(fence->swallowed, "its address");
		return CURL_SOCKET_BAD;
	}
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC,
		      addr->protocol);
}

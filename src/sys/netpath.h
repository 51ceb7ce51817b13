/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * netpath.h - How outgoing connections leave: proxy, trust, identity
 *
 * The same for every connection of a process; applied to libcurl handles by
 * stream.c and fetch.c.
 */

#ifndef SYS_NETPATH_H
#define SYS_NETPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <curl/curl.h>
#include <openssl/types.h>

#include "base/addr.h"

/* One per address family. */
#define NETPATH_TUNNEL_ADDR_MAX 2
/* libcurl's words, and what to do about them. */
#define NETPATH_ERROR_SIZE (CURL_ERROR_SIZE + 256)

/**
 * struct netpath - Everything is borrowed for the life of its user
 * @ca_pem:	CA bundle to verify with, NULL: the system's; @ca_len bytes
 * @trust:	The same, or the system's, read already (trust.h), for who can use
 *		that; NULL when it is not
 * @cert_pem:	Client certificate and its key, NULL for none; @cert_len bytes
 * @pins:	Public keys that a server must have one of, "sha256//…;sha256//…",
 *		NULL for any
 * @proxy:	"http://user@proxy:3128", also https and socks5 (which resolves
 *		names at the proxy); "" for none; NULL: as the environment says
 * @proxy_password: NULL for none
 * @tunnel_addrs: Addresses that a connection of this process must not come from:
 *		its way would lead into the tunnel that it carries
 * @tunnel_addr_cnt: Entries there
 * @no_proxy:	Hosts to go to directly, "a.example,.example.org", NULL: as the
 *		environment says
 */
struct netpath {
	const char *ca_pem;
	size_t ca_len;
	X509_STORE *trust;
	const char *cert_pem;
	size_t cert_len;
	const char *pins;
	const char *proxy;
	const char *proxy_password;
	const char *no_proxy;
	struct ip_addr tunnel_addrs[NETPATH_TUNNEL_ADDR_MAX];
	size_t tunnel_addr_cnt;
};

/**
 * netpath_apply() - Set a handle's options
 * @easy:	Handle
 * @path:	How to get out
 * @pinned:	With @path's pins and certificate: it goes to a relay
 *
 * Return: were all options taken?
 */
bool netpath_apply(CURL *easy, const struct netpath *path, bool pinned);

/** netpath_apply_proxy() - After that, for a handle whose URL is not https as what
 *  the proxy is for: the same proxy.  Return: as netpath_apply() */
bool netpath_apply_proxy(CURL *easy, const struct netpath *path);

/** netpath_may_wait() - May logging in at the proxy wait for a KDC?  A handle cannot
 *  do that beside other work: see passage.h.  (Not told of proxies by https) */
bool netpath_may_wait(const struct netpath *path);

/**
 * struct netpath_fence - Keeps a connection out of the tunnel that it carries
 * @addrs:	As @tunnel_addrs of struct netpath; @addr_cnt of them
 * @swallowed:	An address of the host, to which the way leads into the tunnel;
 *		"" when there was none
 */
struct netpath_fence {
	struct ip_addr addrs[NETPATH_TUNNEL_ADDR_MAX];
	size_t addr_cnt;
	char swallowed[IP_ADDR_TEXT_SIZE];
};

void netpath_fence_init(struct netpath_fence *fence,
			const struct netpath *path);

/** netpath_open_socket() - libcurl's callback (CURLOPT_OPENSOCKETFUNCTION), for a
 *  fence: a socket to an address, unless the way leads into the tunnel */
curl_socket_t netpath_open_socket(void *fence, curlsocktype purpose,
				  struct curl_sockaddr *addr);

/**
 * netpath_sends_from() - Would the kernel send from one of these addresses?
 * @addrs:	As @tunnel_addrs above
 * @to:		Where to; @len bytes
 *
 * Asks the kernel, so that all routes count, also those of others.
 */
bool netpath_sends_from(const struct ip_addr *addrs, size_t addr_cnt,
			const struct sockaddr *to, socklen_t len);

/** netpath_proxy() - The proxy in effect for https, without credentials, "" for
 *  none; also from the environment.  Return: @text */
const char *netpath_proxy(const struct netpath *path, char *text, size_t size);

/**
 * netpath_explain() - What a failure was, and what to do about it
 * @easy:	Handle
 * @code:	libcurl's result
 * @fence:	The handle's, NULL for none
 * @text:	libcurl's words; extended in place
 */
void netpath_explain(CURL *easy, CURLcode code,
		     const struct netpath_fence *fence, char *text,
		     size_t size);

/** netpath_waits_for() - What a connection that is late waits for: words, and what
 *  to do about it */
const char *netpath_waits_for(CURL *easy);

#endif /* SYS_NETPATH_H */

/* SPDX-License-Identifier: MIT */

/*
 * rendezvous.c - The listener's answers to an accept or a request
 */

#include <hyco/rendezvous.h>

#include <hyco/error.h>

/* The relay waits 30 s in all. */
#define LIMIT_MS 15000

/** begin() - A handshake at the address's own host, without a token */
static int begin(struct hyco_conn *conn, const struct hyco_uri *uri,
		 struct hyco_upgrade *upgrade, int64_t now_ms)
{
	upgrade->uri = uri;
	return hyco_conn_begin(conn, upgrade, LIMIT_MS, now_ms);
}

int hyco_rendezvous_accept(struct hyco_conn *conn, const char *address,
			   const char *protocol, const char *agent,
			   int64_t now_ms)
{
	struct hyco_upgrade upgrade = {.protocol = protocol, .agent = agent};
	struct hyco_uri uri;
	const char *why;

	if (hyco_uri_parse(address, &uri, &why))
		return HYCO_EBADMSG;
	upgrade.target = uri.target;
	return begin(conn, &uri, &upgrade, now_ms);
}

int hyco_rendezvous_reject(struct hyco_conn *conn, const char *address,
			   int status, const char *description, int64_t now_ms)
{
	struct hyco_upgrade upgrade = {0};
	char target[HYCO_TARGET_SIZE];
	struct hyco_uri uri;
	const char *why;
	ssize_t len;

	if (hyco_uri_parse(address, &uri, &why))
		return HYCO_EBADMSG;
	len = hyco_uri_reject(&uri, status, description, target,
			      sizeof(target));
	if (len < 0)
		return (int)len;
	upgrade.target = target;
	return begin(conn, &uri, &upgrade, now_ms);
}

int hyco_rendezvous_request(struct hyco_conn *conn, const char *address,
			    const char *agent, int64_t now_ms)
{
	return hyco_rendezvous_accept(conn, address, NULL, agent, now_ms);
}

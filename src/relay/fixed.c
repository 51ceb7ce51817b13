/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fixed.c - What a relay keeps from its start until its end
 */

#include "relay/fixed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/** copy() - A text that may be absent; Return: was there memory? */
static bool copy(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

int fixed_init(struct fixed *fixed, const struct relay_conf *conf)
{
	*fixed = (struct fixed){
		.addr = conf->addr,
		.port = conf->port,
		.plaintext = conf->plaintext,
		.head_s = conf->limits.head_s,
		.peer_s = conf->limits.peer_s,
	};
	return copy(&fixed->status_socket, conf->status_socket) &&
			       copy(&fixed->user, conf->user)
		       ? 0
		       : -ENOMEM;
}

void fixed_fini(struct fixed *fixed)
{
	free(fixed->status_socket);
	free(fixed->user);
	*fixed = (struct fixed){0};
}

/** differ() - Two texts that may be absent */
static bool differ(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

size_t fixed_changes(const struct fixed *fixed, const struct relay_conf *conf,
		     const char *names[FIXED_NAME_CNT])
{
	size_t cnt = 0;

	if (!ip_addr_equal(&fixed->addr, &conf->addr) ||
	    fixed->port != conf->port)
		names[cnt++] = "listen";
	if (fixed->plaintext != conf->plaintext)
		names[cnt++] = "plaintext";
	if (differ(fixed->status_socket, conf->status_socket))
		names[cnt++] = "status";
	if (differ(fixed->user, conf->user))
		names[cnt++] = "user";
	if (fixed->head_s != conf->limits.head_s)
		names[cnt++] = "head_s of TLS handshakes";
	if (fixed->peer_s != conf->limits.peer_s)
		names[cnt++] = "peer_s of keepalives";
	return cnt;
}

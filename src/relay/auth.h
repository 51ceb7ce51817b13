/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * auth.h - Does a token give a right on a hybrid connection?
 *
 * Pure: configuration, token and time in, a verdict out.
 */

#ifndef RELAY_AUTH_H
#define RELAY_AUTH_H

#include "relay/relay_conf.h"

/** struct auth_verdict - What to answer
 * @status:	0 when the right is given, else 401 or 403
 * @text:	Why not (a literal)
 * @expiry_s:	When the token ends, seconds since 1970
 */
struct auth_verdict {
	int status;
	const char *text;
	int64_t expiry_s;
};

/**
 * auth_check() - Judge a token (azure-relay-protocol section 4)
 * @conf:	Keys
 * @path:	The hybrid connection
 * @right:	What is asked for
 * @token:	Decoded token text, @token_len bytes; 0 when there is none
 * @now_s:	Seconds since 1970
 *
 * A key of the connection goes before one of the namespace of the same name.
 */
struct auth_verdict auth_check(const struct relay_conf *conf,
			       const struct relay_path *path,
			       enum relay_right right, const char *token,
			       size_t token_len, int64_t now_s);

#endif /* RELAY_AUTH_H */

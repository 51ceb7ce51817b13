/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * auth.c - Does a token give a right on a hybrid connection?
 */

#include "relay/auth.h"

#include <string.h>

#include <hyco/error.h>
#include <hyco/token.h>

static const struct relay_key *find_key(const struct relay_key *keys,
					size_t cnt, const char *name)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

static struct auth_verdict refuse(int status, const char *text)
{
	return (struct auth_verdict){status, text, 0};
}

struct auth_verdict auth_check(const struct relay_conf *conf,
			       const struct relay_path *path,
			       enum relay_right right, const char *token,
			       size_t token_len, int64_t now_s)
{
	const struct relay_key *key;
	struct hyco_token parsed;
	int err;

	if (!token_len)
		return refuse(401, "MissingToken: no token was sent");
	if (hyco_token_parse(token, token_len, &parsed))
		return refuse(401, "MalformedToken: this is no token");
	key = find_key(path->keys, path->key_cnt, parsed.key_name);
	if (!key)
		key = find_key(conf->keys, conf->key_cnt, parsed.key_name);
	/* The same words for both: which key names exist is not told. */
	err = key ? hyco_token_verify(&parsed, key->key, key->key_len, now_s)
		  : HYCO_EACCES;
	if (err == HYCO_EPROTO)
		return refuse(401, "ExpiredToken: the token has expired");
	if (err)
		return refuse(401, "InvalidSignature: the token has an invalid "
				   "signature");
	if (!hyco_token_covers(&parsed, path->path))
		return refuse(403, "the token is for another path");
	if ((key->rights & right) != right)
		return refuse(403, right == RELAY_LISTEN
					   ? "the key lacks the right Listen"
					   : "the key lacks the right Send");
	return (struct auth_verdict){0, "", parsed.expiry_s};
}

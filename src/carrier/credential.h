/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * credential.h - What this gateway shows to relays: tokens from any credential
 */

#ifndef CARRIER_CREDENTIAL_H
#define CARRIER_CREDENTIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hyco/connection_string.h>
#include <hyco/uri.h>

#include "policy/access.h"

/* Life of the tokens we sign. */
#define CREDENTIAL_TTL_S 3600
/* An Entra token is longer than a shared access signature. */
#define CREDENTIAL_TOKEN_SIZE 8192

/**
 * struct token_box - The Entra token in force, shared by all threads
 * @lock:	Held to copy, whenever a connection is begun; never in the packet
 *		path
 * @token:	"" before the first
 * @expiry_s:	When it ends, seconds since 1970 UTC
 * @error:	Why there is none or no newer one, "" when all is well
 */
struct token_box {
	pthread_mutex_t lock;
	char token[CREDENTIAL_TOKEN_SIZE];
	int64_t expiry_s;
	char error[512];
};

int token_box_init(struct token_box *box) __attribute__((warn_unused_result));
void token_box_fini(struct token_box *box);

/** token_box_put() - A new token; NULL keeps the old one and notes @error */
void token_box_put(struct token_box *box, const char *token, int64_t expiry_s,
		   const char *error);

/** token_box_error() - Copy of the last error; Return: when the token ends */
int64_t token_box_error(struct token_box *box, char *error, size_t size);

/**
 * struct credential - Constant once made; any thread may ask for tokens
 * @conf:	Which kind, and where it came from (borrowed)
 * @secret:	Text of its file (borrowed), @secret_len bytes
 * @string:	CREDENTIAL_CONNECTION_STRING: taken apart; NULL else
 * @box:	Entra: the token in force (borrowed)
 * @words:	For logs: what it is, without secrets
 */
struct credential {
	const struct access_conf *conf;
	const char *secret;
	size_t secret_len;
	struct hyco_connection_string *string;
	struct token_box *box;
	char words[200];
};

/**
 * credential_init() - Judge and keep
 * @why:	On failure a sentence, cut to @why_size
 *
 * Return: 0, -EBADMSG or -ENOMEM
 */
int credential_init(struct credential *credential,
		    const struct access_conf *conf, const char *secret,
		    size_t secret_len, char *why, size_t why_size)
	__attribute__((warn_unused_result));
void credential_fini(struct credential *credential);

/** credential_same() - Would both show the same? */
bool credential_same(const struct credential *a, const struct credential *b);

/**
 * credential_token() - A token for a hybrid connection
 * @uri:	Its address
 * @token:	Receives it
 * @life_s:	Set to how long it is still good
 * @why:	On failure set to a static sentence that says what to do
 *
 * Return: length, or negative errno
 */
ssize_t credential_token(const struct credential *credential,
			 const struct hyco_uri *uri,
			 char token[CREDENTIAL_TOKEN_SIZE], int64_t *life_s,
			 const char **why) __attribute__((warn_unused_result));

#endif /* CARRIER_CREDENTIAL_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * credential.c - What this gateway shows to relays: tokens from any credential
 */

#include "carrier/credential.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <hyco/token.h>

#include "sys/clock.h"

int token_box_init(struct token_box *box)
{
	memset(box, 0, sizeof(*box));
	snprintf(box->error, sizeof(box->error),
		 "the first Entra token has not come yet");
	return -pthread_mutex_init(&box->lock, NULL);
}

void token_box_fini(struct token_box *box)
{
	pthread_mutex_destroy(&box->lock);
	explicit_bzero(box->token, sizeof(box->token));
}

void token_box_put(struct token_box *box, const char *token, int64_t expiry_s,
		   const char *error)
{
	pthread_mutex_lock(&box->lock);
	if (token) {
		explicit_bzero(box->token, sizeof(box->token));
		snprintf(box->token, sizeof(box->token), "%s", token);
		box->expiry_s = expiry_s;
	}
	snprintf(box->error, sizeof(box->error), "%s", error);
	pthread_mutex_unlock(&box->lock);
}

int64_t token_box_error(struct token_box *box, char *error, size_t size)
{
	int64_t expiry_s;

	pthread_mutex_lock(&box->lock);
	snprintf(error, size, "%s", box->error);
	expiry_s = box->token[0] ? box->expiry_s : 0;
	pthread_mutex_unlock(&box->lock);
	return expiry_s;
}

/** describe() - Words for logs */
static void describe(struct credential *credential)
{
	const struct access_conf *conf = credential->conf;
	const struct entra_conf *entra = &conf->entra;
	char *out = credential->words;
	size_t size = sizeof(credential->words);

	switch (conf->kind) {
	case CREDENTIAL_KEY:
		snprintf(out, size, "key_file with key_name \"%.64s\"",
			 conf->key_name);
		return;
	case CREDENTIAL_CONNECTION_STRING:
		snprintf(out, size, "connection_string_file with %s%.64s",
			 credential->string->key_name[0]
				 ? "key name "
				 : "a SharedAccessSignature",
			 credential->string->key_name);
		return;
	case CREDENTIAL_TOKEN:
		snprintf(out, size, "token_file");
		return;
	case CREDENTIAL_CLIENT_SECRET:
	case CREDENTIAL_CLIENT_CERTIFICATE:
		snprintf(out, size,
			 "Entra application %.64s of tenant %.64s with its %s",
			 entra->client_id, entra->tenant,
			 conf->kind == CREDENTIAL_CLIENT_SECRET
				 ? "secret"
				 : "certificate");
		return;
	case CREDENTIAL_IDENTITY:
		snprintf(out, size, "managed identity%s%.64s",
			 entra->client_id ? " " : "",
			 entra->client_id ? entra->client_id : "");
		return;
	}
}

/** take_string() - A connection string */
static int take_string(struct credential *credential, char *why,
		       size_t why_size)
{
	const char *fault;

	credential->string = malloc(sizeof(*credential->string));
	if (!credential->string) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	if (!hyco_connection_string_parse(credential->secret,
					  credential->secret_len,
					  credential->string, &fault))
		return 0;
	snprintf(why, why_size, "connection_string_file: %s", fault);
	free(credential->string);
	credential->string = NULL;
	return -EBADMSG;
}

int credential_init(struct credential *credential,
		    const struct access_conf *conf, const char *secret,
		    size_t secret_len, char *why, size_t why_size)
{
	int err = 0;

	*credential = (struct credential){
		.conf = conf,
		.secret = secret,
		.secret_len = secret_len,
	};
	if (conf->kind == CREDENTIAL_CONNECTION_STRING)
		err = take_string(credential, why, why_size);
	else if (conf->kind == CREDENTIAL_TOKEN &&
		 hyco_token_expiry(secret) < 0) {
		snprintf(why, why_size,
			 "token_file holds neither a shared access signature "
			 "nor an Entra token");
		err = -EBADMSG;
	}
	if (!err)
		describe(credential);
	return err;
}

void credential_fini(struct credential *credential)
{
	if (credential->string)
		hyco_connection_string_wipe(credential->string);
	free(credential->string);
	*credential = (struct credential){0};
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool credential_same(const struct credential *a, const struct credential *b)
{
	const struct entra_conf *x = &a->conf->entra;
	const struct entra_conf *y = &b->conf->entra;

	return a->conf->kind == b->conf->kind && !strcmp(a->words, b->words) &&
	       same_text(x->authority, y->authority) &&
	       same_text(x->audience, y->audience) &&
	       same_text(x->identity_endpoint, y->identity_endpoint) &&
	       a->secret_len == b->secret_len &&
	       (!a->secret_len || !memcmp(a->secret, b->secret, a->secret_len));
}

/** sign() - A token of our own */
static ssize_t sign(const struct hyco_uri *uri, const char *key_name,
		    const char *key, size_t key_len, char *token,
		    int64_t *life_s)
{
	char audience[HYCO_HOST_SIZE + HYCO_TARGET_SIZE + 16];
	ssize_t len = hyco_uri_audience(uri, audience, sizeof(audience));

	*life_s = CREDENTIAL_TTL_S;
	if (len < 0)
		return len;
	return hyco_token_sign(audience, key_name, key, key_len,
			       clock_wall().s + CREDENTIAL_TTL_S, token,
			       CREDENTIAL_TOKEN_SIZE);
}

/** give() - A ready token, if it is still good */
static ssize_t give(const char *ready, char *token, int64_t *life_s,
		    const char **why)
{
	size_t len = strlen(ready);

	*life_s = hyco_token_expiry(ready) - clock_wall().s;
	if (*life_s <= 0) {
		*why = "the given token has ended; put a newer one into its "
		       "file, and check this machine's clock";
		return -EACCES;
	}
	if (len >= CREDENTIAL_TOKEN_SIZE) {
		*why = "the given token is too long";
		return -EMSGSIZE;
	}
	memcpy(token, ready, len + 1);
	return (ssize_t)len;
}

/** from_string() - With a connection string, if it is for this relay */
static ssize_t from_string(const struct hyco_connection_string *string,
			   const struct hyco_uri *uri, char *token,
			   int64_t *life_s, const char **why)
{
	char address[HYCO_TARGET_SIZE + HYCO_HOST_SIZE + 16];
	struct hyco_uri own;

	if (strcmp(string->endpoint.host, uri->host)) {
		*why = "the connection string's Endpoint is another host than "
		       "the relay's";
		return -EACCES;
	}
	if (string->path[0] &&
	    (hyco_connection_string_address(string, NULL, address,
					    sizeof(address)) < 0 ||
	     hyco_uri_parse(address, &own, why) ||
	     strcasecmp(own.target, uri->target))) {
		*why = "the connection string's EntityPath is another hybrid "
		       "connection than the relay's";
		return -EACCES;
	}
	if (string->token[0])
		return give(string->token, token, life_s, why);
	return sign(uri, string->key_name, string->key, strlen(string->key),
		    token, life_s);
}

/** from_box() - The Entra token in force */
static ssize_t from_box(struct token_box *box, char *token, int64_t *life_s,
			const char **why)
{
	ssize_t len;

	pthread_mutex_lock(&box->lock);
	snprintf(token, CREDENTIAL_TOKEN_SIZE, "%s", box->token);
	*life_s = box->expiry_s - clock_wall().s;
	pthread_mutex_unlock(&box->lock);
	len = (ssize_t)strlen(token);
	if (len && *life_s > 0)
		return len;
	*why = len ? "the Entra token has ended and no newer one came; see "
		     "credential in the status"
		   : "no Entra token has come yet; see credential in the "
		     "status";
	return -EAGAIN;
}

ssize_t credential_token(const struct credential *credential,
			 const struct hyco_uri *uri,
			 char token[CREDENTIAL_TOKEN_SIZE], int64_t *life_s,
			 const char **why)
{
	*why = "the address is too long for a token";
	switch (credential->conf->kind) {
	case CREDENTIAL_KEY:
		return sign(uri, credential->conf->key_name, credential->secret,
			    credential->secret_len, token, life_s);
	case CREDENTIAL_CONNECTION_STRING:
		return from_string(credential->string, uri, token, life_s, why);
	case CREDENTIAL_TOKEN:
		return give(credential->secret, token, life_s, why);
	case CREDENTIAL_CLIENT_SECRET:
	case CREDENTIAL_CLIENT_CERTIFICATE:
	case CREDENTIAL_IDENTITY:
		return from_box(credential->box, token, life_s, why);
	}
	return -EINVAL;
}

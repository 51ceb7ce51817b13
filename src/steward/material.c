/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * material.c - Is what a file of keys, tokens or certificates holds any good?
 *
 * Judged before anything is changed, with what the carrier uses it with, but for
 * certificates and keys: a TLS library has no place in a privileged process.  Of
 * them the form is judged to the last byte; whether a key is its certificate's is
 * seen when it is used.  Nor is it judged whether a token has ended: that is so
 * later, too, and a gateway waits for a newer one.
 */

#include "steward/material.h"

#include <errno.h>
#include <stdbool.h>

#include <hyco/connection_string.h>
#include <hyco/token.h>

#include "codec/pem.h"

#define NEEDS_BOTH "it needs a certificate and its key, both in PEM form"

/** connection_string() - Is one complete? */
static const char *connection_string(const char *text, size_t len)
{
	struct hyco_connection_string string;
	const char *fault = NULL;

	if (!hyco_connection_string_parse(text, len, &string, &fault))
		fault = NULL;
	hyco_connection_string_wipe(&string);
	return fault;
}

/** certificates() - Are there any, and whole? */
static const char *certificates(const char *text, const char *none,
				unsigned int *line)
{
	int cnt = pem_certificates(text, line);

	if (cnt < 0)
		return "the certificate that begins here is damaged";
	return cnt ? NULL : none;
}

/** identity() - A certificate and its key, perhaps one of RSA */
static const char *identity(const char *text, bool must_be_rsa,
			    unsigned int *line)
{
	const char *fault = certificates(
		text, "it holds no certificate: " NEEDS_BOTH, line);
	bool rsa;
	int cnt;

	if (fault)
		return fault;
	cnt = pem_keys(text, &rsa, line);
	if (cnt == -ENOKEY)
		return "the key that begins here has a passphrase; write it "
		       "without one, with openssl pkey";
	if (cnt < 0)
		return "the key that begins here is damaged";
	if (cnt == 0)
		return "it holds no private key: " NEEDS_BOTH;
	return must_be_rsa && !rsa ? "its key must be one of RSA: Entra takes "
				     "no other"
				   : NULL;
}

const char *material_credential(enum credential_kind kind, const char *text,
				size_t len, unsigned int *line)
{
	switch (kind) {
	case CREDENTIAL_CONNECTION_STRING:
		return connection_string(text, len);
	case CREDENTIAL_TOKEN:
		return hyco_token_expiry(text) < 0
			       ? "it holds neither a shared access signature "
				 "nor an Entra token"
			       : NULL;
	case CREDENTIAL_CLIENT_CERTIFICATE:
		return identity(text, true, line);
	case CREDENTIAL_KEY:
	case CREDENTIAL_CLIENT_SECRET:
	case CREDENTIAL_IDENTITY:
		break;
	}
	return NULL;
}

const char *material_identity(const char *text, unsigned int *line)
{
	return identity(text, false, line);
}

const char *material_ca(const char *text, unsigned int *line)
{
	return certificates(text, "it holds no certificate in PEM form", line);
}

/* SPDX-License-Identifier: MIT */

/*
 * token.h - Shared access signatures (azure-relay-protocol section 4)
 *
 * Create and verify.  No clock: the caller says what time it is.  Signatures
 * are compared in constant time; nothing secret stays on the stack.
 */

#ifndef HYCO_TOKEN_H
#define HYCO_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HYCO_TOKEN_SIZE 4096

/**
 * hyco_token_sign() - Make a token
 * @audience:	"http://namespace/path", decoded (see hyco_uri_audience())
 * @key_name:	Name of the shared access rule
 * @key:	Key text, used as bytes, not base64-decoded
 * @key_len:	Its length
 * @expiry_s:	Seconds since 1970 UTC
 * @token:	Receives "SharedAccessSignature sr=…&sig=…&se=…&skn=…"
 * @size:	Room there
 *
 * Return: length, HYCO_EMSGSIZE, or HYCO_EINVAL for an empty name or key
 */
ssize_t hyco_token_sign(const char *audience, const char *key_name,
			const char *key, size_t key_len, int64_t expiry_s,
			char *token, size_t size)
	__attribute__((warn_unused_result));

/**
 * struct hyco_token - A token taken apart
 * @raw_audience: sr as it stands in the token, still encoded: what is signed
 * @audience:	Decoded
 * @key_name:	Decoded
 * @signature:	Decoded from percent and base64
 * @expiry_s:	Seconds since 1970 UTC
 */
struct hyco_token {
	char raw_audience[2048];
	char audience[2048];
	char key_name[257];
	uint8_t signature[32];
	int64_t expiry_s;
};

/**
 * hyco_token_parse() - Take a token apart, without trusting it
 *
 * Field order is free, names without case.  Refuses duplicate, missing and
 * over-long fields and a signature that is not 32 bytes.
 *
 * Return: 0, or HYCO_EBADMSG
 */
int hyco_token_parse(const char *text, size_t len, struct hyco_token *token)
	__attribute__((warn_unused_result));

/**
 * hyco_token_verify() - Was it signed with this key, and is it still good?
 *
 * Return: 0, HYCO_EACCES (signature), or HYCO_EPROTO (expired)
 */
int hyco_token_verify(const struct hyco_token *token, const char *key,
		      size_t key_len, int64_t now_s)
	__attribute__((warn_unused_result));

/**
 * hyco_token_covers() - Does the audience cover this hybrid connection?
 * @token:	Parsed token
 * @path:	Path of the connection, decoded, without slashes around it
 *
 * Equal, or a prefix of it at a '/' boundary; scheme, host, port and trailing
 * slash do not count.  ("http://ns/" covers everything; what has no scheme nothing.)
 */
bool hyco_token_covers(const struct hyco_token *token, const char *path);

/**
 * hyco_token_expiry() - When a ready token ends, without trusting it
 * @token:	A shared access signature, or an Entra token (a JWT)
 *
 * Return: seconds since 1970 UTC, or HYCO_EBADMSG
 */
int64_t hyco_token_expiry(const char *token)
	__attribute__((warn_unused_result));

#endif /* HYCO_TOKEN_H */

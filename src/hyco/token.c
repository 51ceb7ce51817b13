/* SPDX-License-Identifier: MIT */

/*
 * token.c - Shared access signatures (azure-relay-protocol section 4)
 *
 * Made and verified; token_read.c takes them apart.
 */

#include <hyco/token.h>

#include <stdio.h>
#include <string.h>

#include <hyco/error.h>
#include <mbedtls/md.h>

#include "base/limits.h"
#include "codec/text.h"

#define SIGNATURE_LEN 32

/** sign() - HMAC-SHA256 of "audience\nexpiry"; the audience as it stands in the
 *  token, still encoded */
static int sign(const char *raw_audience, int64_t expiry_s, const char *key,
		size_t key_len, uint8_t signature[SIGNATURE_LEN])
{
	char text[HYCO_TOKEN_SIZE];
	int len = snprintf(text, sizeof(text), "%s\n%lld", raw_audience,
			   (long long)expiry_s);

	if (len < 0 || (size_t)len >= sizeof(text))
		return HYCO_EMSGSIZE;
	if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
			    (const uint8_t *)key, key_len,
			    (const uint8_t *)text, (size_t)len, signature))
		return HYCO_EINVAL;
	return 0;
}

ssize_t hyco_token_sign(const char *audience, const char *key_name,
			const char *key, size_t key_len, int64_t expiry_s,
			char *token, size_t size)
{
	uint8_t signature[SIGNATURE_LEN];
	char raw_audience[2048];
	char base64[64];
	char raw_signature[160];
	char raw_name[3 * KEY_NAME_LEN_MAX + 1];
	int len;

	if (!*key_name || !key_len || strlen(key_name) > KEY_NAME_LEN_MAX)
		return HYCO_EINVAL;
	if (text_component_encode(audience, strlen(audience), raw_audience,
				  sizeof(raw_audience)) < 0 ||
	    text_percent_encode(key_name, strlen(key_name), raw_name,
				sizeof(raw_name)) < 0)
		return HYCO_EMSGSIZE;
	if (sign(raw_audience, expiry_s, key, key_len, signature))
		return HYCO_EINVAL;
	len = (int)text_base64_encode(signature, sizeof(signature), base64,
				      sizeof(base64));
	if (len < 0 || text_percent_encode(base64, (size_t)len, raw_signature,
					   sizeof(raw_signature)) < 0)
		return HYCO_EMSGSIZE;
	len = snprintf(token, size,
		       "SharedAccessSignature sr=%s&sig=%s&se=%lld&skn=%s",
		       raw_audience, raw_signature, (long long)expiry_s,
		       raw_name);
	if (len < 0 || (size_t)len >= size)
		return HYCO_EMSGSIZE;
	return len;
}

int hyco_token_verify(const struct hyco_token *token, const char *key,
		      size_t key_len, int64_t now_s)
{
	uint8_t signature[SIGNATURE_LEN];
	uint8_t differ = 0;
	size_t i;

	/* Whoever sends a token could sign with an empty key. */
	if (!key_len)
		return HYCO_EACCES;
	if (sign(token->raw_audience, token->expiry_s, key, key_len, signature))
		return HYCO_EACCES;
	/* In constant time: how far it agrees must not show. */
	for (i = 0; i < SIGNATURE_LEN; i++)
		differ |= (uint8_t)(signature[i] ^ token->signature[i]);
	explicit_bzero(signature, sizeof(signature));
	if (differ)
		return HYCO_EACCES;
	return token->expiry_s > now_s ? 0 : HYCO_EPROTO;
}

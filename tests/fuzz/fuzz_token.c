/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_token.c - Tokens: one that parses and is signed anew parses to the same
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <hyco/token.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[HYCO_TOKEN_SIZE];
	struct hyco_token token;
	struct hyco_token again;
	ssize_t len;

	if (hyco_token_parse((const char *)data, size, &token))
		return 0;
	assert(strlen(token.audience) <= strlen(token.raw_audience));
	hyco_token_covers(&token, "a/b");
	len = hyco_token_sign(token.audience, token.key_name, "key", 3,
			      token.expiry_s, text, sizeof(text));
	if (len < 0) /* escaped where it was not, it may be too long */
		return 0;
	if (hyco_token_parse(text, (size_t)len, &again))
		return 0;
	assert(!strcmp(again.audience, token.audience));
	assert(!strcmp(again.key_name, token.key_name));
	assert(again.expiry_s == token.expiry_s);
	assert(!hyco_token_verify(&again, "key", 3, again.expiry_s - 1));
	return 0;
}

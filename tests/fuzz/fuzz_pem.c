/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_pem.c - Bundles: twice the same text has twice the certificates and keys
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(2, size + 1);
	unsigned int line = 0;
	int key_cnt;
	bool rsa;
	int cnt;

	if (!text)
		return 0;
	memcpy(text, data, size);
	cnt = pem_certificates(text, &line);
	assert(cnt >= 0 || line >= 1);
	line = 0;
	key_cnt = pem_keys(text, &rsa, &line);
	assert(key_cnt >= 0 ? !line && (key_cnt || !rsa) : line >= 1);
	if (!memchr(data, '\0', size)) {
		text[size] = '\n';
		memcpy(text + size + 1, data, size);
		assert(pem_certificates(text, &line) ==
		       (cnt < 0 ? cnt : 2 * cnt));
		assert(pem_keys(text, &rsa, &line) ==
		       (key_cnt < 0 ? key_cnt : 2 * key_cnt));
	}
	free(text);
	return 0;
}

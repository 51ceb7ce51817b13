/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_entra.c - Answers of the token endpoint, and ends of ready tokens
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/token.h>

#include "carrier/entra.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct entra_answer answer;
	int64_t expiry_s;
	int status;

	assert(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (status = 200; status <= 400; status += 200) {
		int err = entra_read(status, text, &answer);

		assert(!err == (answer.token[0] != '\0'));
		assert(!err == !answer.error[0]);
		assert(err || answer.life_s > 0);
		assert(!strpbrk(answer.token, "\r\n"));
	}
	expiry_s = hyco_token_expiry(text);
	(void)expiry_s;
	free(text);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_upgrade.c - Upgrade answers, and addresses: texts end where they should
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/upgrade.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hyco_uri uri = {.tls = true, .host = "n"};
	const struct hyco_upgrade upgrade = {
		.uri = &uri,
		.target = "/",
		.protocol = "p1",
		.nonce = "the sample nonce",
	};
	struct hyco_answer answer;
	struct hyco_uri parsed;
	const char *why;
	char *text = malloc(size + 1);
	ssize_t len;

	assert(text);
	len = hyco_upgrade_read(&upgrade, (const char *)data, size, &answer);
	if (len > 0) {
		assert((size_t)len <= size);
		assert(memchr(answer.reason, 0, sizeof(answer.reason)));
		assert(strstr(answer.reason, answer.tracking_id));
	}
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (!hyco_uri_parse(text, &parsed, &why)) {
		assert(parsed.port && parsed.target[0] == '/');
		assert(!strpbrk(parsed.target, " \r\n#"));
	} else {
		assert(why);
	}
	free(text);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_relay_conf.c - Whatever relay.cfg says, its normal form parses to itself
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/conf_print.h"
#include "relay/relay_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** print() - Parse @text and print it to @out; Return: was it valid? */
static bool print(const char *text, struct strbuf *out)
{
	const struct relay_conf *conf;
	struct arena arena;
	struct diag diag;

	arena_init(&arena);
	diag_init(&diag);
	conf = relay_conf_parse(text, "relay.cfg", &arena, &diag);
	if (conf)
		relay_conf_print(conf, out);
	else if (!diag.error_cnt)
		abort();
	diag_fini(&diag);
	arena_fini(&arena);
	return conf != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct strbuf once;
	struct strbuf twice;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	strbuf_init(&once);
	strbuf_init(&twice);
	if (print(text, &once) &&
	    (!print(strbuf_str(&once), &twice) ||
	     strcmp(strbuf_str(&once), strbuf_str(&twice))))
		abort();
	strbuf_fini(&once);
	strbuf_fini(&twice);
	free(text);
	return 0;
}

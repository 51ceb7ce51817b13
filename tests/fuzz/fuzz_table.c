/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_table.c - A stored script is read back, or refused: what is read prints, is
 * read again, and is the same
 */

#include "steward/table.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "steward/table_diff.h"
#include "steward/table_listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct table *again;
	struct table *table;
	struct strbuf out;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	table = table_parse(text);
	if (table) {
		strbuf_init(&out);
		table_print(table, &out);
		again = table_parse(strbuf_str(&out));
		assert(again);
		strbuf_fini(&out);
		strbuf_init(&out);
		assert(table_diff(table, again, &out) == TABLE_DIFF_NONE);
		assert(out.len == 0);
		(void)table_matches(table, text);
		table_free(again);
		strbuf_fini(&out);
	}
	table_free(table);
	free(text);
	return 0;
}

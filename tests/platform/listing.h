/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * listing.h - What nft lists of a table, in an order that says nothing of how it
 * came to be
 *
 * A listing becomes lines "OBJECT|TEXT", sorted; rules carry their number.
 */

#ifndef TESTS_LISTING_H
#define TESTS_LISTING_H

#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/** struct listing - Sorted lines (heap) */
struct listing {
	char **facts;
	size_t cnt;
	size_t size;
};

static inline void listing_add(struct listing *listing, const char *object,
			       int number, const char *text)
{
	char *fact;

	if (listing->cnt == listing->size) {
		listing->size = listing->size ? 2 * listing->size : 256;
		listing->facts = reallocarray(listing->facts, listing->size,
					      sizeof(*listing->facts));
		assert_non_null(listing->facts);
	}
	if (number >= 0)
		assert_true(asprintf(&fact, "%s|%03d|%s", object, number,
				     text) > 0);
	else
		assert_true(asprintf(&fact, "%s|%s", object, text) > 0);
	listing->facts[listing->cnt++] = fact;
}

/** listing_elements() - One line of them; Return: whether more follow */
static inline bool listing_elements(struct listing *listing, const char *object,
				    char *text)
{
	bool ended = strchr(text, '}');
	char *save = NULL;
	char *token;

	text[strcspn(text, "}")] = '\0';
	for (token = strtok_r(text, ",", &save); token;
	     token = strtok_r(NULL, ",", &save)) {
		size_t len;

		token += strspn(token, " \t");
		len = strlen(token);
		while (len && token[len - 1] == ' ')
			token[--len] = '\0';
		if (len)
			listing_add(listing, object, -1, token);
	}
	return !ended;
}

static inline int listing_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** listing_take() - From the text; it is changed */
static inline void listing_take(struct listing *listing, char *text)
{
	bool in_elements = false;
	char object[128] = "";
	char *save = NULL;
	int number = 0;
	char *line;

	*listing = (struct listing){0};
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *content = line + strspn(line, "\t");
		ptrdiff_t depth = content - line;

		if (in_elements) {
			in_elements =
				listing_elements(listing, object, content);
		} else if (depth == 1 && *content != '}') {
			snprintf(object, sizeof(object), "%s", content);
			listing_add(listing, object, -1, "");
			number = 0;
		} else if (strncmp(content, "elements = {", 12) == 0) {
			in_elements =
				listing_elements(listing, object, content + 12);
		} else if (depth >= 2) {
			listing_add(listing, object, number++, content);
		}
	}
	qsort(listing->facts, listing->cnt, sizeof(*listing->facts),
	      listing_order);
}

static inline void listing_free(struct listing *listing)
{
	size_t i;

	for (i = 0; i < listing->cnt; i++)
		free(listing->facts[i]);
	free(listing->facts);
}

/** listing_of() - What the kernel has of a table, without counters */
static inline void listing_of(const char *table, struct listing *listing)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	char command[128];
	char *text;

	assert_non_null(nft);
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_STATELESS);
	assert_int_equal(nft_ctx_buffer_output(nft), 0);
	snprintf(command, sizeof(command), "list table inet %s", table);
	assert_int_equal(nft_run_cmd_from_buffer(nft, command), 0);
	text = strdup(nft_ctx_get_output_buffer(nft));
	assert_non_null(text);
	nft_ctx_free(nft);
	listing_take(listing, text);
	free(text);
}

#endif /* TESTS_LISTING_H */

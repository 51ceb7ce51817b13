/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fetch.h - One HTTP request and its whole answer, without blocking the loop
 */

#ifndef SYS_FETCH_H
#define SYS_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/multi.h"
#include "sys/netpath.h"
#include "sys/passage.h"

#define FETCH_BODY_SIZE 16384

struct fetch;

/** fetch_done_fn - It has ended; the fetch is closed after the call */
typedef void fetch_done_fn(struct fetch *fetch);

/**
 * struct fetch - A request
 * @status:	HTTP status, 0 when there was no answer: @error says why
 * @date_s:	The server's Date, seconds since 1970 UTC, 0 when unknown
 * @body:	The answer's, NUL-terminated, wiped when it is closed
 */
struct fetch {
	struct multi multi;
	struct passage passage;
	struct curl_slist *headers;
	fetch_done_fn *done;
	int status;
	int64_t date_s;
	char body[FETCH_BODY_SIZE];
	size_t body_len;
	char error[NETPATH_ERROR_SIZE];
};

/**
 * struct fetch_request - What to ask for
 * @url:	http or https
 * @header:	One header line, NULL for none
 * @post:	A form's body, NULL: a GET
 * @path:	How to get out, NULL: directly, by no proxy whatever
 */
struct fetch_request {
	const char *url;
	const char *header;
	const char *post;
	const struct netpath *path;
};

/**
 * fetch_begin() - Begin; the texts are copied
 *
 * Return: 0: @done will be called, never from inside this call; or -ENOMEM
 */
int fetch_begin(struct fetch *fetch, struct loop *loop,
		const struct fetch_request *request, fetch_done_fn *done)
	__attribute__((warn_unused_result));

/** fetch_close() - End at once and wipe; harmless when none is under way */
void fetch_close(struct fetch *fetch);

#endif /* SYS_FETCH_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_request.c - Any head is a gesture or is refused, and no answer to it has
 * more than one head
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** check_answer() - It must be one whole head */
static void check_answer(const char *text, ssize_t len)
{
	struct http_answer answer;

	if (len > 0 && http_answer_parse(text, (size_t)len, &answer) != len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request request; /* 20 kB */
	struct http_request head;
	struct refusal refusal;
	char text[2048];

	if (http_request_parse((const char *)data, size, &head) <= 0)
		return 0;
	if (!request_read(&head, &request, &refusal)) {
		if (refusal.status < 400 || refusal.status > 499)
			abort();
		check_answer(text, request_write_refusal(
					   refusal.status, refusal.text, "id",
					   1800000000, text, sizeof(text)));
		return 0;
	}
	if (strcasestr(request.own_query, "&sb-hc-") ||
	    !strncasecmp(request.own_query, "sb-hc-", 6) ||
	    strlen(request.token) != request.token_len)
		abort();
	if (request.reject_status)
		check_answer(text, request_write_refusal(request.reject_status,
							 request.reject_text,
							 "id", 1800000000, text,
							 sizeof(text)));
	if (request.gesture != GESTURE_HTTP)
		check_answer(text, request_write_101(request.key,
						     request_first_protocol(
							     request.protocols),
						     text, sizeof(text)));
	return 0;
}

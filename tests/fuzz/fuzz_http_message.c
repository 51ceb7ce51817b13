/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_http_message.c - No answer of a listener splits a client's head, and each
 * request is a message that says what its head said
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/http_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** check_answer() - The head that a client gets is one head of that status */
static void check_answer(const uint8_t *data, size_t size)
{
	struct http_response response;
	struct http_answer answer;
	struct strbuf head;

	strbuf_init(&head);
	if (http_message_response((const char *)data, size, &response) == 1) {
		ssize_t len;

		http_response_head(&response, "ns", 5, true, &head);
		len = http_answer_parse(strbuf_str(&head), head.len, &answer);
		/* Too many or too long headers the parser may refuse; what it
		 * takes must be all. */
		if (len >= 0 && ((size_t)len != head.len ||
				 answer.status != response.status))
			abort();
		if (len < 0 && head.len < 8192 &&
		    memmem(head.text, head.len - 4, "\r\n\r\n", 4))
			abort();
	}
	http_response_fini(&response);
	strbuf_fini(&head);
}

static void check_request(const uint8_t *data, size_t size)
{
	struct http_request head;
	struct http_ask ask = {
		.address = "wss://n/$hc/o",
		.id = "i",
		.head = &head,
		.target = "/o",
		.remote = "::1",
	};
	char *message;
	size_t len;

	if (http_request_parse((const char *)data, size, &head) <= 0)
		return;
	message = http_message_ask(&ask, &len);
	if (!message || strlen(message) != len ||
	    strncmp(message, "{\"request\":{", 12))
		abort();
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_answer(data, size);
	check_request(data, size);
	return 0;
}

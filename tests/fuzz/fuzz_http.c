/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_http.c - Heads: what is found lies inside, and every shorter piece waits
 */

#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "base/limits.h"
#include "codec/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** inside() - Does a slice lie in the head? */
static void inside(struct slice slice, const char *head, size_t len)
{
	assert(slice.data >= head && slice.data <= head + len);
	assert(slice.len <= len - (size_t)(slice.data - head));
}

static void headers(const struct http_header *headers, size_t cnt,
		    const char *head, size_t len)
{
	size_t i;

	assert(cnt <= HTTP_HEADER_CNT_MAX);
	for (i = 0; i < cnt; i++) {
		inside(headers[i].name, head, len);
		inside(headers[i].value, head, len);
		assert(headers[i].name.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct http_request request;
	struct http_answer answer;
	struct slice value;
	ssize_t len = http_request_parse(text, size, &request);

	assert(len <= HTTP_HEAD_LEN_MAX && (len < 0 || (size_t)len <= size));
	if (len > 0) {
		headers(request.headers, request.header_cnt, text, (size_t)len);
		inside(request.target, text, (size_t)len);
		if (http_query_find(request.target, "a", &value))
			inside(value, text, (size_t)len);
		assert(http_request_parse(text, (size_t)len, &request) == len);
		assert(http_request_parse(text, (size_t)len - 1, &request) ==
		       -EAGAIN);
	}
	len = http_answer_parse(text, size, &answer);
	assert(len <= HTTP_HEAD_LEN_MAX && (len < 0 || (size_t)len <= size));
	if (len > 0) {
		headers(answer.headers, answer.header_cnt, text, (size_t)len);
		inside(answer.reason, text, (size_t)len);
		assert(answer.status >= 100 && answer.status <= 999);
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fetch.c - One HTTP request and its whole answer, without blocking the loop
 */

#include "sys/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_MS 20000L

/* libcurl's callback: bytes of the body (CURLOPT_WRITEFUNCTION). */
static size_t on_body(char *data, size_t size, size_t cnt, void *arg)
{
	struct fetch *fetch = arg;
	size_t len = size * cnt;

	if (len >= sizeof(fetch->body) - fetch->body_len)
		return 0;
	memcpy(fetch->body + fetch->body_len, data, len);
	fetch->body_len += len;
	fetch->body[fetch->body_len] = '\0';
	return len;
}

/* libcurl's callback: a header line (CURLOPT_HEADERFUNCTION). */
static size_t on_header(char *data, size_t size, size_t cnt, void *arg)
{
	struct fetch *fetch = arg;
	size_t len = size * cnt;
	char text[64];

	if (len > 6 && len < sizeof(text) && !strncasecmp(data, "Date: ", 6)) {
		memcpy(text, data + 6, len - 6);
		text[len - 6] = '\0';
		fetch->date_s = curl_getdate(text, NULL);
		if (fetch->date_s < 0)
			fetch->date_s = 0;
	}
	return len;
}

static void on_done(struct multi *multi, CURLcode code)
{
	struct fetch *fetch =
		(struct fetch *)((char *)multi - offsetof(struct fetch, multi));
	long status = 0;

	if (code == CURLE_OK)
		(void)curl_easy_getinfo(multi->easy, CURLINFO_RESPONSE_CODE,
					&status);
	else
		netpath_explain(multi->easy, code, NULL, fetch->error,
				sizeof(fetch->error));
	fetch->status = (int)status;
	fetch->done(fetch);
	fetch_close(fetch);
}

/** on_passage() - The way through the proxy is made, or cannot be */
static void on_passage(struct passage *passage)
{
	struct fetch *fetch = (struct fetch *)((char *)passage -
					       offsetof(struct fetch, passage));

	if (passage->fd < 0)
		memcpy(fetch->error, passage->error, sizeof(fetch->error));
	else if (passage_use(passage, fetch->multi.easy) &&
		 !multi_start(&fetch->multi))
		return;
	fetch->done(fetch);
	fetch_close(fetch);
}

/** configure() - All options; Return: were they taken? */
static bool configure(struct fetch *fetch, const struct fetch_request *request)
{
	CURL *easy = fetch->multi.easy;
	CURLcode bad = CURLE_OK;

#define SET(option, value) (bad |= curl_easy_setopt(easy, option, value))
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_ERRORBUFFER, fetch->error);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, fetch);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, fetch);
	if (request->post)
		SET(CURLOPT_COPYPOSTFIELDS, request->post);
	if (fetch->headers)
		SET(CURLOPT_HTTPHEADER, fetch->headers);
	if (!request->path)
		SET(CURLOPT_PROXY, "");
#undef SET
	return bad == CURLE_OK &&
	       (!request->path || netpath_apply(easy, request->path, false));
}

/** begin() - At once, or when there is a way; Return: 0 or negative errno */
static int begin(struct fetch *fetch, const struct fetch_request *request)
{
	if (request->path && netpath_may_wait(request->path))
		return passage_open(&fetch->passage, request->url,
				    request->path);
	return multi_start(&fetch->multi);
}

int fetch_begin(struct fetch *fetch, struct loop *loop,
		const struct fetch_request *request, fetch_done_fn *done)
{
	fetch_close(fetch);
	memset(fetch, 0, sizeof(*fetch));
	fetch->done = done;
	passage_init(&fetch->passage, loop, on_passage);
	if (multi_open(&fetch->multi, loop, on_done))
		return -ENOMEM;
	if (request->header)
		fetch->headers = curl_slist_append(NULL, request->header);
	if ((request->header && !fetch->headers) ||
	    !configure(fetch, request) || begin(fetch, request)) {
		fetch_close(fetch);
		return -ENOMEM;
	}
	return 0;
}

void fetch_close(struct fetch *fetch)
{
	multi_close(&fetch->multi);
	passage_close(&fetch->passage);
	curl_slist_free_all(fetch->headers);
	fetch->headers = NULL;
	explicit_bzero(fetch->body, sizeof(fetch->body));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_message.c - Control messages: an accept that reads is written and reads again
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <hyco/message.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(void *arg, const char *name, const char *value)
{
	(void)arg;
	assert(strlen(name) + strlen(value) < 65536);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *in = (const char *)data;
	struct hyco_accept accept;
	struct hyco_accept again;
	struct hyco_request request;
	char text[16384];
	char token[512];
	char renewed[512];
	ssize_t len;

	if (hyco_message_parse(in, size, &accept) == HYCO_MESSAGE_ACCEPT) {
		const struct hyco_header header = {"Sec-WebSocket-Protocol", 22,
						   accept.protocol,
						   strlen(accept.protocol)};

		len = hyco_message_accept(accept.address, accept.id, &header, 1,
					  "::1", 1, text, sizeof(text));
		assert(len > 0 &&
		       hyco_message_parse(text, (size_t)len, &again) ==
			       HYCO_MESSAGE_ACCEPT);
		assert(!strcmp(again.address, accept.address));
		assert(!strcmp(again.id, accept.id));
		assert(!strcmp(again.protocol, accept.protocol));
	}
	if (hyco_message_parse_renew(in, size, token, sizeof(token)) > 0) {
		len = hyco_message_renew(token, text, sizeof(text));
		assert(len > 0 &&
		       hyco_message_parse_renew(text, (size_t)len, renewed,
						sizeof(renewed)) > 0);
		assert(!strcmp(token, renewed));
	}
	if (!hyco_message_parse_request(in, size, &request)) {
		assert(request.address[0]);
		assert(!request.method[0] || request.target[0] == '/');
		(void)hyco_message_headers(in, size, look, NULL);
		assert(hyco_message_header(in, size, "Via", token,
					   sizeof(token)) < 512);
	}
	return 0;
}

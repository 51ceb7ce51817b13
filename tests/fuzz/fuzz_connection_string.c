/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_connection_string.c - One that reads has an address that reads as well
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <hyco/connection_string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hyco_connection_string string;
	char address[8192];
	struct hyco_uri uri;
	const char *why;

	if (hyco_connection_string_parse((const char *)data, size, &string,
					 &why)) {
		assert(why && !string.key[0] && !string.token[0]);
		return 0;
	}
	assert(!string.key[0] != !string.token[0]);
	assert(!string.key[0] == !string.key_name[0]);
	assert(!strcmp(string.endpoint.target, "/") && string.endpoint.tls);
	if (hyco_connection_string_address(&string, "a b/c", address,
					   sizeof(address)) > 0) {
		assert(!hyco_uri_parse(address, &uri, &why));
		assert(!strcmp(uri.host, string.endpoint.host));
		assert(!strcmp(uri.target, "/a%20b/c"));
	}
	if (string.path[0] &&
	    hyco_connection_string_address(&string, NULL, address,
					   sizeof(address)) > 0)
		assert(!hyco_uri_parse(address, &uri, &why));
	hyco_connection_string_wipe(&string);
	return 0;
}

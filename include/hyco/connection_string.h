/* SPDX-License-Identifier: MIT */

/*
 * connection_string.h - "Endpoint=sb://…;SharedAccessKeyName=…;…" taken apart
 */

#ifndef HYCO_CONNECTION_STRING_H
#define HYCO_CONNECTION_STRING_H

#include <stddef.h>
#include <sys/types.h>

#include <hyco/token.h>
#include <hyco/uri.h>

#define HYCO_KEY_SIZE  257
#define HYCO_PATH_SIZE 1024

/**
 * struct hyco_connection_string - What it says
 * @endpoint:	Host and port; TLS always
 * @path:	EntityPath, decoded, "" when absent: a namespace's string
 * @key_name:	SharedAccessKeyName, "" with a signature
 * @key:	SharedAccessKey, "" with a signature
 * @token:	SharedAccessSignature, a whole token, "" with a key
 */
struct hyco_connection_string {
	struct hyco_uri endpoint;
	char path[HYCO_PATH_SIZE];
	char key_name[HYCO_KEY_SIZE];
	char key[HYCO_KEY_SIZE];
	char token[HYCO_TOKEN_SIZE];
};

/**
 * hyco_connection_string_parse() - Take one apart
 * @text:	Text; white space around it does not count
 * @len:	Bytes
 * @out:	Filled in on success; hyco_connection_string_wipe() it
 * @why:	On failure set to a static sentence that says what is wrong
 *
 * Keys without case, in any order; '=' may occur in values; a trailing ';' is
 * allowed; an unknown key, one that comes twice and an empty value are not.
 *
 * Return: 0, or HYCO_EBADMSG
 */
int hyco_connection_string_parse(const char *text, size_t len,
				 struct hyco_connection_string *out,
				 const char **why)
	__attribute__((warn_unused_result));

/**
 * hyco_connection_string_address() - "wss://namespace/path"
 * @path:	Path, decoded, for a string without EntityPath; else NULL
 *
 * Return: length, HYCO_EMSGSIZE, or HYCO_EINVAL: no path is known
 */
ssize_t hyco_connection_string_address(
	const struct hyco_connection_string *string, const char *path,
	char *address, size_t size) __attribute__((warn_unused_result));

/** hyco_connection_string_wipe() - Overwrite it: there is a key in it */
void hyco_connection_string_wipe(struct hyco_connection_string *string);

#endif /* HYCO_CONNECTION_STRING_H */

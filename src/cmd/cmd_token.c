/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cmd_token.c - relaytun token: a SAS token for a hybrid connection
 */

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/connection_string.h>
#include <hyco/error.h>
#include <hyco/token.h>
#include <hyco/uri.h>

#include "base/limits.h"
#include "cmd/cmd.h"
#include "sys/clock.h"
#include "sys/file.h"

#define TTL_S_DEFAULT 3600
#define TTL_S_MAX     (366L * 86400)

/** struct token_args - What the command line says */
struct token_args {
	const char *uri;
	const char *key_name;
	const char *key_file;
	const char *string_file;
	long ttl_s;
};

static void usage(FILE *to)
{
	fputs("Usage: relaytun token --uri URL --key-name NAME --key-file "
	      "FILE\n"
	      "                      [--ttl SECONDS]\n"
	      "       relaytun token --connection-string-file FILE [--uri "
	      "URL]\n"
	      "                      [--ttl SECONDS]\n"
	      "\n"
	      "Prints a SAS token for a hybrid connection.  The key is read "
	      "from\n"
	      "a file that only its owner may read; it never stands on a "
	      "command\n"
	      "line.\n"
	      "\n"
	      "  --uri URL        as "
	      "wss://contoso.servicebus.windows.net/oslo-a\n"
	      "                   [the connection string's, when it has an "
	      "EntityPath]\n"
	      "  --key-name NAME  name of the shared access rule\n"
	      "  --key-file FILE  the rule's key\n"
	      "  --connection-string-file FILE\n"
	      "                   both of them, as the portal shows them\n"
	      "  --ttl SECONDS    life of the token, 1 to 31622400 [3600]\n"
	      "  -h, --help       this text\n"
	      "\n"
	      "Exit status: 0 done, 2 wrong usage or unusable file.\n",
	      to);
}

/** parse_ttl() - Return: seconds, -1 when it is no usable number */
static long parse_ttl(const char *text)
{
	char *end;
	long ttl_s;

	errno = 0;
	ttl_s = strtol(text, &end, 10);
	if (errno || *end || end == text || ttl_s < 1 || ttl_s > TTL_S_MAX)
		return -1;
	return ttl_s;
}

/** is_complete() - One of the two forms, and nothing of the other? */
static bool is_complete(const struct token_args *args)
{
	if (args->string_file)
		return !args->key_name && !args->key_file;
	return args->uri && args->key_name && args->key_file;
}

/** read_args() - Return: true to go on; else *@status is the exit status */
static bool read_args(int argc, char **argv, struct token_args *args,
		      int *status)
{
	static const struct option options[] = {
		{"uri", required_argument, NULL, 'u'},
		{"key-name", required_argument, NULL, 'n'},
		{"key-file", required_argument, NULL, 'f'},
		{"connection-string-file", required_argument, NULL, 's'},
		{"ttl", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int opt;

	*args = (struct token_args){.ttl_s = TTL_S_DEFAULT};
	*status = EXIT_USAGE;
	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 'u':
			args->uri = optarg;
			break;
		case 'n':
			args->key_name = optarg;
			break;
		case 'f':
			args->key_file = optarg;
			break;
		case 's':
			args->string_file = optarg;
			break;
		case 't':
			args->ttl_s = parse_ttl(optarg);
			break;
		case 'h':
			usage(stdout);
			*status = EXIT_DONE;
			return false;
		default:
			usage(stderr);
			return false;
		}
	}
	if (args->ttl_s < 0)
		fprintf(stderr, "relaytun: --ttl: it is 1 to %ld seconds\n",
			TTL_S_MAX);
	else if (optind < argc || !is_complete(args))
		usage(stderr);
	else
		return true;
	return false;
}

/** print_token() - Sign with the key and print; Return: exit status */
static int print_token(const struct token_args *args, const char *key,
		       size_t key_len)
{
	char audience[HYCO_HOST_SIZE + HYCO_TARGET_SIZE];
	char token[HYCO_TOKEN_SIZE];
	struct hyco_uri uri;
	const char *why;
	ssize_t len;

	if (hyco_uri_parse(args->uri, &uri, &why)) {
		fprintf(stderr, "relaytun: --uri %s: %s\n", args->uri, why);
		return EXIT_USAGE;
	}
	len = hyco_uri_audience(&uri, audience, sizeof(audience));
	if (len >= 0)
		len = hyco_token_sign(audience, args->key_name, key, key_len,
				      clock_wall().s + args->ttl_s, token,
				      sizeof(token));
	if (len < 0) {
		fprintf(stderr,
			"relaytun: no token: key name has 1 to %d characters, "
			"and the address must not be longer than 2000\n",
			KEY_NAME_LEN_MAX);
		return EXIT_USAGE;
	}
	printf("%s\n", token);
	return EXIT_DONE;
}

/** from_string() - With what a connection string says; Return: exit status */
static int from_string(const struct token_args *args,
		       const struct hyco_connection_string *string)
{
	char address[HYCO_HOST_SIZE + HYCO_TARGET_SIZE];
	struct token_args all = *args;

	if (string->token[0]) {
		fprintf(stderr, "relaytun: %s: it has a token in it, no key\n",
			args->string_file);
		return EXIT_USAGE;
	}
	if (!args->uri) {
		if (hyco_connection_string_address(string, NULL, address,
						   sizeof(address)) < 0) {
			fprintf(stderr,
				"relaytun: %s: it has no EntityPath; say which "
				"with --uri\n",
				args->string_file);
			return EXIT_USAGE;
		}
		all.uri = address;
	}
	all.key_name = string->key_name;
	return print_token(&all, string->key, strlen(string->key));
}

/** with_string() - Read the connection string; Return: exit status */
static int with_string(const struct token_args *args)
{
	struct hyco_connection_string string;
	const char *why;
	char *text;
	ssize_t len = file_read_secret(args->string_file, SECRET_FILE_LEN_MAX,
				       &text, &why);
	int status = EXIT_USAGE;

	if (len < 0) {
		fprintf(stderr, "relaytun: %s: %s\n", args->string_file, why);
		return status;
	}
	if (hyco_connection_string_parse(text, (size_t)len, &string, &why))
		fprintf(stderr, "relaytun: %s: %s\n", args->string_file, why);
	else
		status = from_string(args, &string);
	hyco_connection_string_wipe(&string);
	file_wipe(text, (size_t)len);
	return status;
}

int cmd_token(int argc, char **argv)
{
	struct token_args args;
	const char *why;
	ssize_t key_len;
	char *key;
	int status;

	if (!read_args(argc, argv, &args, &status))
		return status;
	if (args.string_file)
		return with_string(&args);
	key_len = file_read_secret(args.key_file, KEY_LEN_MAX, &key, &why);
	if (key_len < 0) {
		fprintf(stderr, "relaytun: key file %s: %s\n", args.key_file,
			why);
		return EXIT_USAGE;
	}
	status = print_token(&args, key, (size_t)key_len);
	file_wipe(key, (size_t)key_len);
	return status;
}

/* SPDX-License-Identifier: MIT */

/*
 * sender.c - Sends its arguments, a message each, and prints what comes back
 *
 *	HYCO_CONNECTION_STRING='…' ./sender [-p PATH] WORDS...
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transport.h"

#define MESSAGE_SIZE 65536

/** begin() - Connect; Return: 0 or -1 */
static int begin(struct hyco_conn *conn, struct transport *transport,
		 const char *suffix)
{
	struct hyco_sender_config config = {
		.suffix = suffix,
		.agent = "libhyco-example",
	};
	struct account account;
	struct hyco_sender sender;
	char token[HYCO_TOKEN_SIZE];
	const char *why;
	int err;

	if (account_open(&account))
		return -1;
	config.address = account.address;
	if (hyco_sender_init(&sender, &config, &why)) {
		fprintf(stderr, "%s\n", why);
		return -1;
	}
	err = account_token(&account, token, sizeof(token));
	if (!err)
		err = hyco_sender_begin(&sender, conn, token, now_ms());
	explicit_bzero(token, sizeof(token));
	hyco_connection_string_wipe(&account.string);
	return err ? -1 : transport_open(transport, hyco_conn_uri(conn));
}

/** say() - A message */
static void say(struct hyco_conn *conn, uint8_t *out, const char *word)
{
	size_t len = strlen(word);

	if (len > MESSAGE_SIZE)
		len = MESSAGE_SIZE;
	memcpy(out + HYCO_HEAD_SIZE, word, len);
	hyco_conn_send(conn, true, out + HYCO_HEAD_SIZE, len);
}

/** talk() - Each word and its echo, then the end; Return: exit status */
static int talk(struct hyco_conn *conn, struct transport *transport,
		char **words)
{
	static uint8_t out[HYCO_HEAD_SIZE + MESSAGE_SIZE];
	struct hyco_received received;

	for (;;) {
		struct pollfd fd = {transport->fd,
				    transport_events(transport, conn), 0};

		poll(&fd, 1, 20);
		transport_move(transport, conn);
		hyco_conn_tick(conn, now_ms());
		switch (hyco_conn_next(conn, &received)) {
		case HYCO_CONN_MESSAGE:
			printf("%.*s\n", (int)received.len, received.data);
			__attribute__((fallthrough));
		case HYCO_CONN_OPENED:
			if (*words)
				say(conn, out, *words++);
			else
				hyco_conn_close(conn, 1000, "done", now_ms());
			break;
		case HYCO_CONN_ENDED:
			transport_move(transport, conn);
			fprintf(stderr, "%s\n", hyco_conn_end(conn)->text);
			return hyco_conn_end(conn)->kind == HYCO_END_CLOSED
				       ? EXIT_SUCCESS
				       : EXIT_FAILURE;
		case HYCO_CONN_NOTHING:
			break;
		}
	}
}

int main(int argc, char **argv)
{
	const struct hyco_conn_config config = {
		.in_size = 2 * MESSAGE_SIZE,
		.random = random_fill,
	};
	struct hyco_conn *conn = hyco_conn_new(&config);
	struct transport transport = {.fd = -1};
	const char *suffix = NULL;
	int status = EXIT_FAILURE;

	if (argc > 2 && !strcmp(argv[1], "-p")) {
		suffix = argv[2];
		argv += 2;
	}
	if (conn && !begin(conn, &transport, suffix))
		status = talk(conn, &transport, argv + 1);
	transport_close(&transport);
	hyco_conn_free(conn);
	return status;
}

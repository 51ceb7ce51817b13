/* SPDX-License-Identifier: MIT */

/*
 * transport.h - What the examples share: TLS by OpenSSL, tokens, randomness
 *
 * libhyco does no I/O; this is about the least that a program must bring along.
 * A real one would resolve names and connect without blocking.
 */

#ifndef EXAMPLES_TRANSPORT_H
#define EXAMPLES_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hyco/hyco.h>
#include <openssl/ssl.h>

/** struct transport - @fd -1: closed */
struct transport {
	int fd;
	SSL *ssl;
	bool full;
};

/** transport_open() - Connect and shake hands, waiting; SSL_CERT_FILE names the
 *  CA.  Return: 0, or -1 with words on stderr */
int transport_open(struct transport *transport, const struct hyco_uri *uri);
void transport_close(struct transport *transport);

/** transport_move() - Bytes both ways between the transport and the protocol, as
 *  far as that goes without waiting.  Call hyco_*_next() afterwards */
void transport_move(struct transport *transport, struct hyco_conn *conn);

/** transport_events() - What to poll for */
short transport_events(const struct transport *transport,
		       struct hyco_conn *conn);

/** now_ms() - A clock that never goes back */
int64_t now_ms(void);

/** random_fill() - hyco_random_fn by the kernel */
void random_fill(void *arg, void *data, size_t len);

/**
 * struct account - From the environment variable HYCO_CONNECTION_STRING
 * @address:	"wss://namespace/path"
 */
struct account {
	struct hyco_connection_string string;
	char address[HYCO_HOST_SIZE + HYCO_TARGET_SIZE];
};

/** account_open() - Return: 0, or -1 with words on stderr */
int account_open(struct account *account);

#define ACCOUNT_TOKEN_S 3600

/** account_token() - A token for it, good for ACCOUNT_TOKEN_S
 *  Return: 0, or -1 */
int account_token(const struct account *account, char *token, size_t size);

#endif /* EXAMPLES_TRANSPORT_H */

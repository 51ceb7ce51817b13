/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_outflow.c - What a connection of the relay sends, with and without TLS
 */

#include "relay/outflow.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#define LEN_MAX ((size_t)1 << 20)

/**
 * struct end - A connection, and its client
 * @client:	The client's socket, which does not block
 * @tls:	The client's TLS
 */
struct end {
	struct outflow out;
	SSL *ssl;
	SSL *tls;
	int client;
};

struct world {
	struct outflow_gather gather;
	size_t held;
	SSL_CTX *context;
	struct end a;
	struct end b;
	uint8_t sent[LEN_MAX];
	uint8_t got[LEN_MAX];
};

/** end_open() - Without TLS
 *  @type:	SOCK_SEQPACKET shows each write apart */
static void end_open(struct world *w, struct end *end, int type)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair), 0);
	end->client = pair[1];
	assert_int_equal(
		outflow_open(&end->out, &w->gather, pair[0], NULL, &w->held),
		0);
}

/** end_open_tls() - As a client and the relay that have shaken hands */
static void end_open_tls(struct world *w, struct end *end)
{
	int pair[2];
	int server;
	int client;

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	w->context = SSL_CTX_new(TLS_method());
	assert_non_null(w->context);
	/* Needs no certificate. */
	SSL_CTX_set_max_proto_version(w->context, TLS1_2_VERSION);
	assert_int_equal(
		SSL_CTX_set_cipher_list(w->context, "aNULL:@SECLEVEL=0"), 1);
	end->ssl = SSL_new(w->context);
	end->tls = SSL_new(w->context);
	assert_true(end->ssl && end->tls);
	SSL_set_fd(end->ssl, pair[0]);
	SSL_set_fd(end->tls, pair[1]);
	SSL_set_accept_state(end->ssl);
	SSL_set_connect_state(end->tls);
	do {
		client = SSL_do_handshake(end->tls);
		server = SSL_do_handshake(end->ssl);
	} while (client != 1 || server != 1);
	/* As libwebsockets has it. */
	SSL_set_mode(end->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
				       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	end->client = pair[1];
	assert_int_equal(outflow_open(&end->out, &w->gather, pair[0], end->ssl,
				      &w->held),
			 0);
}

static void end_close(struct end *end)
{
	int fd = end->out.fd;

	if (!end->out.gather)
		return;
	outflow_close(&end->out);
	SSL_free(end->ssl);
	SSL_free(end->tls);
	close(fd);
	if (end->client >= 0)
		close(end->client);
}

static int world_open(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	size_t i;

	assert_non_null(w);
	assert_int_equal(outflow_gather_init(&w->gather), 0);
	for (i = 0; i < LEN_MAX; i++)
		w->sent[i] = (uint8_t)(i * 7 + i / 251);
	*state = w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;

	end_close(&w->a);
	end_close(&w->b);
	assert_null(w->gather.holder);
	assert_null(w->gather.of);
	assert_int_equal(w->held, 0);
	SSL_CTX_free(w->context);
	outflow_gather_fini(&w->gather);
	free(w);
	return 0;
}

/** take() - What the client finds, at most @max bytes; Return: how much */
static size_t take(struct world *w, struct end *end, size_t max)
{
	ssize_t got;

	if (end->tls)
		got = SSL_read(end->tls, w->got, (int)max);
	else
		got = recv(end->client, w->got, max, 0);
	return got > 0 ? (size_t)got : 0;
}

/** take_all() - The client reads, and the rest is sent, until @len bytes came, which
 *  must be those that were sent */
static void take_all(struct world *w, struct end *end, size_t len)
{
	size_t sum = 0;

	while (sum < len) {
		size_t got = take(w, end, LEN_MAX);
		int err = outflow_flush(&end->out);

		assert_true(!err || err == -EAGAIN);
		assert_true(got || err == -EAGAIN);
		assert_in_range(got, 0, len - sum);
		assert_memory_equal(w->got, w->sent + sum, got);
		sum += got;
	}
	assert_int_equal(take(w, end, LEN_MAX), 0);
	assert_int_equal(outflow_flush(&end->out), 0);
	assert_false(outflow_is_behind(&end->out));
	assert_int_equal(w->held, 0);
}

/** write_until_behind() - Return: bytes */
static size_t write_until_behind(struct world *w, struct end *end)
{
	size_t sum = 0;

	while (!outflow_is_behind(&end->out)) {
		assert_true(sum + 50000 < LEN_MAX);
		assert_int_equal(outflow_write(&end->out, w->sent + sum, 50000),
				 0);
		sum += 50000;
	}
	assert_true(w->held > 0);
	assert_int_equal(outflow_flush(&end->out), -EAGAIN);
	return sum;
}

static void what_the_socket_does_not_take_is_kept(void **state)
{
	struct world *w = *state;
	size_t sum;

	end_open(w, &w->a, SOCK_STREAM);
	sum = write_until_behind(w, &w->a);
	/* Behind that, though there may be some room again. */
	assert_true(take(w, &w->a, 1) == 1);
	assert_int_equal(outflow_write(&w->a.out, w->sent + sum, 1000), 0);
	memmove(w->sent, w->sent + 1, LEN_MAX - 1);
	take_all(w, &w->a, sum + 1000 - 1);
}

static void records_that_the_socket_does_not_take_are_kept(void **state)
{
	struct world *w = *state;
	size_t sum;

	end_open_tls(w, &w->a);
	sum = write_until_behind(w, &w->a);
	assert_int_equal(outflow_write(&w->a.out, w->sent + sum, 1000), 0);
	take_all(w, &w->a, sum + 1000);
}

static void what_is_held_leaves_together(void **state)
{
	struct world *w = *state;

	end_open(w, &w->a, SOCK_SEQPACKET);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 10), 0);
	assert_int_equal(take(w, &w->a, LEN_MAX), 10);
	outflow_hold(&w->a.out);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 100), 0);
	assert_int_equal(outflow_write(&w->a.out, w->sent + 100, 200), 0);
	assert_int_equal(take(w, &w->a, LEN_MAX), 0);
	outflow_release(&w->a.out);
	assert_int_equal(take(w, &w->a, LEN_MAX), 300);
	assert_memory_equal(w->got, w->sent, 300);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 20), 0);
	assert_int_equal(take(w, &w->a, LEN_MAX), 20);
}

static void records_that_are_held_leave_together(void **state)
{
	struct world *w = *state;

	end_open_tls(w, &w->a);
	outflow_hold(&w->a.out);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 60000), 0);
	assert_int_equal(outflow_write(&w->a.out, w->sent + 60000, 5), 0);
	assert_int_equal(take(w, &w->a, LEN_MAX), 0);
	outflow_release(&w->a.out);
	take_all(w, &w->a, 60005);
}

static void much_is_not_held(void **state)
{
	struct world *w = *state;

	end_open(w, &w->a, SOCK_STREAM);
	outflow_hold(&w->a.out);
	assert_int_equal(outflow_write(&w->a.out, w->sent, OUTFLOW_GATHER_SIZE),
			 0);
	assert_int_equal(take(w, &w->a, LEN_MAX), 0);
	assert_int_equal(
		outflow_write(&w->a.out, w->sent + OUTFLOW_GATHER_SIZE, 1), 0);
	take_all(w, &w->a, OUTFLOW_GATHER_SIZE);
	outflow_release(&w->a.out);
	assert_int_equal(take(w, &w->a, LEN_MAX), 1);
}

static void another_connections_bytes_do_not_wait(void **state)
{
	struct world *w = *state;

	end_open(w, &w->a, SOCK_SEQPACKET);
	end_open(w, &w->b, SOCK_SEQPACKET);
	outflow_hold(&w->a.out);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 100), 0);
	assert_int_equal(outflow_write(&w->b.out, w->sent, 30), 0);
	assert_int_equal(take(w, &w->b, LEN_MAX), 30);
	assert_int_equal(take(w, &w->a, LEN_MAX), 100);
	/* The first one is still held. */
	assert_int_equal(outflow_write(&w->a.out, w->sent, 10), 0);
	assert_int_equal(take(w, &w->a, LEN_MAX), 0);
	outflow_release(&w->a.out);
	assert_int_equal(take(w, &w->a, LEN_MAX), 10);
}

static void dead_socket_is_told_and_nothing_kept(void **state)
{
	struct world *w = *state;

	end_open(w, &w->a, SOCK_STREAM);
	close(w->a.client);
	w->a.client = -1;
	assert_int_equal(outflow_write(&w->a.out, w->sent, 100), -EIO);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 100), -EIO);
	assert_int_equal(outflow_flush(&w->a.out), -EIO);
	assert_int_equal(w->held, 0);
}

static void socket_that_dies_while_held_is_told_after(void **state)
{
	struct world *w = *state;

	end_open_tls(w, &w->a);
	outflow_hold(&w->a.out);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 100), 0);
	close(w->a.client);
	w->a.client = -1;
	outflow_release(&w->a.out);
	assert_int_equal(outflow_flush(&w->a.out), -EIO);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 100), -EIO);
}

/** goodbye() - Did the client get a close_notify, once the connection ended? */
static bool goodbye(struct world *w)
{
	outflow_close(&w->a.out);
	(void)SSL_shutdown(w->a.ssl);
	while (take(w, &w->a, LEN_MAX) > 0)
		;
	SSL_free(w->a.ssl);
	w->a.ssl = NULL;
	return SSL_get_shutdown(w->a.tls) & SSL_RECEIVED_SHUTDOWN;
}

static void tls_says_goodbye_by_itself_at_the_end(void **state)
{
	struct world *w = *state;
	int fd;

	end_open_tls(w, &w->a);
	fd = w->a.out.fd;
	outflow_hold(&w->a.out);
	assert_int_equal(outflow_write(&w->a.out, w->sent, 100), 0);
	/* What was held goes before it. */
	assert_true(goodbye(w));
	SSL_free(w->a.tls);
	close(fd);
	close(w->a.client);
}

static void tls_says_no_goodbye_in_the_middle_of_a_record(void **state)
{
	struct world *w = *state;
	int fd;

	end_open_tls(w, &w->a);
	fd = w->a.out.fd;
	write_until_behind(w, &w->a);
	assert_false(goodbye(w));
	SSL_free(w->a.tls);
	close(fd);
	close(w->a.client);
}

static void one_that_was_never_opened_is_closed(void **state)
{
	struct outflow out = {0};

	(void)state;
	assert_false(outflow_is_behind(&out));
	assert_int_equal(outflow_flush(&out), 0);
	outflow_close(&out);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_socket_does_not_take_is_kept),
		TEST(records_that_the_socket_does_not_take_are_kept),
		TEST(what_is_held_leaves_together),
		TEST(records_that_are_held_leave_together),
		TEST(much_is_not_held),
		TEST(another_connections_bytes_do_not_wait),
		TEST(dead_socket_is_told_and_nothing_kept),
		TEST(socket_that_dies_while_held_is_told_after),
		TEST(tls_says_goodbye_by_itself_at_the_end),
		TEST(tls_says_no_goodbye_in_the_middle_of_a_record),
		TEST(one_that_was_never_opened_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_stream.c - A stream with TLS, to a server of this program's on loopback
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/epoll.h>

#include "sys/clock.h"
#include "sys/stream.h"
#include "tls_server.h"

/* Of a test that fails. */
#define LIMIT_MS 20000

/** struct client - A stream, and what it has seen */
struct client {
	struct loop loop;
	struct loop_timer limit;
	struct stream stream;
	char got[16];
	size_t got_len;
	bool failed;
};

static struct client client;

static void on_up(struct stream *stream)
{
	assert_int_equal(stream_want(stream, EPOLLIN), 0);
}

static void on_failed(struct stream *stream)
{
	(void)stream;
	client.failed = true;
	loop_stop(&client.loop);
}

/** on_ready() - It is over when something came and nothing is left to be sent */
static void on_ready(struct stream *stream, uint32_t events)
{
	ssize_t got;

	(void)events;
	do {
		got = stream_read(stream, (uint8_t *)client.got,
				  sizeof(client.got));
		if (got > 0)
			client.got_len = (size_t)got;
	} while (got > 0);
	if (client.got_len && stream_is_clear(stream))
		loop_stop(&client.loop);
}

static void on_limit(struct loop_timer *timer)
{
	(void)timer;
	client.failed = true;
	loop_stop(&client.loop);
}

/** connect_to() - And stay until something has come and all is sent */
static void connect_to(const struct server *server)
{
	static const struct stream_handler handler = {on_up, on_ready,
						      on_failed};
	char *pem;
	long pem_len = BIO_get_mem_data(server->pem, &pem);
	const struct netpath path = {
		.ca_pem = pem, .ca_len = (size_t)pem_len, .proxy = ""};
	const struct stream_target to = {"127.0.0.1", server->port, true,
					 &path};

	memset(&client, 0, sizeof(client));
	client.limit.fire = on_limit;
	assert_int_equal(loop_open(&client.loop), 0);
	loop_timer_set(&client.loop, &client.limit,
		       mono_add_ms(clock_mono(), LIMIT_MS));
	assert_int_equal(
		stream_open(&client.stream, &client.loop, &handler, &to), 0);
	assert_int_equal(loop_run(&client.loop), 0);
	loop_timer_cancel(&client.loop, &client.limit);
}

static void hang_up(void)
{
	stream_close(&client.stream);
	loop_close(&client.loop);
}

/** shake_again() - The client has to answer, in the middle of a connection */
static void shake_again(SSL *ssl)
{
	char rest[16];

	/* Reading returns when the handshake is done. */
	SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	if (SSL_renegotiate(ssl) != 1 || SSL_do_handshake(ssl) != 1 ||
	    SSL_peek(ssl, rest, 1) > 0 || SSL_renegotiate_pending(ssl) ||
	    SSL_write(ssl, "x", 1) != 1)
		return;
	while (SSL_read(ssl, rest, sizeof(rest)) > 0)
		;
}

static void an_answer_of_tls_itself_leaves_without_a_word_of_ours(void **state)
{
	struct server server;

	(void)state;
	server_start(&server, shake_again, TLS1_2_VERSION);
	connect_to(&server);

	assert_int_equal(client.got_len, 1);
	assert_true(stream_is_clear(&client.stream));
	assert_false(client.failed);
	hang_up();
	server_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_answer_of_tls_itself_leaves_without_a_word_of_ours),
	};

	if (stream_global_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

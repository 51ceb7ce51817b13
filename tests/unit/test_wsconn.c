/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_wsconn.c - A WebSocket to a relay that cuts what it says as it likes
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include <hyco/sender.h>

#include "carrier/wsconn.h"
#include "sys/clock.h"
#include "tls_server.h"

/* Of a test that fails; an upgrade has less. */
#define LIMIT_MS 8000

static struct loop loop;
static bool late;

static void nothing(struct wsconn *conn)
{
	(void)conn;
}

static void no_message(struct wsconn *conn, const struct ws_message *message)
{
	(void)conn;
	(void)message;
}

static void on_closed(struct wsconn *conn)
{
	(void)conn;
	loop_stop(&loop);
}

static void on_limit(struct loop_timer *timer)
{
	(void)timer;
	late = true;
	loop_stop(&loop);
}

/** open_to() - A sender's connection to a server */
static void open_to(struct wsconn *conn, const struct server *server)
{
	char *pem;
	long pem_len = BIO_get_mem_data(server->pem, &pem);
	const struct netpath path = {
		.ca_pem = pem, .ca_len = (size_t)pem_len, .proxy = ""};
	char address[64];
	const struct hyco_sender_config config = {.address = address,
						  .agent = "test"};
	struct hyco_sender sender = {0};
	const struct wsconn_target to = {.sender = &sender, .path = &path};
	const char *why;

	snprintf(address, sizeof(address), "wss://127.0.0.1:%u/hyco",
		 server->port);
	assert_int_equal(hyco_sender_init(&sender, &config, &why), 0);
	assert_int_equal(wsconn_open(conn, &to), 0);
}

/** run_to_end() - Of a connection; Return: its status */
static int run_to_end(const struct server *server)
{
	static const struct wsconn_handler handler = {
		.opened = nothing,
		.message = no_message,
		.idle = nothing,
		.closed = on_closed,
	};
	struct loop_timer limit = {.fire = on_limit};
	struct hyco_conn *ws = wsconn_new_ws(256 * 1024);
	struct wsconn conn;

	late = false;
	assert_int_equal(loop_open(&loop), 0);
	loop_timer_set(&loop, &limit, mono_add_ms(clock_mono(), LIMIT_MS));
	wsconn_init(&conn, &loop, &handler, ws);
	open_to(&conn, server);
	assert_int_equal(loop_run(&loop), 0);
	loop_timer_cancel(&loop, &limit);
	wsconn_close(&conn, 0, "");
	hyco_conn_free(ws);
	loop_close(&loop);
	return conn.status;
}

/** answer_in_bytes() - A record for each, all at once */
static void answer_in_bytes(SSL *ssl)
{
	static const char answer[] = "HTTP/1.1 404 There is nobody\r\n"
				     "Content-Length: 0\r\n\r\n";
	char rest[4096];
	int cork = 1;
	size_t i;

	if (SSL_read(ssl, rest, sizeof(rest)) <= 0)
		return;
	(void)setsockopt(SSL_get_fd(ssl), IPPROTO_TCP, TCP_CORK, &cork,
			 sizeof(cork));
	for (i = 0; i < sizeof(answer) - 1; i++)
		(void)SSL_write(ssl, answer + i, 1);
	cork = 0;
	(void)setsockopt(SSL_get_fd(ssl), IPPROTO_TCP, TCP_CORK, &cork,
			 sizeof(cork));
	while (SSL_read(ssl, rest, sizeof(rest)) > 0)
		;
}

static void an_answer_in_very_many_records_is_read_to_its_end(void **state)
{
	struct server server;

	(void)state;
	server_start(&server, answer_in_bytes, TLS1_3_VERSION);

	assert_int_equal(run_to_end(&server), 404);
	assert_false(late);
	server_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_answer_in_very_many_records_is_read_to_its_end),
	};

	if (stream_global_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

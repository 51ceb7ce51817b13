/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_stream.c - A stream with TLS, to a server of this program's on loopback
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "sys/clock.h"
#include "sys/stream.h"

/* Of a test that fails. */
#define LIMIT_MS 20000

/**
 * struct server - Serves one connection, in a thread of its own
 * @ctx:	With its certificate
 * @pem:	The same, for who trusts it
 * @fd:		Listening socket
 * @talk:	What it does once TLS is made
 */
struct server {
	SSL_CTX *ctx;
	BIO *pem;
	int fd;
	uint16_t port;
	pthread_t thread;
	void (*talk)(SSL *ssl);
};

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

/** add_host() - It is 127.0.0.1 */
static void add_host(X509 *cert)
{
	X509V3_CTX context;
	X509_EXTENSION *host;

	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	host = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name,
				   "IP:127.0.0.1");
	assert_non_null(host);
	assert_int_equal(X509_add_ext(cert, host, -1), 1);
	X509_EXTENSION_free(host);
}

/** make_cert() - Signed by itself, good for an hour */
static X509 *make_cert(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -3600));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
						    (const uint8_t *)"relay",
						    -1, -1, 0),
			 1);
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	add_host(cert);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	return cert;
}

static void *serve(void *arg)
{
	struct server *server = arg;
	int fd = accept(server->fd, NULL, NULL);
	SSL *ssl = SSL_new(server->ctx);

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		server->talk(ssl);
	SSL_free(ssl);
	close(fd);
	return NULL;
}

static void server_start(struct server *server, void (*talk)(SSL *ssl),
			 int version)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = make_cert(key);

	server->talk = talk;
	server->ctx = SSL_CTX_new(TLS_server_method());
	server->pem = BIO_new(BIO_s_mem());
	assert_int_equal(SSL_CTX_set_max_proto_version(server->ctx, version),
			 1);
	assert_int_equal(SSL_CTX_use_certificate(server->ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server->ctx, key), 1);
	assert_int_equal(PEM_write_bio_X509(server->pem, cert), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(server->fd, 1), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&at, &len),
			 0);
	server->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server),
			 0);
}

static void server_stop(struct server *server)
{
	pthread_join(server->thread, NULL);
	close(server->fd);
	BIO_free(server->pem);
	SSL_CTX_free(server->ctx);
}

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

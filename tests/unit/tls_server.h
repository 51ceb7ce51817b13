/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * tls_server.h - A server on loopback that a test's stream connects to
 */

#ifndef TESTS_TLS_SERVER_H
#define TESTS_TLS_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

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

#endif /* TESTS_TLS_SERVER_H */

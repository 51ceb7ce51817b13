/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * records.c - TLS records of a whole message to the kernel at once
 */

/**
 * DOC: Theory of operation
 *
 * Begin	libcurl has no way to tell of the SSL object of a connection that it
 *		made for others to use (CURLINFO_TLS_SSL_PTR knows only transfers under
 *		way), but lends its context before it makes one; a callback of
 *		OpenSSL's does the rest, once.
 * Out		The SSL object writes into one end of a BIO pair, whose buffer has
 *		room for the records of one piece; we send from the other end.
 *		Nothing is encrypted while something waits, so there is always
 *		room, and the buffer is empty, and so in one piece, each time.
 * In		libcurl goes on reading.  OpenSSL is told to read ahead, with a
 *		buffer of several records.
 *
 * libcurl's own records (none, but an alert at the end, and what TLS answers to what
 * it reads) go through the same buffer; stream.c sees to it that they leave.
 */

#include "sys/records.h"

#include <errno.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "sys/trust.h"

/* Five records, each with head, explicit nonce, type and tag. */
#define OUT_SIZE (RECORDS_LEN_MAX + 4096)
#define IN_SIZE  65536

/* OpenSSL's callback: a message of TLS passes, and tells us of its SSL object. */
static void on_message(int outgoing, int version, int type, const void *data,
		       size_t len, SSL *ssl, void *arg)
{
	struct records *records = arg;

	(void)outgoing;
	(void)version;
	(void)type;
	(void)data;
	(void)len;
	records->seen = ssl;
}

/* libcurl's callback: before it makes an SSL object (CURLOPT_SSL_CTX_FUNCTION). */
static CURLcode on_context(CURL *easy, void *context, void *arg)
{
	struct records *records = arg;

	(void)easy;
	SSL_CTX_set_msg_callback(context, on_message);
	SSL_CTX_set_msg_callback_arg(context, arg);
	if (records->trust)
		SSL_CTX_set1_cert_store(context, records->trust);
	return CURLE_OK;
}

/** read_none() - libcurl need not read any authorities; Return: is that taken? */
static bool read_none(CURL *easy)
{
	return !curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) &&
	       !curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) &&
	       !curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, NULL);
}

bool records_prepare(struct records *records, CURL *easy, X509_STORE *trust)
{
	*records = (struct records){.trust = trust_keep(trust), .fd = -1};
	if (trust && !read_none(easy))
		return false;
	return !curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) &&
	       !curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, records);
}

void records_attach(struct records *records, int fd)
{
	SSL *ssl = records->seen;
	BIO *in;

	if (!ssl)
		return;
	SSL_set_msg_callback(ssl, NULL);
	if (!BIO_new_bio_pair(&in, OUT_SIZE, &records->out, 0))
		return;
	SSL_set0_wbio(ssl, in);
	SSL_set_read_ahead(ssl, 1);
	SSL_set_default_read_buffer_len(ssl, IN_SIZE);
	/* They come back with their new size, unless something is in them. */
	(void)SSL_free_buffers(ssl);
	records->ssl = ssl;
	records->fd = fd;
}

void records_detach(struct records *records)
{
	if (records->ssl) {
		ERR_clear_error();
		(void)SSL_shutdown(records->ssl);
		(void)!records_flush(records);
		BIO_free(records->out);
	}
	trust_free(records->trust);
	*records = (struct records){.fd = -1};
}

bool records_wait(const struct records *records)
{
	return records->ssl && BIO_ctrl_pending(records->out) > 0;
}

int records_flush(struct records *records)
{
	char *data;

	while (records_wait(records)) {
		int len = BIO_nread0(records->out, &data);
		ssize_t put = send(records->fd, data, (size_t)len,
				   MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0)
			return errno == EAGAIN || errno == EINTR ? -EAGAIN
								 : -EIO;
		(void)BIO_nread(records->out, &data, (int)put);
	}
	return 0;
}

ssize_t records_write(struct records *records, const uint8_t *data, size_t len)
{
	int err = records_flush(records);

	if (err)
		return err;
	if (len > RECORDS_LEN_MAX)
		len = RECORDS_LEN_MAX;
	ERR_clear_error();
	if (SSL_write(records->ssl, data, (int)len) != (int)len)
		return -EIO;
	err = records_flush(records);
	return err == -EIO ? err : (ssize_t)len;
}

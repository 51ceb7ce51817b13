/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * outflow.c - What the relay sends on a connection
 *
 * The order of a connection's bytes is: kept, then gathered.  While something is
 * kept, what follows is kept as well.  When bytes of another connection come, those
 * that gathered are sent.
 */

#include "relay/outflow.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

/** give() - To the socket; Return: bytes that it took */
static size_t give(struct outflow *out, const uint8_t *data, size_t len)
{
	ssize_t put;

	do {
		put = send(out->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (put < 0 && errno == EINTR);
	if (put >= 0)
		return (size_t)put;
	if (errno != EAGAIN)
		out->broken = true;
	return 0;
}

/** keep() - Behind what is kept already */
static void keep(struct outflow *out, const uint8_t *data, size_t len)
{
	if (!out->broken && !buffer_add(&out->kept, data, len))
		out->broken = true;
}

/** send_gathered() - Whoever's they are; what the socket does not take is kept */
static void send_gathered(struct outflow_gather *gather)
{
	struct outflow *of = gather->of;
	size_t len = gather->len;
	size_t put;

	gather->of = NULL;
	gather->len = 0;
	if (!len || of->broken)
		return;
	put = give(of, gather->data, len);
	keep(of, gather->data + put, len - put);
}

/** put() - Bytes as they shall go on the wire; @len: at most OUTFLOW_GATHER_SIZE */
static void put(struct outflow *out, const uint8_t *data, size_t len)
{
	struct outflow_gather *gather = out->gather;

	if (gather->of != out || len > OUTFLOW_GATHER_SIZE - gather->len)
		send_gathered(gather);
	if (outflow_is_behind(out)) {
		keep(out, data, len);
		return;
	}
	memcpy(gather->data + gather->len, data, len);
	gather->len += len;
	gather->of = out;
	if (gather->holder != out)
		send_gathered(gather);
}

/** put_all() - However much it is */
static void put_all(struct outflow *out, const uint8_t *data, size_t len)
{
	while (len > 0) {
		size_t part =
			len < OUTFLOW_GATHER_SIZE ? len : OUTFLOW_GATHER_SIZE;

		put(out, data, part);
		data += part;
		len -= part;
	}
}

/** bio_write() - OpenSSL has a record, or says something by itself */
static int bio_write(BIO *bio, const char *data, int len)
{
	struct outflow *out = BIO_get_data(bio);

	if (len < 0 || len > OUTFLOW_GATHER_SIZE || out->broken)
		return -1;
	put(out, (const uint8_t *)data, (size_t)len);
	return len;
}

static long bio_ctrl(BIO *bio, int what, long arg, void *pointer)
{
	(void)bio;
	(void)arg;
	(void)pointer;
	return what == BIO_CTRL_FLUSH;
}

int outflow_gather_init(struct outflow_gather *gather)
{
	*gather = (struct outflow_gather){
		.method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "outflow"),
		.data = malloc(OUTFLOW_GATHER_SIZE),
	};
	if (gather->method && gather->data &&
	    BIO_meth_set_write(gather->method, bio_write) == 1 &&
	    BIO_meth_set_ctrl(gather->method, bio_ctrl) == 1)
		return 0;
	outflow_gather_fini(gather);
	return -ENOMEM;
}

void outflow_gather_fini(struct outflow_gather *gather)
{
	BIO_meth_free(gather->method);
	free(gather->data);
	*gather = (struct outflow_gather){0};
}

int outflow_open(struct outflow *out, struct outflow_gather *gather, int fd,
		 SSL *ssl, size_t *held)
{
	BIO *bio = ssl ? BIO_new(gather->method) : NULL;

	if (ssl && !bio) {
		ERR_clear_error();
		return -ENOMEM;
	}
	*out = (struct outflow){.gather = gather, .ssl = ssl, .fd = fd};
	buffer_init(&out->kept, held);
	if (bio) {
		BIO_set_data(bio, out);
		BIO_set_init(bio, 1);
		SSL_set0_wbio(ssl, bio);
	}
	return 0;
}

void outflow_close(struct outflow *out)
{
	struct outflow_gather *gather = out->gather;

	if (!gather)
		return;
	outflow_release(out);
	if (out->ssl) {
		/* In the middle of a record there is nothing to say. */
		if (out->broken || outflow_is_behind(out))
			SSL_set_quiet_shutdown(out->ssl, 1);
		BIO_up_ref(SSL_get_rbio(out->ssl));
		SSL_set0_wbio(out->ssl, SSL_get_rbio(out->ssl));
	}
	buffer_clear(&out->kept);
	*out = (struct outflow){.fd = -1};
}

/** encrypt() - Into records; Return: could it be? */
static bool encrypt(SSL *ssl, const uint8_t *data, size_t len)
{
	while (len > 0) {
		int part = len < INT_MAX ? (int)len : INT_MAX;
		int done;

		ERR_clear_error();
		done = SSL_write(ssl, data, part);
		if (done <= 0)
			return false;
		data += done;
		len -= (size_t)done;
	}
	return true;
}

int outflow_write(struct outflow *out, const uint8_t *data, size_t len)
{
	const struct outflow *holder = out->gather->holder;

	out->gather->holder = out;
	if (!out->ssl) {
		put_all(out, data, len);
	} else if (!encrypt(out->ssl, data, len)) {
		ERR_clear_error();
		out->broken = true;
	}
	out->gather->holder = holder;
	if (holder != out)
		send_gathered(out->gather);
	return out->broken ? -EIO : 0;
}

void outflow_hold(struct outflow *out)
{
	out->gather->holder = out;
}

void outflow_release(struct outflow *out)
{
	struct outflow_gather *gather = out->gather;

	if (gather->holder == out)
		gather->holder = NULL;
	if (gather->of == out)
		send_gathered(gather);
}

int outflow_flush(struct outflow *out)
{
	if (!out->broken && outflow_is_behind(out))
		buffer_drop(&out->kept,
			    give(out, out->kept.data, out->kept.len));
	if (out->broken)
		return -EIO;
	return outflow_is_behind(out) ? -EAGAIN : 0;
}

bool outflow_is_behind(const struct outflow *out)
{
	return out->kept.len > 0;
}

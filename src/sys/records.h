/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * records.h - TLS records of a whole message to the kernel at once
 *
 * OpenSSL writes each record of 16 KB by itself, and reads a record's head apart
 * from the rest.  Once libcurl has made a connection, this puts a buffer under its
 * SSL object.  Knows nothing of what is sent.
 */

#ifndef SYS_RECORDS_H
#define SYS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <curl/curl.h>
#include <openssl/types.h>

/* Longest piece that records_write() takes: the largest message in a frame. */
#define RECORDS_LEN_MAX (68 * 1024)

/**
 * struct records - One connection's
 * @trust:	What certificates are held against (kept); NULL: what libcurl reads
 * @seen:	The SSL object that libcurl uses (borrowed), NULL before
 * @ssl:	The same while we are attached to it, else NULL
 * @out:	Where records come out again
 * @fd:		The socket (borrowed)
 */
struct records {
	X509_STORE *trust;
	SSL *seen;
	SSL *ssl;
	BIO *out;
	int fd;
};

/**
 * records_prepare() - Before a handle connects, and after all its other options
 * @records:	Must stay where it is until records_detach()
 * @trust:	In place of the authorities that the handle would read; NULL: those
 *
 * Return: were the options taken?
 */
bool records_prepare(struct records *records, CURL *easy, X509_STORE *trust);

/** records_attach() - It is connected: take over what it sends.  If that cannot be,
 *  all stays as it is, and @ssl NULL */
void records_attach(struct records *records, int fd);

/** records_detach() - Say goodbye if there is somebody to hear it, before libcurl closes the connection */
void records_detach(struct records *records);

/**
 * records_write() - Encrypt, and send as much as the kernel takes
 * @len:	At most RECORDS_LEN_MAX
 *
 * Return: @len: all is taken, but some may wait; -EAGAIN: something waited and
 *	   still does, nothing was taken; -EIO
 */
ssize_t records_write(struct records *records, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));

/** records_flush() - Send what waits; Return: 0 when nothing does any more,
 *  -EAGAIN, or -EIO */
int records_flush(struct records *records) __attribute__((warn_unused_result));

/** records_wait() - Does something wait? */
bool records_wait(const struct records *records);

#endif /* SYS_RECORDS_H */

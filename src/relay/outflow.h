/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * outflow.h - What the relay sends on a connection: in few large writes, and kept
 * while the socket does not take it
 *
 * OpenSSL writes each record of 16 KB by itself, and each write is a way through
 * the kernel that wakes a reader.  So records gather, in one buffer for all
 * connections: only one is written to at a time.  Knows nothing of what is sent.
 */

#ifndef RELAY_OUTFLOW_H
#define RELAY_OUTFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "relay/buffer.h"

/* With one record more, which may come before its sender is held, 128 KB: what is
 * kept for a client that does not read. */
#define OUTFLOW_GATHER_SIZE (108 * 1024)

struct outflow;

/**
 * struct outflow_gather - What all connections of a relay share
 * @method:	How OpenSSL hands records over
 * @data, @len:	Bytes that gather, OUTFLOW_GATHER_SIZE at most
 * @of:		Whose they are
 * @holder:	Whose are not sent yet though they could be
 */
struct outflow_gather {
	struct bio_method_st *method;
	uint8_t *data;
	size_t len;
	struct outflow *of;
	const struct outflow *holder;
};

/**
 * struct outflow - One connection's
 * @gather:	NULL before outflow_open()
 * @ssl:	Its TLS (borrowed), NULL without
 * @fd:		Its socket (borrowed)
 * @kept:	What the socket has not taken
 * @broken:	It takes nothing any more, or memory ran out
 */
struct outflow {
	struct outflow_gather *gather;
	SSL *ssl;
	int fd;
	struct buffer kept;
	bool broken;
};

/** outflow_gather_init() - Return: 0, or -ENOMEM */
int outflow_gather_init(struct outflow_gather *gather)
	__attribute__((warn_unused_result));

/** outflow_gather_fini() - After the last outflow_close() */
void outflow_gather_fini(struct outflow_gather *gather);

/**
 * outflow_open() - Take over what is written to a connection
 * @out:	Must stay where it is until outflow_close()
 * @ssl:	Its TLS when the handshake is done, NULL without
 * @held:	Counts the memory that is kept, see struct buffer
 *
 * Return: 0, or -ENOMEM
 */
int outflow_open(struct outflow *out, struct outflow_gather *gather, int fd,
		 SSL *ssl, size_t *held) __attribute__((warn_unused_result));

/** outflow_close() - Forget what is kept; the TLS may say goodbye by itself where
 *  nothing was.  Nothing happens to one that was not opened */
void outflow_close(struct outflow *out);

/** outflow_write() - Encrypt and send, or keep; while it is held, gather.
 *  Return: 0, or -EIO */
int outflow_write(struct outflow *out, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));

/** outflow_hold() - More will follow at once: gather until outflow_release(), or
 *  until there is a lot */
void outflow_hold(struct outflow *out);

/** outflow_release() - Send what has gathered, outflow_flush() tells how it went */
void outflow_release(struct outflow *out);

/** outflow_flush() - Send what is kept; Return: 0 when nothing is any more, -EAGAIN,
 *  or -EIO */
int outflow_flush(struct outflow *out) __attribute__((warn_unused_result));

/** outflow_is_behind() - Is something kept that the socket did not take? */
bool outflow_is_behind(const struct outflow *out);

#endif /* RELAY_OUTFLOW_H */

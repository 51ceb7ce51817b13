/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * stream.h - An outgoing byte stream over TCP, with TLS where asked for
 *
 * libcurl resolves names, goes through proxies, races address families, makes
 * TLS and verifies the certificate; this shell lends it the loop of one thread
 * and hands out bytes.  Knows nothing of HTTP heads or WebSocket.
 */

#ifndef SYS_STREAM_H
#define SYS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <curl/curl.h>

#include "sys/loop.h"
#include "sys/multi.h"
#include "sys/netpath.h"
#include "sys/passage.h"
#include "sys/records.h"

struct stream;

/**
 * struct stream_handler - What the owner is told
 * @up:		Connected; TLS is done and the certificate is good
 * @ready:	Readable or writable, as asked for with stream_want()
 * @failed:	Could not connect; stream_error() says why.  Already closed
 *
 * Each may close the stream.
 */
struct stream_handler {
	void (*up)(struct stream *stream);
	void (*ready)(struct stream *stream, uint32_t events);
	void (*failed)(struct stream *stream);
};

/**
 * struct stream_target - Where to
 * @host:	Name or address, IPv6 without brackets (borrowed for the call)
 * @port:	TCP port
 * @tls:	With TLS
 * @path:	How to get out (copied)
 */
struct stream_target {
	const char *host;
	uint16_t port;
	bool tls;
	const struct netpath *path;
};

/**
 * struct stream - One connection
 * @loop:	Loop of the owning thread
 * @handler:	Owner's functions
 * @multi:	libcurl's transfer, which is "done" once connected
 * @source:	The connected socket
 * @events:	What the owner wants to hear of it
 * @fence:	Keeps it out of the tunnel
 * @passage:	The way through a proxy, where that is made first
 * @direct:	TLS lies on the socket, not inside a proxy's
 * @records:	Its records, once connected
 * @error:	libcurl's words and what to do about them
 */
struct stream {
	struct loop *loop;
	const struct stream_handler *handler;
	struct multi multi;
	struct loop_source source;
	uint32_t events;
	struct netpath_fence fence;
	struct passage passage;
	bool direct;
	struct records records;
	char error[NETPATH_ERROR_SIZE];
};

/** stream_global_init() - Once per process, before threads start */
int stream_global_init(void) __attribute__((warn_unused_result));

/**
 * stream_open() - Begin to connect
 * @stream:	Storage of the owner; may be reused after stream_close()
 *
 * Return: 0: @handler->up or ->failed will be called, never from inside this
 *	   call; or -ENOMEM
 */
int stream_open(struct stream *stream, struct loop *loop,
		const struct stream_handler *handler,
		const struct stream_target *target)
	__attribute__((warn_unused_result));

/** stream_close() - Close at once; harmless on a closed stream */
void stream_close(struct stream *stream);

bool stream_is_open(const struct stream *stream);

/** stream_waits_for() - Of one that is connecting: as netpath_waits_for() */
const char *stream_waits_for(const struct stream *stream);

/** stream_want() - Choose EPOLLIN and EPOLLOUT for @handler->ready, which hears
 *  EPOLLOUT also when the stream becomes clear */
int stream_want(struct stream *stream, uint32_t events)
	__attribute__((warn_unused_result));

/** stream_is_clear() - Has the kernel got all that was taken? */
bool stream_is_clear(const struct stream *stream);

/**
 * stream_read() - Read what is there
 *
 * TLS may hold bytes that epoll does not announce: read until -EAGAIN.
 *
 * Return: bytes, 0 at the end, -EAGAIN, or -EIO (stream_error() says why)
 */
ssize_t stream_read(struct stream *stream, uint8_t *data, size_t size)
	__attribute__((warn_unused_result));

/**
 * stream_write() - Write some bytes
 *
 * After -EAGAIN the same bytes must be offered again (OpenSSL may have
 * encrypted a part of them already).  A part of what is taken may wait here; what
 * is written next should be made when the stream is clear.
 *
 * Return: bytes taken, -EAGAIN, or -EIO
 */
ssize_t stream_write(struct stream *stream, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));

/** stream_error() - Last failure in words, never NULL */
const char *stream_error(const struct stream *stream);

#endif /* SYS_STREAM_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * passage.h - A connection through a proxy, made beside the loop
 *
 * For proxies where that may take a thread's time: whoever logs in with Kerberos may
 * have to wait for a KDC.  What is made is a socket; TLS and all else is the loop's.
 */

#ifndef SYS_PASSAGE_H
#define SYS_PASSAGE_H

#include <stdbool.h>

#include <curl/curl.h>

#include "sys/loop.h"
#include "sys/netpath.h"

struct passage;
struct passage_job;

/** passage_done_fn - @fd is connected, or -1: @error says why */
typedef void passage_done_fn(struct passage *passage);

/**
 * struct passage - One such connection
 * @job:	What its thread works at, NULL when there is none
 * @fd:		The socket, until a handle has taken it
 * @to:		For libcurl: no name is to be resolved
 * @error:	libcurl's words and what to do about them
 */
struct passage {
	struct loop *loop;
	struct loop_source source;
	passage_done_fn *done;
	struct passage_job *job;
	int fd;
	struct curl_slist *to;
	char error[NETPATH_ERROR_SIZE];
};

/** passage_init() - Storage, of which nothing is under way */
void passage_init(struct passage *passage, struct loop *loop,
		  passage_done_fn *done);

/**
 * passage_open() - Begin
 * @url:	Whom to reach: only its host and port count
 * @path:	How to get out (copied)
 *
 * Return: 0: @done will be called, never from inside this call; or negative errno
 */
int passage_open(struct passage *passage, const char *url,
		 const struct netpath *path)
	__attribute__((warn_unused_result));

/** passage_is_made() - Has a handle taken it, or may it? */
bool passage_is_made(const struct passage *passage);

/** passage_use() - Let a handle go through it, in place of a way of its own.
 *  Return: were the options taken? */
bool passage_use(struct passage *passage, CURL *easy);

/** passage_close() - End at once; the thread ends when it can.  To be called after the
 *  handle's end; harmless on storage that is all zero */
void passage_close(struct passage *passage);

#endif /* SYS_PASSAGE_H */

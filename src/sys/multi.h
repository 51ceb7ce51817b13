/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multi.h - One libcurl transfer, driven by a loop
 *
 * Each transfer has a multi handle of its own: in a shared one, opening a
 * connection closes older live ones (MAXAGE_CONN).  It also means a DNS cache of
 * its own, so every connection looks names up anew.
 */

#ifndef SYS_MULTI_H
#define SYS_MULTI_H

#include <stdbool.h>

#include <curl/curl.h>

#include "sys/loop.h"

/* Sockets that libcurl may watch at once while it connects: two address
 * families raced, and its resolver's wake-up. */
#define MULTI_WATCH_CNT_MAX 6

struct multi;

/** struct multi_watch - One socket that libcurl wants watched */
struct multi_watch {
	struct loop_source source;
	struct multi *multi;
};

/**
 * struct multi - A transfer
 * @loop:	Loop of the owning thread
 * @curlm, @easy: libcurl's; NULL while closed
 * @timer:	libcurl's timer
 * @watches:	libcurl's sockets
 * @done:	The transfer is done, with libcurl's result.  May close
 */
struct multi {
	struct loop *loop;
	CURLM *curlm;
	CURL *easy;
	struct loop_timer timer;
	struct multi_watch watches[MULTI_WATCH_CNT_MAX];
	void (*done)(struct multi *multi, CURLcode code);
};

/** multi_open() - Make the handles; set options of @easy, then multi_start()
 *  Return: 0 or -ENOMEM */
int multi_open(struct multi *multi, struct loop *loop,
	       void (*done)(struct multi *multi, CURLcode code))
	__attribute__((warn_unused_result));

/** multi_start() - Begin, in the loop: @done is never called from inside this
 *  call.  Return: 0, or -ENOMEM */
int multi_start(struct multi *multi) __attribute__((warn_unused_result));

/** multi_release() - libcurl watches nothing more: the sockets are ours */
void multi_release(struct multi *multi);

/** multi_close() - Close at once; harmless when closed */
void multi_close(struct multi *multi);

#endif /* SYS_MULTI_H */

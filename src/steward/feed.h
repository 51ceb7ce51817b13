/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * feed.h - What each carrier is handed, kept ready
 */

#ifndef STEWARD_FEED_H
#define STEWARD_FEED_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/diag.h"
#include "policy/policy.h"
#include "steward/link.h"

/**
 * struct feed - Sealed texts and sockets; -1: not there
 * @policy:	Policy in normal form
 * @gateway:	gateway.cfg in normal form
 * @key:	The credential's secret, unless it has none
 * @ca:		CA bundle, if one is configured
 * @certificate: Client certificate with key, if one is configured
 * @proxy_password: If one is configured
 * @status:	Listening status socket
 */
struct feed {
	int policy;
	int gateway;
	int key;
	int ca;
	int certificate;
	int proxy_password;
	int status;
};

void feed_init(struct feed *feed);

/**
 * feed_open() - Read key and CA file, seal texts, bind the status socket
 * @feed:	Initialised; feed_close() it in any case
 * @gid:	Group that may ask for status besides root
 *
 * Return: 0; -EBADMSG when a configured file is at fault, another negative errno
 *	   when the machine is; both with entries in @diag
 */
int feed_open(struct feed *feed, const struct policy *policy,
	      const struct gateway_conf *conf, gid_t gid, struct diag *diag)
	__attribute__((warn_unused_result));

void feed_close(struct feed *feed);

/** feed_status_lives() - Does somebody answer at a status socket? */
bool feed_status_lives(const char *path);

/**
 * feed_read_secrets() - Only the files of keys, tokens and certificates, each
 *			 read and its content judged
 *
 * Return: 0, or -EBADMSG with entries in @diag
 */
int feed_read_secrets(struct feed *feed, const struct access_conf *conf,
		      struct diag *diag) __attribute__((warn_unused_result));

/** feed_read() - As feed_open(), without the status socket */
int feed_read(struct feed *feed, const struct policy *policy,
	      const struct gateway_conf *conf, struct diag *diag)
	__attribute__((warn_unused_result));

/** feed_copy() - The texts once more, without the status socket; feed_close()
 *  @copy, even after a failure */
int feed_copy(struct feed *copy, const struct feed *feed)
	__attribute__((warn_unused_result));

/** feed_replace() - Take over the texts of @next, which is empty then */
void feed_replace(struct feed *feed, struct feed *next);

/** feed_send() - The whole set, up to HANDOVER_GO */
int feed_send(const struct feed *feed, const struct link_tun *tun, int sock)
	__attribute__((warn_unused_result));

#endif /* STEWARD_FEED_H */

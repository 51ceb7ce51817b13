/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * relay_conf.h - relay.cfg
 */

#ifndef RELAY_RELAY_CONF_H
#define RELAY_RELAY_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/diag.h"

/** enum relay_right - What a key gives; Manage implies both others */
enum relay_right {
	RELAY_LISTEN = 0x1,
	RELAY_SEND = 0x2,
	RELAY_MANAGE = 0x4 | RELAY_LISTEN | RELAY_SEND,
};

/** struct relay_key - A shared access rule
 * @key:	Its text, @key_len bytes; read from @file by the shell, wiped at
 *		the end
 */
struct relay_key {
	const char *name;
	const char *file;
	unsigned int rights;
	char *key;
	size_t key_len;
	unsigned int line;
};

/** struct relay_path - A hybrid connection */
struct relay_path {
	const char *path; /* decoded, without slashes around it */
	struct relay_key *keys;
	size_t key_cnt;
};

/**
 * struct relay_conf - The whole file
 * @addr, @port: Where to listen
 * @public_url:	Where rendezvous addresses point, "wss://host[:port]", or NULL:
 *		the Host that the listener used
 * @certificate, @private_key: PEM files; NULL with @plaintext
 * @keys:	Rules of the whole namespace
 * @user:	Become this user after binding, NULL: stay
 */
struct relay_conf {
	struct ip_addr addr;
	uint16_t port;
	const char *public_url;
	const char *certificate;
	const char *private_key;
	bool plaintext;
	struct relay_key *keys;
	size_t key_cnt;
	struct relay_path *paths;
	size_t path_cnt;
	const char *user;
	int64_t rendezvous_s;
	size_t listener_cnt_max;   /* per hybrid connection */
	size_t connection_cnt_max; /* in all */
};

/**
 * relay_conf_parse() - Read and check a relay.cfg
 *
 * Return: the settings (in @arena), or NULL after any error in @diag
 */
struct relay_conf *relay_conf_parse(const char *text, const char *path,
				    struct arena *arena, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * relay_conf_find() - The hybrid connection that a request path names
 * @path:	Decoded path behind "/$hc/"
 * @suffix:	Set to what follows its name, "" or "/more"
 *
 * The longest that equals @path or is a prefix of it at a '/'.
 */
const struct relay_path *relay_conf_find(const struct relay_conf *conf,
					 const char *path, const char **suffix);

#endif /* RELAY_RELAY_CONF_H */

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
#include "base/cfgsource.h"
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
 * @line:	Of the text; @place: the file and line that it is from
 */
struct relay_key {
	const char *name;
	const char *file;
	unsigned int rights;
	char *key;
	size_t key_len;
	unsigned int line;
	struct cfg_place place;
};

/**
 * struct relay_path - A hybrid connection
 * @path:	Decoded, without slashes around it
 * @anonymous:	Senders and HTTP clients need no token
 * @http:	HTTP requests are passed to its listeners
 */
struct relay_path {
	const char *path;
	bool anonymous;
	bool http;
	struct relay_key *keys;
	size_t key_cnt;
};

/**
 * struct relay_fault - What the relay does wrong on purpose (--dev --fault)
 * @late_s:	Listeners hear of a sender so many seconds late, 0: at once
 * @ghost:	Each hybrid connection has a listener that never comes
 * @drop_s:	Control channels are cut after so many seconds, 0: never
 * @slow:	Each side of a pair is read from once a second only
 * @other_host:	Rendezvous addresses name another host than listeners used
 */
struct relay_fault {
	int64_t late_s;
	bool ghost;
	int64_t drop_s;
	bool slow;
	bool other_host;
};

/**
 * struct relay_limits - How much, and how long
 * @rendezvous_s: For a listener to come and meet a sender
 * @head_s:	For a TLS handshake, and for a request's head
 * @response_s:	For an HTTP answer to begin, and between its parts
 * @ping_s:	An idle control channel is pinged; silent for two and a half
 *		times as long, it is given up
 * @peer_s:	For a client that vanished without a word, or takes nothing
 * @drain_s:	After SIGTERM, for what is under way to end
 * @listener_cnt: At one hybrid connection
 * @connection_cnt: In all, those in their handshake included
 * @handshake_cnt: New connections of one address in a second, 0: no limit
 * @held_len:	Bytes that clients may make the relay keep, in all
 */
struct relay_limits {
	int64_t rendezvous_s;
	int64_t head_s;
	int64_t response_s;
	int64_t ping_s;
	int64_t peer_s;
	int64_t drain_s;
	size_t listener_cnt;
	size_t connection_cnt;
	size_t handshake_cnt;
	size_t held_len;
};

/**
 * struct relay_conf - The whole file
 * @addr, @port: Where to listen
 * @public_url:	Where rendezvous addresses point, "wss://host[:port]", or NULL:
 *		the Host that the listener used
 * @certificate, @private_key: PEM files; NULL with @plaintext
 * @certificate_pem, @private_key_pem: Texts in place of the files (--dev)
 * @keys:	Rules of the whole namespace
 * @user:	Become this user after binding, NULL: stay
 * @status_socket: Where the relay says how it is, NULL: nowhere
 */
struct relay_conf {
	struct ip_addr addr;
	uint16_t port;
	const char *public_url;
	const char *certificate;
	const char *private_key;
	const char *certificate_pem;
	const char *private_key_pem;
	bool plaintext;
	struct relay_key *keys;
	size_t key_cnt;
	struct relay_path *paths;
	size_t path_cnt;
	const char *user;
	const char *status_socket;
	struct relay_limits limits;
	struct relay_fault fault;
};

/** relay_conf_defaults() - Limits that apply where a file says nothing */
void relay_conf_defaults(struct relay_limits *limits);

/**
 * relay_conf_parse_source() - Read and check a relay.cfg
 * @source:	Its text, and where it is from
 *
 * Return: the settings (in @arena), or NULL after any error in @diag
 */
struct relay_conf *relay_conf_parse_source(const struct cfg_source *source,
					   struct arena *arena,
					   struct diag *diag)
	__attribute__((warn_unused_result));

/** relay_conf_parse() - The same of one text; @path is its name in errors */
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

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fixed.h - What a relay keeps from its start until its end
 *
 * Pure: settings that a reload may read but not put in force.
 */

#ifndef RELAY_FIXED_H
#define RELAY_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/relay_conf.h"

/**
 * struct fixed - Settings in force
 * @addr, @port: Where it listens
 * @plaintext:	No TLS there
 * @status_socket, @user: Heap, NULL for none
 * @head_s:	For a TLS handshake
 * @peer_s:	For TCP keepalive
 */
struct fixed {
	struct ip_addr addr;
	uint16_t port;
	bool plaintext;
	char *status_socket;
	char *user;
	int64_t head_s;
	int64_t peer_s;
};

/** How many names fixed_changes() may find */
#define FIXED_NAME_CNT 6

/** fixed_init() - Those of the first configuration; Return: 0 or -ENOMEM (then
 *  fixed_fini() it all the same) */
int fixed_init(struct fixed *fixed, const struct relay_conf *conf)
	__attribute__((warn_unused_result));
void fixed_fini(struct fixed *fixed);

/**
 * fixed_changes() - What a configuration says that is not in force
 * @names:	Receives the settings' names (static)
 *
 * Return: how many
 */
size_t fixed_changes(const struct fixed *fixed, const struct relay_conf *conf,
		     const char *names[FIXED_NAME_CNT]);

#endif /* RELAY_FIXED_H */

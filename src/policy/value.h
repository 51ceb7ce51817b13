/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * value.h - Single values of a configuration text, each judged by itself
 *
 * Convention of the family: the result is NULL when the text is good, else a
 * static sentence that says what is wrong or what would be right.  It is
 * written to stand behind `KEY "TEXT": `.  Outputs are touched on success only.
 */

#ifndef POLICY_VALUE_H
#define POLICY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/** value_name() - Name of a gateway or site: a part of file names, of the names
 *  of nftables' tables, and of "SITE/SERVICE" */
const char *value_name(const char *text);

/** value_label() - Name of a service or route: any printable UTF-8 text */
const char *value_label(const char *text);

/** value_duration() - "90s", "5m", "2h" or "7d", up to 14 days */
const char *value_duration(const char *text, uint32_t *seconds);

#define VALUE_DURATION_SIZE 16

/** value_print_duration() - With the largest unit it is whole in; Return:
 *  @buf */
const char *value_print_duration(uint32_t seconds,
				 char buf[VALUE_DURATION_SIZE]);

/** value_relay() - A relay's address: "wss://HOST[:PORT]/NAME" */
const char *value_relay(const char *text);

/** value_url_addr() - The host of "SCHEME://[USER@]HOST[:PORT]...", when it is
 *  an address; Return: false when it has a name instead, or is no URL */
bool value_url_addr(const char *url, struct ip_addr *addr);

/** value_path() - A file's path: absolute */
const char *value_path(const char *text);

/** value_line() - Any text of 1 to @len_max characters without control ones */
const char *value_line(const char *text, size_t len_max);

/** value_ifname() - Name of a network device that nftables takes as well */
const char *value_ifname(const char *text);

/** value_user() - A user's name, not root */
const char *value_user(const char *text);

#endif /* POLICY_VALUE_H */

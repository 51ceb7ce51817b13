/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * value.h - Single values of a configuration text, each judged by itself
 *
 * Convention of the family: the result is NULL when the text is good, else a
 * static sentence that says what is wrong or what would be right.  It is written
 * to stand behind `KEY "TEXT": `.  Outputs are touched on success only.
 */

#ifndef POLICY_VALUE_H
#define POLICY_VALUE_H

#include "base/addr.h"
#include "policy/policy.h"

/** value_name() - Name of a gateway, site or service */
const char *value_name(const char *text);

/** value_tunnel_addr() - A gateway's own address, of either family */
const char *value_tunnel_addr(const char *text, struct ip_addr *addr);

/**
 * value_network() - A site's prefix
 * @text:	"10.1.0.0/24"
 * @network:	Receives it; also when host bits are set, cleared
 * @host_bits:	Set to whether host bits are set; the sentence then ends where
 *		the right prefix is to follow
 */
const char *value_network(const char *text, struct ip_prefix *network,
			  bool *host_bits);

/** value_public() - "tcp/8443" or "198.51.100.7:udp/53" into the public_ fields
 *  and proto */
const char *value_public(const char *text, struct policy_service *service);

/** value_target() - "10.1.0.5:443" into the target fields */
const char *value_target(const char *text, struct policy_service *service);

/** value_relay() - A relay's address: "wss://HOST[:PORT]/NAME" */
const char *value_relay(const char *text);

/** value_path() - A file's path: absolute */
const char *value_path(const char *text);

/** value_line() - Any text of 1 to @len_max characters without control ones */
const char *value_line(const char *text, size_t len_max);

/** value_ifname() - Name of a network device that nftables takes as well */
const char *value_ifname(const char *text);

/** value_user() - A user's name, not root */
const char *value_user(const char *text);

#endif /* POLICY_VALUE_H */

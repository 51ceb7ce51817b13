/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * netval.h - Addresses, prefixes and ports of a policy text, each judged by
 * itself
 *
 * Convention of the family, as in value.h: the result is NULL when the text is
 * good, else a static sentence that stands behind `KEY "TEXT": `.  Outputs are
 * touched on success only.
 */

#ifndef POLICY_NETVAL_H
#define POLICY_NETVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/policy.h"

/**
 * netval_prefix_fn - Judge a prefix
 * @text:	"10.1.0.0/24"; one address is a prefix, too
 * @prefix:	Receives it; also when host bits are set, cleared
 * @host_bits:	Set to whether host bits are set; the sentence then ends where
 *		the right prefix is to follow
 */
typedef const char *netval_prefix_fn(const char *text, struct ip_prefix *prefix,
				     bool *host_bits);

/** netval_network() - What a site owns, or an alias of it */
netval_prefix_fn netval_network;

/** netval_source() - Where flows may come from: "from" */
netval_prefix_fn netval_source;

/** netval_tunnel_addr() - A gateway's own address, "100.64.0.17", and the pool
 *  around it, when it is "100.64.0.17/28"; else the pool of that address
 *  only */
const char *netval_tunnel_addr(const char *text, struct ip_addr *addr,
			       struct ip_prefix *pool);

/** netval_port() - "8443" to a number; 0 when it is none (leading zeros,
 *  too) */
uint16_t netval_port(const char *text);

/** netval_public() - "tcp/8443", "udp/5000-5099", "198.51.100.7:udp/53" or
 *  "[2001:db8::7]:tcp/443" into the public_ fields and proto */
const char *netval_public(const char *text, struct policy_service *service);

/** netval_target() - "10.1.0.5:443", "10.1.0.5:443-450" or "[fd00::5]:443" into
 *  the target fields */
const char *netval_target(const char *text, struct policy_service *service);

/** netval_allow() - "tcp/22", "tcp/8000-8100", "udp" or "icmp" */
const char *netval_allow(const char *text, struct policy_allow *allow);

/* Longest text of each that is printed here, with NUL. */
#define NETVAL_ENDPOINT_SIZE (IP_ADDR_TEXT_SIZE + sizeof("[]:udp/65535-65535"))

/** netval_print_public() - As netval_public() reads it; Return: @buf */
const char *netval_print_public(const struct policy_service *service,
				char buf[NETVAL_ENDPOINT_SIZE]);

/** netval_print_target() - As netval_target() reads it; Return: @buf */
const char *netval_print_target(const struct policy_service *service,
				char buf[NETVAL_ENDPOINT_SIZE]);

/** netval_print_allow() - As netval_allow() reads it; Return: @buf */
const char *netval_print_allow(const struct policy_allow *allow,
			       char buf[NETVAL_ENDPOINT_SIZE]);

#endif /* POLICY_NETVAL_H */

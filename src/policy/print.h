/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * print.h - Validated table to text: the normal form
 *
 * Two texts that mean the same have the same normal form, and it parses again
 * to itself.  `relaytun check` prints it, the carrier is fed with it, and the
 * digest that two gateways compare is taken of a slice of it.
 */

#ifndef POLICY_PRINT_H
#define POLICY_PRINT_H

#include "base/strbuf.h"
#include "policy/policy.h"

/** policy_print() - The whole policy in normal form */
void policy_print(const struct policy *policy, struct strbuf *out);

/** policy_print_site() - The slice that concerns one site: its gateways, the
 *  cloud gateways, networks and services, in normal form (what is digested) */
void policy_print_site(const struct policy *policy,
		       const struct policy_site *site, struct strbuf *out);

/** gateway_conf_print() - A gateway.cfg in normal form, defaults filled in */
void gateway_conf_print(const struct gateway_conf *conf, struct strbuf *out);

#endif /* POLICY_PRINT_H */

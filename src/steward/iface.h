/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iface.h - The machine's other interfaces: forwarding and LRO
 */

#ifndef STEWARD_IFACE_H
#define STEWARD_IFACE_H

#include <stdbool.h>

#include "base/diag.h"

struct nl_sock;

/** iface_fn - Called for an interface; @forwarding is -1 without IPv4 */
typedef void iface_fn(void *arg, const char *ifname, int forwarding);

/**
 * iface_each() - Walk over the interfaces that are up and may carry traffic of
 * ours: no loopback, no device of a gateway
 */
int iface_each(struct nl_sock *nl, iface_fn *each, void *arg, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * iface_set_forwarding() - IPv4 forwarding of packets that come in there
 *
 * Return: 0, -ENODEV (no entry in @diag: it is gone), or -EIO
 */
int iface_set_forwarding(struct nl_sock *nl, const char *ifname, bool on,
			 struct diag *diag) __attribute__((warn_unused_result));

/** iface_forwarding() - Return: 0, 1, or negative errno: no such interface */
int iface_forwarding(struct nl_sock *nl, const char *ifname)
	__attribute__((warn_unused_result));

/** iface_has_lro() - Is large receive offload on there? */
bool iface_has_lro(const char *ifname);

/** iface_set_lro() - Return: 0 or negative errno */
int iface_set_lro(const char *ifname, bool on)
	__attribute__((warn_unused_result));

#endif /* STEWARD_IFACE_H */

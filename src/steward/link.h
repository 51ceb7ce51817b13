/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * link.h - The TUN device and per-interface options, over netlink
 *
 * Functions that fail add a sentence to their struct diag.
 */

#ifndef STEWARD_LINK_H
#define STEWARD_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "policy/plan.h"
#include "steward/missing.h"

struct nl_sock;

/**
 * struct link_tun - The device and our queue of it
 * @fd:		Queue, non-blocking; -1 when not open
 * @offloads:	TUN_F_ bits in force
 * @ifindex:	Number of the device
 */
struct link_tun {
	int fd;
	uint32_t offloads;
	int ifindex;
};

/** link_tun_available() - Can TUN devices be made? Return: 0, or -EIO with the
 *  remedy in @diag */
int link_tun_available(struct diag *diag) __attribute__((warn_unused_result));

/** link_socket() - A route netlink socket; NULL and an entry on failure */
struct nl_sock *link_socket(struct diag *diag);

/**
 * link_owned_index() - Is there a device of this name, and is it ours?
 * @tun_name:	Device
 * @gateway:	Name of the gateway whose mark it must bear
 *
 * Return: its index, 0 when there is none, -EEXIST when it is somebody else's
 *	   (then an entry in @diag), -EIO
 */
int link_owned_index(struct nl_sock *nl, const char *tun_name,
		     const char *gateway, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * link_reclaim() - As link_owned_index(); ours under another name is renamed
 * back when the name is free
 */
int link_reclaim(struct nl_sock *nl, const char *tun_name, const char *gateway,
		 struct diag *diag) __attribute__((warn_unused_result));

/**
 * link_tun_restore() - Is the device of our queue there, with name and mark?
 * @missing:	Receives what others changed and was restored
 *
 * Return: 1, 0 when it is gone, or -EIO with an entry in @diag
 */
int link_tun_restore(struct nl_sock *nl, const struct gateway_conf *conf,
		     const struct link_tun *tun, struct missing *missing,
		     struct diag *diag) __attribute__((warn_unused_result));

/**
 * link_tun_open() - Create the device, or adopt ours, and take one queue
 * @tun:	Receives it; link_tun_close() it
 */
int link_tun_open(struct nl_sock *nl, const struct gateway_conf *conf,
		  struct link_tun *tun, struct diag *diag)
	__attribute__((warn_unused_result));

/** link_tun_close() - Let go of the queue; the device stays */
void link_tun_close(struct link_tun *tun);

/**
 * link_check_addrs() - Are the tunnel addresses free?  Changes nothing
 * @ifindex:	The TUN device, which may have them; 0 when it does not stand yet
 *
 * Return: 0, or -EADDRINUSE or -EIO with entries in @diag
 */
int link_check_addrs(struct nl_sock *nl, const struct plan *plan, int ifindex,
		     struct diag *diag) __attribute__((warn_unused_result));

/**
 * link_tun_configure() - Addresses, MTU, forwarding and reverse path, up
 * @missing:	Receives what did not stand; may be NULL
 *
 * What stands and is right is not touched.
 */
int link_tun_configure(struct nl_sock *nl, const struct plan *plan,
		       const struct link_tun *tun, struct missing *missing,
		       struct diag *diag) __attribute__((warn_unused_result));

/**
 * link_remove_owned() - Remove the devices that bear a gateway's mark
 * @gateway:	Its name
 * @except:	Name of one that stays, NULL for none
 */
int link_remove_owned(struct nl_sock *nl, const char *gateway,
		      const char *except, struct diag *diag)
	__attribute__((warn_unused_result));

/** link_each_fn - Called for an interface; @forwarding is -1 without IPv4 */
typedef void link_each_fn(void *arg, const char *ifname, int forwarding);

/**
 * link_each() - Walk over the interfaces that are up and may carry traffic of
 * ours: no loopback, no device of a gateway
 */
int link_each(struct nl_sock *nl, link_each_fn *each, void *arg,
	      struct diag *diag) __attribute__((warn_unused_result));

/**
 * link_set_forwarding() - IPv4 forwarding of packets that come in there
 *
 * Return: 0, -ENODEV (no entry in @diag: it is gone), or -EIO
 */
int link_set_forwarding(struct nl_sock *nl, const char *ifname, bool on,
			struct diag *diag) __attribute__((warn_unused_result));

/** link_forwarding() - Return: 0, 1, or negative errno: no such interface */
int link_forwarding(struct nl_sock *nl, const char *ifname)
	__attribute__((warn_unused_result));

/** link_has_lro() - Is large receive offload on there? */
bool link_has_lro(const char *ifname);

/** link_set_lro() - Return: 0 or negative errno */
int link_set_lro(const char *ifname, bool on)
	__attribute__((warn_unused_result));

#endif /* STEWARD_LINK_H */

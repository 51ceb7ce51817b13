/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * link.h - The TUN device, over netlink
 *
 * Functions that fail add a sentence to their struct diag.
 */

#ifndef STEWARD_LINK_H
#define STEWARD_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/limits.h"
#include "policy/plan.h"
#include "steward/missing.h"

/* Aliases of our devices begin so. */
#define LINK_MARK "relaytun:"

struct nl_sock;

/**
 * struct link_tun - The device and our queues of it
 * @fds:	Queues, non-blocking, one for each worker; @cnt is 0 when none is open
 * @offloads:	TUN_F_ bits in force
 * @ifindex:	Number of the device
 */
struct link_tun {
	int fds[WORKER_CNT_MAX];
	size_t cnt;
	uint32_t offloads;
	int ifindex;
};

/** link_tun_queue() - Any one of the queues; -1 when none is open */
static inline int link_tun_queue(const struct link_tun *tun)
{
	return tun->cnt ? tun->fds[0] : -1;
}

/** link_tun_available() - Can TUN devices be made? Return: 0, or -EIO with the
 *  remedy in @diag */
int link_tun_available(struct diag *diag) __attribute__((warn_unused_result));

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
 * link_tun_restore() - Is the device of our queues there, with name and mark?
 * @missing:	Receives what others changed and was restored
 *
 * Return: 1, 0 when it is gone, or -EIO with an entry in @diag
 */
int link_tun_restore(struct nl_sock *nl, const struct gateway_conf *conf,
		     const struct link_tun *tun, struct missing *missing,
		     struct diag *diag) __attribute__((warn_unused_result));

/**
 * link_tun_open() - Create the device, or adopt ours, and take its queues
 * @tun:	Receives it; link_tun_close() it
 */
int link_tun_open(struct nl_sock *nl, const struct gateway_conf *conf,
		  struct link_tun *tun, struct diag *diag)
	__attribute__((warn_unused_result));

/** link_tun_close() - Let go of the queues; the device stays */
void link_tun_close(struct link_tun *tun);

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

#endif /* STEWARD_LINK_H */

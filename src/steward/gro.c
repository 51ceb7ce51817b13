/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * gro.c - Segments that are written to the TUN device become one packet again
 */

/**
 * DOC: Theory of operation
 *
 * To a gateway without offloads each segment of a stream comes as a packet of its
 * own.  What that costs is not the write but the way behind it: netfilter,
 * forwarding, the target's TCP and its acknowledgement, each time.  A network
 * card's driver has the kernel merge what came at once (GRO).  A TUN queue does so
 * when it is opened with IFF_NAPI; but then each write comes alone, and nothing is
 * there to be merged with.
 *
 * With "threaded" NAPI a thread of the kernel takes what was written since it ran
 * last: alone when little is on its way, many when much is.  Nothing waits for
 * more.  The kernel merges only what it can cut again into the same segments, and
 * only segments whose checksum it has found right; "ethtool -K DEVICE gro off"
 * keeps it from doing so.
 *
 * With offloads there is nothing to gain: super-packets come whole (a fifth of the
 * rate was lost by handing them from thread to thread), and what comes in segments
 * the carrier merges before it writes (codec/merge.h).
 *
 * What waits for the thread is bounded by WAITING_MAX.
 *
 * "threaded" is a file of /sys (Linux 5.12), for which CAP_NET_ADMIN is enough.
 * A device that outlives a change of offloads needs nothing put back: the buffer is
 * the queue's and ends with it, and "threaded", which stays, means nothing to queues
 * without IFF_NAPI (the kernel refuses even to write it then).
 *
 * Where /sys cannot be written, as in most containers, the queue is opened without
 * IFF_NAPI: a packet is processed while it is written.
 */

#include "steward/gro.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "policy/policy.h"
#include "sys/log.h"

/* What waits for the kernel's thread at most, in its memory; beyond that a write
 * fails with EAGAIN.  10 ms at 3 Gbit/s. */
#define WAITING_MAX (4 << 20)

#define PATH_SIZE   (sizeof("/sys/class/net//threaded") + IFNAMSIZ)

bool gro_wanted(const struct gateway_conf *conf)
{
	return conf->tun_offloads == TUN_OFFLOADS_NONE &&
	       access("/sys/class/net/lo/threaded", W_OK) == 0;
}

/** open_file() - One of a device's below /sys; Return: descriptor, or negative
 *  errno */
static int open_file(const char *ifname, const char *file, int flags)
{
	char path[PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", ifname, file);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/** is_device() - Is the one that /sys shows under this name the one we mean? */
static bool is_device(const char *ifname, int ifindex)
{
	int fd = open_file(ifname, "ifindex", O_RDONLY);
	char text[16] = "";
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 && atoi(text) == ifindex;
}

/** start_thread() - Return: 0 or negative errno */
static int start_thread(const char *ifname)
{
	int fd = open_file(ifname, "threaded", O_WRONLY);
	int err = 0;

	if (fd < 0)
		return fd;
	if (write(fd, "1", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

void gro_start(const char *ifname, int ifindex, int fd)
{
	int waiting_max = WAITING_MAX;
	int err = is_device(ifname, ifindex) ? 0 : -ENODEV;

	if (!err && ioctl(fd, TUNSETSNDBUF, &waiting_max))
		err = -errno;
	if (!err)
		err = start_thread(ifname);
	if (err)
		log_warn("device=%s event=not_merging error=\"%s\"", ifname,
			 strerror(-err));
}

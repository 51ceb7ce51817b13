/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * drain.c - The queues of the TUN device while no carrier reads them
 */

#include "steward/drain.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "sys/log.h"
#include "sys/tun.h"

/**
 * DOC: Theory of operation
 *
 * The queues are the steward's and the carrier's at the same time: the link
 * stays up without a carrier.  While none lives we read and discard, since a
 * queue that nobody reads fills up and delays what comes after.
 */

/* Packets thrown away in one go, so that other sources have their turn. */
#define DRAIN_BATCH 64

/** on_packets() - Packets that no carrier takes */
static void on_packets(struct loop_source *source, uint32_t events)
{
	struct drain_queue *queue = (struct drain_queue *)(void *)source;
	uint8_t packet[2048];
	int i;

	(void)events;
	for (i = 0; i < DRAIN_BATCH; i++) {
		ssize_t len = tun_read(source->fd, packet, sizeof(packet));

		if (len == -EAGAIN)
			return;
		if (len < 0) {
			/* Deleted: the event of its link comes as well. */
			loop_unwatch(queue->loop, source);
			return;
		}
	}
}

void drain_init(struct drain *drain, struct loop *loop)
{
	size_t i;

	for (i = 0; i < WORKER_CNT_MAX; i++)
		drain->queues[i] = (struct drain_queue){
			.source = {.fd = -1, .ready = on_packets},
			.loop = loop,
		};
}

void drain_begin(struct drain *drain, const struct link_tun *tun,
		 const char *device)
{
	size_t i;

	for (i = 0; i < tun->cnt; i++) {
		struct drain_queue *queue = &drain->queues[i];

		if (loop_watch(queue->loop, &queue->source, tun->fds[i],
			       EPOLLIN))
			log_warn("event=not_drained device=%s", device);
	}
}

void drain_end(struct drain *drain)
{
	size_t i;

	for (i = 0; i < WORKER_CNT_MAX; i++)
		loop_unwatch(drain->queues[i].loop, &drain->queues[i].source);
}

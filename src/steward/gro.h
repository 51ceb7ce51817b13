/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * gro.h - Segments that are written to the TUN device become one packet again
 */

#ifndef STEWARD_GRO_H
#define STEWARD_GRO_H

#include <stdbool.h>

struct gateway_conf;

/** gro_wanted() - Is it written single segments, and can it merge them?  Then its
 *  queues are to be opened with IFF_NAPI */
bool gro_wanted(const struct gateway_conf *conf);

/**
 * gro_start() - Let a device merge what is written to its queues
 * @ifname:	Its name
 * @ifindex:	Its number: what /sys shows may be of another namespace
 * @fd:		A queue of it
 *
 * A failure is logged: the device works as well, though slower.
 */
void gro_start(const char *ifname, int ifindex, int fd);

#endif /* STEWARD_GRO_H */

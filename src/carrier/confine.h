/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * confine.h - What the carrier's process gives up before it meets the network
 */

#ifndef CARRIER_CONFINE_H
#define CARRIER_CONFINE_H

/**
 * confine() - Give it up: system calls beside a list, and all but reading of files
 *
 * To be called before there are other threads.  What the kernel cannot do is left
 * out; what holds is in the log.
 */
void confine(void);

#endif /* CARRIER_CONFINE_H */

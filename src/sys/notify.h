/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * notify.h - Telling systemd, without its library
 */

#ifndef SYS_NOTIFY_H
#define SYS_NOTIFY_H

#include <stdint.h>

/* For notify_systemd(), again before notify_watchdog_ms() have passed. */
#define NOTIFY_ALIVE "WATCHDOG=1"

/** notify_open() - A socket to tell systemd by, kept so that a process which is out of
 *  descriptors can still say that it lives; Return: it (caller's), or -1: nobody asked,
 *  or there is none to be had */
int notify_open(void) __attribute__((warn_unused_result));

/** notify_systemd() - Send "READY=1" or the like to $NOTIFY_SOCKET; waits for nobody
 *  @fd:	From notify_open(); -1: nothing is sent */
void notify_systemd(int fd, const char *state);

/** notify_watchdog_ms() - Half of the time after which systemd takes this process for
 *  hung (WatchdogSec= of its unit); 0: it does not watch */
int64_t notify_watchdog_ms(void);

#endif /* SYS_NOTIFY_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * notify.h - Telling systemd, without its library
 */

#ifndef SYS_NOTIFY_H
#define SYS_NOTIFY_H

#include <stdint.h>

/* For notify_systemd(), again before notify_watchdog_ms() have passed. */
#define NOTIFY_ALIVE "WATCHDOG=1"

/** notify_systemd() - Send "READY=1" or the like to $NOTIFY_SOCKET, if any */
void notify_systemd(const char *state);

/** notify_watchdog_ms() - Half of the time after which systemd takes this process for
 *  hung (WatchdogSec= of its unit); 0: it does not watch */
int64_t notify_watchdog_ms(void);

#endif /* SYS_NOTIFY_H */

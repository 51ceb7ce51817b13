/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * notify.h - Telling systemd, without its library
 */

#ifndef STEWARD_NOTIFY_H
#define STEWARD_NOTIFY_H

/** notify_systemd() - Send "READY=1" or the like to $NOTIFY_SOCKET, if any */
void notify_systemd(const char *state);

#endif /* STEWARD_NOTIFY_H */

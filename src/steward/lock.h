/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * lock.h - One steward a gateway name and network namespace
 *
 * An abstract unix socket "relaytun/NAME": it goes with its process, however
 * that ends, and says whose it is.
 */

#ifndef STEWARD_LOCK_H
#define STEWARD_LOCK_H

#include "base/diag.h"

/**
 * lock_take() - Become the steward of a gateway
 *
 * Return: a listening socket, the lock (caller's), or -EADDRINUSE or another
 *	   negative errno with an entry in @diag
 */
int lock_take(const char *gateway, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * lock_owner() - The process that holds the lock
 *
 * Return: a pidfd (caller's), -ENOENT when nobody does, or another negative
 *	   errno with an entry in @diag
 */
int lock_owner(const char *gateway, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * lock_connect() - Speak to the process that holds the lock
 *
 * Return: a connected, blocking socket (caller's), or as lock_owner()
 */
int lock_connect(const char *gateway, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_LOCK_H */

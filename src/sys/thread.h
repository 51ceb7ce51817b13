/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * thread.h - Threads beside the one that a process begins with
 */

#ifndef SYS_THREAD_H
#define SYS_THREAD_H

#include <pthread.h>

/**
 * thread_start() - Start one that no signal is delivered to: they are the first's (SIGSYS
 * is its own, see sandbox.h)
 *
 * Return: 0 or negative errno
 */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
	__attribute__((warn_unused_result));

#endif /* SYS_THREAD_H */

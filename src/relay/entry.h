/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * entry.h - New connections, and who may come in
 */

#ifndef RELAY_ENTRY_H
#define RELAY_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"

struct relay;

/* Open files that are no connections: standard streams, loop, signals,
 * configuration, status, with room to spare. */
#define ENTRY_OTHER_FILE_CNT 64

/** entry_listen() - A listening socket; Return: its descriptor or negative errno */
int entry_listen(const struct ip_addr *addr, uint16_t port)
	__attribute__((warn_unused_result));

/**
 * entry_accept() - The next connection that waits, if it may come in
 *
 * Nothing is spent on others: they are closed and counted.
 *
 * Return: its descriptor, -ECONNREFUSED for one that may not, -EAGAIN when none
 *	   waits, else negative errno: it waits on, and there is no sense in trying
 *	   again at once
 */
int entry_accept(struct relay *relay, int fd)
	__attribute__((warn_unused_result));

/** entry_limit() - How many connections there may be: what the configuration says,
 *  and open files allow */
size_t entry_limit(const struct relay *relay);

/** entry_read_addr() - From the kernel's form */
void entry_read_addr(const struct sockaddr_storage *from, struct ip_addr *addr,
		     uint16_t *port);

#endif /* RELAY_ENTRY_H */

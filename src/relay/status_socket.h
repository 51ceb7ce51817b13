/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * status_socket.h - The relay's status socket
 */

#ifndef RELAY_STATUS_SOCKET_H
#define RELAY_STATUS_SOCKET_H

#include <stddef.h>

/* Who would keep more of them open learns nothing new. */
#define STATUS_CLIENT_CNT_MAX 8

/**
 * struct status_client - One who asked
 * @text:	What it gets (heap)
 * @off:	How much of it was sent
 */
struct status_client {
	char *text;
	size_t len;
	size_t off;
};

/**
 * status_listen() - Make the socket; one that nobody serves is replaced
 *
 * Return: descriptor, or negative errno
 */
int status_listen(const char *path) __attribute__((warn_unused_result));

/** status_accept() - Return: descriptor of one who asks, or negative errno */
int status_accept(int fd) __attribute__((warn_unused_result));

/** status_send() - Go on sending; Return: 1 when all is sent, 0, or negative
 *  errno */
int status_send(struct status_client *client, int fd)
	__attribute__((warn_unused_result));

/** status_unlisten() - Take the path away; the descriptor is closed elsewhere */
void status_unlisten(const char *path);

#endif /* RELAY_STATUS_SOCKET_H */

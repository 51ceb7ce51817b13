/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * tun.c - Packets in and out of one queue of a TUN device
 */

#include "sys/tun.h"

#include <errno.h>
#include <unistd.h>

ssize_t tun_read(int fd, uint8_t *data, size_t size)
{
	ssize_t got;

	do {
		got = read(fd, data, size);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

int tun_write(int fd, const uint8_t *data, size_t len)
{
	ssize_t put;

	do {
		put = write(fd, data, len);
	} while (put < 0 && errno == EINTR);
	return put < 0 ? -errno : 0;
}

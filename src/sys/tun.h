/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * tun.h - Packets in and out of one queue of a TUN device
 *
 * The queue comes ready-made from the steward; all its ioctls are there.  A
 * packet is a vnet header of VNET_HDR_LEN bytes and the IP packet behind it,
 * up to PKT_LEN_MAX bytes (super-packets whole).
 */

#ifndef SYS_TUN_H
#define SYS_TUN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * tun_read() - Read one packet
 * @fd:		Queue, non-blocking
 * @data:	Receives vnet header and packet
 * @size:	Room; below VNET_HDR_LEN + PKT_LEN_MAX a packet may be cut
 *
 * Return: length of both, -EAGAIN, or another negative errno (device gone)
 */
ssize_t tun_read(int fd, uint8_t *data, size_t size)
	__attribute__((warn_unused_result));

/**
 * tun_write() - Write one packet
 *
 * Return: 0, -EINVAL when the kernel refuses it, -EAGAIN, -EIO (device down)
 *	   or another negative errno
 */
int tun_write(int fd, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));

#endif /* SYS_TUN_H */

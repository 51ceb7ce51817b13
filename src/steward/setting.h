/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * setting.h - Kernel settings below /proc/sys
 */

#ifndef STEWARD_SETTING_H
#define STEWARD_SETTING_H

/* "net/ipv6/conf/INTERFACE/force_forwarding" with NUL; a directory entry in
 * place of the interface fits as well. */
#define SETTING_PATH_SIZE 320

/**
 * setting_read() - A setting that is a number
 * @path:	Below /proc/sys, as "net/ipv4/ip_forward"
 * @value:	Receives it
 *
 * Return: 0, -ENOENT when this kernel has no such setting (what holds no number
 *	   counts as that), or another negative errno
 */
int setting_read(const char *path, long *value)
	__attribute__((warn_unused_result));

/** setting_write() - Return: 0, -ENOENT, or -EACCES, -EROFS and the like */
int setting_write(const char *path, long value)
	__attribute__((warn_unused_result));

#endif /* STEWARD_SETTING_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * setting.c - Kernel settings below /proc/sys
 *
 * CAP_NET_ADMIN is enough to write those of a network namespace.
 */

#include "steward/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than a number needs. */
#define VALUE_SIZE 32

/** open_setting() - Return: descriptor or negative errno */
static int open_setting(const char *path, int flags)
{
	char full[SETTING_PATH_SIZE + sizeof("/proc/sys/")];
	int fd;

	if (strlen(path) >= SETTING_PATH_SIZE)
		return -ENAMETOOLONG;
	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	fd = open(full, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int setting_read(const char *path, long *value)
{
	char text[VALUE_SIZE];
	int fd = open_setting(path, O_RDONLY);
	ssize_t len;
	char *end;
	int err;

	if (fd < 0)
		return fd;
	len = read(fd, text, sizeof(text) - 1);
	err = -errno;
	close(fd);
	if (len < 0)
		return err;
	text[len] = '\0';
	*value = strtol(text, &end, 10);
	return end == text ? -ENOENT : 0;
}

int setting_write(const char *path, long value)
{
	char text[VALUE_SIZE];
	int fd = open_setting(path, O_WRONLY);
	int len = snprintf(text, sizeof(text), "%ld\n", value);
	ssize_t written;
	int err;

	if (fd < 0)
		return fd;
	written = write(fd, text, (size_t)len);
	err = -errno;
	close(fd);
	return written == len ? 0 : err;
}

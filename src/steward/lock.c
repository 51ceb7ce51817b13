/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * lock.c - One steward a gateway name and network namespace
 */

#include "steward/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

/** name_of() - The abstract address; Return: its length */
static socklen_t name_of(const char *gateway, struct sockaddr_un *addr)
{
	int len;

	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	/* A NUL first makes it abstract, and none ends it. */
	len = snprintf(addr->sun_path + 1, sizeof(addr->sun_path) - 1,
		       "relaytun/%s", gateway);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)len);
}

/** open_socket() - Of the lock's kind */
static int open_socket(struct diag *diag)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);

	if (fd < 0) {
		int err = -errno;

		diag_error(diag, NULL, 0, "unix socket: %m");
		return err;
	}
	return fd;
}

int lock_take(const char *gateway, struct diag *diag)
{
	struct sockaddr_un addr;
	socklen_t addr_len = name_of(gateway, &addr);
	int fd = open_socket(diag);
	int err;

	if (fd < 0)
		return fd;
	if (bind(fd, (const struct sockaddr *)&addr, addr_len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	err = -errno;
	if (err == -EADDRINUSE)
		diag_error(diag, NULL, 0,
			   "gateway %s is already running here: a steward runs "
			   "it; \"relaytun down\" stops and removes it",
			   gateway);
	else
		diag_error(diag, NULL, 0, "lock of gateway %s: %m", gateway);
	close(fd);
	return err;
}

/** check_owner() - Is a listener at the other end a steward of our user?
 *
 *  Anybody may bind an abstract name: never signal or believe a stranger.
 *
 *  Return: its process, or negative errno */
static pid_t check_owner(int fd, const char *gateway, struct diag *diag)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	if (cred.uid == geteuid() && cred.pid > 1)
		return cred.pid;
	if (geteuid() != 0 && cred.uid == 0)
		diag_error(diag, NULL, 0,
			   "gateway %s is run by user 0 (process %d): run this "
			   "as root",
			   gateway, (int)cred.pid);
	else
		diag_error(diag, NULL, 0,
			   "the lock of gateway %s is held by process %d of "
			   "user %u, "
			   "which is no steward that this user may stop",
			   gateway, (int)cred.pid, (unsigned int)cred.uid);
	return -EPERM;
}

/** find_owner() - Connect to the holder of a lock
 *
 *  Return: its process, with the connection in *@fd, or negative errno; -ENOENT
 *  and -EPERM need no further words */
static pid_t find_owner(const char *gateway, int *fd, struct diag *diag)
{
	struct sockaddr_un addr;
	socklen_t addr_len = name_of(gateway, &addr);
	pid_t pid;

	*fd = open_socket(diag);
	if (*fd < 0)
		return *fd;
	if (connect(*fd, (const struct sockaddr *)&addr, addr_len) == 0)
		pid = check_owner(*fd, gateway, diag);
	else if (errno == ECONNREFUSED)
		pid = -ENOENT;
	else
		pid = -errno;
	if (pid < 0 && pid != -ENOENT && pid != -EPERM)
		diag_error(diag, NULL, 0, "lock of gateway %s: %s", gateway,
			   strerror(-pid));
	if (pid < 0)
		close(*fd);
	return pid;
}

int lock_owner(const char *gateway, struct diag *diag)
{
	pid_t pid;
	int pidfd;
	int fd;

	pid = find_owner(gateway, &fd, diag);
	if (pid < 0)
		return pid;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		pidfd = errno == ESRCH ? -ENOENT : -errno;
	if (pidfd < 0 && pidfd != -ENOENT)
		diag_error(diag, NULL, 0, "lock of gateway %s: %s", gateway,
			   strerror(-pidfd));
	close(fd);
	return pidfd;
}

int lock_connect(const char *gateway, struct diag *diag)
{
	pid_t pid;
	int flags;
	int fd;

	pid = find_owner(gateway, &fd, diag);
	if (pid < 0)
		return pid;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK)) {
		int err = -errno;

		diag_error(diag, NULL, 0, "lock of gateway %s: %m", gateway);
		close(fd);
		return err;
	}
	return fd;
}

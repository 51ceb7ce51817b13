/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * status_socket.c - The relay's status socket
 */

#include "relay/status_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/** is_served() - Does somebody answer there? */
static int is_served(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int served;

	if (fd < 0)
		return 0;
	served = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;
	close(fd);
	return served;
}

int status_listen(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct stat st;
	int err;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (!lstat(path, &st)) {
		if (!S_ISSOCK(st.st_mode) || is_served(&addr))
			return -EADDRINUSE;
		unlink(path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    chmod(path, 0660) || listen(fd, STATUS_CLIENT_CNT_MAX)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int status_accept(int fd)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return client < 0 ? -errno : client;
}

int status_send(struct status_client *client, int fd)
{
	ssize_t put =
		send(fd, client->text + client->off, client->len - client->off,
		     MSG_NOSIGNAL | MSG_DONTWAIT);

	if (put < 0)
		return errno == EAGAIN ? 0 : -errno;
	client->off += (size_t)put;
	return client->off == client->len;
}

void status_unlisten(const char *path)
{
	unlink(path);
}

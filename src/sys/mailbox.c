/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * mailbox.c - Orders from one thread to another, by value
 */

#include "sys/mailbox.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int mailbox_open(struct mailbox *mailbox)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, fds))
		return -errno;
	mailbox->post_fd = fds[0];
	mailbox->take_fd = fds[1];
	return 0;
}

void mailbox_close(struct mailbox *mailbox)
{
	close(mailbox->post_fd);
	close(mailbox->take_fd);
	*mailbox = (struct mailbox){-1, -1};
}

int mailbox_post(const struct mailbox *mailbox, const void *msg, size_t len)
{
	if (send(mailbox->post_fd, msg, len, MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int mailbox_take(const struct mailbox *mailbox, void *msg, size_t len)
{
	ssize_t got = recv(mailbox->take_fd, msg, len, MSG_TRUNC);

	if (got < 0)
		return -errno;
	return (size_t)got == len ? 0 : -EBADMSG;
}

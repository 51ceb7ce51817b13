/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * mailbox.h - Orders from one thread to another, by value
 *
 * The only way across threads besides single-writer counters.  One message is
 * one datagram of a socket pair, so that it fits a loop and nothing is shared;
 * what is posted is copied.
 */

#ifndef SYS_MAILBOX_H
#define SYS_MAILBOX_H

#include <stddef.h>
#include <sys/types.h>

/** struct mailbox - @post_fd: the sender's end; @take_fd: the receiver's */
struct mailbox {
	int post_fd;
	int take_fd;
};

int mailbox_open(struct mailbox *mailbox) __attribute__((warn_unused_result));
void mailbox_close(struct mailbox *mailbox);

/**
 * mailbox_post() - Send one message, never waiting
 *
 * Return: 0, -EAGAIN when the receiver is far behind, or negative errno
 */
int mailbox_post(const struct mailbox *mailbox, const void *msg, size_t len)
	__attribute__((warn_unused_result));

/**
 * mailbox_take() - Receive one message, never waiting
 *
 * Return: 0, -EAGAIN when there is none, -EBADMSG when it is not @len bytes long
 */
int mailbox_take(const struct mailbox *mailbox, void *msg, size_t len)
	__attribute__((warn_unused_result));

#endif /* SYS_MAILBOX_H */

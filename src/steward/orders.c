/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * orders.c - Orders of root to a running gateway, over the socket of its lock
 */

#include "steward/orders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "steward/lock.h"

/**
 * DOC: Theory of operation
 *
 * Anybody can connect to an abstract socket: on_connect() closes whoever is not
 * of the steward's own user.  The others get a slot until they have asked or
 * gone; a ninth takes the slot that was given first, so that one who never asks
 * is in nobody's way.
 *
 * Orders are carried out in on_order(), within the loop: one after the other, so
 * that a second reload waits for the first.
 */

/* A reload of 10,000 services takes a second or two on a small machine. */
#define ANSWER_WAIT_S 120

#define ORDERS_OF(member_ptr, type, member)                                    \
	((type *)(void *)((char *)(member_ptr)-offsetof(type, member)))

/** release() - The slot is free */
static void release(struct orders_asker *asker)
{
	int fd = asker->source.fd;

	if (fd < 0)
		return;
	loop_unwatch(asker->orders->loop, &asker->source);
	close(fd);
}

/** send_answer() - "0\ntext", cut to what a message may have */
static void send_answer(int fd, int status, const struct strbuf *text)
{
	struct strbuf answer;
	size_t len;

	strbuf_init(&answer);
	strbuf_printf(&answer, "%d\n%s", status, strbuf_str(text));
	len = answer.len < ORDERS_ANSWER_LEN_MAX ? answer.len
						 : ORDERS_ANSWER_LEN_MAX;
	/* One who has gone does not want to know. */
	(void)!send(fd, answer.text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	strbuf_fini(&answer);
}

/** on_order() - An order, or the end of one who only wanted to know who we are */
static void on_order(struct loop_source *source, uint32_t events)
{
	struct orders_asker *asker =
		ORDERS_OF(source, struct orders_asker, source);
	struct orders *orders = asker->orders;
	char order[ORDERS_ORDER_LEN_MAX + 1];
	struct strbuf text;
	ssize_t len = recv(source->fd, order, sizeof(order) - 1, MSG_DONTWAIT);
	int status;

	(void)events;
	if (len < 0 && errno == EAGAIN)
		return;
	if (len > 0) {
		order[len] = '\0';
		strbuf_init(&text);
		status = orders->carry_out(orders, order, &text);
		send_answer(source->fd, status, &text);
		strbuf_fini(&text);
	}
	release(asker);
}

/** may_ask() - Is it our own user, root that is? */
static bool may_ask(int fd)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	       cred.uid == geteuid();
}

static void on_connect(struct loop_source *source, uint32_t events)
{
	struct orders *orders = ORDERS_OF(source, struct orders, lock);
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct orders_asker *asker = &orders->askers[orders->next];

	(void)events;
	if (fd < 0)
		return;
	if (!may_ask(fd)) {
		close(fd);
		return;
	}
	release(asker);
	if (loop_watch(orders->loop, &asker->source, fd, EPOLLIN)) {
		close(fd);
		return;
	}
	orders->next = (orders->next + 1) % ORDERS_CNT_MAX;
}

int orders_open(struct orders *orders, struct loop *loop, int lock,
		orders_fn *carry_out)
{
	size_t i;

	*orders = (struct orders){
		.loop = loop,
		.lock = {.fd = -1, .ready = on_connect},
		.carry_out = carry_out,
	};
	for (i = 0; i < ORDERS_CNT_MAX; i++)
		orders->askers[i] = (struct orders_asker){
			.source = {.fd = -1, .ready = on_order},
			.orders = orders,
		};
	return loop_watch(loop, &orders->lock, lock, EPOLLIN);
}

void orders_close(struct orders *orders)
{
	size_t i;

	if (!orders->loop)
		return;
	for (i = 0; i < ORDERS_CNT_MAX; i++)
		release(&orders->askers[i]);
	if (orders->lock.fd >= 0)
		loop_unwatch(orders->loop, &orders->lock);
}

/** take_answer() - "0\ntext"; Return: exit status, or -EBADMSG */
static int take_answer(const char *message, size_t len, struct strbuf *answer)
{
	if (len < 2 || message[0] < '0' || message[0] > '9' ||
	    message[1] != '\n')
		return -EBADMSG;
	strbuf_add(answer, message + 2, len - 2);
	return message[0] - '0';
}

/** exchange() - Ask, and wait for the answer */
static int exchange(int fd, const char *order, struct strbuf *answer)
{
	const struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
	char *message;
	ssize_t len;
	int ret;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    send(fd, order, strlen(order), MSG_NOSIGNAL) < 0)
		return -errno;
	message = malloc(ORDERS_ANSWER_LEN_MAX);
	if (!message)
		return -ENOMEM;
	len = recv(fd, message, ORDERS_ANSWER_LEN_MAX, 0);
	if (len < 0)
		ret = errno == EAGAIN ? -ETIMEDOUT : -errno;
	else if (len == 0)
		ret = -EPIPE;
	else
		ret = take_answer(message, (size_t)len, answer);
	free(message);
	return ret;
}

int orders_ask(const char *gateway, const char *order, struct strbuf *answer,
	       struct diag *diag)
{
	int fd = lock_connect(gateway, diag);
	int ret;

	if (fd < 0)
		return fd;
	ret = exchange(fd, order, answer);
	close(fd);
	if (ret == -EPIPE)
		diag_error(diag, NULL, 0,
			   "gateway %s did not answer: it ended, or is of an "
			   "older release, which takes SIGHUP only",
			   gateway);
	else if (ret < 0)
		diag_error(diag, NULL, 0, "asking gateway %s: %s", gateway,
			   strerror(-ret));
	return ret;
}

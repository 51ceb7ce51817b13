/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * status.c - Answers on the status socket
 */

#include "carrier/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/log.h"

static void drop_client(struct status_client *client)
{
	loop_unwatch(client->status->loop, &client->source);
	if (client->fd >= 0)
		close(client->fd);
	free(client->text);
	client->fd = -1;
	client->text = NULL;
}

/** on_client() - Room for more of the text, or the client has gone */
static void on_client(struct loop_source *source, uint32_t events)
{
	struct status_client *client =
		(struct status_client *)((char *)source -
					 offsetof(struct status_client,
						  source));
	ssize_t put;

	if (!client->text || (events & (EPOLLERR | EPOLLHUP))) {
		drop_client(client);
		return;
	}
	put = send(client->fd, client->text + client->off,
		   client->len - client->off, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (put < 0 && errno == EAGAIN)
		return;
	if (put > 0)
		client->off += (size_t)put;
	if (put <= 0 || client->off == client->len)
		drop_client(client);
}

static struct status_client *free_client(struct status *status)
{
	size_t i;

	for (i = 0; i < STATUS_CLIENT_CNT_MAX; i++) {
		if (status->clients[i].fd < 0)
			return &status->clients[i];
	}
	return NULL;
}

/** ask_worker() - One report at a time: the buffer is lent to the worker */
static void ask_worker(struct status *status)
{
	struct worker_order order = {
		.kind = WORKER_REPORT,
		.report = &status->report,
	};

	if (status->asked)
		return;
	status->asked = !mailbox_post(&status->carrier->worker.orders, &order,
				      sizeof(order));
}

static void on_listening(struct loop_source *source, uint32_t events)
{
	struct status *status =
		(struct status *)((char *)source -
				  offsetof(struct status, listening));
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct status_client *client = free_client(status);

	(void)events;
	if (fd < 0)
		return;
	if (!client ||
	    loop_watch(status->loop, &client->source, fd, EPOLLRDHUP)) {
		close(fd);
		return;
	}
	client->fd = fd;
	ask_worker(status);
}

/** answer() - The report is ours again: everybody who waits gets the text */
static void answer(struct status *status)
{
	size_t i;

	for (i = 0; i < STATUS_CLIENT_CNT_MAX; i++) {
		struct status_client *client = &status->clients[i];

		if (client->fd < 0 || client->text)
			continue;
		client->text = status_render(status->carrier, &status->report);
		client->len = client->text ? strlen(client->text) : 0;
		client->off = 0;
		if (!client->text || loop_watch(status->loop, &client->source,
						client->fd, EPOLLOUT))
			drop_client(client);
	}
}

static void on_reply(struct loop_source *source, uint32_t events)
{
	struct status *status =
		(struct status *)((char *)source -
				  offsetof(struct status, replies));
	struct worker_report *report;

	(void)events;
	while (!mailbox_take(&status->carrier->worker.replies, &report,
			     sizeof(report))) {
		status->asked = false;
		answer(status);
	}
}

int status_start(struct status *status, struct carrier *carrier)
{
	const struct worker *worker = &carrier->worker;
	size_t i;
	int err;

	*status = (struct status){
		.carrier = carrier,
		.loop = &carrier->loop,
		.listening = {.fd = -1, .ready = on_listening},
		.replies = {.fd = -1, .ready = on_reply},
		.report = {.channel_cnt = worker->channel_cnt,
			   .peer_cnt = worker->peer_cnt},
	};
	for (i = 0; i < STATUS_CLIENT_CNT_MAX; i++)
		status->clients[i] = (struct status_client){
			.status = status,
			.source = {.fd = -1, .ready = on_client},
			.fd = -1,
		};
	status->report.channels = calloc(worker->channel_cnt + 1,
					 sizeof(*status->report.channels));
	status->report.peers =
		calloc(worker->peer_cnt + 1, sizeof(*status->report.peers));
	if (!status->report.channels || !status->report.peers)
		return -ENOMEM;
	err = loop_watch(status->loop, &status->listening,
			 carrier->setup.status_fd, EPOLLIN);
	if (err)
		return err;
	return loop_watch(status->loop, &status->replies,
			  worker->replies.take_fd, EPOLLIN);
}

void status_stop(struct status *status)
{
	size_t i;

	loop_unwatch(status->loop, &status->listening);
	loop_unwatch(status->loop, &status->replies);
	for (i = 0; i < STATUS_CLIENT_CNT_MAX; i++)
		drop_client(&status->clients[i]);
	free(status->report.channels);
	free(status->report.peers);
}

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

#include "carrier/carrier.h"
#include "sys/clock.h"

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

static void free_report(struct worker_report *report)
{
	free(report->channels);
	free(report->peers);
	free(report);
}

/** make_report() - Room for what the worker will have when it gets there */
static struct worker_report *make_report(const struct carrier *carrier)
{
	const struct setup *setup =
		carrier->next ? carrier->next : carrier->setup;
	struct worker_report *report = calloc(1, sizeof(*report));

	if (!report)
		abort();
	report->channel_cnt = worker_channel_cnt(setup);
	report->peer_cnt = setup->plan->peer_cnt;
	report->channels =
		calloc(report->channel_cnt + 1, sizeof(*report->channels));
	report->peers = calloc(report->peer_cnt + 1, sizeof(*report->peers));
	if (!report->channels || !report->peers)
		abort();
	return report;
}

/** ask_worker() - For a report, unless one is on its way */
static void ask_worker(struct status *status)
{
	struct worker_order order = {.kind = WORKER_REPORT};

	if (status->asked)
		return;
	order.report = make_report(status->carrier);
	status->asked = !mailbox_post(&status->carrier->worker.orders, &order,
				      sizeof(order));
	if (!status->asked)
		free_report(order.report);
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

/** give() - The text to one client */
static void give(struct status_client *client, const char *text)
{
	client->text = strdup(text);
	client->len = strlen(text);
	client->off = 0;
	if (!client->text || loop_watch(client->status->loop, &client->source,
					client->fd, EPOLLOUT))
		drop_client(client);
}

void status_answer(struct status *status, struct worker_report *report)
{
	char *text = status_render(status->carrier, report);
	size_t i;

	status->asked = false;
	for (i = 0; i < STATUS_CLIENT_CNT_MAX; i++) {
		struct status_client *client = &status->clients[i];

		if (client->fd < 0 || client->text)
			continue;
		if (text)
			give(client, text);
		else
			drop_client(client);
	}
	free(text);
	free_report(report);
}

int status_moved(struct status *status)
{
	loop_unwatch(status->loop, &status->listening);
	return loop_watch(status->loop, &status->listening,
			  status->carrier->setup->status_fd, EPOLLIN);
}

int status_start(struct status *status, struct carrier *carrier)
{
	size_t i;

	*status = (struct status){
		.carrier = carrier,
		.loop = &carrier->loop,
		.listening = {.fd = -1, .ready = on_listening},
		.started = clock_mono(),
	};
	for (i = 0; i < STATUS_CLIENT_CNT_MAX; i++)
		status->clients[i] = (struct status_client){
			.status = status,
			.source = {.fd = -1, .ready = on_client},
			.fd = -1,
		};
	return status_moved(status);
}

void status_stop(struct status *status)
{
	size_t i;

	loop_unwatch(status->loop, &status->listening);
	for (i = 0; i < STATUS_CLIENT_CNT_MAX; i++)
		drop_client(&status->clients[i]);
}

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

/** ask_workers() - For their reports, unless they are on their way */
static void ask_workers(struct status *status)
{
	const struct carrier *carrier = status->carrier;

	if (status->asked)
		return;
	status->asked = true;
	team_ask(&status->carrier->team,
		 carrier->next ? carrier->next : carrier->setup);
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
	ask_workers(status);
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
	report_free(report);
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

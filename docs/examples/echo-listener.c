/* SPDX-License-Identifier: MIT */

/*
 * echo-listener.c - Sends every message back to whoever sent it
 *
 *	HYCO_CONNECTION_STRING='Endpoint=sb://…;…;EntityPath=…' ./echo-listener
 *
 * A sender that asks for the path below it named "forbidden" is rejected.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

#define SESSION_CNT  64
#define MESSAGE_SIZE 1048576

/** struct session - A sender, or a rejection under way; @conn NULL: free */
struct session {
	struct hyco_conn *conn;
	struct transport transport;
	uint8_t *out;
};

static void end(struct session *session)
{
	transport_move(&session->transport, session->conn);
	transport_close(&session->transport);
	hyco_conn_free(session->conn);
	free(session->out);
	*session = (struct session){.transport.fd = -1};
}

/** is_forbidden() - By the path that the sender added */
static bool is_forbidden(const struct control *control,
			 const struct hyco_accept *accept)
{
	char suffix[HYCO_TARGET_SIZE];
	char query[HYCO_TARGET_SIZE];
	struct hyco_uri address;
	const char *why;

	return !hyco_uri_parse(accept->address, &address, &why) &&
	       !hyco_uri_own(hyco_listener_uri(control->listener), &address,
			     suffix, query, sizeof(suffix)) &&
	       !strcmp(suffix, "forbidden");
}

/** answer() - Accept or reject a sender */
static void answer(const struct control *control, struct session *sessions,
		   const struct hyco_accept *accept)
{
	const struct hyco_conn_config config = {
		.in_size = 2 * MESSAGE_SIZE,
		.random = random_fill,
	};
	struct session *session = sessions;
	int err;

	while (session < sessions + SESSION_CNT && session->conn)
		session++;
	if (session == sessions + SESSION_CNT)
		return;
	session->conn = hyco_conn_new(&config);
	session->out = malloc(HYCO_HEAD_SIZE + MESSAGE_SIZE);
	if (!session->conn || !session->out)
		abort();
	if (is_forbidden(control, accept))
		err = hyco_rendezvous_reject(session->conn, accept->address,
					     403, "not this way", now_ms());
	else
		err = hyco_rendezvous_accept(
			session->conn, accept->address,
			accept->protocol[0] ? accept->protocol : NULL,
			"libhyco-example", now_ms());
	if (err ||
	    transport_open(&session->transport, hyco_conn_uri(session->conn)))
		end(session);
}

/** echo() - What came, back again; a message at a time */
static void echo(struct session *session)
{
	struct hyco_received received;

	hyco_conn_tick(session->conn, now_ms());
	while (hyco_conn_state(session->conn) != HYCO_CONN_OPEN ||
	       hyco_conn_can_send(session->conn)) {
		switch (hyco_conn_next(session->conn, &received)) {
		case HYCO_CONN_NOTHING:
			return;
		case HYCO_CONN_OPENED:
			break;
		case HYCO_CONN_MESSAGE:
			if (received.len > MESSAGE_SIZE)
				break;
			memcpy(session->out + HYCO_HEAD_SIZE, received.data,
			       received.len);
			hyco_conn_send(session->conn, received.text,
				       session->out + HYCO_HEAD_SIZE,
				       received.len);
			break;
		case HYCO_CONN_ENDED:
			fprintf(stderr, "%s\n",
				hyco_conn_end(session->conn)->text);
			end(session);
			return;
		}
	}
}

/** wait() - Until something may be done */
static void wait_for_work(struct control *control, struct session *sessions)
{
	struct pollfd fds[SESSION_CNT + 1];
	nfds_t cnt = 0;
	int i;

	fds[cnt++] = (struct pollfd){
		.fd = control->transport.fd,
		.events =
			transport_events(&control->transport,
					 hyco_listener_conn(control->listener)),
	};
	for (i = 0; i < SESSION_CNT; i++) {
		if (sessions[i].conn)
			fds[cnt++] = (struct pollfd){
				.fd = sessions[i].transport.fd,
				.events =
					transport_events(&sessions[i].transport,
							 sessions[i].conn),
			};
	}
	/* Short, in place of counting deadlines and what TLS holds. */
	poll(fds, cnt, 20);
}

int main(void)
{
	static struct session sessions[SESSION_CNT];
	struct hyco_listener_event event;
	struct control control;
	int i;

	if (control_open(&control))
		return EXIT_FAILURE;
	for (i = 0; i < SESSION_CNT; i++)
		sessions[i].transport.fd = -1;
	for (;;) {
		transport_move(&control.transport,
			       hyco_listener_conn(control.listener));
		while (control_next(&control, &event) == HYCO_LISTENER_ACCEPT)
			answer(&control, sessions, event.accept);
		for (i = 0; i < SESSION_CNT; i++) {
			if (!sessions[i].conn)
				continue;
			transport_move(&sessions[i].transport,
				       sessions[i].conn);
			echo(&sessions[i]);
		}
		wait_for_work(&control, sessions);
	}
}

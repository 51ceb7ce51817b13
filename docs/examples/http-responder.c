/* SPDX-License-Identifier: MIT */

/*
 * http-responder.c - Answers HTTP requests with what they asked
 *
 *	HYCO_CONNECTION_STRING='…' ./http-responder
 *
 * The answer is a line "METHOD TARGET" and the request's body.  Requests that are
 * too large for the control channel are fetched by rendezvous, one at a time, and
 * answers over 64 kB go the same way.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

#define BODY_SIZE (4 << 20)

/** struct answer - What goes back; @body has HYCO_HEAD_SIZE of room before it */
struct answer {
	struct hyco_response response;
	char head[16384 + HYCO_HEAD_SIZE];
	uint8_t *body;
	size_t body_len;
};

static const struct hyco_header headers[] = {
	{"Content-Type", 12, "text/plain", 10},
};

/** make_answer() - To a request */
static void make_answer(struct answer *answer,
			const struct hyco_exchange *exchange)
{
	uint8_t *text = answer->body + HYCO_HEAD_SIZE;
	size_t len;

	answer->response = (struct hyco_response){
		.id = exchange->request.id,
		.status = 200,
		.description = "OK",
		.headers = headers,
		.header_cnt = 1,
		.body = true,
	};
	len = (size_t)snprintf((char *)text, BODY_SIZE, "%s %s\n",
			       exchange->request.method,
			       exchange->request.target);
	if (exchange->body && exchange->body_len < BODY_SIZE - len) {
		memcpy(text + len, exchange->body, exchange->body_len);
		len += exchange->body_len;
	}
	answer->body_len = len;
}

/** send_both() - Head, then body; Return: how many of the two are on their way */
static int send_both(struct hyco_conn *conn, struct answer *answer, int sent)
{
	ssize_t len;

	if (sent == 2 || !hyco_conn_can_send(conn))
		return sent;
	if (sent == 1) {
		hyco_conn_send(conn, false, answer->body + HYCO_HEAD_SIZE,
			       answer->body_len);
		return 2;
	}
	len = hyco_message_response(&answer->response,
				    answer->head + HYCO_HEAD_SIZE,
				    sizeof(answer->head) - HYCO_HEAD_SIZE);
	if (len < 0)
		return 2;
	hyco_conn_send(conn, true, (uint8_t *)answer->head + HYCO_HEAD_SIZE,
		       (size_t)len);
	return 1;
}

/**
 * by_rendezvous() - Fetch a request, or only send the answer to one
 * @exchange:	The request, or only where it is
 *
 * Further requests of the same client may come on the same connection.
 */
static void by_rendezvous(const struct hyco_exchange *exchange,
			  struct answer *answer)
{
	const struct hyco_conn_config config = {
		.in_size = BODY_SIZE + 65536,
		.random = random_fill,
	};
	struct hyco_conn *conn = hyco_conn_new(&config);
	struct transport transport = {.fd = -1};
	struct hyco_exchange fetched;
	struct hyco_received received;
	/* 2: nothing to send. */
	int sent = exchange->request.method[0] ? 0 : 2;
	bool over = !conn ||
		    hyco_rendezvous_request(conn, exchange->request.address,
					    "libhyco-example", now_ms()) ||
		    transport_open(&transport, hyco_conn_uri(conn));

	hyco_exchange_init(&fetched);
	while (!over) {
		struct pollfd fd = {transport.fd,
				    transport_events(&transport, conn), 0};

		poll(&fd, 1, 20);
		transport_move(&transport, conn);
		hyco_conn_tick(conn, now_ms());
		switch (hyco_conn_next(conn, &received)) {
		case HYCO_CONN_MESSAGE:
			if (hyco_exchange_take(&fetched, &received) == 1) {
				make_answer(answer, &fetched);
				sent = 0;
			}
			break;
		case HYCO_CONN_ENDED:
			fprintf(stderr, "%s\n", hyco_conn_end(conn)->text);
			over = true;
			break;
		case HYCO_CONN_NOTHING:
		case HYCO_CONN_OPENED:
			break;
		}
		sent = send_both(conn, answer, sent);
	}
	hyco_exchange_fini(&fetched);
	transport_close(&transport);
	hyco_conn_free(conn);
}

/** serve() - One request */
static void serve(struct control *control, const struct hyco_exchange *exchange,
		  struct answer *answer)
{
	fprintf(stderr, "request %s %s\n", exchange->request.method,
		exchange->request.target);
	if (exchange->request.method[0])
		make_answer(answer, exchange);
	if (exchange->request.method[0] &&
	    answer->body_len <= HYCO_BODY_LEN_MAX &&
	    !hyco_listener_respond(control->listener, &answer->response,
				   answer->body + HYCO_HEAD_SIZE,
				   answer->body_len))
		return;
	by_rendezvous(exchange, answer);
}

int main(void)
{
	static struct answer answer;
	struct hyco_listener_event event;
	struct control control;

	answer.body = malloc(HYCO_HEAD_SIZE + BODY_SIZE);
	if (!answer.body || control_open(&control))
		return EXIT_FAILURE;
	for (;;) {
		struct hyco_conn *conn = hyco_listener_conn(control.listener);
		struct pollfd fd = {control.transport.fd,
				    transport_events(&control.transport, conn),
				    0};

		poll(&fd, 1, 20);
		transport_move(&control.transport, conn);
		while (control_next(&control, &event) == HYCO_LISTENER_REQUEST)
			serve(&control, event.exchange, &answer);
	}
}

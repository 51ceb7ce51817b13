/* SPDX-License-Identifier: MIT */

/*
 * control.c - A listener on a transport, as the two listening examples need it
 */

#include "control.h"

#include <stdio.h>
#include <string.h>

int control_open(struct control *control)
{
	struct hyco_listener_config config = {
		.agent = "libhyco-example",
		.random = random_fill,
	};
	const char *why;

	memset(control, 0, sizeof(*control));
	control->transport.fd = -1;
	if (account_open(&control->account))
		return -1;
	config.address = control->account.address;
	control->listener = hyco_listener_new(&config, &why);
	if (control->listener)
		return 0;
	fprintf(stderr, "%s: %s\n", config.address, why);
	return -1;
}

void control_close(struct control *control)
{
	transport_close(&control->transport);
	hyco_listener_free(control->listener);
	hyco_connection_string_wipe(&control->account.string);
}

static void give_token(struct control *control)
{
	char token[HYCO_TOKEN_SIZE];

	if (account_token(&control->account, token, sizeof(token)) ||
	    hyco_listener_token(control->listener, token,
				ACCOUNT_TOKEN_S * 1000, now_ms()))
		hyco_listener_no_token(control->listener, "it cannot be made",
				       now_ms());
	explicit_bzero(token, sizeof(token));
}

enum hyco_listener_event_kind control_next(struct control *control,
					   struct hyco_listener_event *event)
{
	struct hyco_conn *conn = hyco_listener_conn(control->listener);

	for (;;) {
		enum hyco_listener_event_kind kind =
			hyco_listener_next(control->listener, now_ms(), event);

		switch (kind) {
		case HYCO_LISTENER_TOKEN:
			give_token(control);
			break;
		case HYCO_LISTENER_CONNECT:
			if (transport_open(&control->transport,
					   hyco_conn_uri(conn)))
				hyco_conn_lost(conn, "cannot connect");
			break;
		case HYCO_LISTENER_REGISTERED:
			fprintf(stderr, "listening at %s\n",
				control->account.address);
			break;
		case HYCO_LISTENER_REFUSED:
		case HYCO_LISTENER_MALFORMED:
			fprintf(stderr, "ignored: %s\n", event->reason);
			break;
		case HYCO_LISTENER_ENDED:
			fprintf(stderr, "%s; again in %lld ms\n",
				event->end->text, (long long)event->retry_ms);
			transport_move(&control->transport, conn);
			transport_close(&control->transport);
			break;
		case HYCO_LISTENER_NOTHING:
		case HYCO_LISTENER_ACCEPT:
		case HYCO_LISTENER_REQUEST:
			return kind;
		}
	}
}

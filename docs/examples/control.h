/* SPDX-License-Identifier: MIT */

/*
 * control.h - A listener on a transport, as the two listening examples need it
 */

#ifndef EXAMPLES_CONTROL_H
#define EXAMPLES_CONTROL_H

#include "transport.h"

/** struct control - A registration */
struct control {
	struct account account;
	struct hyco_listener *listener;
	struct transport transport;
};

/** control_open() - From the environment; Return: 0, or -1 with words on stderr */
int control_open(struct control *control);
void control_close(struct control *control);

/** control_next() - As hyco_listener_next(), but tokens and the transport are seen
 *  to here: only the application's events come out */
enum hyco_listener_event_kind control_next(struct control *control,
					   struct hyco_listener_event *event);

#endif /* EXAMPLES_CONTROL_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_channel.h - A listener's rendezvous socket for a client's HTTP requests
 */

#ifndef RELAY_HTTP_CHANNEL_H
#define RELAY_HTTP_CHANNEL_H

#include "relay/session.h"

/** http_channel_open() - The listener has come for @client and got its 101 */
void http_channel_open(struct session *session, struct session *client);

/** http_channel_receive() - Frames from the listener */
void http_channel_receive(struct session *session, const uint8_t *data,
			  size_t len);

/** http_channel_writable() - All that was written to it is sent */
void http_channel_writable(struct session *session);

/** http_channel_resume() - Its client takes bytes again */
void http_channel_resume(struct session *session);

/** http_channel_end() - Its client needs it no more: close */
void http_channel_end(struct session *session, uint16_t code,
		      const char *reason);

/** http_channel_closed() - Its connection is gone */
void http_channel_closed(struct session *session);

#endif /* RELAY_HTTP_CHANNEL_H */

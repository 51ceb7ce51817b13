/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * control.h - A listener's control channel (azure-relay-protocol section 2)
 */

#ifndef RELAY_CONTROL_H
#define RELAY_CONTROL_H

#include <stdbool.h>

#include "relay/session.h"

/** control_open() - Memory for its messages; Return: was there some? */
bool control_open(struct session *session);

/** control_receive() - Frames from the listener */
void control_receive(struct session *session, const uint8_t *data, size_t len);

/** control_send() - A text message to the listener
 *  Return: false when its connection is dead */
bool control_send(struct session *session, const char *text, size_t len);

/** control_tick() - Token expiry, pings, silence */
void control_tick(struct session *session, mono_t now, int64_t now_s);

/** control_close() - Close frame, then the end */
void control_close(struct session *session, uint16_t code, const char *reason);

/** frame_write() - An unmasked frame of the relay's own
 *  Return: false when the connection is dead */
bool frame_write(struct session *session, enum ws_opcode opcode,
		 const uint8_t *data, size_t len);

#endif /* RELAY_CONTROL_H */

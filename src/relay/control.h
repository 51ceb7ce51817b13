/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * control.h - A listener's control channel (azure-relay-protocol section 2)
 */

#ifndef RELAY_CONTROL_H
#define RELAY_CONTROL_H

#include <stdbool.h>

#include "base/limits.h"
#include "relay/session.h"

/** control_open() - Registered from now on; Return: was there memory for its
 *  messages? */
bool control_open(struct session *session);

/** control_closed() - Is registered no more: nobody is sent here, requests it has
 *  are answered with 502 */
void control_closed(struct session *session);

/** control_receive() - Frames from the listener */
void control_receive(struct session *session, const uint8_t *data, size_t len);

/** control_send() - A text message to the listener; one that was silent for a
 *  while is pinged as well
 *  Return: false when its connection is dead */
bool control_send(struct session *session, const char *text, size_t len);

/** control_tick() - Token expiry, pings, silence */
void control_tick(struct session *session, mono_t now, int64_t now_s);

/** control_close() - Close frame, then the end */
void control_close(struct session *session, uint16_t code, const char *reason);

/** control_leave() - The relay stops: close once nobody waits for this listener */
void control_leave(struct session *session);

/** frame_write() - An unmasked frame of the relay's own, FIN set
 *  @data:	May lie in the scratch buffer, behind room for the head
 *  Return: false when the connection is dead */
bool frame_write(struct session *session, enum ws_opcode opcode,
		 const uint8_t *data, size_t len);

#endif /* RELAY_CONTROL_H */

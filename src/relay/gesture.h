/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * gesture.h - What a client asks for becomes of its session
 */

#ifndef RELAY_GESTURE_H
#define RELAY_GESTURE_H

#include "codec/http.h"
#include "relay/session.h"

/** gesture_take() - The head of a request is whole: grant it or refuse */
void gesture_take(struct session *session, const struct http_request *head);

/** gesture_tick() - A sender waits: for its listener, or to be told of */
void gesture_tick(struct session *session, mono_t now);

#endif /* RELAY_GESTURE_H */

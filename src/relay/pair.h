/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pair.h - Two joined sessions: frames, back-pressure, and the end
 */

#ifndef RELAY_PAIR_H
#define RELAY_PAIR_H

#include "relay/session.h"

/** pair_join() - Make two sessions one pair */
void pair_join(struct session *a, struct session *b);

/** pair_pass() - Bytes from one side go to the other */
void pair_pass(struct session *from, const uint8_t *data, size_t len);

/** pair_writable() - What was written to a side is sent: the other may go on */
void pair_writable(struct session *session);

/** pair_part() - A side is gone: the other is told and ends */
void pair_part(struct session *session);

/** pair_close() - The relay ends both sides */
void pair_close(struct session *session, uint16_t code, const char *reason);

/** pair_leave() - The relay stops: end both sides as soon as no message is cut */
void pair_leave(struct session *session);

/** pair_tick() - A side that does not answer Close is ended */
void pair_tick(struct session *session, mono_t now);

#endif /* RELAY_PAIR_H */

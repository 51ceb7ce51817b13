/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * status_text.h - How the relay is, as JSON
 */

#ifndef RELAY_STATUS_TEXT_H
#define RELAY_STATUS_TEXT_H

#include "relay/relay.h"

/** status_text() - For relaytun status; heap text (the caller's), NULL when
 *  memory runs out */
char *status_text(const struct relay *relay, mono_t now);

#endif /* RELAY_STATUS_TEXT_H */

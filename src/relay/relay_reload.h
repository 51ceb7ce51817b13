/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * relay_reload.h - SIGHUP: another configuration while connections live
 */

#ifndef RELAY_RELAY_RELOAD_H
#define RELAY_RELAY_RELOAD_H

#include "relay/relay.h"

/**
 * struct relay_hooks - What the program does for the relay
 * @ready:	Called when the port is open, before the first connection (to
 *		drop privileges); a failure ends the relay
 * @load:	Reads the files again; NULL after errors, which it has told.  NULL
 *		when there are none.  Behind it comes one of:
 * @drop:	The configuration before is not used any more
 * @undo:	The one that was just loaded is not used
 */
struct relay_hooks {
	int (*ready)(void *context, const struct relay_conf *conf);
	const struct relay_conf *(*load)(void *context);
	void (*drop)(void *context);
	void (*undo)(void *context);
	void *context;
};

/** relay_reload() - Load, and use what was loaded; or say why not, and change nothing */
void relay_reload(struct relay *relay, const struct relay_hooks *hooks);

/** relay_reload_gone() - A hybrid connection is not configured any more
 *  @context: struct relay */
void relay_reload_gone(struct hub *hub, void *context);

#endif /* RELAY_RELAY_RELOAD_H */

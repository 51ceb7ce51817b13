/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * hub.h - A hybrid connection while the relay runs: its listeners, its counts
 */

#ifndef RELAY_HUB_H
#define RELAY_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "relay/listener.h"
#include "relay/relay_conf.h"

struct relay;
struct session;

/**
 * struct hub - One hybrid connection
 * @name:	Its path (heap): outlives a configuration
 * @conf:	Its entry in the configuration in force, NULL once it is gone
 *		from there: nobody may listen or connect any more
 * @listeners:	Registered ones, newest first
 * @listener_cnt: How many
 * @ref_cnt:	Sessions that point here
 * @joined, @rejected, @unanswered: Senders that were joined, were rejected,
 *		waited in vain
 * @requests:	HTTP requests passed on
 * @passed_len:	Bytes of frames that pairs passed on, both ways
 */
struct hub {
	char *name;
	const struct relay_path *conf;
	struct session *listeners;
	size_t listener_cnt;
	size_t ref_cnt;
	uint64_t joined;
	uint64_t rejected;
	uint64_t unanswered;
	uint64_t requests;
	uint64_t passed_len;
};

/**
 * struct hub_table - All of them
 * @hubs:	In the order of the configuration
 */
struct hub_table {
	struct hub **hubs;
	size_t cnt;
};

/**
 * hub_table_set() - Make the table that of a configuration
 * @table:	Zeroed, or as it was before
 * @conf:	Must live until the next call; hubs of the same path stay the
 *		same, with their listeners
 * @gone:	Called for each hub that @conf does not have
 * @context:	For @gone
 *
 * Return: 0 or -ENOMEM (nothing has changed)
 */
int hub_table_set(struct hub_table *table, const struct relay_conf *conf,
		  void (*gone)(struct hub *hub, void *context), void *context)
	__attribute__((warn_unused_result));
void hub_table_fini(struct hub_table *table);

/** hub_find() - That of a request's path, NULL for none */
struct hub *hub_find(const struct hub_table *table,
		     const struct relay_conf *conf, const char *path);

/** hub_keep(), hub_release() - For a session that points to it; one that is
 *  gone from the configuration ends with its last session */
struct hub *hub_keep(struct hub *hub);
void hub_release(struct hub *hub);

/** hub_add(), hub_remove() - A listener comes and goes */
void hub_add(struct hub *hub, struct session *session);
void hub_remove(struct hub *hub, struct session *session);

/* To a client where hub_pick() finds nobody though there are listeners. */
#define HUB_STUCK_TEXT "the listeners take no messages now"

/**
 * hub_pick() - A listener at random
 * @use:	For what
 * @ghost:	Draw as if there were one more
 * @is_ghost:	Set when that one was drawn
 *
 * Those that take no messages are left out, and those that are doubted
 * (listener.c) as long as there are others.
 *
 * Return: NULL when there is none
 */
struct session *hub_pick(const struct hub *hub, enum listener_use use,
			 mono_t now, bool ghost, bool *is_ghost);

/** hub_has_trusted() - Is there a listener with nothing against it? */
bool hub_has_trusted(const struct hub *hub, enum listener_use use, mono_t now);

#endif /* RELAY_HUB_H */

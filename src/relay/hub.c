/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * hub.c - A hybrid connection while the relay runs: its listeners, its counts
 */

#include "relay/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/session.h"
#include "sys/random.h"

/* A listener that was silent for PROBE_MS (control.c) gets a Ping with a message; one
 * that is alive answers in less than this, and one that vanished is out of the
 * choice within a second of the first message that it does not get. */
#define DOUBT_MS 700

static void free_hub(struct hub *hub)
{
	free(hub->name);
	free(hub);
}

static struct hub *new_hub(const char *name)
{
	struct hub *hub = calloc(1, sizeof(*hub));

	if (!hub)
		return NULL;
	hub->name = strdup(name);
	if (!hub->name) {
		free(hub);
		return NULL;
	}
	return hub;
}

static struct hub *find_name(const struct hub_table *table, const char *name)
{
	size_t i;

	for (i = 0; i < table->cnt; i++) {
		if (!strcmp(table->hubs[i]->name, name))
			return table->hubs[i];
	}
	return NULL;
}

/** fill() - Old hubs and new ones; Return: 0 or -ENOMEM, new ones freed */
static int fill(struct hub **hubs, const struct hub_table *old,
		const struct relay_conf *conf)
{
	size_t i;

	for (i = 0; i < conf->path_cnt; i++) {
		hubs[i] = find_name(old, conf->paths[i].path);
		if (!hubs[i])
			hubs[i] = new_hub(conf->paths[i].path);
		if (!hubs[i])
			goto err;
	}
	return 0;
err:
	while (i-- > 0) {
		if (!find_name(old, hubs[i]->name))
			free_hub(hubs[i]);
	}
	return -ENOMEM;
}

int hub_table_set(struct hub_table *table, const struct relay_conf *conf,
		  void (*gone)(struct hub *hub, void *context), void *context)
{
	struct hub_table old = *table;
	struct hub **hubs = calloc(conf->path_cnt + 1, sizeof(struct hub *));
	size_t i;

	if (!hubs)
		return -ENOMEM;
	if (fill(hubs, &old, conf)) {
		free(hubs);
		return -ENOMEM;
	}
	for (i = 0; i < old.cnt; i++)
		old.hubs[i]->conf = NULL;
	for (i = 0; i < conf->path_cnt; i++)
		hubs[i]->conf = &conf->paths[i];
	*table = (struct hub_table){hubs, conf->path_cnt};
	for (i = 0; i < old.cnt; i++) {
		if (old.hubs[i]->conf)
			continue;
		hub_keep(old.hubs[i]);
		gone(old.hubs[i], context);
		hub_release(old.hubs[i]);
	}
	free(old.hubs);
	return 0;
}

void hub_table_fini(struct hub_table *table)
{
	size_t i;

	for (i = 0; i < table->cnt; i++)
		free_hub(table->hubs[i]);
	free(table->hubs);
}

struct hub *hub_find(const struct hub_table *table,
		     const struct relay_conf *conf, const char *path)
{
	const char *suffix;
	const struct relay_path *found = relay_conf_find(conf, path, &suffix);

	return found ? table->hubs[found - conf->paths] : NULL;
}

struct hub *hub_keep(struct hub *hub)
{
	hub->ref_cnt++;
	return hub;
}

void hub_release(struct hub *hub)
{
	hub->ref_cnt--;
	if (!hub->ref_cnt && !hub->conf)
		free_hub(hub);
}

void hub_add(struct hub *hub, struct session *listener)
{
	listener->hub_prev = NULL;
	listener->hub_next = hub->listeners;
	if (hub->listeners)
		hub->listeners->hub_prev = listener;
	hub->listeners = listener;
	hub->listener_cnt++;
}

void hub_remove(struct hub *hub, struct session *listener)
{
	if (listener->hub_prev)
		listener->hub_prev->hub_next = listener->hub_next;
	else
		hub->listeners = listener->hub_next;
	if (listener->hub_next)
		listener->hub_next->hub_prev = listener->hub_prev;
	listener->hub_next = NULL;
	listener->hub_prev = NULL;
	hub->listener_cnt--;
}

/** is_doubtful() - Did it let a Ping wait? */
static bool is_doubtful(const struct session *listener, mono_t now)
{
	return mono_before(listener->heard, listener->pinged) &&
	       mono_diff_ms(now, listener->pinged) > DOUBT_MS;
}

/** draw() - The n-th replaces the one before with a chance of 1/n */
static struct session *draw(const struct hub *hub, mono_t now, bool doubtful,
			    uint64_t *cnt)
{
	struct session *picked = NULL;
	struct session *one;

	for (one = hub->listeners; one; one = one->hub_next) {
		if (!one->stuck && is_doubtful(one, now) == doubtful &&
		    random_below(++*cnt) == 0)
			picked = one;
	}
	return picked;
}

struct session *hub_pick(const struct hub *hub, mono_t now, bool ghost,
			 bool *is_ghost)
{
	uint64_t cnt = 0;
	struct session *picked = draw(hub, now, false, &cnt);

	if (!cnt)
		picked = draw(hub, now, true, &cnt);
	*is_ghost = ghost && random_below(cnt + 1) == 0;
	return picked;
}

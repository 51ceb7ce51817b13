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

void hub_add(struct hub *hub, struct session *session)
{
	struct session *first = hub->listeners;

	session->listener->next = first;
	if (first)
		first->listener->prev = session;
	hub->listeners = session;
	hub->listener_cnt++;
}

void hub_remove(struct hub *hub, struct session *session)
{
	struct listener *listener = session->listener;

	if (listener->prev)
		listener->prev->listener->next = listener->next;
	else
		hub->listeners = listener->next;
	if (listener->next)
		listener->next->listener->prev = listener->prev;
	listener->next = NULL;
	listener->prev = NULL;
	hub->listener_cnt--;
}

/** draw() - The n-th replaces the one before with a chance of 1/n */
static struct session *draw(const struct hub *hub, enum listener_use use,
			    mono_t now, bool doubted, uint64_t *cnt)
{
	struct session *picked = NULL;
	struct session *one;

	for (one = hub->listeners; one; one = one->listener->next) {
		if (!one->stuck &&
		    listener_is_doubted(one, use, now) == doubted &&
		    random_below(++*cnt) == 0)
			picked = one;
	}
	return picked;
}

struct session *hub_pick(const struct hub *hub, enum listener_use use,
			 mono_t now, bool ghost, bool *is_ghost)
{
	uint64_t cnt = 0;
	struct session *picked = draw(hub, use, now, false, &cnt);

	if (!cnt)
		picked = draw(hub, use, now, true, &cnt);
	*is_ghost = ghost && random_below(cnt + 1) == 0;
	if (picked && !*is_ghost)
		listener_tried(picked, use, now);
	return picked;
}

bool hub_has_trusted(const struct hub *hub, enum listener_use use, mono_t now)
{
	const struct session *one;

	for (one = hub->listeners; one; one = one->listener->next) {
		if (!one->stuck && !listener_is_doubted(one, use, now) &&
		    !listener_is_deaf(one, use))
			return true;
	}
	return false;
}

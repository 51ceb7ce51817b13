/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * legacy.c - The rules of iptables-legacy that stand, for the evaluator
 */

#include "steward/legacy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steward/iptdump.h"
#include "steward/iptsave.h"

/* Others do not decide what becomes of a packet, or are nat's. */
static const char *const tables[] = {"raw", "filter"};

/** stands() - Does the kernel hold a table?  Asking for it would make it */
static bool stands(const char *names, const char *table)
{
	FILE *file = fopen(names, "re");
	char line[64];
	bool found = false;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found |= strcmp(line, table) == 0;
	}
	(void)fclose(file);
	return found;
}

/** read_family() - Both tables of a family, as far as they stand */
static void read_family(struct legacy *legacy, bool v6, struct sim *sim)
{
	const char *names =
		v6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names";
	struct strbuf *text = &legacy->texts[v6];
	char *json;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		if (stands(names, tables[i]) &&
		    iptdump_table(v6 ? IP_V6 : IP_V4, tables[i], text))
			legacy->unread[v6] = true;
	}
	if (!text->len)
		return;
	json = iptsave_to_json(strbuf_str(text), v6 ? "ip6" : "ip");
	(void)!sim_add(sim, json ? json : "");
	free(json);
}

void legacy_read(struct legacy *legacy, struct sim *sim)
{
	*legacy = (struct legacy){.unread = {false, false}};
	read_family(legacy, false, sim);
	read_family(legacy, true, sim);
}

void legacy_fini(struct legacy *legacy)
{
	strbuf_fini(&legacy->texts[0]);
	strbuf_fini(&legacy->texts[1]);
}

char *legacy_rule(const struct legacy *legacy, const struct sim_place *place)
{
	bool v6 = !strcmp(place->family, "ip6");

	return iptsave_rule(strbuf_str(&legacy->texts[v6]), place->table,
			    place->chain, place->handle);
}

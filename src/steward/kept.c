/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * kept.c - Files beside the state file: what stands, for a later start and for
 * `relaytun plan`
 */

#include "steward/kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/parse.h"
#include "sys/file.h"
#include "sys/log.h"

/* 10,000 services take 3 MB of rules; 100,000 prefixes 2 MB more. */
#define KEPT_LEN_MAX (256u << 20)
#define KEPT_MODE    0600

static const char *const suffixes[] = {
	[KEPT_RULES] = "rules", [KEPT_POLICY] = "policy", [KEPT_NEXT] = "next",
	[KEPT_UNDO] = "undo",   [KEPT_CONF] = "conf",
};
#define KEPT_CNT (sizeof(suffixes) / sizeof(*suffixes))

char *kept_path(const struct gateway_conf *conf, enum kept which)
{
	char *path;

	if (asprintf(&path, "%s.%s", conf->state_file, suffixes[which]) < 0)
		abort();
	return path;
}

int kept_write(const struct gateway_conf *conf, enum kept which,
	       const struct strbuf *text, struct diag *diag)
{
	char *path = kept_path(conf, which);
	int err =
		file_write_atomic(path, strbuf_str(text), text->len, KEPT_MODE);

	if (err)
		diag_error(diag, path, 0, "cannot be written: %s",
			   strerror(-err));
	free(path);
	return err;
}

ssize_t kept_read(const struct gateway_conf *conf, enum kept which, char **text)
{
	char *path = kept_path(conf, which);
	ssize_t len = file_read(path, KEPT_LEN_MAX, text);

	free(path);
	return len;
}

const struct gateway_conf *kept_conf(const struct gateway_conf *conf,
				     struct arena *arena)
{
	const struct gateway_conf *kept;
	struct diag unheard;
	char *text;

	if (kept_read(conf, KEPT_CONF, &text) < 0)
		return NULL;
	diag_init(&unheard);
	kept = gateway_conf_parse(text, "kept", arena, &unheard);
	diag_fini(&unheard);
	free(text);
	return kept;
}

const struct plan *kept_plan(const struct gateway_conf *conf, enum kept which,
			     const struct state *state, struct arena *arena)
{
	const struct policy_gateway *gateway = NULL;
	const struct policy *policy;
	struct diag unheard;
	char *text;

	if (kept_read(conf, which, &text) < 0)
		return NULL;
	diag_init(&unheard);
	policy = policy_parse(text, "kept", arena, &unheard);
	diag_fini(&unheard);
	free(text);
	if (policy)
		gateway = policy_gateway_find(policy, conf->name);
	return gateway ? plan_make(policy, gateway, conf, state->ids,
				   state->id_cnt, arena)
		       : NULL;
}

int kept_promote(const struct gateway_conf *conf)
{
	char *next = kept_path(conf, KEPT_NEXT);
	char *path = kept_path(conf, KEPT_POLICY);
	int err = rename(next, path) ? -errno : 0;

	free(path);
	free(next);
	return err;
}

void kept_discard(const struct gateway_conf *conf, enum kept which)
{
	char *path = kept_path(conf, which);

	int err = file_remove(path);

	if (err)
		log_warn("file=%s event=not_removed error=\"%s\"", path,
			 strerror(-err));
	free(path);
}

int kept_remove(const struct gateway_conf *conf, struct diag *diag)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < KEPT_CNT; i++) {
		char *path = kept_path(conf, (enum kept)i);
		int err = file_remove(path);

		if (err) {
			ret = err;
			diag_error(diag, path, 0, "cannot be removed: %s",
				   strerror(-err));
		}
		free(path);
	}
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * verb.c - What the verbs of relaytun-steward share
 */

#include "steward/verb.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "steward/files.h"
#include "sys/log.h"
#include "sys/output.h"

void verb_print(struct steward *steward)
{
	struct diag *diag = &steward->diag;
	output_diag(diag);
	diag_fini(diag);
	diag_init(diag);
}

bool verb_read_conf(struct steward *steward)
{
	steward->conf =
		files_conf(steward->conf_path, &steward->arena, &steward->diag);
	return steward->conf;
}

bool verb_read_policy(struct steward *steward)
{
	const char *path = steward->policy_path ? steward->policy_path
						: steward->conf->policy_path;

	steward->policy = files_policy(path, &steward->arena, &steward->diag);
	if (!steward->policy)
		return false;
	steward->gateway =
		gateway_conf_check(steward->policy, steward->conf,
				   steward->conf_path, &steward->diag);
	return steward->gateway;
}

void verb_remove_socket(const struct steward *steward)
{
	const char *path = steward->conf->status_socket;
	struct stat st;

	if (!lstat(path, &st) && S_ISSOCK(st.st_mode) && unlink(path))
		log_warn("file=%s event=not_removed error=\"%m\"", path);
	(void)rmdir(GATEWAY_RUN_DIR);
}

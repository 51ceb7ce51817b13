/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * files.c - Both configuration files, read and judged
 */

#include "steward/files.h"

#include "policy/parse.h"
#include "sys/cfgfile.h"

const struct gateway_conf *files_conf(const char *path, struct arena *arena,
				      struct diag *diag)
{
	const struct gateway_conf *conf = NULL;
	struct cfgfile file;

	if (!cfgfile_load(&file, path, arena, diag))
		conf = gateway_conf_parse_source(&file.source, arena, diag);
	cfgfile_free(&file);
	return conf;
}

const struct policy *files_policy(const char *path, struct arena *arena,
				  struct diag *diag)
{
	const struct policy *policy = NULL;
	struct cfgfile file;

	if (!cfgfile_load(&file, path, arena, diag))
		policy = policy_parse_source(&file.source, arena, diag);
	cfgfile_free(&file);
	return policy;
}

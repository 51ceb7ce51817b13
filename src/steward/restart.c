/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * restart.c - What of both files only a restart can change
 */

#include "steward/restart.h"

#include <stdio.h>
#include <string.h>

#include "base/cfgsource.h"

/** same() - Report a setting that only a restart can change */
static bool same(const char *path, const char *key, const char *before,
		 const char *now, struct diag *diag)
{
	if (!strcmp(before, now))
		return true;
	diag_error(diag, path, 0,
		   "%s was \"%s\" and is \"%s\": that needs a restart", key,
		   before, now);
	return false;
}

/** same_cnt() - As same(), of a number */
static bool same_cnt(const char *path, const char *key, uint32_t before,
		     uint32_t now, struct diag *diag)
{
	char texts[2][16];

	snprintf(texts[0], sizeof(texts[0]), "%u", before);
	snprintf(texts[1], sizeof(texts[1]), "%u", now);
	return same(path, key, texts[0], texts[1], diag);
}

bool restart_check(const char *path, const struct gateway_conf *before,
		   const struct gateway_conf *now, struct diag *diag)
{
	bool good = same(path, "name", before->name, now->name, diag);

	good &= same(path, "tun.name", before->tun_name, now->tun_name, diag);
	good &= same(path, "tun.offloads",
		     tun_offloads_name(before->tun_offloads),
		     tun_offloads_name(now->tun_offloads), diag);
	good &= same_cnt(path, "workers", before->workers, now->workers, diag);
	good &= same(path, "user", before->user, now->user, diag);
	good &= same(path, "status.socket", before->status_socket,
		     now->status_socket, diag);
	good &= same(path, "state_file", before->state_file, now->state_file,
		     diag);
	return good;
}

bool restart_check_role(const struct policy *policy,
			const struct policy_gateway *before,
			const struct policy_gateway *now, struct diag *diag)
{
	if (before->role == now->role)
		return true;
	cfg_source_error(&policy->source, diag, now->line,
			 "role of gateway \"%s\" was \"%s\" and is \"%s\": "
			 "that needs a restart",
			 now->name, gateway_role_name(before->role),
			 gateway_role_name(now->role));
	return false;
}

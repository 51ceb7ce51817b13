/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * keycheck.c - Would a start take the files of keys, tokens and certificates?
 */

#include "steward/keycheck.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "steward/feed.h"
#include "sys/file.h"

/** is_units_own() - Is a file one that systemd shows to the gateway's unit only? */
static bool is_units_own(const char *path)
{
	return !strncmp(path, ACCESS_CREDENTIALS_DIR,
			sizeof(ACCESS_CREDENTIALS_DIR) - 1) &&
	       !getenv("CREDENTIALS_DIRECTORY");
}

/** leave_out() - A file that cannot be looked at from here; Return: NULL then, else
 *  @path */
static const char *leave_out(const char *path, const char *key, bool elsewhere,
			     struct diag *diag)
{
	char buf[PATH_MAX];
	int err;

	if (!path)
		return NULL;
	if (is_units_own(path)) {
		diag_warning(diag, path, 0,
			     "%s was not looked at: only the gateway's unit "
			     "sees what is in $CREDENTIALS_DIRECTORY",
			     key);
		return NULL;
	}
	err = elsewhere ? file_check(file_locate(path, buf, sizeof(buf))) : 0;
	if (err != -ENOENT && err != -EACCES)
		return path;
	diag_warning(diag, path, 0,
		     "%s was not looked at: %s; where the gateway runs, it "
		     "must be there and good",
		     key, file_why(err));
	return NULL;
}

int keycheck(const struct access_conf *conf, bool elsewhere, struct diag *diag)
{
	struct access_conf seen = *conf;
	struct feed feed;
	int err;

	seen.secret_file =
		leave_out(conf->secret_file, access_secret_key(conf->kind),
			  elsewhere, diag);
	seen.ca_file = leave_out(conf->ca_file, "ca_file", elsewhere, diag);
	seen.certificate_file =
		leave_out(conf->certificate_file, "tls.certificate_file",
			  elsewhere, diag);
	seen.proxy_password_file =
		leave_out(conf->proxy_password_file, "proxy_password_file",
			  elsewhere, diag);
	feed_init(&feed);
	err = feed_read_secrets(&feed, &seen, diag);
	feed_close(&feed);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * secrets.c - Have the files of keys, tokens and certificates changed?
 *
 * By looking, not by inotify: a file may be replaced by rename, through a
 * symbolic link to a folder that changes, or on a file system that tells nothing.
 */

#include "steward/secrets.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/file.h"

/** look() - At one file; NULL: none is configured */
static struct secrets_stamp look(const char *path)
{
	struct secrets_stamp stamp;
	char buf[PATH_MAX];
	struct stat st;

	/* Compared byte by byte. */
	memset(&stamp, 0, sizeof(stamp));
	if (!path || stat(file_locate(path, buf, sizeof(buf)), &st))
		return stamp;
	stamp.dev = st.st_dev;
	stamp.ino = st.st_ino;
	stamp.size = st.st_size;
	stamp.changed_ns =
		(int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
	return stamp;
}

bool secrets_look(struct secrets *secrets, const struct access_conf *conf)
{
	const char *const paths[SECRETS_FILE_CNT] = {
		conf->secret_file, conf->ca_file, conf->certificate_file,
		conf->proxy_password_file};
	bool changed = false;
	size_t i;

	for (i = 0; i < SECRETS_FILE_CNT; i++) {
		struct secrets_stamp now = look(paths[i]);
		struct secrets_stamp *before = &secrets->stamps[i];

		if (now.dev != before->dev || now.ino != before->ino ||
		    now.size != before->size ||
		    now.changed_ns != before->changed_ns)
			changed = true;
		*before = now;
	}
	return changed;
}

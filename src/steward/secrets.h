/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * secrets.h - Have the files of keys, tokens and certificates changed?
 */

#ifndef STEWARD_SECRETS_H
#define STEWARD_SECRETS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/access.h"

/* Asked so often: a look at four inodes. */
#define SECRETS_MS       2000

#define SECRETS_FILE_CNT 4

/** struct secrets_stamp - What a file looked like; all 0: it was not there */
struct secrets_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	int64_t changed_ns;
};

/** struct secrets - The files of an access_conf, as they were looked at last */
struct secrets {
	struct secrets_stamp stamps[SECRETS_FILE_CNT];
};

/** secrets_look() - Look again; Return: does any differ from the last time? */
bool secrets_look(struct secrets *secrets, const struct access_conf *conf);

#endif /* STEWARD_SECRETS_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cfgfile.h - A configuration file, with the files it includes
 */

#ifndef SYS_CFGFILE_H
#define SYS_CFGFILE_H

#include "base/arena.h"
#include "base/cfgsource.h"
#include "base/diag.h"

/* Files inside each other: the first one is level 1. */
#define CFGFILE_DEPTH_MAX 8
/* Each file is read as often as it is included. */
#define CFGFILE_INCLUDE_MAX 1000

/**
 * struct cfgfile - A text that was read
 * @source:	The text; its pieces live in an arena
 * @text:	The same text (heap, owned)
 */
struct cfgfile {
	struct cfg_source source;
	char *text;
};

/**
 * cfgfile_load() - Read a file, and each "@include" in its place
 * @file:	Caller's storage; cfgfile_free() it in any case
 * @path:	File; must live as long as the arena
 * @arena:	Receives the names of files and where each line is from
 * @diag:	Receives every error, at the line of the "@include" or about
 *		@path
 *
 * A name that does not begin with '/' is looked for beside the including file.
 * All files together may have POLICY_LEN_MAX bytes.
 *
 * Return: 0, or -EBADMSG (at least one entry added to @diag)
 */
int cfgfile_load(struct cfgfile *file, const char *path, struct arena *arena,
		 struct diag *diag) __attribute__((warn_unused_result));

/** cfgfile_free() - Wipe and free the text; what was parsed from it lives on */
void cfgfile_free(struct cfgfile *file);

#endif /* SYS_CFGFILE_H */

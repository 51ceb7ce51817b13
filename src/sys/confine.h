/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * confine.h - What a process that faces the network gives up before it does
 */

#ifndef SYS_CONFINE_H
#define SYS_CONFINE_H

#include <stddef.h>

#include "sys/sandbox.h"

/**
 * confine() - Give it up: system calls beside a list, and all but reading of files
 * @more:	What this program does beside what the list has; NULL for nothing
 * @more_cnt:	Entries in @more
 * @folder:	Files may be removed from here; NULL for nowhere.  Where the kernel has no
 *		Landlock, from everywhere that the user may
 *
 * To be called before there are other threads.  What the kernel cannot do is left
 * out; what holds is in the log.
 */
void confine(const struct sandbox_rule *more, size_t more_cnt,
	     const char *folder);

#endif /* SYS_CONFINE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * culprit.h - Which process did it, as far as can be told
 */

#ifndef STEWARD_CULPRIT_H
#define STEWARD_CULPRIT_H

#include <stdint.h>

/* As the kernel has it: TASK_COMM_LEN */
#define CULPRIT_COMM_SIZE 16

/**
 * struct culprit - A process; all 0 is nobody
 * @pid:	Process, 0 when unknown
 * @comm:	Its name, "" when unknown
 * @command:	Its command line, "" when it was gone already
 */
struct culprit {
	uint32_t pid;
	char comm[CULPRIT_COMM_SIZE];
	char command[128];
};

/* Room for culprit_text(). */
#define CULPRIT_BY_SIZE 256

/**
 * culprit_take() - Take note of a process, while it may still live
 * @pid:	Process, 0: nothing is noted
 * @comm:	Its name if it is known, else NULL; then one that is gone does
 *		not take the place of one that was noted before
 */
void culprit_take(struct culprit *culprit, uint32_t pid, const char *comm);

/** culprit_text() - '"ip" pid=4712 command="..."', for a line of the log */
void culprit_text(const struct culprit *culprit, char by[CULPRIT_BY_SIZE]);

#endif /* STEWARD_CULPRIT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sandbox.h - What a process gives up for good: files (Landlock), system calls
 * (seccomp)
 *
 * Both hold for the calling thread and all that it starts.
 */

#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include <seccomp.h>
#include <stddef.h>

/* Conditions of a rule that may have to hold at once. */
#define SANDBOX_CMP_CNT 2

/**
 * struct sandbox_rule - A system call that is not forbidden
 * @name:	As in its manual page; one that this machine or library does not know
 *		is passed over
 * @err:	0: it is allowed; else it fails with this errno
 * @cmp:	What must hold of its arguments: SCMP_A0() and so on, from the first
 *		entry; the others are zero.  Several rules of one name: any
 */
struct sandbox_rule {
	const char *name;
	int err;
	struct scmp_arg_cmp cmp[SANDBOX_CMP_CNT];
};

/** struct sandbox_list - Some of them */
struct sandbox_list {
	const struct sandbox_rule *rules;
	size_t cnt;
};

/**
 * sandbox_files() - From now on only read files
 * @folder:	Files below it may still be removed, if it is there; NULL for none
 *
 * Nothing can be made, written, removed, renamed or executed, no TCP port be bound
 * to, no process outside be sent a signal, no abstract socket outside be connected
 * to; the latter as far as the kernel knows how.  Descriptors that are open
 * already stay as they are.
 *
 * Return: version of Landlock that holds, 0: this kernel has none, or -errno
 */
int sandbox_files(const char *folder) __attribute__((warn_unused_result));

/**
 * sandbox_calls() - From now on no system calls but these
 * @lists:	What is allowed; besides that the process may end, and send signals
 *		to itself
 *
 * Another one ends the process by SIGSYS, with its name in the log.  For all of its
 * threads, which must not block SIGSYS.
 *
 * Return: 0, -ENOTSUP: nothing holds on machines of this kind, or another
 *	   negative errno
 */
int sandbox_calls(const struct sandbox_list *lists, size_t list_cnt)
	__attribute__((warn_unused_result));

#endif /* SYS_SANDBOX_H */

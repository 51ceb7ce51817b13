/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * output.h - Was everything printed that was to be?
 */

#ifndef SYS_OUTPUT_H
#define SYS_OUTPUT_H

/**
 * output_end() - The last that a program does with standard output
 * @who:	Begins the message: "relaytun check"
 * @status:	Exit status so far
 *
 * What could not be written (a full disk) is said on stderr.
 *
 * Return: exit status: @status, or 1 in place of 0 when something is missing
 */
int output_end(const char *who, int status) __attribute__((warn_unused_result));

#endif /* SYS_OUTPUT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * output.h - What programs say to a person, and whether all of it was printed
 */

#ifndef SYS_OUTPUT_H
#define SYS_OUTPUT_H

struct diag;

/** output_diag() - What is collected, for a person: plain "file:line: text" lines on
 *  stderr, and how many there were no room for */
void output_diag(const struct diag *diag);

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

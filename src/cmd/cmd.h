/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cmd.h - The verbs of relaytun(8)
 *
 * One file per verb; src/main.c is the table.  Exit codes: 0 done, 1 failed,
 * 2 wrong usage or configuration (status adds 3: not running).
 */

#ifndef CMD_CMD_H
#define CMD_CMD_H

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_RUNNING = 3,
};

#define CMD_GATEWAY_CFG RELAYTUN_SYSCONF "/relaytun/gateway.cfg"

/* Each gets its own argv: argv[0] is "relaytun VERB". */
int cmd_check(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_token(int argc, char **argv);

#endif /* CMD_CMD_H */

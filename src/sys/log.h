/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * log.h - One event per line on stderr
 *
 * "key=value" pairs, starting with what the line is about.  Under systemd
 * (JOURNAL_STREAM is set) a line begins with "<N>", its syslog priority.
 * Control characters, and quotes in a quoted value, are escaped and SAS tokens are
 * masked here, not at each call.  All functions keep errno.
 */

#ifndef SYS_LOG_H
#define SYS_LOG_H

enum log_level {
	LOG_LEVEL_ERR,   /* operator must act */
	LOG_LEVEL_WARN,  /* degraded */
	LOG_LEVEL_INFO,  /* state changes, rare */
	LOG_LEVEL_DEBUG, /* for developers */
};

/**
 * log_open() - Say who speaks; call once before threads start
 * @program:	Shown at the start of each line: "relaytun-carrier[oslo-a]"
 * @level:	Highest level shown
 */
void log_open(const char *program, enum log_level level);

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* SYS_LOG_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iptdump.h - A table of iptables-legacy, from the kernel
 */

#ifndef STEWARD_IPTDUMP_H
#define STEWARD_IPTDUMP_H

#include "base/addr.h"
#include "base/strbuf.h"

/**
 * iptdump_table() - As iptables-legacy-save prints it, as far as is looked at
 * @family:	IP_V4 or IP_V6
 * @table:	"filter", "raw"; asking for one that does not stand makes it
 * @out:	Receives the text; matches that are not known here stand there as
 *		"-m NAME --unknown"
 *
 * Return: 0, -ENOENT when there is no such table, or another negative errno
 */
int iptdump_table(enum ip_family family, const char *table, struct strbuf *out)
	__attribute__((warn_unused_result));

#endif /* STEWARD_IPTDUMP_H */

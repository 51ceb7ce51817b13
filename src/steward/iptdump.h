/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iptdump.h - The filter table of iptables-legacy, from the kernel
 */

#ifndef STEWARD_IPTDUMP_H
#define STEWARD_IPTDUMP_H

#include "base/addr.h"
#include "base/strbuf.h"

/**
 * iptdump_filter() - As iptables-legacy-save prints it, as far as is looked at
 * @family:	IP_V4 or IP_V6
 * @out:	Receives the text; matches that are not known here stand there as
 *		"-m NAME --unknown"
 *
 * Return: 0, -ENOENT when there is no such table, or another negative errno
 */
int iptdump_filter(enum ip_family family, struct strbuf *out)
	__attribute__((warn_unused_result));

#endif /* STEWARD_IPTDUMP_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * diaglog.c - What a struct diag collected, as log lines
 */

#include "steward/diaglog.h"

#include "sys/log.h"

void diaglog(const struct diag *diag, const char *event)
{
	char line[DIAG_TEXT_LEN_MAX + 256];
	size_t i;

	for (i = 0; i < diag->cnt; i++) {
		diag_text(diag, i, line, sizeof(line));
		if (diag_is_warning(diag, i))
			log_warn("event=warning text=\"%s\"", line);
		else
			log_err("event=%s error=\"%s\"", event, line);
	}
}

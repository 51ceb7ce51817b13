/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * diaglog.h - What a struct diag collected, as log lines
 */

#ifndef STEWARD_DIAGLOG_H
#define STEWARD_DIAGLOG_H

#include "base/diag.h"

/**
 * diaglog() - One line for each entry, warnings as warnings
 * @event:	What the errors are about: "wrong_file", "kernel_state"
 */
void diaglog(const struct diag *diag, const char *event);

#endif /* STEWARD_DIAGLOG_H */

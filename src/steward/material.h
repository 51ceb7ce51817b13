/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * material.h - Is what a file of keys, tokens or certificates holds any good?
 */

#ifndef STEWARD_MATERIAL_H
#define STEWARD_MATERIAL_H

#include <stddef.h>

#include "policy/access.h"

/*
 * All of them: @text is NUL-terminated; @line is set where the fault is on one line
 * of many, else left.  Return: NULL, or a static sentence without anything secret.
 */

/** material_credential() - What a gateway shows to relays, of @len bytes */
const char *material_credential(enum credential_kind kind, const char *text,
				size_t len, unsigned int *line)
	__attribute__((warn_unused_result));

/** material_identity() - A certificate and its key */
const char *material_identity(const char *text, unsigned int *line)
	__attribute__((warn_unused_result));

/** material_ca() - A bundle of certificates */
const char *material_ca(const char *text, unsigned int *line)
	__attribute__((warn_unused_result));

#endif /* STEWARD_MATERIAL_H */

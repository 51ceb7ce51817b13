/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * parse.h - Text to validated table
 */

#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include "base/arena.h"
#include "base/cfgsource.h"
#include "base/diag.h"
#include "policy/policy.h"

/**
 * policy_parse() - Read and check a policy text
 * @text:	The text, NUL-terminated
 * @path:	Name of its file, for errors
 * @arena:	Receives the table
 * @diag:	Receives every error and warning of the text, sorted by line
 *
 * Return: the table (lives in @arena), or NULL after any error
 */
const struct policy *policy_parse(const char *text, const char *path,
				  struct arena *arena, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * policy_parse_source() - As policy_parse(), of a text from several files
 * @source:	Text; its pieces must live as long as the table
 */
const struct policy *policy_parse_source(const struct cfg_source *source,
					 struct arena *arena, struct diag *diag)
	__attribute__((warn_unused_result));

/** gateway_conf_parse() - Read and check a gateway.cfg; as policy_parse() */
const struct gateway_conf *gateway_conf_parse(const char *text,
					      const char *path,
					      struct arena *arena,
					      struct diag *diag)
	__attribute__((warn_unused_result));

/** gateway_conf_parse_source() - As policy_parse_source() */
const struct gateway_conf *gateway_conf_parse_source(
	const struct cfg_source *source, struct arena *arena, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * gateway_conf_policy_path() - Where a gateway.cfg says the policy is
 * @text:	Its text, valid or not
 * @arena:	Receives the path
 *
 * To find the errors of both files in one run.
 *
 * Return: the path, or NULL when the text does not say it
 */
const char *gateway_conf_policy_path(const char *text, struct arena *arena);

/**
 * gateway_conf_check() - Do the two files fit together?
 * @policy:	Valid policy
 * @policy_path: Its name, for errors
 * @conf:	Valid gateway.cfg
 * @conf_path:	Its name, for errors
 *
 * The name must be one of the policy's gateways; further rules that need both.
 *
 * Return: the gateway that this machine is, or NULL after any error
 */
const struct policy_gateway *gateway_conf_check(const struct policy *policy,
						const struct gateway_conf *conf,
						const char *conf_path,
						struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* POLICY_PARSE_H */

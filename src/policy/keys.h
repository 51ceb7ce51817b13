/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * keys.h - Which keys a policy text may have
 *
 * One table per kind of group: the parser reports what is not in it, and a
 * test holds docs/policy.md and the manual page against it.
 */

#ifndef POLICY_KEYS_H
#define POLICY_KEYS_H

#include <stddef.h>

/**
 * struct policy_keys - Keys of one kind of group
 * @what:	The group, as errors call it: "service"
 * @keys:	In the order of the documentation, NULL-terminated
 */
struct policy_keys {
	const char *what;
	const char *const *keys;
};

extern const struct policy_keys policy_keys_root;
extern const struct policy_keys policy_keys_gateway;
extern const struct policy_keys policy_keys_site;
extern const struct policy_keys policy_keys_service;
extern const struct policy_keys policy_keys_route;

/** policy_keys_all() - All of them, NULL-terminated */
const struct policy_keys *const *policy_keys_all(void);

#endif /* POLICY_KEYS_H */

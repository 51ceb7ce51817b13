/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * certificate.h - A self-signed certificate, made in memory
 */

#ifndef RELAY_CERTIFICATE_H
#define RELAY_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#define CERTIFICATE_PEM_SIZE 4096

/**
 * struct certificate - PEM texts
 */
struct certificate {
	char pem[CERTIFICATE_PEM_SIZE];
	char key_pem[CERTIFICATE_PEM_SIZE];
};

/**
 * certificate_make() - For localhost and the loopback addresses, P-256
 * @now_s:	Valid from an hour before, for @valid_s
 *
 * It is its own authority, so clients trust it by being given it.
 *
 * Return: 0, or -EIO when the library refuses
 */
int certificate_make(struct certificate *certificate, int64_t now_s,
		     int64_t valid_s) __attribute__((warn_unused_result));

#endif /* RELAY_CERTIFICATE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * trust.h - The authorities that certificates are held against, read once
 *
 * A machine's bundle has some 150 of them: to read it takes 40 ms, for which a thread
 * that carries packets must not stand still at each new connection, and 1 MB.
 */

#ifndef SYS_TRUST_H
#define SYS_TRUST_H

#include <stddef.h>

#include <openssl/types.h>

/**
 * trust_new() - Read them
 * @pem:	The bundle, @len bytes; NULL: the system's, as libcurl finds it
 *
 * Threads may share what comes of it.
 *
 * Return: for trust_free(), or NULL when it cannot be read: then libcurl reads it for
 *	   each connection, and says what is wrong
 */
X509_STORE *trust_new(const char *pem, size_t len);

/** trust_keep() - One more that calls trust_free(); Return: @trust */
X509_STORE *trust_keep(X509_STORE *trust);

/** trust_free() - Freed when all have said so; harmless on NULL */
void trust_free(X509_STORE *trust);

#endif /* SYS_TRUST_H */

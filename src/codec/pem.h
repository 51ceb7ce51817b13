/* SPDX-License-Identifier: MIT */

/*
 * pem.h - Are there certificates and keys in a PEM text, and are they whole?
 */

#ifndef CODEC_PEM_H
#define CODEC_PEM_H

#include <stdbool.h>

/**
 * pem_certificates() - Count the certificates of a bundle
 * @text:	NUL-terminated; what stands between certificates is not looked at
 * @line:	On failure: where the certificate that is damaged begins
 *
 * Looks at base64 and at the outermost DER lengths, so that a file that is no
 * bundle is found without a TLS library, and with its name.  What is in a
 * certificate is the TLS library's to judge.
 *
 * Return: how many, 0 when there is none; -EBADMSG when one is damaged
 */
int pem_certificates(const char *text, unsigned int *line)
	__attribute__((warn_unused_result));

/**
 * pem_keys() - Count the private keys, as pem_certificates() does
 * @rsa:	Set: is one of them of RSA?
 * @line:	On failure: where the key in question begins
 *
 * Return: how many, 0 when there is none; -EBADMSG when one is damaged, -ENOKEY
 *	   when one is encrypted with a passphrase
 */
int pem_keys(const char *text, bool *rsa, unsigned int *line)
	__attribute__((warn_unused_result));

#endif /* CODEC_PEM_H */

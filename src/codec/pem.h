/* SPDX-License-Identifier: MIT */

/*
 * pem.h - Are there certificates in a PEM text, and are they whole?
 */

#ifndef CODEC_PEM_H
#define CODEC_PEM_H

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

#endif /* CODEC_PEM_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * entra.h - Microsoft Entra's token endpoint: what to ask, what it answered
 *
 * Pure: who asks, and when, is refresh.c's matter.
 */

#ifndef CARRIER_ENTRA_H
#define CARRIER_ENTRA_H

#include <stddef.h>
#include <stdint.h>

#include "policy/access.h"

#define ENTRA_URL_SIZE  1024
#define ENTRA_FORM_SIZE 8192
#define ENTRA_JTI_LEN   16

/**
 * struct entra_request - What to ask
 * @url:	Where
 * @form:	Body of a POST, "" for a GET.  It holds a secret: wipe it
 * @header:	A header to send, NULL for none
 */
struct entra_request {
	char url[ENTRA_URL_SIZE];
	char form[ENTRA_FORM_SIZE];
	const char *header;
};

/** entra_random_fn - As mbedTLS asks for randomness; Return: 0 */
typedef int entra_random_fn(void *arg, unsigned char *data, size_t len);

/**
 * entra_ask() - The request for a token
 * @conf:	CREDENTIAL_CLIENT_SECRET, _CLIENT_CERTIFICATE or _IDENTITY
 * @secret:	Secret, or certificate and RSA key in PEM form; NULL for an identity
 * @now_s:	Seconds since 1970 UTC
 * @random:	For the assertion's id and the signature
 * @why:	On failure set to a static sentence
 *
 * Return: 0, -EBADMSG (certificate or key), or -EMSGSIZE
 */
int entra_ask(const struct access_conf *conf, const char *secret, int64_t now_s,
	      entra_random_fn *random, struct entra_request *request,
	      const char **why) __attribute__((warn_unused_result));

#define ENTRA_ERROR_SIZE 512

/**
 * struct entra_answer - What it said
 * @token:	"" when it refused
 * @life_s:	How long the token is good
 * @error:	Why it refused, one printable line with Entra's own trace id
 */
struct entra_answer {
	char token[8192];
	int64_t life_s;
	char error[ENTRA_ERROR_SIZE];
};

/**
 * entra_read() - Take an answer apart
 * @status:	HTTP status
 * @body:	NUL-terminated
 *
 * Return: 0, or -EACCES with @answer->error
 */
int entra_read(int status, const char *body, struct entra_answer *answer)
	__attribute__((warn_unused_result));

#endif /* CARRIER_ENTRA_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * entra.c - Microsoft Entra's token endpoint: what to ask, what it answered
 */

/**
 * DOC: Theory of operation
 *
 * An application with a secret sends it in a form (OAuth 2.0 client credentials).
 * One with a certificate sends a JWT in its place, signed with the certificate's
 * key (RFC 7523): the certificate is named by the SHA-1 of its DER form (x5t).  A
 * managed identity asks an endpoint of the machine itself, which knows who it is;
 * the header "Metadata: true" keeps forwarded requests out.
 */

#include "carrier/entra.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <mbedtls/md.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha1.h>

#include "codec/text.h"

/* The assertion is used at once. */
#define ASSERTION_LIFE_S 300
/* Of RSA-4096. */
#define SIGNATURE_SIZE 512
#define JWT_SIZE       4096
#define PART_SIZE      1024

/** to_base64url() - RFC 4648 section 5, without padding; Return: length or
 *  -EMSGSIZE */
static ssize_t to_base64url(const uint8_t *data, size_t len, char *out,
			    size_t size)
{
	ssize_t used = text_base64_encode(data, len, out, size);
	ssize_t i;

	while (used > 0 && out[used - 1] == '=')
		out[--used] = '\0';
	for (i = 0; i < used; i++) {
		if (out[i] == '+')
			out[i] = '-';
		else if (out[i] == '/')
			out[i] = '_';
	}
	return used;
}

/** thumbprint() - "x5t" of the first certificate in a PEM text */
static int thumbprint(const char *pem, char *out, size_t size)
{
	mbedtls_pem_context context;
	uint8_t hash[20];
	size_t used;
	int err;

	mbedtls_pem_init(&context);
	err = mbedtls_pem_read_buffer(&context, "-----BEGIN CERTIFICATE-----",
				      "-----END CERTIFICATE-----",
				      (const unsigned char *)pem, NULL, 0,
				      &used);
	if (!err)
		err = mbedtls_sha1_ret(context.buf, context.buflen, hash);
	mbedtls_pem_free(&context);
	if (err)
		return -EBADMSG;
	return to_base64url(hash, sizeof(hash), out, size) < 0 ? -EMSGSIZE : 0;
}

/** add_part() - JSON as a part of a JWT; consumes @part */
static int add_part(json_t *part, char *jwt, size_t *len)
{
	char *text = part ? json_dumps(part, JSON_COMPACT) : NULL;
	ssize_t used = -EMSGSIZE;

	if (text)
		used = to_base64url((const uint8_t *)text, strlen(text),
				    jwt + *len, JWT_SIZE - *len - 1);
	free(text);
	json_decref(part);
	if (used < 0)
		return -EMSGSIZE;
	*len += (size_t)used;
	return 0;
}

/** sign_jwt() - Add the signature of what is there (RS256) */
static int sign_jwt(const char *pem, entra_random_fn *random, char *jwt,
		    size_t *len)
{
	unsigned char signature[SIGNATURE_SIZE];
	unsigned char hash[32];
	mbedtls_pk_context key;
	size_t signature_len;
	ssize_t used = -EBADMSG;

	mbedtls_pk_init(&key);
	if (!mbedtls_pk_parse_key(&key, (const unsigned char *)pem,
				  strlen(pem) + 1, NULL, 0) &&
	    mbedtls_pk_can_do(&key, MBEDTLS_PK_RSA) &&
	    mbedtls_pk_get_len(&key) <= sizeof(signature) &&
	    !mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
			(const unsigned char *)jwt, *len, hash) &&
	    !mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, sizeof(hash),
			     signature, &signature_len, random, NULL)) {
		jwt[(*len)++] = '.';
		used = to_base64url(signature, signature_len, jwt + *len,
				    JWT_SIZE - *len);
	}
	mbedtls_pk_free(&key);
	if (used < 0)
		return (int)used;
	*len += (size_t)used;
	return 0;
}

/** make_jwt() - The assertion */
static int make_jwt(const struct access_conf *conf, const char *pem,
		    int64_t now_s, entra_random_fn *random, const char *url,
		    char jwt[JWT_SIZE])
{
	const char *client = conf->entra.client_id;
	uint8_t jti[ENTRA_JTI_LEN];
	char jti_text[2 * ENTRA_JTI_LEN + 1];
	char x5t[64];
	size_t len = 0;
	int err = thumbprint(pem, x5t, sizeof(x5t));

	if (!err)
		err = random(NULL, jti, sizeof(jti));
	if (err)
		return err;
	if (text_hex_encode(jti, sizeof(jti), jti_text, sizeof(jti_text)) < 0)
		return -EMSGSIZE;
	err = add_part(json_pack("{s:s, s:s, s:s}", "alg", "RS256", "typ",
				 "JWT", "x5t", x5t),
		       jwt, &len);
	if (err)
		return err;
	jwt[len++] = '.';
	err = add_part(json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "aud", url,
				 "iss", client, "sub", client, "jti", jti_text,
				 "nbf", (json_int_t)now_s, "exp",
				 (json_int_t)now_s + ASSERTION_LIFE_S),
		       jwt, &len);
	return err ? err : sign_jwt(pem, random, jwt, &len);
}

/** ask_identity() - The machine's own endpoint */
static int ask_identity(const struct entra_conf *conf,
			struct entra_request *request)
{
	char audience[PART_SIZE];
	int len;

	if (text_percent_encode(conf->audience, strlen(conf->audience),
				audience, sizeof(audience)) < 0)
		return -EMSGSIZE;
	len = snprintf(request->url, sizeof(request->url),
		       "%s?api-version=2018-02-01&resource=%s%s%s",
		       conf->identity_endpoint, audience,
		       conf->client_id ? "&client_id=" : "",
		       conf->client_id ? conf->client_id : "");
	request->header = "Metadata: true";
	return len < 0 || (size_t)len >= sizeof(request->url) ? -EMSGSIZE : 0;
}

/** write_form() - Body of the POST; @proof is the secret or the assertion */
static int write_form(const struct entra_conf *conf, const char *proof_key,
		      const char *proof, struct entra_request *request)
{
	size_t audience_len = strlen(conf->audience);
	char encoded[3 * JWT_SIZE];
	char scope[PART_SIZE];
	int len;

	while (audience_len && conf->audience[audience_len - 1] == '/')
		audience_len--;
	if (text_percent_encode(proof, strlen(proof), encoded,
				sizeof(encoded)) < 0 ||
	    text_percent_encode(conf->audience, audience_len, scope,
				sizeof(scope)) < 0)
		return -EMSGSIZE;
	len = snprintf(request->form, sizeof(request->form),
		       "grant_type=client_credentials&client_id=%s&"
		       "scope=%s%%2F.default&%s=%s",
		       conf->client_id, scope, proof_key, encoded);
	explicit_bzero(encoded, sizeof(encoded));
	return len < 0 || (size_t)len >= sizeof(request->form) ? -EMSGSIZE : 0;
}

/** ask_with_certificate() - The form with an assertion */
static int ask_with_certificate(const struct access_conf *conf,
				const char *secret, int64_t now_s,
				entra_random_fn *random,
				struct entra_request *request)
{
	char jwt[JWT_SIZE];
	int err = make_jwt(conf, secret, now_s, random, request->url, jwt);

	if (!err)
		err = write_form(
			&conf->entra,
			"client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
			"client-assertion-type%3Ajwt-bearer&client_assertion",
			jwt, request);
	explicit_bzero(jwt, sizeof(jwt));
	return err;
}

int entra_ask(const struct access_conf *conf, const char *secret, int64_t now_s,
	      entra_random_fn *random, struct entra_request *request,
	      const char **why)
{
	const struct entra_conf *entra = &conf->entra;
	int len;
	int err;

	*request = (struct entra_request){0};
	*why = "tenant, audience or secret are too long";
	if (conf->kind == CREDENTIAL_IDENTITY)
		return ask_identity(entra, request);
	len = snprintf(request->url, sizeof(request->url),
		       "%s/%s/oauth2/v2.0/token", entra->authority,
		       entra->tenant);
	if (len < 0 || (size_t)len >= sizeof(request->url))
		return -EMSGSIZE;
	if (conf->kind == CREDENTIAL_CLIENT_SECRET)
		return write_form(entra, "client_secret", secret, request);
	err = ask_with_certificate(conf, secret, now_s, random, request);
	if (err == -EBADMSG)
		*why = "certificate_file needs a certificate and its RSA key, "
		       "both in PEM form, the key without a passphrase";
	return err;
}

/** copy_line() - The first line of a text, printable */
static void copy_line(const char *text, char *out, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && text[i] && !strchr("\r\n", text[i]); i++)
		out[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	out[i] = '\0';
}

/** read_error() - {"error":"...","error_description":"...","trace_id":"..."} */
static void read_error(int status, const json_t *root,
		       struct entra_answer *answer)
{
	const char *error = json_string_value(json_object_get(root, "error"));
	const char *text =
		json_string_value(json_object_get(root, "error_description"));
	const char *trace =
		json_string_value(json_object_get(root, "trace_id"));
	char line[300];
	char id[64];

	copy_line(text    ? text
		  : error ? error
			  : "no reason given",
		  line, sizeof(line));
	copy_line(trace ? trace : "", id, sizeof(id));
	snprintf(answer->error, sizeof(answer->error),
		 "the token endpoint answered %d: %s%s%s", status, line,
		 *id ? " trace_id=" : "", id);
}

/** read_life() - A number, or (the machine's endpoint) a number in quotes */
static int64_t read_life(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? strtoll(text, NULL, 10) : json_integer_value(value);
}

/** is_line() - It becomes a header's value */
static bool is_line(const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

int entra_read(int status, const char *body, struct entra_answer *answer)
{
	json_t *root = json_loads(body, 0, NULL);
	const char *token =
		json_string_value(json_object_get(root, "access_token"));
	int err = -EACCES;

	*answer = (struct entra_answer){0};
	answer->life_s = read_life(json_object_get(root, "expires_in"));
	if (status != 200) {
		read_error(status, root, answer);
	} else if (!token || !*token || answer->life_s <= 0 ||
		   strlen(token) >= sizeof(answer->token) || !is_line(token)) {
		snprintf(answer->error, sizeof(answer->error),
			 "the token endpoint's answer has no usable token");
	} else {
		snprintf(answer->token, sizeof(answer->token), "%s", token);
		err = 0;
	}
	json_decref(root);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_entra.c - Requests to and answers of Microsoft Entra's token endpoint
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>

#include "carrier/entra.h"
#include "codec/text.h"

/* What is hashed for x5t are the bytes of the block, here 00 01 02 03; printf
 * '\0\1\2\3' | openssl sha1 -binary | basenc --base64url */
#define CERTIFICATE                                                            \
	"-----BEGIN CERTIFICATE-----\nAAECAw==\n-----END CERTIFICATE-----\n"
#define X5T "oCoFsCW5KMA5zxrn6O4E58GQwNs"

static int count_up(void *arg, unsigned char *data, size_t len)
{
	size_t i;

	(void)arg;
	for (i = 0; i < len; i++)
		data[i] = (unsigned char)i;
	return 0;
}

/** pseudo() - Good enough for a key that signs nothing but this test */
static int pseudo(void *arg, unsigned char *data, size_t len)
{
	uint64_t *seed = arg;

	while (len--) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		*data++ = (unsigned char)(*seed >> 56);
	}
	return 0;
}

static struct access_conf application(enum credential_kind kind)
{
	return (struct access_conf){
		.kind = kind,
		.entra = {.tenant = "contoso",
			  .client_id = "app-1",
			  .authority = ACCESS_AUTHORITY,
			  .audience = ACCESS_AUDIENCE},
	};
}

static void a_secret_goes_encoded_into_the_form(void **state)
{
	struct access_conf conf = application(CREDENTIAL_CLIENT_SECRET);
	struct entra_request request;
	const char *why;

	(void)state;
	assert_int_equal(entra_ask(&conf, "a&b=c d~", 1800000000, count_up,
				   &request, &why),
			 0);
	assert_string_equal(request.url, "https://login.microsoftonline.com/"
					 "contoso/oauth2/v2.0/token");
	assert_string_equal(
		request.form,
		"grant_type=client_credentials&client_id=app-1&scope=https%3A"
		"%2F%2Frelay.azure.net%2F.default&client_secret=a%26b%3Dc%"
		"20d~");
	assert_null(request.header);
}

static void an_identity_is_asked_for_with_a_get_and_its_header(void **state)
{
	struct access_conf conf = {
		.kind = CREDENTIAL_IDENTITY,
		.entra = {.audience = ACCESS_AUDIENCE,
			  .identity_endpoint = ACCESS_IDENTITY_ENDPOINT}};
	struct entra_request request;
	const char *why;

	(void)state;
	assert_int_equal(entra_ask(&conf, NULL, 0, count_up, &request, &why),
			 0);
	assert_string_equal(
		request.url,
		"http://169.254.169.254/metadata/identity/oauth2/token?"
		"api-version=2018-02-01&resource=https%3A%2F%2Frelay.azure.net"
		"%2F");
	assert_string_equal(request.form, "");
	assert_string_equal(request.header, "Metadata: true");
	conf.entra.client_id = "id-1";
	assert_int_equal(entra_ask(&conf, NULL, 0, count_up, &request, &why),
			 0);
	assert_non_null(strstr(request.url, "%2F&client_id=id-1"));
}

/** decode() - A part of a JWT, NUL-terminated; Return: its length */
static size_t decode(const char *part, size_t len, char *out, size_t size)
{
	char base64[2048];
	ssize_t got;
	size_t i;

	assert_true(len + 4 < sizeof(base64));
	for (i = 0; i < len; i++)
		base64[i] = part[i] == '-'   ? '+'
			    : part[i] == '_' ? '/'
					     : part[i];
	while (len % 4)
		base64[len++] = '=';
	got = text_base64_decode(base64, len, (uint8_t *)out, size - 1);
	assert_true(got >= 0);
	out[got] = '\0';
	return (size_t)got;
}

static int make_key(mbedtls_pk_context *key, char *pem, size_t size)
{
	uint64_t seed = 1;

	mbedtls_pk_init(key);
	if (mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) ||
	    mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), pseudo, &seed, 2048,
				65537))
		return -1;
	strcpy(pem, CERTIFICATE);
	return mbedtls_pk_write_key_pem(key, (unsigned char *)pem + strlen(pem),
					size - strlen(pem));
}

static void a_certificate_signs_an_assertion_that_names_it(void **state)
{
	struct access_conf conf = application(CREDENTIAL_CLIENT_CERTIFICATE);
	struct entra_request request;
	mbedtls_pk_context key;
	unsigned char hash[32];
	char signature[512];
	char text[2048];
	char pem[4096];
	const char *why;
	const char *jwt;
	const char *dot;
	const char *end;

	(void)state;
	assert_int_equal(make_key(&key, pem, sizeof(pem)), 0);
	assert_int_equal(
		entra_ask(&conf, pem, 1800000000, count_up, &request, &why), 0);
	assert_non_null(strstr(request.form,
			       "&client_assertion_type=urn%3Aietf%3Aparams%3A"
			       "oauth%3Aclient-assertion-type%3Ajwt-bearer&"));
	assert_null(strstr(request.form, "PRIVATE"));
	jwt = strstr(request.form, "&client_assertion=");
	assert_non_null(jwt);
	jwt += strlen("&client_assertion=");
	dot = strchr(jwt, '.');
	assert_non_null(dot);
	decode(jwt, (size_t)(dot - jwt), text, sizeof(text));
	assert_string_equal(text,
			    "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"" X5T
			    "\"}");
	end = strchr(dot + 1, '.');
	assert_non_null(end);
	decode(dot + 1, (size_t)(end - dot - 1), text, sizeof(text));
	assert_string_equal(
		text,
		"{\"aud\":\"https://login.microsoftonline.com/contoso/oauth2/"
		"v2.0/token\",\"iss\":\"app-1\",\"sub\":\"app-1\",\"jti\":"
		"\"000102030405060708090a0b0c0d0e0f\",\"nbf\":1800000000,"
		"\"exp\":1800000300}");

	assert_int_equal(
		decode(end + 1, strlen(end + 1), signature, sizeof(signature)),
		256);
	mbedtls_sha256_ret((const unsigned char *)jwt, (size_t)(end - jwt),
			   hash, 0);
	assert_int_equal(mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, hash, 32,
					   (const unsigned char *)signature,
					   256),
			 0);
	mbedtls_pk_free(&key);
}

static void a_certificate_without_its_key_is_told_as_that(void **state)
{
	struct access_conf conf = application(CREDENTIAL_CLIENT_CERTIFICATE);
	static const char *const bad[] = {"", "x",
					  "-----BEGIN CERTIFICATE-----\nAA==\n"
					  "-----END CERTIFICATE-----\n"};
	struct entra_request request;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(
			entra_ask(&conf, bad[i], 0, count_up, &request, &why),
			-EBADMSG);
		assert_non_null(strstr(why, "RSA key"));
	}
}

static void a_token_and_its_life_are_read_as_number_or_text(void **state)
{
	struct entra_answer answer;

	(void)state;
	assert_int_equal(entra_read(200,
				    "{\"token_type\":\"Bearer\",\"expires_in\":"
				    "3599,\"access_token\":\"eyJ.a.b\"}",
				    &answer),
			 0);
	assert_string_equal(answer.token, "eyJ.a.b");
	assert_int_equal(answer.life_s, 3599);
	assert_int_equal(entra_read(200,
				    "{\"expires_in\":\"86399\","
				    "\"access_token\":\"t\"}",
				    &answer),
			 0);
	assert_int_equal(answer.life_s, 86399);
}

static void a_refusal_is_told_with_its_words_and_trace_id(void **state)
{
	struct entra_answer answer;

	(void)state;
	assert_int_equal(
		entra_read(401,
			   "{\"error\":\"invalid_client\",\"error_description\""
			   ":\"AADSTS7000215: Invalid client secret.\\r\\nTrace"
			   "\",\"trace_id\":\"12-34\"}",
			   &answer),
		-EACCES);
	assert_string_equal(answer.error,
			    "the token endpoint answered 401: AADSTS7000215: "
			    "Invalid client secret. trace_id=12-34");
	assert_string_equal(answer.token, "");
}

static void what_is_no_answer_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{\"access_token\":7,\"expires_in\":1}",
		"{\"access_token\":\"a\\nb\",\"expires_in\":1}",
		"{\"access_token\":\"a\",\"expires_in\":0}",
		"{\"access_token\":\"a\"}",
	};
	struct entra_answer answer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(entra_read(200, bad[i], &answer), -EACCES);
		assert_true(answer.error[0]);
		assert_int_equal(entra_read(500, bad[i], &answer), -EACCES);
		assert_non_null(strstr(answer.error, "500"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_goes_encoded_into_the_form),
		cmocka_unit_test(
			an_identity_is_asked_for_with_a_get_and_its_header),
		cmocka_unit_test(
			a_certificate_signs_an_assertion_that_names_it),
		cmocka_unit_test(a_certificate_without_its_key_is_told_as_that),
		cmocka_unit_test(
			a_token_and_its_life_are_read_as_number_or_text),
		cmocka_unit_test(a_refusal_is_told_with_its_words_and_trace_id),
		cmocka_unit_test(what_is_no_answer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * certificate.c - A self-signed certificate, made in memory
 */

#include "relay/certificate.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "sys/random.h"

/*
 * Subject alternative names, as DER: mbedTLS 2.28 has no writer for them.
 * dNSName "localhost" and "*.localhost", iPAddress 127.0.0.1, 127.0.0.2, ::1.
 */
static const unsigned char names[] = {
	0x30, 0x36, 0x82, 0x09, 'l', 'o', 'c', 'a', 'l',  'h',  'o', 's',
	't',  0x82, 0x0b, '*',  '.', 'l', 'o', 'c', 'a',  'l',  'h', 'o',
	's',  't',  0x87, 0x04, 127, 0,   0,   1,   0x87, 0x04, 127, 0,
	0,    2,    0x87, 0x10, 0,   0,   0,   0,   0,    0,    0,   0,
	0,    0,    0,    0,    0,   0,   0,   1,
};

static int random_for_mbedtls(void *context, unsigned char *out, size_t len)
{
	(void)context;
	random_bytes(out, len);
	return 0;
}

/** format_time() - As mbedTLS wants it */
static int format_time(int64_t s, char out[15])
{
	time_t t = (time_t)s;
	struct tm tm;

	return gmtime_r(&t, &tm) && strftime(out, 15, "%Y%m%d%H%M%S", &tm) == 14
		       ? 0
		       : -EIO;
}

/** make_key() - Return: 0 or an error of mbedTLS */
static int make_key(mbedtls_pk_context *key)
{
	int err = mbedtls_pk_setup(key,
				   mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	if (!err)
		err = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
					  mbedtls_pk_ec(*key),
					  random_for_mbedtls, NULL);
	return err;
}

/** fill() - All fields of the certificate; Return: 0 or an error */
static int fill(mbedtls_x509write_cert *crt, mbedtls_mpi *serial, int64_t now_s,
		int64_t valid_s)
{
	static const char name[] = "CN=relaytun relay --dev";
	char from[15];
	char to[15];
	int err = format_time(now_s - 3600, from);

	if (!err)
		err = format_time(now_s + valid_s, to);
	if (!err)
		err = mbedtls_mpi_fill_random(serial, 16, random_for_mbedtls,
					      NULL);
	/* Positive, and of at most 16 bytes. */
	if (!err)
		err = mbedtls_mpi_shift_r(serial, 1);
	if (!err)
		err = mbedtls_x509write_crt_set_serial(crt, serial);
	if (!err)
		err = mbedtls_x509write_crt_set_subject_name(crt, name);
	if (!err)
		err = mbedtls_x509write_crt_set_issuer_name(crt, name);
	if (!err)
		err = mbedtls_x509write_crt_set_validity(crt, from, to);
	if (!err)
		err = mbedtls_x509write_crt_set_basic_constraints(crt, 1, 0);
	if (!err)
		err = mbedtls_x509write_crt_set_extension(
			crt, MBEDTLS_OID_SUBJECT_ALT_NAME,
			MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0,
			names, sizeof(names));
	return err;
}

int certificate_make(struct certificate *certificate, int64_t now_s,
		     int64_t valid_s)
{
	mbedtls_x509write_cert crt;
	mbedtls_pk_context key;
	mbedtls_mpi serial;
	int err;

	mbedtls_x509write_crt_init(&crt);
	mbedtls_pk_init(&key);
	mbedtls_mpi_init(&serial);
	mbedtls_x509write_crt_set_version(&crt, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
	err = make_key(&key);
	mbedtls_x509write_crt_set_subject_key(&crt, &key);
	mbedtls_x509write_crt_set_issuer_key(&crt, &key);
	if (!err)
		err = fill(&crt, &serial, now_s, valid_s);
	if (!err)
		err = mbedtls_x509write_crt_pem(
			&crt, (unsigned char *)certificate->pem,
			sizeof(certificate->pem), random_for_mbedtls, NULL);
	if (!err)
		err = mbedtls_pk_write_key_pem(
			&key, (unsigned char *)certificate->key_pem,
			sizeof(certificate->key_pem));
	mbedtls_x509write_crt_free(&crt);
	mbedtls_pk_free(&key);
	mbedtls_mpi_free(&serial);
	return err ? -EIO : 0;
}

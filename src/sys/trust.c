/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * trust.c - The authorities that certificates are held against, read once
 */

#include "sys/trust.h"

#include <limits.h>
#include <stdbool.h>

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/** take_pem() - All certificates of a bundle; Return: was there one at least? */
static bool take_pem(X509_STORE *trust, const char *pem, size_t len)
{
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	X509 *cert = NULL;
	size_t cnt = 0;
	bool good = true;

	while (bio && good &&
	       (cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL))) {
		good = X509_STORE_add_cert(trust, cert) == 1;
		X509_free(cert);
		cnt++;
	}
	BIO_free(bio);
	return good && cnt;
}

/** take_system() - Those that libcurl was built for; Return: is there such a place? */
static bool take_system(X509_STORE *trust)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	bool good = false;

	if (info->age < CURLVERSION_SEVENTH)
		return false;
	if (info->cainfo)
		good = X509_STORE_load_file(trust, info->cainfo) == 1;
	if (info->capath)
		good |= X509_STORE_load_path(trust, info->capath) == 1;
	return good;
}

X509_STORE *trust_new(const char *pem, size_t len)
{
	X509_STORE *trust = X509_STORE_new();
	bool good =
		trust && (pem ? take_pem(trust, pem, len) : take_system(trust));

	ERR_clear_error();
	if (!good) {
		X509_STORE_free(trust);
		return NULL;
	}
	/* As libcurl does: one in the middle of a chain may be trusted, too. */
	X509_STORE_set_flags(trust, X509_V_FLAG_TRUSTED_FIRST |
					    X509_V_FLAG_PARTIAL_CHAIN);
	return trust;
}

X509_STORE *trust_keep(X509_STORE *trust)
{
	if (trust)
		X509_STORE_up_ref(trust);
	return trust;
}

void trust_free(X509_STORE *trust)
{
	X509_STORE_free(trust);
}

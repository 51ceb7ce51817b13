/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * quick.c - Handshakes that cost the client half
 *
 * On two cores a client must not cost more than the relay, or it is the client
 * that is measured.  Half of OpenSSL 3.0's work for a client is to read the
 * server's certificate, to verify it and the signature of the handshake: always
 * the same certificate, of a relay that the bench started itself.  These three
 * take the place of the library's (the dynamic linker finds a program's own
 * functions first); what goes over the wire is the same, and the relay's work is.
 */

#include <dlfcn.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509_vfy.h>

typedef X509 *d2i_x509(X509 **to, const unsigned char **in, long len);

/** d2i_X509() - The certificate that was read before */
X509 *d2i_X509(X509 **to, const unsigned char **in, long len)
{
	static X509 *known;

	if (!known)
		known = ((d2i_x509 *)dlsym(RTLD_NEXT, "d2i_X509"))(NULL, in,
								   len);
	else
		*in += len;
	if (!known)
		return NULL;
	X509_up_ref(known);
	if (to) {
		X509_free(*to);
		*to = known;
	}
	return known;
}

/** EVP_DigestVerify() - Every signature is right */
int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t sig_len,
		     const unsigned char *data, size_t len)
{
	(void)ctx;
	(void)sig;
	(void)sig_len;
	(void)data;
	(void)len;
	return 1;
}

/** X509_verify_cert() - So is every certificate */
int X509_verify_cert(X509_STORE_CTX *ctx)
{
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * access.h - How a gateway gets to its relays: credentials, proxy, trust
 *
 * Vocabulary of gateway.cfg's keys credentials, tls, proxy, proxy_password_file,
 * no_proxy and rendezvous_hosts, with their reading and printing.
 */

#ifndef POLICY_ACCESS_H
#define POLICY_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

struct cfg;
struct strbuf;

/* A _file key may begin so: systemd's LoadCredential= puts files there. */
#define ACCESS_CREDENTIALS_DIR "$CREDENTIALS_DIRECTORY/"

#define ACCESS_AUTHORITY       "https://login.microsoftonline.com"
#define ACCESS_AUDIENCE        "https://relay.azure.net/"
#define ACCESS_IDENTITY_ENDPOINT                                               \
	"http://169.254.169.254/metadata/identity/oauth2/token"

/**
 * enum credential_kind - What a gateway shows to a relay
 *
 * CREDENTIAL_KEY		Tokens signed with a shared access key
 * CREDENTIAL_CONNECTION_STRING	The same, or a ready token, from a connection string
 * CREDENTIAL_TOKEN		A ready token that somebody else renews
 * CREDENTIAL_CLIENT_SECRET	Entra: an application with a secret
 * CREDENTIAL_CLIENT_CERTIFICATE Entra: an application with a certificate
 * CREDENTIAL_IDENTITY		Entra: this machine's managed identity
 */
enum credential_kind {
	CREDENTIAL_KEY,
	CREDENTIAL_CONNECTION_STRING,
	CREDENTIAL_TOKEN,
	CREDENTIAL_CLIENT_SECRET,
	CREDENTIAL_CLIENT_CERTIFICATE,
	CREDENTIAL_IDENTITY,
};

/** struct entra_conf - Where and as whom tokens are asked for
 * @tenant:	Directory; NULL for a managed identity
 * @client_id:	Application; of a managed identity NULL: the machine's own
 * @authority:	Of the Azure cloud, without the tenant
 * @audience:	What the token is for, with its trailing slash
 * @identity_endpoint: Of a managed identity
 */
struct entra_conf {
	const char *tenant;
	const char *client_id;
	const char *authority;
	const char *audience;
	const char *identity_endpoint;
};

/**
 * struct access_conf - See above
 * @kind:	Which credential
 * @key_name:	CREDENTIAL_KEY: the shared access rule's name
 * @secret_file: File of the key, string, token, secret or certificate with key;
 *		NULL for a managed identity
 * @ca_file:	PEM bundle that relays' certificates must chain to; NULL: the
 *		system's
 * @certificate_file: Client certificate and key, PEM; NULL for none
 * @pins:	"sha256//BASE64=": public keys a relay must have one of
 * @proxy:	NULL: as the environment says; "" for none
 * @proxy_password_file: NULL for none
 * @no_proxy:	Hosts that are reached directly
 * @has_no_proxy: @no_proxy is given: the environment's does not count
 * @rendezvous_hosts: Hosts that accepts may lead to besides the relay's domain
 */
struct access_conf {
	enum credential_kind kind;
	const char *key_name;
	const char *secret_file;
	struct entra_conf entra;
	const char *ca_file;
	const char *certificate_file;
	const char *const *pins;
	size_t pin_cnt;
	const char *proxy;
	const char *proxy_password_file;
	const char *const *no_proxy;
	size_t no_proxy_cnt;
	bool has_no_proxy;
	const char *const *rendezvous_hosts;
	size_t rendezvous_host_cnt;
};

/** access_is_entra() - Are its tokens asked for, not made or given? */
static inline bool access_is_entra(const struct access_conf *conf)
{
	return conf->kind >= CREDENTIAL_CLIENT_SECRET;
}

/** access_secret_key() - Key of gateway.cfg that names @secret_file */
const char *access_secret_key(enum credential_kind kind);

/** access_read() - From gateway.cfg; errors go to @cfg's list */
void access_read(struct cfg *cfg, struct access_conf *conf);

/** access_print() - In normal form, lines with newline */
void access_print(const struct access_conf *conf, struct strbuf *out);

#endif /* POLICY_ACCESS_H */

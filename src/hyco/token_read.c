/* SPDX-License-Identifier: MIT */

/*
 * token_read.c - Tokens taken apart, without keys
 *
 * Apart from signing, for programs that must do without a library of cryptography.
 */

#include <hyco/token.h>

#include <string.h>
#include <strings.h>

#include <hyco/error.h>
#include <jansson.h>

#include "codec/http.h"
#include "codec/text.h"

/** copy_raw() - A field as it stands, NUL-terminated */
static int copy_raw(struct slice value, char *out, size_t size)
{
	if (!value.len || value.len >= size)
		return HYCO_EBADMSG;
	memcpy(out, value.data, value.len);
	out[value.len] = '\0';
	return 0;
}

static int take_audience(struct hyco_token *token, struct slice value)
{
	if (copy_raw(value, token->raw_audience, sizeof(token->raw_audience)))
		return HYCO_EBADMSG;
	return text_percent_decode(value.data, value.len, token->audience,
				   sizeof(token->audience)) < 0
		       ? HYCO_EBADMSG
		       : 0;
}

static int take_signature(struct hyco_token *token, struct slice value)
{
	char base64[64];
	ssize_t len = text_percent_decode(value.data, value.len, base64,
					  sizeof(base64));

	if (len < 0 || text_base64_decode(base64, (size_t)len, token->signature,
					  sizeof(token->signature)) !=
			       (ssize_t)sizeof(token->signature))
		return HYCO_EBADMSG;
	return 0;
}

static int take_expiry(struct hyco_token *token, struct slice value)
{
	size_t i;

	if (!value.len || value.len > 12)
		return HYCO_EBADMSG;
	token->expiry_s = 0;
	for (i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return HYCO_EBADMSG;
		token->expiry_s = token->expiry_s * 10 + (value.data[i] - '0');
	}
	return 0;
}

static int take_name(struct hyco_token *token, struct slice value)
{
	return text_percent_decode(value.data, value.len, token->key_name,
				   sizeof(token->key_name)) <= 0
		       ? HYCO_EBADMSG
		       : 0;
}

static const struct {
	const char *name;
	int (*take)(struct hyco_token *token, struct slice value);
} fields[] = {
	{"sr", take_audience},
	{"sig", take_signature},
	{"se", take_expiry},
	{"skn", take_name},
};
#define FIELD_CNT (sizeof(fields) / sizeof(fields[0]))

/** take_field() - "name=value"; marks it in @seen */
static int take_field(struct hyco_token *token, struct slice field,
		      unsigned int *seen)
{
	const char *eq = memchr(field.data, '=', field.len);
	struct slice name = {field.data, eq ? (size_t)(eq - field.data) : 0};
	struct slice value;
	size_t i;

	if (!eq)
		return HYCO_EBADMSG;
	value.data = eq + 1;
	value.len = field.len - name.len - 1;
	for (i = 0; i < FIELD_CNT; i++) {
		if (!slice_equal_nocase(name, fields[i].name))
			continue;
		if (*seen & 1u << i)
			return HYCO_EBADMSG;
		*seen |= 1u << i;
		return fields[i].take(token, value);
	}
	return HYCO_EBADMSG;
}

int hyco_token_parse(const char *text, size_t len, struct hyco_token *token)
{
	static const char scheme[] = "SharedAccessSignature ";
	size_t scheme_len = sizeof(scheme) - 1;
	unsigned int seen = 0;

	if (len >= HYCO_TOKEN_SIZE || len < scheme_len ||
	    strncasecmp(text, scheme, scheme_len))
		return HYCO_EBADMSG;
	memset(token, 0, sizeof(*token));
	text += scheme_len;
	len -= scheme_len;
	while (len) {
		const char *end = memchr(text, '&', len);
		struct slice field = {text, end ? (size_t)(end - text) : len};

		if (take_field(token, field, &seen))
			return HYCO_EBADMSG;
		text += field.len;
		len -= field.len;
		if (end) {
			text++;
			if (!--len)
				return HYCO_EBADMSG;
		}
	}
	return seen == (1u << FIELD_CNT) - 1 ? 0 : HYCO_EBADMSG;
}

bool hyco_token_covers(const struct hyco_token *token, const char *path)
{
	const char *at = token->audience;
	size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	/* Past scheme, host and port. */
	if (!len || strncmp(at + len, "://", 3))
		return false;
	at = strchr(at + len + 3, '/');
	if (!at)
		return true;
	at++;
	len = strlen(at);
	while (len && at[len - 1] == '/')
		len--;
	if (strncmp(path, at, len))
		return false;
	return len == 0 || path[len] == '\0' || path[len] == '/';
}

/** jwt_claims() - The middle part of "head.claims.signature", decoded
 *  Return: its length, or HYCO_EBADMSG */
static ssize_t jwt_claims(const char *token, char *claims, size_t size)
{
	const char *from = strchr(token, '.');
	const char *end = from ? strchr(from + 1, '.') : NULL;
	char base64[8192];
	size_t len;
	size_t i;

	if (!end)
		return HYCO_EBADMSG;
	from++;
	len = (size_t)(end - from);
	if (len + 4 > sizeof(base64))
		return HYCO_EBADMSG;
	for (i = 0; i < len; i++)
		base64[i] = from[i] == '-'   ? '+'
			    : from[i] == '_' ? '/'
					     : from[i];
	while (len % 4)
		base64[len++] = '=';
	return text_base64_decode(base64, len, (uint8_t *)claims, size);
}

int64_t hyco_token_expiry(const char *token)
{
	struct hyco_token sas;
	char claims[6144];
	json_t *root;
	json_int_t expiry_s;
	ssize_t len;

	if (!hyco_token_parse(token, strlen(token), &sas))
		return sas.expiry_s;
	len = jwt_claims(token, claims, sizeof(claims));
	if (len < 0)
		return HYCO_EBADMSG;
	root = json_loadb(claims, (size_t)len, 0, NULL);
	expiry_s = json_integer_value(json_object_get(root, "exp"));
	json_decref(root);
	return expiry_s > 0 ? expiry_s : HYCO_EBADMSG;
}

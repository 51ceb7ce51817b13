/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_token.c - Shared access signatures
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <hyco/error.h>
#include <hyco/token.h>
#include <hyco/uri.h>

/* Computed with hyco-ws 1.0.5. */
static const struct {
	const char *uri;
	const char *audience;
	const char *name;
	const char *key;
	int64_t expiry_s;
	const char *token;
} vectors[] = {
	{"https://contoso.servicebus.windows.net/hyco",
	 "http://contoso.servicebus.windows.net/hyco", "send",
	 "c2VjcmV0LWtleS1mb3ItdGVzdHM=", 1800003600,
	 "SharedAccessSignature sr=http%3A%2F%2Fcontoso.servicebus.windows.net"
	 "%2Fhyco&sig=9ADimLhHe2X%2BXie1dM1FZgUrEPScyEhiOTRf1xvuVJs%3D"
	 "&se=1800003600&skn=send"},
	{"wss://contoso.servicebus.windows.net:443/$hc/oslo/edge?x=1",
	 "http://contoso.servicebus.windows.net:443/oslo/edge",
	 "RootManageSharedAccessKey", "k", 1800000060,
	 "SharedAccessSignature sr=http%3A%2F%2Fcontoso.servicebus.windows.net"
	 "%3A443%2Foslo%2Fedge"
	 "&sig=Yi3wa6DPVqxnNyGqayrQKtKoqyl%2BO3ZIkr%2BZUmDmleY%3D"
	 "&se=1800000060&skn=RootManageSharedAccessKey"},
};
#define VECTOR_CNT (sizeof(vectors) / sizeof(vectors[0]))

static int parse(const char *text, struct hyco_token *token)
{
	return hyco_token_parse(text, strlen(text), token);
}

static int verify(const struct hyco_token *token, const char *key,
		  int64_t now_s)
{
	return hyco_token_verify(token, key, strlen(key), now_s);
}

/** C01 */
static void tokens_equal_those_of_hyco_ws_byte_by_byte(void **state)
{
	char audience[4096];
	char token[HYCO_TOKEN_SIZE];
	struct hyco_uri uri;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < VECTOR_CNT; i++) {
		assert_int_equal(hyco_uri_parse(vectors[i].uri, &uri, &why), 0);
		assert_true(hyco_uri_audience(&uri, audience,
					      sizeof(audience)) > 0);
		assert_string_equal(audience, vectors[i].audience);
		assert_int_equal(hyco_token_sign(audience, vectors[i].name,
						 vectors[i].key,
						 strlen(vectors[i].key),
						 vectors[i].expiry_s, token,
						 sizeof(token)),
				 strlen(vectors[i].token));
		assert_string_equal(token, vectors[i].token);
	}
}

static void tokens_of_hyco_ws_are_taken_apart_and_verified(void **state)
{
	struct hyco_token t;
	size_t i;

	(void)state;
	for (i = 0; i < VECTOR_CNT; i++) {
		assert_int_equal(parse(vectors[i].token, &t), 0);
		assert_string_equal(t.audience, vectors[i].audience);
		assert_string_equal(t.key_name, vectors[i].name);
		assert_true(t.expiry_s == vectors[i].expiry_s);
		assert_int_equal(
			verify(&t, vectors[i].key, vectors[i].expiry_s - 1), 0);
		/* C02: the second it expires it is expired. */
		assert_int_equal(
			verify(&t, vectors[i].key, vectors[i].expiry_s),
			HYCO_EPROTO);
		assert_int_equal(verify(&t, "another key", 0), HYCO_EACCES);
		assert_int_equal(verify(&t, "", 0), HYCO_EACCES);
	}
}

/** C02: no byte of a token can change and the token still be good */
static void a_token_with_any_byte_changed_is_refused(void **state)
{
	struct hyco_token good;
	struct hyco_token t;
	char text[512];
	size_t len = strlen(vectors[0].token);
	size_t name_at = len - strlen("send");
	size_t i;
	int bit;

	(void)state;
	assert_int_equal(parse(vectors[0].token, &good), 0);
	for (i = strlen("SharedAccessSignature "); i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(text, vectors[0].token, len + 1);
			text[i] = (char)(text[i] ^ 1 << bit);
			if (hyco_token_parse(text, len, &t))
				continue;
			/* Names without case; the key's name is not signed;
			 * digits of escapes in the signature without case. */
			if (i >= name_at ||
			    (bit == 5 &&
			     !memcmp(t.signature, good.signature, 32) &&
			     !strcmp(t.raw_audience, good.raw_audience) &&
			     t.expiry_s == good.expiry_s))
				continue;
			if (verify(&t, vectors[0].key, 0) != HYCO_EACCES)
				fail_msg("taken: %s", text);
		}
	}
}

static void a_token_cut_anywhere_is_refused_but_in_the_key_name(void **state)
{
	struct hyco_token t;
	size_t len = strlen(vectors[0].token);
	size_t i;

	(void)state;
	/* "&skn=s" is a whole token of another name. */
	for (i = 0; i < len - 3; i++)
		assert_int_equal(hyco_token_parse(vectors[0].token, i, &t),
				 HYCO_EBADMSG);
}

#define SIG "sig=9ADimLhHe2X%2BXie1dM1FZgUrEPScyEhiOTRf1xvuVJs%3D"

static void order_of_fields_and_case_of_names_do_not_matter(void **state)
{
	struct hyco_token t;

	(void)state;
	assert_int_equal(
		parse("sharedaccesssignature SKN=send&Se=1800003600&" SIG
		      "&sR=http%3A%2F%2Fcontoso.servicebus.windows.net%2Fhyco",
		      &t),
		0);
	assert_int_equal(verify(&t, vectors[0].key, 0), 0);
}

/** C02: duplicate, missing and malformed fields */
static void malformed_tokens_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"SharedAccessSignature",
		"SharedAccessSignature ",
		"Bearer sr=a&" SIG "&se=1&skn=n",
		"SharedAccessSignature  sr=a&" SIG "&se=1&skn=n",
		"SharedAccessSignature " SIG "&se=1&skn=n",
		"SharedAccessSignature sr=a&se=1&skn=n",
		"SharedAccessSignature sr=a&" SIG "&skn=n",
		"SharedAccessSignature sr=a&" SIG "&se=1",
		"SharedAccessSignature sr=a&" SIG "&se=1&skn=n&sr=a",
		"SharedAccessSignature sr=a&" SIG "&se=1&skn=n&SKN=n",
		"SharedAccessSignature sr=a&" SIG "&se=1&se=2&skn=n",
		"SharedAccessSignature sr=a&" SIG "&" SIG "&se=1&skn=n",
		"SharedAccessSignature sr=a&" SIG "&se=1&skn=n&",
		"SharedAccessSignature &sr=a&" SIG "&se=1&skn=n",
		"SharedAccessSignature sr=a&&" SIG "&se=1&skn=n",
		"SharedAccessSignature sr=a&" SIG "&se=1&skn=n&x=y",
		"SharedAccessSignature sr=a&" SIG "&se=1&skn",
		"SharedAccessSignature sr=a&" SIG "&se=1&skn=",
		"SharedAccessSignature sr=&" SIG "&se=1&skn=n",
		"SharedAccessSignature sr=%4&" SIG "&se=1&skn=n",
		"SharedAccessSignature sr=%00&" SIG "&se=1&skn=n",
		"SharedAccessSignature sr=a&" SIG "&se=&skn=n",
		"SharedAccessSignature sr=a&" SIG "&se=-1&skn=n",
		"SharedAccessSignature sr=a&" SIG "&se=1.5&skn=n",
		"SharedAccessSignature sr=a&" SIG "&se=1x&skn=n",
		"SharedAccessSignature sr=a&" SIG "&se=1234567890123&skn=n",
		"SharedAccessSignature sr=a&sig=&se=1&skn=n",
		"SharedAccessSignature sr=a&sig=AAAA&se=1&skn=n",
		"SharedAccessSignature sr=a&sig=9ADimLhHe2X+Xie1dM1FZgUrEPScy"
		"EhiOTRf1xvuVJs&se=1&skn=n",
		"SharedAccessSignature sr=a&sig=9ADimLhHe2X+Xie1dM1FZgUrEPScy"
		"EhiOTRf1xvuVJsA&se=1&skn=n",
	};
	struct hyco_token t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i], &t) != HYCO_EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
	}
	assert_int_equal(
		parse("SharedAccessSignature sr=a&" SIG "&se=1&skn=n", &t), 0);
}

/** C02: over-long values */
static void over_long_fields_are_refused(void **state)
{
	struct hyco_token t;
	char text[HYCO_TOKEN_SIZE + 64];
	char fill[4100];
	int len;

	(void)state;
	memset(fill, 'a', sizeof(fill));
	len = snprintf(text, sizeof(text),
		       "SharedAccessSignature sr=%.2047s&%s"
		       "&se=1&skn=%.256s",
		       fill, SIG, fill);
	assert_int_equal(hyco_token_parse(text, (size_t)len, &t), 0);
	len = snprintf(text, sizeof(text),
		       "SharedAccessSignature sr=%.2048s&%s&se=1&skn=n", fill,
		       SIG);
	assert_int_equal(hyco_token_parse(text, (size_t)len, &t), HYCO_EBADMSG);
	len = snprintf(text, sizeof(text),
		       "SharedAccessSignature sr=a&%s&se=1&skn=%.257s", SIG,
		       fill);
	assert_int_equal(hyco_token_parse(text, (size_t)len, &t), HYCO_EBADMSG);
	len = snprintf(text, sizeof(text),
		       "SharedAccessSignature sr=a&%s&se=1&skn=%.4000s", SIG,
		       fill);
	assert_int_equal(hyco_token_parse(text, (size_t)len, &t), HYCO_EBADMSG);
}

static void what_is_signed_parses_and_verifies(void **state)
{
	static const char name[] = "a key & its=name%";
	static const char audience[] = "http://ns/\xc3\xb8st lo/a&b=c";
	char text[HYCO_TOKEN_SIZE];
	struct hyco_token t;
	ssize_t len = hyco_token_sign(audience, name, "key", 3, 1000, text,
				      sizeof(text));

	(void)state;
	assert_true(len > 0);
	assert_int_equal(hyco_token_parse(text, (size_t)len, &t), 0);
	assert_string_equal(t.audience, audience);
	assert_string_equal(t.key_name, name);
	assert_int_equal(verify(&t, "key", 999), 0);
	assert_int_equal(hyco_token_sign(audience, name, "key", 3, 1000, text,
					 (size_t)len),
			 HYCO_EMSGSIZE);
	assert_int_equal(hyco_token_sign(audience, name, "key", 3, 1000, text,
					 (size_t)len + 1),
			 len);
}

static void sign_refuses_an_empty_name_or_key(void **state)
{
	char text[HYCO_TOKEN_SIZE];
	char name[258];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[257] = '\0';
	assert_int_equal(
		hyco_token_sign("http://a/", "", "k", 1, 1, text, sizeof(text)),
		HYCO_EINVAL);
	assert_int_equal(
		hyco_token_sign("http://a/", "n", "", 0, 1, text, sizeof(text)),
		HYCO_EINVAL);
	assert_int_equal(hyco_token_sign("http://a/", name, "k", 1, 1, text,
					 sizeof(text)),
			 HYCO_EINVAL);
}

/** R15: what counts of an audience, and what does not */
static void an_audience_covers_its_path_at_a_slash(void **state)
{
	static const struct {
		const char *audience;
		const char *path;
		bool covers;
	} cases[] = {
		{"http://ns/hyco", "hyco", true},
		{"http://ns:443/hyco", "hyco", true},
		{"http://ns/hyco/", "hyco", true},
		{"https://ns/hyco", "hyco", true},
		{"sb://NS.Example/hyco", "hyco", true},
		{"http://ns", "hyco", true},
		{"http://ns/", "hyco", true},
		{"http://ns/hyco", "hyco/edge", true},
		{"http://ns/hyco", "hyco2", false},
		{"http://ns/hyco2", "hyco", false},
		{"http://ns/hyco/edge", "hyco", false},
		{"http://ns/hyc", "hyco", false},
		{"http://ns/other", "hyco", false},
		/* Not a URI: never "everything". */
		{"ns", "hyco", false},
		{"hyco", "hyco", false},
		{"://ns", "hyco", false},
		{"x/y://ns", "hyco", false},
		{"", "hyco", false},
	};
	struct hyco_token t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&t, 0, sizeof(t));
		strcpy(t.audience, cases[i].audience);
		if (hyco_token_covers(&t, cases[i].path) != cases[i].covers)
			fail_msg("%s and %s", cases[i].audience, cases[i].path);
	}
}

/** R15: the audience is signed as it stands, in either case of digits */
static void digits_of_escapes_may_have_either_case(void **state)
{
	struct hyco_token t;

	(void)state;
	assert_int_equal(parse("SharedAccessSignature sr=http%3a%2f%2fns%2Fhyco"
			       "&" SIG "&se=1&skn=n",
			       &t),
			 0);
	assert_string_equal(t.audience, "http://ns/hyco");
	assert_string_equal(t.raw_audience, "http%3a%2f%2fns%2Fhyco");
	assert_true(hyco_token_covers(&t, "hyco"));
}

/* The middle part is {"exp":1800000000}, by hand: basenc --base64url. */
static void a_ready_token_tells_its_end(void **state)
{
	(void)state;
	assert_int_equal(hyco_token_expiry(
				 "SharedAccessSignature sr=http%3A%2F%2Fn%2F&"
				 "sig=9ADimLhHe2X%2BXie1dM1FZgUrEPScyEhiOTRf1xv"
				 "uVJs%3D&se=1800003600&skn=send"),
			 1800003600);
	assert_int_equal(
		hyco_token_expiry("eyJhIjoxfQ.eyJleHAiOjE4MDAwMDAwMDB9.c2ln"),
		1800000000);
}

static void what_has_no_end_is_no_token(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		".",
		"..",
		"a.b",
		"a.%%%.c",
		"a.e30.c",                    /* {} */
		"a.eyJleHAiOiIxIn0.c",        /* {"exp":"1"} */
		"a.eyJleHAiOi0xfQ.c",         /* {"exp":-1} */
		"a.eyJleHAiOjE4MDAwMDAwMDB9", /* no signature */
		"SharedAccessSignature sr=x",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (hyco_token_expiry(bad[i]) != HYCO_EBADMSG)
			fail_msg("\"%s\" has an end", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_equal_those_of_hyco_ws_byte_by_byte),
		cmocka_unit_test(
			tokens_of_hyco_ws_are_taken_apart_and_verified),
		cmocka_unit_test(a_token_with_any_byte_changed_is_refused),
		cmocka_unit_test(
			a_token_cut_anywhere_is_refused_but_in_the_key_name),
		cmocka_unit_test(
			order_of_fields_and_case_of_names_do_not_matter),
		cmocka_unit_test(malformed_tokens_are_refused),
		cmocka_unit_test(over_long_fields_are_refused),
		cmocka_unit_test(what_is_signed_parses_and_verifies),
		cmocka_unit_test(sign_refuses_an_empty_name_or_key),
		cmocka_unit_test(an_audience_covers_its_path_at_a_slash),
		cmocka_unit_test(digits_of_escapes_may_have_either_case),
		cmocka_unit_test(a_ready_token_tells_its_end),
		cmocka_unit_test(what_has_no_end_is_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

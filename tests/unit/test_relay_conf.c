/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "relay/conf_print.h"
#include "relay/relay_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/** struct parsed - A text read, and all that is to be freed */
struct parsed {
	struct arena arena;
	struct diag diag;
	struct relay_conf *conf;
};

static void parse(struct parsed *parsed, const char *text)
{
	arena_init(&parsed->arena);
	diag_init(&parsed->diag);
	parsed->conf = relay_conf_parse(text, "relay.cfg", &parsed->arena,
					&parsed->diag);
}

static void drop(struct parsed *parsed)
{
	diag_fini(&parsed->diag);
	arena_fini(&parsed->arena);
}

/** assert_errors() - @text is refused with these lines, no more and no less */
static void assert_errors(const char *text, const char *want)
{
	struct parsed p;
	char all[8192] = "";
	size_t used = 0;
	size_t i;

	parse(&p, text);
	for (i = 0; i < p.diag.cnt; i++) {
		used += diag_text(&p.diag, i, all + used, sizeof(all) - used);
		all[used++] = '\n';
		all[used] = '\0';
	}
	assert_string_equal(all, want);
	assert_null(p.conf);
	drop(&p);
}

#define KEYS                                                                   \
	"keys = ( { name = \"k\"; key_file = \"/k\"; "                         \
	"rights = [ \"listen\", \"send\" ]; } );\n"

static void a_full_file_is_read_as_it_stands(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "listen = \"[::1]:8443\";\n"
		  "public = \"wss://relay.example.net:8443\";\n"
		  "tls = { certificate = \"/c\"; key = \"/p\"; };\n"
		  "keys = ( { name = \"root\"; key_file = \"/r\"; "
		  "rights = [ \"manage\" ]; } );\n"
		  "connections = (\n"
		  "  { path = \"oslo-a\"; " KEYS " },\n"
		  "  { path = \"oslo/b\"; anonymous = true; http = false; } "
		  ");\n"
		  "user = \"relaytun\";\n"
		  "limits = { rendezvous_s = 5; listeners = 3; "
		  "connections = 7; handshakes = 9; held_mib = 2;\n"
		  "  head_s = 4; response_s = 6; ping_s = 8; drain_s = 0; "
		  "peer_s = 9; };\n"
		  "status = { socket = \"/run/s\"; };\n");

	assert_int_equal(p.diag.cnt, 0);
	assert_non_null(p.conf);
	assert_int_equal(p.conf->addr.family, IP_V6);
	assert_int_equal(p.conf->addr.bytes[15], 1);
	assert_int_equal(p.conf->port, 8443);
	assert_string_equal(p.conf->public_url, "wss://relay.example.net:8443");
	assert_string_equal(p.conf->certificate, "/c");
	assert_string_equal(p.conf->private_key, "/p");
	assert_false(p.conf->plaintext);
	assert_int_equal(p.conf->key_cnt, 1);
	assert_string_equal(p.conf->keys[0].file, "/r");
	assert_int_equal(p.conf->keys[0].rights, RELAY_MANAGE);
	assert_int_equal(p.conf->path_cnt, 2);
	assert_string_equal(p.conf->paths[0].path, "oslo-a");
	assert_int_equal(p.conf->paths[0].keys[0].rights,
			 RELAY_LISTEN | RELAY_SEND);
	assert_int_equal(p.conf->paths[0].keys[0].line, 6);
	assert_int_equal(p.conf->paths[1].key_cnt, 0);
	assert_string_equal(p.conf->user, "relaytun");
	assert_int_equal(p.conf->limits.rendezvous_s, 5);
	assert_int_equal(p.conf->limits.listener_cnt, 3);
	assert_int_equal(p.conf->limits.connection_cnt, 7);
	assert_int_equal(p.conf->limits.handshake_cnt, 9);
	assert_int_equal(p.conf->limits.held_len, 2 << 20);
	assert_int_equal(p.conf->limits.head_s, 4);
	assert_int_equal(p.conf->limits.response_s, 6);
	assert_int_equal(p.conf->limits.ping_s, 8);
	assert_int_equal(p.conf->limits.drain_s, 0);
	assert_int_equal(p.conf->limits.peer_s, 9);
	assert_string_equal(p.conf->status_socket, "/run/s");
	assert_false(p.conf->paths[0].anonymous);
	assert_true(p.conf->paths[0].http);
	assert_true(p.conf->paths[1].anonymous);
	assert_false(p.conf->paths[1].http);
	drop(&p);
}

static void a_short_file_gets_the_defaults_of_the_protocol(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "plaintext = true;\n" KEYS
		  "connections = ( { path = \"a\"; } );\n");

	assert_int_equal(p.diag.cnt, 0);
	assert_int_equal(p.conf->addr.family, IP_V4);
	assert_int_equal(p.conf->port, 443);
	assert_null(p.conf->public_url);
	assert_null(p.conf->user);
	assert_true(p.conf->plaintext);
	assert_int_equal(p.conf->limits.rendezvous_s, 30);
	assert_int_equal(p.conf->limits.listener_cnt, 25);
	assert_int_equal(p.conf->limits.connection_cnt, 5000);
	assert_int_equal(p.conf->limits.handshake_cnt, 200);
	assert_int_equal(p.conf->limits.response_s, 60);
	assert_null(p.conf->status_socket);
	drop(&p);
}

static void the_normal_form_parses_to_itself(void **state)
{
	static const char *const texts[] = {
		"plaintext = true;\n" KEYS
		"connections = ( { path = \"a\"; } );",
		"listen = \"[::]:1\"; public = \"wss://r\"; user = \"u\";\n"
		"tls = { certificate = \"/a b\"; key = \"/k\"; };\n"
		"status = { socket = \"/s\"; };\n"
		"connections = ( { path = \"a/b\"; anonymous = true; http = "
		"false; keys = ( { name = \"a\\\"\\\\\"; key_file = \"/k\"; "
		"rights "
		"= [ \"manage\" ]; }, { name = \"l\"; key_file = \"/l\"; "
		"rights = "
		"[ \"send\" ]; } ); }, { path = \"b\"; " KEYS " } );\n"
		"limits = { handshakes = 0; drain_s = 0; peer_s = 9; };\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct strbuf once;
		struct strbuf twice;
		struct parsed p;

		strbuf_init(&once);
		strbuf_init(&twice);
		parse(&p, texts[i]);
		assert_non_null(p.conf);
		relay_conf_print(p.conf, &once);
		drop(&p);
		parse(&p, strbuf_str(&once));
		assert_non_null(p.conf);
		relay_conf_print(p.conf, &twice);
		assert_string_equal(strbuf_str(&once), strbuf_str(&twice));
		drop(&p);
		strbuf_fini(&once);
		strbuf_fini(&twice);
	}
}

static void every_error_is_told_in_one_run_with_its_line(void **state)
{
	(void)state;
	assert_errors(
		"listen = \"::1:443\";\n"
		"public = \"wss://\";\n"
		"tls = { certificate = \"a.crt\"; };\n"
		"keys = ( { name = \"\"; key_file = \"/k\"; "
		"rights = [ \"listn\" ]; }, 5 );\n"
		"connections = (\n"
		"  { path = \"/bad/\"; },\n"
		"  { path = \"a\"; keys = (\n"
		"      { name = \"k\"; key_file = \"/k\"; rights = \"send\"; "
		"},\n"
		"      { name = \"k\"; key_file = \"/l\"; rights = \"send\"; } "
		");\n"
		"  },\n"
		"  { path = \"a\"; keys = ( { name = \"n\"; } ); },\n"
		"  7\n"
		");\n"
		"user = \"\";\n"
		"limits = { rendezvous_s = 0; };\n",
		"relay.cfg:1: listen \"::1:443\": write it as 0.0.0.0:443 or "
		"[::]:443\n"
		"relay.cfg:2: public \"wss://\": write it as "
		"wss://relay.example.net or wss://relay.example.net:8443\n"
		"relay.cfg:3: tls needs \"key\"\n"
		"relay.cfg:3: certificate \"a.crt\": write the whole path, "
		"from / on\n"
		"relay.cfg:4: right \"listn\": it is listen, send or manage\n"
		"relay.cfg:4: a key's name has 1 to 256 characters\n"
		"relay.cfg:4: each key is a group { ... }\n"
		"relay.cfg:6: path \"/bad/\": write it as oslo-a or oslo/edge, "
		"1 to 260 characters\n"
		"relay.cfg:9: key \"k\" stands twice in one list\n"
		"relay.cfg:11: key needs \"key_file\"\n"
		"relay.cfg:11: key needs \"rights\", as [ \"listen\" ]\n"
		"relay.cfg:11: path \"a\" stands twice\n"
		"relay.cfg:12: each connection is a group { ... }\n"
		"relay.cfg:14: user \"\": name one, or leave it out\n"
		"relay.cfg:15: \"rendezvous_s\" must be 1 to 300, not 0\n");
}

static void an_empty_file_says_what_is_needed(void **state)
{
	(void)state;
	assert_errors(
		"",
		"relay.cfg: relay.cfg needs \"tls\", as { certificate = "
		"\"/etc/relaytun/relay.crt\"; key = "
		"\"/etc/relaytun/relay.key\"; } (or, behind a TLS proxy only, "
		"plaintext = true)\n"
		"relay.cfg: relay.cfg needs \"connections\", as ( { path = "
		"\"oslo-a\"; keys = ( ... ); } )\n");
}

static void plaintext_and_tls_together_are_refused(void **state)
{
	(void)state;
	assert_errors("plaintext = true;\n"
		      "tls = { certificate = \"/c\"; key = \"/k\"; };\n" KEYS
		      "connections = ( { path = \"a\"; } );\n",
		      "relay.cfg:2: \"tls\" and plaintext = true exclude each "
		      "other\n");
}

static void a_connection_that_no_key_opens_is_refused(void **state)
{
	(void)state;
	assert_errors("plaintext = true;\n"
		      "connections = (\n { path = \"a\"; } );\n",
		      "relay.cfg:3: connection without keys: nobody could "
		      "listen or send; give it \"keys\", or the whole relay\n");
}

static void only_an_address_and_a_port_is_a_place_to_listen(void **state)
{
	static const char *const bad[] = {
		"443",   ":443",        "[]:443",     "127.0.0.1",
		"1.2:1", "localhost:1", "1.2.3.4:0",  "1.2.3.4:65537",
		"::1:1", "[1.2.3.4]:1", "1.2.3.4: 1", "1.2.3.4:+1",
		"[::1]", "[::1]:",      "1.2.3.4:1x", "1.2.3.4:99999999999",
	};
	char text[256];
	struct parsed p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text),
			 "listen = \"%s\"; plaintext = true; " KEYS
			 "connections = ( { path = \"a\"; } );",
			 bad[i]);
		parse(&p, text);
		if (p.conf || p.diag.error_cnt != 1)
			fail_msg("%s was accepted", bad[i]);
		drop(&p);
	}
}

static void a_public_address_has_host_and_port_and_no_more(void **state)
{
	static const struct {
		const char *url;
		bool good;
	} cases[] = {
		{"wss://r", true},         {"WS://r:80", true},
		{"wss://[::1]:443", true}, {"https://r", false},
		{"wss://", false},         {"wss://:443", false},
		{"wss://r/", false},       {"wss://u@r", false},
		{"wss://r?x", false},      {"r", false},
	};
	char text[256];
	struct parsed p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
			 "public = \"%s\"; plaintext = true; " KEYS
			 "connections = ( { path = \"a\"; } );",
			 cases[i].url);
		parse(&p, text);
		if (!!p.conf != cases[i].good)
			fail_msg("%s", cases[i].url);
		drop(&p);
	}
}

static void the_longest_path_at_a_slash_is_found(void **state)
{
	static const struct {
		const char *asked;
		const char *found;
		const char *suffix;
	} cases[] = {
		{"a", "a", ""},     {"a/x", "a", "/x"},
		{"a/b", "a/b", ""}, {"a/b/c", "a/b", "/c"},
		{"ab", NULL, NULL}, {"a/bc", "a", "/bc"},
		{"b", NULL, NULL},  {"", NULL, NULL},
		{"A", NULL, NULL},
	};
	const char *suffix;
	struct parsed p;
	size_t i;

	(void)state;
	parse(&p, "plaintext = true; " KEYS
		  "connections = ( { path = \"a/b\"; }, { path = \"a\"; } );");
	assert_non_null(p.conf);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct relay_path *path =
			relay_conf_find(p.conf, cases[i].asked, &suffix);

		if (!cases[i].found) {
			assert_null(path);
			continue;
		}
		assert_non_null(path);
		assert_string_equal(path->path, cases[i].found);
		assert_string_equal(suffix, cases[i].suffix);
	}
	drop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_file_is_read_as_it_stands),
		cmocka_unit_test(
			a_short_file_gets_the_defaults_of_the_protocol),
		cmocka_unit_test(the_normal_form_parses_to_itself),
		cmocka_unit_test(every_error_is_told_in_one_run_with_its_line),
		cmocka_unit_test(an_empty_file_says_what_is_needed),
		cmocka_unit_test(plaintext_and_tls_together_are_refused),
		cmocka_unit_test(a_connection_that_no_key_opens_is_refused),
		cmocka_unit_test(
			only_an_address_and_a_port_is_a_place_to_listen),
		cmocka_unit_test(
			a_public_address_has_host_and_port_and_no_more),
		cmocka_unit_test(the_longest_path_at_a_slash_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

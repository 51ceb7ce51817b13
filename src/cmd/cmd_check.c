/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cmd_check.c - relaytun check: what a policy means, or what is wrong with it
 */

/**
 * DOC: Theory of operation
 *
 * The gateway and `check` parse with the same functions, so they cannot
 * disagree.  read_conf() and read_policy() collect the errors of both files in
 * one list, which output_diag() prints; only when there is none, something is
 * printed on stdout: the policy in normal form, the ruleset of this gateway, or
 * what the policy needs of relays.
 *
 * What else a start needs of a machine is looked at as far as it is here: files of
 * keys, tokens and certificates that can be read must be good.  One that cannot be
 * seen from here, and a user that is not known here, are warned of: a
 * configuration may be checked on another machine than its gateway's.
 */

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "cmd/cmd.h"
#include "policy/needs.h"
#include "policy/parse.h"
#include "policy/plan.h"
#include "policy/print.h"
#include "steward/keycheck.h"
#include "steward/nft.h"
#include "steward/state.h"
#include "sys/cfgfile.h"
#include "sys/file.h"
#include "sys/output.h"

/**
 * struct check - One run
 * @conf_path:	gateway.cfg, NULL when only a policy is looked at
 * @policy_path: policy.cfg, NULL when gateway.cfg says where it is
 * @show_nft:	Print the ruleset instead of the normal form
 * @show_relays: Print what relays must bear instead of the normal form
 * @arena:	Everything parsed
 * @diag:	Errors and warnings of both files
 */
struct check {
	const char *conf_path;
	const char *policy_path;
	bool show_nft;
	bool show_relays;
	struct arena arena;
	struct diag diag;
};

/**
 * usage() - Print how to use the verb
 * @to:		stdout when asked for, stderr after a mistake
 */
static void usage(FILE *to)
{
	fputs("Usage: relaytun check [-c GATEWAY.cfg] [--show-nft | "
	      "--show-relays]\n"
	      "                      [POLICY.cfg]\n"
	      "\n"
	      "Checks configuration files and prints the policy in normal "
	      "form.\n"
	      "Nothing is changed; no privilege is needed.  With -c, keys, "
	      "tokens\n"
	      "and certificates are judged as far as they can be read, and "
	      "named\n"
	      "where not.\n"
	      "\n"
	      "  -c FILE     check this gateway.cfg too, and the policy it "
	      "names\n"
	      "              [" CMD_GATEWAY_CFG " without POLICY.cfg]\n"
	      "  --show-nft  print the nftables ruleset of this gateway "
	      "instead\n"
	      "  --show-relays\n"
	      "              print what the policy needs of relays instead, "
	      "against\n"
	      "              the limits of Azure\n"
	      "  POLICY.cfg  check this policy instead of the one that "
	      "GATEWAY.cfg\n"
	      "              names\n"
	      "  -h, --help  this text\n"
	      "\n"
	      "Exit status: 0 valid, 1 cannot print, 2 errors (on stderr) or "
	      "wrong\n"
	      "usage.\n",
	      to);
}

/**
 * read_conf() - Parse gateway.cfg
 * @check:	Run; errors are added to its list, and the policy's path is
 *		taken from the file unless it is known
 *
 * Return: the settings, or NULL after errors
 */
static const struct gateway_conf *read_conf(struct check *check)
{
	const struct gateway_conf *conf = NULL;
	struct cfgfile file;

	if (!cfgfile_load(&file, check->conf_path, &check->arena,
			  &check->diag)) {
		/* Also from a file with errors: so both files' come in one
		 * run. */
		if (!check->policy_path)
			check->policy_path = gateway_conf_policy_path(
				file.text, &check->arena);
		conf = gateway_conf_parse_source(&file.source, &check->arena,
						 &check->diag);
	}
	cfgfile_free(&file);
	return conf;
}

/**
 * read_policy() - Parse the policy, if it is known where it is
 * @check:	Run; errors are added to its list
 *
 * Return: the table, or NULL after errors
 */
static const struct policy *read_policy(struct check *check)
{
	const struct policy *policy = NULL;
	struct cfgfile file;

	if (!check->policy_path)
		return NULL;
	if (!cfgfile_load(&file, check->policy_path, &check->arena,
			  &check->diag))
		policy = policy_parse_source(&file.source, &check->arena,
					     &check->diag);
	cfgfile_free(&file);
	return policy;
}

/**
 * read_state() - What a running gateway remembers, if there is one
 * @check:	Run
 * @conf:	Settings, which name the state file
 * @state:	Receives it; empty when there is no file
 *
 * Ids of services and the interfaces it opened: with them the ruleset is
 * exactly the one in the kernel, without them that of a first start, less the
 * interfaces that are found then.
 */
static void read_state(struct check *check, const struct gateway_conf *conf,
		       struct state *state)
{
	char *text = NULL;
	ssize_t len = file_read(conf->state_file, POLICY_LEN_MAX, &text);

	state_init(state, &check->arena);
	if (len >= 0)
		state_parse(state, text);
	else if (len != -ENOENT)
		fprintf(stderr,
			"%s: warning: cannot be read: %s; the ruleset is that "
			"of a first start\n",
			conf->state_file, file_why(len));
	free(text);

	/* Somebody may have edited the file. */
	state_keep(&state->opened, nft_ifname_ok);
	state_keep(&state->opened6, nft_ifname_ok);
}

/**
 * count_needs() - What the policy needs of relays; warns where it is too much
 * @check:	Run
 * @policy:	Valid policy
 * @conf:	Valid settings of a gateway, or NULL
 * @out:	Receives a table, NULL: none is asked for
 *
 * The channels of the cloud gateways are taken to be what this one has, if it
 * is one, else as many as without the key.
 */
static void count_needs(struct check *check, const struct policy *policy,
			const struct gateway_conf *conf, struct strbuf *out)
{
	const struct channel_choice choice =
		needs_channels(policy, conf ? conf->channels : 0,
			       conf ? conf->workers : 1, &check->arena);
	const struct relay_needs *needs;
	size_t cnt;

	needs = needs_of(policy, choice.cnt, &check->arena, &cnt);
	channel_choice_check(policy, &choice, &check->diag);
	needs_check(policy, needs, cnt, &check->diag);
	if (!out)
		return;
	needs_print(needs, cnt, out);
	channel_choice_print(&choice, out);
}

/**
 * render() - What goes to stdout
 * @check:	Run
 * @policy:	Valid policy
 * @conf:	Valid settings, NULL when only a policy is looked at
 * @gateway:	This machine's gateway, NULL without @conf
 * @out:	Receives the text
 */
static void render(struct check *check, const struct policy *policy,
		   const struct gateway_conf *conf,
		   const struct policy_gateway *gateway, struct strbuf *out)
{
	struct nft_opened opened;
	const struct plan *plan;
	struct state state;

	if (!check->show_nft || !conf) {
		policy_print(policy, out);
		return;
	}
	read_state(check, conf, &state);
	plan = plan_make(policy, gateway, conf, state.ids, state.id_cnt,
			 &check->arena);
	opened = nft_opened(&state);
	nft_render(plan, &opened, out);
}

/**
 * check_machine() - What else a start would look at, as far as it is here
 * @check:	Run; errors and warnings are added to its list
 * @conf:	Valid settings
 */
static void check_machine(struct check *check, const struct gateway_conf *conf)
{
	const struct passwd *user = getpwnam(conf->user);

	if (!user)
		diag_warning(&check->diag, check->conf_path, 0,
			     "user \"%s\" does not exist here; where the "
			     "gateway runs, it must",
			     conf->user);
	else if (user->pw_uid == 0)
		diag_error(&check->diag, check->conf_path, 0,
			   "user \"%s\" is root: the carrier faces the network "
			   "and must run as a user without rights",
			   conf->user);
	/* What is wrong stands in the list. */
	(void)!keycheck(&conf->access, true, &check->diag);
}

/**
 * run() - Check the files of a run
 * @check:	Run
 *
 * Return: exit code
 */
static int run(struct check *check)
{
	const struct policy_gateway *gateway = NULL;
	const struct gateway_conf *conf = NULL;
	const struct policy *policy;
	struct strbuf out;
	int code = EXIT_USAGE;

	strbuf_init(&out);
	if (check->conf_path)
		conf = read_conf(check);
	policy = read_policy(check);
	if (policy && conf)
		gateway = gateway_conf_check(policy, conf, check->conf_path,
					     &check->diag);
	if (conf)
		check_machine(check, conf);
	if (policy)
		count_needs(check, policy, conf,
			    check->show_relays ? &out : NULL);
	output_diag(&check->diag);

	if (!check->diag.error_cnt) {
		if (!check->show_relays)
			render(check, policy, conf, gateway, &out);
		fputs(strbuf_str(&out), stdout);
		code = EXIT_DONE;
	}
	strbuf_fini(&out);
	return code;
}

/**
 * parse_args() - Fill in a run from the command line
 * @check:	Run
 * @argc:	As of main()
 * @argv:	As of main()
 *
 * Return: -1 to go on, or an exit code
 */
static int parse_args(struct check *check, int argc, char **argv)
{
	static const struct option options[] = {
		{"show-nft", no_argument, NULL, 'n'},
		{"show-relays", no_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			check->conf_path = optarg;
			break;
		case 'n':
			check->show_nft = true;
			break;
		case 'r':
			check->show_relays = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_DONE;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		check->policy_path = argv[optind++];
	if (optind < argc) {
		fprintf(stderr, "relaytun check: one policy at a time\n");
		return EXIT_USAGE;
	}
	if (check->show_nft && check->policy_path && !check->conf_path) {
		fprintf(stderr, "relaytun check: --show-nft needs -c "
				"GATEWAY.cfg: a ruleset is a gateway's\n");
		return EXIT_USAGE;
	}
	if (!check->policy_path && !check->conf_path)
		check->conf_path = CMD_GATEWAY_CFG;
	return -1;
}

int cmd_check(int argc, char **argv)
{
	struct check check = {0};
	int code = parse_args(&check, argc, argv);

	if (code >= 0)
		return code;
	arena_init(&check.arena);
	diag_init(&check.diag);
	code = run(&check);
	diag_fini(&check.diag);
	arena_fini(&check.arena);
	return code;
}

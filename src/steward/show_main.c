/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * show_main.c - relaytun-show: `relaytun flows` and `relaytun trace`
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/parse.h"
#include "policy/print.h"
#include "steward/apply.h"
#include "steward/files.h"
#include "steward/kept.h"
#include "steward/lock.h"
#include "steward/privilege.h"
#include "steward/show.h"
#include "steward/statefile.h"
#include "steward/trace.h"
#include "sys/log.h"
#include "sys/output.h"

/**
 * DOC: Theory of operation
 *
 * Both verbs go by what is in force, which is kept beside the state file (kept.h),
 * with the ids that the gateway gave, and ask the kernel; the gateway is not
 * disturbed.  gateway.cfg says where the state file is.  The policy's file counts
 * only where nothing is kept, and when it says something else, that is told; so is a
 * gateway that does not run.  The kernel answers those with CAP_NET_ADMIN only.
 *
 * Exit status: 0 done, 1 failed, 2 wrong usage or configuration.
 */

#define DEFAULT_CFG      RELAYTUN_SYSCONF "/relaytun/gateway.cfg"
#define EXIT_WRONG_USAGE 2

static const char flows_usage[] =
	"Usage: relaytun flows [-c FILE] [--json] [SERVICE]\n"
	"\n"
	"Shows who is connected now: client, service, target, state, age and\n"
	"bytes, of all services and routes or of one (SERVICE or "
	"SITE/SERVICE).\n"
	"\n"
	"  -c FILE     gateway.cfg [" DEFAULT_CFG "]\n"
	"      --json  for programs; fields are only ever added\n"
	"  -h, --help  this text\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

static const char trace_usage[] =
	"Usage: relaytun trace [-c FILE] [--from IP] SERVICE\n"
	"\n"
	"Shows what would happen on this machine to the first packet of a\n"
	"client of SERVICE (or SITE/SERVICE), rule by rule, in the tables of\n"
	"relaytun and of others, and which rule decides.\n"
	"\n"
	"  -c FILE     gateway.cfg [" DEFAULT_CFG "]\n"
	"      --from IP\n"
	"              the client [cloud: the first in the service's "
	"\"from\",\n"
	"              without one 203.0.113.9 or 2001:db8::9; site: the "
	"first\n"
	"              cloud gateway]\n"
	"  -h, --help  this text\n"
	"\n"
	"Exit status: 0 it passes, 1 it does not, 2 wrong usage or "
	"configuration.\n";

/** struct verb - One of the two */
struct verb {
	const char *name;
	const char *usage;
	int (*run)(const struct show *show, struct strbuf *out,
		   struct diag *diag);
	bool needs_service;
};

static const struct verb verbs[] = {
	{"relaytun flows", flows_usage, show_flows, false},
	{"relaytun trace", trace_usage, trace_service, true},
};

/** in_force() - What stands of the gateway; NULL when that is not known */
static const struct plan *in_force(const struct gateway_conf *conf,
				   const struct state *state,
				   struct arena *arena)
{
	const struct gateway_conf *kept = kept_conf(conf, arena);

	return kept_plan(kept ? kept : conf, KEPT_POLICY, state, arena);
}

/** of_files() - What a start would bring; NULL with entries in @diag */
static const struct plan *of_files(const char *conf_path,
				   const struct gateway_conf *conf,
				   const struct state *state,
				   struct arena *arena, struct diag *diag)
{
	const struct policy_gateway *gateway = NULL;
	const struct policy *policy =
		files_policy(conf->policy_path, arena, diag);

	if (policy)
		gateway = gateway_conf_check(policy, conf, conf_path, diag);
	return gateway ? plan_make(policy, gateway, conf, state->ids,
				   state->id_cnt, arena)
		       : NULL;
}

static bool is_same(const struct policy *a, const struct policy *b)
{
	struct strbuf texts[2];
	bool same;

	strbuf_init(&texts[0]);
	strbuf_init(&texts[1]);
	policy_print(a, &texts[0]);
	policy_print(b, &texts[1]);
	same = !strcmp(strbuf_str(&texts[0]), strbuf_str(&texts[1]));
	strbuf_fini(&texts[1]);
	strbuf_fini(&texts[0]);
	return same;
}

/** tell_other() - The file may have changed since its policy was put in force */
static void tell_other(const char *path, const struct policy *standing,
		       struct arena *arena, struct diag *diag)
{
	const struct policy *policy;
	struct diag unheard;

	diag_init(&unheard);
	policy = files_policy(path, arena, &unheard);
	diag_fini(&unheard);
	if (!policy)
		diag_warning(diag, path, 0,
			     "cannot be used, see \"relaytun check\": this "
			     "goes by the policy in force");
	else if (!is_same(policy, standing))
		diag_warning(diag, path, 0,
			     "is not the policy in force, by which this goes; "
			     "\"relaytun reload\" puts it in force");
}

/** tell_stopped() - A table without flows, or a packet that nobody takes, have this
 *  reason before any other.  Who may not ask is told nothing */
static void tell_stopped(const char *name, bool stands, struct diag *diag)
{
	struct diag unheard;
	int pidfd;

	diag_init(&unheard);
	pidfd = lock_owner(name, &unheard);
	diag_fini(&unheard);
	if (pidfd >= 0)
		close(pidfd);
	if (pidfd == -ENOENT)
		diag_warning(diag, NULL, 0, "no gateway is running as %s: %s",
			     name,
			     stands ? "this is what it left in the kernel"
				    : "nothing is known to stand of it");
}

/** load() - Files and state to a plan; NULL with entries in @diag */
static const struct plan *load(const char *conf_path, struct arena *arena,
			       struct diag *diag)
{
	const struct gateway_conf *conf = files_conf(conf_path, arena, diag);
	const struct plan *plan;
	struct state state;

	state_init(&state, arena);
	if (!conf || statefile_read(conf, &state, diag))
		return NULL;
	plan = in_force(conf, &state, arena);
	tell_stopped(conf->name, plan, diag);
	if (!plan)
		return of_files(conf_path, conf, &state, arena, diag);
	tell_other(conf->policy_path, plan->policy, arena, diag);
	return plan;
}

/** run() - With everything parsed; Return: exit status */
static int run(const struct verb *verb, struct show *show,
	       const char *conf_path)
{
	static const cap_value_t caps[] = {CAP_NET_ADMIN};
	int status = EXIT_WRONG_USAGE;
	struct arena arena;
	struct strbuf out;
	struct diag diag;

	arena_init(&arena);
	diag_init(&diag);
	strbuf_init(&out);
	show->plan = load(conf_path, &arena, &diag);
	if (show->plan)
		status = privilege_check(caps, 1, &diag) ||
					 verb->run(show, &out, &diag)
				 ? EXIT_FAILURE
				 : EXIT_SUCCESS;
	fputs(strbuf_str(&out), stdout);
	output_diag(&diag);
	strbuf_fini(&out);
	diag_fini(&diag);
	arena_fini(&arena);
	return output_end(verb->name, status);
}

/** wrong() - Usage to stderr */
static int wrong(const struct verb *verb)
{
	fputs(verb->usage, stderr);
	return EXIT_WRONG_USAGE;
}

/** parse_and_run() - Options of a verb; Return: exit status */
static int parse_and_run(const struct verb *verb, int argc, char **argv)
{
	enum { OPT_JSON = 1000, OPT_FROM };
	static const struct option options[] = {
		{"json", no_argument, NULL, OPT_JSON},
		{"from", required_argument, NULL, OPT_FROM},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *conf_path = DEFAULT_CFG;
	struct show show = {.json = false};
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			conf_path = optarg;
			break;
		case OPT_JSON:
			show.json = true;
			break;
		case OPT_FROM:
			if (!ip_addr_parse(optarg, &show.from))
				break;
			fprintf(stderr, "%s: \"%s\" is no IP address\n",
				verb->name, optarg);
			return EXIT_WRONG_USAGE;
		case 'h':
			fputs(verb->usage, stdout);
			return output_end(verb->name, EXIT_SUCCESS);
		default:
			return wrong(verb);
		}
	}
	if (optind < argc)
		show.service = argv[optind++];
	if (optind < argc || (verb->needs_service && !show.service) ||
	    (verb->needs_service ? show.json : show.from.family != IP_NONE))
		return wrong(verb);
	return run(verb, &show, conf_path);
}

int main(int argc, char **argv)
{
	size_t i;

	log_open("relaytun-show", LOG_LEVEL_WARN);
	for (i = 0; argc > 0 && i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!strcmp(argv[0], verbs[i].name))
			return parse_and_run(&verbs[i], argc, argv);
	}
	fputs("relaytun-show: call it as relaytun flows or trace\n", stderr);
	return EXIT_WRONG_USAGE;
}

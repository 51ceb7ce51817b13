/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - relaytun-steward: `relaytun gateway`, `reload` and what goes with them
 */

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "steward/verb.h"
#include "sys/log.h"
#include "sys/output.h"

/**
 * DOC: Theory of operation
 *
 * A table of verbs over one set of options.  Exit status: 0 done, 1 failed,
 * 2 wrong usage or configuration, 3 (plan only) something would change.
 */

#define DEFAULT_CFG RELAYTUN_SYSCONF "/relaytun/gateway.cfg"

static const char usage[] =
	"Usage: relaytun gateway [-c FILE]   run this machine's gateway\n"
	"       relaytun reload [-c FILE] [--confirm TIME]\n"
	"                                    let it read its files again\n"
	"       relaytun confirm [-c FILE]   the last reload is meant\n"
	"       relaytun plan [-c FILE] [POLICY.cfg]\n"
	"                                    show what a reload would change, "
	"and\n"
	"                                    which flows it would end\n"
	"       relaytun down [-c FILE]      stop it and remove all traces\n"
	"\n"
	"  -c FILE         configuration [" DEFAULT_CFG "]\n"
	"  --confirm TIME  undo the reload after that time (90s, 5m, 1h), "
	"unless\n"
	"                  relaytun confirm comes\n"
	"  -h, --help      this text\n"
	"\n"
	"SIGTERM stops a gateway and leaves device, routes and rules "
	"standing,\n"
	"so that flows survive a restart; SIGINT removes everything; SIGHUP\n"
	"reads all files again and goes on with what they say.  reload waits "
	"for\n"
	"the outcome and says what has changed; after errors all goes on as "
	"before.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage or configuration; of "
	"plan\n"
	"0 nothing would change, 3 something would.\n";

/** parse_time() - "90", "90s", "5m" or "1h" in seconds; 0 when it is none */
static unsigned int parse_time(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	unsigned long unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : 1;

	if (*text < '0' || *text > '9' || strlen(end) > 1 ||
	    (*end && !strchr("smh", *end)) || number > CONFIRM_S_MAX ||
	    number * unit > CONFIRM_S_MAX)
		return 0;
	return (unsigned int)(number * unit);
}

/** parse_options() - "-c FILE" and "-h"; Return: -1 to go on, or exit status */
static int parse_options(struct steward *steward, int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"confirm", required_argument, NULL, 't'},
		{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			steward->conf_path = optarg;
			break;
		case 't':
			steward->confirm_s = parse_time(optarg);
			if (steward->confirm_s &&
			    strcmp(argv[0], "relaytun reload") == 0)
				break;
			fprintf(stderr,
				"%s: --confirm goes with reload, and wants a "
				"time up to a day, as 5m\n",
				argv[0]);
			return EXIT_WRONG_USAGE;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_WRONG_USAGE;
		}
	}
	if (optind + 1 == argc && strcmp(argv[0], "relaytun plan") == 0)
		steward->policy_path = argv[optind++];
	if (optind == argc)
		return -1;
	fputs(usage, stderr);
	return EXIT_WRONG_USAGE;
}

/** run_verb() - argv[0] is "relaytun VERB"; Return: exit status */
static int run_verb(struct steward *steward, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct steward *steward);
	} verbs[] = {
		{"relaytun gateway", verb_gateway},
		{"relaytun reload", verb_reload},
		{"relaytun confirm", verb_confirm},
		{"relaytun plan", verb_plan},
		{"relaytun down", verb_down},
	};
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		int status;

		if (argc < 1 || strcmp(argv[0], verbs[i].name) != 0)
			continue;
		status = parse_options(steward, argc, argv);
		return status >= 0 ? status : verbs[i].run(steward);
	}
	fputs("relaytun-steward: call it as relaytun gateway, reload, confirm, "
	      "plan or down\n",
	      stderr);
	return EXIT_WRONG_USAGE;
}

/** open_standard_fds() - 0, 1 and 2 exist: a socket of ours must not get there */
static void open_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct steward steward = {.conf_path = DEFAULT_CFG};
	int status;

	open_standard_fds();
	log_open("relaytun-steward", LOG_LEVEL_INFO);
	arena_init(&steward.arena);
	diag_init(&steward.diag);
	state_init(&steward.state, &steward.arena);
	status = run_verb(&steward, argc, argv);
	diag_fini(&steward.diag);
	arena_fini(&steward.arena);
	return output_end(argc > 0 ? argv[0] : "relaytun", status);
}

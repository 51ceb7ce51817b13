/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - relaytun: the table of verbs, nothing else
 *
 * Verbs that only read and print are here; those that hold privileges, keys or
 * the network are programs of their own in libexec, found beside this one.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "sys/output.h"

static const struct verb {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
	const char *program; /* in libexec, instead of @run */
} verbs[] = {
	{"gateway", "run this machine's gateway, in the foreground", NULL,
	 "relaytun-steward"},
	{"reload", "let a running gateway read its files again", NULL,
	 "relaytun-steward"},
	{"plan",
	 "show what a reload would change, and which flows it would "
	 "end",
	 NULL, "relaytun-steward"},
	{"confirm", "keep a change that reload --confirm would undo", NULL,
	 "relaytun-steward"},
	{"down", "remove everything a gateway left in the kernel", NULL,
	 "relaytun-steward"},
	{"flows", "show who is connected now", NULL, "relaytun-show"},
	{"trace", "show what would happen to a client's packet, rule by rule",
	 NULL, "relaytun-show"},
	{"relay", "run a self-hosted relay, in the foreground", NULL,
	 "relaytun-relay"},
	{"check", "check a policy, and show what it means", cmd_check, NULL},
	{"status", "show what a running gateway does", cmd_status, NULL},
	{"token", "make a SAS token for a hybrid connection", NULL,
	 "relaytun-keys"},
};
#define VERB_CNT (sizeof(verbs) / sizeof(verbs[0]))

static void usage(FILE *to)
{
	size_t i;

	fputs("Usage: relaytun VERB [OPTION...]\n\n", to);
	for (i = 0; i < VERB_CNT; i++)
		fprintf(to, "  %-8s  %s\n", verbs[i].name, verbs[i].help);
	fputs("\nrelaytun VERB --help says more of each; relaytun --version "
	      "the version.\n",
	      to);
}

/** show_version() - The same of all verbs; Return: exit status */
static int show_version(const char *who)
{
	puts("relaytun " RELAYTUN_VERSION);
	return output_end(who, EXIT_DONE);
}

/** exec_program() - ../libexec/relaytun/PROGRAM, seen from this program */
static int exec_program(const char *program, char **argv)
{
	char self[PATH_MAX];
	char path[PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0) {
		fprintf(stderr, "relaytun: cannot find itself: %s\n",
			strerror(errno));
		return EXIT_FAILED;
	}
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	snprintf(path, sizeof(path), "%s/../libexec/relaytun/%s", self,
		 program);
	execv(path, argv);
	fprintf(stderr, "relaytun: cannot start %s: %s\n", path,
		strerror(errno));
	return EXIT_FAILED;
}

/** run() - One verb, which calls itself by argv[0]; Return: exit status */
static int run(const struct verb *verb, int argc, char **argv)
{
	char name[32];

	snprintf(name, sizeof(name), "relaytun %s", verb->name);
	argv[0] = name;
	if (argc > 1 && !strcmp(argv[1], "--version"))
		return show_version(name);
	if (!verb->run)
		return exec_program(verb->program, argv);
	return output_end(name, verb->run(argc, argv));
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version"))
		return show_version("relaytun");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return output_end("relaytun", EXIT_DONE);
	}
	for (i = 0; i < VERB_CNT; i++) {
		if (!strcmp(verbs[i].name, argv[1]))
			return run(&verbs[i], argc - 1, argv + 1);
	}
	fprintf(stderr, "relaytun: unknown verb \"%s\"\n\n", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - relaytun-relay: options, files, privileges; then server_run()
 */

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "relay/conf_print.h"
#include "relay/dev.h"
#include "relay/entry.h"
#include "relay/load.h"
#include "relay/server.h"
#include "sys/confine.h"
#include "sys/log.h"
#include "sys/output.h"

#define DEFAULT_CONF       RELAYTUN_SYSCONF "/relaytun/relay.cfg"
#define DEFAULT_DEV_LISTEN "127.0.0.1:8443"

enum {
	EXIT_USAGE = 2,
};

static void usage(FILE *to)
{
	fputs("Usage: relaytun relay [-c FILE] [--check]\n"
	      "       relaytun relay --dev [--listen ADDRESS:PORT] "
	      "[--path PATH]...\n"
	      "                      [--fault FAULT]...\n"
	      "\n"
	      "Runs a relay that speaks the protocol of Azure Relay Hybrid\n"
	      "Connections, in the foreground.\n"
	      "\n"
	      "  -c FILE     configuration [" DEFAULT_CONF "]\n"
	      "      --check say what is wrong with it, or its normal form, "
	      "and "
	      "end\n"
	      "      --dev   a relay for developers: no files, a self-signed\n"
	      "              certificate, connection strings on the output\n"
	      "      --listen ADDRESS:PORT  [" DEFAULT_DEV_LISTEN "]\n"
	      "      --path PATH  a hybrid connection; may be given again "
	      "[hyco]\n"
	      "      --fault FAULT  do wrong on purpose: "
	      "late-accept[=SECONDS],\n"
	      "              ghost-listener, drop-control[=SECONDS], "
	      "slow-reader,\n"
	      "              other-host\n"
	      "  -h, --help  this text\n"
	      "\n"
	      "Exit status: 0 stopped by a signal, 1 failed, 2 wrong usage or\n"
	      "configuration.\n",
	      to);
}

/** allow_files() - Open files enough for all connections of the limit */
static void allow_files(const struct relay_conf *conf)
{
	rlim_t need = conf->limits.connection_cnt + ENTRY_OTHER_FILE_CNT;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= need)
		return;
	limit.rlim_cur = need;
	if (limit.rlim_max < need)
		limit.rlim_max = need; /* works for root only */
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		log_warn("event=few_files text=\"%llu open files are allowed, "
			 "%llu needed for %zu connections: raise ulimit -n\"",
			 (unsigned long long)limit.rlim_max,
			 (unsigned long long)need, conf->limits.connection_cnt);
	}
}

/** become_user() - For good; Return: 0 or negative errno */
static int become_user(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user)
		return -ENOENT;
	if (setgroups(0, NULL) || setgid(user->pw_gid) || setuid(user->pw_uid))
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/**
 * struct program - What main() knows
 * @path:	relay.cfg
 * @loaded:	In force; the other is empty, or being loaded
 * @user:	Whom it becomes
 * @now:	Which of the two is in force
 * @dev:	With --dev
 */
struct program {
	const char *path;
	struct loaded loaded[2];
	struct load_user user;
	size_t now;
	struct dev dev;
};

/** folder_of() - Of a file; Return: heap, or NULL (also for NULL) */
static char *folder_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path)
		return NULL;
	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/** give_up() - What a relay needs no more: see confine.h */
static void give_up(const struct relay_conf *conf)
{
	static const struct sandbox_rule more[] = {
		/* A reload may want more open files; it is about ourselves. */
		{"prlimit64", 0, {SCMP_A0(SCMP_CMP_EQ, 0)}},
	};
	/* The status socket goes with its relay. */
	char *folder = folder_of(conf->status_socket);

	confine(more, sizeof(more) / sizeof(*more), folder);
	free(folder);
}

/** ready() - The port is open: drop privileges, and say so */
static int ready(void *context, const struct relay_conf *conf)
{
	struct program *program = context;
	char addr[IP_ADDR_TEXT_SIZE];
	int err = 0;

	if (geteuid() == 0 && conf->user)
		err = become_user(conf->user);
	else if (geteuid() == 0)
		log_warn("event=privileged text=\"running as root%s\"",
			 program->dev.conf ? "" : ": name a user in relay.cfg");
	if (prctl(PR_SET_DUMPABLE, 0) && !err)
		err = -errno;
	if (!err)
		give_up(conf);
	if (!err)
		log_info("event=listening address=%s port=%u tls=%s paths=%zu",
			 ip_addr_format(&conf->addr, addr), conf->port,
			 conf->plaintext ? "no" : "yes", conf->path_cnt);
	if (!err && program->dev.conf)
		err = dev_print(&program->dev, stdout);
	return err;
}

/** reload() - Read all files again, beside those in force */
static const struct relay_conf *reload(void *context)
{
	struct program *program = context;
	struct loaded *next = &program->loaded[!program->now];
	struct diag diag;
	bool good;

	diag_init(&diag);
	good = load_open(next, program->path, &program->user, &diag);
	output_diag(&diag);
	diag_fini(&diag);
	if (good)
		allow_files(next->conf);
	else
		load_close(next);
	return good ? next->conf : NULL;
}

static void drop_old(void *context)
{
	struct program *program = context;

	load_close(&program->loaded[program->now]);
	program->now = !program->now;
}

static void drop_new(void *context)
{
	struct program *program = context;

	load_close(&program->loaded[!program->now]);
}

static int run(struct program *program, const struct relay_conf *conf)
{
	const struct relay_hooks hooks = {
		.ready = ready,
		.load = program->dev.conf ? NULL : reload,
		.drop = drop_old,
		.undo = drop_new,
		.context = program,
	};
	char addr[IP_ADDR_TEXT_SIZE];
	int err;

	allow_files(conf);
	err = server_run(conf, &hooks);
	if (!err)
		return EXIT_SUCCESS;
	ip_addr_format(&conf->addr, addr);
	if (err == -EKEYREJECTED) {
		fprintf(stderr,
			"%s: certificate %s and key %s are not accepted: both "
			"must be PEM, and the key that of the certificate\n",
			program->path, conf->certificate, conf->private_key);
		return EXIT_USAGE;
	}
	if (err == -EADDRINUSE)
		log_err("event=failed error=\"%s port %u is in use: see ss "
			"-ltnp, or choose another %s\"",
			addr, conf->port,
			program->dev.conf ? "with --listen" : "in relay.cfg");
	else if (err == -EIO || err == -ENOSPC)
		log_err("event=failed error=\"cannot print: %s\"",
			strerror(-err));
	else if (err == -EACCES)
		log_err("event=failed error=\"port %u needs root or "
			"CAP_NET_BIND_SERVICE\"",
			conf->port);
	else
		log_err("event=failed error=\"cannot serve on %s port %u: %s\"",
			addr, conf->port, strerror(-err));
	return EXIT_FAILURE;
}

static void harden(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/** serve_files() - What relay.cfg says; Return: exit status */
static int serve_files(struct program *program, bool check)
{
	struct loaded *loaded = &program->loaded[0];
	int status;
	struct strbuf text;
	struct diag diag;
	bool good;

	diag_init(&diag);
	good = load_open(loaded, program->path, &program->user, &diag);
	output_diag(&diag);
	diag_fini(&diag);
	if (!good || !loaded->conf) {
		status = EXIT_USAGE;
	} else if (check) {
		strbuf_init(&text);
		relay_conf_print(loaded->conf, &text);
		fputs(strbuf_str(&text), stdout);
		strbuf_fini(&text);
		status = EXIT_SUCCESS;
	} else {
		status = run(program, loaded->conf);
	}
	load_close(&program->loaded[program->now]);
	return status;
}

/** serve_dev() - What the command line says; Return: exit status */
static int serve_dev(struct program *program)
{
	int status = EXIT_USAGE;
	struct arena arena;
	struct diag diag;
	int err;

	arena_init(&arena);
	diag_init(&diag);
	err = dev_make(&program->dev, &arena, &diag);
	output_diag(&diag);
	if (err == -EIO)
		log_err("event=failed error=\"no certificate could be made\"");
	if (!err && program->dev.conf)
		status = run(program, program->dev.conf);
	diag_fini(&diag);
	arena_fini(&arena);
	return status;
}

enum {
	OPT_CHECK = 1000,
	OPT_DEV,
	OPT_LISTEN,
	OPT_PATH,
	OPT_FAULT,
};

/* A number's name as text. */
#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

/** struct options - The command line */
struct options {
	bool check;
	bool dev;
	bool dev_only;     /* an option that means something with --dev only */
	bool file;         /* one that --dev makes no use of */
	const char *wrong; /* what is, if we know */
};

/** complain() - Say later what is wrong; Return: false */
static bool complain(struct options *options, const char *what)
{
	options->wrong = what;
	return false;
}

/** take_option() - One option; Return: false when it is wrong */
static bool take_option(struct program *program, struct options *options,
			int opt)
{
	struct dev *dev = &program->dev;

	switch (opt) {
	case 'c':
		options->file = true;
		program->path = optarg;
		return true;
	case OPT_CHECK:
		options->check = true;
		return true;
	case OPT_DEV:
		options->dev = true;
		return true;
	case OPT_LISTEN:
		options->dev_only = true;
		dev->listen = optarg;
		return true;
	case OPT_PATH:
		options->dev_only = true;
		if (dev->path_cnt == DEV_PATH_CNT_MAX)
			return complain(
				options,
				"--path may be given " TEXT_OF(
					DEV_PATH_CNT_MAX) " times at most");
		dev->paths[dev->path_cnt++] = optarg;
		return true;
	case OPT_FAULT:
		options->dev_only = true;
		return dev_fault(&dev->fault, optarg) ||
		       complain(options, DEV_FAULT_HELP);
	default:
		return false;
	}
}

static bool are_sound(struct options *options)
{
	if (options->dev && (options->check || options->file))
		return complain(options, "--dev makes no use of a "
					 "configuration: leave out -c and "
					 "--check");
	if (!options->dev && options->dev_only)
		return complain(options, "--listen, --path and --fault need "
					 "--dev");
	return true;
}

/** refuse() - The command line is wrong; Return: exit status */
static int refuse(const struct options *options, const char *name)
{
	if (options->wrong)
		fprintf(stderr, "%s: %s\nTry %s --help\n", name, options->wrong,
			name);
	else
		usage(stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{"help", no_argument, NULL, 'h'},
		{"check", no_argument, NULL, OPT_CHECK},
		{"dev", no_argument, NULL, OPT_DEV},
		{"listen", required_argument, NULL, OPT_LISTEN},
		{"path", required_argument, NULL, OPT_PATH},
		{"fault", required_argument, NULL, OPT_FAULT},
		{0},
	};
	struct program program = {
		.path = DEFAULT_CONF,
		.dev = {.listen = DEFAULT_DEV_LISTEN},
	};
	struct options options = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return output_end(argv[0], EXIT_SUCCESS);
		}
		if (!take_option(&program, &options, opt))
			return refuse(&options, argv[0]);
	}
	if (optind < argc)
		complain(&options, "there is no argument but options");
	if (optind < argc || !are_sound(&options))
		return refuse(&options, argv[0]);
	harden();
	log_open("relaytun-relay", LOG_LEVEL_INFO);
	if (options.dev)
		return serve_dev(&program);
	return output_end(argv[0], serve_files(&program, options.check));
}

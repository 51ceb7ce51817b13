/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - relaytun-relay: options, files, privileges; then relay_run()
 */

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "relay/relay.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/output.h"

/* Standard streams, loop, signals, configuration, with room to spare. */
#define OTHER_FILE_CNT 64

#define DEFAULT_CONF   "/etc/relaytun/relay.cfg"

enum {
	EXIT_USAGE = 2,
};

static void usage(FILE *to)
{
	fputs("Usage: relaytun relay [-c FILE]\n"
	      "\n"
	      "Runs a relay that speaks the protocol of Azure Relay Hybrid\n"
	      "Connections, in the foreground.\n"
	      "\n"
	      "  -c FILE     configuration [" DEFAULT_CONF "]\n"
	      "  -h, --help  this text\n"
	      "\n"
	      "Exit status: 0 stopped by a signal, 1 failed, 2 wrong usage or\n"
	      "configuration.\n",
	      to);
}

static void print_diag(const struct diag *diag)
{
	char line[DIAG_TEXT_LEN_MAX + 4096];
	size_t i;

	for (i = 0; i < diag->cnt; i++) {
		diag_text(diag, i, line, sizeof(line));
		fprintf(stderr, "%s\n", line);
	}
}

/** read_keys() - Key files of one list, errors into @diag */
static void read_keys(struct relay_key *keys, size_t cnt, const char *path,
		      struct diag *diag)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		const char *why = "";
		ssize_t len = file_read_secret(keys[i].file, KEY_LEN_MAX,
					       &keys[i].key, &why);

		if (len < 0)
			diag_error(diag, path, keys[i].line, "key_file %s: %s",
				   keys[i].file, why);
		else
			keys[i].key_len = (size_t)len;
	}
}

static void wipe_keys(struct relay_key *keys, size_t cnt)
{
	size_t i;

	for (i = 0; i < cnt; i++)
		file_wipe(keys[i].key, keys[i].key_len);
}

/** check_readable() - TLS files, with a clearer word than OpenSSL's */
static void check_readable(const char *file, const char *what, const char *path,
			   struct diag *diag)
{
	if (file && access(file, R_OK))
		diag_error(diag, path, 0, "%s %s: %s", what, file,
			   strerror(errno));
}

/** check_private() - The key of the certificate; a group may read it, as
 *  Debian's ssl-cert does */
static void check_private(const char *file, const char *path, struct diag *diag)
{
	struct stat st;

	if (file && !stat(file, &st) && (st.st_mode & S_IRWXO))
		diag_error(diag, path, 0,
			   "key %s may be read by everybody: chmod o= %s", file,
			   file);
}

/** load() - Configuration and everything it names; NULL after errors */
static struct relay_conf *load(const char *path, struct arena *arena,
			       struct diag *diag)
{
	struct relay_conf *conf;
	char *text;
	ssize_t len = file_read(path, POLICY_LEN_MAX, &text);
	size_t i;

	if (len < 0) {
		diag_error(diag, path, 0, "cannot be read: %s", file_why(len));
		return NULL;
	}
	conf = relay_conf_parse(text, path, arena, diag);
	free(text);
	if (!conf)
		return NULL;
	read_keys(conf->keys, conf->key_cnt, path, diag);
	for (i = 0; i < conf->path_cnt; i++)
		read_keys(conf->paths[i].keys, conf->paths[i].key_cnt, path,
			  diag);
	check_readable(conf->certificate, "certificate", path, diag);
	check_readable(conf->private_key, "key", path, diag);
	check_private(conf->private_key, path, diag);
	if (conf->user && geteuid() == 0 && !getpwnam(conf->user))
		diag_error(diag, path, 0,
			   "user \"%s\" does not exist: create it, or name "
			   "another",
			   conf->user);
	return conf;
}

/** allow_files() - Open files enough for all connections of the limit */
static void allow_files(const struct relay_conf *conf)
{
	rlim_t need = conf->connection_cnt_max + OTHER_FILE_CNT;
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
			 (unsigned long long)need, conf->connection_cnt_max);
	}
}

/** probe_port() - Is the port free?  Said in our words before libwebsockets
 *  says it in its own; Return: 0 or negative errno */
static int probe_port(const struct relay_conf *conf)
{
	struct sockaddr_storage addr = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&addr;
	int family = conf->addr.family == IP_V4 ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;
	int err = 0;

	if (fd < 0)
		return -errno;
	addr.ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		v4->sin_port = htons(conf->port);
		memcpy(&v4->sin_addr, conf->addr.bytes, 4);
	} else {
		v6->sin6_port = htons(conf->port);
		memcpy(&v6->sin6_addr, conf->addr.bytes, 16);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1))
		err = -errno;
	close(fd);
	return err;
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

/** ready() - The port is open: drop privileges, and say so */
static int ready(const struct relay_conf *conf)
{
	char addr[IP_ADDR_TEXT_SIZE];
	int err = 0;

	if (geteuid() == 0 && conf->user)
		err = become_user(conf->user);
	else if (geteuid() == 0)
		log_warn("event=privileged text=\"running as root: name a "
			 "user in relay.cfg\"");
	if (prctl(PR_SET_DUMPABLE, 0) && !err)
		err = -errno;
	if (!err)
		log_info("event=listening address=%s port=%u tls=%s paths=%zu",
			 ip_addr_format(&conf->addr, addr), conf->port,
			 conf->plaintext ? "no" : "yes", conf->path_cnt);
	return err;
}

static int run(const struct relay_conf *conf, const char *path)
{
	char addr[IP_ADDR_TEXT_SIZE];
	int err = probe_port(conf);

	allow_files(conf);
	if (!err)
		err = relay_run(conf, ready);
	if (!err)
		return EXIT_SUCCESS;
	ip_addr_format(&conf->addr, addr);
	if (err == -EKEYREJECTED) {
		fprintf(stderr,
			"%s: certificate %s and key %s are not accepted: both "
			"must be PEM, and the key that of the certificate\n",
			path, conf->certificate, conf->private_key);
		return EXIT_USAGE;
	}
	if (err == -EADDRINUSE)
		log_err("event=failed error=\"%s port %u is in use: see ss "
			"-ltnp, or choose another in relay.cfg\"",
			addr, conf->port);
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

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *path = DEFAULT_CONF;
	struct relay_conf *conf;
	struct arena arena;
	struct diag diag;
	int status = EXIT_USAGE;
	int opt;
	size_t i;

	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'c') {
			path = optarg;
		} else {
			usage(opt == 'h' ? stdout : stderr);
			return output_end(argv[0], opt == 'h' ? EXIT_SUCCESS
							      : EXIT_USAGE);
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	harden();
	log_open("relaytun-relay", LOG_LEVEL_INFO);
	arena_init(&arena);
	diag_init(&diag);
	conf = load(path, &arena, &diag);
	print_diag(&diag);
	if (conf && !diag.error_cnt)
		status = run(conf, path);
	if (conf) {
		wipe_keys(conf->keys, conf->key_cnt);
		for (i = 0; i < conf->path_cnt; i++)
			wipe_keys(conf->paths[i].keys, conf->paths[i].key_cnt);
	}
	diag_fini(&diag);
	arena_fini(&arena);
	return status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * spawner.c - The process that starts and stops the carrier
 */

#include "steward/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "steward/privilege.h"
#include "sys/handover.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * The spawner keeps two descriptors, its socket and the carrier's program file,
 * and three capabilities.  It parses nothing but fixed messages of its parent.
 *
 * The program is opened while we are still root and executed by descriptor:
 * the carrier's user need not be able to walk to it (a clone of the repository
 * below /root is enough for `make demo`).
 *
 * The carrier dies with the spawner (PDEATHSIG), the spawner with the steward
 * (end of its socket): a kill -9 of any of them leaves no orphan.
 */

/* Descriptors in the spawner; HANDOVER_FD in the carrier. */
#define SOCK_FD    3
#define PROGRAM_FD 4

/** struct child_conf - What each carrier is started with */
struct child_conf {
	const char *program;
	uid_t uid;
	gid_t gid;
};

/** struct nest - The spawner's own state; @pidfd -1: no carrier lives */
struct nest {
	struct child_conf conf;
	pid_t pid;
	int pidfd;
};

/** carrier_env() - Of our environment only what the carrier reads; leaked,
 *  exec follows */
static char **carrier_env(void)
{
	static const char *const names[] = {
		"PATH",         "LANG",
		"TZ",           "JOURNAL_STREAM",
		"http_proxy",   "https_proxy",
		"HTTPS_PROXY",  "all_proxy",
		"ALL_PROXY",    "no_proxy",
		"NO_PROXY",     "SSL_CERT_FILE",
		"SSL_CERT_DIR", "KRB5CCNAME",
		"KRB5_CONFIG",  "RELAYTUN_CONFINE",
	};
	size_t cnt = sizeof(names) / sizeof(*names);
	char **env = calloc(cnt + 1, sizeof(*env));
	size_t used = 0;
	size_t i;

	if (!env)
		return NULL;
	for (i = 0; i < cnt; i++) {
		const char *value = getenv(names[i]);

		if (value && asprintf(&env[used], "%s=%s", names[i], value) > 0)
			used++;
	}
	env[used] = NULL;
	return env;
}

/** default_signals() - Nothing blocked or ignored, as a program expects */
static void default_signals(void)
{
	static const int changed[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(changed) / sizeof(*changed); i++)
		(void)signal(changed[i], SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/**
 * become_carrier() - In the child: from spawner to carrier
 * @handover:	Its end of the pair
 * @parent:	The spawner
 *
 * Return: only after a failure, negative errno
 */
static int become_carrier(const struct child_conf *conf, int handover,
			  pid_t parent)
{
	char name[] = "relaytun-carrier";
	char *const argv[] = {name, NULL};
	char **env = carrier_env();
	int err;

	if (!env)
		return -ENOMEM;
	if (dup2(handover, HANDOVER_FD) < 0 ||
	    close_range(PROGRAM_FD + 1, ~0U, 0))
		return -errno;
	default_signals();
	err = privilege_become(conf->uid, conf->gid);
	if (err)
		return err;
	/* After the change of user, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	execveat(PROGRAM_FD, "", argv, env, AT_EMPTY_PATH);
	/* A script cannot be run from a descriptor that closes on exec. */
	if (errno == ENOENT)
		execve(conf->program, argv, env);
	return -errno;
}

/** reply() - To the steward; if it does not listen any more, we end soon */
static void reply(enum spawner_type type, int value)
{
	const struct handover_msg msg = {.type = type,
					 .value = (uint32_t)value};

	(void)!handover_send(SOCK_FD, &msg, -1);
}

/** start() - One carrier; consumes @handover */
static void start(struct nest *nest, int handover)
{
	pid_t parent = getpid();
	int err;

	if (nest->pidfd >= 0 || handover < 0) {
		reply(SPAWNER_FAILED, handover < 0 ? EBADF : EBUSY);
		goto out_close;
	}
	nest->pid = fork();
	if (nest->pid == 0) {
		err = become_carrier(&nest->conf, handover, parent);
		log_err("event=failed error=\"%s: %s\"", nest->conf.program,
			strerror(-err));
		_exit(127);
	}
	if (nest->pid < 0) {
		reply(SPAWNER_FAILED, errno);
		goto out_close;
	}
	nest->pidfd = pidfd_open(nest->pid, 0);
	if (nest->pidfd < 0) {
		err = errno;
		kill(nest->pid, SIGKILL);
		waitpid(nest->pid, NULL, 0);
		reply(SPAWNER_FAILED, err);
		goto out_close;
	}
	reply(SPAWNER_STARTED, nest->pid);

out_close:
	if (handover >= 0)
		close(handover);
}

/** reap() - The carrier ended */
static void reap(struct nest *nest)
{
	int status = 0;

	if (waitpid(nest->pid, &status, 0) < 0)
		status = 0;
	close(nest->pidfd);
	nest->pidfd = -1;
	reply(SPAWNER_EXITED, status);
}

/** serve() - One message; Return: whether the steward still lives */
static bool serve(struct nest *nest)
{
	struct handover_msg msg;
	int fd;

	if (handover_receive(SOCK_FD, &msg, &fd) != 1)
		return false;
	if (msg.type == SPAWNER_START) {
		start(nest, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (msg.type == SPAWNER_SIGNAL && nest->pidfd >= 0)
		kill(nest->pid, (int)msg.value);
	return true;
}

/** run() - The spawner's whole life */
static void run(struct nest *nest)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = SOCK_FD, .events = POLLIN},
			{.fd = nest->pidfd, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (fds[1].revents)
			reap(nest);
		if (fds[0].revents && !serve(nest))
			break;
	}
	if (nest->pidfd >= 0) {
		kill(nest->pid, SIGKILL);
		waitpid(nest->pid, NULL, 0);
	}
}

/** become_spawner() - In the fork: keep two descriptors, three capabilities */
static int become_spawner(int sock, int program)
{
	static const cap_value_t caps[] = {CAP_SETUID, CAP_SETGID, CAP_KILL};
	sigset_t theirs;
	int copy;
	int null;

	(void)prctl(PR_SET_NAME, "relaytun-spawn");
	/* Ctrl-C goes to the whole group of processes: the steward decides.
	 * Blocked, not ignored: a signal for a carrier that is just forked
	 * waits until it unblocks them. */
	sigemptyset(&theirs);
	sigaddset(&theirs, SIGINT);
	sigaddset(&theirs, SIGTERM);
	sigaddset(&theirs, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &theirs, NULL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return -errno;
	/* Out of the way of the two numbers first. */
	copy = fcntl(sock, F_DUPFD_CLOEXEC, PROGRAM_FD + 1);
	program = fcntl(program, F_DUPFD_CLOEXEC, PROGRAM_FD + 1);
	if (copy < 0 || program < 0 || dup3(copy, SOCK_FD, O_CLOEXEC) < 0 ||
	    dup3(program, PROGRAM_FD, O_CLOEXEC) < 0 ||
	    close_range(PROGRAM_FD + 1, ~0U, 0))
		return -errno;
	return privilege_keep(caps, sizeof(caps) / sizeof(*caps));
}

int spawner_open(struct spawner *spawner, const char *program, uid_t uid,
		 gid_t gid, struct diag *diag)
{
	struct nest nest = {{program, uid, gid}, 0, -1};
	int program_fd = open(program, O_PATH | O_CLOEXEC);
	int pair[2];

	if (program_fd < 0) {
		diag_error(diag, program, 0,
			   "the carrier's program cannot be opened: %m");
		return -errno;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		goto err_program;
	spawner->pid = fork();
	if (spawner->pid < 0)
		goto err_pair;
	if (spawner->pid == 0) {
		int err = become_spawner(pair[1], program_fd);

		if (err) {
			log_err("event=failed error=\"spawner: %s\"",
				strerror(-err));
			_exit(1);
		}
		run(&nest);
		_exit(0);
	}
	close(program_fd);
	close(pair[1]);
	spawner->sock = pair[0];
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	return 0;

err_pair:
	close(pair[0]);
	close(pair[1]);
err_program:
	diag_error(diag, NULL, 0, "the spawner cannot be started: %m");
	close(program_fd);
	return -EIO;
}

void spawner_close(struct spawner *spawner)
{
	close(spawner->sock);
	while (waitpid(spawner->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

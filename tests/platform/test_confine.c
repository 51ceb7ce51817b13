/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_confine.c - What a process cannot do any more once it is confined as the
 * carrier is; each tries in a child of its own
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/confine.h"
#include "sys/log.h"
#include "sys/sandbox.h"
#include "sys/thread.h"

/* What the runtime of sanitizers does itself cannot be forbidden to it. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* The thread sanitizer runs handlers late, and its own sigaction() knows nothing of
 * SA_RESETHAND: how a process ends cannot be seen there. */
#ifdef __SANITIZE_THREAD__
#define LATE_SIGNALS true
#else
#define LATE_SIGNALS false
#endif

/** has_landlock() - Has this kernel Landlock? */
static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

/** struct outcome - Of a child: status of wait(2), and what it wrote */
struct outcome {
	int status;
	char said[2048];
};

/** in_child() - Run @act in a child; its result is the exit status */
static struct outcome in_child(int (*act)(void))
{
	struct outcome outcome = {0};
	size_t used = 0;
	ssize_t len;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(fds[1], STDERR_FILENO);
		_exit(act());
	}
	close(fds[1]);
	while ((len = read(fds[0], outcome.said + used,
			   sizeof(outcome.said) - 1 - used)) > 0)
		used += (size_t)len;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &outcome.status, 0), pid);
	return outcome;
}

/** expect_killed() - @act, confined, ends by SIGSYS, and the log names @call */
static void expect_killed(int (*act)(void), const char *call)
{
	struct outcome outcome = in_child(act);
	char want[64];

	snprintf(want, sizeof(want), "event=forbidden syscall=%s ", call);
	if (!WIFSIGNALED(outcome.status) ||
	    WTERMSIG(outcome.status) != SIGSYS || !strstr(outcome.said, want))
		fail_msg("%s: status %#x, \"%s\"", call,
			 (unsigned int)outcome.status, outcome.said);
}

/** expect_done() - @act gives 0 */
static void expect_done(int (*act)(void))
{
	struct outcome outcome = in_child(act);

	if (!WIFEXITED(outcome.status) || WEXITSTATUS(outcome.status))
		fail_msg("status %#x, \"%s\"", (unsigned int)outcome.status,
			 outcome.said);
}

static int execute(void)
{
	char *const argv[] = {NULL};

	confine(NULL, 0, NULL);
	return execve("/bin/true", argv, argv);
}

static int start_process(void)
{
	confine(NULL, 0, NULL);
	return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static int open_packet_socket(void)
{
	confine(NULL, 0, NULL);
	return socket(AF_PACKET, SOCK_DGRAM, 0);
}

static int open_raw_socket(void)
{
	confine(NULL, 0, NULL);
	return socket(AF_INET, SOCK_RAW, 1);
}

static int open_netfilter(void)
{
	confine(NULL, 0, NULL);
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
}

static int trace_parent(void)
{
	confine(NULL, 0, NULL);
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int undo_tun(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	confine(NULL, 0, NULL);
	return ioctl(fd, TUNSETPERSIST, 0);
}

static int make_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	confine(NULL, 0, NULL);
	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int map_executable(void)
{
	confine(NULL, 0, NULL);
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int signal_parent(void)
{
	confine(NULL, 0, NULL);
	return kill(getppid(), 0);
}

static int become_dumpable(void)
{
	confine(NULL, 0, NULL);
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int take_signal_away(void)
{
	confine(NULL, 0, NULL);
	return signal(SIGSYS, SIG_IGN) == SIG_ERR;
}

/** take_signal_away_by_more() - The kernel takes an int of that */
static int take_signal_away_by_more(void)
{
	char action[64] = {0};

	confine(NULL, 0, NULL);
	return (int)syscall(SYS_rt_sigaction, UINT64_C(1) << 32 | SIGSYS,
			    action, NULL, 8);
}

static int raise_limit(void)
{
	const struct rlimit limit = {0, 0};

	confine(NULL, 0, NULL);
	return (int)syscall(SYS_prlimit64, 0, 4, &limit, NULL);
}

static void what_only_an_intruder_does_ends_the_process(void **state)
{
	static const struct {
		int (*act)(void);
		const char *call;
		bool sanitizer; /* their runtime does it as well */
	} cases[] = {
		{execute, "execve", false},
		{start_process, "clone", true},
		{open_packet_socket, "socket", false},
		{open_raw_socket, "socket", false},
		{open_netfilter, "socket", false},
		{trace_parent, "ptrace", true},
		{undo_tun, "ioctl", false},
		{make_executable, "mprotect", true},
		{map_executable, "mmap", true},
		{signal_parent, "kill", false},
		{become_dumpable, "prctl", true},
		{take_signal_away, "rt_sigaction", false},
		{take_signal_away_by_more, "rt_sigaction", false},
		{raise_limit, "prlimit64", true},
	};
	size_t i;

	(void)state;
	if (LATE_SIGNALS)
		skip();
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!SANITIZED || !cases[i].sanitizer)
			expect_killed(cases[i].act, cases[i].call);
	}
}

static void *execute_in_thread(void *unused)
{
	char *const argv[] = {NULL};

	(void)unused;
	(void)execve("/bin/true", argv, argv);
	return NULL;
}

/** execute_beside() - In a thread such as a worker's */
static int execute_beside(void)
{
	pthread_t thread;

	confine(NULL, 0, NULL);
	return thread_start(&thread, execute_in_thread, NULL) ||
	       pthread_join(thread, NULL);
}

static void a_thread_s_offence_is_named_as_well(void **state)
{
	(void)state;
	if (LATE_SIGNALS)
		skip();
	expect_killed(execute_beside, "execve");
}

static int open_for_writing(void)
{
	confine(NULL, 0, NULL);
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 1;
	if (open("/dev/null", O_RDWR | O_CLOEXEC) >= 0 || errno != EACCES)
		return 2;
	return 0;
}

static void a_file_cannot_be_opened_for_writing(void **state)
{
	(void)state;
	if (SANITIZED && !has_landlock())
		skip();
	expect_done(open_for_writing);
}

/** change_paths() - Where there is nothing: who may would hear of that */
static int change_paths(void)
{
	const char *none = "/nonexistent/file";
	int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	confine(NULL, 0, NULL);
#define DENIED(call)                                                           \
	if ((call) >= 0 || errno != EACCES)                                    \
	return dprintf(STDERR_FILENO, "%s: %m", #call)
	DENIED(mkdir(none, 0700));
	DENIED(rmdir(none));
	DENIED(unlink(none));
	DENIED(unlinkat(AT_FDCWD, none, 0));
	DENIED(rename(none, none));
	DENIED(chmod(none, 0600));
	DENIED(fchmod(folder, 0755));
	DENIED(chown(none, 0, 0));
	DENIED(fchown(folder, 0, 0));
	DENIED(link(none, none));
	DENIED(symlink(none, none));
	DENIED(truncate(none, 0));
	DENIED(ftruncate(folder, 0));
	DENIED(mknod(none, S_IFREG, 0));
	DENIED(utimensat(AT_FDCWD, none, NULL, 0));
	DENIED(setxattr(none, "user.a", "", 0, 0));
	if (SANITIZED)
		return 0; /* their runtime opens what it likes */
	DENIED(open(none, O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
	DENIED(open(none, O_RDONLY | O_TRUNC | O_CLOEXEC));
#undef DENIED
	return 0;
}

static void what_would_change_files_fails_and_ends_nothing(void **state)
{
	(void)state;
	expect_done(change_paths);
}

/** change_with() - With Landlock alone, and @folder to remove from */
static int change_with(const char *folder)
{
	char name[] = "/tmp/relaytun-confine-XXXXXX";
	char *const argv[] = {NULL};
	int fd = mkstemp(name);
	int fine = fd >= 0 && sandbox_files(folder) > 0;

	fine = fine && open(name, O_WRONLY | O_CLOEXEC) < 0 && errno == EACCES;
	fine = fine && open(name, O_RDONLY | O_CLOEXEC) >= 0;
	fine = fine && unlink(name) < 0 && errno == EACCES;
	fine = fine && mkdir("/tmp/relaytun-confine", 0700) < 0 &&
	       errno == EACCES;
	fine = fine && execve("/bin/true", argv, argv) < 0 && errno == EACCES;
	return dprintf(STDERR_FILENO, "%s", name) > 0 && fine ? 0 : 1;
}

static int change_files(void)
{
	return change_with(NULL);
}

static int change_without_folder(void)
{
	return change_with("/tmp/relaytun-confine/none");
}

/** expect_kept() - @act, one of these two, finds all as it should be */
static void expect_kept(int (*act)(void))
{
	struct outcome outcome;

	if (!has_landlock())
		skip();
	outcome = in_child(act);
	(void)unlink(outcome.said);

	assert_true(WIFEXITED(outcome.status));
	assert_int_equal(WEXITSTATUS(outcome.status), 0);
}

static void landlock_alone_keeps_files_as_they_are(void **state)
{
	(void)state;
	expect_kept(change_files);
}

static void a_folder_that_is_not_there_is_no_reason_to_go_without(void **state)
{
	(void)state;
	expect_kept(change_without_folder);
}

/** remove_one() - From the one folder where that is allowed, and from another */
static int remove_one(void)
{
	char folder[] = "/tmp/relaytun-confine-XXXXXX";
	char other[] = "/tmp/relaytun-confine-XXXXXX";
	char file[64];
	int kept = mkstemp(other);
	int fine = kept >= 0 && mkdtemp(folder) &&
		   dprintf(STDERR_FILENO, "%s %s", folder, other) > 0;

	snprintf(file, sizeof(file), "%s/file", folder);
	fine = fine && open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0;
	confine(NULL, 0, folder);
	fine = fine && unlinkat(AT_FDCWD, other, 0) < 0 && errno == EACCES;
	fine = fine && unlinkat(AT_FDCWD, file, 0) == 0;
	return fine ? 0 : 1;
}

static void files_may_be_removed_from_the_one_folder_for_it(void **state)
{
	struct outcome outcome;
	char folder[64] = "";
	char other[64] = "";

	(void)state;
	if (!has_landlock())
		skip();
	outcome = in_child(remove_one);
	(void)sscanf(outcome.said, "%63s %63s", folder, other);
	(void)rmdir(folder);
	(void)unlink(other);

	assert_true(WIFEXITED(outcome.status));
	assert_int_equal(WEXITSTATUS(outcome.status), 0);
}

static void *look_up(void *failed)
{
	struct addrinfo *found = NULL;

	*(int *)failed = getaddrinfo("localhost", "443", NULL, &found);
	if (found)
		freeaddrinfo(found);
	return NULL;
}

/** work() - What the carrier lives on */
static int work(void)
{
	int failed = 1;
	pthread_t thread;
	char byte;
	int fd;

	confine(NULL, 0, NULL);
	if (pthread_create(&thread, NULL, look_up, &failed) ||
	    pthread_join(thread, NULL) || failed)
		return 1;
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &byte, 1) != 1)
		return 2;
	free(malloc(64 << 20));
	return socket(AF_INET6, SOCK_STREAM, 0) < 0 && errno != EAFNOSUPPORT;
}

/** probe() - As a kernel does where a function is traced; it refuses those that
 *  come from elsewhere */
static int probe(void)
{
	int signo;

	confine(NULL, 0, NULL);
	for (signo = 1; signo <= SIGRTMAX; signo++) {
		struct sigaction action = {.sa_handler = SIG_DFL};

		if (signo != SIGSYS && signo != SIGKILL && signo != SIGSTOP &&
		    (signo < SIGSYS || signo >= SIGRTMIN) &&
		    sigaction(signo, &action, NULL))
			return signo;
	}
#ifdef __x86_64__
	(void)signal(SIGILL, SIG_IGN);
	(void)syscall(335);
#endif
	return 0;
}

static void handlers_of_other_signals_and_tracing_go_on(void **state)
{
	struct outcome outcome = in_child(probe);

	(void)state;
	assert_null(strstr(outcome.said, "event=forbidden"));
	if (WIFEXITED(outcome.status))
		assert_int_equal(WEXITSTATUS(outcome.status), 0);
	else
		assert_int_equal(WTERMSIG(outcome.status), SIGILL);
}

static void names_threads_files_and_sockets_go_on(void **state)
{
	(void)state;
	expect_done(work);
}

/** ask() - What libraries may ask, now or in versions to come */
static int ask(void)
{
	const int self = getpid();
	uint8_t answer[64];

	confine(NULL, 0, NULL);
	(void)ioctl(STDERR_FILENO, 0x802c542a /* TCGETS2 */, answer);
	(void)getxattr("/", "user.none", answer, sizeof(answer));
	(void)lgetxattr("/", "user.none", answer, sizeof(answer));
	(void)fgetxattr(STDERR_FILENO, "user.none", answer, sizeof(answer));
	(void)listxattr("/", (char *)answer, sizeof(answer));
	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) == -1 && errno)
		return 1;
	if (syscall(SYS_kcmp, self, self, 0, 0, 0) >= 0 || errno != ENOSYS)
		return 2;
	return syscall(434 /* pidfd_open */, self, 0) >= 0 || errno != ENOSYS;
}

static void what_libraries_may_ask_does_not_end_the_process(void **state)
{
	(void)state;
	expect_done(ask);
}

/** say() - Only what is said matters */
static int say(void)
{
	log_open("test", LOG_LEVEL_INFO);
	confine(NULL, 0, NULL);
	return 0;
}

static void the_log_says_what_holds(void **state)
{
	struct outcome outcome = in_child(say);

	(void)state;
	assert_non_null(strstr(outcome.said, "event=confined seccomp=yes"));
}

/** say_unconfined() - The same, where the operator wants none of it */
static int say_unconfined(void)
{
	setenv("RELAYTUN_CONFINE", "no", 1);
	confine(NULL, 0, NULL);
	return open("/dev/null", O_WRONLY | O_CLOEXEC) < 0;
}

static void an_operator_may_do_without_and_that_is_said(void **state)
{
	struct outcome outcome = in_child(say_unconfined);

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.said, "event=not_confined"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_only_an_intruder_does_ends_the_process),
		cmocka_unit_test(a_thread_s_offence_is_named_as_well),
		cmocka_unit_test(a_file_cannot_be_opened_for_writing),
		cmocka_unit_test(
			what_would_change_files_fails_and_ends_nothing),
		cmocka_unit_test(landlock_alone_keeps_files_as_they_are),
		cmocka_unit_test(
			a_folder_that_is_not_there_is_no_reason_to_go_without),
		cmocka_unit_test(
			files_may_be_removed_from_the_one_folder_for_it),
		cmocka_unit_test(names_threads_files_and_sockets_go_on),
		cmocka_unit_test(
			what_libraries_may_ask_does_not_end_the_process),
		cmocka_unit_test(handlers_of_other_signals_and_tracing_go_on),
		cmocka_unit_test(the_log_says_what_holds),
		cmocka_unit_test(an_operator_may_do_without_and_that_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

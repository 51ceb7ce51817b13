/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sandbox.c - What a process gives up for good: files (Landlock), system calls
 * (seccomp)
 */

#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * Landlock	One ruleset: what is not handled (reading) stays as it was, what is
 *		handled is denied everywhere, but for the removal of a socket of
 *		one's own.  A list of
 *		the files that libraries may read would be a guess: modules of the
 *		name service, certificates, Kerberos.
 * seccomp	A list of what is allowed, searched by a binary tree.  What is not in it
 *		raises SIGSYS (SCMP_ACT_TRAP) rather than killing at once: so the
 *		log of the program names the call, where an operator looks, and not
 *		that of the kernel, if that is audited at all.  The call is not
 *		carried out in either case, and the handler cannot be replaced,
 *		since that is forbidden too.  The mask of signals cannot be held: it
 *		is in memory, where a filter does not look.  With SIGSYS blocked the
 *		kernel ends the process by it all the same, without a word of ours.
 *
 * A build with sanitizers gets what their runtime needs beside the list: it looks
 * into its own process, from a process of its own when it looks for leaks.
 */

/* From linux/landlock.h, which may be older than the kernel. */
#define FS_EXECUTE    (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
/* 2 and 3 are reading. */
#define FS_REMOVE_FILE     (UINT64_C(1) << 5)
#define FS_REMOVE_AND_MAKE (UINT64_C(0x1ff) << 4)
#define FS_REFER           (UINT64_C(1) << 13)
#define FS_TRUNCATE        (UINT64_C(1) << 14)
#define FS_IOCTL_DEV       (UINT64_C(1) << 15)
#define NET_BIND_TCP       (UINT64_C(1) << 0)
#define SCOPE_ABSTRACT     (UINT64_C(1) << 0) /* unix sockets */
#define SCOPE_SIGNAL       (UINT64_C(1) << 1)
#define GET_VERSION        1u
#define PATH_BENEATH       1

/* Signals have numbers up to 64. */
#define SIGNAL_BITS 64u

/* struct landlock_ruleset_attr, as of version 6 */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* struct landlock_path_beneath_attr */
struct beneath {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

/** needs_abstract() - systemd may listen at an abstract address */
static bool needs_abstract(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path == '@';
}

/** deny_all() - The ruleset of a version: what it knows of what we deny */
static struct ruleset deny_all(int version)
{
	struct ruleset ruleset = {.fs = FS_EXECUTE | FS_WRITE_FILE |
					FS_REMOVE_AND_MAKE};

	if (version >= 2)
		ruleset.fs |= FS_REFER;
	if (version >= 3)
		ruleset.fs |= FS_TRUNCATE;
	if (version >= 4)
		ruleset.net = NET_BIND_TCP;
	if (version >= 5)
		ruleset.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		ruleset.scoped =
			SCOPE_SIGNAL | (needs_abstract() ? 0 : SCOPE_ABSTRACT);
	return ruleset;
}

/** let_remove() - The one exception, if it is wanted; without its folder nothing is
 *  there to be removed, and no exception.  Return: 0 or negative errno */
static int let_remove(int ruleset, const char *folder)
{
	struct beneath beneath = {.allowed = FS_REMOVE_FILE};
	int err = 0;

	if (!folder)
		return 0;
	beneath.folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (beneath.folder < 0)
		return errno == ENOENT ? 0 : -errno;
	if (syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH, &beneath, 0))
		err = -errno;
	close(beneath.folder);
	return err;
}

int sandbox_files(const char *folder)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, GET_VERSION);
	struct ruleset ruleset;
	int ret;
	int fd;

	if (version < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	ruleset = deny_all((int)version);
	/* A kernel that knows fewer fields wants the others to be zero. */
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset,
			  sizeof(ruleset), 0);
	if (fd < 0)
		return -errno;
	ret = let_remove(fd, folder);
	if (!ret && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		     syscall(SYS_landlock_restrict_self, fd, 0)))
		ret = -errno;
	close(fd);
	return ret ? ret : (int)version;
}

/**
 * on_forbidden() - SIGSYS: say which call it was, and end
 *
 * log_err() formats on the stack and writes once.  The name's memory is from the
 * heap: none of the calls that the heap makes is forbidden, so that it was not
 * inside the heap that this thread was interrupted.
 */
static void on_forbidden(int signo, siginfo_t *info, void *context)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
						      info->si_syscall);

	(void)context;
	log_err("event=forbidden syscall=%s number=%d reason=\"this program "
		"never does that: it is under attack, or a library has learnt "
		"something new\"",
		name ? name : "unknown", info->si_syscall);
	free(name);
	/* SA_RESETHAND: this time it ends us. */
	(void)syscall(SYS_tgkill, getpid(), gettid(), signo);
	_exit(128 + signo);
}

/** add_rule() - Return: 0 or negative errno */
static int add_rule(scmp_filter_ctx filter, const struct sandbox_rule *rule)
{
	uint32_t action = rule->err ? SCMP_ACT_ERRNO((uint16_t)rule->err)
				    : SCMP_ACT_ALLOW;
	int number = seccomp_syscall_resolve_name(rule->name);
	unsigned int cnt = 0;

	if (number == __NR_SCMP_ERROR)
		return 0;
	while (cnt < SANDBOX_CMP_CNT && rule->cmp[cnt].op)
		cnt++;
	return seccomp_rule_add_array(filter, action, number, cnt, rule->cmp);
}

static int add_rules(scmp_filter_ctx filter, const struct sandbox_rule *rules,
		     size_t rule_cnt)
{
	int err = 0;
	size_t i;

	for (i = 0; i < rule_cnt && !err; i++)
		err = add_rule(filter, &rules[i]);
	return err;
}

/** add_handlers() - For each signal but SIGSYS: one that differs in a bit.  The kernel
 *  takes an int, so that bits above it are not to be compared */
static int add_handlers(scmp_filter_ctx filter)
{
	unsigned int bit;
	int err = 0;

	for (bit = 1; bit <= SIGNAL_BITS && !err; bit <<= 1) {
		const struct sandbox_rule rule = {
			"rt_sigaction",
			0,
			{SCMP_A0(SCMP_CMP_MASKED_EQ, bit,
				 bit ^ (SIGSYS & bit))}};

		err = add_rule(filter, &rule);
	}
	return err;
}

/** add_probes() - Calls that libseccomp may have no name for.  Kernels put uretprobe
 *  and uprobe into processes in which somebody traces a function; libc asks
 *  riscv_hwprobe for the processor */
static int add_probes(scmp_filter_ctx filter)
{
	int err = 0;

#if defined(__x86_64__)
	err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, 335, 0);
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, 336, 0);
#elif defined(__riscv)
	err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, 258, 0);
#else
	(void)filter;
#endif
	return err;
}

/** add_own() - What on_forbidden() needs, and stays in place by */
static int add_own(scmp_filter_ctx filter)
{
	const struct sandbox_rule rules[] = {
		{"exit", 0, {{0}}},
		{"exit_group", 0, {{0}}},
		{"getpid", 0, {{0}}},
		{"gettid", 0, {{0}}},
		{"rt_sigreturn", 0, {{0}}},
		{"tgkill", 0, {SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid())}},
		{"write", 0, {{0}}},
	};
	int err = add_rules(filter, rules, sizeof(rules) / sizeof(*rules));

	return err ? err : add_handlers(filter);
}

/** add_sanitizers() - What their runtime needs, in a build with them */
static int add_sanitizers(scmp_filter_ctx filter)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	static const struct sandbox_rule rules[] = {
		{"clone", 0, {{0}}},     {"ptrace", 0, {{0}}},
		{"prctl", 0, {{0}}},     {"wait4", 0, {{0}}},
		{"openat", 0, {{0}}},    {"personality", 0, {{0}}},
		{"mprotect", 0, {{0}}},  {"mmap", 0, {{0}}},
		{"prlimit64", 0, {{0}}}, {"arch_prctl", 0, {{0}}},
		{"getdents", 0, {{0}}},  {"open", 0, {{0}}},
	};

	return add_rules(filter, rules, sizeof(rules) / sizeof(*rules));
#else
	(void)filter;
	return 0;
#endif
}

/** is_known_kind() - Are the arguments of calls where our rules look for them?  Machines
 *  of 32 bits have other calls, s390 has arguments in memory */
static bool is_known_kind(void)
{
#ifdef __s390__
	return false;
#else
	return sizeof(long) == 8;
#endif
}

/** set_attributes() - For all threads, and quick: a tree takes ten comparisons where
 *  a list takes a hundred and more */
static int set_attributes(scmp_filter_ctx filter)
{
	int err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	return err ? err
		   : seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

int sandbox_calls(const struct sandbox_list *lists, size_t list_cnt)
{
	const struct sigaction handler = {
		.sa_sigaction = on_forbidden,
		.sa_flags = (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER),
	};
	scmp_filter_ctx filter;
	size_t i;
	int err;

	if (!is_known_kind())
		return -ENOTSUP;
	if (sigaction(SIGSYS, &handler, NULL))
		return -errno;
	filter = seccomp_init(SCMP_ACT_TRAP);
	if (!filter)
		return -ENOMEM;
	err = set_attributes(filter);
	if (!err)
		err = add_own(filter);
	if (!err)
		err = add_probes(filter);
	if (!err)
		err = add_sanitizers(filter);
	for (i = 0; i < list_cnt && !err; i++)
		err = add_rules(filter, lists[i].rules, lists[i].cnt);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

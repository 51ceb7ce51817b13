/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * confine.c - What a process that faces the network gives up before it does
 */

#include "sys/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "sys/log.h"
#include "sys/sandbox.h"

/**
 * DOC: Theory of operation
 *
 * Whoever takes over the carrier or the relay has its descriptors, and may talk to
 * the network as it could; it is not to start a program, change a file, make memory
 * executable, look into another process or into the kernel's rarer parts.  The TUN
 * device's own ioctls, by which a descriptor could undo the device, are the steward's.
 *
 * The list is what we do and what our libraries do, in all versions that we could
 * look at: libc with its resolver and the modules of nsswitch.conf, libcurl,
 * libwebsockets, OpenSSL, Kerberos.  It is wide where a call does no harm.  Calls
 * that libraries try, and know how to do without, fail as on an old kernel; those
 * that change files fail as for somebody who may not, since a setting of the
 * machine's (Kerberos' cache in a folder, say) may bring them about.
 */

/* How glibc 2.42 asks for a terminal; where the kernel's header knows it, it takes a
 * structure that libc's own headers do not let us have. */
#undef TCGETS2
#define TCGETS2 0x802c542a

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)

/* clang-format off */
#define ALLOW(name)         {#name, 0, {{0}}}
#define ALLOW_IF(name, ...) {#name, 0, {__VA_ARGS__}}
#define FAIL(name, err)     {#name, err, {{0}}}
#define FAIL_IF(name, err, ...) {#name, err, {__VA_ARGS__}}
/* An int has its register's lower half. */
#define A(n, value)         A_MASKED(n, UINT32_MAX, value)
#define A_MASKED(n, mask, value)                                               \
	SCMP_A##n(SCMP_CMP_MASKED_EQ, (uint64_t)(mask), (uint64_t)(value))
/* A socket's type has flags beside it. */
#define A_TYPE(n, type)     A_MASKED(n, 0xf, type)

static const struct sandbox_rule rules[] = {
	/* Descriptors: the TUN queues, sockets, sealed texts */
	ALLOW(close), ALLOW(close_range), ALLOW(dup), ALLOW(dup2), ALLOW(dup3),
	ALLOW(fcntl), ALLOW(lseek), ALLOW(pipe), ALLOW(pipe2),
	ALLOW(pread64), ALLOW(preadv), ALLOW(read), ALLOW(readv),
	ALLOW(writev),

	/* Waiting */
	ALLOW(epoll_create1), ALLOW(epoll_create), ALLOW(epoll_ctl),
	ALLOW(epoll_pwait), ALLOW(epoll_pwait2), ALLOW(epoll_wait),
	ALLOW(eventfd), ALLOW(eventfd2), ALLOW(poll), ALLOW(ppoll),
	ALLOW(pselect6), ALLOW(select), ALLOW(signalfd4),
	ALLOW(timerfd_create), ALLOW(timerfd_gettime), ALLOW(timerfd_settime),

	/* Sockets: of the families and types that there are reasons for.
	 * Netlink tells libc which addresses the machine has. */
	ALLOW_IF(socket, A(0, AF_UNIX)),
	ALLOW_IF(socket, A(0, AF_INET), A_TYPE(1, SOCK_STREAM)),
	ALLOW_IF(socket, A(0, AF_INET), A_TYPE(1, SOCK_DGRAM)),
	ALLOW_IF(socket, A(0, AF_INET6), A_TYPE(1, SOCK_STREAM)),
	ALLOW_IF(socket, A(0, AF_INET6), A_TYPE(1, SOCK_DGRAM)),
	ALLOW_IF(socket, A(0, AF_NETLINK), A(2, NETLINK_ROUTE)),
	ALLOW_IF(socketpair, A(0, AF_UNIX)),
	ALLOW(accept), ALLOW(accept4), ALLOW(bind), ALLOW(connect),
	ALLOW(getpeername), ALLOW(getsockname), ALLOW(getsockopt),
	ALLOW(recvfrom), ALLOW(recvmmsg), ALLOW(recvmsg), ALLOW(sendmmsg),
	ALLOW(sendmsg), ALLOW(sendto), ALLOW(setsockopt), ALLOW(shutdown),

	/* Files, for reading.  Kerberos tries to write into its cache of
	 * tickets, and does without. */
	ALLOW_IF(openat, A_MASKED(2, WRITING, O_RDONLY)),
	FAIL_IF(openat, EACCES, A_MASKED(2, O_ACCMODE, O_WRONLY)),
	FAIL_IF(openat, EACCES, A_MASKED(2, O_ACCMODE, O_RDWR)),
	FAIL_IF(openat, EACCES, A_MASKED(2, O_CREAT, O_CREAT)),
	FAIL_IF(openat, EACCES, A_MASKED(2, O_TRUNC, O_TRUNC)),
	ALLOW_IF(open, A_MASKED(1, WRITING, O_RDONLY)),
	FAIL_IF(open, EACCES, A_MASKED(1, O_ACCMODE, O_WRONLY)),
	FAIL_IF(open, EACCES, A_MASKED(1, O_ACCMODE, O_RDWR)),
	FAIL_IF(open, EACCES, A_MASKED(1, O_CREAT, O_CREAT)),
	FAIL_IF(open, EACCES, A_MASKED(1, O_TRUNC, O_TRUNC)),
	ALLOW(access), ALLOW(faccessat), ALLOW(faccessat2),
	ALLOW(fadvise64), ALLOW(fgetxattr), ALLOW(flistxattr), ALLOW(flock),
	ALLOW(fstat), ALLOW(fstatfs), ALLOW(getcwd), ALLOW(getdents64),
	ALLOW(getxattr), ALLOW(lgetxattr), ALLOW(listxattr),
	ALLOW(llistxattr), ALLOW(lstat), ALLOW(newfstatat),
	ALLOW(readlink), ALLOW(readlinkat), ALLOW(stat), ALLOW(statfs),
	ALLOW(statx),

	/* What changes files, but for their removal */
	FAIL(chmod, EACCES), FAIL(chown, EACCES), FAIL(creat, EACCES),
	FAIL(fallocate, EACCES), FAIL(fchmod, EACCES), FAIL(fchmodat, EACCES),
	FAIL(fchmodat2, EACCES), FAIL(fchown, EACCES), FAIL(fchownat, EACCES),
	FAIL(fremovexattr, EACCES), FAIL(fsetxattr, EACCES),
	FAIL(ftruncate, EACCES), FAIL(futimesat, EACCES), FAIL(lchown, EACCES),
	FAIL(link, EACCES), FAIL(linkat, EACCES), FAIL(lremovexattr, EACCES),
	FAIL(lsetxattr, EACCES), FAIL(mkdir, EACCES), FAIL(mkdirat, EACCES),
	FAIL(mknod, EACCES), FAIL(mknodat, EACCES), FAIL(removexattr, EACCES),
	FAIL(removexattrat, EACCES), FAIL(rename, EACCES),
	FAIL(renameat, EACCES), FAIL(renameat2, EACCES), FAIL(rmdir, EACCES),
	FAIL(setxattr, EACCES), FAIL(setxattrat, EACCES),
	FAIL(symlink, EACCES), FAIL(symlinkat, EACCES), FAIL(truncate, EACCES),
	FAIL(utime, EACCES), FAIL(utimensat, EACCES), FAIL(utimes, EACCES),

	/* Of terminals, sockets and interfaces something is asked; nothing of
	 * TUN devices, and nothing is set. */
	ALLOW_IF(ioctl, A(1, FIONREAD)), ALLOW_IF(ioctl, A(1, FIONBIO)),
	ALLOW_IF(ioctl, A(1, FIOCLEX)), ALLOW_IF(ioctl, A(1, TCGETS)),
	ALLOW_IF(ioctl, A(1, TCGETS2)), ALLOW_IF(ioctl, A(1, TIOCGWINSZ)),
	ALLOW_IF(ioctl, A(1, SIOCOUTQ)), ALLOW_IF(ioctl, A(1, SIOCGIFINDEX)),
	ALLOW_IF(ioctl, A(1, SIOCGIFNAME)), ALLOW_IF(ioctl, A(1, SIOCGIFCONF)),
	ALLOW_IF(ioctl, A(1, SIOCGIFFLAGS)), ALLOW_IF(ioctl, A(1, SIOCGIFADDR)),

	/* Memory.  What is executable comes from a file and was never
	 * writable: modules that libraries load. */
	ALLOW_IF(mmap, A_MASKED(2, PROT_EXEC, 0)),
	ALLOW_IF(mmap, A_MASKED(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
		 A_MASKED(3, MAP_ANONYMOUS, 0)),
	ALLOW_IF(mprotect, A_MASKED(2, PROT_EXEC, 0)),
	ALLOW(brk), ALLOW(madvise), ALLOW(membarrier), ALLOW(mincore),
	ALLOW(mlock), ALLOW(mlock2), ALLOW(mremap), ALLOW(msync),
	ALLOW(munlock), ALLOW(munmap),

	/* Threads, and no processes.  The flags of clone3 are in memory, where
	 * a filter does not see them: libc takes clone. */
	ALLOW_IF(clone, A_MASKED(0, CLONE_THREAD, CLONE_THREAD)),
	FAIL(clone3, ENOSYS),
	ALLOW(futex), ALLOW(futex_waitv), ALLOW(get_robust_list),
	ALLOW(getcpu), ALLOW(restart_syscall), ALLOW(rseq),
	ALLOW(sched_get_priority_max), ALLOW(sched_get_priority_min),
	ALLOW(sched_getaffinity), ALLOW(sched_getparam),
	ALLOW(sched_getscheduler), ALLOW(sched_yield),
	ALLOW(set_robust_list), ALLOW(set_tid_address),

	/* Signals, to ourselves */
	ALLOW(rt_sigpending), ALLOW(rt_sigprocmask), ALLOW(rt_sigsuspend),
	ALLOW(rt_sigtimedwait), ALLOW(sigaltstack),

	/* Time */
	ALLOW(clock_getres), ALLOW(clock_gettime), ALLOW(clock_nanosleep),
	ALLOW(gettimeofday), ALLOW(nanosleep), ALLOW(time), ALLOW(times),

	/* Who and where we are */
	ALLOW(getegid), ALLOW(geteuid), ALLOW(getgid), ALLOW(getgroups),
	ALLOW(getpgid), ALLOW(getpgrp), ALLOW(getppid), ALLOW(getpriority),
	ALLOW(getrandom), ALLOW(getresgid), ALLOW(getresuid), ALLOW(getrlimit),
	ALLOW(getrusage), ALLOW(getsid), ALLOW(getuid), ALLOW(sysinfo),
	ALLOW(umask), ALLOW(uname),
	ALLOW_IF(prlimit64, SCMP_A2(SCMP_CMP_EQ, 0)), /* asked only */
	ALLOW_IF(prctl, A(0, PR_SET_NAME)), ALLOW_IF(prctl, A(0, PR_GET_NAME)),
	ALLOW_IF(prctl, A(0, PR_SET_VMA)),
	ALLOW_IF(prctl, A(0, PR_GET_DUMPABLE)),
	/* libcap looks around when a module brings it */
	ALLOW_IF(prctl, A(0, PR_CAPBSET_READ)),
	ALLOW_IF(prctl, A(0, PR_GET_NO_NEW_PRIVS)),
	ALLOW_IF(prctl, A(0, PR_GET_SECUREBITS)),
	ALLOW(capget),

	/* Tried, and done without */
	FAIL(add_key, ENOSYS), FAIL(inotify_init1, ENOSYS),
	FAIL(io_uring_setup, ENOSYS), FAIL(kcmp, ENOSYS),
	FAIL(keyctl, ENOSYS),
	FAIL(map_shadow_stack, ENOSYS), FAIL(memfd_create, ENOSYS),
	FAIL(mseal, ENOSYS), FAIL(name_to_handle_at, ENOSYS),
	FAIL(openat2, ENOSYS), FAIL(pidfd_open, ENOSYS),
	FAIL(request_key, ENOSYS),
	FAIL(sched_setscheduler, EPERM), FAIL(setpriority, EPERM),
	FAIL(socketcall, ENOSYS),
};

/* Their removal, with a folder for it; Landlock says where, if there is one. */
static const struct sandbox_rule removing[] = {ALLOW(unlink), ALLOW(unlinkat)};
static const struct sandbox_rule keeping[] = {FAIL(unlink, EACCES),
					      FAIL(unlinkat, EACCES)};
/* clang-format on */

/** without() - What does not hold, and why */
static void without(const char *what, int err)
{
	log_warn("event=not_confined by=%s reason=\"%s\"", what,
		 strerror(-err));
}

void confine(const struct sandbox_rule *more, size_t more_cnt,
	     const char *folder)
{
	const char *wanted = getenv("RELAYTUN_CONFINE");
	const struct sandbox_list lists[] = {
		{rules, sizeof(rules) / sizeof(*rules)},
		{folder ? removing : keeping, 2},
		{more, more_cnt},
	};
	int landlock;
	int err;

	if (wanted && strcmp(wanted, "no") == 0) {
		log_warn("event=not_confined reason=\"RELAYTUN_CONFINE=no\"");
		return;
	}
	landlock = sandbox_files(folder);
	if (landlock <= 0)
		without("Landlock", landlock ? landlock : -ENOSYS);
	err = sandbox_calls(lists, sizeof(lists) / sizeof(*lists));
	if (err)
		without("seccomp", err);
	log_info("event=confined seccomp=%s landlock=%d", err ? "no" : "yes",
		 landlock > 0 ? landlock : 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_notify.c - What systemd is told, and how often
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/notify.h"

/** listen_as_systemd() - At an abstract address that is this process's own */
static int listen_as_systemd(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char *name = addr.sun_path;
	socklen_t len;

	snprintf(name, sizeof(addr.sun_path), "@relaytun-test-%d",
		 (int)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  strlen(name));
	name[0] = '\0';
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, len), 0);
	return fd;
}

static void what_is_told_arrives_as_one_datagram(void **state)
{
	int fd = listen_as_systemd();
	int notify = notify_open();
	char got[64];
	ssize_t len;

	(void)state;
	notify_systemd(notify, "READY=1");
	len = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	close(fd);
	close(notify);

	assert_int_equal(len, 7);
	assert_memory_equal(got, "READY=1", 7);
}

static void nobody_is_told_where_nobody_asked(void **state)
{
	int fd = listen_as_systemd();
	int notify;
	char got[64];
	ssize_t len;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify = notify_open();
	notify_systemd(notify, "READY=1");
	len = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	close(fd);

	assert_int_equal(notify, -1);
	assert_int_equal(len, -1);
}

static void a_systemd_that_does_not_read_holds_nobody_up(void **state)
{
	int fd = listen_as_systemd();
	int notify = notify_open();
	char got[64];
	int sent = 5000;
	int read = 0;

	(void)state;
	alarm(20);
	while (sent--)
		notify_systemd(notify, NOTIFY_ALIVE);
	while (recv(fd, got, sizeof(got), MSG_DONTWAIT) > 0)
		read++;
	alarm(0);
	close(fd);
	close(notify);

	assert_in_range(read, 1, 4999);
}

static void one_that_is_out_of_descriptors_still_says_that_it_lives(
	void **state)
{
	int fd = listen_as_systemd();
	int notify = notify_open();
	struct rlimit before;
	struct rlimit none;
	char got[64];
	ssize_t len;

	(void)state;
	notify_systemd(notify, "READY=1");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	notify_systemd(notify, NOTIFY_ALIVE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 7);
	len = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	close(fd);
	close(notify);

	assert_int_equal(len, strlen(NOTIFY_ALIVE));
}

static void life_is_told_in_half_the_time_that_is_given(void **state)
{
	char pid[16];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "30000000", 1);

	assert_int_equal(notify_watchdog_ms(), 15000);

	unsetenv("WATCHDOG_PID");
	assert_int_equal(notify_watchdog_ms(), 15000);
}

static void a_time_that_is_another_process_s_is_no_time(void **state)
{
	(void)state;
	setenv("WATCHDOG_PID", "1", 1);
	setenv("WATCHDOG_USEC", "30000000", 1);

	assert_int_equal(notify_watchdog_ms(), 0);
}

static void no_time_and_nonsense_are_no_time(void **state)
{
	(void)state;
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "soon", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "-5", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told_arrives_as_one_datagram),
		cmocka_unit_test(nobody_is_told_where_nobody_asked),
		cmocka_unit_test(a_systemd_that_does_not_read_holds_nobody_up),
		cmocka_unit_test(
			one_that_is_out_of_descriptors_still_says_that_it_lives),
		cmocka_unit_test(life_is_told_in_half_the_time_that_is_given),
		cmocka_unit_test(a_time_that_is_another_process_s_is_no_time),
		cmocka_unit_test(no_time_and_nonsense_are_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

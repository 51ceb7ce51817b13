/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What the carrier is left with: asked of /proc by a script in its place.
 */

#include "steward/spawner.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "steward/privilege.h"
#include "sys/handover.h"

#define NOBODY  65534
#define WAIT_MS 5000

/** struct rig - A spawner and a script that it starts */
struct rig {
	char script[64];
	struct spawner spawner;
	int handover;
};

static int seal(void **state)
{
	static bool root;

	root = geteuid() == 0 && privilege_seal() == 0;
	*state = root ? &root : NULL;
	return 0;
}

/** set_up() - Spawner with a script of this text as the carrier */
static void set_up(struct rig *rig, void **state, const char *text)
{
	struct diag diag;
	int fd;

	if (!*state)
		skip();
	strcpy(rig->script, "/tmp/relaytun-test-XXXXXX");
	fd = mkstemp(rig->script);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
	diag_init(&diag);
	assert_int_equal(
		spawner_open(&rig->spawner, rig->script, NOBODY, NOBODY, &diag),
		0);
	diag_fini(&diag);
}

static void tear_down(struct rig *rig)
{
	spawner_close(&rig->spawner);
	close(rig->handover);
	unlink(rig->script);
}

/** start() - Have the carrier started */
static void start(struct rig *rig)
{
	const struct handover_msg msg = {.type = SPAWNER_START};
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(handover_send(rig->spawner.sock, &msg, pair[1]), 0);
	close(pair[1]);
	rig->handover = pair[0];
}

/** next() - The spawner's next message, of this type; Return: its value */
static int next(struct rig *rig, enum spawner_type type)
{
	struct pollfd ready = {.fd = rig->spawner.sock, .events = POLLIN};
	struct handover_msg msg;
	int fd;

	assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
	assert_int_equal(handover_receive(rig->spawner.sock, &msg, &fd), 1);
	assert_int_equal(msg.type, type);
	return (int)msg.value;
}

static void a_carrier_has_no_right_left(void **state)
{
	char text[8192];
	struct rig rig;
	ssize_t len;

	set_up(&rig, state, "#!/bin/sh\nexec cat /proc/self/status >&3\n");
	start(&rig);
	next(&rig, SPAWNER_STARTED);

	len = recv(rig.handover, text, sizeof(text) - 1, 0);

	assert_true(len > 0);
	text[len] = '\0';
	assert_non_null(strstr(text, "Uid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(text, "Gid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(text, "Groups:\t \n"));
	assert_non_null(strstr(text, "NoNewPrivs:\t1\n"));
	assert_non_null(strstr(text, "CapPrm:\t0000000000000000\n"));
	assert_non_null(strstr(text, "CapEff:\t0000000000000000\n"));
	assert_non_null(strstr(text, "CapInh:\t0000000000000000\n"));
	assert_non_null(strstr(text, "CapBnd:\t0000000000000000\n"));
	assert_non_null(strstr(text, "CapAmb:\t0000000000000000\n"));
	assert_non_null(strstr(text, "SigBlk:\t0000000000000000\n"));
	assert_int_equal(next(&rig, SPAWNER_EXITED), 0);
	tear_down(&rig);
}

static void a_carrier_has_four_descriptors_and_no_core(void **state)
{
	char text[4096];
	struct rig rig;
	ssize_t len;

	set_up(&rig, state,
	       "#!/bin/sh\n"
	       "echo core=$(ulimit -c) env=$(env | grep -c SECRET) >&3\n"
	       "exec ls /proc/self/fd >&3\n");
	setenv("RELAYTUN_TEST_SECRET", "x", 1);
	start(&rig);
	next(&rig, SPAWNER_STARTED);

	len = recv(rig.handover, text, sizeof(text) - 1, 0);
	assert_true(len > 0);
	text[len] = '\0';
	assert_string_equal(text, "core=0 env=0\n");

	len = recv(rig.handover, text, sizeof(text) - 1, 0);
	assert_true(len > 0);
	text[len] = '\0';
	/* 4 is the folder that ls is reading. */
	assert_string_equal(text, "0\n1\n2\n3\n4\n");
	next(&rig, SPAWNER_EXITED);
	tear_down(&rig);
}

static void a_signal_reaches_the_carrier_and_its_end_is_told(void **state)
{
	const struct handover_msg term = {.type = SPAWNER_SIGNAL,
					  .value = SIGTERM};
	struct rig rig;
	int status;

	set_up(&rig, state, "#!/bin/sh\nexec sleep 100\n");
	start(&rig);
	next(&rig, SPAWNER_STARTED);

	assert_int_equal(handover_send(rig.spawner.sock, &term, -1), 0);

	status = next(&rig, SPAWNER_EXITED);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	tear_down(&rig);
}

static void a_second_carrier_beside_the_first_is_refused(void **state)
{
	const struct handover_msg again = {.type = SPAWNER_START};
	struct rig rig;

	set_up(&rig, state, "#!/bin/sh\nexec sleep 100\n");
	start(&rig);
	next(&rig, SPAWNER_STARTED);

	assert_int_equal(handover_send(rig.spawner.sock, &again, STDERR_FILENO),
			 0);

	assert_int_equal(next(&rig, SPAWNER_FAILED), EBUSY);
	tear_down(&rig);
}

static void the_carrier_ends_with_the_spawner_however_that_ends(void **state)
{
	struct rig rig;
	int pid;

	set_up(&rig, state, "#!/bin/sh\nexec sleep 100\n");
	start(&rig);
	pid = next(&rig, SPAWNER_STARTED);

	tear_down(&rig);
	assert_int_equal(kill(pid, 0), -1);

	set_up(&rig, state, "#!/bin/sh\necho up >&3\nexec sleep 100\n");
	start(&rig);
	next(&rig, SPAWNER_STARTED);
	assert_int_equal(recv(rig.handover, &pid, sizeof(pid), 0), 3);
	kill(rig.spawner.pid, SIGKILL);
	/* Its end of the handover closes when it is gone. */
	assert_int_equal(recv(rig.handover, &pid, sizeof(pid), 0), 0);
	tear_down(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_carrier_has_no_right_left),
		cmocka_unit_test(a_carrier_has_four_descriptors_and_no_core),
		cmocka_unit_test(
			a_signal_reaches_the_carrier_and_its_end_is_told),
		cmocka_unit_test(a_second_carrier_beside_the_first_is_refused),
		cmocka_unit_test(
			the_carrier_ends_with_the_spawner_however_that_ends),
	};

	return cmocka_run_group_tests(tests, seal, NULL);
}

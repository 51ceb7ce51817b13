/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "sys/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct ends {
	int steward;
	int carrier;
};

static int open_ends(void **state)
{
	static struct ends ends;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, pair))
		return -1;
	ends = (struct ends){.steward = pair[0], .carrier = pair[1]};
	*state = &ends;
	return 0;
}

static int close_ends(void **state)
{
	struct ends *ends = *state;

	close(ends->steward);
	close(ends->carrier);
	return 0;
}

/** open_fd_cnt() - Descriptors this process has open */
static unsigned int open_fd_cnt(void)
{
	unsigned int cnt = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			cnt++;
	return cnt;
}

static void a_message_and_its_descriptor_arrive(void **state)
{
	struct handover_msg msg = {.type = HANDOVER_TUN, .value = 0x3f};
	struct ends *ends = *state;
	int memfd = handover_seal_text("policy", "version = 1;\n", 13);
	struct handover_msg got;
	char *text;
	int fd;

	assert_true(memfd >= 0);
	assert_int_equal(handover_send(ends->steward, &msg, memfd), 0);
	close(memfd);

	assert_int_equal(handover_receive(ends->carrier, &got, &fd), 1);
	assert_int_equal(got.type, HANDOVER_TUN);
	assert_int_equal(got.value, 0x3f);
	assert_string_equal(got.text, "");
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(handover_read_text(fd, 13, &text), 13);
	assert_string_equal(text, "version = 1;\n");
	free(text);
	close(fd);
}

static void a_message_without_descriptor_says_so(void **state)
{
	struct handover_msg msg = {.type = HANDOVER_REFUSED, .text = "why"};
	struct ends *ends = *state;
	struct handover_msg got;
	int fd = 7;

	assert_int_equal(handover_send(ends->carrier, &msg, -1), 0);

	assert_int_equal(handover_receive(ends->steward, &got, &fd), 1);
	assert_int_equal(fd, -1);
	assert_string_equal(got.text, "why");
	assert_int_equal(handover_receive(ends->steward, &got, &fd), -EAGAIN);
}

static void the_end_is_seen_by_both_directions(void **state)
{
	struct handover_msg msg = {.type = HANDOVER_GO};
	struct ends *ends = *state;
	struct handover_msg got;
	int fd;

	close(ends->carrier);
	ends->carrier = -1;

	assert_int_equal(handover_send(ends->steward, &msg, -1), -EPIPE);
	assert_int_equal(handover_receive(ends->steward, &got, &fd), 0);
}

static void a_full_socket_asks_to_come_again(void **state)
{
	struct handover_msg msg = {.type = HANDOVER_GO};
	struct ends *ends = *state;
	int ret = 0;
	int i;

	for (i = 0; i < 100000 && ret == 0; i++)
		ret = handover_send(ends->steward, &msg, -1);

	assert_int_equal(ret, -EAGAIN);
}

/** send_raw() - A message of any size with any number of descriptors */
static void send_raw(int sock, const void *data, size_t len, size_t fd_cnt)
{
	struct iovec iov = {.iov_len = len};
	char control[CMSG_SPACE(16 * sizeof(int))] = {0};
	struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;
	size_t i;

	memcpy(&iov.iov_base, &data, sizeof(data));
	if (fd_cnt) {
		hdr.msg_control = control;
		hdr.msg_controllen = CMSG_SPACE(fd_cnt * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&hdr);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(fd_cnt * sizeof(int));
		for (i = 0; i < fd_cnt; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &sock,
			       sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &hdr, 0), (ssize_t)len);
}

static void malformed_messages_are_refused_and_leak_no_descriptor(void **state)
{
	struct ends *ends = *state;
	struct handover_msg got;
	struct handover_msg unterminated;
	struct {
		struct handover_msg msg;
		char more;
	} longer = {.msg = {.type = HANDOVER_GO}};
	unsigned int before;
	int fd;

	memset(&unterminated, 'x', sizeof(unterminated));
	before = open_fd_cnt();
	send_raw(ends->steward, &longer, sizeof(longer), 1);
	send_raw(ends->steward, &longer, 4, 0);
	send_raw(ends->steward, &longer.msg, sizeof(longer.msg), 2);
	send_raw(ends->steward, &longer.msg, sizeof(longer.msg), 16);
	send_raw(ends->steward, &unterminated, sizeof(unterminated), 1);

	while (handover_receive(ends->carrier, &got, &fd) == -EBADMSG)
		assert_int_equal(fd, -1);

	assert_int_equal(handover_receive(ends->carrier, &got, &fd), -EAGAIN);
	assert_int_equal(open_fd_cnt(), before);
}

static void a_sealed_text_cannot_be_changed(void **state)
{
	int fd = handover_seal_text("key", "secret", 6);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "X", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(ftruncate(fd, 10), -1);
	close(fd);
}

static void an_unsealed_or_partly_sealed_text_is_refused(void **state)
{
	int fd = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char *text;

	(void)state;
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(handover_read_text(fd, 100, &text), -EBADMSG);
	assert_int_equal(fcntl(fd, F_ADD_SEALS,
			       F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK),
			 0);
	assert_int_equal(handover_read_text(fd, 100, &text), -EBADMSG);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);

	assert_int_equal(handover_read_text(fd, 100, &text), 3);

	assert_string_equal(text, "abc");
	free(text);
	close(fd);
}

static void texts_too_long_or_with_nul_are_refused_and_empty_ones_read(
	void **state)
{
	int fd = handover_seal_text("long", "abcd", 4);
	char *text;

	(void)state;
	assert_int_equal(handover_read_text(fd, 3, &text), -EMSGSIZE);
	close(fd);
	fd = handover_seal_text("nul", "a\0b", 3);
	assert_int_equal(handover_read_text(fd, 3, &text), -EBADMSG);
	assert_null(text);
	close(fd);
	fd = handover_seal_text("empty", "", 0);
	assert_int_equal(handover_read_text(fd, 3, &text), 0);
	assert_string_equal(text, "");
	free(text);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ends, close_ends)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_and_its_descriptor_arrive),
		TEST(a_message_without_descriptor_says_so),
		TEST(the_end_is_seen_by_both_directions),
		TEST(a_full_socket_asks_to_come_again),
		TEST(malformed_messages_are_refused_and_leak_no_descriptor),
		TEST(a_sealed_text_cannot_be_changed),
		TEST(an_unsealed_or_partly_sealed_text_is_refused),
		TEST(texts_too_long_or_with_nul_are_refused_and_empty_ones_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

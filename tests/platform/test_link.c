/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What we rely on in TUN devices, interface options and routes of the kernel,
 * in a namespace of our own.
 */

#include "steward/link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netlink/socket.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "steward/iface.h"
#include "steward/lock.h"
#include "steward/route.h"
#include "steward/rtsock.h"
#include "sys/file.h"

static const struct ip_addr self = {IP_V4, {100, 64, 0, 1}};
static const struct policy_gateway gateway = {
	.name = "edge-1", .addrs = &self, .addr_cnt = 1};
static const struct gateway_conf conf = {
	.name = "edge-1", .tun_name = "rtt0", .tun_mtu = 1400, .workers = 1};
static const struct plan_route routes[] = {
	{{{IP_V4, {10, 1, 0, 0}}, 24}, {IP_V4, {100, 64, 0, 1}}},
	{{{IP_V4, {10, 2, 0, 0}}, 16}, {IP_V4, {100, 64, 0, 1}}},
};

/** struct box - One test's namespace and sockets */
struct box {
	struct nl_sock *nl;
	struct diag diag;
	struct plan plan;
};

static int open_box(void **state)
{
	struct box *box;

	*state = NULL;
	if (unshare(CLONE_NEWNET) || access("/dev/net/tun", R_OK | W_OK))
		return 0;
	box = calloc(1, sizeof(*box));
	if (!box)
		return -1;
	diag_init(&box->diag);
	box->nl = rtsock_open(&box->diag);
	box->plan = (struct plan){.gateway = &gateway,
				  .conf = &conf,
				  .routes = routes,
				  .route_cnt = 2};
	*state = box;
	return box->nl ? 0 : -1;
}

static int close_box(void **state)
{
	struct box *box = *state;

	if (!box)
		return 0;
	nl_socket_free(box->nl);
	diag_fini(&box->diag);
	free(box);
	return 0;
}

static struct box *need_box(void **state)
{
	if (!*state)
		skip();
	return *state;
}

/** number_in() - What a file below /proc/sys holds */
static int number_in(const char *path)
{
	char *text;
	int value;

	if (file_read(path, 64, &text) < 0)
		fail_msg("%s cannot be read", path);
	value = atoi(text);
	free(text);
	return value;
}

/** output() - First bytes that a command prints */
static const char *output(const char *command, char *buf, size_t size)
{
	FILE *pipe = popen(command, "r");
	size_t len;

	assert_non_null(pipe);
	len = fread(buf, 1, size - 1, pipe);
	buf[len] = '\0';
	pclose(pipe);
	return buf;
}

static void a_device_outlives_its_queue_and_is_adopted(void **state)
{
	struct box *box = need_box(state);
	struct link_tun tun;
	int ifindex;

	assert_int_equal(link_tun_open(box->nl, &conf, &tun, &box->diag), 0);
	ifindex = tun.ifindex;
	assert_true(tun.offloads & TUN_F_TSO4);
	link_tun_close(&tun);

	assert_int_equal(if_nametoindex("rtt0"), ifindex);
	assert_int_equal(link_tun_open(box->nl, &conf, &tun, &box->diag), 0);
	assert_int_equal(tun.ifindex, ifindex);
	link_tun_close(&tun);
	assert_int_equal(link_remove_owned(box->nl, "edge-1", NULL, &box->diag),
			 0);
	assert_int_equal(if_nametoindex("rtt0"), 0);
	assert_int_equal(box->diag.cnt, 0);
}

static void a_send_buffer_ends_with_its_queue(void **state)
{
	struct box *box = need_box(state);
	struct link_tun tun;
	int size = 1 << 20;

	assert_int_equal(link_tun_open(box->nl, &conf, &tun, &box->diag), 0);
	assert_int_equal(ioctl(tun.fds[0], TUNSETSNDBUF, &size), 0);
	link_tun_close(&tun);

	assert_int_equal(link_tun_open(box->nl, &conf, &tun, &box->diag), 0);
	assert_int_equal(ioctl(tun.fds[0], TUNGETSNDBUF, &size), 0);
	assert_int_equal(size, INT_MAX);
	link_tun_close(&tun);
	assert_int_equal(link_remove_owned(box->nl, "edge-1", NULL, &box->diag),
			 0);
}

static void a_second_attach_is_not_refused_so_a_lock_is_needed(void **state)
{
	struct box *box = need_box(state);
	struct link_tun second;
	struct link_tun first;

	assert_int_equal(link_tun_open(box->nl, &conf, &first, &box->diag), 0);
	assert_int_equal(link_tun_open(box->nl, &conf, &second, &box->diag), 0);
	link_tun_close(&first);
	link_tun_close(&second);
}

static void a_device_of_somebody_else_is_never_touched(void **state)
{
	struct ifreq req = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	struct box *box = need_box(state);
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct link_tun tun;

	strcpy(req.ifr_name, "rtt0");
	assert_int_equal(ioctl(fd, TUNSETIFF, &req), 0);

	assert_int_equal(link_tun_open(box->nl, &conf, &tun, &box->diag),
			 -EEXIST);
	assert_int_equal(box->diag.error_cnt, 1);
	assert_int_equal(link_remove_owned(box->nl, "edge-1", NULL, &box->diag),
			 0);
	assert_int_not_equal(if_nametoindex("rtt0"), 0);
	close(fd);
}

static void options_go_to_the_device_and_the_global_switch_stays(void **state)
{
	struct box *box = need_box(state);
	struct link_tun tun;
	char buf[1024];

	assert_int_equal(link_tun_open(box->nl, &conf, &tun, &box->diag), 0);
	assert_int_equal(
		link_tun_configure(box->nl, &box->plan, &tun, NULL, &box->diag),
		0);
	assert_int_equal(
		link_tun_configure(box->nl, &box->plan, &tun, NULL, &box->diag),
		0);

	assert_int_equal(number_in("/proc/sys/net/ipv4/conf/rtt0/forwarding"),
			 1);
	assert_int_equal(number_in("/proc/sys/net/ipv4/conf/rtt0/rp_filter"),
			 2);
	assert_int_equal(number_in("/proc/sys/net/ipv4/conf/all/forwarding"),
			 0);
	assert_int_equal(number_in("/proc/sys/net/ipv4/ip_forward"), 0);
	output("ip address show dev rtt0", buf, sizeof(buf));
	assert_non_null(strstr(buf, "mtu 1400"));
	assert_non_null(strstr(buf, "qlen 2000"));
	assert_non_null(strstr(buf, "inet 100.64.0.1/32"));
	assert_null(strstr(buf, "inet6"));
	link_tun_close(&tun);
}

static void forwarding_is_set_without_touching_a_link_that_is_down(void **state)
{
	struct box *box = need_box(state);
	struct link_tun tun;
	char buf[1024];

	assert_int_equal(link_tun_open(box->nl, &conf, &tun, &box->diag), 0);
	assert_int_equal(iface_forwarding(box->nl, "rtt0"), 0);
	assert_int_equal(
		iface_set_forwarding(box->nl, "rtt0", true, &box->diag), 0);

	assert_int_equal(iface_forwarding(box->nl, "rtt0"), 1);
	output("ip link show dev rtt0", buf, sizeof(buf));
	assert_null(strstr(buf, ",UP"));
	assert_int_equal(
		iface_set_forwarding(box->nl, "rtt0", false, &box->diag), 0);
	assert_int_equal(iface_forwarding(box->nl, "rtt0"), 0);
	assert_int_equal(
		iface_set_forwarding(box->nl, "absent0", true, &box->diag),
		-ENODEV);
	assert_int_equal(box->diag.cnt, 0);
	link_tun_close(&tun);
}

/** tunnel() - A configured device */
static void tunnel(struct box *box, struct link_tun *tun)
{
	assert_int_equal(link_tun_open(box->nl, &conf, tun, &box->diag), 0);
	assert_int_equal(
		link_tun_configure(box->nl, &box->plan, tun, NULL, &box->diag),
		0);
}

static void routes_follow_the_plan_and_a_users_own_stay(void **state)
{
	struct box *box = need_box(state);
	struct link_tun tun;
	char buf[1024];

	tunnel(box, &tun);
	assert_int_equal(
		route_apply(box->nl, &box->plan, tun.ifindex, NULL, &box->diag),
		0);
	assert_int_equal(system("ip route add 10.1.7.0/24 dev rtt0"), 0);

	box->plan.route_cnt = 1;
	assert_int_equal(
		route_apply(box->nl, &box->plan, tun.ifindex, NULL, &box->diag),
		0);

	assert_string_equal(output("ip route show dev rtt0", buf, sizeof(buf)),
			    "10.1.0.0/24 proto 114 scope link "
			    "src 100.64.0.1 \n"
			    "10.1.7.0/24 scope link \n");
	link_tun_close(&tun);
}

static void a_route_that_is_in_the_way_is_an_error_that_names_it(void **state)
{
	struct box *box = need_box(state);
	struct link_tun tun;
	char buf[1024];

	tunnel(box, &tun);
	assert_int_equal(system("ip route add 10.2.0.0/16 dev rtt0 proto 200"),
			 0);

	assert_int_equal(
		route_apply(box->nl, &box->plan, tun.ifindex, NULL, &box->diag),
		-EEXIST);

	diag_text(&box->diag, 0, buf, sizeof(buf));
	assert_non_null(strstr(buf, "10.2.0.0/16"));
	output("ip route show 10.2.0.0/16", buf, sizeof(buf));
	assert_non_null(strstr(buf, "proto 200"));
	link_tun_close(&tun);
}

static void a_lock_is_held_once_a_namespace_and_tells_its_owner(void **state)
{
	struct box *box = need_box(state);
	int lock = lock_take("edge-1", &box->diag);
	int owner;

	assert_true(lock >= 0);
	assert_int_equal(lock_take("edge-1", &box->diag), -EADDRINUSE);
	assert_int_equal(box->diag.error_cnt, 1);
	owner = lock_owner("edge-1", &box->diag);
	assert_true(owner >= 0);
	close(owner);
	assert_int_equal(lock_owner("edge", &box->diag), -ENOENT);
	assert_int_equal(lock_owner("edge-11", &box->diag), -ENOENT);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(lock_owner("edge-1", &box->diag), -ENOENT);
	close(lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_box, close_box)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_outlives_its_queue_and_is_adopted),
		TEST(a_send_buffer_ends_with_its_queue),
		TEST(a_second_attach_is_not_refused_so_a_lock_is_needed),
		TEST(a_device_of_somebody_else_is_never_touched),
		TEST(options_go_to_the_device_and_the_global_switch_stays),
		TEST(forwarding_is_set_without_touching_a_link_that_is_down),
		TEST(routes_follow_the_plan_and_a_users_own_stay),
		TEST(a_route_that_is_in_the_way_is_an_error_that_names_it),
		TEST(a_lock_is_held_once_a_namespace_and_tells_its_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

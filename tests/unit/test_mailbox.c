/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "sys/mailbox.h"

#define MESSAGE_CNT 20000

/** struct order - What is posted: by value, with something it points to */
struct order {
	unsigned int number;
	unsigned int *lent;
	char text[200];
};

static void what_is_posted_is_taken_in_order(void **state)
{
	struct mailbox box;
	struct order order = {0};
	unsigned int i;

	(void)state;
	assert_int_equal(mailbox_open(&box), 0);
	assert_int_equal(mailbox_take(&box, &order, sizeof(order)), -EAGAIN);
	for (i = 0; i < 10; i++) {
		order.number = i;
		assert_int_equal(mailbox_post(&box, &order, sizeof(order)), 0);
	}
	for (i = 0; i < 10; i++) {
		assert_int_equal(mailbox_take(&box, &order, sizeof(order)), 0);
		assert_int_equal(order.number, i);
	}
	mailbox_close(&box);
}

static void full_mailbox_says_later(void **state)
{
	struct mailbox box;
	struct order order = {0};
	size_t posted = 0;
	int err;

	(void)state;
	assert_int_equal(mailbox_open(&box), 0);
	while (!(err = mailbox_post(&box, &order, sizeof(order))))
		posted++;
	assert_int_equal(err, -EAGAIN);
	while (!mailbox_take(&box, &order, sizeof(order)))
		posted--;
	assert_int_equal(posted, 0);
	mailbox_close(&box);
}

static void message_of_another_size_is_refused(void **state)
{
	struct mailbox box;
	struct order order = {0};
	uint32_t small = 7;

	(void)state;
	assert_int_equal(mailbox_open(&box), 0);
	assert_int_equal(mailbox_post(&box, &small, sizeof(small)), 0);
	assert_int_equal(mailbox_take(&box, &order, sizeof(order)), -EBADMSG);
	mailbox_close(&box);
}

/** struct pair - Mailboxes between this thread and another */
struct pair {
	struct mailbox there;
	struct mailbox back;
};

/** await() - Take a message, waiting for it */
static void await(const struct mailbox *box, struct order *order)
{
	struct pollfd fd = {.fd = box->take_fd, .events = POLLIN};

	while (mailbox_take(box, order, sizeof(*order)))
		assert_true(poll(&fd, 1, 5000) > 0);
}

/** post() - Post a message, waiting for room */
static void post(const struct mailbox *box, const struct order *order)
{
	struct pollfd fd = {.fd = box->post_fd, .events = POLLOUT};

	while (mailbox_post(box, order, sizeof(*order)))
		assert_true(poll(&fd, 1, 5000) > 0);
}

/* The other thread: adds one to what it is lent, and gives it back. */
static void *serve(void *arg)
{
	struct pair *pair = arg;
	struct order order;

	do {
		await(&pair->there, &order);
		++*order.lent;
		post(&pair->back, &order);
	} while (order.number + 1 < MESSAGE_CNT);
	return NULL;
}

static void what_is_lent_by_mailbox_is_one_threads_at_a_time(void **state)
{
	static unsigned int lent[MESSAGE_CNT];
	struct pair pair;
	struct order order;
	pthread_t thread;
	unsigned int out = 0;
	unsigned int in = 0;

	(void)state;
	assert_int_equal(mailbox_open(&pair.there), 0);
	assert_int_equal(mailbox_open(&pair.back), 0);
	assert_int_equal(pthread_create(&thread, NULL, serve, &pair), 0);
	while (in < MESSAGE_CNT) {
		if (out < MESSAGE_CNT && out - in < 50) {
			lent[out] = out;
			order = (struct order){.number = out,
					       .lent = &lent[out]};
			post(&pair.there, &order);
			out++;
			continue;
		}
		await(&pair.back, &order);
		assert_int_equal(order.number, in);
		assert_int_equal(lent[in], in + 1);
		in++;
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	mailbox_close(&pair.there);
	mailbox_close(&pair.back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_posted_is_taken_in_order),
		cmocka_unit_test(full_mailbox_says_later),
		cmocka_unit_test(message_of_another_size_is_refused),
		cmocka_unit_test(
			what_is_lent_by_mailbox_is_one_threads_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

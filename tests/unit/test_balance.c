/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "carrier/balance.h"

#define MB          1000000
#define FLOW_MAX    8
#define CHANNEL_MAX 4

/**
 * struct load - Buckets 0, 1, ... and channels, as a test describes them
 * @sent:	By each bucket, up to the first 0
 * @at:		Its channel
 * @idle, @slow: Channels that are not pressed, that take no flow; as bits
 * @bucket, @to: What should move; QUEUE_NONE: nothing
 */
struct load {
	uint32_t sent[FLOW_MAX];
	uint16_t at[FLOW_MAX];
	size_t channel_cnt;
	unsigned int idle;
	unsigned int slow;
	uint16_t bucket;
	size_t to;
};

static void check(const struct load *load)
{
	struct balance *balance = calloc(1, sizeof(*balance));
	struct queue_flows *flows = calloc(1, sizeof(*flows));
	struct balance_channel channels[CHANNEL_MAX] = {{0}};
	struct spread spread;
	size_t to;
	size_t i;

	assert_non_null(balance);
	assert_non_null(flows);
	for (i = 0; i < SPREAD_BUCKET_CNT; i++)
		spread.member[i] = (uint16_t)(i % load->channel_cnt);
	for (i = 0; i < FLOW_MAX && load->sent[i]; i++) {
		spread.member[i] = load->at[i];
		flows->flows[i].sent = load->sent[i];
	}
	for (i = 0; i < load->channel_cnt; i++) {
		channels[i].pressed = !(load->idle >> i & 1);
		channels[i].takes = !(load->slow >> i & 1);
	}
	assert_false(balance_look(balance, flows));
	assert_int_equal(balance_pick(balance, &spread, channels,
				      load->channel_cnt, &to),
			 load->bucket);
	if (load->bucket != QUEUE_NONE)
		assert_int_equal(to, load->to);
	free(balance);
	free(flows);
}

static void flow_moves_where_others_have_much_more(void **state)
{
	static const struct load loads[] = {
		/* Three against one; the one that had most goes. */
		{{10 * MB, 11 * MB, 10 * MB, 30 * MB},
		 {0, 0, 0, 1},
		 2,
		 .bucket = 1,
		 .to = 1},
		/* Two on one of two channels. */
		{{10 * MB, 11 * MB}, {1, 1}, 2, .bucket = 1, .to = 0},
		/* Two against one take turns. */
		{{10 * MB, 11 * MB, 22 * MB},
		 {0, 0, 1},
		 2,
		 .bucket = 1,
		 .to = 1},
		/* To the best of three. */
		{{5 * MB, 5 * MB, 6 * MB, 9 * MB, 20 * MB},
		 {0, 0, 0, 1, 2},
		 3,
		 .bucket = 2,
		 .to = 2},
		/* Two against two, but one channel is three times as fast. */
		{{5 * MB, 6 * MB, 16 * MB, 17 * MB},
		 {0, 0, 1, 1},
		 2,
		 .bucket = 1,
		 .to = 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		check(&loads[i]);
}

static void nothing_moves_without_need(void **state)
{
	static const struct load loads[] = {
		/* Nothing is sent. */
		{{0}, {0}, 2, .bucket = QUEUE_NONE},
		/* Two against two; three against two. */
		{{10 * MB, 11 * MB, 10 * MB, 11 * MB},
		 {0, 0, 1, 1},
		 2,
		 .bucket = QUEUE_NONE},
		{{10 * MB, 10 * MB, 10 * MB, 15 * MB, 15 * MB},
		 {0, 0, 0, 1, 1},
		 2,
		 .bucket = QUEUE_NONE},
		/* Three have all they want. */
		{{10 * MB, 10 * MB, 10 * MB, 30 * MB},
		 {0, 0, 0, 1},
		 2,
		 .idle = 1,
		 .bucket = QUEUE_NONE},
		/* The other channel is slow, or suspect. */
		{{10 * MB, 10 * MB, 10 * MB, 30 * MB},
		 {0, 0, 0, 1},
		 2,
		 .slow = 2,
		 .bucket = QUEUE_NONE},
		/* Beside one that sends much, two that send little. */
		{{30 * MB, MB, MB}, {1, 0, 0}, 2, .bucket = QUEUE_NONE},
		{{1000, 1000, 3000}, {0, 0, 1}, 2, .bucket = QUEUE_NONE},
		/* One each, of channels that are not equally fast. */
		{{10 * MB, 30 * MB}, {0, 1}, 2, .bucket = QUEUE_NONE},
		/* There is one channel. */
		{{10 * MB, 30 * MB}, {0, 0}, 1, .bucket = QUEUE_NONE},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		check(&loads[i]);
}

static void bucket_goes_home_when_it_sends_nothing(void **state)
{
	struct balance *balance = calloc(1, sizeof(*balance));
	struct queue_flows *flows = calloc(1, sizeof(*flows));

	(void)state;
	assert_non_null(balance);
	assert_non_null(flows);
	balance->away[7] = 2;
	flows->flows[7].sent = 1;
	assert_false(balance_look(balance, flows));
	assert_int_equal(balance->away[7], 2);
	assert_true(balance_look(balance, flows));
	assert_int_equal(balance->away[7], 0);
	assert_false(balance_look(balance, flows));
	free(balance);
	free(flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flow_moves_where_others_have_much_more),
		cmocka_unit_test(nothing_moves_without_need),
		cmocka_unit_test(bucket_goes_home_when_it_sends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

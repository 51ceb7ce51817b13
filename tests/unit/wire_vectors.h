/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * wire_vectors.h - Golden messages, and what those that say hello say
 */

#ifndef TESTS_WIRE_VECTORS_H
#define TESTS_WIRE_VECTORS_H

#include "codec/gso.h"
#include "codec/wire.h"
#include "hexfile.h"

#define GOLDEN "tests/golden/wire/"

/* Any HELLO is shorter; a DATA message of the tests too. */
#define BUF_SIZE 4096

/** struct message - A message with the buffer it lies in */
struct message {
	uint8_t data[BUF_SIZE];
	size_t len;
	struct wire_message open;
};

/** load() - Read a golden message and open it */
static inline void load(struct message *m, const char *path)
{
	m->len = hexfile_read(path, m->data, sizeof(m->data));
	assert_int_equal(wire_open(m->data, m->len, &m->open), 0);
}

/** assert_written() - The writer's result is this golden message */
static inline void assert_written(const struct message *m, const uint8_t *data,
				  ssize_t len)
{
	assert_int_equal(len, m->len);
	assert_memory_equal(data, m->data, m->len);
}

/** hello_cloud() - What hello-cloud.hex and hello-0.1.hex say */
static inline struct wire_hello hello_cloud(void)
{
	struct wire_hello hello = {
		.prefaces = {0xea, 0xa9, 0x28, 0xa4, 0x2e, 0x14, 0x7d, 0xaa,
			     0x09, 0x33, 0xdc, 0x3d, 0x28, 0xce, 0xb0, 0x16,
			     0x18, 0x28, 0x02, 0x12, 0xa8, 0x1a, 0x48, 0xb2,
			     0x7c, 0x03, 0x97, 0x9d, 0x87, 0x4d, 0x20, 0x7f},
		.gateway = "edge-1",
		.role = WIRE_ROLE_CLOUD,
		.site = "",
		.instance = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
			     0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf},
		.start_ms = 1795478400000,
		.msg_len_max = 66560,
		.offloads = 0x6f,
		.mtu = 1500,
		.software = "relaytun 0.1.0",
		.keepalive_ms = 5000,
		.channel_idx = 0,
		.clock_ms = 1795478400250,
	};

	memset(hello.policy_digest, 0x5a, sizeof(hello.policy_digest));
	return hello;
}

/** hello_site() - What hello-site.hex and hello-later-minor.hex say */
static inline struct wire_hello hello_site(void)
{
	struct wire_hello hello = hello_cloud();
	size_t i;

	memset(hello.gateway, 0, sizeof(hello.gateway));
	memcpy(hello.gateway, "oslo-a", 6);
	hello.role = WIRE_ROLE_SITE;
	memcpy(hello.site, "oslo", 4);
	for (i = 0; i < sizeof(hello.instance); i++)
		hello.instance[i] = (uint8_t)(0xb0 + i);
	hello.start_ms = 1795470000001;
	hello.msg_len_max = 4096;
	hello.offloads = GSO_CAN_CSUM;
	hello.mtu = 1280;
	hello.keepalive_ms = 2500;
	hello.channel_idx = 3;
	hello.clock_ms = 1795478400999;
	return hello;
}

#endif /* TESTS_WIRE_VECTORS_H */

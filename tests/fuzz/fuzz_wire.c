/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_wire.c - Messages: what reads well is written as the same bytes
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/gso.h"
#include "codec/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** preface() - A PREFACE has one form only */
static void preface(const uint8_t *data, const struct wire_message *m)
{
	struct wire_preface p;
	uint8_t out[64];

	if (wire_preface_read(m->body, m->body_len, &p))
		return;
	assert(wire_preface_write(&p, out, sizeof(out)) ==
	       (ssize_t)(m->body_len + WIRE_HEADER_LEN));
	assert(!memcmp(out, data, m->body_len + WIRE_HEADER_LEN));
}

/** hello() - What is written is canonical: it reads and writes as itself */
static void hello(const struct wire_message *m)
{
	uint8_t first[WIRE_MSG_LEN_FLOOR];
	uint8_t second[WIRE_MSG_LEN_FLOOR];
	struct wire_message again;
	struct wire_hello h;
	ssize_t len;

	if (wire_hello_read(m->body, m->body_len, &h))
		return;
	len = wire_hello_write(&h, first, sizeof(first));
	assert(len > 0 && !wire_open(first, (size_t)len, &again));
	assert(!wire_hello_read(again.body, again.body_len, &h));
	assert(wire_hello_write(&h, second, sizeof(second)) == len);
	assert(!memcmp(first, second, (size_t)len));
}

/** ping() - The fields are the body's first bytes; more may follow */
static void ping(const uint8_t *data, const struct wire_message *m)
{
	struct wire_ping p;
	uint8_t out[64];
	ssize_t len;

	if (wire_ping_read(m->body, m->body_len, &p))
		return;
	len = wire_ping_write((enum wire_type)m->type, &p, out, sizeof(out));
	assert(len > 0 && (size_t)len <= m->body_len + WIRE_HEADER_LEN);
	assert(!memcmp(out, data, (size_t)len));
}

/** bye() - As ping(), but for the bytes that became '?' */
static void bye(const uint8_t *data, const struct wire_message *m)
{
	struct wire_bye b;
	uint8_t out[256];
	ssize_t len;
	ssize_t i;

	if (wire_bye_read(m->body, m->body_len, &b))
		return;
	assert(strlen(b.text) <= WIRE_TEXT_LEN_MAX);
	len = wire_bye_write(&b, out, sizeof(out));
	assert(len > 0 && (size_t)len <= m->body_len + WIRE_HEADER_LEN);
	for (i = 0; i < len; i++)
		assert(out[i] == data[i] || out[i] == '?');
}

/** records() - Records lie in the body, and make it up; rebuilt, they are it */
static void records(uint8_t *data, size_t size)
{
	size_t room = size < WIRE_MSG_LEN_FLOOR ? WIRE_MSG_LEN_FLOOR : size;
	uint8_t *out = malloc(room);
	struct wire_record record;
	struct wire_data again;
	size_t off = 0;
	size_t left;
	int rc;

	assert(out);
	wire_data_begin(&again, out, room);
	while ((rc = wire_data_next(data + WIRE_HEADER_LEN,
				    size - WIRE_HEADER_LEN, &off, &record)) >
	       0) {
		assert(record.data > data + WIRE_HEADER_LEN);
		assert(record.data + record.len <= data + size);
		gso_scrub(record.data);
		memcpy(wire_data_room(&again, &left), record.data, record.len);
		assert(left >= record.len);
		wire_data_commit(&again, record.len);
		assert(again.len == off + WIRE_HEADER_LEN);
	}
	if (!rc)
		assert(again.len == size);
	assert(!memcmp(out, data, again.len));
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_message m;
	uint8_t *copy;

	if (wire_open(data, size, &m))
		return 0;
	assert(m.body + m.body_len == data + size);
	assert(wire_type_name(m.type));
	switch (m.type) {
	case WIRE_PREFACE:
		preface(data, &m);
		break;
	case WIRE_HELLO:
		hello(&m);
		break;
	case WIRE_PING:
	case WIRE_PONG:
		ping(data, &m);
		break;
	case WIRE_BYE:
		bye(data, &m);
		break;
	case WIRE_DATA:
		copy = malloc(size);
		assert(copy);
		memcpy(copy, data, size);
		records(copy, size);
		free(copy);
		break;
	default:
		break;
	}
	return 0;
}

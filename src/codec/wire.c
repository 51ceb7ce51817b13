/* SPDX-License-Identifier: MIT */

/*
 * wire.c - The messages between two gateways
 */

/**
 * DOC: How a message is read and written
 *
 * Every function works on one whole message over a cursor whose error sticks,
 * so each is a straight run of fields with one check at its end.
 *
 * HELLO is a list of TLVs: written in the order of their numbers, read in any,
 * each by its case in take_field() from a cursor of its own, which must be used
 * up.
 *
 * DATA is built in the send buffer around packets that a TUN read has put
 * there.  What makes it simple: between two calls the length of the message is
 * a multiple of 4, so padding always fits into the room that was given out.
 */

#include "codec/wire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "codec/cursor.h"
#include "codec/gso.h"

const char *wire_type_name(uint8_t type)
{
	switch ((enum wire_type)type) {
	case WIRE_PREFACE:
		return "PREFACE";
	case WIRE_HANDSHAKE:
		return "HANDSHAKE";
	case WIRE_SEALED:
		return "SEALED";
	case WIRE_HELLO:
		return "HELLO";
	case WIRE_DATA:
		return "DATA";
	case WIRE_PING:
		return "PING";
	case WIRE_PONG:
		return "PONG";
	case WIRE_POLICY:
		return "POLICY";
	case WIRE_DRAIN:
		return "DRAIN";
	case WIRE_BYE:
		return "BYE";
	case WIRE_LOCK:
		return "LOCK";
	case WIRE_WHY:
		return "WHY";
	}
	return "unknown";
}

int wire_open(const uint8_t *data, size_t len, struct wire_message *message)
{
	struct reader r = reader_of(data, len);
	uint8_t type = reader_u8(&r);
	uint8_t flags = reader_u8(&r);
	uint16_t reserved = reader_u16(&r);

	if (r.failed || flags || reserved)
		return -EBADMSG;
	message->type = type;
	message->body = data + WIRE_HEADER_LEN;
	message->body_len = len - WIRE_HEADER_LEN;
	return 0;
}

/** write_header() - Type, no flags, reserved bytes */
static void write_header(struct writer *w, enum wire_type type)
{
	writer_u8(w, (uint8_t)type);
	writer_u8(w, 0);
	writer_u16(w, 0);
}

/** written() - Return: length of the message, or -EMSGSIZE */
static ssize_t written(const struct writer *w)
{
	return w->failed ? -EMSGSIZE : (ssize_t)w->len;
}

static const uint8_t preface_magic[4] = {'R', 'T', 'U', 'N'};

ssize_t wire_preface_write(const struct wire_preface *preface, uint8_t *data,
			   size_t size)
{
	struct writer w = writer_of(data, size);

	write_header(&w, WIRE_PREFACE);
	writer_bytes(&w, preface_magic, sizeof(preface_magic));
	writer_u8(&w, preface->major);
	writer_u8(&w, preface->minor);
	writer_u8(&w, preface->role);
	writer_u8(&w, 0);
	writer_u32(&w, preface->suites);
	writer_bytes(&w, preface->nonce, sizeof(preface->nonce));
	return written(&w);
}

int wire_preface_read(const uint8_t *body, size_t len,
		      struct wire_preface *preface)
{
	struct reader r = reader_of(body, len);
	const uint8_t *magic = reader_bytes(&r, sizeof(preface_magic));
	const uint8_t *nonce;
	uint8_t reserved;

	if (!magic || memcmp(magic, preface_magic, sizeof(preface_magic)))
		return -EBADMSG;
	preface->major = reader_u8(&r);
	preface->minor = reader_u8(&r);
	/* The rest may look different in another major version. */
	if (!r.failed && preface->major != WIRE_MAJOR)
		return -EPROTO;
	preface->role = reader_u8(&r);
	reserved = reader_u8(&r);
	preface->suites = reader_u32(&r);
	nonce = reader_bytes(&r, sizeof(preface->nonce));
	if (!nonce || reserved || reader_left(&r) ||
	    (preface->role != WIRE_ROLE_CLOUD &&
	     preface->role != WIRE_ROLE_SITE))
		return -EBADMSG;
	memcpy(preface->nonce, nonce, sizeof(preface->nonce));
	return 0;
}

/* HELLO's fields.  Numbers never change; the top bit of a type on the wire
 * marks a field that the receiver must understand. */
enum hello_field {
	HELLO_PREFACES = 1,
	HELLO_GATEWAY = 2,
	HELLO_ROLE = 3,
	HELLO_SITE = 4,
	HELLO_INSTANCE = 5,
	HELLO_START = 6,
	HELLO_REQUIRED = 7,
	HELLO_FEATURES = 8,
	HELLO_MSG_LEN_MAX = 9,
	HELLO_OFFLOADS = 10,
	HELLO_MTU = 11,
	HELLO_POLICY_DIGEST = 12,
	HELLO_SOFTWARE = 13,
	HELLO_KEEPALIVE = 14,
	HELLO_CHANNEL = 15,
	HELLO_CLOCK = 16,
	HELLO_FIELD_MAX = 16,
};

#define FIELD_CRITICAL 0x8000u

/* Fields without which a peer cannot be judged. */
#define FIELDS_NEEDED                                                          \
	(1u << HELLO_PREFACES | 1u << HELLO_GATEWAY | 1u << HELLO_ROLE |       \
	 1u << HELLO_SITE | 1u << HELLO_INSTANCE | 1u << HELLO_START |         \
	 1u << HELLO_MSG_LEN_MAX | 1u << HELLO_OFFLOADS |                      \
	 1u << HELLO_POLICY_DIGEST)

/** field_head() - Type and length of a TLV; its value follows */
static void field_head(struct writer *w, uint16_t field, size_t len)
{
	writer_u16(w, field);
	writer_u16(w, (uint16_t)len);
}

/** field_bytes() - TLV of bytes as they are */
static void field_bytes(struct writer *w, uint16_t field, const void *data,
			size_t len)
{
	field_head(w, field, len);
	writer_bytes(w, data, len);
}

/** field_text() - TLV of a text, without its NUL */
static void field_text(struct writer *w, uint16_t field, const char *text)
{
	field_bytes(w, field, text, strlen(text));
}

/** field_u16() - TLV of a number of 2 bytes */
static void field_u16(struct writer *w, uint16_t field, uint16_t value)
{
	field_head(w, field, 2);
	writer_u16(w, value);
}

/** field_u32() - TLV of a number of 4 bytes */
static void field_u32(struct writer *w, uint16_t field, uint32_t value)
{
	field_head(w, field, 4);
	writer_u32(w, value);
}

/** field_u64() - TLV of a number of 8 bytes */
static void field_u64(struct writer *w, uint16_t field, uint64_t value)
{
	field_head(w, field, 8);
	writer_u64(w, value);
}

ssize_t wire_hello_write(const struct wire_hello *hello, uint8_t *data,
			 size_t size)
{
	struct writer w = writer_of(data, size);

	write_header(&w, WIRE_HELLO);
	field_bytes(&w, HELLO_PREFACES | FIELD_CRITICAL, hello->prefaces,
		    sizeof(hello->prefaces));
	field_text(&w, HELLO_GATEWAY | FIELD_CRITICAL, hello->gateway);
	field_bytes(&w, HELLO_ROLE | FIELD_CRITICAL, &hello->role, 1);
	field_text(&w, HELLO_SITE | FIELD_CRITICAL, hello->site);
	field_bytes(&w, HELLO_INSTANCE | FIELD_CRITICAL, hello->instance,
		    sizeof(hello->instance));
	field_u64(&w, HELLO_START, hello->start_ms);
	field_u32(&w, HELLO_REQUIRED | FIELD_CRITICAL,
		  hello->features_required);
	field_u32(&w, HELLO_FEATURES, hello->features);
	field_u32(&w, HELLO_MSG_LEN_MAX | FIELD_CRITICAL, hello->msg_len_max);
	field_u32(&w, HELLO_OFFLOADS | FIELD_CRITICAL, hello->offloads);
	field_u16(&w, HELLO_MTU, hello->mtu);
	field_bytes(&w, HELLO_POLICY_DIGEST, hello->policy_digest,
		    sizeof(hello->policy_digest));
	field_text(&w, HELLO_SOFTWARE, hello->software);
	field_u32(&w, HELLO_KEEPALIVE, hello->keepalive_ms);
	field_u16(&w, HELLO_CHANNEL, hello->channel_idx);
	field_u64(&w, HELLO_CLOCK, hello->clock_ms);
	return written(&w);
}

/** take_text() - The rest of @r as printable ASCII, shorter than @size;
 *  Return: 0 or -EBADMSG */
static int take_text(struct reader *r, char *out, size_t size)
{
	size_t len = reader_left(r);
	const uint8_t *text = reader_bytes(r, len);
	size_t i;

	if (!text || len >= size)
		return -EBADMSG;
	for (i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] >= 0x7f)
			return -EBADMSG;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

/** take_bytes() - Exactly @len bytes of @r; Return: 0 or -EBADMSG */
static int take_bytes(struct reader *r, uint8_t *out, size_t len)
{
	const uint8_t *data = reader_bytes(r, len);

	if (!data)
		return -EBADMSG;
	memcpy(out, data, len);
	return 0;
}

/** take_field() - One known field; the caller checks that @r was used up */
static int take_field(struct wire_hello *hello, enum hello_field field,
		      struct reader *r)
{
	switch (field) {
	case HELLO_PREFACES:
		return take_bytes(r, hello->prefaces, sizeof(hello->prefaces));
	case HELLO_GATEWAY:
		return take_text(r, hello->gateway, sizeof(hello->gateway));
	case HELLO_ROLE:
		hello->role = reader_u8(r);
		return hello->role == WIRE_ROLE_CLOUD ||
				       hello->role == WIRE_ROLE_SITE
			       ? 0
			       : -EBADMSG;
	case HELLO_SITE:
		return take_text(r, hello->site, sizeof(hello->site));
	case HELLO_INSTANCE:
		return take_bytes(r, hello->instance, sizeof(hello->instance));
	case HELLO_START:
		hello->start_ms = reader_u64(r);
		return 0;
	case HELLO_REQUIRED:
		hello->features_required = reader_u32(r);
		return 0;
	case HELLO_FEATURES:
		hello->features = reader_u32(r);
		return 0;
	case HELLO_MSG_LEN_MAX:
		hello->msg_len_max = reader_u32(r);
		return hello->msg_len_max >= WIRE_MSG_LEN_FLOOR ? 0 : -EBADMSG;
	case HELLO_OFFLOADS:
		hello->offloads = reader_u32(r);
		return 0;
	case HELLO_MTU:
		hello->mtu = reader_u16(r);
		return 0;
	case HELLO_POLICY_DIGEST:
		return take_bytes(r, hello->policy_digest,
				  sizeof(hello->policy_digest));
	case HELLO_SOFTWARE:
		return take_text(r, hello->software, sizeof(hello->software));
	case HELLO_KEEPALIVE:
		hello->keepalive_ms = reader_u32(r);
		return 0;
	case HELLO_CHANNEL:
		hello->channel_idx = reader_u16(r);
		return 0;
	case HELLO_CLOCK:
		hello->clock_ms = reader_u64(r);
		return 0;
	}
	return -EBADMSG;
}

#define FEATURES_KNOWN ((uint32_t)WIRE_FEATURE_POLICY)

int wire_hello_read(const uint8_t *body, size_t len, struct wire_hello *hello)
{
	struct reader r = reader_of(body, len);
	uint32_t seen = 0;

	memset(hello, 0, sizeof(*hello));
	while (reader_left(&r)) {
		uint16_t type = reader_u16(&r);
		uint16_t value_len = reader_u16(&r);
		const uint8_t *value = reader_bytes(&r, value_len);
		uint16_t field = type & (uint16_t)~FIELD_CRITICAL;
		struct reader inner;

		if (!value)
			return -EBADMSG;
		if (field == 0 || field > HELLO_FIELD_MAX) {
			if (type & FIELD_CRITICAL)
				return -EPROTO;
			continue;
		}
		if (seen & 1u << field)
			return -EBADMSG;
		seen |= 1u << field;
		inner = reader_of(value, value_len);
		if (take_field(hello, (enum hello_field)field, &inner) ||
		    inner.failed || reader_left(&inner))
			return -EBADMSG;
	}
	if (r.failed || (seen & FIELDS_NEEDED) != FIELDS_NEEDED ||
	    !hello->gateway[0])
		return -EBADMSG;
	return hello->features_required & ~FEATURES_KNOWN ? -EPROTO : 0;
}

ssize_t wire_ping_write(enum wire_type type, const struct wire_ping *ping,
			uint8_t *data, size_t size)
{
	struct writer w = writer_of(data, size);

	write_header(&w, type);
	writer_u64(&w, ping->time_ns);
	writer_u64(&w, ping->bytes);
	writer_u64(&w, ping->messages);
	return written(&w);
}

int wire_ping_read(const uint8_t *body, size_t len, struct wire_ping *ping)
{
	struct reader r = reader_of(body, len);

	ping->time_ns = reader_u64(&r);
	ping->bytes = reader_u64(&r);
	ping->messages = reader_u64(&r);
	/* A later minor version may add to it. */
	return r.failed ? -EBADMSG : 0;
}

ssize_t wire_policy_write(const struct wire_policy *policy, uint8_t *data,
			  size_t size)
{
	struct writer w = writer_of(data, size);

	write_header(&w, WIRE_POLICY);
	writer_bytes(&w, policy->digest, sizeof(policy->digest));
	return written(&w);
}

int wire_policy_read(const uint8_t *body, size_t len,
		     struct wire_policy *policy)
{
	struct reader r = reader_of(body, len);
	const uint8_t *digest = reader_bytes(&r, sizeof(policy->digest));

	/* A later minor version may add to it. */
	if (!digest)
		return -EBADMSG;
	memcpy(policy->digest, digest, sizeof(policy->digest));
	return 0;
}

ssize_t wire_bye_write(const struct wire_bye *bye, uint8_t *data, size_t size)
{
	struct writer w = writer_of(data, size);
	size_t len = strnlen(bye->text, WIRE_TEXT_LEN_MAX);

	write_header(&w, WIRE_BYE);
	writer_u16(&w, bye->code);
	writer_u16(&w, (uint16_t)len);
	writer_bytes(&w, bye->text, len);
	return written(&w);
}

int wire_bye_read(const uint8_t *body, size_t len, struct wire_bye *bye)
{
	struct reader r = reader_of(body, len);
	const uint8_t *text;
	uint16_t text_len;
	size_t i;

	bye->code = reader_u16(&r);
	text_len = reader_u16(&r);
	text = reader_bytes(&r, text_len);
	if (!text || text_len > WIRE_TEXT_LEN_MAX)
		return -EBADMSG;
	for (i = 0; i < text_len; i++)
		bye->text[i] =
			text[i] >= ' ' && text[i] < 0x7f ? (char)text[i] : '?';
	bye->text[text_len] = '\0';
	return 0;
}

/** padding() - Bytes from @len to the next multiple of 4 */
static size_t padding(size_t len)
{
	return -len & 3;
}

size_t wire_record_size(size_t len)
{
	return WIRE_RECORD_HEADER_LEN + len + padding(len);
}

void wire_data_begin(struct wire_data *data, uint8_t *buf, size_t size)
{
	struct writer w = writer_of(buf, size);

	assert(size >= WIRE_MSG_LEN_FLOOR);
	write_header(&w, WIRE_DATA);
	*data = (struct wire_data){buf, size, w.len};
}

uint8_t *wire_data_room(const struct wire_data *data, size_t *room)
{
	size_t left = data->size - data->len;

	/* A message's length is a multiple of 4 between records: a room that
	 * is one, too, has place for the padding of all that fits into it. */
	*room = 0;
	if (left >= WIRE_RECORD_HEADER_LEN + WIRE_RECORD_LEN_MIN)
		*room = (left - WIRE_RECORD_HEADER_LEN) & ~(size_t)3;
	if (*room > WIRE_RECORD_LEN_MAX)
		*room = WIRE_RECORD_LEN_MAX;
	return data->data + data->len + WIRE_RECORD_HEADER_LEN;
}

void wire_data_commit(struct wire_data *data, size_t len)
{
	size_t room;
	uint8_t *record = wire_data_room(data, &room);
	struct writer w =
		writer_of(data->data + data->len, WIRE_RECORD_HEADER_LEN);

	assert(len >= WIRE_RECORD_LEN_MIN && len <= room);
	writer_u32(&w, (uint32_t)len);
	gso_scrub(record);
	memset(record + len, 0, padding(len));
	data->len += wire_record_size(len);
}

int wire_data_next(uint8_t *body, size_t len, size_t *off,
		   struct wire_record *record)
{
	struct reader r = reader_of(body, len);
	const uint8_t *pad;
	uint32_t record_len;
	size_t at;
	size_t i;

	r.off = *off;
	if (!reader_left(&r))
		return 0;
	record_len = reader_u32(&r);
	at = r.off;
	if (record_len < WIRE_RECORD_LEN_MIN ||
	    record_len > WIRE_RECORD_LEN_MAX || !reader_bytes(&r, record_len))
		return -EBADMSG;
	pad = reader_bytes(&r, padding(record_len));
	if (!pad)
		return -EBADMSG;
	for (i = 0; i < padding(record_len); i++) {
		if (pad[i])
			return -EBADMSG;
	}
	*record = (struct wire_record){body + at, record_len};
	*off = r.off;
	return 1;
}

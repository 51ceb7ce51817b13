/* SPDX-License-Identifier: MIT */

/*
 * wire.h - The messages between two gateways
 *
 * docs/wire-format.md is the specification; this is its only encoder and
 * decoder.  One binary WebSocket message is one message.  Everything is
 * little-endian.  Knows nothing of channels, of when a message may come, or of
 * what is inside a packet.
 */

#ifndef CODEC_WIRE_H
#define CODEC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"

#define WIRE_PROTOCOL     "relaytun.1" /* WebSocket sub-protocol */
#define WIRE_MAJOR        1
#define WIRE_MINOR        0

#define WIRE_HEADER_LEN   4
#define WIRE_NONCE_LEN    32
#define WIRE_INSTANCE_LEN 16
#define WIRE_DIGEST_LEN   32
#define WIRE_TEXT_LEN_MAX 128

/* A DATA record: u32 length (of header and packet), vnet header, packet, padded
 * so that the next one is aligned to 4 bytes in the message. */
#define WIRE_RECORD_HEADER_LEN 4
#define WIRE_RECORD_LEN_MIN    (VNET_HDR_LEN + 20)
#define WIRE_RECORD_LEN_MAX    (VNET_HDR_LEN + PKT_LEN_MAX)

/** enum wire_type - First byte of a message; numbers never change */
enum wire_type {
	WIRE_PREFACE = 1,
	WIRE_HANDSHAKE = 2, /* reserved until sealing exists */
	WIRE_SEALED = 3,    /* reserved until sealing exists */
	WIRE_HELLO = 4,
	WIRE_DATA = 5,
	WIRE_PING = 6,
	WIRE_PONG = 7,
	WIRE_POLICY = 8, /* with WIRE_FEATURE_POLICY */
	WIRE_DRAIN = 9,  /* reserved */
	WIRE_BYE = 10,
	WIRE_LOCK = 11, /* reserved */
	WIRE_WHY = 12,  /* reserved */
};

/** enum wire_feature - Bits of HELLO's features */
enum wire_feature {
	WIRE_FEATURE_POLICY = 0x1, /* understands POLICY */
};

/** wire_type_name() - "HELLO", or "unknown" */
const char *wire_type_name(uint8_t type);

/** struct wire_message - A message taken apart: type and body */
struct wire_message {
	uint8_t type;
	const uint8_t *body;
	size_t body_len;
};

/**
 * wire_open() - Read the header of a message
 *
 * Return: 0, or -EBADMSG: shorter than its header, or flags or reserved bytes
 *	   set.  An unknown type is no error: skip and count it.
 */
int wire_open(const uint8_t *data, size_t len, struct wire_message *message)
	__attribute__((warn_unused_result));

enum wire_role {
	WIRE_ROLE_CLOUD = 1,
	WIRE_ROLE_SITE = 2,
};

/** struct wire_preface - First message of each side, the only one in clear */
struct wire_preface {
	uint8_t major;
	uint8_t minor;
	uint32_t suites; /* offered sealing suites, 0: none */
	uint8_t role;    /* enum wire_role */
	uint8_t nonce[WIRE_NONCE_LEN];
};

/** wire_preface_write() - Whole message; Return: length or -EMSGSIZE */
ssize_t wire_preface_write(const struct wire_preface *preface, uint8_t *data,
			   size_t size) __attribute__((warn_unused_result));

/** wire_preface_read() - Body of a PREFACE; Return: 0, -EBADMSG, or -EPROTO
 *  (another major version; @major and @minor are filled in) */
int wire_preface_read(const uint8_t *body, size_t len,
		      struct wire_preface *preface)
	__attribute__((warn_unused_result));

enum wire_bye_code {
	WIRE_BYE_STOPPING = 1,     /* gateway stops or restarts */
	WIRE_BYE_REPLACED = 2,     /* a newer channel took its place */
	WIRE_BYE_VERSION = 3,      /* major version or critical TLV unknown */
	WIRE_BYE_UNKNOWN_PEER = 4, /* name, role or site is not in my policy */
	WIRE_BYE_PROTOCOL = 5,     /* malformed or out of order */
	WIRE_BYE_TIMEOUT = 6,      /* nothing heard for too long */
};

/**
 * struct wire_hello - Who a gateway is and what it can
 *
 * Written as TLVs {u16 type, u16 length, value}; the top bit of the type marks
 * one that the receiver must understand.  Texts are NUL-terminated here, not on
 * the wire.
 * @prefaces:	SHA-256 of the sender's then the listener's PREFACE message
 * @gateway:	Name in the policy
 * @role:	enum wire_role
 * @site:	Name of its site, "" for a cloud gateway
 * @instance:	Random, new at each start of the gateway
 * @start_ms:	Wall clock at its start, milliseconds since 1970
 * @features_required: Feature bits the receiver must have
 * @features:	Feature bits the sender of this HELLO has
 * @msg_len_max: Longest message it takes, in bytes
 * @offloads:	enum gso_offload bits its TUN takes
 * @mtu:	Of its TUN, in bytes
 * @policy_digest: SHA-256 of the site's slice in normal form
 * @software:	"relaytun 0.1.0"
 * @keepalive_ms: It sends at least one message in this time
 * @channel_idx: Which of the peer's channels this is, from 0
 * @clock_ms:	Its wall clock now, milliseconds since 1970
 */
struct wire_hello {
	uint8_t prefaces[WIRE_DIGEST_LEN];
	char gateway[NAME_LEN_MAX + 1];
	uint8_t role;
	char site[NAME_LEN_MAX + 1];
	uint8_t instance[WIRE_INSTANCE_LEN];
	uint64_t start_ms;
	uint32_t features_required;
	uint32_t features;
	uint32_t msg_len_max;
	uint32_t offloads;
	uint16_t mtu;
	uint8_t policy_digest[WIRE_DIGEST_LEN];
	char software[WIRE_TEXT_LEN_MAX + 1];
	uint32_t keepalive_ms;
	uint16_t channel_idx;
	uint64_t clock_ms;
};

/** wire_hello_write() - Whole message; Return: length or -EMSGSIZE */
ssize_t wire_hello_write(const struct wire_hello *hello, uint8_t *data,
			 size_t size) __attribute__((warn_unused_result));

/**
 * wire_hello_read() - Body of a HELLO
 *
 * A TLV that may be missing and is, leaves 0 or "".
 *
 * Return: 0; -EBADMSG: truncated, duplicate or missing TLV, wrong length, text
 *	   that is not printable ASCII, no gateway, unknown role, msg_len_max
 *	   below WIRE_MSG_LEN_FLOOR; -EPROTO: an unknown critical TLV or a
 *	   required feature that we lack
 */
int wire_hello_read(const uint8_t *body, size_t len, struct wire_hello *hello)
	__attribute__((warn_unused_result));

/** struct wire_ping - PING, and PONG which answers it */
struct wire_ping {
	uint64_t time_ns;  /* sender's clock; a PONG repeats the PING's */
	uint64_t bytes;    /* message bytes received so far on this channel */
	uint64_t messages; /* messages received so far on this channel */
};

/** wire_ping_write() - Whole PING or PONG; Return: length or -EMSGSIZE */
ssize_t wire_ping_write(enum wire_type type, const struct wire_ping *ping,
			uint8_t *data, size_t size)
	__attribute__((warn_unused_result));

/** wire_ping_read() - Body of a PING or PONG; Return: 0, or -EBADMSG (cut) */
int wire_ping_read(const uint8_t *body, size_t len, struct wire_ping *ping)
	__attribute__((warn_unused_result));

/** struct wire_policy - The sender's policy has changed: what HELLO said anew */
struct wire_policy {
	uint8_t digest[WIRE_DIGEST_LEN];
};

/** wire_policy_write() - Whole POLICY; Return: length or -EMSGSIZE */
ssize_t wire_policy_write(const struct wire_policy *policy, uint8_t *data,
			  size_t size) __attribute__((warn_unused_result));

/** wire_policy_read() - Body of a POLICY; Return: 0 or -EBADMSG */
int wire_policy_read(const uint8_t *body, size_t len,
		     struct wire_policy *policy)
	__attribute__((warn_unused_result));

/** struct wire_bye - Why the other side closes */
struct wire_bye {
	uint16_t code; /* enum wire_bye_code, or one of a newer version */
	char text[WIRE_TEXT_LEN_MAX + 1];
};

/** wire_bye_write() - Whole message; Return: length or -EMSGSIZE */
ssize_t wire_bye_write(const struct wire_bye *bye, uint8_t *data, size_t size)
	__attribute__((warn_unused_result));

/** wire_bye_read() - Body of a BYE; what is not printable ASCII becomes '?'.
 *  Return: 0, or -EBADMSG (cut, or a text above WIRE_TEXT_LEN_MAX) */
int wire_bye_read(const uint8_t *body, size_t len, struct wire_bye *bye)
	__attribute__((warn_unused_result));

/**
 * struct wire_data - A DATA message being filled, in the send buffer
 *
 * A TUN read lands at wire_data_room(), vnet header first, so no byte is moved:
 * wire_data_commit() writes only the length before it and the padding behind
 * it, and clears what must not travel.
 * @data:	The message's first byte
 * @size:	Room: at most the receiver's longest message
 * @len:	Bytes in use; WIRE_HEADER_LEN when empty
 */
struct wire_data {
	uint8_t *data;
	size_t size;
	size_t len;
};

/** wire_data_begin() - Start an empty DATA message; @size at least the floor */
void wire_data_begin(struct wire_data *data, uint8_t *buf, size_t size);

/** wire_data_room() - Where the next vnet header and packet go
 *  @room: set to how many bytes fit, 0 when not even the shortest record does,
 *  at most WIRE_RECORD_LEN_MAX */
uint8_t *wire_data_room(const struct wire_data *data, size_t *room);

/** wire_data_commit() - Take @len bytes at wire_data_room() as a record.
 *  @len is at least WIRE_RECORD_LEN_MIN and at most the room.  The vnet header
 *  is scrubbed: see gso_scrub(). */
void wire_data_commit(struct wire_data *data, size_t len);

/** wire_record_size() - What a record of @len bytes takes of a message, with
 *  its length and padding */
size_t wire_record_size(size_t len);

/** struct wire_record - One packet of a DATA message, where it was received */
struct wire_record {
	uint8_t *data; /* vnet header, then the packet */
	size_t len;    /* of both */
};

/**
 * wire_data_next() - Step through the records of a DATA body
 * @body:	Body of the message (writable: packets go to the kernel from it)
 * @len:	Its length
 * @off:	Position, 0 at first; advanced
 * @record:	Filled in
 *
 * Return: 1, 0 at the end, -EBADMSG: length below WIRE_RECORD_LEN_MIN, above
 *	   WIRE_RECORD_LEN_MAX or past the end, or padding that is not zero
 */
int wire_data_next(uint8_t *body, size_t len, size_t *off,
		   struct wire_record *record)
	__attribute__((warn_unused_result));

#endif /* CODEC_WIRE_H */

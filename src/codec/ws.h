/* SPDX-License-Identifier: MIT */

/*
 * ws.h - WebSocket frames (RFC 6455) as bytes
 *
 * Three layers, each usable alone: a frame's head (parse, write), masking,
 * and an inbox that turns a byte stream into whole messages in place.  The
 * handshake is HTTP and lives in hyco/upgrade (client) and relay (server);
 * only the accept key is here, because both need it.
 */

#ifndef CODEC_WS_H
#define CODEC_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 2 bytes, 8 of length, 4 of mask. */
#define WS_HEAD_LEN_MAX    14
#define WS_CONTROL_LEN_MAX 125
/* base64 of 16 bytes and of a SHA-1, with NUL. */
#define WS_KEY_SIZE    25
#define WS_ACCEPT_SIZE 29

enum ws_opcode {
	WS_CONTINUATION = 0x0,
	WS_TEXT = 0x1,
	WS_BINARY = 0x2,
	WS_CLOSE = 0x8,
	WS_PING = 0x9,
	WS_PONG = 0xa,
};

/* Close codes, RFC 6455 section 7.4.1. */
enum ws_close_code {
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_GOING_AWAY = 1001,
	WS_CLOSE_PROTOCOL = 1002,
	WS_CLOSE_UNSUPPORTED = 1003,
	WS_CLOSE_NO_STATUS = 1005, /* never on the wire */
	WS_CLOSE_ABNORMAL = 1006,  /* never on the wire */
	WS_CLOSE_BAD_DATA = 1007,
	WS_CLOSE_POLICY = 1008,
	WS_CLOSE_TOO_BIG = 1009,
	WS_CLOSE_INTERNAL = 1011,
};

/** struct ws_head - A frame's head */
struct ws_head {
	bool fin;
	enum ws_opcode opcode;
	bool masked;
	uint8_t mask[4];
	uint64_t payload_len;
};

static inline bool ws_opcode_is_control(enum ws_opcode opcode)
{
	return (opcode & 0x8) != 0;
}

/**
 * ws_head_parse() - Read the head of a frame
 * @data:	Bytes received so far
 * @len:	How many
 * @head:	Filled in on success
 *
 * Return: the head's length, -EAGAIN when incomplete, or -EPROTO: reserved
 *	   bit or opcode, control frame fragmented or over 125 bytes, length
 *	   not in its shortest form or with the top bit set
 */
ssize_t ws_head_parse(const uint8_t *data, size_t len, struct ws_head *head)
	__attribute__((warn_unused_result));

/** ws_head_len() - Bytes that ws_head_write() would write */
size_t ws_head_len(const struct ws_head *head);

/**
 * ws_head_write() - Write the head of a frame
 * @data:	Receives it; WS_HEAD_LEN_MAX bytes of room
 * @head:	What to write
 *
 * Return: the head's length
 */
size_t ws_head_write(uint8_t *data, const struct ws_head *head);

/**
 * ws_mask() - Mask or unmask payload in place (RFC 6455 section 5.3)
 * @data:	Payload bytes
 * @len:	How many
 * @mask:	The frame's key
 * @offset:	Position of @data[0] in the frame's payload
 */
void ws_mask(uint8_t *data, size_t len, const uint8_t mask[4], uint64_t offset);

/** ws_mask_copy() - As ws_mask(), from @from to @to in one pass; they are the same,
 *  or do not overlap */
void ws_mask_copy(uint8_t *to, const uint8_t *from, size_t len,
		  const uint8_t mask[4], uint64_t offset);

/**
 * struct ws_order - What may come next on a connection
 * @in_message:	A data message has begun and its last frame has not come
 */
struct ws_order {
	bool in_message;
};

/**
 * ws_order_check() - May this frame come now?  Advances when it may.
 *
 * Return: 0, or -EPROTO (continuation of nothing, new message inside another)
 */
int ws_order_check(struct ws_order *order, const struct ws_head *head)
	__attribute__((warn_unused_result));

/** struct ws_message - One whole message, or a control frame */
struct ws_message {
	enum ws_opcode opcode; /* never WS_CONTINUATION */
	uint8_t *data;         /* in the inbox's buffer, unmasked */
	size_t len;
};

/**
 * struct ws_inbox - From a byte stream to whole messages, in place
 * @buf:	Caller's memory
 * @size:	Its size: a message with the head of its last frame must fit, and a
 *		control frame behind what has come of the message before it
 * @masked:	Frames must be masked (we are the server) or must not be
 * @parsed:	Offset of the first byte not yet parsed
 * @filled:	Offset behind the last byte received
 * @msg_off:	Where the message being gathered begins
 * @msg_len:	Payload of it gathered so far
 * @msg_opcode:	Its opcode
 * @order:	Sequence of frames
 *
 * Usage: read into ws_inbox_room(), say ws_inbox_filled(), take messages with
 * ws_inbox_next() until it returns 0.  Fragments are moved together; control
 * frames between them are delivered at once.  A message's bytes stay valid
 * until the next ws_inbox_room() or ws_inbox_next().
 */
struct ws_inbox {
	uint8_t *buf;
	size_t size;
	bool masked;
	size_t parsed;
	size_t filled;
	size_t msg_off;
	size_t msg_len;
	enum ws_opcode msg_opcode;
	struct ws_order order;
};

void ws_inbox_init(struct ws_inbox *inbox, uint8_t *buf, size_t size,
		   bool masked);

/**
 * ws_inbox_room() - Where the next bytes of the stream go
 * @inbox:	Inbox
 * @room:	Set to the bytes that fit; 0 only when a message cannot fit,
 *		which ws_inbox_next() has reported before
 *
 * Moves an unfinished message to the front when little room is left behind
 * it, without the heads and control frames between its fragments, so that a
 * byte is moved at most once or so per message.
 */
uint8_t *ws_inbox_room(struct ws_inbox *inbox, size_t *room);
void ws_inbox_filled(struct ws_inbox *inbox, size_t len);

/**
 * ws_inbox_next() - Take the next whole message or control frame
 *
 * Return: 1 with @message filled in, 0 when more bytes are needed, -EPROTO
 *	   (close with 1002) or -EMSGSIZE (close with 1009)
 */
int ws_inbox_next(struct ws_inbox *inbox, struct ws_message *message)
	__attribute__((warn_unused_result));

/**
 * ws_close_parse() - Code and reason of a close frame's payload
 * @code:	Set to WS_CLOSE_NO_STATUS for an empty payload
 * @reason:	Points into @data; *@reason_len may be 0
 *
 * Return: 0, or -EPROTO (one byte, a code that must not be on the wire)
 */
int ws_close_parse(const uint8_t *data, size_t len, uint16_t *code,
		   const char **reason, size_t *reason_len)
	__attribute__((warn_unused_result));

/**
 * ws_close_write() - Payload of a close frame: code and reason, cut to 125 bytes
 *
 * Return: length written, at most WS_CONTROL_LEN_MAX
 */
size_t ws_close_write(uint8_t data[WS_CONTROL_LEN_MAX], uint16_t code,
		      const char *reason);

/** ws_accept_key() - Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 4.2.2)
 *  Return: 0, or -EBADMSG when @key is longer than a key can be */
int ws_accept_key(const char *key, size_t key_len, char accept[WS_ACCEPT_SIZE])
	__attribute__((warn_unused_result));

#endif /* CODEC_WS_H */

/* SPDX-License-Identifier: MIT */

/*
 * ws.c - WebSocket frames (RFC 6455) as bytes
 */

#include "codec/ws.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <mbedtls/sha1.h>

#include "codec/text.h"

/* RFC 6455 section 1.3. */
#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static uint64_t read_be(const uint8_t *data, size_t len)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < len; i++)
		value = value << 8 | data[i];
	return value;
}

static bool opcode_is_known(uint8_t opcode)
{
	return opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
}

ssize_t ws_head_parse(const uint8_t *data, size_t len, struct ws_head *head)
{
	size_t need = 2;
	size_t ext = 0;
	uint8_t first_len;

	if (len < 1)
		return -EAGAIN;
	if ((data[0] & 0x70) || !opcode_is_known(data[0] & 0x0f))
		return -EPROTO;
	if (len < 2)
		return -EAGAIN;
	head->fin = (data[0] & 0x80) != 0;
	head->opcode = (enum ws_opcode)(data[0] & 0x0f);
	head->masked = (data[1] & 0x80) != 0;
	first_len = data[1] & 0x7f;
	if (ws_opcode_is_control(head->opcode) &&
	    (!head->fin || first_len > WS_CONTROL_LEN_MAX))
		return -EPROTO;
	if (first_len == 126)
		ext = 2;
	else if (first_len == 127)
		ext = 8;
	need += ext + (head->masked ? 4 : 0);
	if (len < need)
		return -EAGAIN;
	head->payload_len = ext ? read_be(data + 2, ext) : first_len;
	if ((ext == 2 && head->payload_len < 126) ||
	    (ext == 8 &&
	     (head->payload_len <= 0xffff || head->payload_len >> 63)))
		return -EPROTO;
	if (head->masked)
		memcpy(head->mask, data + 2 + ext, 4);
	return (ssize_t)need;
}

size_t ws_head_len(const struct ws_head *head)
{
	size_t len = 2 + (head->masked ? 4 : 0);

	if (head->payload_len > 0xffff)
		return len + 8;
	return head->payload_len > 125 ? len + 2 : len;
}

size_t ws_head_write(uint8_t *data, const struct ws_head *head)
{
	uint8_t mask_bit = head->masked ? 0x80 : 0;
	size_t ext = 0;
	size_t i;

	data[0] = (uint8_t)((head->fin ? 0x80 : 0) | head->opcode);
	if (head->payload_len > 0xffff)
		ext = 8;
	else if (head->payload_len > 125)
		ext = 2;
	if (ext == 0)
		data[1] = (uint8_t)(mask_bit | head->payload_len);
	else
		data[1] = (uint8_t)(mask_bit | (ext == 2 ? 126 : 127));
	for (i = 0; i < ext; i++)
		data[2 + i] =
			(uint8_t)(head->payload_len >> (8 * (ext - 1 - i)));
	if (head->masked)
		memcpy(data + 2 + ext, head->mask, 4);
	return 2 + ext + (head->masked ? 4 : 0);
}

/** turned() - The mask from the byte of @offset on, twice; as it lies in memory */
static uint64_t turned(const uint8_t mask[4], uint64_t offset)
{
	unsigned int bits = 8 * (unsigned int)(offset & 3);
	uint32_t word;

	memcpy(&word, mask, sizeof(word));
	word = le32toh(word);
	word = word >> bits | word << (-bits & 31);
	return htole64((uint64_t)word << 32 | word);
}

void ws_mask_copy(uint8_t *to, const uint8_t *from, size_t len,
		  const uint8_t mask[4], uint64_t offset)
{
	uint64_t wide = turned(mask, offset);
	uint64_t a, b, c, d;
	size_t i;

	/* Each on its own, so that the compiler makes vectors of them (-O2). */
	for (i = 0; i + 32 <= len; i += 32) {
		memcpy(&a, from + i, sizeof(a));
		memcpy(&b, from + i + 8, sizeof(b));
		memcpy(&c, from + i + 16, sizeof(c));
		memcpy(&d, from + i + 24, sizeof(d));
		a ^= wide;
		b ^= wide;
		c ^= wide;
		d ^= wide;
		memcpy(to + i, &a, sizeof(a));
		memcpy(to + i + 8, &b, sizeof(b));
		memcpy(to + i + 16, &c, sizeof(c));
		memcpy(to + i + 24, &d, sizeof(d));
	}
	for (; i + 8 <= len; i += 8) {
		memcpy(&a, from + i, sizeof(a));
		a ^= wide;
		memcpy(to + i, &a, sizeof(a));
	}
	for (wide = le64toh(wide); i < len; i++, wide >>= 8)
		to[i] = from[i] ^ (uint8_t)wide;
}

void ws_mask(uint8_t *data, size_t len, const uint8_t mask[4], uint64_t offset)
{
	ws_mask_copy(data, data, len, mask, offset);
}

int ws_order_check(struct ws_order *order, const struct ws_head *head)
{
	if (ws_opcode_is_control(head->opcode))
		return 0;
	if ((head->opcode == WS_CONTINUATION) != order->in_message)
		return -EPROTO;
	order->in_message = !head->fin;
	return 0;
}

void ws_inbox_init(struct ws_inbox *inbox, uint8_t *buf, size_t size,
		   bool masked)
{
	*inbox = (struct ws_inbox){.buf = buf, .size = size, .masked = masked};
}

/** kept_len() - Bytes of the message under way that the buffer must hold */
static size_t kept_len(const struct ws_inbox *inbox)
{
	return inbox->order.in_message ? inbox->msg_len : 0;
}

/** close_gaps() - Drop what was handed out and the heads between fragments */
static void close_gaps(struct ws_inbox *inbox)
{
	size_t kept = kept_len(inbox);
	size_t rest = inbox->filled - inbox->parsed;

	if (kept)
		memmove(inbox->buf, inbox->buf + inbox->msg_off, kept);
	memmove(inbox->buf + kept, inbox->buf + inbox->parsed, rest);
	inbox->msg_off = 0;
	inbox->parsed = kept;
	inbox->filled = kept + rest;
}

uint8_t *ws_inbox_room(struct ws_inbox *inbox, size_t *room)
{
	bool empty = !kept_len(inbox) && inbox->parsed == inbox->filled;

	if (empty || inbox->size - inbox->filled <= inbox->size / 4)
		close_gaps(inbox);
	*room = inbox->size - inbox->filled;
	return inbox->buf + inbox->filled;
}

void ws_inbox_filled(struct ws_inbox *inbox, size_t len)
{
	inbox->filled += len;
}

/**
 * gather() - Add a data frame's payload to the message under way
 *
 * Return: 1 with @message when it is whole, 0 when more frames follow
 */
static int gather(struct ws_inbox *inbox, const struct ws_head *head,
		  uint8_t *payload, struct ws_message *message)
{
	size_t len = (size_t)head->payload_len;

	if (head->opcode != WS_CONTINUATION) {
		inbox->msg_off = (size_t)(payload - inbox->buf);
		inbox->msg_len = 0;
		inbox->msg_opcode = head->opcode;
	}
	/* A fragment closes the gap that its head left. */
	if (inbox->buf + inbox->msg_off + inbox->msg_len != payload)
		memmove(inbox->buf + inbox->msg_off + inbox->msg_len, payload,
			len);
	inbox->msg_len += len;
	if (!head->fin)
		return 0;
	message->opcode = inbox->msg_opcode;
	message->data = inbox->buf + inbox->msg_off;
	message->len = inbox->msg_len;
	return 1;
}

/**
 * next_frame() - One frame, if it is there whole
 *
 * Return: 1 with a message or control frame, 0 for a fragment, -EAGAIN, or as
 *	   ws_inbox_next()
 */
static int next_frame(struct ws_inbox *inbox, struct ws_message *message)
{
	uint8_t *data = inbox->buf + inbox->parsed;
	size_t have = inbox->filled - inbox->parsed;
	struct ws_head head;
	ssize_t head_len = ws_head_parse(data, have, &head);
	struct ws_order order = inbox->order;

	/* A head that has no room left can never be completed. */
	if (head_len == -EAGAIN && kept_len(inbox) + have >= inbox->size)
		return -EMSGSIZE;
	if (head_len < 0)
		return (int)head_len;
	if (head.masked != inbox->masked || ws_order_check(&order, &head))
		return -EPROTO;
	if (head.payload_len > inbox->size ||
	    kept_len(inbox) + (size_t)head_len + (size_t)head.payload_len >
		    inbox->size)
		return -EMSGSIZE;
	if (have - (size_t)head_len < head.payload_len)
		return -EAGAIN;

	data += head_len;
	if (head.masked)
		ws_mask(data, (size_t)head.payload_len, head.mask, 0);
	inbox->parsed += (size_t)head_len + (size_t)head.payload_len;
	inbox->order = order;
	if (!ws_opcode_is_control(head.opcode))
		return gather(inbox, &head, data, message);
	message->opcode = head.opcode;
	message->data = data;
	message->len = (size_t)head.payload_len;
	return 1;
}

int ws_inbox_next(struct ws_inbox *inbox, struct ws_message *message)
{
	int got;

	do {
		got = next_frame(inbox, message);
	} while (got == 0);
	return got == -EAGAIN ? 0 : got;
}

/** code_may_be_sent() - RFC 6455 section 7.4 */
static bool code_may_be_sent(uint16_t code)
{
	if (code >= 3000)
		return code < 5000;
	return code >= 1000 && code <= 1014 && code != 1004 &&
	       code != WS_CLOSE_NO_STATUS && code != WS_CLOSE_ABNORMAL;
}

int ws_close_parse(const uint8_t *data, size_t len, uint16_t *code,
		   const char **reason, size_t *reason_len)
{
	*reason = "";
	*reason_len = 0;
	*code = WS_CLOSE_NO_STATUS;
	if (len == 0)
		return 0;
	if (len == 1)
		return -EPROTO;
	*code = (uint16_t)read_be(data, 2);
	*reason = (const char *)data + 2;
	*reason_len = len - 2;
	return code_may_be_sent(*code) ? 0 : -EPROTO;
}

size_t ws_close_write(uint8_t data[WS_CONTROL_LEN_MAX], uint16_t code,
		      const char *reason)
{
	size_t len = strlen(reason);

	if (len > WS_CONTROL_LEN_MAX - 2)
		len = WS_CONTROL_LEN_MAX - 2;
	/* Not in the middle of a UTF-8 character. */
	while (len && ((unsigned char)reason[len] & 0xc0) == 0x80)
		len--;
	data[0] = (uint8_t)(code >> 8);
	data[1] = (uint8_t)code;
	memcpy(data + 2, reason, len);
	return len + 2;
}

int ws_accept_key(const char *key, size_t key_len, char accept[WS_ACCEPT_SIZE])
{
	uint8_t text[64 + sizeof(WS_GUID)];
	uint8_t hash[20];

	if (key_len > 64)
		return -EBADMSG;
	memcpy(text, key, key_len);
	memcpy(text + key_len, WS_GUID, sizeof(WS_GUID) - 1);
	if (mbedtls_sha1_ret(text, key_len + sizeof(WS_GUID) - 1, hash))
		return -EBADMSG;
	return text_base64_encode(hash, sizeof(hash), accept, WS_ACCEPT_SIZE) <
			       0
		       ? -EBADMSG
		       : 0;
}

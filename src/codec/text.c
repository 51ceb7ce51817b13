/* SPDX-License-Identifier: MIT */

/*
 * text.c - Encodings of bytes as text: base64, percent, hex
 */

#include "codec/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

ssize_t text_base64_encode(const uint8_t *data, size_t len, char *out,
			   size_t size)
{
	size_t text_len = (len + 2) / 3 * 4;
	size_t i;
	char *p = out;

	if (len > SIZE_MAX / 4 || text_len >= size)
		return -EMSGSIZE;
	for (i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16;

		if (i + 1 < len)
			bits |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < len)
			bits |= data[i + 2];
		*p++ = base64_digits[bits >> 18];
		*p++ = base64_digits[bits >> 12 & 63];
		*p++ = i + 1 < len ? base64_digits[bits >> 6 & 63] : '=';
		*p++ = i + 2 < len ? base64_digits[bits & 63] : '=';
	}
	*p = '\0';
	return (ssize_t)text_len;
}

/** base64_value() - Value of a digit, -1 when it is none */
static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

ssize_t text_base64_decode(const char *text, size_t len, uint8_t *out,
			   size_t size)
{
	size_t pad = 0;
	size_t out_len;
	size_t used = 0;
	size_t i;
	uint32_t bits = 0;

	if (len % 4)
		return -EBADMSG;
	if (len && text[len - 1] == '=')
		pad = text[len - 2] == '=' ? 2 : 1;
	out_len = len / 4 * 3 - pad;
	if (out_len > size)
		return -EMSGSIZE;
	for (i = 0; i < len; i++) {
		int value = i < len - pad ? base64_value(text[i]) : 0;

		if (value < 0)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 3)
			continue;
		for (int shift = 16; shift >= 0; shift -= 8) {
			if (used < out_len)
				out[used++] = (uint8_t)(bits >> shift);
			else if (bits >> shift & 0xff)
				return -EBADMSG; /* bits under the padding */
		}
		bits = 0;
	}
	return (ssize_t)out_len;
}

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

/** percent_encode() - As text_percent_encode(), but for characters that stay */
static ssize_t percent_encode(const char *text, size_t len, const char *stay,
			      char *out, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t used = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = is_unreserved(text[i]) ||
			     (text[i] && strchr(stay, text[i]));

		if (used + (plain ? 2 : 4) > size)
			return -EMSGSIZE;
		if (plain) {
			out[used++] = text[i];
			continue;
		}
		out[used++] = '%';
		out[used++] = digits[c >> 4];
		out[used++] = digits[c & 15];
	}
	if (used >= size)
		return -EMSGSIZE;
	out[used] = '\0';
	return (ssize_t)used;
}

ssize_t text_percent_encode(const char *text, size_t len, char *out,
			    size_t size)
{
	return percent_encode(text, len, "", out, size);
}

ssize_t text_component_encode(const char *text, size_t len, char *out,
			      size_t size)
{
	return percent_encode(text, len, "!'()*", out, size);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

ssize_t text_percent_decode(const char *text, size_t len, char *out,
			    size_t size)
{
	size_t used = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
			int low = i + 2 < len ? hex_value(text[i + 2]) : -1;

			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return -EBADMSG;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!c)
			return -EBADMSG;
		if (used + 1 >= size)
			return -EMSGSIZE;
		out[used++] = c;
	}
	if (used >= size)
		return -EMSGSIZE;
	out[used] = '\0';
	return (ssize_t)used;
}

ssize_t text_hex_encode(const uint8_t *data, size_t len, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (len > SIZE_MAX / 4 || 2 * len >= size)
		return -EMSGSIZE;
	for (i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = '\0';
	return (ssize_t)(2 * len);
}

/* SPDX-License-Identifier: MIT */

/*
 * pem.c - Are there certificates in a PEM text, and are they whole?
 */

#include "codec/pem.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "codec/text.h"

#define BEGIN        "-----BEGIN CERTIFICATE-----"
#define END          "-----END CERTIFICATE-----"
#define DER_SEQUENCE 0x30
/* Tag, a length of up to three bytes with their count, and the tag within. */
#define HEAD_LEN 6

/**
 * struct der - What is known of a certificate's bytes
 * @head:	The first of them
 * @len:	How many there are
 * @ended:	Padding came: no more may follow
 */
struct der {
	uint8_t head[HEAD_LEN];
	size_t len;
	bool ended;
};

/** take_quad() - Four digits more; Return: are they base64? */
static bool take_quad(struct der *der, const char quad[4])
{
	uint8_t bytes[3];
	ssize_t cnt = text_base64_decode(quad, 4, bytes, sizeof(bytes));
	ssize_t i;

	if (cnt < 0 || der->ended)
		return false;
	for (i = 0; i < cnt; i++, der->len++) {
		if (der->len < HEAD_LEN)
			der->head[der->len] = bytes[i];
	}
	der->ended = cnt < 3;
	return true;
}

/** read_body() - From behind BEGIN to the first dash; Return: that place, or NULL
 *  when what stands there is no base64 */
static const char *read_body(const char *pos, struct der *der)
{
	char quad[4];
	size_t cnt = 0;

	for (; *pos != '-'; pos++) {
		if (!*pos)
			return NULL;
		if (strchr(" \t\r\n", *pos))
			continue;
		quad[cnt++] = *pos;
		if (cnt < sizeof(quad))
			continue;
		if (!take_quad(der, quad))
			return NULL;
		cnt = 0;
	}
	return cnt ? NULL : pos;
}

/** is_certificate() - One SEQUENCE that begins with one, to the last byte */
static bool is_certificate(const struct der *der)
{
	size_t size_len = der->head[1] & 0x7f;
	size_t len = 0;
	size_t i;

	if (der->len < HEAD_LEN || der->head[0] != DER_SEQUENCE ||
	    !(der->head[1] & 0x80) || size_len < 1 || size_len > 3)
		return false;
	for (i = 0; i < size_len; i++)
		len = len << 8 | der->head[2 + i];
	return der->head[2 + size_len] == DER_SEQUENCE &&
	       der->len == 2 + size_len + len;
}

/** line_of() - Which line of a text a place in it is on */
static unsigned int line_of(const char *text, const char *pos)
{
	unsigned int line = 1;

	for (; text < pos; text++)
		line += *text == '\n';
	return line;
}

int pem_certificates(const char *text, unsigned int *line)
{
	const char *pos = text;
	const char *begin;
	int cnt = 0;

	for (; (begin = strstr(pos, BEGIN)); cnt++) {
		struct der der = {{0}, 0, false};

		pos = read_body(begin + strlen(BEGIN), &der);
		if (!pos || strncmp(pos, END, strlen(END)) ||
		    !is_certificate(&der)) {
			*line = line_of(text, begin);
			return -EBADMSG;
		}
		pos += strlen(END);
	}
	return cnt;
}

/* SPDX-License-Identifier: MIT */

/*
 * pem.c - Are there certificates and keys in a PEM text, and are they whole?
 */

#include "codec/pem.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "codec/text.h"

#define BEGIN        "-----BEGIN "
#define END          "-----END "
#define DASHES       "-----"
#define DER_INTEGER  0x02
#define DER_SEQUENCE 0x30
/* Tag, a length of up to three bytes with their count, and the tag within. */
#define HEAD_LEN 6
/* The same, and of a key in PKCS #8 its version and algorithm. */
#define KEY_HEAD_LEN 20

/**
 * struct der - What is known of a block's bytes
 * @head:	The first of them
 * @len:	How many there are
 * @ended:	Padding came: no more may follow
 */
struct der {
	uint8_t head[KEY_HEAD_LEN];
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
		if (der->len < sizeof(der->head))
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

/** head_len() - Bytes of the outermost tag and length; 0: of more than three */
static size_t head_len(const struct der *der)
{
	size_t size_len =
		der->head[1] & 0x80 ? (size_t)(der->head[1] & 0x7f) : 0;

	return size_len > 3 || der->head[1] == 0x80 ? 0 : 2 + size_len;
}

/** is_sequence() - One SEQUENCE that begins with a @tag, to the last byte */
static bool is_sequence(const struct der *der, uint8_t tag)
{
	size_t from = head_len(der);
	size_t len = from == 2 ? der->head[1] : 0;
	size_t i;

	if (der->len < HEAD_LEN || der->head[0] != DER_SEQUENCE || !from)
		return false;
	for (i = 2; i < from; i++)
		len = len << 8 | der->head[i];
	return der->head[from] == tag && der->len == from + len;
}

/** line_of() - Which line of a text a place in it is on */
static unsigned int line_of(const char *text, const char *pos)
{
	unsigned int line = 1;

	for (; text < pos; text++)
		line += *text == '\n';
	return line;
}

/**
 * struct block - One of a PEM text
 * @begin:	Where it begins
 * @label:	"CERTIFICATE" and the like, @label_len bytes
 * @body:	What stands behind that line
 */
struct block {
	const char *begin;
	const char *label;
	size_t label_len;
	const char *body;
};

/** next_block() - The next that begins in a text; Return: is there one? */
static bool next_block(const char *text, struct block *block)
{
	const char *pos = text;

	while ((pos = strstr(pos, BEGIN))) {
		block->begin = pos;
		block->label = pos + strlen(BEGIN);
		block->label_len = strcspn(block->label, "-\r\n");
		block->body = block->label + block->label_len;
		if (!strncmp(block->body, DASHES, strlen(DASHES))) {
			block->body += strlen(DASHES);
			return true;
		}
		pos = block->body;
	}
	return false;
}

/** label_is() - Is a block's label this one? */
static bool label_is(const struct block *block, const char *label)
{
	return block->label_len == strlen(label) &&
	       !memcmp(block->label, label, block->label_len);
}

/** read_block() - Its bytes; Return: behind it, or NULL when it is damaged */
static const char *read_block(const struct block *block, struct der *der)
{
	const char *pos = read_body(block->body, der);

	if (!pos || strncmp(pos, END, strlen(END)))
		return NULL;
	pos += strlen(END);
	if (strncmp(pos, block->label, block->label_len))
		return NULL;
	pos += block->label_len;
	return strncmp(pos, DASHES, strlen(DASHES)) ? NULL
						    : pos + strlen(DASHES);
}

int pem_certificates(const char *text, unsigned int *line)
{
	const char *pos = text;
	struct block block;
	int cnt = 0;

	while (next_block(pos, &block)) {
		struct der der = {{0}, 0, false};

		pos = block.body;
		if (!label_is(&block, "CERTIFICATE"))
			continue;
		pos = read_block(&block, &der);
		if (!pos || !is_sequence(&der, DER_SEQUENCE)) {
			*line = line_of(text, block.begin);
			return -EBADMSG;
		}
		cnt++;
	}
	return cnt;
}

/** is_key() - Does a block's label name a private key? */
static bool is_key(const struct block *block)
{
	static const char key[] = "PRIVATE KEY";
	size_t len = sizeof(key) - 1;

	return block->label_len >= len &&
	       !memcmp(block->label + block->label_len - len, key, len);
}

/** is_locked() - Is a key encrypted with a passphrase? */
static bool is_locked(const struct block *block)
{
	static const char mark[] = "Proc-Type:";
	const char *body = block->body + strspn(block->body, " \t\r\n");

	return label_is(block, "ENCRYPTED PRIVATE KEY") ||
	       !strncmp(body, mark, sizeof(mark) - 1);
}

/** is_rsa() - Is a key, whole as it is, one of RSA?  In PKCS #8 the algorithm's
 *  number says so (RFC 5208, RFC 8017) */
static bool is_rsa(const struct block *block, const struct der *der)
{
	static const uint8_t rsa[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				      0xf7, 0x0d, 0x01, 0x01, 0x01};

	return label_is(block, "RSA PRIVATE KEY") ||
	       (label_is(block, "PRIVATE KEY") &&
		memmem(der->head, sizeof(der->head), rsa, sizeof(rsa)));
}

int pem_keys(const char *text, bool *rsa, unsigned int *line)
{
	const char *pos = text;
	struct block block;
	int err = 0;
	int cnt = 0;

	*rsa = false;
	while (next_block(pos, &block)) {
		struct der der = {{0}, 0, false};

		pos = block.body;
		if (!is_key(&block))
			continue;
		pos = read_block(&block, &der);
		if (is_locked(&block))
			err = -ENOKEY;
		else if (!pos || !is_sequence(&der, DER_INTEGER))
			err = -EBADMSG;
		if (err) {
			*line = line_of(text, block.begin);
			return err;
		}
		*rsa |= is_rsa(&block, &der);
		cnt++;
	}
	return cnt;
}

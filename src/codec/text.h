/* SPDX-License-Identifier: MIT */

/*
 * text.h - Encodings of bytes as text: base64, percent, hex
 *
 * Convention of the family: the output buffer comes with its size, the
 * result is NUL-terminated, and the return value is its length without NUL,
 * or -EMSGSIZE when the buffer is too small, or -EBADMSG when the input is
 * malformed (decoders).  On failure the buffer's content means nothing.
 */

#ifndef CODEC_TEXT_H
#define CODEC_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** text_base64_encode() - RFC 4648 section 4, with padding */
ssize_t text_base64_encode(const uint8_t *data, size_t len, char *out,
			   size_t size) __attribute__((warn_unused_result));

/** text_base64_decode() - Strict: no white space, padding required; the
 *  result is bytes, not NUL-terminated */
ssize_t text_base64_decode(const char *text, size_t len, uint8_t *out,
			   size_t size) __attribute__((warn_unused_result));

/** text_percent_encode() - RFC 3986: all but unreserved characters, upper-case
 *  digits (as encodeURIComponent, less its "!'()*" which are encoded too) */
ssize_t text_percent_encode(const char *text, size_t len, char *out,
			    size_t size) __attribute__((warn_unused_result));

/** text_component_encode() - As encodeURIComponent: "!'()*" stay as they are */
ssize_t text_component_encode(const char *text, size_t len, char *out,
			      size_t size) __attribute__((warn_unused_result));

/** text_percent_decode() - %XX to bytes, '+' stays '+'; refuses "%" without two
 *  digits, and %00 */
ssize_t text_percent_decode(const char *text, size_t len, char *out,
			    size_t size) __attribute__((warn_unused_result));

/** text_hex_encode() - Lower-case digits */
ssize_t text_hex_encode(const uint8_t *data, size_t len, char *out, size_t size)
	__attribute__((warn_unused_result));

#endif /* CODEC_TEXT_H */

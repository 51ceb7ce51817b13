/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * greeting.h - PREFACE and HELLO: who we are, and is the peer who it should be?
 *
 * Makes and judges the two messages; when they are sent is the channel's.
 */

#ifndef CARRIER_GREETING_H
#define CARRIER_GREETING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct channel;

/** struct greeting_fault - Why a greeting is refused
 * @code:	enum wire_bye_code
 * @text:	For BYE and for the log (a literal)
 */
struct greeting_fault {
	uint16_t code;
	const char *text;
};

/** greeting_preface_write() - Our PREFACE, kept in the channel for the hash
 *  Return: its length at @data */
size_t greeting_preface_write(struct channel *channel, uint8_t *data,
			      size_t size);

/**
 * greeting_preface_take() - Judge and keep the peer's PREFACE
 * @message:	The whole message
 *
 * Return: 0, or -EPROTO with @fault filled in
 */
int greeting_preface_take(struct channel *channel, const uint8_t *message,
			  size_t len, struct greeting_fault *fault)
	__attribute__((warn_unused_result));

/** greeting_hello_write() - Our HELLO; Return: its length at @data */
size_t greeting_hello_write(struct channel *channel, uint8_t *data,
			    size_t size);

/**
 * greeting_hello_take() - Judge the peer's HELLO, and enter what it says
 * @body:	Body of the message
 *
 * On success @channel->peer is known, the peer's entry in the worker describes
 * it, and the channel knows what the peer takes.
 *
 * Return: 0, or -EPROTO with @fault filled in
 */
int greeting_hello_take(struct channel *channel, const uint8_t *body,
			size_t len, struct greeting_fault *fault)
	__attribute__((warn_unused_result));

/** greeting_own_digest() - Digest of the policy slice that we and the channel's
 *  peer share, WIRE_DIGEST_LEN bytes */
const uint8_t *greeting_own_digest(const struct channel *channel);

/** greeting_compare_policy() - Does what the peer's policy says of the site equal
 *  ours?  Notes the answer in the peer; logs when it changes */
void greeting_compare_policy(const struct channel *channel);

#endif /* CARRIER_GREETING_H */

/* SPDX-License-Identifier: MIT */

/*
 * upgrade.h - The client's WebSocket handshake with a relay (RFC 6455 section 4)
 *
 * Bytes only: the caller owns the connection and the randomness.
 */

#ifndef HYCO_UPGRADE_H
#define HYCO_UPGRADE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hyco/message.h>
#include <hyco/uri.h>

#define HYCO_PROTOCOL_SIZE 128

/**
 * struct hyco_upgrade - What to ask for
 * @uri:	Host and port (borrowed)
 * @target:	Request target (borrowed): of hyco_uri_action(), or
 *		@uri->target for an accept address
 * @token:	For the ServiceBusAuthorization header, NULL for none
 * @protocol:	Sub-protocols to offer, with commas, NULL for none
 * @agent:	User-Agent, NULL for none
 * @headers:	Headers of the application, which the listener sees; none that
 *		the handshake itself has
 * @nonce:	16 unpredictable bytes for Sec-WebSocket-Key
 */
struct hyco_upgrade {
	const struct hyco_uri *uri;
	const char *target;
	const char *token;
	const char *protocol;
	const char *agent;
	const struct hyco_header *headers;
	size_t header_cnt;
	uint8_t nonce[16];
};

/**
 * hyco_upgrade_write() - The request
 * @data:	Receives it (not NUL-terminated)
 *
 * Return: length, HYCO_EMSGSIZE, or HYCO_EINVAL for a text with CR or LF, a header
 *	   whose name is none or belongs to the handshake
 */
ssize_t hyco_upgrade_write(const struct hyco_upgrade *upgrade, char *data,
			   size_t size) __attribute__((warn_unused_result));

/**
 * struct hyco_answer - What the relay said
 * @status:	101 when the connection is a WebSocket now
 * @reason:	Reason phrase, printable characters only, cut to fit
 * @tracking_id: From the reason phrase, "" when it has none
 * @date_s:	The relay's Date header, seconds since 1970 UTC, 0 when absent
 * @protocol:	The sub-protocol chosen, "" for none
 */
struct hyco_answer {
	int status;
	char reason[256];
	char tracking_id[64];
	int64_t date_s;
	char protocol[HYCO_PROTOCOL_SIZE];
};

/**
 * hyco_upgrade_read() - Read the answer
 * @upgrade:	The request it belongs to
 * @data:	Bytes received so far
 * @len:	How many
 * @answer:	Filled in on success and on HYCO_EPROTO
 *
 * Return: length of the head (bytes behind it are frames) for any complete
 *	   answer: look at @answer->status; HYCO_EAGAIN; HYCO_EBADMSG when it is
 *	   not HTTP; HYCO_EMSGSIZE over 16 kB; HYCO_EPROTO for a 101 with a wrong
 *	   Sec-WebSocket-Accept, without Upgrade, with an extension, or with
 *	   a sub-protocol that was not offered
 */
ssize_t hyco_upgrade_read(const struct hyco_upgrade *upgrade, const char *data,
			  size_t len, struct hyco_answer *answer)
	__attribute__((warn_unused_result));

#endif /* HYCO_UPGRADE_H */

/* SPDX-License-Identifier: MIT */

/*
 * message.h - Control channel messages (azure-relay-protocol section 2)
 */

#ifndef HYCO_MESSAGE_H
#define HYCO_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HYCO_ID_SIZE 129

enum hyco_message_kind {
	HYCO_MESSAGE_ACCEPT,
	HYCO_MESSAGE_REQUEST, /* HTTP: not answered yet by this library */
	HYCO_MESSAGE_UNKNOWN, /* ignore it */
};

/**
 * struct hyco_accept - "accept": a sender waits for us
 * @address:	Address to connect to, unchanged
 * @id:		Tracing id, "" when absent
 * @protocol:	First sub-protocol the sender offered, "" when none
 */
struct hyco_accept {
	char address[4096];
	char id[HYCO_ID_SIZE];
	char protocol[128];
};

/**
 * hyco_message_parse() - Read one message that the relay sent
 * @text:	JSON, not NUL-terminated
 * @len:	Bytes
 * @accept:	Filled in for HYCO_MESSAGE_ACCEPT
 *
 * Return: an enum hyco_message_kind, or HYCO_EBADMSG: not JSON, or an accept
 *	   without address or with over-long fields
 */
int hyco_message_parse(const char *text, size_t len, struct hyco_accept *accept)
	__attribute__((warn_unused_result));

/** struct hyco_header - A header for the connectHeaders of an accept message */
struct hyco_header {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

/**
 * hyco_message_accept() - Write an accept message (the relay's side)
 * @address:	Rendezvous address
 * @id:		Tracing id
 * @headers:	The sender's headers; names repeated in the request are joined
 *		with ", "; bytes that are not UTF-8 are taken as Latin-1
 * @remote_ip:	Sender's address as text; @remote_port its port
 * @text:	Receives the JSON text
 * @size:	Room there
 *
 * Return: length, or HYCO_EMSGSIZE
 */
ssize_t hyco_message_accept(const char *address, const char *id,
			    const struct hyco_header *headers,
			    size_t header_cnt, const char *remote_ip,
			    uint16_t remote_port, char *text, size_t size)
	__attribute__((warn_unused_result));

/** hyco_message_renew() - Write {"renewToken":{"token":"…"}}; as above */
ssize_t hyco_message_renew(const char *token, char *text, size_t size)
	__attribute__((warn_unused_result));

/** hyco_message_parse_renew() - The token of a renewToken message
 *  Return: its length in @token, HYCO_EBADMSG (not JSON) or 0 (another message) */
ssize_t hyco_message_parse_renew(const char *text, size_t len, char *token,
				 size_t size)
	__attribute__((warn_unused_result));

#endif /* HYCO_MESSAGE_H */

/* SPDX-License-Identifier: MIT */

/*
 * message.h - Control channel messages (azure-relay-protocol section 2)
 */

#ifndef HYCO_MESSAGE_H
#define HYCO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HYCO_ID_SIZE      129
#define HYCO_ADDRESS_SIZE 4096
#define HYCO_REMOTE_SIZE  46

enum hyco_message_kind {
	HYCO_MESSAGE_ACCEPT,
	HYCO_MESSAGE_REQUEST, /* hyco_message_parse_request() takes it apart */
	HYCO_MESSAGE_UNKNOWN, /* ignore it */
};

/**
 * struct hyco_accept - "accept": a sender waits for us
 * @address:	Address to connect to, unchanged
 * @id:		Tracing id, "" when absent
 * @protocol:	First sub-protocol the sender offered, "" when none
 * @remote:	The sender's address as the relay saw it, "" when absent
 * @remote_port: Its port, 0 when absent
 */
struct hyco_accept {
	char address[HYCO_ADDRESS_SIZE];
	char id[HYCO_ID_SIZE];
	char protocol[128];
	char remote[HYCO_REMOTE_SIZE];
	uint16_t remote_port;
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

/** struct hyco_header - A header of a sender, a request or a response */
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

/**
 * struct hyco_request - "request": an HTTP request for the listener
 * @address:	Where it, or a response over 64 kB, is to be fetched or sent
 * @id:		What the response answers
 * @method:	"" when the request is to be fetched at @address
 * @target:	Path and query, without the relay's arguments
 * @body:	A body follows as a binary message
 * @remote:	The client's address as the relay saw it, "" when absent
 */
struct hyco_request {
	char address[HYCO_ADDRESS_SIZE];
	char id[HYCO_ID_SIZE];
	char method[32];
	char target[HYCO_ADDRESS_SIZE];
	bool body;
	char remote[HYCO_REMOTE_SIZE];
	uint16_t remote_port;
};

/** hyco_message_parse_request() - Read a HYCO_MESSAGE_REQUEST
 *  Return: 0, or HYCO_EBADMSG: a field is missing, malformed or over-long */
int hyco_message_parse_request(const char *text, size_t len,
			       struct hyco_request *request)
	__attribute__((warn_unused_result));

/**
 * hyco_message_header() - A header of the sender (accept) or client (request)
 * @text:	The message
 * @name:	Compared without case
 * @value:	Receives it, NUL-terminated
 *
 * Return: its length, -1 when there is none, HYCO_EMSGSIZE
 */
ssize_t hyco_message_header(const char *text, size_t len, const char *name,
			    char *value, size_t size)
	__attribute__((warn_unused_result));

/** hyco_header_fn - Told of one header; its texts are valid during the call */
typedef void hyco_header_fn(void *arg, const char *name, const char *value);

/** hyco_message_headers() - All headers, in their order; Return: how many */
size_t hyco_message_headers(const char *text, size_t len, hyco_header_fn *told,
			    void *arg);

/**
 * struct hyco_response - The answer to an HTTP request
 * @id:		The request's
 * @status:	200 to 599
 * @description: Reason phrase, NULL for none
 * @headers:	None of those that belong to one hop (Connection, Content-Length,
 *		Transfer-Encoding and so on)
 * @body:	A body follows as a binary message
 */
struct hyco_response {
	const char *id;
	int status;
	const char *description;
	const struct hyco_header *headers;
	size_t header_cnt;
	bool body;
};

/**
 * hyco_message_response() - Write {"response":{…}}
 *
 * Return: length, HYCO_EMSGSIZE, or HYCO_EINVAL: a status, name or value that
 *	   cannot stand in an HTTP answer
 */
ssize_t hyco_message_response(const struct hyco_response *response, char *text,
			      size_t size) __attribute__((warn_unused_result));

#endif /* HYCO_MESSAGE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rendezvous.c - How a sender and a listener find each other
 */

/**
 * DOC: Theory of operation
 *
 * A waiting sender has a secret of 128 random bits, known only to the listener
 * that was told.  The accept address carries it beside the tracing id (which a
 * sender may choose, so it proves nothing).  It is used up by the first accept
 * or reject, and dies with the sender's limit.
 */

#include "relay/rendezvous.h"

#include <stdio.h>
#include <string.h>

#include <hyco/message.h>

#include "base/limits.h"
#include "codec/text.h"
#include "relay/control.h"
#include "relay/relay.h"
#include "sys/random.h"

void rendezvous_new_id(char id[REQUEST_ID_SIZE])
{
	uint8_t b[16];

	random_bytes(b, sizeof(b));
	snprintf(id, REQUEST_ID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-4%01x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 0xf, b[7],
		 (b[8] & 0x3f) | 0x80, b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}

size_t rendezvous_listener_cnt(const struct relay *relay,
			       const struct relay_path *path)
{
	const struct session *session;
	size_t cnt = 0;

	for (session = relay->sessions; session; session = session->next)
		cnt += session->kind == SESSION_LISTENER &&
		       session->path == path;
	return cnt;
}

/** is_ready() - May it be picked?  One that does not take its messages may
 *  not: they would pile up */
static bool is_ready(const struct session *session,
		     const struct relay_path *path)
{
	return session->kind == SESSION_LISTENER && session->path == path &&
	       !session->stuck;
}

/** pick() - A listener at random, NULL when there is none */
static struct session *pick(const struct relay *relay,
			    const struct relay_path *path)
{
	struct session *picked = NULL;
	struct session *session;
	size_t cnt = 0;

	/* The n-th replaces the one before with a chance of 1/n. */
	for (session = relay->sessions; session; session = session->next) {
		if (is_ready(session, path) && random_below(++cnt) == 0)
			picked = session;
	}
	return picked;
}

/** public_base() - "wss://host[:port]" of rendezvous addresses */
static void public_base(const struct session *listener, char *out, size_t size)
{
	const struct relay_conf *conf = listener->relay->conf;

	if (conf->public_url)
		snprintf(out, size, "%s", conf->public_url);
	else
		snprintf(out, size, "%s://%s", conf->plaintext ? "ws" : "wss",
			 listener->host);
}

/** write_address() - Where the listener shall meet the sender */
static bool write_address(const struct session *listener,
			  const struct session *sender, char *out, size_t size)
{
	const struct request *request = sender->request;
	char base[512];
	char id[3 * REQUEST_ID_SIZE];
	int len;

	public_base(listener, base, sizeof(base));
	if (text_percent_encode(sender->id, strlen(sender->id), id,
				sizeof(id)) < 0)
		return false;
	len = snprintf(out, size,
		       "%s/$hc/%.*s?%ssb-hc-action=accept&sb-hc-id=%s"
		       "&sb-hc-rendezvous=%s",
		       base, (int)request->raw_path.len, request->raw_path.data,
		       request->own_query, id, sender->secret);
	return len > 0 && (size_t)len < size;
}

static bool is_secret_header(struct slice name)
{
	return slice_equal_nocase(name, "ServiceBusAuthorization");
}

/** collect() - The sender's headers, authorization left out; Return: how many */
static size_t collect(const struct http_request *head,
		      struct hyco_header headers[HTTP_HEADER_CNT_MAX])
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < head->header_cnt; i++) {
		const struct http_header *header = &head->headers[i];

		if (is_secret_header(header->name))
			continue;
		headers[cnt++] = (struct hyco_header){
			header->name.data, header->name.len, header->value.data,
			header->value.len};
	}
	return cnt;
}

/** tell() - The accept message to a listener; Return: NULL, or what is wrong */
static const char *tell(struct session *listener, struct session *sender,
			const struct http_request *head)
{
	struct hyco_header headers[HTTP_HEADER_CNT_MAX];
	/* Behind the room for a frame's head, which is written before it. */
	char *text = (char *)sender->relay->scratch + WS_HEAD_LEN_MAX;
	char address[4096];
	ssize_t len;

	if (!write_address(listener, sender, address, sizeof(address)))
		return "the address is too long";
	len = hyco_message_accept(
		address, sender->id, headers, collect(head, headers),
		sender->remote, sender->remote_port, text, CONTROL_MSG_LEN_MAX);
	if (len < 0)
		return "the headers are too long";
	if (!control_send(listener, text, (size_t)len))
		return "the listener is gone";
	return NULL;
}

bool rendezvous_ask(struct session *sender, const struct http_request *head,
		    struct refusal *refusal)
{
	struct session *listener = pick(sender->relay, sender->path);
	uint8_t secret[16];

	*refusal = (struct refusal){404, "nobody listens at this connection"};
	if (!listener)
		return false;
	if (sender->request->id[0])
		memcpy(sender->id, sender->request->id, sizeof(sender->id));
	else
		rendezvous_new_id(sender->id);
	random_bytes(secret, sizeof(secret));
	if (text_hex_encode(secret, sizeof(secret), sender->secret,
			    sizeof(sender->secret)) < 0)
		return false;
	refusal->status = 400;
	refusal->text = tell(listener, sender, head);
	return refusal->text == NULL;
}

/** same_secret() - In constant time */
static bool same_secret(const char *a, const char *b)
{
	uint8_t differ = 0;
	size_t i;

	for (i = 0; i < REQUEST_SECRET_SIZE - 1; i++)
		differ |= (uint8_t)(a[i] ^ b[i]);
	return !differ;
}

struct session *rendezvous_find(const struct relay *relay,
				const struct request *request)
{
	struct session *session;

	if (strlen(request->secret) != REQUEST_SECRET_SIZE - 1)
		return NULL;
	for (session = relay->sessions; session; session = session->next) {
		if (session->kind == SESSION_WAITING && session->secret[0] &&
		    same_secret(session->secret, request->secret) &&
		    !strcmp(session->request->path, request->path) &&
		    !strcmp(session->id, request->id))
			return session;
	}
	return NULL;
}

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
 * or reject, and dies with the sender's limit, or when another listener is told
 * another one.  An HTTP client whose request a listener has is met in the same way.
 *
 * Sessions that may be met are found by a hash table over their secrets; which
 * bucket it is tells an attacker nothing that would help to guess the rest.
 */

#include "relay/rendezvous.h"

#include <stdio.h>
#include <string.h>

#include <hyco/message.h>

#include "base/limits.h"
#include "codec/text.h"
#include "relay/control.h"
#include "relay/http_exchange.h"
#include "relay/relay.h"
#include "sys/clock.h"
#include "sys/random.h"

/* For a listener whose control channel is gone to come all the same: then another
 * one is asked. */
#define ALONE_MS 1000

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

/** bucket() - Which list a secret's session is in */
static size_t bucket(const char *secret)
{
	unsigned int hash = 0;
	size_t i;

	for (i = 0; i < 8 && secret[i]; i++)
		hash = hash * 31 + (unsigned char)secret[i];
	return hash % RELAY_BUCKET_CNT;
}

/** link_told() - A listener was told of a sender */
static void link_told(struct session *sender, struct session *listener)
{
	struct listener *list = listener->listener;

	sender->told = listener;
	sender->told_prev = NULL;
	sender->told_next = list->told;
	if (list->told)
		list->told->told_prev = sender;
	list->told = sender;
}

/** unlink_told() - It need not come any more; fine when none was told */
static void unlink_told(struct session *sender)
{
	if (!sender->told)
		return;
	if (sender->told_prev)
		sender->told_prev->told_next = sender->told_next;
	else
		sender->told->listener->told = sender->told_next;
	if (sender->told_next)
		sender->told_next->told_prev = sender->told_prev;
	sender->told = NULL;
	sender->told_next = NULL;
	sender->told_prev = NULL;
}

void rendezvous_open(struct session *session)
{
	struct session **at;
	uint8_t secret[16];

	rendezvous_close(session);
	random_bytes(secret, sizeof(secret));
	/* It fits: 32 digits. */
	(void)!text_hex_encode(secret, sizeof(secret), session->secret,
			       sizeof(session->secret));
	at = &session->relay->secrets[bucket(session->secret)];
	session->secret_next = *at;
	*at = session;
	session->relay->secret_cnt++;
}

void rendezvous_close(struct session *session)
{
	struct session **at;

	unlink_told(session);
	if (!session->secret[0])
		return;
	at = &session->relay->secrets[bucket(session->secret)];
	while (*at != session)
		at = &(*at)->secret_next;
	*at = session->secret_next;
	session->relay->secret_cnt--;
	session->secret_next = NULL;
	session->secret[0] = '\0';
}

/** public_base() - "wss://host[:port]" of rendezvous addresses */
static void public_base(const struct session *listener, char *out, size_t size)
{
	const struct relay_conf *conf = listener->relay->conf;

	if (conf->public_url)
		snprintf(out, size, "%s", conf->public_url);
	else
		snprintf(out, size, "%s://%s",
			 listener->relay->fixed.plaintext ? "ws" : "wss",
			 listener->host);
}

bool rendezvous_address(const struct session *listener,
			const struct session *waiting, const char *action,
			const char *id, const char *query, char *out,
			size_t size)
{
	const struct request *request = waiting->request;
	char encoded[3 * REQUEST_ID_SIZE];
	char base[512];
	int len;

	public_base(listener, base, sizeof(base));
	if (text_percent_encode(id, strlen(id), encoded, sizeof(encoded)) < 0)
		return false;
	len = snprintf(out, size,
		       "%s/$hc/%.*s?%ssb-hc-action=%s&sb-hc-id=%s"
		       "&sb-hc-rendezvous=%s",
		       base, (int)request->raw_path.len, request->raw_path.data,
		       query, action, encoded, waiting->secret);
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

/** tell() - The accept message to a listener; Return: false with a refusal */
static bool tell(struct session *listener, struct session *sender,
		 const struct http_request *head, struct refusal *refusal)
{
	struct hyco_header headers[HTTP_HEADER_CNT_MAX];
	/* Behind the room for a frame's head, which is written before it. */
	char *text = (char *)sender->relay->scratch + WS_HEAD_LEN_MAX;
	char address[4096];
	ssize_t len;

	*refusal = (struct refusal){400, "the address is too long"};
	if (!rendezvous_address(listener, sender, "accept", sender->id,
				sender->request->own_query, address,
				sizeof(address)))
		return false;
	len = hyco_message_accept(
		address, sender->id, headers, collect(head, headers),
		sender->remote, sender->remote_port, text, CONTROL_MSG_LEN_MAX);
	refusal->text = "the headers are too long";
	if (len < 0)
		return false;
	*refusal = (struct refusal){502, "the listener is gone"};
	return control_send(listener, text, (size_t)len);
}

bool rendezvous_ask(struct session *sender, const struct http_request *head,
		    struct refusal *refusal)
{
	const struct relay *relay = sender->relay;
	mono_t now = clock_mono();
	bool ghost;
	struct session *listener = hub_pick(sender->hub, LISTENER_SENDERS, now,
					    relay->conf->fault.ghost, &ghost);

	*refusal = (struct refusal){404, "nobody listens at this connection"};
	if (sender->hub->listener_cnt)
		*refusal = (struct refusal){503, HUB_STUCK_TEXT};
	if (!listener && !ghost)
		return false;
	if (!sender->id[0] && sender->request->id[0])
		memcpy(sender->id, sender->request->id, sizeof(sender->id));
	else if (!sender->id[0])
		rendezvous_new_id(sender->id);
	rendezvous_open(sender);
	sender->look_at = (mono_t){0};
	if (ghost)
		return true;
	link_told(sender, listener);
	sender->missed = false;
	sender->look_at = mono_add_ms(now, LISTENER_LATE_MS);
	return tell(listener, sender, head, refusal);
}

void rendezvous_listener_gone(struct session *listener)
{
	mono_t look_at = mono_add_ms(clock_mono(), ALONE_MS);
	struct session *sender;

	while ((sender = listener->listener->told)) {
		unlink_told(sender);
		sender->look_at = look_at;
	}
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

/** id_of() - By which its address names a waiting session */
static const char *id_of(const struct session *session)
{
	return session->exchange ? session->exchange->id : session->id;
}

struct session *rendezvous_find(const struct relay *relay,
				const struct request *request)
{
	bool http = request->gesture == GESTURE_REQUEST;
	struct session *session;

	if (strlen(request->secret) != REQUEST_SECRET_SIZE - 1)
		return NULL;
	session = relay->secrets[bucket(request->secret)];
	for (; session; session = session->secret_next) {
		if (same_secret(session->secret, request->secret) &&
		    (session->kind == SESSION_HTTP) == http &&
		    !strcmp(session->request->path, request->path) &&
		    !strcmp(id_of(session), request->id))
			return session;
	}
	return NULL;
}

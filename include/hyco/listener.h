/* SPDX-License-Identifier: MIT */

/*
 * listener.h - The control channel of a listener, without any I/O
 *
 * Registers at a hybrid connection, stays registered, and tells of senders and
 * HTTP requests.  The caller owns the transport: it opens one when told to
 * (HYCO_LISTENER_CONNECT), moves bytes between it and hyco_listener_conn() as
 * conn.h says, but calls hyco_listener_next() in place of hyco_conn_next() and
 * of hyco_conn_tick().
 */

#ifndef HYCO_LISTENER_H
#define HYCO_LISTENER_H

#include <hyco/conn.h>
#include <hyco/exchange.h>
#include <hyco/message.h>
#include <hyco/retry.h>

struct hyco_listener;

/**
 * struct hyco_listener_config - What a listener is made with
 * @address:	"wss://namespace/path" (copied)
 * @id:		Tracing id, NULL for none (copied)
 * @agent:	User-Agent, NULL for none (a literal, or lives as long)
 * @hosts:	Hosts that rendezvous may lead to besides the relay's domain; see
 *		hyco_uri_fault() (lives as long)
 * @random:	Source of masks, keys and delays
 * @arg:	For @random
 */
struct hyco_listener_config {
	const char *address;
	const char *id;
	const char *agent;
	const char *const *hosts;
	size_t host_cnt;
	hyco_random_fn *random;
	void *arg;
};

/** enum hyco_listener_event_kind - What hyco_listener_next() tells
 *
 * HYCO_LISTENER_NOTHING	More bytes or time are needed
 * HYCO_LISTENER_TOKEN		A token is wanted: hyco_listener_token(), at once
 *				or later
 * HYCO_LISTENER_CONNECT	Open a transport to hyco_conn_uri()
 * HYCO_LISTENER_REGISTERED	The relay lists us
 * HYCO_LISTENER_ACCEPT		A sender waits: @accept, @text; answer with
 *				rendezvous.h
 * HYCO_LISTENER_REFUSED	An accept or request that must not be followed:
 *				@reason
 * HYCO_LISTENER_REQUEST	An HTTP request: @exchange, whose request's method is
 *				"" when it must be fetched by rendezvous
 * HYCO_LISTENER_MALFORMED	A message that makes no sense was ignored: @reason
 * HYCO_LISTENER_ENDED		The attempt or the registration ended: close the
 *				transport.  @end, @retry_ms; it goes on by itself
 */
enum hyco_listener_event_kind {
	HYCO_LISTENER_NOTHING,
	HYCO_LISTENER_TOKEN,
	HYCO_LISTENER_CONNECT,
	HYCO_LISTENER_REGISTERED,
	HYCO_LISTENER_ACCEPT,
	HYCO_LISTENER_REFUSED,
	HYCO_LISTENER_REQUEST,
	HYCO_LISTENER_MALFORMED,
	HYCO_LISTENER_ENDED,
};

/**
 * struct hyco_listener_event - One event; valid until the next call
 * @accept:	HYCO_LISTENER_ACCEPT
 * @text:	Its message, for hyco_message_header()
 * @exchange:	HYCO_LISTENER_REQUEST
 * @reason:	_REFUSED, _MALFORMED; _ENDED by the listener itself, and why
 * @end:	_ENDED
 * @was_registered: _ENDED: the relay had listed us
 * @is_config:	_ENDED: a mistake in the configuration, hyco_status_is_config()
 * @retry_ms:	_ENDED: the next attempt is after so long
 */
struct hyco_listener_event {
	const struct hyco_accept *accept;
	const char *text;
	size_t text_len;
	const struct hyco_exchange *exchange;
	const char *reason;
	const struct hyco_end *end;
	bool was_registered;
	bool is_config;
	int64_t retry_ms;
};

/** hyco_listener_new() - Return: heap memory; NULL with *@why when the address is
 *  at fault or memory is missing.  It wants to connect at once */
struct hyco_listener *hyco_listener_new(
	const struct hyco_listener_config *config, const char **why);

/** hyco_listener_free() - NULL is fine; tokens are wiped */
void hyco_listener_free(struct hyco_listener *listener);

/** hyco_listener_conn() - The connection to move bytes for; lives as long */
struct hyco_conn *hyco_listener_conn(const struct hyco_listener *listener);

/** hyco_listener_uri() - The hybrid connection: what a token is signed for */
const struct hyco_uri *hyco_listener_uri(const struct hyco_listener *listener);

/** hyco_listener_next() - What is to be done or known now; call until NOTHING */
enum hyco_listener_event_kind hyco_listener_next(
	struct hyco_listener *listener, int64_t now_ms,
	struct hyco_listener_event *event);

/** hyco_listener_deadline_ms() - When to call hyco_listener_next() at the latest */
int64_t hyco_listener_deadline_ms(const struct hyco_listener *listener);

/**
 * hyco_listener_token() - Answer HYCO_LISTENER_TOKEN, or give a new one early
 * @token:	SAS or Entra token (copied)
 * @life_ms:	How long it is still good
 *
 * Used for connecting, and while registered sent to the relay in place of the old
 * one; the next is asked for at half of its life.
 *
 * Return: 0 or HYCO_EMSGSIZE
 */
int hyco_listener_token(struct hyco_listener *listener, const char *token,
			int64_t life_ms, int64_t now_ms)
	__attribute__((warn_unused_result));

/** hyco_listener_no_token() - There is none now: counts as a failed attempt while
 *  not registered, and is asked for again later */
void hyco_listener_no_token(struct hyco_listener *listener, const char *why,
			    int64_t now_ms);

/**
 * hyco_listener_respond() - Answer a request on the control channel
 * @body:	At most HYCO_BODY_LEN_MAX bytes (copied); NULL for none.  More goes
 *		by hyco_rendezvous_request()
 *
 * @response->body is set here.
 *
 * Return: 0, HYCO_EAGAIN while too many responses wait to be sent, HYCO_EPROTO
 *	   when not registered, or as hyco_message_response()
 */
int hyco_listener_respond(struct hyco_listener *listener,
			  const struct hyco_response *response,
			  const uint8_t *body, size_t body_len)
	__attribute__((warn_unused_result));

/** hyco_listener_is_registered() - Does the relay list us? */
bool hyco_listener_is_registered(const struct hyco_listener *listener);

/** hyco_listener_allow() - Other hosts that rendezvous may lead to from now on */
void hyco_listener_allow(struct hyco_listener *listener,
			 const char *const *hosts, size_t host_cnt);

/** hyco_listener_renew() - The credentials have changed: ask for a token now */
void hyco_listener_renew(struct hyco_listener *listener, int64_t now_ms);

/** hyco_listener_hurry() - Whatever delay is under way is over: try now */
void hyco_listener_hurry(struct hyco_listener *listener, int64_t now_ms);

/** hyco_listener_close() - Sign off for good: closing handshake, no new attempt */
void hyco_listener_close(struct hyco_listener *listener, int64_t now_ms);

#endif /* HYCO_LISTENER_H */

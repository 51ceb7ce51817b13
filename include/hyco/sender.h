/* SPDX-License-Identifier: MIT */

/*
 * sender.h - Connecting to whoever listens
 *
 * The relay picks a listener; one that has crashed may still be picked, and the
 * relay waits 30 s for it.  So an attempt has a short limit of its own, and
 * several may be under way at once, each on a connection (conn.h) of its own.
 */

#ifndef HYCO_SENDER_H
#define HYCO_SENDER_H

#include <hyco/conn.h>
#include <hyco/retry.h>

/* For the transport and the listener's coming together. */
#define HYCO_SENDER_LIMIT_MS 5000

/**
 * struct hyco_sender_config - Whom to connect to
 * @address:	"wss://namespace/path"
 * @suffix:	Further path, NULL for none (see hyco_uri_extend())
 * @query:	Own arguments, NULL for none
 * @id:		Tracing id, NULL: the relay makes one
 * @protocol:	Sub-protocols to offer, with commas; NULL for none
 * @headers:	Own headers, which the listener sees
 * @agent:	User-Agent, NULL for none
 * @limit_ms:	Of one attempt; 0: HYCO_SENDER_LIMIT_MS
 */
struct hyco_sender_config {
	const char *address;
	const char *suffix;
	const char *query;
	const char *id;
	const char *protocol;
	const struct hyco_header *headers;
	size_t header_cnt;
	const char *agent;
	int64_t limit_ms;
};

/**
 * struct hyco_sender - An address, and how attempts went
 * @config:	Its texts must live as long
 * @uri:	The hybrid connection: what a token is signed for
 * @target:	Request target of an attempt
 * @failure_cnt: Failures in a row, but for those of @absent_cnt
 * @absent_cnt:	Attempts in a row that found nobody listening: they say nothing
 *		of the way, so that a listener's long pause does not make the
 *		wait after a lost connection longer
 * @opened_ms:	When the last connection opened, HYCO_NEVER: it did not
 */
struct hyco_sender {
	struct hyco_sender_config config;
	struct hyco_uri uri;
	char target[HYCO_TARGET_SIZE];
	unsigned int failure_cnt;
	unsigned int absent_cnt;
	int64_t opened_ms;
};

/**
 * hyco_sender_init() - Prepare
 * @sender:	Caller's storage; owns nothing
 * @why:	On failure set to a static sentence
 *
 * Return: 0, HYCO_EBADMSG (the address), HYCO_EINVAL or HYCO_EMSGSIZE
 */
int hyco_sender_init(struct hyco_sender *sender,
		     const struct hyco_sender_config *config, const char **why)
	__attribute__((warn_unused_result));

/**
 * hyco_sender_begin() - One attempt
 * @conn:	Connection to use
 * @token:	SAS or Entra token, NULL for none (copied)
 *
 * Return: as hyco_conn_begin()
 */
int hyco_sender_begin(const struct hyco_sender *sender, struct hyco_conn *conn,
		      const char *token, int64_t now_ms)
	__attribute__((warn_unused_result));

/** hyco_sender_opened() - An attempt succeeded */
void hyco_sender_opened(struct hyco_sender *sender, int64_t now_ms);

/**
 * hyco_sender_ended() - An attempt failed, or its connection ended
 * @status:	The relay's answer, 0 or 101 when it did not refuse; 404 as well
 *		when the listener said itself that it goes away
 * @random:	An unpredictable number
 *
 * Return: milliseconds to wait before the next attempt
 */
int64_t hyco_sender_ended(struct hyco_sender *sender, int status,
			  uint64_t random, int64_t now_ms);

#endif /* HYCO_SENDER_H */

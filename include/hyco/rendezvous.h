/* SPDX-License-Identifier: MIT */

/*
 * rendezvous.h - The listener's answers to an accept or a request
 *
 * Each is a handshake at the address that the relay sent, unchanged, on a
 * connection (conn.h) of its own and at the address's own host, which is another
 * than the namespace's.  The address is good once, for 30 s.  Whether it may be
 * followed at all is hyco_uri_fault()'s matter; listener.h has asked it.
 */

#ifndef HYCO_RENDEZVOUS_H
#define HYCO_RENDEZVOUS_H

#include <hyco/conn.h>

/**
 * hyco_rendezvous_accept() - Join the sender
 * @address:	The accept's address
 * @protocol:	One of the sub-protocols that the sender offered, NULL for none
 * @agent:	User-Agent, NULL for none
 *
 * Messages flow after HYCO_CONN_OPENED.
 *
 * Return: as hyco_conn_begin(), or HYCO_EBADMSG for the address
 */
int hyco_rendezvous_accept(struct hyco_conn *conn, const char *address,
			   const char *protocol, const char *agent,
			   int64_t now_ms) __attribute__((warn_unused_result));

/**
 * hyco_rendezvous_reject() - Refuse the sender
 * @status:	What the sender's handshake fails with, 400 to 599
 * @description: Its text
 *
 * The handshake ends with HYCO_END_REFUSED and status 410: that is success.
 */
int hyco_rendezvous_reject(struct hyco_conn *conn, const char *address,
			   int status, const char *description, int64_t now_ms)
	__attribute__((warn_unused_result));

/**
 * hyco_rendezvous_request() - Fetch an HTTP request that is too large for the
 *			       control channel; exchange.h reads what comes
 */
int hyco_rendezvous_request(struct hyco_conn *conn, const char *address,
			    const char *agent, int64_t now_ms)
	__attribute__((warn_unused_result));

#endif /* HYCO_RENDEZVOUS_H */

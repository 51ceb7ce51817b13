/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * handover.h - What the steward hands to the carrier
 *
 * One SOCK_SEQPACKET pair; one message is one struct handover_msg with at most
 * one file descriptor beside it.  The steward sends a full set after each start
 * of the carrier and again after a change, each once the one before was answered;
 * HANDOVER_GO makes a set valid as a whole.  The carrier answers with
 * HANDOVER_READY once it moves packets.
 *
 * Texts travel as sealed memfds (F_SEAL_WRITE, GROW, SHRINK and SEAL are
 * demanded by the receiver), so that neither side can change them later.
 */

#ifndef SYS_HANDOVER_H
#define SYS_HANDOVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The carrier finds its end of the pair here. */
#define HANDOVER_FD 3

/**
 * enum handover_type - What a message brings
 *
 * HANDOVER_TUN		One queue of the TUN device (fd), in order of queues
 * HANDOVER_POLICY	Policy in normal form (memfd)
 * HANDOVER_GATEWAY	gateway.cfg in normal form (memfd)
 * HANDOVER_KEY		The credential's secret: key, connection string, token, client
 *			secret or certificate with key (memfd); not sent for a
 *			managed identity
 * HANDOVER_CA		PEM bundle to verify relays with (memfd); not sent when
 *			the system's is to be used
 * HANDOVER_CERTIFICATE	Client certificate and key, PEM (memfd); if configured
 * HANDOVER_PROXY_PASSWORD (memfd); if configured
 * HANDOVER_STATUS	Listening unix socket for status requests (fd)
 * HANDOVER_GO		All sent: check and start, or reload (no fd)
 * HANDOVER_NOTICES	What the steward wants shown in the status, one notice a line
 *		(memfd); of no set, after HANDOVER_READY and whenever it changes
 * HANDOVER_ENDED	How many carriers before this one ended unasked, for the status; how
 *		the last did (text)
 * HANDOVER_HUNG	How many of them because they hung
 * HANDOVER_ASK	Are you alive?  Only after HANDOVER_READY
 * HANDOVER_ALIVE	Carrier to steward: the answer to HANDOVER_ASK
 * HANDOVER_READY	Carrier to steward: the set is in force
 * HANDOVER_REFUSED	Carrier to steward: cannot use the set (text says why)
 */
enum handover_type {
	HANDOVER_TUN = 1,
	HANDOVER_POLICY,
	HANDOVER_GATEWAY,
	HANDOVER_KEY,
	HANDOVER_CA,
	HANDOVER_STATUS,
	HANDOVER_GO,
	HANDOVER_READY,
	HANDOVER_REFUSED,
	HANDOVER_CERTIFICATE,
	HANDOVER_PROXY_PASSWORD,
	HANDOVER_NOTICES,
	HANDOVER_ENDED,
	HANDOVER_HUNG,
	HANDOVER_ASK,
	HANDOVER_ALIVE,
};

/**
 * struct handover_msg - One message
 * @type:	enum handover_type
 * @value:	HANDOVER_TUN: TUN_F_ offload bits in force on the device; HANDOVER_ALIVE:
 *		the number of a worker that did nothing since the question before,
 *		and 1; 0 when all are alive
 * @text:	HANDOVER_REFUSED, HANDOVER_ENDED: why, NUL-terminated
 */
struct handover_msg {
	uint32_t type;
	uint32_t value;
	char text[248];
};

/**
 * handover_send() - Send one message
 * @sock:	Socket
 * @msg:	Message (borrowed)
 * @fd:		Descriptor to pass, stays the caller's; -1 for none
 *
 * Return: 0, or negative errno (-EAGAIN: no room now, -EPIPE: other side gone)
 */
int handover_send(int sock, const struct handover_msg *msg, int fd)
	__attribute__((warn_unused_result));

/**
 * handover_receive() - Receive one message
 * @sock:	Socket
 * @msg:	Receives it
 * @fd:		Receives the descriptor (the caller's from now, close-on-exec),
 *		or -1
 *
 * Return: 1, 0 at the end (other side gone), -EAGAIN, -EBADMSG (wrong size, more
 *	   than one descriptor), or another negative errno
 */
int handover_receive(int sock, struct handover_msg *msg, int *fd)
	__attribute__((warn_unused_result));

/**
 * handover_seal_text() - A sealed memfd with a copy of some bytes
 * @name:	Shown in /proc/PID/fd
 *
 * Return: the descriptor (caller's), or negative errno
 */
int handover_seal_text(const char *name, const void *data, size_t len)
	__attribute__((warn_unused_result));

/**
 * handover_read_text() - The bytes of a sealed memfd, NUL-terminated
 * @fd:		Descriptor (borrowed)
 * @max:	Longest text accepted, in bytes
 * @text:	Receives heap memory (the caller's; wipe it if it is secret)
 *
 * Return: length without NUL, -EBADMSG when not sealed or with a NUL inside,
 *	   -EMSGSIZE, or another negative errno
 */
ssize_t handover_read_text(int fd, size_t max, char **text)
	__attribute__((warn_unused_result));

#endif /* SYS_HANDOVER_H */

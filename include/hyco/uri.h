/* SPDX-License-Identifier: MIT */

/*
 * uri.h - Addresses of hybrid connections
 *
 * "wss://namespace[:port]/path" as a policy or a person writes it, and the
 * addresses of the gestures made from it (azure-relay-protocol section 1).
 */

#ifndef HYCO_URI_H
#define HYCO_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HYCO_HOST_SIZE   254
#define HYCO_TARGET_SIZE 4096

/**
 * struct hyco_uri - A parsed address
 * @tls:	wss (true) or ws
 * @host:	Name or address, an IPv6 one without brackets, lower case
 * @port:	443 or 80 when not given
 * @port_given:	Does the address say it?
 * @target:	Path and query as they go on the request line, from the first
 *		'/' on, still percent-encoded; "/" when the address has none
 */
struct hyco_uri {
	bool tls;
	char host[HYCO_HOST_SIZE];
	uint16_t port;
	bool port_given;
	char target[HYCO_TARGET_SIZE];
};

/**
 * hyco_uri_parse() - Read "wss://host[:port][/path][?query]"
 * @text:	NUL-terminated; also ws://, https://, http:// and sb:// (= wss)
 * @uri:	Filled in on success
 * @why:	On failure set to a static sentence that says what is wrong
 *
 * Return: 0, or HYCO_EBADMSG (also control characters, spaces, user info, fragment)
 */
int hyco_uri_parse(const char *text, struct hyco_uri *uri, const char **why)
	__attribute__((warn_unused_result));

enum hyco_action {
	HYCO_LISTEN,
	HYCO_CONNECT,
};

/**
 * hyco_uri_action() - Request target of listen or connect
 * @uri:	Address of the hybrid connection, "wss://ns/oslo"
 * @action:	The gesture
 * @id:		Tracing id for sb-hc-id, or NULL
 * @target:	Receives "/$hc/oslo?sb-hc-action=connect&sb-hc-id=…"
 * @size:	Room there
 *
 * Return: length, or HYCO_EMSGSIZE
 */
ssize_t hyco_uri_action(const struct hyco_uri *uri, enum hyco_action action,
			const char *id, char *target, size_t size)
	__attribute__((warn_unused_result));

/**
 * hyco_uri_audience() - What a token for this connection is signed for
 * @uri:	Address of the hybrid connection
 * @audience:	Receives "http://ns/oslo" (section 4), as hyco-ws
 *		does it: port kept when it was given, no query, "$hc/" dropped,
 *		escapes of the path and a slash at its end left as they are
 * @size:	Room there
 */
ssize_t hyco_uri_audience(const struct hyco_uri *uri, char *audience,
			  size_t size) __attribute__((warn_unused_result));

/**
 * hyco_uri_extend() - An address below a hybrid connection, with own arguments
 * @uri:	Address of the hybrid connection
 * @suffix:	Further path, percent-encoded, without its first '/'; NULL for none
 * @query:	Own arguments, "a=1&b=2", percent-encoded; NULL for none
 * @out:	Receives it
 *
 * Return: 0, HYCO_EMSGSIZE, or HYCO_EINVAL: bytes that must be percent-encoded,
 *	   or an argument that begins with sb-hc-, which are the relay's
 */
int hyco_uri_extend(const struct hyco_uri *uri, const char *suffix,
		    const char *query, struct hyco_uri *out)
	__attribute__((warn_unused_result));

/**
 * hyco_uri_own() - What the sender added: the opposite of hyco_uri_extend()
 * @uri:	Address of the hybrid connection
 * @address:	Of an accept
 * @suffix:	Receives the path below the hybrid connection, "" for none
 * @query:	Receives the sender's arguments, "" for none
 * @size:	Room at each, HYCO_TARGET_SIZE always suffices
 *
 * Return: 0, HYCO_EMSGSIZE, or HYCO_EPROTO: it does not lie below @uri
 */
int hyco_uri_own(const struct hyco_uri *uri, const struct hyco_uri *address,
		 char *suffix, char *query, size_t size)
	__attribute__((warn_unused_result));

/**
 * hyco_uri_reject() - Request target that rejects
 * @address:	Of the accept
 * @status:	What the sender gets, 400 to 599
 * @description: Its text (UTF-8, not encoded)
 *
 * Return: length, HYCO_EMSGSIZE or HYCO_EINVAL
 */
ssize_t hyco_uri_reject(const struct hyco_uri *address, int status,
			const char *description, char *target, size_t size)
	__attribute__((warn_unused_result));

/**
 * hyco_uri_fault() - May an address that a relay sent be followed?
 * @relay:	The relay that sent it
 * @address:	What it sent
 * @hosts:	Further hosts that are allowed; one that begins with a dot allows a
 *		whole domain
 * @host_cnt:	How many
 *
 * Same protection (no ws:// from a wss:// relay), and a host that is the relay's or
 * below it, lies in the relay's own parent domain or is allowed: rendezvous
 * happens at other hosts than the namespace, but not at anybody's.  Parent
 * domain is what follows the first label, unless that is a top-level domain or
 * like co.uk, where strangers are.
 *
 * The rule keeps a relay from making its listeners connect to hosts of their own
 * network, no more.  Below servicebus.windows.net are Azure's gateway hosts and
 * its other customers alike; that a sender comes from the right one rests on the
 * control channel's TLS, by which only the relay can name an address, on the
 * certificate of the host it names, and on the id in it that works once and
 * cannot be guessed.  A listener's token is not shown there.
 *
 * Return: NULL when it may, else a static sentence
 */
const char *hyco_uri_fault(const struct hyco_uri *relay,
			   const struct hyco_uri *address,
			   const char *const *hosts, size_t host_cnt);

#endif /* HYCO_URI_H */

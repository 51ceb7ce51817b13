/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * setup.h - What a carrier was told by its steward
 *
 * Gathered message by message, judged as a whole, constant afterwards but for
 * @reach: the control thread and the workers read it without locks.
 */

#ifndef CARRIER_SETUP_H
#define CARRIER_SETUP_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/limits.h"
#include "carrier/credential.h"
#include "carrier/reach.h"
#include "carrier/steer.h"
#include "codec/wire.h"
#include "policy/plan.h"
#include "sys/handover.h"
#include "sys/netpath.h"

/**
 * struct setup - One gateway's carrier
 * @arena:	Holds what the pointers below point to
 * @conf:	gateway.cfg
 * @gateway:	Which gateway of the policy this is
 * @plan:	Wanted state: its peers are numbered as everywhere here
 * @channels:	Cloud: how many it dials to each peer over each of its relays
 * @steer:	Its tables
 * @key:	The credential's secret, @key_len bytes (wiped at the end, as the
 *		certificate's key and the proxy's password are)
 * @credential:	What is shown to relays
 * @ca_pem:	CA bundle, NULL for the system's
 * @path:	How connections leave
 * @tun_fds:	TUN queues, one for each worker; @tun_cnt of them
 * @tun_offloads: What its kernel takes, enum gso_offload
 * @status_fd:	Listening socket for status requests
 * @instance:	Random, new at each start
 * @start_ms:	Wall clock at the start, milliseconds since 1970
 * @reach:	Which worker reaches which peer: what is not constant here
 * @digests:	Per peer: SHA-256 of the slice of the policy that concerns the
 *		site in question
 */
struct setup {
	struct arena arena;
	const struct gateway_conf *conf;
	const struct policy_gateway *gateway;
	const struct plan *plan;
	uint32_t channels;
	const struct steer *steer;
	char *policy_text;
	char *conf_text;
	char *key;
	size_t key_len;
	struct credential credential;
	char *ca_pem;
	size_t ca_len;
	char *cert_pem;
	size_t cert_len;
	char *proxy_password;
	size_t proxy_password_len;
	struct netpath path;
	int tun_fds[WORKER_CNT_MAX];
	size_t tun_cnt;
	uint32_t tun_offloads;
	int status_fd;
	uint8_t instance[WIRE_INSTANCE_LEN];
	uint64_t start_ms;
	struct reach *reach;
	uint8_t (*digests)[WIRE_DIGEST_LEN];
};

void setup_init(struct setup *setup);
void setup_fini(struct setup *setup);

/**
 * setup_take() - Keep what a handover message brought
 * @setup:	Being gathered
 * @msg:	Any message before HANDOVER_GO
 * @fd:		Its descriptor, consumed; -1 for none
 *
 * Return: 0, or negative errno: not what the type promises
 */
int setup_take(struct setup *setup, const struct handover_msg *msg, int fd)
	__attribute__((warn_unused_result));

/**
 * setup_finish() - All is there: parse and plan
 * @before:	The setup in force, whose place this one is to take: the gateway must
 *		be the same, and its instance goes on.  NULL at the start: an
 *		instance id is drawn
 * @why:	On failure a sentence for HANDOVER_REFUSED, cut to @why_size
 *
 * Return: 0 or -EBADMSG
 */
int setup_finish(struct setup *setup, const struct setup *before, char *why,
		 size_t why_size) __attribute__((warn_unused_result));

/** setup_find_peer() - Index of a gateway at the other end, STEER_NO_PEER when the
 *  plan has none of this name */
int setup_find_peer(const struct setup *setup, const char *name);

#endif /* CARRIER_SETUP_H */

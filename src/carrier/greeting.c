/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * greeting.c - PREFACE and HELLO: who we are, and is the peer who it should be?
 */

/**
 * DOC: Theory of operation
 *
 * Each side sends its PREFACE at once, and its HELLO after the other's PREFACE.
 * HELLO repeats a hash of both prefaces, so that a relay that alters one of them
 * is found out as soon as HELLO itself is sealed.  Until then the relay's keys
 * say who may listen and send; HELLO says which gateway that is.
 *
 * A name alone opens nothing: it must be a gateway of our own policy, at the
 * other end, of the site it claims, and, where we dialled, the one we dialled.
 */

#include "carrier/greeting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/sha256.h>

#include "carrier/worker.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

static uint8_t role_on_wire(enum gateway_role role)
{
	return role == ROLE_CLOUD ? WIRE_ROLE_CLOUD : WIRE_ROLE_SITE;
}

size_t greeting_preface_write(struct channel *channel, uint8_t *data,
			      size_t size)
{
	struct wire_preface preface = {
		.major = WIRE_MAJOR,
		.minor = WIRE_MINOR,
		.role = role_on_wire(channel->worker->setup->gateway->role),
	};
	ssize_t len;

	random_bytes(preface.nonce, sizeof(preface.nonce));
	len = wire_preface_write(&preface, channel->preface_out,
				 sizeof(channel->preface_out));
	if (len < 0 || (size_t)len > size)
		return 0;
	channel->preface_out_len = (size_t)len;
	memcpy(data, channel->preface_out, (size_t)len);
	return (size_t)len;
}

int greeting_preface_take(struct channel *channel, const uint8_t *message,
			  size_t len, struct greeting_fault *fault)
{
	enum gateway_role role = channel->worker->setup->gateway->role;
	struct wire_preface preface;
	int err = wire_preface_read(message + WIRE_HEADER_LEN,
				    len - WIRE_HEADER_LEN, &preface);

	*fault =
		(struct greeting_fault){WIRE_BYE_PROTOCOL, "malformed PREFACE"};
	if (err == -EPROTO)
		*fault = (struct greeting_fault){
			WIRE_BYE_VERSION,
			"this gateway speaks protocol 1 only: upgrade the "
			"older of the two"};
	if (err || len > sizeof(channel->preface_in))
		return -EPROTO;
	if (preface.role == role_on_wire(role)) {
		*fault = (struct greeting_fault){
			WIRE_BYE_UNKNOWN_PEER, "both ends have the same role"};
		return -EPROTO;
	}
	memcpy(channel->preface_in, message, len);
	channel->preface_in_len = len;
	return 0;
}

/** hash_prefaces() - SHA-256 of the sender's, then the listener's PREFACE */
static void hash_prefaces(const struct channel *channel,
			  uint8_t hash[WIRE_DIGEST_LEN])
{
	bool ours_first = channel->dialled;
	mbedtls_sha256_context sha;

	mbedtls_sha256_init(&sha);
	mbedtls_sha256_starts_ret(&sha, 0);
	mbedtls_sha256_update_ret(
		&sha, ours_first ? channel->preface_out : channel->preface_in,
		ours_first ? channel->preface_out_len
			   : channel->preface_in_len);
	mbedtls_sha256_update_ret(
		&sha, ours_first ? channel->preface_in : channel->preface_out,
		ours_first ? channel->preface_in_len
			   : channel->preface_out_len);
	mbedtls_sha256_finish_ret(&sha, hash);
	mbedtls_sha256_free(&sha);
}

const uint8_t *greeting_own_digest(const struct channel *channel)
{
	const struct setup *setup = channel->worker->setup;

	/* A site gateway has one slice, the same for each peer. */
	return setup
		->digests[channel->peer == STEER_NO_PEER ? 0 : channel->peer];
}

void greeting_compare_policy(const struct channel *channel)
{
	struct peer *peer = &channel->worker->peers[channel->peer];
	bool same = !memcmp(peer->digest, greeting_own_digest(channel),
			    WIRE_DIGEST_LEN);

	if (peer->known && same == peer->policy_same)
		return;
	peer->policy_same = same;
	if ((same && !peer->known) || !worker_may_log(channel->worker))
		return;
	if (!same)
		log_warn("peer=%s event=policy_differs text=\"the policy there "
			 "says something else about this site: only what both "
			 "allow works\"",
			 peer->gateway->name);
	else
		log_info("peer=%s event=policy_same", peer->gateway->name);
}

size_t greeting_hello_write(struct channel *channel, uint8_t *data, size_t size)
{
	const struct setup *setup = channel->worker->setup;
	const struct policy_gateway *gateway = setup->gateway;
	struct wire_hello hello = {
		.role = role_on_wire(gateway->role),
		.start_ms = setup->start_ms,
		.features = WIRE_FEATURE_POLICY,
		.msg_len_max = WIRE_MSG_LEN_MAX,
		.offloads = setup->tun_offloads,
		.mtu = (uint16_t)setup->conf->tun_mtu,
		.software = "relaytun " RELAYTUN_VERSION,
		.keepalive_ms = CHANNEL_PING_MS,
		.clock_ms = (uint64_t)clock_wall().s * 1000,
	};
	ssize_t len;

	hash_prefaces(channel, hello.prefaces);
	snprintf(hello.gateway, sizeof(hello.gateway), "%s", gateway->name);
	if (gateway->site)
		snprintf(hello.site, sizeof(hello.site), "%s",
			 gateway->site->name);
	if (channel->dialled)
		hello.channel_idx = (uint16_t)channel->number;
	memcpy(hello.instance, setup->instance, sizeof(hello.instance));
	memcpy(hello.policy_digest, greeting_own_digest(channel),
	       sizeof(hello.policy_digest));
	len = wire_hello_write(&hello, data, size);
	return len < 0 ? 0 : (size_t)len;
}

/** judge_identity() - Is it a peer we know, and the right one?
 *  Return: NULL, or what is wrong */
static const char *judge_identity(const struct channel *channel, int peer,
				  const struct wire_hello *hello)
{
	const struct setup *setup = channel->worker->setup;
	const struct policy_gateway *gateway;

	if (peer == STEER_NO_PEER)
		return "your name is not a gateway of the other role in my "
		       "policy";
	gateway = setup->plan->peers[peer];
	if (hello->role != role_on_wire(gateway->role))
		return "your role differs from the one in my policy";
	if (strcmp(hello->site, gateway->site ? gateway->site->name : ""))
		return "your site differs from the one in my policy";
	if (channel->dialled && peer != channel->peer)
		return "another gateway answers at this address than my "
		       "policy says";
	return NULL;
}

/** judge_channel() - May this channel be, beside what the peer has already?
 *  Return: true, or false with @fault filled in */
static bool judge_channel(const struct channel *channel, int peer_idx,
			  const struct wire_hello *hello,
			  struct greeting_fault *fault)
{
	const struct worker *worker = channel->worker;
	const struct peer *peer = &worker->peers[peer_idx];

	if (!channel->dialled && hello->channel_idx >= PEER_CHANNEL_CNT_MAX) {
		*fault = (struct greeting_fault){
			WIRE_BYE_PROTOCOL,
			"a pair of gateways has at most 32 channels"};
		return false;
	}
	/* The clock is the peer's own, both times.  If it was set back, its
	 * old channels are found dead in seconds, and it is let in then. */
	if (kin_reaches(worker, peer_idx) && hello->start_ms < peer->start_ms &&
	    memcmp(hello->instance, peer->instance, sizeof(peer->instance))) {
		*fault = (struct greeting_fault){
			WIRE_BYE_REPLACED,
			"a newer instance of your gateway is connected"};
		return false;
	}
	return true;
}

/** note_peer() - Enter into the peer what its HELLO said */
static void note_peer(const struct channel *channel,
		      const struct wire_hello *hello)
{
	struct worker *worker = channel->worker;
	struct peer *peer = &worker->peers[channel->peer];

	memcpy(peer->digest, hello->policy_digest, sizeof(peer->digest));
	greeting_compare_policy(channel);
	peer->known = true;
	peer->start_ms = hello->start_ms;
	peer->mtu = hello->mtu;
	peer->skew_ms =
		(int64_t)(hello->clock_ms - (uint64_t)clock_wall().s * 1000);
	memcpy(peer->instance, hello->instance, sizeof(peer->instance));
	memcpy(peer->software, hello->software, sizeof(peer->software));
}

int greeting_hello_take(struct channel *channel, const uint8_t *body,
			size_t len, struct greeting_fault *fault)
{
	const struct setup *setup = channel->worker->setup;
	uint8_t prefaces[WIRE_DIGEST_LEN];
	struct wire_hello hello;
	int err = wire_hello_read(body, len, &hello);
	int peer;

	*fault = (struct greeting_fault){WIRE_BYE_PROTOCOL, "malformed HELLO"};
	if (err == -EPROTO)
		*fault = (struct greeting_fault){
			WIRE_BYE_VERSION,
			"HELLO demands what this version does not know"};
	if (err)
		return -EPROTO;

	hash_prefaces(channel, prefaces);
	if (memcmp(prefaces, hello.prefaces, sizeof(prefaces))) {
		*fault = (struct greeting_fault){
			WIRE_BYE_PROTOCOL, "PREFACE was altered on the way"};
		return -EPROTO;
	}
	peer = setup_find_peer(setup, hello.gateway);
	fault->code = WIRE_BYE_UNKNOWN_PEER;
	fault->text = judge_identity(channel, peer, &hello);
	if (fault->text || !judge_channel(channel, peer, &hello, fault))
		return -EPROTO;

	channel->peer = peer;
	if (!channel->dialled)
		channel->number = hello.channel_idx;
	memcpy(channel->instance, hello.instance, sizeof(channel->instance));
	channel->peer_features = hello.features;
	channel->peer_offloads = hello.offloads;
	channel->peer_msg_len_max = hello.msg_len_max < WIRE_MSG_LEN_MAX
					    ? hello.msg_len_max
					    : WIRE_MSG_LEN_MAX;
	note_peer(channel, &hello);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * kin.h - What a worker has to do with its siblings
 *
 * Each has a mailbox for packets that a sibling cannot send itself, and one for
 * notes.  With one worker there is neither, and all of this does nothing.
 */

#ifndef CARRIER_KIN_H
#define CARRIER_KIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "base/time.h"
#include "carrier/queue.h"
#include "codec/ip.h"
#include "codec/wire.h"
#include "sys/loop.h"
#include "sys/mailbox.h"

struct channel;
struct peer;
struct worker;

/**
 * struct kin - The mailboxes of all workers; constant while they run
 * @cnt:	How many workers
 * @packets:	By worker: a datagram is a packet as the TUN device gives it
 * @notes:	By worker: struct kin_note
 */
struct kin {
	size_t cnt;
	struct mailbox packets[WORKER_CNT_MAX];
	struct mailbox notes[WORKER_CNT_MAX];
};

/** kin_open() - For @cnt workers; Return: 0 or negative errno, nothing is open */
int kin_open(struct kin *kin, size_t cnt) __attribute__((warn_unused_result));
void kin_close(struct kin *kin);

/**
 * enum kin_note_kind - What is told
 *
 * KIN_STRAY	Flow @key went to the peer with id @value: see crew.h
 * KIN_LEAVES	Fragments of datagram @key, which the TUN gives, are of flow @value
 * KIN_CAME	A peer sent a datagram @key in fragments, of flow @value
 * KIN_ASK	@peer does not answer here: see whether it answers you
 * KIN_PEER	@peer greeted as @instance, on channel @number
 */
enum kin_note_kind {
	KIN_STRAY,
	KIN_LEAVES,
	KIN_CAME,
	KIN_ASK,
	KIN_PEER,
};

/** struct kin_note - One note; names in place of indices, since siblings may have
 *  different setups for a moment */
struct kin_note {
	enum kin_note_kind kind;
	uint64_t key;
	uint32_t value;
	unsigned int number;
	uint64_t start_ms;
	uint8_t instance[WIRE_INSTANCE_LEN];
	char peer[NAME_LEN_MAX + 1];
};

/* Strays that siblings hear of between two looks (PEER_LOOK_MS): in a second about
 * as many as they can remember.  Of one that was not told a sibling that gets it
 * may ask its first choice, just lost (CREW_GRACE_MS) or back again. */
#define KIN_STRAY_CNT_MAX 128

/** struct kin_way - To one sibling's mailbox: waits until there is room in it */
struct kin_way {
	struct loop_source room;
	struct worker *worker;
};

/**
 * struct kin_self - What a worker keeps of this
 * @packets:	Its mailbox
 * @notes:	Its mailbox
 * @ways:	By sibling
 * @aside:	Packets may wait for siblings, in the lanes aside of peers
 * @followed:	What the others reach was looked at since the setup came, when
 * @change_cnt:	reach.h had this
 * @told_cnt:	Strays that were told of since look @told_look of the worker's
 */
struct kin_self {
	struct loop_source packets;
	struct loop_source notes;
	struct kin_way ways[WORKER_CNT_MAX];
	bool aside;
	bool followed;
	unsigned int change_cnt;
	unsigned int told_look;
	unsigned int told_cnt;
};

/** kin_join() - Serve the mailboxes of a worker; Return: 0 or negative errno */
int kin_join(struct worker *worker) __attribute__((warn_unused_result));

/** kin_reaches() - Has this worker or another an open channel to a peer? */
bool kin_reaches(const struct worker *worker, int peer);

/** kin_follow() - Note which peers siblings have found or lost since the last call */
void kin_follow(struct worker *worker);

/** kin_looked() - peer_watch() has looked at a peer: siblings learn what came of it,
 *  and flows go to them if they have the better channel */
void kin_looked(struct worker *worker, int peer);

/** kin_lane() - Where packets wait for a peer that only a sibling reaches; NULL when
 *  none does */
struct queue_lane *kin_lane(struct worker *worker, int peer);

/** kin_pump() - Pass on what waits for siblings, as far as they have room */
void kin_pump(struct worker *worker);

/** kin_give_up() - Nobody reaches a peer any more: what waits is dropped */
void kin_give_up(struct worker *worker, struct peer *peer);

/** kin_read() - A packet that a sibling passed on; Return: as tun_read() */
ssize_t kin_read(const struct worker *worker, uint8_t *data, size_t size)
	__attribute__((warn_unused_result));

/** kin_tell_stray() - A flow has just gone to another peer than its first choice */
void kin_tell_stray(struct worker *worker, uint32_t flow, int peer);

/** kin_tell_datagram() - The first fragment of a datagram came here
 *  @kind:	KIN_LEAVES or KIN_CAME
 *  @view:	The fragment's */
void kin_tell_datagram(const struct worker *worker, enum kin_note_kind kind,
		       const struct ip_view *view, uint32_t flow);

/** kin_tell_peer() - A peer has greeted on a channel, which is open */
void kin_tell_peer(const struct worker *worker, const struct channel *channel);

#endif /* CARRIER_KIN_H */

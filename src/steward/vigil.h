/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * vigil.h - Is a carrier that runs alive?  When to ask, when to give it up
 */

#ifndef STEWARD_VIGIL_H
#define STEWARD_VIGIL_H

#include <stdbool.h>
#include <stdint.h>

/* From one look to the next. */
#define VIGIL_LOOK_MS 1000

/* Looks without a sign of life until it is given up, at a start too.  A worker that
 * logs in by Kerberos at a proxy by https waits in the library for a KDC that is
 * silent: 18 s for one, 22 s for two (libkrb5 1.20). */
#define VIGIL_LOOKS 30

/* Looks from SIGABRT to SIGKILL: a process that is stopped takes only that. */
#define VIGIL_KILL_LOOKS 2

/* Room for vigil_part(). */
#define VIGIL_PART_SIZE 32

/** enum vigil_step - What a look comes to
 *
 * VIGIL_WAIT	Nothing
 * VIGIL_ASK	To be asked for a sign of life
 * VIGIL_ABORT	Given up: SIGABRT
 * VIGIL_KILL	That did not end it: SIGKILL
 */
enum vigil_step {
	VIGIL_WAIT,
	VIGIL_ASK,
	VIGIL_ABORT,
	VIGIL_KILL,
};

/**
 * struct vigil - One carrier, as far as it is watched over
 * @left:	Looks until the next step against it
 * @asked:	An answer is due
 * @given_up:	SIGABRT was sent
 * @silent:	From the last answer: number of a worker that gave no sign, and 1; 0
 *		for none
 * @owes:	At the last answer the set that it was sent had not been answered
 */
struct vigil {
	unsigned int left;
	bool asked;
	bool given_up;
	uint32_t silent;
	bool owes;
};

/** vigil_begin() - A carrier was started */
void vigil_begin(struct vigil *vigil);

/** vigil_answer() - It answered; @silent, @owes: as in the struct, the former from
 *  HANDOVER_ALIVE */
void vigil_answer(struct vigil *vigil, uint32_t silent, bool owes);

/** vigil_took() - It took a set, all of its threads did */
void vigil_took(struct vigil *vigil);

/** vigil_give_up() - SIGABRT is sent for another reason: next is SIGKILL */
void vigil_give_up(struct vigil *vigil);

/** vigil_look() - VIGIL_LOOK_MS have passed at least
 *  @up:	It has said that it is ready: it can be asked */
enum vigil_step vigil_look(struct vigil *vigil, bool up);

/** vigil_part() - Which part of it gives no sign, in words; Return: @part */
const char *vigil_part(const struct vigil *vigil, char part[VIGIL_PART_SIZE]);

#endif /* STEWARD_VIGIL_H */

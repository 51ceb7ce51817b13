/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * vigil.c - Is a carrier that runs alive?  When to ask, when to give it up
 */

#include "steward/vigil.h"

#include <stdio.h>

/**
 * DOC: Theory of operation
 *
 * The steward looks once a second, and asks the carrier if no answer is due: so
 * there is never more than one question on its way, and neither end can fill the
 * other's socket.  The carrier's control thread answers, and says which of its
 * workers has done nothing since the question before, if there is one.  Only an
 * answer without such a worker is a sign of life, and only one that was asked for,
 * and only while no answer to a set is due: one that never came would keep all later
 * sets from the carrier.  That answer is a sign of life itself.
 *
 * Silence is counted in looks, not by a clock: a steward that stood still, because
 * its machine slept, was stopped or had no processor to give, has not looked, and
 * the carrier stood still with it.  A look that comes late counts one.
 *
 * Pure: no I/O, no clock; runner.c does what vigil_look() says.
 */

void vigil_begin(struct vigil *vigil)
{
	*vigil = (struct vigil){.left = VIGIL_LOOKS};
}

/** lives() - A sign of life came */
static void lives(struct vigil *vigil)
{
	if (!vigil->given_up)
		vigil->left = VIGIL_LOOKS;
}

void vigil_answer(struct vigil *vigil, uint32_t silent, bool owes)
{
	if (!vigil->asked)
		return;
	vigil->asked = false;
	vigil->silent = silent;
	vigil->owes = owes;
	if (!silent && !owes)
		lives(vigil);
}

void vigil_took(struct vigil *vigil)
{
	vigil->owes = false;
	lives(vigil);
}

void vigil_give_up(struct vigil *vigil)
{
	vigil->left = VIGIL_KILL_LOOKS;
	vigil->given_up = true;
}

enum vigil_step vigil_look(struct vigil *vigil, bool up)
{
	vigil->left--;
	if (!vigil->left) {
		enum vigil_step step =
			vigil->given_up ? VIGIL_KILL : VIGIL_ABORT;

		vigil_give_up(vigil);
		return step;
	}
	if (!up || vigil->asked)
		return VIGIL_WAIT;
	vigil->asked = true;
	return VIGIL_ASK;
}

const char *vigil_part(const struct vigil *vigil, char part[VIGIL_PART_SIZE])
{
	if (!vigil->asked && vigil->silent)
		snprintf(part, VIGIL_PART_SIZE, "worker %u", vigil->silent - 1);
	else if (!vigil->asked && vigil->owes)
		snprintf(part, VIGIL_PART_SIZE, "reload");
	else
		snprintf(part, VIGIL_PART_SIZE, "control thread");
	return part;
}

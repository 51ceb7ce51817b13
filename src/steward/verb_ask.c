/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * verb_ask.c - `relaytun reload`, `confirm` and `plan`: orders and questions
 */

#include "steward/verb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "steward/orders.h"
#include "steward/preview.h"

/** ask() - Give an order to the gateway that runs
 *
 *  Return: exit status, or -ENOENT: it does not run here */
static int ask(struct steward *steward, const char *order)
{
	struct strbuf answer;
	int status;

	strbuf_init(&answer);
	status =
		orders_ask(steward->conf->name, order, &answer, &steward->diag);
	if (status >= 0) {
		fputs(strbuf_str(&answer), status ? stderr : stdout);
	} else if (status != -ENOENT) {
		verb_print(steward);
		status = EXIT_FAILURE;
	}
	strbuf_fini(&answer);
	return status;
}

/** not_running() - Return: exit status */
static int not_running(struct steward *steward)
{
	diag_error(&steward->diag, NULL, 0, "gateway %s is not running here",
		   steward->conf->name);
	verb_print(steward);
	return EXIT_FAILURE;
}

int verb_reload(struct steward *steward)
{
	char order[32] = "reload";
	int status;

	if (!verb_read_conf(steward)) {
		verb_print(steward);
		return EXIT_WRONG_USAGE;
	}
	if (steward->confirm_s)
		snprintf(order, sizeof(order), "reload %u", steward->confirm_s);
	status = ask(steward, order);
	if (status != -ENOENT)
		return status;
	if (!verb_read_policy(steward)) {
		verb_print(steward);
		return EXIT_WRONG_USAGE;
	}
	return not_running(steward);
}

int verb_confirm(struct steward *steward)
{
	int status;

	if (!verb_read_conf(steward)) {
		verb_print(steward);
		return EXIT_WRONG_USAGE;
	}
	status = ask(steward, "confirm");
	return status == -ENOENT ? not_running(steward) : status;
}

int verb_plan(struct steward *steward)
{
	struct strbuf out;
	int ret;

	if (!verb_read_conf(steward) || !verb_read_policy(steward)) {
		verb_print(steward);
		return EXIT_WRONG_USAGE;
	}
	strbuf_init(&out);
	ret = preview(steward->policy, steward->conf, steward->conf_path,
		      &steward->arena, &out, &steward->diag);
	fputs(strbuf_str(&out), stdout);
	strbuf_fini(&out);
	verb_print(steward);
	if (ret < 0)
		return ret == -EBADMSG ? EXIT_WRONG_USAGE : EXIT_FAILURE;
	return ret ? EXIT_WOULD_CHANGE : EXIT_SUCCESS;
}

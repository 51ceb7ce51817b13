/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * dev.h - A relay for developers: no files, everything made in memory
 */

#ifndef RELAY_DEV_H
#define RELAY_DEV_H

#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"
#include "relay/relay_conf.h"

#define DEV_PATH_CNT_MAX 64

/**
 * struct dev - What the command line said
 * @listen:	"ADDRESS:PORT"
 * @paths:	Hybrid connections, @path_cnt of them
 * @fault:	See dev_fault()
 * @conf:	Made by dev_make()
 */
struct dev {
	const char *listen;
	const char *paths[DEV_PATH_CNT_MAX];
	size_t path_cnt;
	struct relay_fault fault;
	struct relay_conf *conf;
};

#define DEV_FAULT_HELP                                                         \
	"--fault is one of late-accept[=SECONDS], ghost-listener, "            \
	"drop-control[=SECONDS], slow-reader, other-host; SECONDS 1 to 3600"

/** dev_fault() - "late-accept=5" and so on; Return: was it one? */
bool dev_fault(struct relay_fault *fault, const char *text);

/**
 * dev_make() - Keys, a certificate, and the configuration around them
 * @arena:	Holds all of it
 * @diag:	Receives what is wrong with the command line
 *
 * Return: 0, or negative errno
 */
int dev_make(struct dev *dev, struct arena *arena, struct diag *diag)
	__attribute__((warn_unused_result));

/** dev_print() - Connection strings and the certificate; Return: 0, or negative
 *  errno when nobody can have got them.  That a reader went is fine */
int dev_print(const struct dev *dev, FILE *to)
	__attribute__((warn_unused_result));

#endif /* RELAY_DEV_H */

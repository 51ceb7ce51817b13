/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * server.h - The program around the relay: signals, status, the stop
 */

#ifndef RELAY_SERVER_H
#define RELAY_SERVER_H

#include "relay/relay_conf.h"
#include "relay/relay_reload.h"

/**
 * server_run() - Serve until SIGTERM or SIGINT
 * @conf:	Settings, keys read
 *
 * Return: 0 or negative errno, -EKEYREJECTED for certificate and key
 */
int server_run(const struct relay_conf *conf, const struct relay_hooks *hooks)
	__attribute__((warn_unused_result));

#endif /* RELAY_SERVER_H */

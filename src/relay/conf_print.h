/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * conf_print.h - relay.cfg in its normal form
 */

#ifndef RELAY_CONF_PRINT_H
#define RELAY_CONF_PRINT_H

#include "base/strbuf.h"
#include "relay/relay_conf.h"

/** relay_conf_print() - Every key with its value, those left out as well;
 *  parsed again it prints the same */
void relay_conf_print(const struct relay_conf *conf, struct strbuf *out);

#endif /* RELAY_CONF_PRINT_H */

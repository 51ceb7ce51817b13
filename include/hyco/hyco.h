/* SPDX-License-Identifier: MIT */

/*
 * hyco.h - All of libhyco
 */

#ifndef HYCO_HYCO_H
#define HYCO_HYCO_H

#include <hyco/conn.h>
#include <hyco/connection_string.h>
#include <hyco/error.h>
#include <hyco/exchange.h>
#include <hyco/listener.h>
#include <hyco/message.h>
#include <hyco/rendezvous.h>
#include <hyco/retry.h>
#include <hyco/sender.h>
#include <hyco/token.h>
#include <hyco/upgrade.h>
#include <hyco/uri.h>

#endif /* HYCO_HYCO_H */

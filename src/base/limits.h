/* SPDX-License-Identifier: MIT */

/*
 * limits.h - Every fixed bound of the project, with its reason
 *
 * A bound that only one file needs stands in that file.  Here stand those that
 * two or more folders must agree on.
 */

#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* An IP packet's total length is a 16-bit field (IPv4); a TUN super-packet
 * keeps to it as well. */
#define PKT_LEN_MAX 65535

/* struct virtio_net_hdr_v1: with 12 bytes a TUN read needs no conversion. */
#define VNET_HDR_LEN 12

/* Longest message we announce in HELLO: the largest packet with its record
 * header, rounded up so that a few small packets fit behind it. */
#define WIRE_MSG_LEN_MAX (65536 + 1024)

/* A peer may announce less, but never so little that HELLO does not fit. */
#define WIRE_MSG_LEN_FLOOR 4096

/* Channels of one pair of gateways, over all relays: more streams than cores can
 * fill, and what a site gateway keeps slots for. */
#define PAIR_CHANNEL_CNT_MAX 32

/* Data-plane threads of a carrier, each with a queue of the TUN device, which
 * could have 256: a worker has 6 MB and more, and one moves gigabits. */
#define WORKER_CNT_MAX 8

/* Names of gateways, sites and services: they end up in nft comments, file
 * names and log lines. */
#define NAME_LEN_MAX 64

/* IFNAMSIZ less its NUL. */
#define IFNAME_LEN_MAX 15

/* Azure allows 256 characters for key names and keys; the same for ours. */
#define KEY_NAME_LEN_MAX 256
#define KEY_LEN_MAX      256

/* A SAS token: audience, signature, expiry and name, all percent-encoded. */
#define TOKEN_LEN_MAX 4096

/* Relay URL in a policy file. */
#define URL_LEN_MAX 2048

/* Head of an HTTP message, request or answer (azure-relay allows 32 kB of
 * headers for relayed HTTP requests; an upgrade needs far less). */
#define HTTP_HEAD_LEN_MAX 16384

/* One JSON message of a control channel: headers of the sender included. */
#define CONTROL_MSG_LEN_MAX 65536

/* A policy text: 10,000 services of some 150 bytes take 1.5 MB. */
#define POLICY_LEN_MAX (16u << 20)

/* Its normal form, which the steward hands to the carrier: a text without any
 * blank or default grows to little more than three times its length. */
#define POLICY_NORMAL_LEN_MAX (4 * POLICY_LEN_MAX)

/* Key, token and certificate files. */
#define SECRET_FILE_LEN_MAX 65536

/* What the steward has shown in the status: its own sentences. */
#define NOTICES_LEN_MAX (64u << 10)

/* Time to confirm a reload: a day. */
#define CONFIRM_S_MAX 86400

#endif /* BASE_LIMITS_H */

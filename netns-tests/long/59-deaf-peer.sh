#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 59-deaf-peer.sh with 5 GB.

OFFER=5000000000 exec "$(dirname "$0")/../59-deaf-peer.sh"

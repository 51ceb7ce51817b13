#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# notified.py SOCKET - Print what is told to systemd's socket, a line each

import os
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
    sock.bind(sys.argv[1])
    os.chmod(sys.argv[1], 0o777)
    while True:
        print(sock.recv(4096).decode(), flush=True)

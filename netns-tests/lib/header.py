#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""header.py - What became of a datagram's header on its way.

  header.py serve ADDRESS PORT        answer each datagram "TTL TOS LENGTH"; the
                                      answer itself has TTL 50 and TOS 0x48
  header.py ask HOST PORT TTL TOS LENGTH
                                      print the answer, then TTL and TOS it came with

IPv4.  An answer that does not come within five seconds, or HEADER_PATIENCE_S, is an
error, exit code 1.
"""

import os
import socket
import struct
import sys

PATIENCE_S = float(os.environ.get("HEADER_PATIENCE_S", 5))


def udp():
    """A socket that tells the header of what comes."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    # Not with DF: what is larger than the link is cut.
    sock.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER, DONT
    return sock


def take(sock):
    """One datagram: its data, TTL, TOS and sender."""
    data, control, _, peer = sock.recvmsg(65535, 256)
    ttl = tos = -1
    for level, kind, value in control:
        if level == socket.IPPROTO_IP and kind == socket.IP_TTL:
            ttl = struct.unpack("i", value)[0]
        if level == socket.IPPROTO_IP and kind == socket.IP_TOS:
            tos = value[0]
    return data, ttl, tos, peer


def serve(address, port):
    """Answer for ever."""
    sock = udp()
    sock.bind((address, int(port)))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 50)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x48)
    print("ready", flush=True)
    while True:
        data, ttl, tos, peer = take(sock)
        sock.sendto(b"%d %#x %d" % (ttl, tos, len(data)), peer)


def ask(host, port, ttl, tos, length):
    """Send one datagram and print what is known of both ways."""
    sock = udp()
    sock.settimeout(PATIENCE_S)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(tos, 0))
    sock.sendto(b"x" * int(length), (host, int(port)))
    data, back_ttl, back_tos, _ = take(sock)
    print(data.decode(), back_ttl, hex(back_tos))


if __name__ == "__main__":
    try:
        {"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
    except socket.timeout:
        sys.exit(1)

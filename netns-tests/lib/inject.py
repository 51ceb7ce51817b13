#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""inject.py - Put a UDP packet onto a device, past routing and netfilter.

  inject.py DEVICE SOURCE DESTINATION [COUNT]

This is what a gateway that does not enforce the policy could send.
"""

import socket
import struct
import sys

SOURCE_PORT = 40000
PORT = 40001
ETH_P_IP = 0x0800


def checksum(data):
    """RFC 1071 over an even number of bytes."""
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, destination):
    """One UDP datagram in IPv4; UDP checksum 0 means none (RFC 768)."""
    body = b"not from here..."
    udp = struct.pack("!HHHH", SOURCE_PORT, PORT, 8 + len(body), 0) + body
    head = struct.pack(
        "!BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(udp),
        1,
        0,
        64,
        socket.IPPROTO_UDP,
        0,
        socket.inet_aton(source),
        socket.inet_aton(destination),
    )
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def main():
    """Command line."""
    device, source, destination, *count = sys.argv[1:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
        for _ in range(int(count[0]) if count else 1):
            sock.sendto(packet(source, destination), (device, ETH_P_IP))


if __name__ == "__main__":
    main()

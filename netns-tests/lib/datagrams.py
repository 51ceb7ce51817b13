#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""datagrams.py - Datagrams handed to the kernel many at a time (UDP_SEGMENT).

  datagrams.py serve ADDRESS PORT             answers each with its number
  datagrams.py send HOST PORT COUNT LENGTH    COUNT batches of 40 datagrams
  datagrams.py flood HOST PORT BYTES LENGTH   as fast as can be, nobody need answer

Each datagram is LENGTH bytes long, its number first, the rest from it; the server
answers with the number and says nothing to one that is not as it was sent.
Exits 1 when one is not answered.
"""

import socket
import struct
import sys

UDP_SEGMENT = 103  # linux/udp.h
BATCH = 40
NUMBER = struct.Struct("!I")


def datagram(number, length):
    """The datagram of a number."""
    return NUMBER.pack(number) + bytes([number & 0xFF]) * (length - NUMBER.size)


def serve(address, port):
    """Answer what is right."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((address, port))
        while True:
            data, peer = sock.recvfrom(65536)
            number = NUMBER.unpack_from(data)[0]
            if data == datagram(number, len(data)):
                sock.sendto(data[: NUMBER.size], peer)


def send(host, port, count, length):
    """All batches, each answered before the next."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((host, port))
        sock.settimeout(3)
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, length)
        for batch in range(count):
            numbers = range(batch * BATCH, (batch + 1) * BATCH)
            sock.send(b"".join(datagram(n, length) for n in numbers))
            left = set(numbers)
            while left:
                try:
                    left.discard(NUMBER.unpack(sock.recv(100))[0])
                except socket.timeout:
                    sys.exit("datagrams: %d were lost" % len(left))


def flood(host, port, total, length):
    """So many bytes, in batches, from a few flows."""
    socks = []
    for _ in range(8):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect((host, port))
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, length)
        socks.append(sock)
    batch = bytes(BATCH * length)
    sent = turn = 0
    while sent < total:
        try:
            sent += socks[turn % len(socks)].send(batch)
        except ConnectionRefusedError:
            pass
        turn += 1


def main():
    """Command line."""
    what, host, port, *rest = sys.argv[1:]
    if what == "serve":
        serve(host, int(port))
    {"send": send, "flood": flood}[what](host, int(port), *map(int, rest))


if __name__ == "__main__":
    main()

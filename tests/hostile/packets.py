# SPDX-License-Identifier: GPL-2.0-or-later
"""packets.py - Packets and records, right ones and others."""

import socket
import struct

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
NEEDS_CSUM, DATA_VALID = 1, 2
TCPV4, UDP_FRAG, TCPV6, UDP_L4, ECN = 1, 3, 4, 5, 0x80


def vnet(flags=0, kind=0, hdr=0, size=0, start=0, offset=0, buffers=0):
    """The offload header of 12 bytes."""
    return struct.pack("<BBHHHHH", flags, kind, hdr, size, start, offset, buffers)


def record(packet, header=None, length=None, padding=None):
    """One record; its length and padding may lie."""
    header = vnet() if header is None else header
    length = len(header) + len(packet) if length is None else length
    padding = bytes(-len(header + packet) % 4) if padding is None else padding
    return struct.pack("<I", length) + header + packet + padding


def checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip4(src, dst, proto, payload, version=4, words=5, length=None, frag=0):
    """IPv4; version, header length and total length may lie."""
    length = 20 + len(payload) if length is None else length
    head = struct.pack(
        "!BBHHHBBH4s4s",
        version << 4 | words,
        0,
        length,
        1,
        frag,
        64,
        proto,
        0,
        socket.inet_aton(src),
        socket.inet_aton(dst),
    )
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(src, dst, proto, payload, length=None):
    """IPv6; its length may lie."""
    length = len(payload) if length is None else length
    return (
        struct.pack("!IHBB", 6 << 28, length, proto, 64)
        + socket.inet_pton(socket.AF_INET6, src)
        + socket.inet_pton(socket.AF_INET6, dst)
        + payload
    )


def tcp(payload=b"", port=443, flags=0x02, words=5):
    """A SYN unless said otherwise."""
    return (
        struct.pack("!HHIIBBHHH", 40000, port, 1, 0, words << 4, flags, 1024, 0, 0)
        + payload
    )


def udp(payload=b"", port=53):
    """Without checksum."""
    return struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload


def echo(number):
    """Ping."""
    head = struct.pack("!BBHHH", 8, 0, 0, 4711, number)
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def icmp_error(quote, kind=3):
    """Unreachable, or another."""
    head = struct.pack("!BBHI", kind, 1, 0, 0) + quote
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]

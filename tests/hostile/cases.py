# SPDX-License-Identifier: GPL-2.0-or-later
"""cases.py - What a peer must not send, and what is to become of it.

packet_cases: name, record, the drop counter that must go up by one; the channel
goes on.  message_cases: name, messages on an open channel, how it must end.
greeting_cases: name, function of a channel that has got no further than the
WebSocket, how it must end.  An end is the code of a BYE, "closed" or "open".
"""

import struct

import channel as ch
from packets import (
    DATA_VALID,
    ECN,
    ICMP,
    NEEDS_CSUM,
    TCP,
    TCPV4,
    TCPV6,
    UDP,
    UDP_FRAG,
    UDP_L4,
    icmp_error,
    ip4,
    ip6,
    record,
    tcp,
    udp,
    vnet,
)

PROTOCOL, VERSION, UNKNOWN_PEER = 5, 3, 4


def packet_cases(src, dst, own, far):
    """@src to @dst is what this peer may send; @own and @far are the tunnel
    addresses of both ends."""
    yield from header_cases(src, dst)
    yield from offload_cases(src, dst)
    yield from source_cases(src, dst, own, far)


def header_cases(src, dst):
    """Headers that are none."""
    bad = "down_bad_packet"
    good = udp(b"x" * 40)
    ext = bytes([60, 0]) + bytes(6)
    yield "version 0", record(ip4(src, dst, UDP, good, version=0)), bad
    yield "version 5", record(ip4(src, dst, UDP, good, version=5)), bad
    yield "version 15", record(b"\xff" * 60), bad
    yield "header of 16 bytes", record(ip4(src, dst, UDP, good, words=4)), bad
    yield "header past the end", record(ip4(src, dst, UDP, b"", words=15)), bad
    yield "total length 0", record(ip4(src, dst, UDP, good, length=0)), bad
    yield "total length short", record(ip4(src, dst, UDP, good, length=60)), bad
    yield "total length long", record(ip4(src, dst, UDP, good, length=1500)), bad
    six = "fd64::1", "fd64::2"
    yield "IPv6 length short", record(ip6(*six, UDP, good, length=8)), bad
    yield "IPv6 length long", record(ip6(*six, UDP, good, length=900)), bad
    yield "IPv6 header cut", record(ip6(*six, UDP, b"")[:36]), bad
    yield "options cut", record(ip6(*six, 60, bytes([17, 9]) + bytes(6))), bad
    yield "options late", record(
        ip6(*six, 60, bytes([0, 0]) + bytes(6) + bytes([17, 0]) + bytes(6) + good)
    ), bad
    yield "nine extension headers", record(
        ip6(*six, 60, ext * 8 + bytes([17, 0]) + bytes(6) + good)
    ), bad
    yield "two fragment headers", record(
        ip6(
            *six,
            44,
            bytes([44, 0, 0, 1]) + bytes(4) + bytes([17, 0, 0, 1]) + bytes(4) + good,
        )
    ), bad


def offload_cases(src, dst):
    """Offload headers that do not fit the packet."""
    bad = "down_bad_offload"
    datagram = ip4(src, dst, UDP, udp(b"x" * 4000))
    segment = ip4(src, dst, TCP, tcp(b"x" * 4000))
    error = ip4(src, dst, ICMP, icmp_error(ip4(dst, src, UDP, udp())))
    piece = ip4(src, dst, UDP, udp(b"x" * 100), frag=0x2000)
    cut = dict(flags=NEEDS_CSUM, kind=TCPV4, hdr=40, size=1400, start=20, offset=16)
    sums = dict(flags=NEEDS_CSUM, start=20, offset=6)
    batch = dict(flags=NEEDS_CSUM, kind=UDP_L4, hdr=28, size=1400, start=20, offset=6)

    def lie(name, packet, base, **change):
        return name, record(packet, vnet(**{**base, **change})), bad

    yield lie("unknown flag", datagram, sums, flags=NEEDS_CSUM | 4)
    yield lie("fields without a flag", datagram, {}, start=20)
    yield lie("segments without a flag", segment, cut, flags=0)
    yield lie("valid and segments", segment, cut, flags=DATA_VALID)
    yield lie("UDP fragments", datagram, batch, kind=UDP_FRAG)
    yield lie("unknown type", segment, cut, kind=2)
    yield lie("type 127", segment, cut, kind=127)
    yield lie("TCP type on UDP", datagram, batch, kind=TCPV4)
    yield lie("IPv6 type on IPv4", segment, cut, kind=TCPV6)
    yield lie("UDP type on TCP", segment, cut, kind=UDP_L4)
    yield lie("ECN with UDP", datagram, batch, kind=UDP_L4 | ECN)
    yield lie("segments of 0", segment, cut, size=0)
    yield lie("segments of 7", segment, cut, size=7)
    yield lie("datagrams of 1", datagram, batch, size=1)
    yield lie("headers too short", segment, cut, hdr=39)
    yield lie("headers past the end", segment, cut, hdr=65535)
    yield lie("sum begins in the IP header", datagram, sums, start=12)
    yield lie("sum begins past the end", datagram, sums, start=60000)
    yield lie("sum goes elsewhere", datagram, sums, offset=2)
    yield lie("sum goes past the end", datagram, sums, offset=65535)
    yield lie("TCP's sum in UDP", datagram, sums, offset=16)
    yield lie("sum of ICMP", error, sums, offset=2)
    yield lie("sum of a fragment", piece, sums)
    yield lie("many buffers", datagram, {}, buffers=2)
    yield lie("headers without segments", datagram, sums, hdr=28)
    yield lie("size without segments", datagram, sums, size=1400)
    yield lie("no payload to cut", ip4(src, dst, TCP, tcp()), cut)
    yield lie("TCP header that lies", ip4(src, dst, TCP, tcp(b"x" * 9, words=15)), cut)


def source_cases(src, dst, own, far):
    """Addresses that are not this peer's, or not the gateway's."""
    bad = "down_source"

    def way(name, a, b, proto=UDP, payload=udp(b"x" * 40)):
        return name, record(ip4(a, b, proto, payload)), bad

    yield way("from the internet", "8.8.8.8", dst)
    yield way("from the gateway itself", far, dst)
    yield way("from what it stands for", dst, dst)
    yield way("from another gateway", "100.64.0.77", dst)
    yield way("from loopback", "127.0.0.1", dst)
    yield way("from 0.0.0.0", "0.0.0.0", dst)
    yield way("from a group", "224.0.0.1", dst)
    yield way("from everybody", "255.255.255.255", dst)
    yield way("to the internet", src, "8.8.8.8")
    yield way("to another site", src, "10.2.0.5")
    yield way("to us", src, own if own != src else "100.64.0.1")
    yield way("to loopback", src, "127.0.0.1")
    yield way("to a group", src, "224.0.0.1")
    yield way("to everybody", src, "255.255.255.255")
    quote = ip4("8.8.8.8", "9.9.9.9", UDP, udp())
    yield way("error about others' packet", "8.8.8.8", dst, ICMP, icmp_error(quote))
    quote = ip4(dst, "9.9.9.9", UDP, udp())
    yield way("error about a packet that went elsewhere", "8.8.8.8", dst, ICMP,
              icmp_error(quote))
    quote = ip4(dst, src, UDP, udp())
    yield way("redirect", "8.8.8.8", dst, ICMP, icmp_error(quote, kind=5))
    yield "IPv6 link-local", record(ip6("fe80::1", "fe80::2", UDP, udp())), bad
    yield "IPv6 from nobody", record(ip6("::", "fd64:1::1", UDP, udp())), bad


def message_cases(src, dst):
    """Messages on an open channel."""
    good = ip4(src, dst, TCP, tcp(port=9))
    data = ch.DATA

    def one(name, kind, body=b"", end=PROTOCOL, **lies):
        return name, [ch.message(kind, body, **lies)], end

    yield one("record of 0 bytes", data, record(good, length=0))
    yield one("record of 31 bytes", data, record(good, length=31))
    yield one("record of 65548 bytes", data, record(good, length=65548) + bytes(65548))
    yield one("record past the end", data, record(good, length=len(good) + 13))
    yield one("record of 4 GB", data, record(good, length=0xFFFFFFFF))
    yield one("record without its header", data, b"\x20\0\0")
    yield one("padding of ones", data, record(good + b"x", padding=b"\1\1\1"))
    yield one("no padding", data, record(good + b"x", padding=b""))
    yield "shorter than its header", [b"\5\0\0"], PROTOCOL
    yield "empty", [b""], PROTOCOL
    yield one("flags", data, flags=1)
    yield one("reserved", data, reserved=256)
    yield one("second HELLO", ch.HELLO, bytes(50))
    yield one("HANDSHAKE", ch.HANDSHAKE, bytes(50))
    yield one("SEALED", ch.SEALED, bytes(50))
    yield one("short PING", ch.PING, bytes(23))
    yield one("short PONG", ch.PONG, bytes(5))
    yield one("PONG of more than was sent", ch.PONG,
              struct.pack("<QQQ", 1, 1 << 60, 1))
    for time in 0, 1 << 63, (1 << 63) + 1, (1 << 64) - 1:
        yield one("PONG of time %d" % time, ch.PONG,
                  struct.pack("<QQQ", time, 0, 1), end="open")
    yield one("short POLICY", ch.POLICY, bytes(31))
    yield one("short BYE", ch.BYE, b"\1", end=PROTOCOL)
    yield one("BYE of a long text", ch.BYE, struct.pack("<HH", 1, 200) + bytes(200))
    yield one("BYE", ch.BYE, struct.pack("<HH", 1, 0), end="closed")
    yield "longer than was announced", [ch.message(data, bytes(66561))], (
        PROTOCOL,
        "closed",
    )
    yield "a megabyte", [ch.message(data, bytes(1 << 20))], (PROTOCOL, "closed")
    yield one("unknown type", 250, bytes(100), end="open")
    yield one("reserved type", 12, bytes(100), end="open")


def greeting_cases(role):
    """Greetings of a gateway of this role that are none."""

    def with_fields(change=None, more=b"", drop=()):
        def greet(channel):
            channel.preface()
            fields = channel.fields()
            fields.update(change or {})
            for number in drop:
                del fields[number]
            channel.send(ch.hello(fields, more))

        return greet

    def first(*messages):
        def greet(channel):
            for one in messages:
                channel.send(one)

        return greet

    def twice(channel):
        channel.preface()
        channel.send(channel.mine)

    def early(*messages):
        def greet(channel):
            channel.preface()
            for one in messages:
                channel.send(one)

        return greet

    u32 = struct.Struct("<I").pack
    yield "unknown critical field", with_fields(more=ch.tlv(99, b"x", True)), VERSION
    yield "unknown required feature", with_fields({7: u32(1 << 31)}), VERSION
    yield "a field twice", with_fields(more=ch.tlv(13, b"x")), PROTOCOL
    yield "a needed field missing", with_fields(drop=[9]), PROTOCOL
    yield "no name", with_fields({2: b""}), PROTOCOL
    yield "long name", with_fields({2: b"n" * 65}), PROTOCOL
    yield "name with a newline", with_fields({2: b"edge\n1"}), PROTOCOL
    yield "unknown role", with_fields({3: b"\7"}), PROTOCOL
    yield "short instance", with_fields({5: b"short"}), PROTOCOL
    yield "messages of 100 bytes", with_fields({9: u32(100)}), PROTOCOL
    yield "field past the end", with_fields(more=b"\x0d\0\xff\xff"), PROTOCOL
    yield "another PREFACE's digest", with_fields({1: bytes(32)}), PROTOCOL
    yield "somebody else's name", with_fields({2: b"nobody"}), UNKNOWN_PEER
    yield "another site", with_fields({4: b"bergen"}), UNKNOWN_PEER
    yield "the other role", with_fields({3: bytes([3 - ch.ROLE[role]])}), UNKNOWN_PEER
    # The listener's number says nothing.
    if role == "cloud":
        yield "number 32", with_fields({15: struct.pack("<H", 32)}), PROTOCOL
    yield "HELLO before PREFACE", first(ch.message(ch.HELLO, bytes(60))), PROTOCOL
    yield "PREFACE twice", twice, PROTOCOL
    yield "DATA before HELLO", early(ch.message(ch.DATA)), PROTOCOL
    yield "PING before HELLO", early(ch.message(ch.PING, bytes(24))), PROTOCOL
    yield "POLICY before HELLO", early(ch.message(ch.POLICY, bytes(32))), PROTOCOL
    yield "short PREFACE", first(ch.message(ch.PREFACE, b"RTUN")), PROTOCOL
    yield "PREFACE of nobody", first(ch.message(ch.PREFACE, bytes(44))), PROTOCOL
    yield "major version 2", first(
        ch.message(ch.PREFACE, b"RTUN\2" + bytes(39))
    ), VERSION
    yield "text", lambda channel: channel.send(b"hello", ch.TEXT), PROTOCOL

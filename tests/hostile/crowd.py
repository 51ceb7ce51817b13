#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""crowd.py - Many honest site gateways in one process.

  crowd.py HOST PORT CA COUNT CHANNELS TOKEN_FILE

Gateway n is "site-n" of site "s-n" at hybrid connection "p-n", whose token is line n
of TOKEN_FILE; its tunnel address is 100.65.n.1, which answers pings.  Each takes
CHANNELS channels.  Prints "all" when all are open.
"""

import struct
import sys
import threading
import time

import channel as ch
from packets import checksum, record


def answer_pings(body, address):
    """Records with echo replies for the echo requests in a DATA body."""
    out = b""
    at = 0
    while at < len(body):
        length = struct.unpack_from("<I", body, at)[0]
        packet = body[at + 16 : at + 4 + length]
        at += 4 + length + (-length) % 4
        if packet[9] != 1 or packet[20] != 8 or packet[16:20] != address:
            continue
        icmp = b"\0\0\0\0" + packet[24:]
        icmp = icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]
        head = packet[:12] + packet[16:20] + packet[12:16]
        out += record(head + icmp)
    return out


def serve(channel, address):
    """An open channel: pings of both kinds."""
    channel.ws.tls.settimeout(None)
    while True:
        kind, body = channel.receive()
        if kind is None:
            return
        if kind == ch.PING:
            channel.answer(body)
        if kind == ch.DATA and (replies := answer_pings(body, address)):
            channel.send(ch.message(ch.DATA, replies))


def gateway(number, count, args, tokens, gate):
    """One site gateway: so many channels, for ever."""
    host, port, authority = args
    who = {"name": "site-%d" % number, "role": "site", "site": "s-%d" % number}
    who["start"] = int(time.time() * 1000)
    address = bytes([100, 65, number, 1])
    relay = ch.Relay(host, port, authority, "p-%d" % number, tokens[number], True)
    relay.control.tls.settimeout(None)
    opened = 0
    while True:
        try:
            channel = ch.Channel(relay, who).open()
        except (OSError, EOFError) as error:
            print("site-%d: %s" % (number, error), file=sys.stderr, flush=True)
            continue
        threading.Thread(target=serve, args=(channel, address), daemon=True).start()
        opened += 1
        if opened == count:
            gate.release()


def main():
    """Command line."""
    *args, count, channels, token_file = sys.argv[1:]
    with open(token_file, encoding="ascii") as file:
        tokens = file.read().split("\n")
    gate = threading.Semaphore(0)
    for number in range(int(count)):
        threading.Thread(
            target=gateway,
            args=(number, int(channels), args, tokens, gate),
            daemon=True,
        ).start()
    for number in range(int(count)):
        gate.acquire()
    print("all", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()

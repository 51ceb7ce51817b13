#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Throughput of relaytun-relay: one joined pair on loopback, TLS, 64 KB frames.

usage: bench.py [--program FILE] [--seconds N] [--size BYTES]

Prints Gbit/s of payload, and Gbit/s per second of the relay's CPU: the second
is what the relay can do with a core of its own, whatever the clients and
other users of the machine take.
"""

import argparse
import multiprocessing
import os
import time

from client import BINARY, Eof, frame
from server import Relay


def push(client, size, end):
    """Send frames until @end; the frame is masked once, that is not measured."""
    data = frame(BINARY, os.urandom(size)) * max(1, 262144 // size)
    try:
        while time.monotonic() < end:
            client.send(data)
    except OSError:
        pass


def pull(client, counter, end):
    buf = bytearray(1 << 18)
    got = 0
    client.sock.settimeout(0.2)
    try:
        while time.monotonic() < end:
            try:
                got += client.sock.recv_into(buf)
            except TimeoutError:
                pass
    except (OSError, Eof):
        pass
    counter.value = got


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=os.path.join(
        here, "../../build/libexec/relaytun/relaytun-relay"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--size", type=int, default=65536)
    options = parser.parse_args()
    with Relay(options.program) as relay, relay.listen() as listener:
        sender, side = relay.pair(listener)
        end = time.monotonic() + options.seconds
        counter = multiprocessing.Value("q", 0)
        jobs = [multiprocessing.Process(target=push,
                                        args=(sender, options.size, end)),
                multiprocessing.Process(target=pull,
                                        args=(side, counter, end))]
        cpu, begin = relay.cpu_s(), time.monotonic()
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        taken = time.monotonic() - begin
        cpu = relay.cpu_s() - cpu
        bits = 8e-9 * counter.value
        print(f"{bits / taken:.2f} Gbit/s, relay used {cpu / taken:.0%} of a "
              f"core: {bits / cpu:.2f} Gbit/s per core; "
              f"RSS {relay.rss_kib() / 1024:.1f} MiB")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""flows.py - Many TCP connections to an echo service, each watched for pauses.

  flows.py HOST PORT COUNT SECONDS [INTERVAL_MS]

Each connection sends a numbered message every INTERVAL_MS (20) and gets it back.
Prints "open" when all stand, and at the end one line each: how many answers came,
the longest pause between two answers of one connection in ms, how many connections
had one of more than PAUSED_MS, and how many were reset or ended.  Exits 1 if any
were, or an answer was wrong.
"""

import os
import select
import socket
import struct
import sys
import time

MESSAGE = struct.Struct("!QQ48x")
DRAIN_S = float(os.environ.get("FLOWS_DRAIN_S", 15))  # at most, for the last answers
PAUSED_MS = 500


class Flow:
    """One connection."""

    def __init__(self, host, port):
        self.sock = socket.create_connection((host, port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.sent = 0
        self.got = 0
        self.data = b""
        self.last = time.monotonic()
        self.pause = 0.0
        self.dead = ""

    def send(self, key):
        """The next message, unless the socket is full of unanswered ones."""
        try:
            self.sock.send(MESSAGE.pack(key, self.sent))
            self.sent += 1
        except BlockingIOError:
            pass
        except OSError as error:
            self.dead = str(error)

    def waits(self):
        """Is there an answer to come?"""
        return not self.dead and self.got < self.sent

    def receive(self, key, now):
        """What has come back."""
        try:
            piece = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.dead = str(error)
            return
        if not piece:
            self.dead = "ended"
        self.data += piece
        while len(self.data) >= MESSAGE.size:
            if MESSAGE.unpack_from(self.data) != (key, self.got):
                self.dead = "wrong answer"
                return
            self.data = self.data[MESSAGE.size :]
            self.got += 1
            self.pause = max(self.pause, now - self.last)
            self.last = now


def main():
    """Command line."""
    host, port, count, seconds = sys.argv[1:5]
    interval = int(sys.argv[5]) / 1000 if len(sys.argv) > 5 else 0.02
    flows = [Flow(host, int(port)) for _ in range(int(count))]
    print("open", flush=True)
    by_fd = {flow.sock.fileno(): (key, flow) for key, flow in enumerate(flows)}
    poller = select.poll()
    for fd in by_fd:
        poller.register(fd, select.POLLIN)
    start = due = time.monotonic()
    end = start + float(seconds)
    for flow in flows:
        flow.last = start
    # A connection that is closed with answers unread is reset: none shall be.
    while (now := time.monotonic()) < end or (
        now < end + DRAIN_S and any(flow.waits() for flow in flows)
    ):
        if due <= now < end:
            due = max(due + interval, now)
            for key, flow in by_fd.values():
                if not flow.dead:
                    flow.send(key)
        for fd, _ in poller.poll(max(1, (due - now) * 1000)):
            by_fd[fd][1].receive(by_fd[fd][0], time.monotonic())
            if by_fd[fd][1].dead:
                poller.unregister(fd)
    now = time.monotonic()
    dead = [flow.dead for flow in flows if flow.dead]
    print("answers", sum(flow.got for flow in flows))
    pauses = [
        int(1000 * max(flow.pause, now - flow.last if flow.waits() else 0))
        for flow in flows
    ]
    print("pause_ms", max(pauses))
    print("paused", sum(pause > PAUSED_MS for pause in pauses))
    print("dead", len(dead), *set(dead))
    sys.exit(1 if dead else 0)


if __name__ == "__main__":
    main()

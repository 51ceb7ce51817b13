#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""crowd.py - Many flows at once, each asking its service again and again.

  crowd.py HOST COUNT PORT[/udp]...   COUNT flows to each port

Each flow asks every 40 ms (tell.py answers).  Prints "open" when all have been
answered once, a line "ended PORT ERROR TIME" for each that breaks, and on SIGTERM
"gap MS" (the longest wait of a living flow) and "alive COUNT".
A port with the word "idle" after it, as 7001/idle, asks once and then stays silent.
"""

import errno
import selectors
import signal
import socket
import sys
import time

PERIOD_S = 0.04


class Flow:
    """One of them."""

    def __init__(self, host, what):
        port, _, kind = what.partition("/")
        self.port = what
        self.idle = kind == "idle"
        kind = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
        self.sock = socket.socket(socket.AF_INET, kind)
        self.sock.settimeout(5)
        self.sock.connect((host, int(port)))
        self.sock.setblocking(False)
        self.asked = None  # since when an answer is due
        self.answered = False
        self.gap = 0.0

    def ask(self, now):
        """One question, unless one is open or it is silent."""
        if self.answered and self.idle:
            return
        if self.asked is None:
            self.asked = now
        try:
            self.sock.send(b"?")
        except BlockingIOError:
            pass

    def hear(self, now):
        """An answer, or the end (an OSError)."""
        if not self.sock.recv(4096):
            raise OSError(errno.EPIPE, "EOF")
        if self.asked is not None:
            self.gap = max(self.gap, now - self.asked)
        self.asked = None
        self.answered = True


def longest_ms(flows):
    """The longest wait of a flow, also one that is not over."""
    now = time.monotonic()
    waits = [max(f.gap, now - f.asked if f.asked else 0) for f in flows]
    return max([0.0] + waits) * 1000


def serve(flows, ready):
    """Until SIGTERM."""
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    opened = False
    due = time.monotonic()

    def end(flow, error):
        name = errno.errorcode.get(error.errno, "silence")
        print("ended", flow.port, name, "%.3f" % time.time(), flush=True)
        ready.unregister(flow.sock)
        flow.sock.close()
        flows.remove(flow)

    while not stopped:
        now = time.monotonic()
        if now >= due:
            due += PERIOD_S
            for flow in list(flows):
                try:
                    flow.ask(now)
                except OSError as error:
                    end(flow, error)
        for key, _ in ready.select(max(0, due - time.monotonic())):
            try:
                key.data.hear(time.monotonic())
            except BlockingIOError:
                pass
            except OSError as error:
                end(key.data, error)
        if not opened and all(flow.answered for flow in flows):
            opened = True
            for flow in flows:
                flow.gap = 0.0
            print("open", flush=True)
    print("gap %d" % longest_ms(flows))
    print("alive %d" % len(flows), flush=True)


def main():
    """Command line."""
    host, count, *ports = sys.argv[1:]
    flows = [Flow(host, port) for port in ports for _ in range(int(count))]
    ready = selectors.DefaultSelector()
    for flow in flows:
        ready.register(flow.sock, selectors.EVENT_READ, flow)
    serve(flows, ready)


if __name__ == "__main__":
    main()

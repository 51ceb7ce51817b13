#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sequence.py - Very many short connections to an echo service.

  sequence.py HOST PORT COUNT PREFIX FIRST LAST

COUNT connections in all, from the addresses PREFIX.FIRST to PREFIX.LAST in turn, 50
under way at a time: each sends a word, gets it back, and closes.  Exits 1 when one
is not served.
"""

import selectors
import socket
import sys
import time

WORD = b"are you there?"
AT_ONCE = 50
PATIENCE_S = 10


def begin(target, source):
    """One connection under way."""
    sock = socket.socket()
    sock.setblocking(False)
    # The kernel picks a port when it knows both ends.
    sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
    sock.bind((source, 0))
    sock.connect_ex(target)
    return sock


def step(sock, state):
    """Go on with it; Return: its next state, None when it is done."""
    if state == "connecting":
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "no connection")
        sock.send(WORD)
        return "asking"
    if sock.recv(100) != WORD:
        raise OSError(0, "a wrong answer")
    return None


def main():
    """Command line."""
    host, port, count, prefix, first, last = sys.argv[1:]
    target = (socket.gethostbyname(host), int(port))
    sources = ["%s.%d" % (prefix, n) for n in range(int(first), int(last) + 1)]
    selector = selectors.DefaultSelector()
    started = done = 0
    heard = time.monotonic()
    while done < int(count):
        while started < int(count) and started - done < AT_ONCE:
            sock = begin(target, sources[started % len(sources)])
            selector.register(sock, selectors.EVENT_WRITE, "connecting")
            started += 1
        for key, _ in selector.select(1):
            heard = time.monotonic()
            try:
                state = step(key.fileobj, key.data)
            except OSError as error:
                sys.exit("sequence: after %d connections: %s" % (done, error))
            if state:
                selector.modify(key.fileobj, selectors.EVENT_READ, state)
                continue
            selector.unregister(key.fileobj)
            key.fileobj.close()
            done += 1
        if time.monotonic() - heard > PATIENCE_S:
            sys.exit("sequence: nothing answers after %d connections" % done)
    print("done", done)


if __name__ == "__main__":
    main()

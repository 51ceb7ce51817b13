#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tell.py - A service that says who reached it where.

  tell.py serve ADDRESS PORT[-PORT]...     TCP and UDP; answers "PEER OWN PORT"
  tell.py ask HOST PORT tcp|udp [SOURCE]   print the answer
  tell.py hold HOST PORT tcp|udp [SOURCE]  ask four times a second until it ends;
                                           print "open", then how and when

An answer that does not come within five seconds, or TELL_PATIENCE_S, is an error,
exit code 1.
"""

import errno
import os
import selectors
import socket
import sys
import time

PATIENCE_S = float(os.environ.get("TELL_PATIENCE_S", 5))


def family_of(address):
    """By its look."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(address, port, kind):
    """A socket of either kind."""
    sock = socket.socket(family_of(address), kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(256)
    return sock


def text(peer, own):
    """What an asker is told."""
    return ("%s %s %d" % (peer[0], own[0], own[1])).encode()


def serve(address, *ranges):
    """Answer for ever."""
    ready = selectors.DefaultSelector()
    for ports in ranges:
        first, _, last = ports.partition("-")
        for port in range(int(first), int(last or first) + 1):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                sock = listen(address, port, kind)
                ready.register(sock, selectors.EVENT_READ, "listening")
    print("ready", flush=True)
    while True:
        for key, _ in ready.select():
            sock = key.fileobj
            if sock.type == socket.SOCK_DGRAM:
                _, peer = sock.recvfrom(2048)
                sock.sendto(text(peer, sock.getsockname()), peer)
            elif key.data == "listening":
                conn, _ = sock.accept()
                ready.register(conn, selectors.EVENT_READ, "connected")
            else:
                answer(ready, sock)


def answer(ready, sock):
    """One question on a connection, or its end."""
    try:
        if sock.recv(2048):
            sock.sendall(text(sock.getpeername(), sock.getsockname()))
            return
        print("closed", flush=True)
    except OSError as error:
        print("broken", errno.errorcode[error.errno], flush=True)
    ready.unregister(sock)
    sock.close()


def connect(host, port, proto, source):
    """A connected socket."""
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
    sock = socket.socket(family, kind)
    sock.settimeout(PATIENCE_S)
    if source:
        sock.bind((source, 0))
    sock.connect(address)
    return sock


def ask(host, port, proto, source=None):
    """One question."""
    with connect(host, port, proto, source) as sock:
        sock.send(b"?")
        print(sock.recv(200).decode())


def hold(host, port, proto, source=None):
    """Until somebody ends it."""
    with connect(host, port, proto, source) as sock:
        opened = False
        while True:
            try:
                sock.send(b"?")
                got = sock.recv(200)
            except OSError as error:
                name = "silence" if error.errno is None else errno.errorcode[error.errno]
                print("ended", name, "%.3f" % time.time(), flush=True)
                return
            if not got:
                print("ended EOF %.3f" % time.time(), flush=True)
                return
            if not opened:
                print("open", flush=True)
            opened = True
            time.sleep(0.25)


def main():
    """Command line."""
    what, host, *rest = sys.argv[1:]
    if what == "serve":
        serve(host, *rest)
    try:
        {"ask": ask, "hold": hold}[what](host, int(rest[0]), *rest[1:])
    except OSError as error:
        sys.exit("tell: %s" % error)


if __name__ == "__main__":
    main()

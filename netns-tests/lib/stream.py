#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""stream.py - One TCP connection with checked bytes both ways.

  stream.py serve ADDRESS PORT
  stream.py run HOST PORT [--up BYTES] [--down BYTES]
  stream.py run HOST PORT --rate BYTES_PER_S

Both directions run at the same time over one connection; nothing is ever
retried.  Each sender sends blocks with their lengths, then one of no length and the
SHA-256 of all, and the receiver compares with what came.  With a rate both go on
until SIGUSR1 comes: the client ends its stream, and then the server does.  The
client prints its own port, "flows" when the first MB has come down, and at the end
what passed; it exits 1 if anything differs.
"""

import argparse
import hashlib
import os
import signal
import socket
import struct
import sys
import threading
import time

HEADER = struct.Struct("!4sQQQ")  # magic, bytes up, bytes down, bytes a second
MAGIC = b"rts2"
ENDLESS = (1 << 64) - 1
LENGTH = struct.Struct("!I")
BLOCK_LEN = 1 << 18
FLOWS_LEN = 1000000
DIGEST_LEN = 32
STALL_S = 60


class Sender(threading.Thread):
    """Sends pseudo-random bytes, length of them or until told, then their digest."""

    def __init__(self, sock, length, rate):
        super().__init__(daemon=True)
        self.sock = sock
        self.length = length
        self.rate = rate
        self.told = threading.Event()
        self.sent = 0

    def run(self):
        block = bytearray(os.urandom(BLOCK_LEN))
        digest = hashlib.sha256()
        start = time.monotonic()
        # A slow stream is cut into small pieces, so that it never pauses long.
        step = max(1, min(BLOCK_LEN, self.rate // 50)) if self.rate else BLOCK_LEN
        while self.sent < self.length and not self.told.is_set():
            struct.pack_into("!Q", block, 0, self.sent)
            piece = memoryview(block)[: min(step, self.length - self.sent)]
            digest.update(piece)
            self.sock.sendall(LENGTH.pack(len(piece)))
            self.sock.sendall(piece)
            self.sent += len(piece)
            if self.rate:
                ahead = self.sent / self.rate - (time.monotonic() - start)
                if ahead > 0:
                    time.sleep(ahead)
        self.sock.sendall(LENGTH.pack(0) + digest.digest())


def receive(sock, length):
    """Exactly length bytes."""
    data = bytearray()
    while len(data) < length:
        piece = sock.recv(length - len(data))
        if not piece:
            raise EOFError("the connection ended early")
        data += piece
    return bytes(data)


def receive_stream(sock, length, flows=None):
    """Receive what a Sender sends: how much it was, and its digest."""
    view = memoryview(bytearray(BLOCK_LEN))
    digest = hashlib.sha256()
    got = 0
    while left := LENGTH.unpack(receive(sock, LENGTH.size))[0]:
        while left:
            count = sock.recv_into(view[: min(BLOCK_LEN, left)])
            if not count:
                raise EOFError("the connection ended after %d bytes" % got)
            digest.update(view[:count])
            left -= count
            if flows and got < FLOWS_LEN <= got + count:
                flows()
            got += count
    if receive(sock, DIGEST_LEN) != digest.digest():
        raise ValueError("checksum differs")
    if length not in (got, ENDLESS):
        raise ValueError("%d bytes in place of %d" % (got, length))
    return got, digest.digest()


def serve_one(sock):
    """One connection at the server: both directions, then a verdict."""
    sock.settimeout(STALL_S)
    with sock:
        magic, up, down, rate = HEADER.unpack(receive(sock, HEADER.size))
        if magic != MAGIC:
            raise ValueError("this is no stream.py")
        sender = Sender(sock, down, rate)
        sender.start()
        _, digest = receive_stream(sock, up)
        if up == ENDLESS:
            sender.told.set()
        sender.join()
        sock.sendall(digest)


def serve(address, port):
    """Accept for ever, a thread for each connection."""
    with socket.create_server((address, port)) as listener:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=serve_one, args=(sock,), daemon=True).start()


def run(args):
    """The client's side of one connection."""

    def say(text):
        print(text, flush=True)

    if args.rate:
        args.up = args.down = ENDLESS
    with socket.create_connection((args.host, args.port), STALL_S) as sock:
        say("port %d" % sock.getsockname()[1])
        sock.sendall(HEADER.pack(MAGIC, args.up, args.down, args.rate))
        sender = Sender(sock, args.up, args.rate)
        signal.signal(signal.SIGUSR1, lambda *_: sender.told.set())
        start = time.monotonic()
        sender.start()
        down, down_digest = receive_stream(sock, args.down, lambda: say("flows"))
        up_digest = receive(sock, DIGEST_LEN)
        sender.join()
    say("down %d %s" % (down, down_digest.hex()))
    say("up %d %s" % (sender.sent, up_digest.hex()))
    say("took %.1f s" % (time.monotonic() - start))


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["serve", "run"])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--up", type=int, default=0)
    parser.add_argument("--down", type=int, default=0)
    parser.add_argument("--rate", type=int, default=0)
    args = parser.parse_args()
    if args.what == "serve":
        serve(args.host, args.port)
    try:
        run(args)
    except (OSError, EOFError, ValueError) as error:
        sys.exit("stream: %s" % error)


if __name__ == "__main__":
    main()

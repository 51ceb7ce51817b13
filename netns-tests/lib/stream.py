#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""stream.py - One TCP connection with checked bytes both ways.

  stream.py serve ADDRESS PORT
  stream.py run HOST PORT [--up BYTES] [--down BYTES] [--rate BYTES_PER_S]

Both directions run at the same time over one connection; nothing is ever
retried.  Each sender ends its stream with the SHA-256 of what it sent, and the
receiver compares with what came.  The client prints its own port, a line per
quarter that came down, and at the end what passed; it exits 1 if anything
differs.
"""

import argparse
import hashlib
import os
import socket
import struct
import sys
import threading
import time

HEADER = struct.Struct("!4sQQQ")  # magic, bytes up, bytes down, bytes a second
MAGIC = b"rts1"
BLOCK_LEN = 1 << 18
DIGEST_LEN = 32
STALL_S = 60


def send_stream(sock, length, rate):
    """Send length pseudo-random bytes, then their digest."""
    block = bytearray(os.urandom(BLOCK_LEN))
    digest = hashlib.sha256()
    start = time.monotonic()
    # A slow stream is cut into small pieces, so that it never pauses long.
    step = max(1, min(BLOCK_LEN, rate // 50)) if rate else BLOCK_LEN
    sent = 0
    while sent < length:
        struct.pack_into("!Q", block, 0, sent)
        piece = memoryview(block)[: min(step, length - sent)]
        digest.update(piece)
        sock.sendall(piece)
        sent += len(piece)
        if rate:
            ahead = sent / rate - (time.monotonic() - start)
            if ahead > 0:
                time.sleep(ahead)
    sock.sendall(digest.digest())


def receive(sock, length):
    """Exactly length bytes."""
    data = bytearray()
    while len(data) < length:
        piece = sock.recv(length - len(data))
        if not piece:
            raise EOFError("the connection ended early")
        data += piece
    return bytes(data)


def receive_stream(sock, length, progress=None):
    """Receive what send_stream() sends; its digest in hex."""
    buffer = bytearray(BLOCK_LEN)
    view = memoryview(buffer)
    digest = hashlib.sha256()
    got = quarter = 0
    while got < length:
        count = sock.recv_into(view[: min(BLOCK_LEN, length - got)])
        if not count:
            raise EOFError("the connection ended after %d bytes" % got)
        digest.update(view[:count])
        got += count
        if progress and got * 4 // length > quarter:
            quarter = got * 4 // length
            progress(quarter)
    if receive(sock, DIGEST_LEN) != digest.digest():
        raise ValueError("checksum differs")
    return digest.hexdigest()


def serve_one(sock):
    """One connection at the server: both directions, then a verdict."""
    sock.settimeout(STALL_S)
    with sock:
        magic, up, down, rate = HEADER.unpack(receive(sock, HEADER.size))
        if magic != MAGIC:
            raise ValueError("this is no stream.py")
        sender = threading.Thread(target=send_stream, args=(sock, down, rate))
        sender.start()
        digest = receive_stream(sock, up)
        sender.join()
        sock.sendall(bytes.fromhex(digest))


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

    with socket.create_connection((args.host, args.port), STALL_S) as sock:
        say("port %d" % sock.getsockname()[1])
        sock.sendall(HEADER.pack(MAGIC, args.up, args.down, args.rate))
        sender = threading.Thread(
            target=send_stream, args=(sock, args.up, args.rate), daemon=True
        )
        start = time.monotonic()
        sender.start()
        down = receive_stream(sock, args.down, lambda q: say("quarter %d" % q))
        up = receive(sock, DIGEST_LEN).hex()
        sender.join()
    say("down %d %s" % (args.down, down))
    say("up %d %s" % (args.up, up))
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

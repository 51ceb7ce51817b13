#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hostile.py - A relay that means harm.

  hostile.py ADDRESS PORT CERTIFICATE KEY

Every connection gets the next trick of its kind (listener or sender, told by
the request) and one line on standard output: KIND NAME.  What comes after the
last trick is the first again.
"""

import base64
import hashlib
import os
import socket
import ssl
import struct
import sys
import threading

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
PREFACE, HELLO, DATA = 1, 4, 5
LONG = 1 << 20
HEAD_S = 20  # for TLS and the request
SILENCE_S = 1  # after which an end that waits for more is left
turn = {"listen": 0, "connect": 0}
lock = threading.Lock()


def frame(opcode, payload, length=None, first=0x80):
    """A server's frame, whose length may lie."""
    length = len(payload) if length is None else length
    head = bytes([first | opcode])
    if length < 126:
        return head + bytes([length]) + payload
    if length < 1 << 16:
        return head + struct.pack("!BH", 126, length) + payload
    return head + struct.pack("!BQ", 127, length) + payload


def message(kind, body):
    """A relaytun message in a frame."""
    return frame(BINARY, bytes([kind, 0, 0, 0]) + body)


def upgrade(request, accept=None):
    """The 101 of RFC 6455, with the sub-protocol that was asked for."""
    fields = {}
    for line in request.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip()
    key = fields.get(b"sec-websocket-key", b"")
    accept = accept or base64.b64encode(hashlib.sha1(key + GUID).digest())
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    answer += b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept
    if b"sec-websocket-protocol" in fields:
        answer += b"\r\nSec-WebSocket-Protocol: "
        answer += fields[b"sec-websocket-protocol"]
    return answer + b"\r\n\r\n"


# Tricks instead of an answer, for both kinds.

HEADS = {
    "garbage": lambda request: os.urandom(4096),
    "head without end": lambda request: b"HTTP/1.1 101 OK\r\n" + b"A: b\r\n" * LONG,
    "line without end": lambda request: b"HTTP/1.1 " + b"1" * LONG,
    "half a head": lambda request: b"HTTP/1.1 101 Switch",
    "wrong accept": lambda request: upgrade(request, b"bm90IHRoaXMga2V5IQ=="),
    "error with a long text": lambda request: b"HTTP/1.1 500 "
    + b"\x1b[31m" * 1000
    + b"\r\nContent-Length: 99999999\r\n\r\n"
    + b"x" * LONG,
    "redirect": lambda request: b"HTTP/1.1 302 Go\r\n"
    b"Location: wss://10.1.0.1/\r\nContent-Length: 0\r\n\r\n",
}

# Tricks behind a right 101.

FRAMES = {
    "random bytes": os.urandom(65536),
    "truncated frame": frame(BINARY, b"short", 1000),
    "endless frame": frame(BINARY, b"x" * LONG, (1 << 63) - 1),
    "length with its top bit": b"\x82\x7f" + b"\xff" * 8,
    "reserved bits": b"\xf2\x05hello",
    "long control frame": frame(PING, b"p" * 1000),
    "continuation of nothing": frame(0, b"more"),
    "fragments without end": frame(BINARY, b"f" * 1000, first=0)
    + frame(0, b"f" * 1000, first=0) * 2000,
    "masked by the server": b"\x82\x85abcdhello",
    "close with half a code": frame(CLOSE, b"\x03"),
    "pings without end": frame(PING, b"ping") * 20000,
}

CONTROL = {
    "no JSON": frame(TEXT, b"{" * 5000),
    "deep JSON": frame(TEXT, b"[" * 60000),
    "wrong types": frame(TEXT, b'{"accept": 7, "request": [null]}'),
    "accept elsewhere": frame(
        TEXT,
        b'{"accept": {"address": "wss://10.1.0.1:1/x?a=b", "id": "1",'
        b' "connectHeaders": {}}}',
    ),
    "accept of nonsense": frame(
        TEXT, b'{"accept": {"address": "\\u0000\\u001b", "id": ""}}'
    )
    * 500,
    "not UTF-8": frame(TEXT, b"\xff\xfe{}"),
}

CHANNEL = {
    "data before PREFACE": message(DATA, b"\x00" * 4000),
    "PREFACE of nonsense": message(PREFACE, os.urandom(64)),
    "short PREFACE": message(PREFACE, b"RTUN"),
    "our own PREFACE twice": message(PREFACE, b"RTUN\x01" + bytes(60)) * 2,
    "HELLO of nonsense": message(PREFACE, b"RTUN\x01" + bytes(60))
    + message(HELLO, os.urandom(300)),
    "empty message": frame(BINARY, b""),
    "unknown type": message(250, b"?"),
}


def trick_for(kind):
    """The next trick of a kind: name and function of the request."""
    tricks = dict(HEADS)
    more = dict(FRAMES, **(CONTROL if kind == "listen" else CHANNEL))
    for name, data in more.items():
        tricks[name] = lambda request, data=data: upgrade(request) + data
    with lock:
        name = list(tricks)[turn[kind] % len(tricks)]
        turn[kind] += 1
    return name, tricks[name]


def serve_one(sock, context):
    """One connection: its request, the trick, then what the other end says
    until it closes."""
    try:
        sock.settimeout(HEAD_S)
        with context.wrap_socket(sock, server_side=True) as tls:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = tls.recv(65536)
                if not piece:
                    return
                request += piece
            kind = "listen" if b"sb-hc-action=listen" in request else "connect"
            name, trick = trick_for(kind)
            print(kind, name, flush=True)
            tls.settimeout(SILENCE_S)
            tls.sendall(trick(request))
            while tls.recv(65536):
                pass
    except OSError:
        pass


def main():
    """Command line."""
    address, port, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server((address, int(port))) as listener:
        while True:
            sock, _ = listener.accept()
            threading.Thread(
                target=serve_one, args=(sock, context), daemon=True
            ).start()


if __name__ == "__main__":
    main()

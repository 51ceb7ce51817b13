#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""intruder.py - A client of the relay that means harm.

  intruder.py outside HOST PORT CA                without any key
  intruder.py listener HOST PORT CA PATH TOKEN    with a right to listen
  intruder.py sender HOST PORT CA PATH TOKEN      with a right to send

outside and listener try their tricks on the relay, sender those on the gateway
behind it.  One line for each: its name, and how the other end answered (the
status of an HTTP answer, a close code, or nothing).
"""

import os
import socket
import ssl
import struct
import sys
import urllib.parse

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
PREFACE, HANDSHAKE, SEALED, HELLO, DATA, PINGS, BYE = 1, 2, 3, 4, 5, 6, 10
ROLE_CLOUD = 1
LONG = 1 << 20
PATIENCE_S = 2  # with an answer
CONNECT_S = 20


def frame(opcode, payload, length=None, first=0x80, masked=True):
    """A client's frame, whose length may lie."""
    length = len(payload) if length is None else length
    flag = 0x80 if masked else 0
    head = bytes([first | opcode])
    if length < 126:
        head += bytes([flag | length])
    elif length < 1 << 16:
        head += struct.pack("!BH", flag | 126, length)
    else:
        head += struct.pack("!BQ", flag | 127, length)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(payload))


def message(kind, body):
    """A relaytun message in a frame."""
    return frame(BINARY, bytes([kind, 0, 0, 0]) + body)


def preface(role=ROLE_CLOUD, major=1):
    """A PREFACE that is right in form: magic, version, suites, role, nonce."""
    head = struct.pack("<BBBBI", major, 0, role, 0, 0)
    return b"RTUN" + head + os.urandom(32)


def request(target, protocol="relaytun.1", version="13"):
    """A WebSocket handshake."""
    return (
        "GET %s HTTP/1.1\r\nHost: relay.test\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: %s\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: %s\r\n\r\n" % (target, version, protocol)
    ).encode()


def answer_of(tls):
    """How the other end answers: status, close code, or nothing."""
    got = b""
    try:
        while len(got) < 65536:
            piece = tls.recv(65536)
            if not piece:
                break
            got += piece
    except OSError:
        pass
    head, _, rest = got.partition(b"\r\n\r\n")
    status = head.split(b" ")[1].decode("ascii", "replace") if b" " in head else "-"
    close = "-"
    while len(rest) >= 4 and status == "101":
        length = rest[1] & 0x7F
        if rest[0] & 0x0F == CLOSE:
            close = str(struct.unpack("!H", rest[2:4])[0])
            break
        start = 2
        if length == 126:
            length, start = struct.unpack("!H", rest[2:4])[0], 4
        rest = rest[start + length :]
    return "http %s close %s" % (status, close)


def plain_tricks(host, port):
    """Tricks without TLS; nobody answers in words."""
    for name, data in {
        "no TLS": b"GET / HTTP/1.1\r\n\r\n",
        "garbage for TLS": os.urandom(10000),
        "half a ClientHello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    }.items():
        with socket.create_connection((host, port), CONNECT_S) as sock:
            sock.sendall(data)
        print("%s: sent" % name)


HEADS = {
    "garbage": os.urandom(4096),
    "head without end": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * LONG,
    "line without end": b"GET /" + b"x" * LONG,
    "another method": b"POST /$hc/oslo-a HTTP/1.1\r\nHost: a\r\n\r\n",
    "no upgrade": b"GET /$hc/oslo-a?sb-hc-action=connect HTTP/1.1\r\nHost: a\r\n\r\n",
    "no path": request("/"),
    "no such path": request("/$hc/elsewhere?sb-hc-action=connect"),
    "no action": request("/$hc/oslo-a"),
    "no token": request("/$hc/oslo-a?sb-hc-action=connect"),
    "no token to listen": request("/$hc/oslo-a?sb-hc-action=listen"),
    "token of nonsense": request(
        "/$hc/oslo-a?sb-hc-action=connect&sb-hc-token="
        "SharedAccessSignature%20sr%3Dx%26sig%3Dy%26se%3D99999999999%26skn%3Dsend"
    ),
    "accept of nothing": request("/$hc/oslo-a?sb-hc-action=accept&sb-hc-id=abc"),
    "bad percent": request("/$hc/oslo-a%zz?sb-hc-action=%"),
    "old version": request("/$hc/oslo-a?sb-hc-action=connect", version="8"),
    "NUL in the head": b"GET /$hc/\x00 HTTP/1.1\r\nHost: \x00\r\n\r\n",
}

FRAMES = {
    "random bytes": os.urandom(65536),
    "unmasked": frame(BINARY, b"hello", masked=False),
    "endless frame": frame(BINARY, b"x" * 65536, (1 << 63) - 1),
    "length with its top bit": b"\x82\xff" + b"\xff" * 12,
    "truncated frame": frame(BINARY, b"short", 1000),
    "reserved bits": frame(0x72, b"hello"),
    "long control frame": frame(PING, b"p" * 1000),
    "continuation of nothing": frame(0, b"more"),
    "close with half a code": frame(CLOSE, b"\x03"),
}

CONTROL = {
    "no JSON": frame(TEXT, b"{" * 5000),
    "deep JSON": frame(TEXT, b"[" * 60000),
    "wrong types": frame(TEXT, b'{"renewToken": {"token": 7}}'),
    "renewal of nonsense": frame(TEXT, b'{"renewToken": {"token": "x"}}'),
    "text without end": frame(TEXT, b"t" * 1000, first=0)
    + frame(0, b"t" * 1000, first=0) * 1000,
}


def records(*packets):
    """DATA of packets as (bytes, length or None): header of 12 bytes each."""
    body = b""
    for data, length in packets:
        body += struct.pack("<I", len(data) if length is None else length)
        body += bytes(12) + data + bytes(-(16 + len(data)) % 4)
    return message(DATA, body)


CHANNEL = {
    "DATA before PREFACE": records((b"\x45" + bytes(19), None)),
    "PREFACE of nonsense": message(PREFACE, os.urandom(44)),
    "short PREFACE": message(PREFACE, b"RTUN"),
    "long PREFACE": message(PREFACE, preface() + bytes(5000)),
    "another version": message(PREFACE, preface(major=9)),
    "same role": message(PREFACE, preface(role=2)),
    "PREFACE twice": message(PREFACE, preface()) * 2,
    "DATA before HELLO": message(PREFACE, preface()) + records((b"\x45", None)),
    "HELLO of nonsense": message(PREFACE, preface()) + message(HELLO, os.urandom(300)),
    "HELLO whose length lies": message(PREFACE, preface())
    + message(HELLO, struct.pack("<HH", 1, 65535) + b"x" * 20),
    "empty HELLO": message(PREFACE, preface()) + message(HELLO, b""),
    "sealed": message(PREFACE, preface()) + message(SEALED, os.urandom(100)),
    "handshake": message(PREFACE, preface()) + message(HANDSHAKE, os.urandom(100)),
    "bye of nonsense": message(PREFACE, preface()) + message(BYE, b"\x01"),
    "empty message": frame(BINARY, b""),
    "half a message head": frame(BINARY, b"\x01\x00"),
    "text": frame(TEXT, b"hello"),
    "message too long": frame(BINARY, bytes([PREFACE, 0, 0, 0]) + bytes(LONG)),
    "fragments without end": frame(BINARY, b"f" * 60000, first=0)
    + frame(0, b"f" * 60000, first=0) * 20,
}


def attempt(name, address, context, data, before=b""):
    """One connection: perhaps a handshake and its answer, then the trick."""
    host = address[0]
    with socket.create_connection(address, CONNECT_S) as sock:
        with context.wrap_socket(sock, server_hostname=host) as tls:
            tls.settimeout(PATIENCE_S)
            try:
                tls.sendall(before + data)
            except OSError:
                pass
            print("%s: %s" % (name, answer_of(tls)), flush=True)


def main():
    """Command line."""
    kind, host, port, authority, *rest = sys.argv[1:]
    address = (host, int(port))
    context = ssl.create_default_context(cafile=authority)
    if kind == "outside":
        plain_tricks(*address)
        for name, data in HEADS.items():
            attempt(name, address, context, data)
        return
    path, token = rest
    action = {"listener": "listen", "sender": "connect"}[kind]
    before = request(
        "/$hc/%s?sb-hc-action=%s&sb-hc-token=%s"
        % (path, action, urllib.parse.quote(token, safe=""))
    )
    more = CONTROL if kind == "listener" else CHANNEL
    for name, data in dict(FRAMES, **more).items():
        attempt(name, address, context, data, before)


if __name__ == "__main__":
    main()

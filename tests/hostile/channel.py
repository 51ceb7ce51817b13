# SPDX-License-Identifier: GPL-2.0-or-later
"""channel.py - One channel to a gateway, as an honest peer would open it.

Speaks to the relay as a sender or as a listener, and the real PREFACE and HELLO to
the gateway behind it; what is sent then is up to whoever holds it.
docs/wire-format.md is what this follows.
"""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import time
import urllib.parse

TEXT, BINARY, CLOSE, PING_FRAME, PONG_FRAME = 1, 2, 8, 9, 10
PREFACE, HANDSHAKE, SEALED, HELLO, DATA, PING, PONG, POLICY = 1, 2, 3, 4, 5, 6, 7, 8
BYE = 10
ROLE = {"cloud": 1, "site": 2}
PATIENCE_S = 5
CRITICAL = 0x8000


def frame(opcode, payload):
    """A client's frame."""
    head = bytes([0x80 | opcode])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    elif len(payload) < 1 << 16:
        head += struct.pack("!BH", 0x80 | 126, len(payload))
    else:
        head += struct.pack("!BQ", 0x80 | 127, len(payload))
    # A mask of zeros is one, and leaves the payload as it is.
    return head + bytes(4) + payload


def message(kind, body=b"", flags=0, reserved=0):
    """A message of the wire format."""
    return struct.pack("<BBH", kind, flags, reserved) + body


def tlv(number, value, critical=False):
    """One field of HELLO."""
    number |= CRITICAL if critical else 0
    return struct.pack("<HH", number, len(value)) + value


def hello_fields(who, prefaces):
    """The fields of an honest HELLO, by number."""
    return {
        1: prefaces,
        2: who["name"].encode(),
        3: bytes([ROLE[who["role"]]]),
        4: who["site"].encode(),
        5: who.setdefault("instance", os.urandom(16)),
        6: struct.pack("<Q", who.setdefault("start", int(time.time() * 1000))),
        8: struct.pack("<I", 0),
        9: struct.pack("<I", 66560),
        10: struct.pack("<I", 0x67),
        12: bytes(32),
        13: b"hostile",
        15: struct.pack("<H", 0),
    }


CRITICAL_FIELDS = (1, 2, 3, 4, 5, 7, 9, 10)


def hello(fields, more=b""):
    """HELLO of such fields."""
    body = b"".join(
        tlv(number, value, number in CRITICAL_FIELDS)
        for number, value in sorted(fields.items())
    )
    return message(HELLO, body + more)


class Socket:
    """A WebSocket to the relay."""

    def __init__(self, address, authority, target, protocol=None):
        context = ssl.create_default_context(cafile=authority)
        sock = socket.create_connection(address, PATIENCE_S)
        self.tls = context.wrap_socket(sock, server_hostname=address[0])
        self.tls.settimeout(PATIENCE_S)
        key = base64.b64encode(os.urandom(16)).decode()
        more = "Sec-WebSocket-Protocol: %s\r\n" % protocol if protocol else ""
        self.tls.sendall(
            (
                "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: %s\r\n%s\r\n" % (target, address[0], key, more)
            ).encode()
        )
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise EOFError(head.split(b"\r\n")[0].decode())

    def more(self):
        """Read on."""
        piece = self.tls.recv(65536)
        if not piece:
            raise EOFError("closed")
        self.data += piece

    def send(self, payload, opcode=BINARY):
        """One message."""
        self.tls.sendall(frame(opcode, payload))

    def take(self, count):
        """So many bytes."""
        while len(self.data) < count:
            self.more()
        got, self.data = self.data[:count], self.data[count:]
        return got

    def receive(self):
        """Opcode and payload of the next frame but pings; the relay may cut
        messages into several, which are put together."""
        whole = b""
        first = None
        while True:
            flags, length = self.take(2)
            if length & 0x7F == 126:
                length = struct.unpack("!H", self.take(2))[0]
            elif length & 0x7F == 127:
                length = struct.unpack("!Q", self.take(8))[0]
            payload = self.take(length)
            if flags & 0x0F == PING_FRAME:
                self.tls.sendall(frame(PONG_FRAME, payload))
            if flags & 0x0F in (PING_FRAME, PONG_FRAME):
                continue
            first = flags & 0x0F if first is None else first
            whole += payload
            if flags & 0x80:
                return first, whole

    def close(self):
        """Without a word."""
        self.tls.close()


def address_of(url):
    """(host, port), target of a wss URL."""
    parts = urllib.parse.urlsplit(url)
    return (parts.hostname, parts.port or 443), parts.path + "?" + parts.query


def target(relay, path, action, token):
    """What a sender or listener asks the relay for."""
    return "/$hc/%s?sb-hc-action=%s&sb-hc-token=%s" % (
        path,
        action,
        urllib.parse.quote(token, safe=""),
    )


class Relay:
    """How to get to the gateway that is attacked: by dialling it, or, as a
    listener, by waiting until it dials us."""

    def __init__(self, host, port, authority, path, token, listen):
        self.address = (host, int(port))
        self.authority = authority
        self.path = path
        self.token = token
        self.control = None
        if listen:
            self.control = Socket(
                self.address, authority, target(host, path, "listen", token)
            )
            self.control.tls.settimeout(40)

    def open(self):
        """A joined WebSocket."""
        if not self.control:
            # A gateway takes up 32 a second, in the long run; who is one too
            # many waits in vain.
            time.sleep(1 / 25)
            return Socket(
                self.address,
                self.authority,
                target(self.address[0], self.path, "connect", self.token),
                "relaytun.1",
            )
        while True:
            order = json.loads(self.control.receive()[1])
            if "accept" not in order:
                continue
            address, where = address_of(order["accept"]["address"])
            try:
                return Socket(address, self.authority, where, "relaytun.1")
            except EOFError:
                continue  # the sender has given up


class Channel:
    """A channel, up to PREFACE or open."""

    def __init__(self, relay, who):
        self.who = who
        self.dialled = relay.control is None
        self.ws = relay.open()
        self.sent = 0
        self.got = self.got_count = 0
        self.mine = message(
            PREFACE,
            b"RTUN"
            + struct.pack("<BBBBI", 1, 0, ROLE[who["role"]], 0, 0)
            + os.urandom(32),
        )
        self.theirs = b""

    def send(self, data, opcode=BINARY):
        """One message, as it is."""
        self.sent += len(data)
        self.ws.send(data, opcode)

    def receive(self):
        """(type, body) of the next message; (None, b"") when it is over."""
        try:
            opcode, data = self.ws.receive()
        except (OSError, EOFError):
            return None, b""
        if opcode == CLOSE:
            return None, b""
        self.got += len(data)
        self.got_count += 1
        return data[0], data[4:]

    def preface(self):
        """Both PREFACEs."""
        self.send(self.mine)
        kind, body = self.receive()
        if kind != PREFACE:
            raise EOFError("no PREFACE, but %s" % kind)
        self.theirs = message(PREFACE, body)

    def fields(self):
        """Those of an honest HELLO on this channel."""
        pair = self.mine + self.theirs if self.dialled else self.theirs + self.mine
        return hello_fields(self.who, hashlib.sha256(pair).digest())

    def open(self):
        """The whole greeting."""
        self.preface()
        self.send(hello(self.fields()))
        kind, body = self.receive()
        if kind != HELLO:
            raise EOFError("no HELLO, but %s %r" % (kind, body[:80]))
        return self

    def verdict(self):
        """How the gateway ends the channel: the code of its BYE, "closed" without
        one, or "open" when it does not."""
        while True:
            try:
                opcode, data = self.ws.receive()
            except TimeoutError:
                return "open"
            except (OSError, EOFError):
                return "closed"
            if opcode == CLOSE:
                return "closed"
            if data[0] == BYE:
                return struct.unpack_from("<H", data, 4)[0]

    def answer(self, ping):
        """Answer a PING with what was received."""
        self.send(message(PONG, ping[:8] + struct.pack("<QQ", self.got,
                                                       self.got_count)))

    def close(self):
        """Without a word."""
        self.ws.close()

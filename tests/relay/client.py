# SPDX-License-Identifier: GPL-2.0-or-later
"""A raw client of Hybrid Connections: TLS, one upgrade, frames as bytes.

Standard library only.  Every wait is bounded: a socket that stays silent for
WAIT_S seconds raises TimeoutError.
"""

import base64
import hashlib
import hmac
import json
import os
import socket
import ssl
import struct
import time
import urllib.parse

WAIT_S = 15
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Eof(Exception):
    """The relay closed the connection."""


def quote(text):
    return urllib.parse.quote(text, safe="")


def sign(audience, name, key, expiry=None, raw=False):
    """A SAS token; @audience is encoded here unless @raw."""
    if expiry is None:
        expiry = int(time.time()) + 600
    sr = audience if raw else quote(audience)
    mac = hmac.new(key.encode(), f"{sr}\n{expiry}".encode(), hashlib.sha256)
    sig = quote(base64.b64encode(mac.digest()).decode())
    return f"SharedAccessSignature sr={sr}&sig={sig}&se={expiry}&skn={name}"


def mask_bytes(payload, key):
    """RFC 6455 section 5.3, the slow and obvious way but for long integers."""
    if not payload:
        return b""
    stream = (key * (len(payload) // 4 + 1))[: len(payload)]
    wide = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
    return wide.to_bytes(len(payload), "big")


def frame(opcode, payload=b"", fin=True, mask=True, rsv=0):
    """One frame as a client sends it."""
    if isinstance(payload, str):
        payload = payload.encode()
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head = struct.pack(">BB", first, bit | len(payload))
    elif len(payload) < 65536:
        head = struct.pack(">BBH", first, bit | 126, len(payload))
    else:
        head = struct.pack(">BBQ", first, bit | 127, len(payload))
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + mask_bytes(payload, key)


def close_payload(code, reason=""):
    return struct.pack(">H", code) + reason.encode()


class Client:
    """One TLS connection to the relay."""

    def __init__(self, port, ca, rcvbuf=None, host="127.0.0.1", context=None,
                 name="localhost"):
        raw = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if rcvbuf:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        raw.settimeout(WAIT_S)
        raw.connect((host, port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = context or ssl.create_default_context(cafile=ca)
        self.raw = raw
        self.sock = context.wrap_socket(raw, server_hostname=name)
        self.port = port
        self.buf = b""
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()

    def quit(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def reset(self):
        """Vanish with an RST."""
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.quit()

    def send(self, data):
        self.sock.sendall(data)

    def fill(self):
        try:
            data = self.sock.recv(1 << 18)
        except (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError):
            data = b""
        if not data:
            raise Eof
        self.buf += data

    def take(self, count):
        if len(self.buf) < count:
            parts, have = [self.buf], len(self.buf)
            while have < count:
                self.buf = b""
                self.fill()
                parts.append(self.buf)
                have += len(self.buf)
            self.buf = b"".join(parts)
        out, self.buf = self.buf[:count], self.buf[count:]
        return out

    def ask(self, target, headers=(), key=None, plain=False, host=None):
        """Send an upgrade request without waiting for its answer."""
        self.key = key or base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {target} HTTP/1.1",
                 f"Host: {host or f'localhost:{self.port}'}"]
        if not plain:
            lines += ["Upgrade: websocket", "Connection: Upgrade",
                      f"Sec-WebSocket-Key: {self.key}",
                      "Sec-WebSocket-Version: 13"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def answer(self):
        """Read the head of the answer; sets status, reason, headers."""
        while b"\r\n\r\n" not in self.buf:
            self.fill()
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        self.head = head.decode("latin-1")
        first, *lines = self.head.split("\r\n")
        version, status, self.reason = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        self.status = int(status)
        self.headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            self.headers[name.lower()] = value.strip()
        if self.status == 101:
            digest = hashlib.sha1(self.key.encode() + GUID).digest()
            want = base64.b64encode(digest).decode()
            assert self.headers["sec-websocket-accept"] == want
            assert self.headers["upgrade"].lower() == "websocket"
            assert "sec-websocket-extensions" not in self.headers
        return self.status

    def upgrade(self, target, headers=(), **more):
        self.ask(target, headers, **more)
        return self.answer()

    def raw_port(self):
        """Our own port, as the relay sees it."""
        return self.sock.getsockname()[1]

    def is_silent(self, seconds):
        """Does nothing come for so long?"""
        if self.buf:
            return False
        self.sock.settimeout(seconds)
        try:
            self.fill()
        except (TimeoutError, ssl.SSLWantReadError):
            return True
        finally:
            self.sock.settimeout(WAIT_S)
        return False

    def recv_frame(self):
        """Return fin, opcode, payload; a server's frame is never masked."""
        first, second = self.take(2)
        assert not first & 0x70, "reserved bit from the relay"
        assert not second & 0x80, "masked frame from the relay"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self.take(2))
            assert length > 125
        elif length == 127:
            (length,) = struct.unpack(">Q", self.take(8))
            assert length > 65535
        opcode = first & 0x0F
        assert opcode < 8 or (first & 0x80 and length < 126)
        return bool(first & 0x80), opcode, self.take(length)

    def recv_message(self):
        """Return opcode, payload of a data message or control frame."""
        kind, parts = None, []
        while True:
            fin, opcode, payload = self.recv_frame()
            if opcode >= 8:
                assert kind is None or opcode == PONG, "control frame inside"
                if kind is None:
                    return opcode, payload
                continue
            assert (opcode == CONT) == (kind is not None), "order of frames"
            kind = opcode if kind is None else kind
            parts.append(payload)
            if fin:
                return kind, b"".join(parts)

    def recv_json(self):
        """The next text message; a Ping before it is answered."""
        opcode, payload = self.recv_message()
        while opcode == PING:
            self.send(frame(PONG, payload))
            opcode, payload = self.recv_message()
        assert opcode == TEXT, f"opcode {opcode}: {payload!r}"
        return json.loads(payload)

    def recv_told(self, seconds):
        """What a listener is told until nothing comes for so long; pings are
        answered."""
        told = []
        while not self.is_silent(seconds):
            opcode, payload = self.recv_message()
            if opcode == PING:
                self.send(frame(PONG, payload))
            else:
                told.append(json.loads(payload))
        return told

    def recv_close(self):
        """Skip data until a Close; return code and reason."""
        while True:
            _, opcode, payload = self.recv_frame()
            if opcode == CLOSE:
                if not payload:
                    return 1005, ""
                return struct.unpack(">H", payload[:2])[0], payload[2:].decode()

    def expect_eof(self):
        try:
            while True:
                self.fill()
        except Eof:
            return

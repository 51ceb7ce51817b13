# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases share: their list, options, small helpers."""

import argparse
import os
import re
import socket
import time

from client import PING, PONG, frame
from server import Relay

HERE = os.path.dirname(os.path.abspath(__file__))
RELAYTUN = os.path.join(HERE, "../../build/bin/relaytun")
CASES = {}
OPTIONS = argparse.Namespace()


def case(number, text, long=False):
    """@long: takes a minute or more; run with --long or by its number"""
    def register(function):
        assert number not in CASES
        CASES[number] = (text, function, long)
        return function
    return register


def own_relay(**more):
    return Relay(OPTIONS.program, **more)


def eq(got, want, what=""):
    assert got == want, f"{what} got {got!r}, want {want!r}"


def until(condition, limit_s=20):
    """Wait until the condition holds; fail at the limit."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"not so after {limit_s} s"
        time.sleep(0.02)


def listen_status(relay, headers, target="/$hc/hyco?sb-hc-action=listen",
                  **more):
    with relay.client() as client:
        status = client.upgrade(target, headers, **more)
        if status != 101:
            # The phrase carries a tracking id, the head a date; then the end.
            assert re.search(r"TrackingId:[0-9a-f-]{36}", client.reason)
            assert client.headers["date"].endswith("GMT")
            eq(client.headers["content-length"], "0")
            client.expect_eof()
        return status


def alive(client):
    client.send(frame(PING, b"x"))
    eq(client.recv_frame(), (True, PONG, b"x"))


def ask_status(relay):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(relay.file("status.sock"))
        text = b""
        while True:
            data = sock.recv(65536)
            if not data:
                return text
            text += data

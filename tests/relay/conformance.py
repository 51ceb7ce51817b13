#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Conformance of relaytun-relay, one case a function, numbered as the protocol
notes number them (R01..R49; X cases are our own: bad input, files, signals).

usage: conformance.py [--program FILE] [--slack-kib N] [CASE...]

Each case gets a relay that all share unless it says otherwise; a case that
leaves the shared relay dead fails, and the next one gets a new relay.
"""

import argparse
import os
import re
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import traceback
import urllib.parse

from client import (BINARY, CLOSE, CONT, PING, PONG, TEXT, Client, Eof,
                    close_payload, frame, quote, sign)
from server import KEYS, ROOT, Relay

CASES = {}
OPTIONS = argparse.Namespace()


def case(number, text):
    def register(function):
        assert number not in CASES
        CASES[number] = (text, function)
        return function
    return register


def own_relay(extra="", limits="rendezvous_s = 2;"):
    return Relay(OPTIONS.program, extra, limits)


def eq(got, want, what=""):
    assert got == want, f"{what} got {got!r}, want {want!r}"


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


# Listener -------------------------------------------------------------------


@case("R01", "listen with a token in the header: 101, stays open, ping answered")
def r01(relay):
    with relay.listen() as listener:
        assert listener.is_silent(2.5)
        listener.send(frame(PING, b"alive"))
        eq(listener.recv_frame(), (True, PONG, b"alive"))


@case("R02", "the token may come in the query")
def r02(relay):
    token = quote(relay.token("listen"))
    eq(listen_status(relay, [], "/$hc/hyco?sb-hc-action=listen&sb-hc-token="
                     + token), 101)
    eq(listen_status(relay, [], "/$hc/hyco?SB-HC-Token=" + token
                     + "&Sb-Hc-Action=Listen"), 101)


@case("R03", "no token: 401")
def r03(relay):
    eq(listen_status(relay, []), 401)


@case("R04", "token signed with another key: 401; malformed ones: 401")
def r04(relay):
    bad = sign("http://localhost/hyco", "listen", "not-the-key")
    good = relay.token("listen")
    for token in (bad, good[:-1] + "x", good.replace("sr=", "sr=x"), "x",
                  good + "&se=9999999999", good.replace("&se=", "&se=1"),
                  "SharedAccessSignature ", good.split("&skn")[0]):
        eq(listen_status(relay, [("ServiceBusAuthorization", token)]), 401,
           token)


@case("R05", "expired token: 401")
def r05(relay):
    past = int(time.time()) - 1
    eq(listen_status(relay, relay.auth("listen", expiry=past)), 401)


@case("R06", "unknown key name: 401")
def r06(relay):
    token = sign("http://localhost/hyco", "nobody", KEYS["listen"])
    eq(listen_status(relay, [("ServiceBusAuthorization", token)]), 401)


@case("R07", "good token without the right: 403")
def r07(relay):
    eq(listen_status(relay, relay.auth("send")), 403)
    target = "/$hc/hyco?sb-hc-action=connect"
    eq(listen_status(relay, relay.auth("listen"), target), 403)
    eq(listen_status(relay, relay.auth("ns-listen"), target), 403)


@case("R08", "token for another path: 403")
def r08(relay):
    eq(listen_status(relay, relay.auth("listen", "solo")), 403)


@case("R09", "token for the namespace, key of the namespace: 101")
def r09(relay):
    eq(listen_status(relay, relay.auth("ns-listen", "")), 101)
    eq(listen_status(relay, relay.auth("ns-listen", "hyco")), 101)


@case("R10", "Manage gives Listen and Send")
def r10(relay):
    eq(listen_status(relay, relay.auth("manage")), 101)
    # The right is there, a listener is not.
    eq(listen_status(relay, relay.auth("manage", "solo"),
                     "/$hc/solo?sb-hc-action=connect"), 404)


@case("R11", "unknown path: 404")
def r11(relay):
    eq(listen_status(relay, relay.auth("listen", "nowhere"),
                     "/$hc/nowhere?sb-hc-action=listen"), 404)
    eq(listen_status(relay, relay.auth("listen", "deep"),
                     "/$hc/deep?sb-hc-action=listen"), 404)


@case("R12", "no sb-hc-action: 400")
def r12(relay):
    for query in ("", "?", "?x=1", "?sb-hc-action"):
        eq(listen_status(relay, relay.auth("listen"), "/$hc/hyco" + query),
           400, query)


@case("R13", "unknown action: 400")
def r13(relay):
    for action in ("dance", "listenx", "liste", "%6c"):
        eq(listen_status(relay, relay.auth("listen"),
                         "/$hc/hyco?sb-hc-action=" + action), 400, action)


@case("R14", "no WebSocket request on $hc: 400")
def r14(relay):
    eq(listen_status(relay, relay.auth("listen"), plain=True), 400)
    eq(listen_status(relay, relay.auth("listen"), key="short"), 400)
    base = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]
    eq(listen_status(relay, base + relay.auth("listen"), plain=True), 400,
       "no version")
    eq(listen_status(relay, base + [("Sec-WebSocket-Version", "12")]
                     + relay.auth("listen"), plain=True), 400, "version 12")


@case("R15", "audiences are compared without scheme, port, case of host, slash")
def r15(relay):
    key = KEYS["listen"]
    for audience in ("http://localhost:443/hyco", "http://localhost/hyco/",
                     "https://localhost/hyco", "sb://localhost/hyco",
                     "http://LOCALHOST/hyco"):
        token = sign(audience, "listen", key)
        eq(listen_status(relay, [("ServiceBusAuthorization", token)]), 101,
           audience)
    for raw in ("http%3A%2F%2Flocalhost%2Fhyco", "http%3a%2f%2flocalhost%2fhyco",
                "http://localhost/hyco"):
        token = sign(raw, "listen", key, raw=True)
        eq(listen_status(relay, [("ServiceBusAuthorization", token)]), 101, raw)
    eq(listen_status(relay, relay.auth("listen", "hyco"),
                     "/$hc/hyco2?sb-hc-action=listen"), 403, "sibling")
    eq(listen_status(relay, relay.auth("listen", "deep"),
                     "/$hc/deep/er?sb-hc-action=listen"), 101, "parent")
    eq(listen_status(relay, relay.auth("listen", "deep/e"),
                     "/$hc/deep/er?sb-hc-action=listen"), 403, "no boundary")


@case("R16", "the 26th listener is refused, the 25 stay; one leaves: R17")
def r16(relay):
    listeners = []
    try:
        for _ in range(25):
            listeners.append(relay.listen("solo"))
        auth, target = relay.auth("listen", "solo"), \
            "/$hc/solo?sb-hc-action=listen"
        eq(listen_status(relay, auth, target), 429)
        for listener in listeners:
            listener.send(frame(PING, b"x"))
            eq(listener.recv_frame(), (True, PONG, b"x"))
        # R17: its place is free at once.
        leaver = listeners.pop()
        leaver.send(frame(CLOSE, close_payload(1000)))
        eq(leaver.recv_close()[0], 1000)
        leaver.expect_eof()
        eq(listen_status(relay, auth, target), 101)
    finally:
        for listener in listeners:
            listener.quit()


def renew(token):
    return frame(TEXT, '{"renewToken":{"token":"%s"}}' % token)


@case("R18", "renewToken: open past the first expiry")
def r18(relay):
    soon = int(time.time()) + 3
    with relay.listen(expiry=soon) as listener:
        listener.send(renew(relay.token("listen")))
        assert listener.is_silent(soon + 3 - time.time())
        listener.send(frame(PING, b"x"))
        eq(listener.recv_frame(), (True, PONG, b"x"))


@case("R19", "bad renewToken: close 1008")
def r19(relay):
    past = int(time.time()) - 1
    for token in (relay.token("send"), relay.token("listen", "solo"),
                  relay.token("listen", expiry=past), "nonsense"):
        with relay.listen() as listener:
            listener.send(renew(token))
            eq(listener.recv_close()[0], 1008, token)
            listener.expect_eof()


@case("R20", "no renewToken: close 1008 within 5 s; joined ones live on")
def r20(relay):
    expiry = int(time.time()) + 3
    with relay.listen(expiry=expiry) as listener:
        sender, side = relay.pair(listener)
        eq(listener.recv_close()[0], 1008)
        assert expiry <= time.time() < expiry + 5
        sender.send(frame(TEXT, "still here"))
        eq(side.recv_message(), (TEXT, b"still here"))
        sender.quit()
        side.quit()


@case("R21", "garbage on the control channel is ignored or closed, no crash")
def r21(relay):
    harmless = [frame(TEXT, "garbage"), frame(TEXT, "[]"), frame(TEXT, ""),
                frame(TEXT, '{"unknown":{"a":1}}'), frame(BINARY, b"\0\xff"),
                frame(TEXT, b"\xff\xfe"), frame(PONG, b"unasked"),
                frame(TEXT, '{"renewToken":7}'), frame(TEXT, "{}" * 20000),
                frame(TEXT, "[" * 60000)]
    for text in harmless:
        with relay.listen() as listener:
            listener.send(text + frame(PING, b"x"))
            opcode, payload = listener.recv_message()
            assert (opcode, payload) == (PONG, b"x") or (
                opcode == CLOSE and payload[:2] in (b"\x03\xeb", b"\x03\xef"))
    with relay.listen() as listener:
        try:
            listener.send(frame(TEXT, b"x" * 200000))
        except (OSError, ssl.SSLError):
            pass
        eq(listener.recv_close()[0], 1009)


# Sender and rendezvous ------------------------------------------------------


@case("R30", "connect without a listener: 404")
def r30(relay):
    with relay.ask_connect("solo") as sender:
        eq(sender.answer(), 404)


@case("R31", "accept message: address, id, headers with the key, no token")
def r31(relay):
    with relay.listen() as listener:
        token = relay.token("send")
        sender = relay.client()
        sender.ask("/$hc/hyco?sb-hc-action=connect&sb-hc-token=" + quote(token),
                   [("ServiceBusAuthorization", token), ("X-Own", "a"),
                    ("X-Own", "b"), ("X-Latin", "ol\u00e5")])
        _, text = listener.recv_message()
        for part in (token, quote(token), token.split("sig=")[1][:20],
                     "SharedAccessSignature"):
            assert part.encode() not in text, text
        assert b"erviceBusAuthorization" not in text
        import json  # pylint: disable=import-outside-toplevel
        accept = json.loads(text)["accept"]
        assert accept["address"].startswith(f"wss://localhost:{relay.port}/$hc")
        assert accept["id"]
        headers = accept["connectHeaders"]
        eq(headers["Sec-WebSocket-Key"], sender.key)
        eq(headers["Host"], f"localhost:{relay.port}")
        eq(headers["X-Own"], "a, b")
        eq(accept["remoteEndpoint"]["address"], "127.0.0.1")
        eq(accept["remoteEndpoint"]["port"], sender.raw_port())
        sender.quit()


@case("R32", "the sender's 101 comes only after the listener's handshake")
def r32(relay):
    with relay.listen() as listener:
        sender = relay.ask_connect()
        message = listener.recv_json()
        assert sender.is_silent(0.5)
        side = relay.accept(message)
        eq(side.answer(), 101)
        eq(sender.answer(), 101)
        sender.quit()
        side.quit()


@case("R33", "the listener never comes: 504 at the limit, then 403 (R37)")
def r33(relay):
    with relay.listen() as listener:
        begin = time.monotonic()
        with relay.ask_connect() as sender:
            message = listener.recv_json()
            eq(sender.answer(), 504)
            assert 1.5 < time.monotonic() - begin < 5
        with relay.accept(message) as side:
            eq(side.answer(), 403)


@case("R34", "reject: the listener sees 410, the sender its status and text")
def r34(relay):
    with relay.listen() as listener:
        for more in ("&sb-hc-statusCode=403&sb-hc-statusDescription=no%20way",
                     "&statusCode=403&statusDescription=no%20way"):
            with relay.ask_connect() as sender:
                with relay.accept(listener.recv_json(), more=more) as side:
                    eq(side.answer(), 410)
                eq(sender.answer(), 403)
                assert sender.reason.startswith("no way"), sender.reason
        # What a text could do to the head of an answer.
        text = quote("a\r\nX-Injected: 1\r\n\r\nbody\x01\x7f")
        with relay.ask_connect() as sender:
            with relay.accept(listener.recv_json(), more="&sb-hc-statusCode="
                              "403&sb-hc-statusDescription=" + text) as side:
                side.answer()
            eq(sender.answer(), 403)
            assert "x-injected" not in sender.headers, sender.head
            eq(sender.head.count("\r\n"), 3)
        # A sender's own argument of that name rejects nothing.
        with relay.ask_connect(query="statusCode=403&") as sender:
            with relay.accept(listener.recv_json()) as side:
                eq(side.answer(), 101)
            eq(sender.answer(), 101)


@case("R35", "an address is good once: then 403")
def r35(relay):
    with relay.listen() as listener:
        sender = relay.ask_connect()
        message = listener.recv_json()
        side = relay.accept(message)
        eq(side.answer(), 101)
        with relay.accept(message) as again:
            eq(again.answer(), 403)
        eq(sender.answer(), 101)
        sender.send(frame(TEXT, "unharmed"))
        eq(side.recv_message(), (TEXT, b"unharmed"))
        sender.quit()
        side.quit()


@case("R36", "guessed or altered address: 403, and the right one still works")
def r36(relay):
    with relay.listen() as listener:
        sender = relay.ask_connect()
        message = listener.recv_json()
        address = message["accept"]["address"]
        secret = re.search(r"rendezvous=([0-9a-f]+)", address).group(1)
        assert len(secret) == 32, "128 bits"
        flipped = ("0" if secret[0] != "0" else "1") + secret[1:]
        bad = [address.replace(secret, flipped), address.replace(secret, ""),
               address.replace(secret, secret + "0")[:-1] + "",
               address.replace(secret, "0" * 32),
               address.replace("/hyco?", "/solo?"),
               address.replace("sb-hc-id=", "sb-hc-id=x"),
               address.split("&sb-hc-rendezvous")[0]]
        for wrong in bad:
            if wrong == address:
                continue
            with relay.accept({"accept": {"address": wrong}}) as side:
                eq(side.answer(), 403, wrong)
        with relay.accept(message) as side:
            eq(side.answer(), 101)
            eq(sender.answer(), 101)
        sender.quit()


@case("R38", "sub-protocol chosen reaches the sender; none offered, none given")
def r38(relay):
    name = "Sec-WebSocket-Protocol"
    for offer, choice, want in (("a, b", "a", "a"), ("a, b", "b", "b"),
                                ("a,b", "b", "b"), ("a", None, None),
                                (None, None, None)):
        with relay.listen() as listener:
            sender = relay.ask_connect(
                headers=[(name, offer)] if offer else [])
            side = relay.accept(listener.recv_json(),
                                [(name, choice)] if choice else [])
            eq(side.answer(), 101)
            eq(sender.answer(), 101)
            eq(side.headers.get(name.lower()), want)
            eq(sender.headers.get(name.lower()), want)
            sender.quit()
            side.quit()
    with relay.listen() as listener:
        with relay.ask_connect(headers=[(name, "a")]) as sender:
            with relay.accept(listener.recv_json(), [(name, "zzz")]) as side:
                eq(side.answer(), 400, "not offered")
            assert sender.is_silent(0.2)


@case("R39", "permessage-deflate and junk headers: answered without")
def r39(relay):
    junk = [("Sec-WebSocket-Extensions",
             "permessage-deflate; client_max_window_bits"),
            ("0", "Sec-WebSocket-Protocol: x"), ("Relay-User-Agent", "t")]
    with relay.listen() as listener:
        sender = relay.ask_connect(headers=junk)
        side = relay.accept(listener.recv_json(), junk)
        eq(side.answer(), 101)  # answer() refuses an extension
        eq(sender.answer(), 101)
        sender.quit()
        side.quit()


@case("R40", "suffix and own arguments are in the address, sb-hc-token is not")
def r40(relay):
    with relay.listen("deep/er") as listener:
        token = relay.token("send", "deep/er")
        sender = relay.client()
        sender.ask("/$hc/deep/er/sub/two?a=%20b&SB-HC-TOKEN=" + quote(token)
                   + "&sb-hc-action=connect&c", [])
        address = listener.recv_json()["accept"]["address"]
        url = urllib.parse.urlsplit(address)
        eq(url.path, "/$hc/deep/er/sub/two")
        assert url.query.startswith("a=%20b&c&sb-hc-"), url.query
        assert "token" not in url.query.lower()
        with relay.accept({"accept": {"address": address}}) as side:
            eq(side.answer(), 101)
        eq(sender.answer(), 101)
        sender.quit()


@case("R41", "the sender's sb-hc-id is the id, even an odd one; or none: R42")
def r41(relay):
    with relay.listen() as listener:
        for own in ("6f1c_G10", "a b&c=\"d\"", "\u00e5", "x" * 128):
            sender = relay.ask_connect(query=f"sb-hc-id={quote(own)}&")
            message = listener.recv_json()
            eq(message["accept"]["id"], own)
            with relay.accept(message) as side:
                eq(side.answer(), 101, own)
            eq(sender.answer(), 101)
            sender.quit()
        # R42
        ids = set()
        for _ in range(3):
            with relay.ask_connect():
                ids.add(listener.recv_json()["accept"]["id"])
        eq(len(ids), 3)


@case("R43", "type, boundaries and bytes of messages stay, both ways")
def r43(relay):
    sizes = (0, 1, 125, 126, 127, 65535, 65536, 16 << 20)
    with relay.listen() as listener:
        sender, side = relay.pair(listener)
        for a, b in ((sender, side), (side, sender)):
            for size in sizes:
                kind = TEXT if size % 2 else BINARY
                payload = os.urandom(min(size, 65536)) * (size // 65536 or 1)
                payload = payload[:size]
                thread = threading.Thread(target=a.send,
                                          args=(frame(kind, payload),))
                thread.start()
                opcode, got = b.recv_message()
                thread.join()
                assert opcode == kind and got == payload, f"size {size}"
        # Many small ones in one segment, and one byte at a time.
        burst = b"".join(frame(TEXT, str(i)) for i in range(500))
        sender.send(burst)
        for i in range(500):
            eq(side.recv_message(), (TEXT, str(i).encode()))
        for i in range(0, 100):
            sender.send(burst[i : i + 1])
        sender.send(burst[100:])
        for i in range(500):
            eq(side.recv_message(), (TEXT, str(i).encode()))
        sender.quit()
        side.quit()


@case("R44", "1,000 fragments are one message; pings between them answered")
def r44(relay):
    with relay.listen() as listener:
        sender, side = relay.pair(listener)
        want = []
        for i in range(1000):
            part = b"%d," % i
            want.append(part)
            sender.send(frame(CONT if i else TEXT, part, fin=i == 999))
            if i % 100 == 50:
                sender.send(frame(PING, part))
                eq(sender.recv_frame(), (True, PONG, part))
        eq(side.recv_message(), (TEXT, b"".join(want)))
        sender.quit()
        side.quit()


@case("R45", "close passes with code and reason; a lost side is 1001 or 1011")
def r45(relay):
    with relay.listen() as listener:
        for code, reason in ((1000, "bye"), (4001, "own \u00e5"), (1000, "")):
            for turn in (0, 1):
                ends = relay.pair(listener)
                a, b = ends[turn], ends[1 - turn]
                a.send(frame(BINARY, b"last") + frame(
                    CLOSE, close_payload(code, reason)))
                eq(b.recv_message(), (BINARY, b"last"))
                eq(b.recv_close(), (code, reason))
                b.send(frame(CLOSE, close_payload(code)))
                eq(a.recv_close(), (code, ""))
                a.expect_eof()
                b.expect_eof()
        a, b = relay.pair(listener)
        a.send(frame(CLOSE))
        eq(b.recv_close(), (1005, ""))
        # The answer never comes: both are ended, and b hears no second Close.
        eq(a.recv_close()[0], 1000)
        b.expect_eof()
        eq(b.buf, b"")
        for vanish in ("reset", "quit"):
            sender, side = relay.pair(listener)
            getattr(sender, vanish)()
            eq(side.recv_close()[0], 1001)
            side.expect_eof()
            sender, side = relay.pair(listener)
            getattr(side, vanish)()
            eq(sender.recv_close()[0], 1011)
            sender.expect_eof()
        # One leaves right behind its Close: the other hears one Close only.
        sender, side = relay.pair(listener)
        sender.send(frame(CLOSE, close_payload(1000, "bye")))
        sender.quit()
        eq(side.recv_close(), (1000, "bye"))
        side.expect_eof()
        eq(side.buf, b"")


def pump(client, data, state):
    """Send @data again and again until stopped or slowed for ever."""
    client.sock.settimeout(0.5)
    try:
        while not state["stop"]:
            client.sock.send(data)
            state["sent"] += len(data)
    except (OSError, ssl.SSLError):
        pass


@case("R46", "slow reader: its sender is slowed, memory bounded, others unharmed")
def r46(relay):
    with relay.listen() as listener:
        sender, side = relay.pair(listener, rcvbuf=8192)
        other, other_side = relay.pair(listener)
        other.send(frame(TEXT, "warm"))
        other_side.recv_message()
        before = relay.rss_kib()
        data = frame(BINARY, bytes(65536))
        for victim in (side, sender):
            state = {"sent": 0, "stop": False}
            thread = threading.Thread(target=pump, args=(victim, data, state))
            thread.start()
            thread.join(20)
            state["stop"] = True
            thread.join()
            # Kernel buffers of two sockets take some megabytes; not more.
            assert state["sent"] < 32 << 20, f"never slowed: {state}"
        for i in range(20):
            text = b"unharmed %d" % i
            other.send(frame(TEXT, text))
            eq(other_side.recv_message(), (TEXT, text))
        grown = relay.rss_kib() - before
        assert grown < 1024 + OPTIONS.slack_kib, f"grew by {grown} KiB"
        # It waits; it does not spin.
        cpu = relay.cpu_s()
        time.sleep(1)
        assert relay.cpu_s() - cpu < 0.3, "busy while all are slow"
        for client in (sender, side, other, other_side):
            client.quit()


@case("R46b", "a slow reader gets every byte in the end")
def r46b(relay):
    with relay.listen() as listener:
        sender, side = relay.pair(listener, rcvbuf=8192)
        parts = [os.urandom(50000 + 7 * i) for i in range(200)]
        thread = threading.Thread(
            target=lambda: [side.send(frame(BINARY, p)) for p in parts])
        thread.start()
        time.sleep(1)
        for part in parts:
            opcode, payload = sender.recv_message()
            assert opcode == BINARY and payload == part
        thread.join()
        sender.quit()
        side.quit()


@case("R47", "senders spread over the listeners; a dead one gets no more")
def r47(relay):
    with own_relay(limits="rendezvous_s = 20;") as big:
        listeners = [big.listen() for _ in range(4)]
        senders = [big.ask_connect() for _ in range(100)]
        counts = [0] * 4
        for i, listener in enumerate(listeners):
            while not listener.is_silent(0.5):
                listener.recv_json()
                counts[i] += 1
        eq(sum(counts), 100)
        assert min(counts) >= 5, counts
        listeners[0].reset()
        time.sleep(1)
        senders += [big.ask_connect() for _ in range(20)]
        got = 0
        for listener in listeners[1:]:
            while not listener.is_silent(0.5):
                listener.recv_json()
                got += 1
        eq(got, 20)
        for client in senders + listeners:
            client.quit()
    assert relay.process.poll() is None


@case("R49", "malformed frames: 1002 (the relay passes bad UTF-8: it does not "
      "interpret)")
def r49(relay):
    ping126 = struct.pack(">BBH", 0x89, 0xFE, 126) + bytes(4 + 126)
    bad = {
        "unmasked": frame(TEXT, "x", mask=False),
        "reserved bit 1": frame(TEXT, "x", rsv=4),
        "reserved bit 3": frame(TEXT, "x", rsv=1),
        "control over 125": ping126,
        "fragmented control": frame(PING, b"x", fin=False),
        "reserved opcode": frame(3, b"x"),
        "reserved control opcode": frame(11, b"x"),
        "continuation of nothing": frame(CONT, b"x"),
        "message in a message": frame(TEXT, b"x", fin=False) + frame(TEXT, "y"),
        "long form of a short length": b"\x81\xfe\x00\x05" + bytes(9),
        "length with the top bit": b"\x82\xff\x80" + bytes(7 + 4),
        "close of one byte": frame(CLOSE, b"x"),
        "close 1005": frame(CLOSE, close_payload(1005)),
        "close 1006": frame(CLOSE, close_payload(1006)),
    }
    with relay.listen() as listener:
        for what, data in bad.items():
            for turn in (0, 1):
                ends = relay.pair(listener)
                ends[turn].send(data)
                eq(ends[turn].recv_close()[0], 1002, what)
                ends[turn].expect_eof()
                # The other side hears of the end; inside a message a Close
                # between its frames is allowed.
                want = 1001 if turn == 0 else 1011
                eq(ends[1 - turn].recv_close()[0], want, what)
                for end in ends:
                    end.quit()
        sender, side = relay.pair(listener)
        sender.send(frame(TEXT, b"\xff\xc0"))
        eq(side.recv_message(), (TEXT, b"\xff\xc0"))
        sender.quit()
        side.quit()
    for what, data in bad.items():
        if what.startswith("close"):
            continue
        with relay.listen() as control:
            control.send(data)
            eq(control.recv_close()[0], 1002, "control channel: " + what)


# Our own: bad input, hostile clients, files, signals ------------------------


@case("X01", "garbage instead of a request: 400; too long a head: 400 or 431")
def x01(relay):
    for data in (b"\0\1\2\3", b"GARBAGE\r\n\r\n", b"GET /\r\n\r\n",
                 b"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n",
                 b"GET / HTTP/1.1\nHost: x\r\n\r\n",
                 b"GET / HTTP/1.1\r\nX: " + b"x" * 20000,
                 b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n"):
        with relay.client() as client:
            client.send(data)
            assert client.answer() in (400, 431), data[:40]
            client.expect_eof()
    # No TLS at all, and a handshake cut short.
    with socket.create_connection(("127.0.0.1", relay.port), 10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        raw.settimeout(10)
        try:
            while raw.recv(4096):
                pass
        except ConnectionResetError:
            pass
    with relay.listen():
        pass


@case("X02", "a head in single bytes is a head; frames behind it count")
def x02(relay):
    with relay.listen() as listener:
        sender = relay.client()
        text = (f"GET /$hc/hyco?sb-hc-action=connect HTTP/1.1\r\nHost: h\r\n"
                "Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                "Sec-WebSocket-Version: 13\r\nServiceBusAuthorization: "
                f"{relay.token('send')}\r\n\r\n").encode()
        for i in range(len(text) - 1):
            sender.send(text[i : i + 1])
        # Eager: the first message right behind the head.
        sender.send(text[-1:] + frame(TEXT, "early"))
        sender.key = "AAAAAAAAAAAAAAAAAAAAAA=="
        message = listener.recv_json()
        host = f"localhost:{relay.port}"
        message["accept"]["address"] = re.sub(
            "wss://[^/]*", "wss://" + host, message["accept"]["address"])
        side = relay.accept(message)
        side.send(frame(TEXT, "eager"))
        eq(side.answer(), 101)
        eq(sender.answer(), 101)
        eq(side.recv_message(), (TEXT, b"early"))
        eq(sender.recv_message(), (TEXT, b"eager"))
        sender.quit()
        side.quit()


@case("X03", "the address is built on the listener's Host, not the sender's")
def x03(relay):
    with relay.listen() as listener:
        with relay.client() as sender:
            sender.ask("/$hc/hyco?sb-hc-action=connect", relay.auth("send"),
                       host="evil.example")
            address = listener.recv_json()["accept"]["address"]
            assert address.startswith(f"wss://localhost:{relay.port}/"), address
            listener.send(frame(PING))
    with own_relay('public = "wss://relay.example.net:8443";') as other:
        with other.listen() as listener, other.ask_connect():
            address = listener.recv_json()["accept"]["address"]
            assert address.startswith("wss://relay.example.net:8443/$hc/hyco?")


@case("X04", "a ping while the other direction is inside a frame waits for "
      "its end")
def x04(relay):
    with relay.listen() as listener:
        sender, side = relay.pair(listener)
        big = frame(BINARY, bytes(range(256)) * 40)
        side.send(big[:5000])
        # The beginning has arrived at the sender, the frame is open.
        while len(sender.buf) < 4000:
            sender.fill()
        sender.send(frame(PING, b"inside"))
        sender.send(frame(TEXT, "after"))
        eq(side.recv_message(), (TEXT, b"after"))
        side.send(big[5000:] + frame(TEXT, "next"))
        eq(sender.recv_frame()[2], bytes(range(256)) * 40)
        eq(sender.recv_frame(), (True, PONG, b"inside"))
        eq(sender.recv_frame(), (True, TEXT, b"next"))
        sender.quit()
        side.quit()


@case("X05", "a fault with a pong due ends the pair, the relay lives")
def x05(relay):
    with relay.listen() as listener:
        for turn in (0, 1):
            ends = relay.pair(listener)
            a, b = ends[turn], ends[1 - turn]
            big = frame(BINARY, bytes(10000))
            b.send(big[:5000])
            while len(a.buf) < 4000:
                a.fill()
            # Both come in one round of the relay's loop.
            relay.process.send_signal(signal.SIGSTOP)
            try:
                a.send(frame(PING, b"due") + frame(TEXT, "x", mask=False))
                b.send(big[5000:] + frame(TEXT, "more") * 100)
            finally:
                relay.process.send_signal(signal.SIGCONT)
            b.expect_eof()
            with relay.listen("solo") as alive:
                alive.send(frame(PING, b"x"))
                eq(alive.recv_frame(), (True, PONG, b"x"))
            a.quit()
            b.quit()


@case("X06", "pings of a client that never reads cost no memory")
def x06(relay):
    with relay.listen() as listener:
        sender, side = relay.pair(listener, rcvbuf=8192)
        control = relay.listen("solo")
        # An echo each, so that the scratch memory is counted before.
        before = relay.rss_kib()
        pings = frame(PING, bytes(125)) * 500
        for victim in (sender, control):
            state = {"sent": 0, "stop": False}
            thread = threading.Thread(target=pump, args=(victim, pings, state))
            thread.start()
            thread.join(6)
            state["stop"] = True
            thread.join()
        grown = relay.rss_kib() - before
        assert grown < 2048 + OPTIONS.slack_kib, f"grew by {grown} KiB"
        for client in (sender, side, control):
            client.quit()


@case("X07", "SIGTERM closes politely with 1001 and exits 0")
def x07(_):
    with own_relay() as relay:
        listener = relay.listen()
        sender, side = relay.pair(listener)
        waiting = relay.ask_connect()
        listener.recv_json()
        relay.process.send_signal(signal.SIGTERM)
        eq(listener.recv_close()[0], 1001)
        eq(sender.recv_close()[0], 1001)
        eq(side.recv_close()[0], 1001)
        eq(waiting.answer(), 503)
        for client in (listener, sender, side, waiting):
            client.quit()
        eq(relay.process.wait(10), 0)
    with own_relay() as relay:
        eq(relay.stop(signal.SIGINT), 0)


@case("X08", "TLS 1.2 and 1.3 are spoken, 1.1 is not")
def x08(relay):
    def version(highest, lowest):
        context = ssl.create_default_context(cafile=relay.file("crt.pem"))
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = lowest, highest
        with socket.create_connection(("127.0.0.1", relay.port), 10) as raw:
            with context.wrap_socket(raw, server_hostname="localhost") as tls:
                return tls.version()
    import warnings  # pylint: disable=import-outside-toplevel
    warnings.simplefilter("ignore", DeprecationWarning)
    v = ssl.TLSVersion
    eq(version(v.TLSv1_3, v.TLSv1_2), "TLSv1.3")
    eq(version(v.TLSv1_2, v.TLSv1_2), "TLSv1.2")
    try:
        version(v.TLSv1_1, v.TLSv1)
    except ssl.SSLError as error:
        assert "PROTOCOL_VERSION" in str(error).upper(), error
    else:
        raise AssertionError("TLS 1.1 was accepted")


@case("X09", "no log line holds a token or a key")
def x09(relay):
    with relay.listen():
        pass
    bad = sign("http://localhost/hyco", "listen", "not-the-key")
    eq(listen_status(relay, [("ServiceBusAuthorization", bad)]), 401)
    relay.wait_log("event=refused status=401")
    text = "\n".join(relay.lines)
    for secret in list(KEYS.values()) + list(ROOT.values()):
        assert secret not in text
    assert not re.search(r"sig=[A-Za-z0-9%]{8}", text)
    for event in ("event=listener_up path=", "event=refused status=401"):
        assert event in text, event


def says(relay, code, *texts):
    """The relay must end with @code and one line that has all @texts."""
    got, err = relay.run_once("-c", relay.file("relay.cfg"))
    assert got == code, f"exit {got}, want {code}: {err}"
    assert any(all(t in line for t in texts)
               for line in err.splitlines()), f"{texts} not in: {err}"


@case("X10", "port in use, unreadable and open files: one line with the remedy")
def x10(relay):
    # The shared relay holds the port: the same file cannot be served twice.
    says(relay, 1, str(relay.port), "in use", "choose another")
    other = own_relay()
    try:
        other.write_files()
        good = other.config()

        os.chmod(other.file("send.key"), 0o644)
        says(other, 2, "send.key", "relay.cfg:")
        os.chmod(other.file("send.key"), 0o600)
        os.unlink(other.file("listen.key"))
        says(other, 2, "listen.key", "relay.cfg:")
        other.write("listen.key", "")
        says(other, 2, "listen.key", "relay.cfg:")
        other.write("listen.key", "x\n")

        other.write("relay.cfg", good.replace("crt.pem", "none.pem"))
        says(other, 2, "certificate", "none.pem")
        other.write("crt2.pem", "no certificate\n")
        other.write("relay.cfg", good.replace("crt.pem", "crt2.pem"))
        says(other, 2, "crt2.pem", "PEM")
        other.write("relay.cfg", good.replace("key.pem", "crt.pem"))
        says(other, 2, "crt.pem", "key")
        other.write("relay.cfg", good + "user = \"no-such-user-here\";\n")
        says(other, 2, "no-such-user-here")
        other.write("relay.cfg", "listen = ;")
        says(other, 2, "relay.cfg:1")
        code, err = other.run_once("-c", other.file("none.cfg"))
        assert code == 2 and "none.cfg" in err and "No such file" in err, err
        code, _ = other.run_once("--nonsense")
        eq(code, 2)
        code, _ = other.run_once("-h")
        eq(code, 0)
        code, err = other.run_once("relay", "-c", other.file("none.cfg"))
        assert "none.cfg" in err, "a leading verb is tolerated"
    finally:
        other.__exit__()


@case("X11", "connections above the limit are refused, those below served")
def x11(_):
    limits = "rendezvous_s = 2; connections = 3;"
    with own_relay(limits=limits) as relay:
        with relay.listen() as listener, relay.listen(), relay.listen():
            try:
                with relay.client() as client:
                    client.expect_eof()
            except (OSError, ssl.SSLError):
                pass
            listener.send(frame(PING, b"x"))
            eq(listener.recv_frame(), (True, PONG, b"x"))
        for _ in range(100):
            try:
                with relay.listen():
                    return
            except (OSError, Eof):
                time.sleep(0.05)
        raise AssertionError("places were not given back")


@case("X12", "a slow head is cut off within 15 s, a listener lives on")
def x12(relay):
    with relay.listen() as listener, relay.client() as slow, \
            socket.create_connection(("127.0.0.1", relay.port), 20) as raw:
        begin = time.monotonic()
        slow.sock.settimeout(16)
        slow.send(b"GET / HTTP/1.1\r\n")
        slow.expect_eof()
        assert 8 < time.monotonic() - begin < 15
        # Nor does a connection that never begins TLS stay.
        raw.settimeout(25)
        eq(raw.recv(1), b"")
        listener.send(frame(PING, b"x"))
        eq(listener.recv_frame(), (True, PONG, b"x"))


@case("X13", "the program forbids core dumps and being traced")
def x13(relay):
    with open(f"/proc/{relay.process.pid}/limits", encoding="ascii") as f:
        line = next(x for x in f if x.startswith("Max core"))
    eq(line.split()[4:6], ["0", "0"])


# Runner ---------------------------------------------------------------------


def run_case(number, relay):
    """Return None, or what is wrong."""
    text, function = CASES[number]
    try:
        function(relay)
        assert relay.process.poll() is None, "the relay died"
    except Exception:  # pylint: disable=broad-except
        print(f"FAIL {number} {text}", flush=True)
        print(traceback.format_exc(), end="")
        print("\n".join("  log: " + line for line in relay.lines[-8:]),
              flush=True)
        return False
    print(f"ok {number} {text}", flush=True)
    return True


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=os.path.join(
        here, "../../build/libexec/relaytun/relaytun-relay"))
    parser.add_argument("--slack-kib", type=int, default=0,
                        help="memory a sanitizer's own books may take")
    parser.add_argument("cases", nargs="*")
    parser.parse_args(namespace=OPTIONS)
    wanted = [n for n in CASES if not OPTIONS.cases or n in OPTIONS.cases]
    failed = 0
    relay = None
    try:
        for number in wanted:
            if relay is None:
                relay = own_relay().__enter__()
            if not run_case(number, relay):
                failed += 1
                relay.__exit__()
                relay = None
        if relay is not None and relay.stop() != 0:
            print("FAIL the shared relay did not end cleanly")
            print("\n".join(relay.lines[-20:]))
            failed += 1
    finally:
        if relay is not None:
            relay.__exit__()
    print(f"{len(wanted) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

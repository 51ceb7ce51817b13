# SPDX-License-Identifier: GPL-2.0-or-later
"""R30..R49: senders, rendezvous, and what flows between two joined sides."""

import json
import os
import re
import ssl
import struct
import threading
import time
import urllib.parse

from client import (BINARY, CLOSE, CONT, PING, PONG, TEXT, Eof,
                    close_payload, frame, quote)
from registry import OPTIONS, case, eq, listen_status, own_relay


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


@case("R33", "the listener never comes: 504 at the limit")
def r33(relay):
    with relay.listen() as listener:
        begin = time.monotonic()
        with relay.ask_connect() as sender:
            message = listener.recv_json()
            eq(sender.answer(), 504)
            assert 1.5 < time.monotonic() - begin < 5
            assert message["accept"]["address"]


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


@case("R37", "an expired address: 403, for accept and for reject")
def r37(relay):
    with relay.listen() as listener:
        with relay.ask_connect() as sender:
            message = listener.recv_json()
            eq(sender.answer(), 504)
        for more in ("", "&sb-hc-statusCode=403"):
            with relay.accept(message, more=more) as side:
                eq(side.answer(), 403)
        # Nor is one that died with its sender.
        sender = relay.ask_connect()
        message = listener.recv_json()
        sender.reset()
        for _ in range(100):
            with relay.accept(message) as side:
                if side.answer() == 403:
                    break
                time.sleep(0.02)
        else:
            raise AssertionError("an address of nobody is good")


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
            eq(sender.answer(), 502)


@case("X37", "a listener that comes to the address in a wrong way: it gets 400, "
      "its sender 502 at once, and the address is used up")
def x37(relay):
    with relay.listen() as listener:
        for bad in ({"plain": True}, {"key": "short"},
                    {"more": "&sb-hc-statusCode=99"},
                    {"more": "&sb-hc-statusDescription=%zz"}):
            with relay.ask_connect() as sender:
                message = listener.recv_json()
                address = message["accept"]["address"].split("/", 3)[3]
                with relay.client() as side:
                    side.ask("/" + address + bad.pop("more", ""), **bad)
                    eq(side.answer(), 400, bad)
                eq(sender.answer(), 502)
                assert "handshake failed" in sender.reason, sender.reason
                with relay.accept(message) as side:
                    eq(side.answer(), 403)
        # A guessed secret says nothing of the sender's listener.
        with relay.ask_connect() as sender:
            message = listener.recv_json()
            address = message["accept"]["address"].split("/", 3)[3]
            with relay.client() as side:
                side.ask("/" + re.sub("vous=.", "vous=x", address), plain=True)
                eq(side.answer(), 400)
            assert sender.is_silent(0.2)
            with relay.accept(message) as side:
                eq((side.answer(), sender.answer()), (101, 101))


@case("X38", "a listener that goes before it came: another one is asked, with an "
      "address of its own; without one the sender gets 404")
def x38(relay):
    with own_relay(limits="rendezvous_s = 20;") as big:
        first = big.listen()
        with big.ask_connect(query="sb-hc-id=7&") as sender:
            lost = first.recv_json()
            with big.listen() as second:
                first.reset()
                message = second.recv_json()
                eq(message["accept"]["id"], "7")
                with big.accept(lost) as side:
                    eq(side.answer(), 403)
                with big.accept(message) as side:
                    eq((side.answer(), sender.answer()), (101, 101))
        # One that lost its control channel may still come, for a second.
        listener = big.listen()
        with big.ask_connect() as sender:
            message = listener.recv_json()
            big.lines.clear()
            listener.reset()
            big.wait_log("event=listener_down")
            with big.accept(message) as side:
                eq((side.answer(), sender.answer()), (101, 101))
        listener = big.listen()
        with big.ask_connect() as sender:
            listener.recv_json()
            listener.reset()
            begin = time.monotonic()
            eq(sender.answer(), 404)
            assert 0.9 < time.monotonic() - begin < 5
    assert relay.process.poll() is None


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


@case("R41", "the sender's sb-hc-id is the id, even an odd one")
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


@case("R42", "without sb-hc-id the ids are unique, for HTTP as well")
def r42(relay):
    with relay.listen() as listener:
        ids = set()
        for _ in range(20):
            with relay.ask_connect():
                ids.add(listener.recv_json()["accept"]["id"])
        eq(len(ids), 20)
        web = [relay.client() for _ in range(5)]
        for client in web:
            client.ask("/hyco", relay.auth("send"), plain=True)
            ids.add(listener.recv_json()["request"]["id"])
        eq(len(ids), 25)
        # Two requests of one id are told apart all the same.
        for client in web[:2]:
            client.quit()
        same = []
        web[:2] = [relay.client() for _ in range(2)]
        for client in web[:2]:
            client.ask("/hyco?sb-hc-id=same", relay.auth("send"), plain=True)
            same.append(listener.recv_json()["request"]["id"])
        assert same[0] == "same" and same[1] != "same", same
        for client in web:
            client.quit()


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


def step(client, todo, got):
    """Send and receive what goes without waiting; Return: did anything?"""
    moved = False
    try:
        while todo and client.sock.send(todo[0]):
            todo.pop(0)
            moved = True
    except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
        pass
    if got is None:
        return moved
    try:
        while True:
            data = client.sock.recv(1 << 18)
            if not data:
                raise Eof
            got.append(data)
            moved = True
    except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
        pass
    return moved


@case("R46c", "both ways full at a time: nothing is lost, nobody waits for ever")
def r46c(relay):
    with relay.listen() as listener:
        ends = relay.pair(listener, rcvbuf=8192)
        sent = [[os.urandom(16000) for _ in range(1500)] for _ in ends]
        todo = [[frame(BINARY, part) for part in parts] for parts in sent]
        got = [[], []]
        for end in ends:
            end.sock.settimeout(0)
        # First nobody reads, until both are stuck.
        quiet = time.monotonic()
        while time.monotonic() - quiet < 0.5:
            moved = [step(end, todo[i], None) for i, end in enumerate(ends)]
            if any(moved):
                quiet = time.monotonic()
            time.sleep(0.01)
        assert todo[0] and todo[1], "never stuck"
        want = sum(2 + 2 + len(part) for part in sent[0])
        deadline = time.monotonic() + 30
        while any(sum(map(len, g)) < want for g in got):
            moved = [step(end, todo[i], got[i]) for i, end in enumerate(ends)]
            if not any(moved):
                time.sleep(0.005)
            assert time.monotonic() < deadline, "stuck for ever"
        for i, end in enumerate(ends):
            end.buf = b"".join(got[i])
            for part in sent[1 - i]:
                opcode, payload = end.recv_message()
                assert opcode == BINARY and payload == part
            end.quit()


def ids(listener):
    """Senders that a listener is told of."""
    return {message["accept"]["id"] for message in listener.recv_told(0.5)}


@case("R47", "senders spread over the listeners; one that died, by RST, FIN or "
      "Close, gets no more, and who waits for it gets another")
def r47(relay):
    with own_relay(limits="rendezvous_s = 20;") as big:
        listeners = [big.listen() for _ in range(4)]
        senders = [big.ask_connect() for _ in range(100)]
        # On a slow machine one that has waited for 4 s has two.
        told = [ids(listener) for listener in listeners]
        eq(len(set().union(*told)), 100)
        assert min(map(len, told)) >= 5, told
        listeners[0].reset()
        listeners[1].quit()
        listeners[2].send(frame(CLOSE, close_payload(1000)))
        time.sleep(1)
        senders += [big.ask_connect() for _ in range(20)]
        end = time.monotonic() + 10
        while len(told[3]) < 120 and time.monotonic() < end:
            told[3] |= ids(listeners[3])
        eq(len(told[3]), 120)
        assert listeners[3].is_silent(0.5)
        for client in senders + listeners:
            client.quit()
    assert relay.process.poll() is None


@case("R48", "anonymous senders where configured: no token to connect, one to "
      "listen")
def r48(relay):
    target = "/$hc/open?sb-hc-action="
    with relay.listen("open") as listener:
        for headers in ([], [("ServiceBusAuthorization", "nonsense")]):
            with relay.client() as sender:
                sender.ask(target + "connect", headers)
                text = listener.recv_message()[1]
                assert b"nonsense" not in text
                with relay.accept(json.loads(text)) as side:
                    eq(side.answer(), 101)
                    eq(sender.answer(), 101)
        eq(listen_status(relay, [], target + "listen"), 401)
    eq(listen_status(relay, [], "/$hc/hyco?sb-hc-action=connect"), 401)
    eq(listen_status(relay, [], target + "connect"), 404)


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

# SPDX-License-Identifier: GPL-2.0-or-later
"""X01..: bad input, hostile clients, files, signals."""

import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import warnings

from client import BINARY, PING, PONG, TEXT, Eof, frame, quote, sign
from registry import OPTIONS, case, eq, listen_status, own_relay
from sender_cases import pump
from server import KEYS, ROOT


@case("X01", "garbage instead of a request: 400; too long a head: 400 or 431")
def x01(relay):
    for data in (b"\0\1\2\3", b"GARBAGE\r\n\r\n", b"GET /\r\n\r\n",
                 b"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n",
                 b"GET / HTTP/1.1\nHost: x\r\n\r\n",
                 b"GET /$hc/hyco HTTP/1.1\r\nX: " + b"x" * 20000,
                 b"GET / HTTP/1.1\r\nX: " + b"x" * 70000,
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
    with own_relay(extra='public = "wss://relay.example.net:8443";') as other:
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
    with own_relay(limits="drain_s = 1;") as relay:
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
        # The port is free for the next one at once.
        relay.start()
        with relay.listen():
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


@case("X19", "HTTP/1.1 is what is agreed on, whatever else a client offers")
def x19(relay):
    for offer, want in ((["h2", "http/1.1"], "http/1.1"), (["h2"], None),
                        (["http/1.1"], "http/1.1")):
        context = ssl.create_default_context(cafile=relay.file("crt.pem"))
        context.set_alpn_protocols(offer)
        client = relay.client(context=context)
        eq(client.sock.selected_alpn_protocol(), want)
        eq(client.upgrade("/$hc/hyco?sb-hc-action=listen",
                          relay.auth("listen")), 101)
        client.quit()


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
    for event in ("event=listener_up path=\"", "event=refused status=401"):
        assert event in text, event


@case("X35", "what a stranger chose cannot forge a key of a log line")
def x35(_):
    forged = 'no" status=200 event=joined x="'
    with own_relay() as relay, relay.listen("open") as listener:
        with relay.client() as client:
            client.ask("/" + quote(forged), [], plain=True)
            eq(client.answer(), 404)
        sender = relay.ask_connect(
            "open", query="sb-hc-id=" + quote('7" event=forged') + "&")
        side = relay.accept(listener.recv_json())
        eq((side.answer(), sender.answer()), (101, 101))
        relay.wait_log(r'id="7\" event=forged"')
        relay.wait_log(r'path="no\" status=200 event=joined x=\""')
        sender.quit()
        side.quit()


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

        os.chmod(other.file("key.pem"), 0o644)
        says(other, 2, "key.pem", "everybody", "chmod o=")
        os.chmod(other.file("key.pem"), 0o600)

        other.write("relay.cfg", good.replace("crt.pem", "none.pem"))
        says(other, 2, "certificate", "none.pem")
        other.write("crt2.pem", "no certificate\n")
        other.write("relay.cfg", good.replace("crt.pem", "crt2.pem"))
        says(other, 2, "crt2.pem", "PEM")
        other.write("relay.cfg", good.replace("key.pem", "crt.pem"))
        os.chmod(other.file("crt.pem"), 0o600)
        says(other, 2, "crt.pem", "the key is not accepted")
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
        code, _ = other.run_once("relay", "-c", other.file("none.cfg"))
        eq(code, 2)
    finally:
        other.__exit__()


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


@case("X14", "the example etc/relay.cfg starts, and as root becomes its user")
def x14(_):
    relay = own_relay()
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "../../etc/relay.cfg"),
              encoding="utf-8") as example:
        text = example.read()
    try:
        relay.write_files()
        for old, new in (("/etc/relaytun/relay.crt", relay.file("crt.pem")),
                         ("/etc/relaytun/relay.key", relay.file("key.pem")),
                         ("/etc/relaytun/", relay.file("")),
                         ("0.0.0.0:443", f"127.0.0.1:{relay.port}"),
                         ('user = "relaytun"', 'user = "nobody"')):
            assert old in text, old
            text = text.replace(old, new)
        relay.write("relay.cfg", text)
        relay.start()
        with open(f"/proc/{relay.process.pid}/status", encoding="ascii") as f:
            status = dict(line.rstrip("\n").split(":", 1) for line in f)
        if os.geteuid() == 0:
            uid = pwd.getpwnam("nobody").pw_uid
            eq(status["Uid"].split(), [str(uid)] * 4)
            eq(status["Groups"].split(), [])
            for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
                eq(int(status[name], 16), 0, name)
            eq(status["NoNewPrivs"].strip(), "1")
        with relay.listen("oslo-a"):
            pass
    finally:
        relay.__exit__()


@case("X16", "it listens on an IPv6 address as well")
def x16(_):
    with own_relay(host="::1") as relay, relay.listen() as listener:
        sender = relay.ask_connect()
        message = listener.recv_json()
        eq(message["accept"]["remoteEndpoint"]["address"], "::1")
        with relay.accept(message) as side:
            eq(side.answer(), 101)
            eq(sender.answer(), 101)
        sender.quit()


@case("X17", "an idle control channel is pinged; one that is dead is dropped")
def x17(_):
    with own_relay(limits="ping_s = 2;") as relay, relay.listen() as dead:
        with relay.listen() as listener:
            begin = time.monotonic()
            for _ in range(3):
                fin, opcode, payload = listener.recv_frame()
                eq((fin, opcode), (True, PING))
                listener.send(frame(PONG, payload))
            # It answered and lives; the other did not.
            assert 4 < time.monotonic() - begin < 12
            relay.wait_log("event=listener_silent")
            dead.expect_eof()
            listener.send(frame(PING, b"x"))
            eq(listener.recv_frame(), (True, PONG, b"x"))


@case("X18", "a joined connection is held to TCP keepalive")
def x18(relay):
    with relay.listen() as listener:
        sender, side = relay.pair(listener)
        time.sleep(0.2)
        shown = subprocess.run(
            ["ss", "-tnoH", "sport", "=", f":{relay.port}", "dport", "=",
             f":{sender.raw_port()}"],
            check=True, capture_output=True, text=True, timeout=10).stdout
        assert "timer:(keepalive," in shown, shown
        sender.quit()
        side.quit()


@case("X46", "a relay that was stopped for a while ends nobody for being silent "
      "meanwhile")
def x46(_):
    with own_relay(limits="ping_s = 1; rendezvous_s = 3;") as relay, \
            relay.listen() as listener:
        sender = relay.ask_connect()
        message = listener.recv_json()
        relay.process.send_signal(signal.SIGSTOP)
        time.sleep(5)
        relay.process.send_signal(signal.SIGCONT)
        relay.wait_log("event=stood_still ms=")
        side = relay.accept(message)
        eq((side.answer(), sender.answer()), (101, 101))
        listener.send(frame(PING, b"x"))
        while listener.recv_frame()[1] != PONG:
            pass
        sender.quit()
        side.quit()

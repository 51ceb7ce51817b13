# SPDX-License-Identifier: GPL-2.0-or-later
"""X20..: reload, limits, status, --check, --dev and its faults."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

from client import BINARY, PING, PONG, TEXT, Client, Eof, frame, sign
from registry import (OPTIONS, RELAYTUN, alive, ask_status, case, eq,
                      listen_status, own_relay, until)
from sender_cases import pump
from server import KEYS, free_port


def reload(relay, wanted="event=reloaded"):
    relay.lines.clear()
    relay.process.send_signal(signal.SIGHUP)
    relay.wait_log(wanted)


def serial(relay, version=ssl.TLSVersion.TLSv1_3):
    """The certificate that a new connection sees."""
    with socket.create_connection(("127.0.0.1", relay.port), 10) as raw:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = version
        with context.wrap_socket(raw) as tls:
            return tls.getpeercert(binary_form=True)


@case("X20", "SIGHUP: new keys and certificate, no connection dropped")
def x20(_):
    with own_relay() as relay, relay.listen() as listener:
        sender, side = relay.pair(listener)
        before = serial(relay)
        relay.write("listen.key", "another-key\n")
        relay.make_certificate()
        reload(relay)
        assert serial(relay) != before
        # One of another type of key leaves none of those before.
        relay.make_certificate("rsa:2048")
        reload(relay)
        with open(relay.file("crt.pem"), encoding="ascii") as file:
            wanted = ssl.PEM_cert_to_DER_cert(file.read())
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            assert serial(relay, version) == wanted, version
        for client in (listener, sender):
            alive(client)
        sender.send(frame(TEXT, "through"))
        eq(side.recv_message(), (TEXT, b"through"))
        # The old key is good for nothing new, the new one is.
        eq(listen_status(relay, relay.auth("listen")), 401)
        good = sign("http://localhost/hyco", "listen", "another-key")
        eq(listen_status(relay, [("ServiceBusAuthorization", good)]), 101)
        # A renewal is judged by the new key.
        listener.send(frame(TEXT, json.dumps(
            {"renewToken": {"token": relay.token("listen")}})))
        eq(listener.recv_close()[0], 1008)
        alive(sender)
        sender.quit()
        side.quit()


@case("X21", "SIGHUP with wrong files: said, and all stays as it was")
def x21(_):
    with own_relay() as relay, relay.listen() as listener:
        good = relay.config()
        before = serial(relay)
        for break_it, word in (
                (lambda: relay.write("relay.cfg", "listen = ;"), "relay.cfg:1"),
                (lambda: os.unlink(relay.file("listen.key")), "listen.key"),
                (lambda: relay.write("crt.pem", "no certificate\n"),
                 "crt.pem"),
                (lambda: os.unlink(relay.file("relay.cfg")), "No such file")):
            break_it()
            reload(relay, "event=reload_failed")
            assert any(word in line for line in relay.lines), relay.lines
            alive(listener)
            eq(serial(relay), before)
            relay.write("relay.cfg", good)
            relay.write("listen.key", KEYS["listen"])
        eq(relay.stop(), 0)


@case("X22", "SIGHUP: a hybrid connection that is gone is closed with 1001, others "
      "and new limits are in force")
def x22(_):
    with own_relay() as relay, relay.listen("solo") as lost, \
            relay.listen() as kept:
        sender, side = relay.pair(lost, "solo")
        waiting = relay.ask_connect("solo")
        lost.recv_json()
        text = relay.config().replace('path = "solo"', 'path = "fresh"')
        relay.write("relay.cfg", text.replace(
            "rendezvous_s = 2;", "rendezvous_s = 2; listeners = 1;"))
        reload(relay)
        eq(lost.recv_close(), (1001, "hybrid connection is gone"))
        eq(sender.recv_close()[0], 1001)
        eq(side.recv_close()[0], 1001)
        eq(waiting.answer(), 404)
        alive(kept)
        eq(listen_status(relay, relay.auth("listen")), 429)
        eq(listen_status(relay, relay.auth("listen", "solo"),
                         "/$hc/solo?sb-hc-action=listen"), 404)
        with relay.listen("fresh"):
            pass
        for client in (sender, side, waiting):
            client.quit()


@case("X34", "SIGHUP with plaintext in place of TLS: said, and rendezvous addresses "
      "still fit the port")
def x34(_):
    with own_relay() as relay, relay.listen() as listener:
        relay.write("relay.cfg", re.sub(r"tls = \{[^}]*\};",
                                        "plaintext = true;", relay.config()))
        reload(relay)
        assert any('event=reload_kept settings="plaintext"' in line
                   for line in relay.lines)
        sender = relay.ask_connect()
        told = listener.recv_json()
        assert told["accept"]["address"].startswith("wss://"), told
        side = relay.accept(told)
        eq((side.answer(), sender.answer()), (101, 101))
        sender.quit()
        side.quit()


@case("X36", "SIGHUP with another port, user and status socket: status says what "
      "is in force, and what needs a restart")
def x36(_):
    with own_relay() as relay:
        port, text = relay.port, relay.config()
        eq(json.loads(ask_status(relay))["restart_needed"], [])
        relay.port = free_port()
        relay.write("relay.cfg", relay.config()
                    .replace("status.sock", "other.sock")
                    + 'user = "nobody";\n')
        relay.port, wanted = port, ["listen", "status", "user"]
        reload(relay)
        assert any(f'event=reload_kept settings="{", ".join(wanted)}"' in line
                   for line in relay.lines), relay.lines
        status = json.loads(ask_status(relay))
        eq(status["relay"], f"127.0.0.1:{port}")
        eq(status["restart_needed"], wanted)
        shown = subprocess.run(
            [RELAYTUN, "status", "-s", relay.file("status.sock")],
            capture_output=True, text=True, timeout=20, check=True).stdout
        assert f"relay at 127.0.0.1:{port}" in shown, shown
        assert "after a restart: listen, status, user\n" in shown, shown
        with relay.listen():
            pass
        # What was taken back needs none.
        relay.write("relay.cfg", text)
        reload(relay)
        eq(json.loads(ask_status(relay))["restart_needed"], [])
        relay.write("relay.cfg", text.replace("status.sock", "other.sock"))
        reload(relay)
        eq(relay.stop(), 0)
        # It takes away its own socket, not the one it never had.
        assert not os.path.exists(relay.file("status.sock"))


@case("X25", "handshakes of one address: up to the limit at once, no more, and a "
      "second later again")
def x25(_):
    with own_relay(limits="handshakes = 10;") as relay:
        time.sleep(1)
        served = tried = 0
        begin = time.monotonic()
        while tried - served < 4 and tried < 100:
            tried += 1
            try:
                with relay.client():
                    served += 1
            except (OSError, ssl.SSLError):
                pass
        # Ten at once; in the time that they take some more are due.
        due = 10 + 10 * (time.monotonic() - begin)
        assert 10 <= served <= due, (served, due)
        time.sleep(1.1)
        with relay.listen() as listener:
            alive(listener)
        status = json.loads(ask_status(relay))
        assert status["counts"]["over_rate"] >= 2


@case("X26", "bytes kept: above the limit 503, one below it served; who is there "
      "lives on")
def x26(_):
    def held():
        return json.loads(ask_status(relay))["held_bytes"]

    def refused():
        return json.loads(ask_status(relay))["counts"]["over_held"]

    def told():
        return subprocess.run(
            [RELAYTUN, "status", "-s", relay.file("status.sock")], check=True,
            capture_output=True, text=True, timeout=20).stdout

    with own_relay(limits="held_mib = 1; rendezvous_s = 60;") as relay:
        # A listener counts 65 kB and some; 896 kB are for those who wait.
        listeners = [relay.listen("open") for _ in range(13)]
        eq(listen_status(relay, relay.auth("listen", "open"),
                         "/$hc/open?sb-hc-action=listen"), 503)
        senders = []
        while not refused() > 1:
            senders.append(relay.ask_connect("open"))
            senders[-1].is_silent(0.1)
        eq(senders.pop().answer(), 503)
        eq(len(senders), 3)
        # Two were refused: their connections end a little after the answer.
        until(lambda: "\n16 connections of 5000:" in told())
        text = told()
        for want in (r"^16 connections of 5000: 13 listeners, .* 3 waiting,",
                     r" kept of 1\.0 MiB$", "; no room [1-9][0-9]* times$"):
            assert re.search(want, text, re.M), text
        assert 880 << 10 < held() <= 896 << 10, held()
        with relay.client() as client:
            client.ask("/open", plain=True)
            eq(client.answer(), 503)
        # The rest is for heads, whole or not, and for those who come to meet.
        heads = [relay.client() for _ in range(3)]
        for client in heads:
            client.send(b"GET / HTTP/1.1\r\nX: " + b"x" * 50000)
        answered = [c for c in heads if not c.is_silent(1)]
        eq([c.answer() for c in answered], [503])
        assert 1000 << 10 < held() <= 1 << 20, held()
        for client in heads:
            client.reset()
        until(lambda: held() <= 896 << 10)
        for listener in listeners:
            while not listener.is_silent(0.05):
                _, opcode, payload = listener.recv_frame()
                if opcode == PING:
                    listener.send(frame(PONG, payload))
                elif opcode == TEXT:
                    side = relay.accept(json.loads(payload))
                    eq(side.answer(), 101)
                    side.quit()
        for sender in senders:
            eq(sender.answer(), 101)
        with relay.ask_connect("open") as client:
            assert client.is_silent(0.3), "there is room again"
        # What a slow reader makes us keep is counted, and given back.
        for client in listeners + senders:
            client.quit()
        until(lambda: held() < 4096)
        before = held()
        with relay.listen("open") as listener:
            slow = relay.ask_connect("open", rcvbuf=4096)
            side = relay.accept(listener.recv_json())
            eq((side.answer(), slow.answer()), (101, 101))
            state = {"sent": 0, "stop": False}
            thread = threading.Thread(target=pump, args=(
                side, frame(BINARY, bytes(65536)), state))
            thread.start()
            thread.join(10)
            state["stop"] = True
            assert before + 75000 < held() < before + 300000, held() - before
            slow.reset()
            side.quit()
        until(lambda: held() <= before + 4096)


@case("X27", "status says what there is; relaytun status shows it")
def x27(_):
    with own_relay() as relay, relay.listen() as listener:
        sender, side = relay.pair(listener)
        sender.send(frame(BINARY, bytes(1000)))
        side.recv_message()
        eq(listen_status(relay, []), 401)
        status = json.loads(ask_status(relay))
        eq(status["state"], "up")
        eq(status["relay"], f"127.0.0.1:{relay.port}")
        eq(status["pid"], relay.process.pid)
        eq(status["sessions"]["listeners"], 1)
        eq(status["sessions"]["joined"], 2)
        eq(status["counts"]["refused_4xx"], 1)
        hub = next(h for h in status["hubs"] if h["path"] == "hyco")
        eq(hub["joined"], 1)
        assert 1000 < hub["passed_bytes"] < 1020
        eq(hub["listeners"][0]["remote"],
           f"127.0.0.1 port {listener.raw_port()}")
        for args, words in (([], ["relay at", "1 listeners", "hyco"]),
                            (["--json"], ['"hubs"'])):
            done = subprocess.run(
                [RELAYTUN, "status", "-s", relay.file("status.sock"), *args],
                capture_output=True, text=True, timeout=20, check=True)
            for word in words:
                assert word in done.stdout, done.stdout
        # Askers that never read cost a few places, not memory or others.
        idle = [socket.socket(socket.AF_UNIX) for _ in range(20)]
        for sock in idle:
            sock.connect(relay.file("status.sock"))
        alive(listener)
        for sock in idle:
            sock.close()
        json.loads(ask_status(relay))
        eq(oct(os.stat(relay.file("status.sock")).st_mode & 0o777), "0o660")
        eq(relay.stop(), 0)
        assert not os.path.exists(relay.file("status.sock"))
        # One that was left behind by a kill is replaced.
        relay.start()
        relay.process.kill()
        relay.process.wait()
        relay.start()
        json.loads(ask_status(relay))
        sender.quit()
        side.quit()


@case("X28", "--check: the normal form and 0, or every error and 2; nothing is "
      "served")
def x28(relay):
    args = ("-c", relay.file("relay.cfg"), "--check")
    done = subprocess.run([OPTIONS.program, *args], capture_output=True,
                          text=True, timeout=20, check=False)
    eq((done.returncode, done.stderr), (0, ""))
    assert "held_mib = 256;" in done.stdout
    other = own_relay()
    try:
        other.write_files()
        other.write("relay.cfg", done.stdout)
        again = subprocess.run(
            [OPTIONS.program, "-c", other.file("relay.cfg"), "--check"],
            capture_output=True, text=True, timeout=20, check=True)
        eq(again.stdout, done.stdout)
        # What is included is told of as its own file.
        other.write("more.cfg", "# nothing\nfoo = 1;\n")
        other.write("relay.cfg", done.stdout + '@include "more.cfg"\n')
        code, err = other.run_once("-c", other.file("relay.cfg"), "--check")
        eq(code, 2)
        assert "more.cfg:2:" in err and "foo" in err, err
        other.write("relay.cfg", "listen = \"x\";\nfoo = 1;\n")
        code, err = other.run_once("-c", other.file("relay.cfg"), "--check")
        eq(code, 2)
        assert "relay.cfg:1:" in err and "relay.cfg:2:" in err, err
        for wrong, word in (
                (("--check", "--dev"), "leave out -c and --check"),
                (("--listen", "127.0.0.1:1"), "need --dev"),
                (("--dev", "-c", other.file("relay.cfg")), "leave out -c"),
                (("--dev", "--fault", "nonsense"), "one of late-accept"),
                (("--dev", "--fault", "late-accept=0"), "SECONDS 1 to 3600"),
                (("--dev", "--listen", "nowhere"), '--dev: listen "nowhere": '),
                (("--dev", "--path", "/x"), '--dev: path "/x": '),
                (("--dev", *("--path", "x") * 65), "64 times at most"),
                (("--dev", "more"), "no argument but options")):
            code, err = other.run_once(*wrong)
            eq(code, 2, wrong)
            assert word in err and err.count("\n") < 3, (wrong, err)
        with Dev() as dev:
            code, err = other.run_once(
                "--dev", "--listen", f"127.0.0.1:{dev.port}")
            eq(code, 1)
            assert "in use" in err and "another with --listen" in err, err
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(
                [OPTIONS.program, "--dev", "--listen",
                 f"127.0.0.1:{free_port()}"], stdout=full, timeout=20,
                stderr=subprocess.PIPE, text=True, check=False)
        eq(done.returncode, 1)
        assert "No space left" in done.stderr, done.stderr
    finally:
        other.__exit__()


class Dev:
    """relaytun relay --dev, and what it printed."""

    def __init__(self, *args):
        self.port = free_port()
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [OPTIONS.program, "--dev", "--listen", f"127.0.0.1:{self.port}",
             *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        self.strings = []
        pem = ""
        for line in self.process.stdout:
            if line.startswith("Endpoint="):
                self.strings.append(dict(
                    part.split("=", 1) for part in line.strip().split(";")))
            else:
                pem += line
            if "END CERTIFICATE" in line:
                break
        self.ca = ssl.create_default_context(cadata=pem)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def client(self, host="127.0.0.1", **more):
        return Client(self.port, None, host=host, context=self.ca,
                      name=host, **more)

    def auth(self, name, path="hyco"):
        string = next(s for s in self.strings
                      if s["SharedAccessKeyName"] == name
                      and s.get("EntityPath") == path)
        return [("ServiceBusAuthorization", sign(
            f"http://localhost/{path}", name, string["SharedAccessKey"]))]

    def listen(self, path="hyco"):
        client = self.client()
        eq(client.upgrade(f"/$hc/{path}?sb-hc-action=listen",
                          self.auth("listen", path)), 101)
        return client

    def connect(self, path="hyco"):
        client = self.client()
        client.ask(f"/$hc/{path}?sb-hc-action=connect",
                   self.auth("send", path))
        return client

    def accept(self, message):
        """Go where the message says, with the certificate checked."""
        address = message["accept"]["address"]
        found = re.match(r"wss://([^:/]+):(\d+)(/.*)", address)
        eq(int(found.group(2)), self.port)
        client = self.client(found.group(1).replace("localhost", "127.0.0.1"))
        client.ask(found.group(3))
        return client


@case("X29", "--dev: no files; its strings and its certificate work")
def x29(_):
    with Dev("--path", "hyco", "--path", "other/one") as dev:
        eq(len(dev.strings), 7)
        eq(dev.strings[0]["SharedAccessKeyName"], "RootManageSharedAccessKey")
        assert "EntityPath" not in dev.strings[0]
        eq(dev.strings[0]["Endpoint"], f"sb://localhost:{dev.port}/")
        for path in ("hyco", "other/one"):
            with dev.listen(path) as listener, dev.connect(path) as sender:
                with dev.accept(listener.recv_json()) as side:
                    eq(side.answer(), 101)
                    eq(sender.answer(), 101)
                    side.send(frame(TEXT, "hello"))
                    eq(sender.recv_message(), (TEXT, b"hello"))
        with dev.client() as client:
            eq(client.upgrade("/$hc/hyco?sb-hc-action=listen",
                              dev.auth("send")), 403)


@case("X30", "--fault late-accept and ghost-listener")
def x30(_):
    with Dev("--fault", "late-accept=2") as dev, dev.listen() as listener:
        begin = time.monotonic()
        with dev.connect() as sender:
            message = listener.recv_json()
            assert 0.9 < time.monotonic() - begin < 4
            with dev.accept(message) as side:
                eq(side.answer(), 101)
                eq(sender.answer(), 101)
    with Dev("--fault", "ghost-listener") as dev, dev.listen() as listener:
        senders = [dev.connect() for _ in range(30)]
        served = len(listener.recv_told(0.5))
        assert 4 <= served <= 26, served
        for sender in senders:
            sender.quit()


@case("X31", "--fault drop-control, slow-reader and other-host")
def x31(_):
    with Dev("--fault", "drop-control=1") as dev, dev.listen() as listener:
        try:
            listener.recv_frame()
            raise AssertionError("a frame came")
        except Eof:
            pass
    with Dev("--fault", "slow-reader") as dev, dev.listen() as listener, \
            dev.connect() as sender:
        with dev.accept(listener.recv_json()) as side:
            eq(side.answer(), 101)
            eq(sender.answer(), 101)
            begin = time.monotonic()
            for i in range(3):
                side.send(frame(TEXT, str(i)))
                eq(sender.recv_message(), (TEXT, str(i).encode()))
            assert time.monotonic() - begin > 1
    with Dev("--fault", "other-host") as dev, dev.listen() as listener, \
            dev.connect() as sender:
        message = listener.recv_json()
        assert message["accept"]["address"].startswith(
            f"wss://127.0.0.2:{dev.port}/"), message
        with dev.accept(message) as side:
            eq(side.answer(), 101)
            eq(sender.answer(), 101)


def junk(relay, what):
    """One hostile connection; it stays open until it is closed by us."""
    raw = socket.create_connection(("127.0.0.1", relay.port), 10)
    raw.settimeout(10)
    try:
        if what == "silence":
            return raw
        if what == "noise":
            raw.sendall(os.urandom(3000))
        elif what == "half a record":
            raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        elif what == "oversized record":
            raw.sendall(b"\x16\x03\x01\xff\xff" + bytes(70000))
        elif what == "alerts":
            raw.sendall(b"\x15\x03\x01\x00\x02\x01\x00" * 500)
        elif what == "plain http":
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        elif what == "noise inside TLS":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            tls = context.wrap_socket(raw, do_handshake_on_connect=True)
            # What follows the handshake is no record of this session.
            fd = tls.detach()
            raw = socket.socket(fileno=fd)
            raw.settimeout(10)
            raw.sendall(b"\x17\x03\x03\x40\x00" + os.urandom(20000))
    except OSError:
        pass
    return raw


@case("X32", "garbage before and in TLS, before and after the upgrade: memory "
      "bounded, others unharmed")
def x32(relay):
    kinds = ("silence", "noise", "half a record", "oversized record", "alerts",
             "plain http", "noise inside TLS")
    with relay.listen() as listener:
        sender, side = relay.pair(listener)
        for kind in kinds:  # once, so that memory for it is there
            junk(relay, kind).close()
        before = relay.rss_kib()
        for _ in range(5):
            open_ones = [junk(relay, kind) for kind in kinds for _ in range(4)]
            # Before and after the upgrade, inside TLS.
            with relay.client() as client, relay.listen("solo") as control:
                client.send(os.urandom(1000))
                try:
                    control.send(os.urandom(5000))
                except OSError:
                    pass
            text = os.urandom(2000)
            sender.send(frame(BINARY, text))
            eq(side.recv_message(), (BINARY, text))
            for raw in open_ones:
                raw.close()
        alive(listener)
        grown = relay.rss_kib() - before
        assert grown < 3072 + OPTIONS.slack_kib, f"grew by {grown} KiB"
        sender.quit()
        side.quit()


@case("X33", "slow loris: heads of single bytes, handshakes that stop; each has "
      "head_s")
def x33(_):
    with own_relay(limits="head_s = 2;") as relay, relay.listen() as listener:
        slow = [relay.client() for _ in range(20)]
        stuck = [junk(relay, "half a record") for _ in range(20)]
        begin = time.monotonic()
        left = list(slow)
        while left and time.monotonic() - begin < 8:
            for client in list(left):
                try:
                    client.send(b"G")
                    if not client.is_silent(0.001):
                        left.remove(client)
                except (OSError, Eof):
                    left.remove(client)
            alive(listener)
            time.sleep(0.05)
        assert not left, f"{len(left)} still open"
        assert time.monotonic() - begin > 1.5
        for raw in stuck:
            eq(raw.recv(1), b"")
            raw.close()
        for client in slow:
            client.quit()
        alive(listener)


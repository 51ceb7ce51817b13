#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""half_open.py - A raw client of the relay at relay.test, and what it sees

  half_open.py CA KEY listen|serve|pump|send|knock PATH

listen registers; serve also accepts senders and waits; pump sends to them for
ever; send is a sender that waits; knock is a new sender every 40 ms, for two
seconds.  Pings are answered.  Says what happens: registered, joined, closed CODE,
lost; knock says how many found nobody, and when the last of these asked, counted
from when the first sender did.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../tests/relay"))
# pylint: disable=wrong-import-position
from client import (BINARY, CLOSE, PING, PONG, TEXT, Client, Eof,  # noqa: E402
                    frame, sign)
import json  # noqa: E402

CA, KEY, WHAT, PATH = sys.argv[1:5]
ADDRESS = "192.0.2.1"


def say(*words):
    print(*words, flush=True)


def client():
    new = Client(443, CA, host=ADDRESS, name="relay.test")
    new.sock.settimeout(None)
    return new


def auth():
    return [("ServiceBusAuthorization", sign(f"http://relay.test/{PATH}",
                                             "root", KEY))]


def pump(side):
    data = frame(BINARY, bytes(65536))
    try:
        while True:
            side.send(data)
    except OSError:
        pass


def wait(end, taken):
    """Answer pings; @taken gets text messages."""
    try:
        while True:
            _, opcode, payload = end.recv_frame()
            if opcode == PING:
                end.send(frame(PONG, payload))
            elif opcode == TEXT and taken:
                taken(json.loads(payload))
            elif opcode == CLOSE:
                say("closed", int.from_bytes(payload[:2], "big"))
                return
    except (Eof, OSError):
        say("lost")


def accept(message):
    side = client()
    address = message["accept"]["address"]
    side.ask(address[len("wss://relay.test"):])
    assert side.answer() == 101, side.head
    say("joined")
    if WHAT == "pump":
        threading.Thread(target=pump, args=(side,), daemon=True).start()
    threading.Thread(target=wait, args=(side, None), daemon=True).start()


def knock():
    """Senders that come one after the other, each with two seconds to be joined."""
    asked = []
    lost = []

    def one():
        end = Client(443, CA, host=ADDRESS, name="relay.test")
        end.sock.settimeout(2)
        end.ask(f"/$hc/{PATH}?sb-hc-action=connect", auth(), host="relay.test")
        at = time.monotonic()
        asked.append(at)
        try:
            end.answer()
        except (TimeoutError, Eof):
            lost.append(at)
        end.quit()

    start = time.monotonic()
    threads = []
    for i in range(50):
        time.sleep(max(0, start + i * 0.04 - time.monotonic()))
        threads.append(threading.Thread(target=one))
        threads[-1].start()
    for thread in threads:
        thread.join()
    last = max(lost) - min(asked) if lost else 0
    say("unanswered", len(lost), "last_ms", int(last * 1000))


def main():
    if WHAT == "knock":
        knock()
        return
    end = client()
    action = "connect" if WHAT == "send" else "listen"
    end.ask(f"/$hc/{PATH}?sb-hc-action={action}", auth(), host="relay.test")
    assert end.answer() == 101, end.head
    say("joined" if WHAT == "send" else "registered")
    if WHAT == "send":
        threading.Event().wait()  # takes nothing
    wait(end, accept)


main()

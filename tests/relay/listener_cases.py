# SPDX-License-Identifier: GPL-2.0-or-later
"""R01..R21: listeners, their tokens and control channels."""

import json
import ssl
import subprocess
import time

from client import (BINARY, CLOSE, PING, PONG, TEXT, close_payload, frame,
                    quote, sign)
from registry import (RELAYTUN, ask_status, case, eq, listen_status,
                      own_relay)
from server import KEYS


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
    # As forms and URLSearchParams write a space.
    eq(listen_status(relay, [], "/$hc/hyco?sb-hc-action=listen&sb-hc-token="
                     + token.replace("%20", "+")), 101)


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


@case("R16", "the 26th listener is refused, the 25 stay")
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
    finally:
        for listener in listeners:
            listener.quit()


@case("R17", "a listener leaves, by Close, FIN or RST: its place is free at once")
def r17(_):
    with own_relay(limits="listeners = 2;") as relay, relay.listen():
        for leave in ("close", "quit", "reset"):
            leaver = relay.listen()
            port = leaver.raw_port()
            eq(listen_status(relay, relay.auth("listen")), 429)
            if leave == "close":
                leaver.send(frame(CLOSE, close_payload(1000)))
                eq(leaver.recv_close()[0], 1000)
                leaver.expect_eof()
            else:
                getattr(leaver, leave)()
                relay.wait_log(f":{port} event=listener_down")
            eq(listen_status(relay, relay.auth("listen")), 101)


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


@case("X40", "a listener that answers pings and takes no sender: others get them, "
      "those who wait too, and the status says so")
def x40(_):
    def take(relay, listener):
        """Accept whom it is told of; return how many."""
        told = listener.recv_told(0.05)
        for message in told:
            with relay.accept(message) as side:
                eq(side.answer(), 101)
        return len(told)

    with own_relay(limits="rendezvous_s = 60;") as relay, \
            relay.listen() as deaf, relay.listen() as taking:
        missed, taken, senders = 0, 0, []
        while missed < 3:
            senders.append(relay.ask_connect())
            missed += len(deaf.recv_told(0.05))
            taken += take(relay, taking)
        end = time.monotonic() + 30
        while taken < len(senders) and time.monotonic() < end:
            missed += len(deaf.recv_told(0.05))
            taken += take(relay, taking)
        eq(taken, len(senders))
        relay.wait_log("event=listener_deaf")
        hub = next(h for h in json.loads(ask_status(relay))["hubs"]
                   if h["path"] == "hyco")
        eq([one["deaf"] for one in hub["listeners"]],
           [{}, {"senders": missed}])
        text = subprocess.run(
            [RELAYTUN, "status", "-s", relay.file("status.sock")], check=True,
            capture_output=True, text=True, timeout=20).stdout
        assert f", did not come for {missed} senders in a row\n" in text, text
        for sender in senders:
            eq(sender.answer(), 101)
            sender.quit()

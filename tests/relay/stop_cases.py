# SPDX-License-Identifier: GPL-2.0-or-later
"""X07, X23..: the relay stops, and ends of connections that must arrive."""

import json
import signal
import socket
import ssl
import threading
import time

from client import (BINARY, CLOSE, CONT, TEXT, Eof, close_payload, frame)
from http_cases import Web, meet, recv_request, respond
from registry import alive, case, eq, own_relay


@case("X23", "SIGTERM drains: a message and an answer under way end, the port is "
      "closed where nobody waits to be met")
def x23(_):
    with own_relay(limits="drain_s = 20;") as relay, relay.listen() as listener:
        sender, side = relay.pair(listener)
        with Web(relay) as web:
            web.send()
            message, _ = recv_request(listener)
            channel = meet(relay, message)
            side.send(frame(BINARY, b"a", fin=False))
            eq(sender.recv_frame(), (False, BINARY, b"a"))
            relay.process.send_signal(signal.SIGTERM)
            relay.wait_log("event=stopping")
            try:
                relay.client().quit()
                raise AssertionError("a connection was accepted")
            except (OSError, ssl.SSLError):
                pass
            side.send(frame(CONT, b"b"))
            eq(sender.recv_frame(), (True, CONT, b"b"))
            eq(sender.recv_close()[0], 1001)
            eq(side.recv_close()[0], 1001)
            eq(listener.recv_close()[0], 1001)
            respond(channel, message, body=b"after the signal")
            eq(web.read(), (200, b"after the signal"))
        channel.quit()
        eq(relay.process.wait(10), 0)
        sender.quit()
        side.quit()


@case("X24", "the drain has an end, and a second signal is that end")
def x24(_):
    for limit, signals in ((1, 1), (60, 2)):
        with own_relay(limits=f"drain_s = {limit};") as relay, \
                relay.listen() as listener:
            sender, side = relay.pair(listener)
            side.send(frame(BINARY, b"a", fin=False))
            sender.recv_frame()
            begin = time.monotonic()
            for _ in range(signals):
                relay.process.send_signal(signal.SIGTERM)
                time.sleep(0.1)
            eq(relay.process.wait(15), 0)
            assert time.monotonic() - begin < 8
            sender.quit()
            side.quit()


@case("X24b", "HTTP answers under way: one that goes on comes whole, and the end of "
      "the drain is a 503 for one that has not begun and cuts one that has")
def x24b(_):
    big = bytes(range(256)) * 4096

    def begin(relay, listener, web):
        """An answer in pieces, the first of which has come."""
        web.send()
        message, _ = recv_request(listener)
        channel = meet(relay, message)
        channel.send(frame(TEXT, json.dumps({"response": {
            "requestId": message["id"], "statusCode": 200, "body": True}}))
            + frame(BINARY, big[:1000], fin=False))
        eq(web.client.answer(), 200)
        pieces = web.chunks()
        eq(next(pieces), big[:1000])
        return channel, pieces

    with own_relay(limits="drain_s = 3;") as relay, \
            relay.listen("open") as listener, Web(relay, "open") as web, \
            Web(relay, "open") as cut, Web(relay, "open") as late:
        channel, pieces = begin(relay, listener, web)
        idle, started = begin(relay, listener, cut)
        late.send()
        recv_request(listener)
        relay.process.send_signal(signal.SIGTERM)
        relay.wait_log("event=stopping")
        thread = threading.Thread(target=channel.send, args=(
            frame(CONT, big[1000:]),))
        thread.start()
        assert b"".join(pieces) == big[1000:]
        thread.join()
        web.client.expect_eof()
        eq(channel.recv_close()[0], 1000)
        assert late.client.is_silent(0.5)
        eq(late.read()[0], 503)
        try:
            next(started)
            raise AssertionError("an answer went on")
        except Eof:
            pass
        eq(idle.recv_close()[0], 1001)
        eq(listener.recv_close()[0], 1001)
        eq(relay.process.wait(10), 0)
        channel.quit()
        idle.quit()


@case("X41", "SIGTERM: listeners still come for a sender and an HTTP client that "
      "were there, others get 503, then it is over")
def x41(_):
    big = bytes(range(256)) * 1024
    with own_relay(limits="drain_s = 30;") as relay, \
            relay.listen() as listener, Web(relay) as web:
        sender = relay.ask_connect()
        message = listener.recv_json()
        web.send()
        request, _ = recv_request(listener)
        relay.process.send_signal(signal.SIGTERM)
        relay.wait_log("event=stopping")
        begin = time.monotonic()
        with relay.client() as late:
            eq(late.upgrade("/$hc/hyco?sb-hc-action=listen",
                            relay.auth("listen")), 503)
        with relay.ask_connect() as late:
            eq(late.answer(), 503)
        alive(listener)
        side = relay.accept(message)
        eq((side.answer(), sender.answer()), (101, 101))
        sender.send(frame(TEXT, "?"))
        eq(side.recv_message(), (TEXT, b"?"))
        side.send(frame(TEXT, "!"))
        eq(sender.recv_message(), (TEXT, b"!"))
        channel = meet(relay, request)
        respond(channel, request, body=big)
        eq(web.read(), (200, big))
        for client in (listener, sender, side):
            eq(client.recv_close(), (1001, "relay stops"))
            client.quit()
        channel.quit()
        eq(relay.process.wait(10), 0)
        assert time.monotonic() - begin < 15


@case("X42", "who is told of the end and never closes delays it by a second")
def x42(_):
    with own_relay() as relay, relay.listen() as listener:
        sender, side = relay.pair(listener)
        relay.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        for client in (listener, sender, side):
            eq(client.recv_close()[0], 1001)
        eq(relay.process.wait(10), 0)
        took = time.monotonic() - begin
        assert took < 2.5, took
        sender.quit()
        side.quit()


@case("X47", "a sender that hung up while its listener was awaited does not delay "
      "the stop")
def x47(_):
    with own_relay(limits="drain_s = 20;") as relay, \
            relay.listen() as listener, relay.ask_connect() as sender:
        listener.recv_json()
        sender.sock.shutdown(socket.SHUT_WR)
        relay.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        eq(listener.recv_close()[0], 1001)
        listener.quit()
        eq(relay.process.wait(15), 0)
        took = time.monotonic() - begin
        assert took < 8, took


@case("X48", "the drain is not over sooner because the relay stood still")
def x48(_):
    with own_relay(limits="drain_s = 8;") as relay, relay.listen() as listener:
        sender, side = relay.pair(listener)
        side.send(frame(BINARY, b"a", fin=False))
        sender.recv_frame()
        relay.process.send_signal(signal.SIGTERM)
        relay.wait_log("event=stopping")
        relay.process.send_signal(signal.SIGSTOP)
        time.sleep(9)
        relay.process.send_signal(signal.SIGCONT)
        relay.wait_log("event=stood_still ms=")
        # Longer than a relay needs to see that it is over.
        time.sleep(0.5)
        side.send(frame(CONT, b"b"))
        eq(sender.recv_frame(), (True, CONT, b"b"))
        eq(sender.recv_close()[0], 1001)
        eq(side.recv_close()[0], 1001)
        eq(relay.process.wait(15), 0)
        sender.quit()
        side.quit()


def talk_on(client, seconds):
    """Send and send, whatever comes; a reset would end it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        client.send(frame(BINARY, bytes(1000)))
        time.sleep(0.01)


@case("X43", "a Close of the relay's own arrives though its client sends on: after a "
      "fault, a lost other side, on a rendezvous of HTTP")
def x43(relay):
    with relay.listen() as listener:
        sender, side = relay.pair(listener)
        sender.send(frame(3, b"no such opcode"))
        talk_on(sender, 0.4)
        eq(sender.recv_close()[0], 1002)
        eq(side.recv_close()[0], 1001)
        sender, side = relay.pair(listener)
        sender.reset()
        talk_on(side, 0.4)
        eq(side.recv_close()[0], 1001)
        with Web(relay) as web:
            web.send()
            request, _ = recv_request(listener)
            channel = meet(relay, request)
        channel.send(frame(TEXT, "{}"))
        talk_on(channel, 0.4)
        eq(channel.recv_close()[0], 1000)
        # A Close of both sides needs no such time.
        sender, side = relay.pair(listener)
        sender.send(frame(CLOSE, close_payload(1000)))
        eq(side.recv_close()[0], 1000)
        begin = time.monotonic()
        side.send(frame(CLOSE, close_payload(1000)))
        sender.expect_eof()
        side.expect_eof()
        assert time.monotonic() - begin < 1

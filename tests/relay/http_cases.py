# SPDX-License-Identifier: GPL-2.0-or-later
"""R60..R71: HTTP requests relayed to listeners."""

import json
import os
import threading
import time

from client import BINARY, CLOSE, CONT, PING, PONG, TEXT, close_payload, frame
from registry import case, eq, own_relay

BIG = bytes(range(256)) * 4096  # 1 MiB


class Web:
    """An HTTP client on one connection."""

    def __init__(self, relay, path="hyco"):
        self.relay = relay
        self.path = path
        self.client = relay.client()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.quit()

    def head(self, method="GET", target=None, headers=(), body=None,
             auth=True, version="HTTP/1.1"):
        lines = [f"{method} {target or '/' + self.path} {version}",
                 f"Host: localhost:{self.relay.port}"]
        if auth:
            lines += [f"{n}: {v}" for n, v in self.relay.auth("send",
                                                              self.path)]
        lines += [f"{name}: {value}" for name, value in headers]
        if isinstance(body, bytes):
            lines.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def send(self, *args, body=None, **more):
        """Send a request without waiting for its answer."""
        self.client.send(self.head(*args, body=body, **more))
        if isinstance(body, bytes):
            self.client.send(body)

    def read(self, head_only=False):
        """Return status and body of the answer."""
        client = self.client
        client.answer()
        if client.status == 100:
            return 100, b""
        if head_only or client.status in (204, 304):
            return client.status, b""
        if client.headers.get("transfer-encoding") == "chunked":
            return client.status, b"".join(self.chunks())
        if "content-length" in client.headers:
            return client.status, client.take(
                int(client.headers["content-length"]))
        client.expect_eof()
        return client.status, client.buf

    def chunks(self):
        client = self.client
        while True:
            while b"\r\n" not in client.buf:
                client.fill()
            line, client.buf = client.buf.split(b"\r\n", 1)
            size = int(line, 16)
            if size:
                yield client.take(size)
            eq(client.take(2), b"\r\n")
            if not size:
                return


def recv_request(channel, body=None):
    """A request message and its body."""
    message = channel.recv_json()["request"]
    if message.get("body"):
        opcode, body = channel.recv_message()
        eq(opcode, BINARY)
    return message, body


def respond(channel, message, status=200, headers=None, body=None, **more):
    """An answer with its body in one message."""
    response = {"requestId": message["id"], "statusCode": status,
                "statusDescription": more.pop("reason", "OK"),
                "responseHeaders": headers or {}, "body": body is not None}
    response.update(more)
    channel.send(frame(TEXT, json.dumps({"response": response})))
    if body is not None:
        channel.send(frame(BINARY, body))


def meet(relay, message, status=101):
    """The listener comes to the address of a request."""
    address = message["address"]
    prefix = f"wss://localhost:{relay.port}"
    assert address.startswith(prefix), address
    client = relay.client()
    client.ask(address[len(prefix):])
    eq(client.answer(), status)
    return client


@case("R60", "GET: the listener gets method, target, headers, Via; its answer "
      "comes with status and headers")
def r60(relay):
    with relay.listen() as listener, Web(relay) as web:
        token = relay.token("send")
        web.send(target="/hyco/a%20b?x=%31&sb-hc-id=7&SB-HC-Token=zz&y",
                 auth=False, headers=[
                     ("ServiceBusAuthorization", token), ("X-Own", "1"),
                     ("Connection", "keep-alive, X-Hop"), ("X-Hop", "no"),
                     ("TE", "trailers"), ("Via", "1.0 before")])
        # The token of the query is judged before the header's.
        eq(web.read()[0], 401)
    with relay.listen() as listener, Web(relay) as web:
        web.send(target="/hyco/a%20b?x=%31&sb-hc-id=7&y", headers=[
            ("X-Own", "1"), ("Connection", "keep-alive, X-Hop"),
            ("X-Hop", "no"), ("TE", "trailers"), ("Via", "1.0 before")])
        message, _ = recv_request(listener)
        eq(message["method"], "GET")
        eq(message["requestTarget"], "/hyco/a%20b?x=%31&y")
        eq(message["id"], "7")
        eq(message["body"], False)
        eq(message["remoteEndpoint"], {"address": "127.0.0.1",
                                       "port": web.client.raw_port()})
        eq(message["requestHeaders"], {
            "X-Own": "1", "Via": f"1.0 before, 1.1 localhost:{relay.port}"})
        respond(listener, message, 203, {"X-Answer": "2", "Set-Cookie": "a=b"},
                b"hello", reason="Fine")
        eq(web.read(), (203, b"hello"))
        eq(web.client.reason, "Fine")
        eq(web.client.headers["x-answer"], "2")
        eq(web.client.headers["via"], f"1.1 localhost:{relay.port}")
        eq(web.client.headers["content-length"], "5")
        # The connection is used again; two requests may come at once.
        web.send(headers=[("N", "1")])
        web.send(headers=[("N", "2")])
        for n in "12":
            message, _ = recv_request(listener)
            eq(message["requestHeaders"]["N"], n)
            respond(listener, message, body=b"n" + n.encode())
            eq(web.read(), (200, b"n" + n.encode()))
        # An answer without a body, and the empty body hyco-https sends behind.
        web.send()
        message, _ = recv_request(listener)
        respond(listener, message)
        listener.send(frame(BINARY, b""))
        eq(web.read(), (200, b""))
        # Connection: close, and HTTP/1.0.
        web.send(headers=[("Connection", "close")])
        respond(listener, recv_request(listener)[0], body=b"last")
        eq(web.read(), (200, b"last"))
        web.client.expect_eof()
    with relay.listen() as listener, Web(relay) as web:
        web.send(version="HTTP/1.0")
        respond(listener, recv_request(listener)[0], body=b"old")
        eq(web.read(), (200, b"old"))
        web.client.expect_eof()


@case("R61", "POST of 1 kB and of 64 kB go over the control channel")
def r61(relay):
    with relay.listen() as listener, Web(relay) as web:
        for size in (1, 1024, 65536):
            web.send("POST", body=BIG[:size], headers=[("X", "1")])
            message, body = recv_request(listener)
            eq(message["body"], True)
            assert "Content-Length" not in message["requestHeaders"]
            eq(body, BIG[:size])
            respond(listener, message, body=body[:10])
            eq(web.read(), (200, BIG[:10][:size]))
        web.send("POST", headers=[("Expect", "100-continue"),
                                  ("Content-Length", "2")])
        eq(web.read()[0], 100)
        web.client.send(b"ok")
        message, body = recv_request(listener)
        eq(body, b"ok")
        assert "Expect" not in message["requestHeaders"]
        respond(listener, message, 201)
        eq(web.read(), (201, b""))


@case("R62", "POST of 1 MB: only an address, then all by rendezvous; so does a "
      "head over 32 kB, and a body that is slow")
def r62(relay):
    with relay.listen() as listener:
        for size in (65537, len(BIG)):
            with Web(relay) as web:
                thread = threading.Thread(
                    target=web.send, args=("POST",),
                    kwargs={"body": BIG[:size], "headers": [("X", "1")]})
                thread.start()
                invite = listener.recv_json()["request"]
                eq(sorted(invite), ["address", "id"])
                channel = meet(relay, invite)
                message, body = recv_request(channel)
                thread.join()
                eq(message["id"], invite["id"])
                eq(message["method"], "POST")
                eq(message["requestHeaders"]["X"], "1")
                assert body == BIG[:size]
                respond(channel, message, body=b"got it")
                eq(web.read(), (200, b"got it"))
            eq(channel.recv_close()[0], 1000)
            channel.quit()
        with Web(relay) as web:
            long = [(f"X-{i}", "y" * 8000) for i in range(5)]
            web.send(headers=long)
            channel = meet(relay, listener.recv_json()["request"])
            message, _ = recv_request(channel)
            eq(message["requestHeaders"]["X-4"], "y" * 8000)
            respond(channel, message)
            eq(web.read(), (200, b""))
            channel.quit()
        # The edge: a head of 32 kB goes over the control channel.
        for size in (32768, 32769):
            with Web(relay) as web:
                head = web.head("GET", headers=[("X", "")])
                web.client.send(head.replace(
                    b"\r\nX: ", b"\r\nX: " + b"y" * (size - len(head))))
                message = listener.recv_json()["request"]
                eq(sorted(message) == ["address", "id"], size > 32768)
                if size > 32768:
                    with meet(relay, message) as channel:
                        message, _ = recv_request(channel)
                        eq(len(message["requestHeaders"]["X"]),
                           size - len(head))
                        respond(channel, message)
                        eq(web.read(), (200, b""))
                else:
                    respond(listener, message)
                    eq(web.read(), (200, b""))
        # And one of 64 kB, over the rendezvous; a byte more is refused.
        for size in (65536, 65537):
            with Web(relay) as web:
                head = web.head("GET", headers=[("X", "")])
                web.client.send(head.replace(
                    b"\r\nX: ", b"\r\nX: " + b"y" * (size - len(head))))
                if size > 65536:
                    eq(web.read()[0], 431)
                    continue
                with meet(relay, listener.recv_json()["request"]) as channel:
                    respond(channel, recv_request(channel)[0])
                    eq(web.read(), (200, b""))
        with Web(relay) as web:
            web.send("PUT", headers=[("Content-Length", "4")])
            web.client.send(b"ab")
            channel = meet(relay, listener.recv_json()["request"])
            eq(channel.recv_json()["request"]["method"], "PUT")
            web.client.send(b"cd")
            eq(channel.recv_message(), (BINARY, b"abcd"))
            channel.quit()


@case("R63", "chunked POST, small and large, is one message")
def r63(relay):
    def chunked(parts):
        return b"".join(b"%x;e=1\r\n%s\r\n" % (len(p), p) for p in parts) \
            + b"0\r\nTrailer: x\r\n\r\n"
    head = [("Transfer-Encoding", "chunked")]
    with relay.listen() as listener, Web(relay) as web:
        web.send("POST", headers=head)
        data = chunked([b"one", b"two"])
        for i in range(len(data)):
            web.client.send(data[i : i + 1])
        message, body = recv_request(listener)
        eq(body, b"onetwo")
        respond(listener, message, body=b"1")
        eq(web.read(), (200, b"1"))
        web.send("POST", headers=head)
        web.client.send(chunked([]))
        message, body = recv_request(listener)
        eq((message["body"], body), (True, b""))
        respond(listener, message, body=b"2")
        eq(web.read(), (200, b"2"))
        web.send("POST", headers=head)
        parts = [BIG[: 1000 + i] for i in range(100)]
        thread = threading.Thread(target=web.client.send,
                                  args=(chunked(parts),))
        thread.start()
        channel = meet(relay, listener.recv_json()["request"])
        message, body = recv_request(channel)
        thread.join()
        assert body == b"".join(parts)
        respond(channel, message, body=b"3")
        eq(web.read(), (200, b"3"))
        channel.quit()
    for bad in (b"z\r\n", b"5\r\nhelloX"):
        with relay.listen() as listener, Web(relay) as web:
            web.send("POST", headers=head)
            web.client.send(bad)
            eq(web.read()[0], 400)
            web.client.expect_eof()


@case("R64", "an answer of 1 MB by rendezvous, whole, in frames, to HTTP/1.0")
def r64(relay):
    with relay.listen() as listener:
        for version, cut in (("HTTP/1.1", False), ("HTTP/1.1", True),
                             ("HTTP/1.0", True)):
            with Web(relay) as web:
                web.send(version=version)
                message, _ = recv_request(listener)
                channel = meet(relay, message)
                response = {"response": {
                    "requestId": message["id"], "statusCode": 200,
                    "statusDescription": "OK", "body": True}}
                data = frame(TEXT, json.dumps(response))
                if cut:
                    for i in range(0, len(BIG), 50000):
                        data += frame(CONT if i else BINARY,
                                      BIG[i : i + 50000], fin=False)
                        data += frame(PING, b"p")
                    data += frame(CONT, b"")
                else:
                    data += frame(BINARY, BIG)
                thread = threading.Thread(target=channel.send, args=(data,))
                thread.start()
                status, body = web.read()
                thread.join()
                assert status == 200 and body == BIG
                eq("content-length" in web.client.headers, not cut)
                if cut:
                    eq(channel.recv_frame(), (True, PONG, b"p"))
            channel.quit()
        # A client that does not read holds up its listener, not the relay.
        with Web(relay) as web:
            web.client.quit()
            web.client = relay.client(rcvbuf=8192)
            web.send()
            message, _ = recv_request(listener)
            channel = meet(relay, message)
            respond(channel, message)  # body: false; now again with a body
            web.read()
            web.send()
            message = channel.recv_json()["request"]
            data = frame(TEXT, json.dumps({"response": {
                "requestId": message["id"], "statusCode": 200, "body": True}}))
            channel.send(data)
            piece = frame(CONT, BIG[:65536], fin=False)
            sent = 0
            channel.sock.settimeout(0.5)
            try:
                channel.send(frame(BINARY, b"", fin=False))
                while sent < 64 << 20:
                    channel.sock.send(piece)
                    sent += len(piece)
            except TimeoutError:
                pass
            assert sent < 32 << 20, "never slowed"
            channel.quit()


@case("R65", "two requests of one client connection share the rendezvous socket")
def r65(relay):
    with relay.listen() as listener, Web(relay) as web:
        web.send("POST", body=BIG[:70000])
        invite = listener.recv_json()["request"]
        channel = meet(relay, invite)
        meet(relay, invite, 403).quit()
        message, _ = recv_request(channel)
        respond(channel, message, body=b"1")
        eq(web.read(), (200, b"1"))
        for i in range(3):
            web.send("POST", body=b"small", headers=[("N", str(i))])
            message, body = recv_request(channel)
            eq((body, message["requestHeaders"]["N"]), (b"small", str(i)))
            respond(channel, message, body=b"2")
            eq(web.read(), (200, b"2"))
        assert listener.is_silent(0.2)
        # The listener closes it: the next request comes as the first did.
        channel.send(frame(CLOSE, close_payload(1000)))
        eq(channel.recv_close()[0], 1000)
        channel.quit()
        web.send()
        respond(listener, recv_request(listener)[0], body=b"3")
        eq(web.read(), (200, b"3"))


@case("R66", "no listener: 502; a listener that goes: 502")
def r66(relay):
    with Web(relay, "solo") as web:
        web.send("POST", body=BIG[:100000])
        eq(web.read()[0], 502)
        assert "TrackingId:" in web.client.reason
        assert "via" not in web.client.headers
        web.client.expect_eof()
    with Web(relay) as web:
        listener = relay.listen()
        web.send()
        recv_request(listener)
        listener.quit()
        eq(web.read()[0], 502)
    with relay.listen() as listener, Web(relay) as web:
        web.send("POST", body=BIG[:70000])
        channel = meet(relay, listener.recv_json()["request"])
        recv_request(channel)
        channel.quit()
        eq(web.read()[0], 502)


@case("R67", "a silent listener: 504 at the limit; a cut answer ends the "
      "connection")
def r67(_):
    with own_relay(limits="rendezvous_s = 1; response_s = 2;") as relay, \
            relay.listen() as listener:
        with Web(relay) as web:
            begin = time.monotonic()
            web.send()
            message, _ = recv_request(listener)
            eq(web.read()[0], 504)
            assert 1.9 < time.monotonic() - begin < 4
            respond(listener, message, body=b"too late")
        with Web(relay) as web:
            begin = time.monotonic()
            web.send("POST", body=BIG[:70000])
            invite = listener.recv_json()["request"]
            eq(web.read()[0], 504)
            assert 0.9 < time.monotonic() - begin < 3
            meet(relay, invite, 403).quit()
        with Web(relay) as web:
            web.send()
            message, _ = recv_request(listener)
            channel = meet(relay, message)
            channel.send(frame(TEXT, json.dumps({"response": {
                "requestId": message["id"], "statusCode": 200,
                "body": True}})) + frame(BINARY, b"half", fin=False))
            web.client.answer()
            eq(web.client.take(9), b"4\r\nhalf\r\n")
            web.client.expect_eof()
            eq(web.client.buf, b"")
        # A client that does not send its body.
        with Web(relay) as web:
            web.send("POST", headers=[("Content-Length", "100000")])
            channel = meet(relay, listener.recv_json()["request"])
            eq(web.read()[0], 408)
            channel.quit()


@case("R68", "answers that could split a head: 502; headers of the connection "
      "are left out")
def r68(relay):
    with relay.listen() as listener:
        for headers, status in (({"A": "x\r\nB: y"}, 200), ({"A\n": "x"}, 200),
                                ({"A b": "x"}, 200), ({}, 101), ({}, 99)):
            with Web(relay) as web:
                web.send()
                message, _ = recv_request(listener)
                respond(listener, message, status, headers)
                eq(web.read()[0], 502, headers)
        with Web(relay) as web:
            web.send()
            message, _ = recv_request(listener)
            respond(listener, message, 200, {
                "Connection": "X", "Transfer-Encoding": "gzip", "Good": "1",
                "Content-Length": "999", "Upgrade": "h2c"}, b"body")
            eq(web.read(), (200, b"body"))
            eq(web.client.headers["good"], "1")
            eq(web.client.headers["content-length"], "4")
            eq(web.client.headers["connection"], "keep-alive")
            assert "upgrade" not in web.client.headers
        # A split phrase; JSON that is none; ids of nobody: ignored or 502.
        with Web(relay) as web:
            web.send()
            message, _ = recv_request(listener)
            listener.send(frame(TEXT, '{"response":{"requestId":"nobody",'
                                '"statusCode":200}}') + frame(TEXT, "{"))
            respond(listener, message, body=b"right")
            eq(web.read(), (200, b"right"))


@case("R69", "Authorization: stripped when it was for the relay, else passed")
def r69(relay):
    with relay.listen() as listener:
        with Web(relay) as web:
            web.send(auth=False,
                     headers=[("Authorization", relay.token("send"))])
            message, _ = recv_request(listener)
            assert "Authorization" not in message["requestHeaders"]
            assert "SharedAccess" not in json.dumps(message)
            respond(listener, message)
            eq(web.read()[0], 200)
        with Web(relay) as web:
            web.send(headers=[("Authorization", "Basic x")])
            message, _ = recv_request(listener)
            eq(message["requestHeaders"]["Authorization"], "Basic x")
            assert "SharedAccess" not in json.dumps(message)
            respond(listener, message)
            eq(web.read()[0], 200)
        for headers in ([], [("Authorization", "Basic x")]):
            with Web(relay) as web:
                web.send(auth=False, headers=headers)
                eq(web.read()[0], 401)
        with Web(relay) as web:
            web.send(auth=False, headers=[("Authorization",
                                           relay.token("listen"))])
            eq(web.read()[0], 403)
    with relay.listen("open") as listener, Web(relay, "open") as web:
        web.send(auth=False, headers=[("Authorization", "Basic y")])
        message, _ = recv_request(listener)
        eq(message["requestHeaders"]["Authorization"], "Basic y")
        respond(listener, message)
        eq(web.read()[0], 200)
    with relay.listen("nohttp"), Web(relay, "nohttp") as web:
        web.send()
        eq(web.read()[0], 404)


@case("R70", "statusCode as text; HEAD, 204 and 304 have no body")
def r70(relay):
    with relay.listen() as listener, Web(relay) as web:
        web.send()
        message, _ = recv_request(listener)
        respond(listener, message, "418", body=b"tea")
        eq(web.read(), (418, b"tea"))
        web.send("HEAD")
        message, _ = recv_request(listener)
        eq(message["method"], "HEAD")
        respond(listener, message, headers={"Content-Length": "77"},
                body=b"not to be seen")
        eq(web.read(head_only=True), (200, b""))
        eq(web.client.headers["content-length"], "77")
        for status in (204, 304):
            web.send()
            message, _ = recv_request(listener)
            respond(listener, message, status, body=b"nor this")
            eq(web.read(), (status, b""))
            assert "content-length" not in web.client.headers
            assert "transfer-encoding" not in web.client.headers
        # And the connection is still in step.
        web.send()
        respond(listener, recv_request(listener)[0], body=b"in step")
        eq(web.read(), (200, b"in step"))


@case("R71", "the last frame of a long answer without FIN, then Close: the "
      "answer ends cleanly")
def r71(relay):
    with relay.listen() as listener:
        for first in (b"", os.urandom(70000)):
            with Web(relay) as web:
                web.send()
                message, _ = recv_request(listener)
                channel = meet(relay, message)
                data = frame(TEXT, json.dumps({"response": {
                    "requestId": message["id"], "statusCode": 200,
                    "body": True}}))
                if first:
                    data += frame(BINARY, first, fin=False)
                    data += frame(CONT, b"tail", fin=False)
                channel.send(data + frame(CLOSE, close_payload(1000)))
                status, body = web.read()
                eq(status, 200)
                assert body == (first + b"tail" if first else b"")
                # The client's connection goes on.
                web.send()
                respond(listener, recv_request(listener)[0], body=b"next")
                eq(web.read(), (200, b"next"))
                channel.quit()


@case("X39", "a refused request whose body is under way: the client gets the "
      "answer, no reset")
def x39(relay):
    for path, status in (("nohttp", 404), ("nowhere", 404), ("hyco", 401)):
        with Web(relay, path) as web:
            web.send("POST", auth=status == 404, body=2 * BIG)
            eq(web.read(), (status, b""))
    with Web(relay) as web:
        web.client.send(b"GET /hyco HTTP/1.1\r\nX: " + 4 * len(BIG) * b"x")
        eq(web.read(), (431, b""))

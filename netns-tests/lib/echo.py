#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""echo.py - What is sent comes back, over TCP and UDP.

  echo.py serve ADDRESS PORT
  echo.py ask HOST PORT [tcp|udp]         one exchange
  echo.py rtt HOST PORT [tcp|udp] [COUNT] [PERCENT]
                                          that percentile of the round trips
                                          (50: their median), in us
  echo.py large HOST PORT COUNT LENGTH    as many UDP sockets, each one datagram
  echo.py refused HOST PORT               an ICMP error answers a datagram
  echo.py expired HOST PORT TTL           another, when its time to live ends

Exits 1 with one line when the answer is not the expected one, or does not come within
three seconds (or ECHO_PATIENCE_S).
"""

import errno
import os
import socket
import sys
import threading
import time

WORD = b"are you there?"
PATIENCE_S = float(os.environ.get("ECHO_PATIENCE_S", 3))
IP_RECVERR = 11  # linux/in.h; Python has no name for it


def family_of(address):
    """Of a numeric address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve_tcp(address, port):
    """Accept for ever, a thread for each connection."""

    def answer(sock):
        with sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := sock.recv(65536):
                sock.sendall(data)

    with socket.create_server((address, port), family=family_of(address)) as listener:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=answer, args=(sock,), daemon=True).start()


def serve_udp(address, port):
    """Answer every datagram."""
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as sock:
        sock.bind((address, port))
        while True:
            data, peer = sock.recvfrom(65536)
            sock.sendto(data, peer)


def connect(host, port, proto):
    """A connected socket of either kind."""
    if proto == "tcp":
        sock = socket.create_connection((host, port), PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(PATIENCE_S)
    sock.connect(address)
    return sock


def ask(host, port, proto="tcp"):
    """One exchange."""
    with connect(host, port, proto) as sock:
        sock.send(WORD)
        got = sock.recv(100)
    if got != WORD:
        sys.exit("echo: got %r" % got)


def rtt(host, port, proto="tcp", count="300", percent="50"):
    """A percentile of round trips, after a tenth as warm-up; a lost datagram
    took as long as we waited for it, and is told."""
    times = []
    begin = time.perf_counter_ns()
    with connect(host, port, proto) as sock:
        for number in range(int(count) * 11 // 10):
            start = time.perf_counter_ns()
            sock.send(WORD)
            try:
                sock.recv(100)
            except socket.timeout:
                print(
                    "echo: %s to %s lost: number %d, %.2f s after the first"
                    % (proto, host, number, (start - begin) / 1e9),
                    file=sys.stderr,
                )
            times.append(time.perf_counter_ns() - start)
            time.sleep(0.002)
    times = sorted(times[int(count) // 10 :])
    print(times[len(times) * int(percent) // 100] // 1000)


def large(host, port, count, length):
    """Long datagrams of several flows: all must come back whole."""
    lost = 0
    for number in range(int(count)):
        word = bytes([number]) * int(length)
        with connect(host, port, "udp") as sock:
            sock.send(word)
            try:
                lost += sock.recv(65536) != word
            except socket.timeout:
                lost += 1
    if lost:
        sys.exit("echo: %d of %s datagrams did not come back" % (lost, count))


def refused(host, port):
    """The far end must answer with ICMP port unreachable."""
    with connect(host, port, "udp") as sock:
        for _ in range(3):
            try:
                sock.send(WORD)
                sock.recv(100)
            except ConnectionRefusedError:
                print("refused")
                return
            except socket.timeout:
                continue
            sys.exit("echo: somebody answers at a port that should be closed")
    sys.exit("echo: no ICMP error arrives")


def expired(host, port, ttl):
    """A router on the way must answer with ICMP time exceeded."""
    with connect(host, port, "udp") as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sock.send(WORD)
        try:
            sock.recv(100)
        except OSError as error:
            if error.errno != errno.EHOSTUNREACH:
                raise
            # The router's address: struct sock_extended_err, then sockaddr.
            _, control, _, _ = sock.recvmsg(100, 512, socket.MSG_ERRQUEUE)
            router = control[0][2][16:]
            print("expired at", socket.inet_ntoa(router[4:8]))
            return
    sys.exit("echo: the datagram arrived in spite of its time to live")


def main():
    """Command line."""
    what, host, port, *rest = sys.argv[1:]
    port = int(port)
    if what == "serve":
        threading.Thread(target=serve_tcp, args=(host, port), daemon=True).start()
        serve_udp(host, port)
    verbs = {
        "ask": ask,
        "rtt": rtt,
        "large": large,
        "refused": refused,
        "expired": expired,
    }
    try:
        verbs[what](host, port, *rest)
    except OSError as error:
        sys.exit("echo: %s" % error)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""X11, X15, X44, X45: as many connections as the file, and open files, allow."""

import ctypes
import os
import resource
import signal
import socket
import ssl
import subprocess
import time

from client import PING, PONG, Eof, frame
from registry import RELAYTUN, alive, case, eq, own_relay


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
            relay.wait_log("event=connections_refused all_places_taken=1 ")
        for _ in range(100):
            try:
                with relay.listen():
                    return
            except (OSError, Eof):
                time.sleep(0.05)
        raise AssertionError("places were not given back")


@case("X15", "all connections of the limit fit, whatever the shell's limit of "
      "open files")
def x15(_):
    def few_files():
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    relay = own_relay(limits="listeners = 200; connections = 200;")
    clients = []
    try:
        relay.write_files()
        relay.start(preexec_fn=few_files)
        for _ in range(150):
            clients.append(relay.listen())
        for client in clients:
            client.send(frame(PING, b"x"))
            eq(client.recv_frame(), (True, PONG, b"x"))
    finally:
        for client in clients:
            client.quit()
        relay.__exit__()


def shown(relay):
    """What relaytun status says."""
    return subprocess.run(
        [RELAYTUN, "status", "-s", relay.file("status.sock")], check=True,
        capture_output=True, text=True, timeout=20).stdout


@case("X44", "no file for a connection, or for who asks for the status: it waits, "
      "the relay does not spin, log and status say it, and it is served when there "
      "is one")
def x44(_):
    with own_relay() as relay, relay.listen() as listener:
        used = len(os.listdir(f"/proc/{relay.process.pid}/fd"))
        pid, sign = relay.process.pid, resource.RLIMIT_NOFILE
        before = resource.prlimit(pid, sign)
        resource.prlimit(pid, sign, (used + 2, before[1]))
        waiting = [socket.create_connection(("127.0.0.1", relay.port), 10)
                   for _ in range(6)]
        relay.wait_log("event=not_accepted")
        curious = socket.socket(socket.AF_UNIX)
        curious.connect(relay.file("status.sock"))
        cpu, lines = relay.cpu_s(), len(relay.lines)
        time.sleep(2)
        assert relay.cpu_s() - cpu < 0.5, relay.cpu_s() - cpu
        assert len(relay.lines) - lines < 10, relay.lines[-3:]
        alive(listener)
        for sock in waiting[:2]:
            sock.close()
        # A place for the status socket, which the waiting may not take.
        resource.prlimit(pid, sign, before)
        with relay.listen() as late:
            alive(late)
        assert "had to wait for files or memory " in shown(relay)
        curious.settimeout(20)
        assert curious.recv(1)
        curious.close()
        for sock in waiting:
            sock.close()


@case("X45", "fewer open files than connections in the file: that is the limit, and "
      "log and status say so")
def x45(_):
    def few_files():
        # CAP_SYS_RESOURCE, or root raises the limit.
        ctypes.CDLL(None).prctl(24, 24, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))

    relay = own_relay(limits="listeners = 200; connections = 200;")
    clients = []
    try:
        relay.write_files()
        relay.start(preexec_fn=few_files)
        relay.wait_log("event=few_files")
        for _ in range(16):
            clients.append(relay.listen())
        try:
            with relay.client() as client:
                client.expect_eof()
        except (OSError, ssl.SSLError):
            pass
        relay.wait_log("all_places_taken=1 ")
        text = shown(relay)
        assert "16 connections of 16:" in text, text
        assert "relay.cfg has 200 connections: open files" in text, text
        relay.lines.clear()
        relay.process.send_signal(signal.SIGHUP)
        relay.wait_log("event=few_files connections=16 ")
    finally:
        for client in clients:
            client.quit()
        relay.__exit__()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs relaytun-relay on a port of 127.0.0.1 with throw-away keys."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from client import Client, sign

PATHS = {"hyco": "", "hyco2": "", "deep/er": "", "solo": "",
         "open": "anonymous = true;", "nohttp": "http = false;"}
KEYS = {"listen": "listen-key", "send": "send-key"}
ROOT = {"manage": "manage-key", "ns-listen": "ns-listen-key"}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Relay:
    """A relay of its own, its files in a folder that goes with it."""

    def __init__(self, program, extra="", limits="rendezvous_s = 2;",
                 host="127.0.0.1"):
        self.host = host
        self.program = program
        self.extra = extra
        self.limits = limits
        self.dir = tempfile.mkdtemp(prefix="relay-test-")
        self.port = free_port()
        self.process = None
        self.lines = []

    def __enter__(self):
        try:
            self.write_files()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o600):
        with open(self.file(name), "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(self.file(name), mode)

    def make_certificate(self, *key):
        key = key or ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost",
             "-keyout", self.file("key.pem"), "-out", self.file("crt.pem")],
            check=True, capture_output=True, timeout=60)

    def rules(self, keys, right):
        return ", ".join(
            f'{{ name = "{name}"; key_file = "{self.file(name + ".key")}"; '
            f'rights = [ "{right(name)}" ]; }}' for name in keys)

    def config(self):
        connections = ", ".join(
            f'{{ path = "{path}"; {more} keys = ({self.rules(KEYS, str)}); }}'
            for path, more in PATHS.items())
        root = self.rules(ROOT, lambda name: name.removeprefix("ns-"))
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (f'listen = "{host}:{self.port}";\n'
                f'tls = {{ certificate = "{self.file("crt.pem")}"; '
                f'key = "{self.file("key.pem")}"; }};\n'
                f"keys = ({root});\nconnections = ({connections});\n"
                f'status = {{ socket = "{self.file("status.sock")}"; }};\n'
                f"limits = {{ {self.limits} }};\n{self.extra}\n")

    def write_files(self):
        self.make_certificate()
        for name, key in {**KEYS, **ROOT}.items():
            self.write(name + ".key", key + "\n")
        self.write("relay.cfg", self.config())

    @staticmethod
    def drain(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def start(self, **more):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [self.program, "-c", self.file("relay.cfg")],
            stderr=subprocess.PIPE, text=True, errors="replace", **more)
        self.lines = []
        threading.Thread(target=self.drain, daemon=True,
                         args=(self.process.stderr, self.lines)).start()
        self.wait_log("event=listening")

    def run_once(self, *args):
        """Run to its end: for errors; return exit code and what it said."""
        # libwebsockets 4.1.6 loses 72 bytes when a vhost cannot be made, which
        # LeakSanitizer would report for us.
        self.write("lsan", "leak:libwebsockets.so\n")
        env = dict(os.environ, LSAN_OPTIONS="print_suppressions=0:suppressions="
                   + self.file("lsan"))
        done = subprocess.run([self.program, *args], capture_output=True,
                              text=True, timeout=20, check=False, env=env)
        return done.returncode, done.stderr

    def wait_log(self, text, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(text in line for line in self.lines):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f'no "{text}" in the log: {self.lines[-5:]}')

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=10)

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def cpu_s(self):
        """CPU time used so far, user and system."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # What the tests do again and again.

    def client(self, **more):
        return Client(self.port, self.file("crt.pem"), host=self.host, **more)

    def token(self, name, path="hyco", **more):
        key = {**KEYS, **ROOT}[name]
        return sign(f"http://localhost/{path}", name, key, **more)

    def auth(self, name, path="hyco", **more):
        return [("ServiceBusAuthorization", self.token(name, path, **more))]

    def listen(self, path="hyco", **more):
        client = self.client()
        status = client.upgrade(f"/$hc/{path}?sb-hc-action=listen",
                                self.auth("listen", path, **more))
        assert status == 101, client.head
        return client

    def ask_connect(self, path="hyco", query="", headers=(), **more):
        client = self.client(**more)
        client.ask(f"/$hc/{path}?{query}sb-hc-action=connect",
                   self.auth("send", path.split("/sub")[0]) + list(headers))
        return client

    def accept(self, message, headers=(), more=""):
        """Go to the address of an accept message; the answer is not read."""
        address = message["accept"]["address"]
        prefix = f"wss://localhost:{self.port}"
        assert address.startswith(prefix), address
        client = self.client()
        client.ask(address[len(prefix):] + more, headers)
        return client

    def pair(self, listener, path="hyco", **more):
        """A joined pair: (sender, listener's side)."""
        sender = self.ask_connect(path, **more)
        side = self.accept(listener.recv_json())
        assert side.answer() == 101, side.head
        assert sender.answer() == 101, sender.head
        return sender, side

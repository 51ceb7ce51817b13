#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""crowd.py - Senders that connect and say nothing.

  crowd.py HOST PORT CA PATH TOKEN COUNT SECONDS

Keeps COUNT connections open, each replaced as soon as it ends, and prints how
many were let in.
"""

import socket
import ssl
import sys
import threading
import time
import urllib.parse

HEAD = (
    "GET /$hc/%s?sb-hc-action=connect&sb-hc-token=%s HTTP/1.1\r\n"
    "Host: relay.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: relaytun.1\r\n\r\n"
)


def stay(address, context, head, end, let_in):
    """One connection after the other, until @end."""
    while time.monotonic() < end:
        try:
            with socket.create_connection(address, 2) as sock:
                with context.wrap_socket(sock, server_hostname=address[0]) as tls:
                    tls.settimeout(max(0.1, end - time.monotonic()))
                    tls.sendall(head)
                    if b" 101 " in tls.recv(65536):
                        let_in.append(1)
                        while tls.recv(65536):
                            pass
        except OSError:
            time.sleep(0.05)


def main():
    """Command line."""
    host, port, authority, path, token, count, seconds = sys.argv[1:]
    context = ssl.create_default_context(cafile=authority)
    head = (HEAD % (path, urllib.parse.quote(token, safe=""))).encode()
    end = time.monotonic() + float(seconds)
    let_in = []
    crowd = [
        threading.Thread(
            target=stay, args=((host, int(port)), context, head, end, let_in)
        )
        for _ in range(int(count))
    ]
    for one in crowd:
        one.start()
    print("started", flush=True)
    for one in crowd:
        one.join()
    print("let in: %d" % len(let_in), flush=True)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""A relay that refuses: every request gets one answer, with a clock of its own.

answer.py ADDRESS PORT CERTIFICATE KEY STATUS REASON SECONDS-AHEAD
"""

import email.utils
import socket
import ssl
import sys
import time

address, port, certificate, key, status, reason, ahead = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listening = socket.create_server((address, int(port)))
while True:
    peer, _ = listening.accept()
    try:
        with context.wrap_socket(peer, server_side=True) as tls:
            got = b""
            while b"\r\n\r\n" not in got:
                piece = tls.recv(65536)
                if not piece:
                    raise OSError("no request")
                got += piece
            date = email.utils.formatdate(time.time() + int(ahead),
                                          usegmt=True)
            tls.sendall(f"HTTP/1.1 {status} {reason}\r\nDate: {date}\r\n"
                        "Content-Length: 0\r\n\r\n".encode())
    except OSError as error:
        print(error, flush=True)

# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for Entra's token endpoint and for a machine's identity endpoint.

entra.py FOLDER login|identity [ADDRESS:PORT]

Reads FOLDER/access_token for each answer.  HTTPS at 192.0.2.1:8443 checks the
client's secret ("right & secret") or its assertion's signature (with openssl
and FOLDER/client.pem); HTTP at 127.0.0.1:8080, or ADDRESS:PORT, asks for the
header Metadata.
FOLDER/fail makes both answer 503.  One line is printed for each request.
"""

import base64
import hashlib
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import urllib.parse

FOLDER = sys.argv[1]
LIFE_S = 4


def path(name):
    return os.path.join(FOLDER, name)


def unpack(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def assertion_fault(jwt):
    head, claims, signature = jwt.split(".")
    with open(path("client.crt"), encoding="ascii") as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    x5t = base64.urlsafe_b64encode(hashlib.sha1(der).digest()).rstrip(b"=")
    if json.loads(unpack(head)) != {"alg": "RS256", "typ": "JWT",
                                    "x5t": x5t.decode()}:
        return "head"
    claims = json.loads(unpack(claims))
    if (claims["iss"], claims["sub"], claims["aud"]) != (
            "app-1", "app-1",
            "https://login.relay.test:8443/contoso/oauth2/v2.0/token"):
        return "claims"
    with open(path("signature"), "wb") as file:
        file.write(unpack(signature))
    with open(path("signed"), "w", encoding="ascii") as file:
        file.write(jwt.rsplit(".", 1)[0])
    check = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", path("client.pub"),
         "-signature", path("signature"), path("signed")],
        capture_output=True, check=False)
    return None if check.returncode == 0 else "signature"


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        print(self.command, self.path, status, flush=True)

    def token(self, life):
        if os.path.exists(path("fail")):
            self.answer(503, {"error": "temporarily_unavailable"})
            return
        with open(path("access_token"), encoding="ascii") as file:
            self.answer(200, {"token_type": "Bearer", "expires_in": life,
                              "access_token": file.read().strip()})

    def refuse(self, text):
        self.answer(401, {"error": "invalid_client", "error_description":
                          f"AADSTS7000215: {text}\r\nTrace ID",
                          "trace_id": "trace-1"})

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(
            int(self.headers["Content-Length"])).decode()))
        fault = None
        if self.path != "/contoso/oauth2/v2.0/token" or \
                form["grant_type"] != "client_credentials" or \
                form["client_id"] != "app-1" or \
                form["scope"] != "https://relay.azure.net/.default":
            fault = "request"
        elif "client_assertion" in form:
            fault = assertion_fault(form["client_assertion"])
        elif form["client_secret"] != "right & secret":
            fault = "secret"
        if fault:
            self.refuse(f"Invalid client {fault}.")
        else:
            self.token(LIFE_S)

    def do_GET(self):
        if self.headers["Metadata"] != "true" or self.path != (
                "/metadata/identity/oauth2/token?api-version=2018-02-01"
                "&resource=https%3A%2F%2Frelay.azure.net%2F"):
            self.answer(400, {"error": "bad_request"})
        else:
            self.token(str(LIFE_S))

    def log_message(self, *_):
        pass


if sys.argv[2] == "login":
    server = http.server.ThreadingHTTPServer(("192.0.2.1", 8443), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path("tls/relay.pem"), path("tls/relay.key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
else:
    host, port = (sys.argv[3:] or ["127.0.0.1:8080"])[0].split(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
threading.Thread(target=server.serve_forever).start()

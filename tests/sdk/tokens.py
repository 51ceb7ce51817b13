#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""C01: libhyco's tokens are, byte by byte, those of hyco-ws.

tokens.py LIBRARY FOLDER [COUNT]

LIBRARY is libhyco.so, FOLDER where the SDKs are installed.  A thousand random
inputs, other ones at each run (the seed is printed), and one clock for both.
"""

import ctypes
import json
import random
import subprocess
import sys
import time

URI_SIZE = 65536  # more than struct hyco_uri has


class Library:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        for name in ("hyco_uri_audience", "hyco_token_sign"):
            getattr(self.lib, name).restype = ctypes.c_ssize_t

    def token(self, uri, name, key, expiry):
        parsed = ctypes.create_string_buffer(URI_SIZE)
        why = ctypes.c_char_p()
        if self.lib.hyco_uri_parse(uri.encode(), parsed, ctypes.byref(why)):
            return f"{uri}: {why.value.decode()}"
        audience = ctypes.create_string_buffer(8192)
        token = ctypes.create_string_buffer(8192)
        size = ctypes.c_size_t(8192)
        key = key.encode()
        if self.lib.hyco_uri_audience(parsed, audience, size) < 0 or \
                self.lib.hyco_token_sign(
                    audience, name.encode(), key, ctypes.c_size_t(len(key)),
                    ctypes.c_int64(expiry), token, size) < 0:
            return "no token"
        return token.value.decode()


def main():
    library, folder, *count = sys.argv[1:]
    count = int(count[0]) if count else 1000
    seed = random.randrange(1 << 31)
    said = subprocess.run(
        ["node", f"{folder}/tokens.js", str(count), str(seed),
         str(int(time.time()))],
        capture_output=True, text=True, check=True, timeout=60)
    hyco = Library(library)
    wrong = 0
    for one in json.loads(said.stdout):
        got = hyco.token(one["uri"], one["name"], one["key"], one["expiry"])
        if got != one["token"]:
            wrong += 1
            print(f"FAIL: seed {seed}: {one}\n  ours: {got}")
    print(f"{count - wrong} of {count} tokens are the same (seed {seed})")
    return 1 if wrong else 0


sys.exit(main())

# SPDX-License-Identifier: GPL-2.0-or-later
"""A helper of squid for NTLM that checks passwords (squid's own does not).

ntlm.py FILE

FILE has lines USER:PASSWORD.  Answers are checked as NTLMv2 ([MS-NLMP] 3.3.2).
"""

import base64
import hmac
import os
import struct
import sys


def md4(data):
    """RFC 1320; OpenSSL 3 has it no more."""
    def turn(value, bits):
        value &= 0xffffffff
        return (value << bits | value >> 32 - bits) & 0xffffffff

    rounds = (
        (lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
        (lambda x, y, z: x & y | x & z | y & z, 0x5a827999,
         [i % 4 * 4 + i // 4 for i in range(16)], (3, 5, 9, 13)),
        (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1,
         [int(f"{i:04b}"[::-1], 2) for i in range(16)], (3, 9, 11, 15)))
    text = data + b"\x80" + bytes(-(len(data) + 9) % 64)
    text += struct.pack("<Q", len(data) * 8)
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    for at in range(0, len(text), 64):
        words = struct.unpack_from("<16I", text, at)
        a, b, c, d = state
        for mix, add, order, shifts in rounds:
            for i, word in enumerate(order):
                a = turn(a + mix(b, c, d) + words[word] + add, shifts[i % 4])
                a, b, c, d = d, a, b, c
        state = [(x + y) & 0xffffffff
                 for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def challenge():
    """Return the nonce and the message of type 2 that tells it."""
    nonce = os.urandom(8)
    target = "TEST".encode("utf-16-le")
    # Domain and computer, then the end
    info = struct.pack("<HH", 2, len(target)) + target
    info += struct.pack("<HH", 1, len(target)) + target + bytes(4)
    # Unicode, request target, NTLM, target is a domain, extended security,
    # target info
    flags = 0x1 | 0x4 | 0x200 | 0x10000 | 0x80000 | 0x800000
    message = b"NTLMSSP\0" + struct.pack(
        "<IHHII8s8xHHI", 2, len(target), len(target), 48, flags, nonce,
        len(info), len(info), 48 + len(target)) + target + info
    return nonce, message


def field(message, offset):
    length, _, at = struct.unpack_from("<HHI", message, offset)
    return message[at:at + length]


def user_of(message, nonce, passwords):
    """Return who proved the password, None for nobody."""
    answer = field(message, 20)
    code = "utf-16-le" if message[60] & 1 else "ascii"
    domain = field(message, 28).decode(code)
    user = field(message, 36).decode(code)
    if user not in passwords or len(answer) < 44:
        return None
    key = hmac.digest(md4(passwords[user].encode("utf-16-le")),
                      (user.upper() + domain).encode("utf-16-le"), "md5")
    proof = hmac.digest(key, nonce + answer[16:], "md5")
    return user if hmac.compare_digest(proof, answer[:16]) else None


def main():
    assert md4(b"abc").hex() == "a448017aaf21d8525fc10ae87aa6729d"
    with open(sys.argv[1], encoding="ascii") as file:
        passwords = dict(line.rstrip("\n").split(":", 1) for line in file)
    nonce = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "YR":
            nonce, message = challenge()
            print("TT", base64.b64encode(message).decode(), flush=True)
            continue
        user = user_of(base64.b64decode(words[1]), nonce, passwords)
        print(f"AF {user}" if user else "NA wrong password", flush=True)


main()

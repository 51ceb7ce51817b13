#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mangle.py - A relay that spoils what it carries.

  mangle.py ADDRESS PORT CERTIFICATE KEY TO_ADDRESS TO_PORT CA [HEADER]

Passes TLS connections on to an honest relay.  What comes after the two heads of the
upgrade is spoiled in one way for each connection, in turn: altered, cut, repeated,
left out or stalled; one line on standard output for each: its way.  SIGUSR1 makes
it honest.  With HEADER it is honest but for that header of requests, which it gives
another name, and says so.
"""

import asyncio
import itertools
import random
import signal
import ssl
import sys

HEADS_LEN = 4000  # of a request or an answer, at most
WAYS = ("alter", "cut", "repeat", "omit", "stall")
ways = itertools.cycle(WAYS)
honest = {"now": False}
chance = random.Random(1)


async def spoil(way, piece, writer):
    """Pass on one piece, in a bad mood.  False: that was the last."""
    if honest["now"] or chance.random() > 0.05:
        writer.write(piece)
        return True
    if way == "alter":
        at = chance.randrange(len(piece))
        writer.write(piece[:at] + bytes([piece[at] ^ 1 << chance.randrange(8)]))
        writer.write(piece[at + 1 :])
    elif way == "cut":
        writer.write(piece[: len(piece) // 2])
        return False
    elif way == "repeat":
        writer.write(piece + piece)
    elif way == "stall":
        await asyncio.sleep(1.5)
        writer.write(piece)
    return True


def hide(piece, header):
    """A piece of heads, with another name for that header."""
    if header and header in piece:
        print("hidden", flush=True)
        piece = piece.replace(header, b"X" * len(header))
    return piece


async def one_way(way, header, reader, writer):
    """Until the end."""
    passed = 0
    try:
        while piece := await reader.read(65536):
            if passed < HEADS_LEN:
                writer.write(hide(piece, header))
            elif not await spoil(way, piece, writer):
                break
            passed += len(piece)
            await writer.drain()
    except (OSError, ssl.SSLError):
        pass
    writer.close()


async def main():
    """Command line."""
    address, port, certificate, key, to_address, to_port, authority = sys.argv[1:8]
    header = b"".join(name.encode() for name in sys.argv[8:])
    honest["now"] = bool(header)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    far = ssl.create_default_context(cafile=authority)

    async def serve(reader, writer):
        way = next(ways)
        print(way, flush=True)
        far_reader, far_writer = await asyncio.open_connection(
            to_address, int(to_port), ssl=far, server_hostname="relay.test"
        )
        await asyncio.gather(
            one_way(way, header, reader, far_writer),
            one_way(way, b"", far_reader, writer),
        )

    asyncio.get_running_loop().add_signal_handler(
        signal.SIGUSR1, honest.update, {"now": True}
    )
    server = await asyncio.start_server(serve, address, int(port), ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

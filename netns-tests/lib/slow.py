#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""slow.py - A long way: forwards TCP connections, and keeps bytes for a while.

  slow.py ADDRESS PORT TO_ADDRESS TO_PORT DELAY_MS

Bytes are passed on DELAY_MS after they came, in both directions.  SIGUSR1 takes
the delay away, SIGUSR2 sets it again.
"""

import asyncio
import signal
import sys

delay = {"s": 0.0}


async def one_way(reader, writer):
    """Until the end: each piece waits for its time, the next ones meanwhile
    come in."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue(256)

    async def pass_on():
        while True:
            at, piece = await queue.get()
            if piece is None:
                writer.close()
                return
            await asyncio.sleep(max(0, at - loop.time()))
            writer.write(piece)
            await writer.drain()

    sender = asyncio.ensure_future(pass_on())
    try:
        while piece := await reader.read(65536):
            await queue.put((loop.time() + delay["s"], piece))
    except OSError:
        pass
    await queue.put((0, None))
    try:
        await sender
    except OSError:
        pass


async def main():
    """Command line."""
    address, port, to_address, to_port, delay_ms = sys.argv[1:]
    slow = delay["s"] = int(delay_ms) / 1000
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, delay.update, {"s": 0.0})
    loop.add_signal_handler(signal.SIGUSR2, delay.update, {"s": slow})

    async def serve(reader, writer):
        far_reader, far_writer = await asyncio.open_connection(
            to_address, int(to_port)
        )
        await asyncio.gather(
            one_way(reader, far_writer), one_way(far_reader, writer)
        )

    server = await asyncio.start_server(serve, address, int(port))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

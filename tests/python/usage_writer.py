"""A process that counts what it reads, and says so: `python usage_writer.py STORE JOURNAL MODE`.

Each line on standard input is "id tokens"; each is answered with the id. MODE "each": with a
journal of each record, answered as soon as it counts. MODE "flush": when the store has it.
"""

from __future__ import annotations

import asyncio
import sys

import sio_native


async def main(store: str, journal: str, mode: str) -> None:
    usage = sio_native.AsyncServer().usage
    await usage.store(
        store, interval=0.02, journal=journal if mode == "each" else None, each=mode == "each"
    )
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        id, tokens = line.split()
        usage.record("m", int(tokens), 1, user="ann", id=id)
        if mode == "flush":
            await usage.flush()
        print(id, flush=True)
    await usage.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

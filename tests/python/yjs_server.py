"""A server that `test_yjs_sqlite.py` kills: documents in the file that it is given."""

from __future__ import annotations

import asyncio
import sys

import sio_native
from sio_native.yjs import SQLiteStore


async def serve(path: str, durable: str) -> None:
    sio = sio_native.AsyncServer(threads=2)
    sio.yjs.serve(SQLiteStore(path), durable=durable == "durable")
    print(*sio.listen("127.0.0.1", 0), flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))

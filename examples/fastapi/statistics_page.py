"""The page of connection statistics: what the server and its parts say of themselves."""

import asyncio
from collections import Counter
from time import monotonic
from typing import Any

from board import watched
from server import sio

STARTED = monotonic()
EVERY = 1.0  # seconds


def statistics() -> dict[str, Any]:
    there = sio.stats()
    return {
        "seconds": int(monotonic() - STARTED),
        "clients": there["totalConnections"],
        "users": len(sio.users.online()),
        "rooms": there["rooms"],
        "doors": Counter(
            sio.transport_path(sid) or "gone"
            for user in sio.users.online()
            for sid in sio.users.sids(user)
        ),
        "documents": sio.yjs.stats(),
        "usage": sio.usage.stats(),
        "flow": sio.flow_stats(),
    }


@sio.event
async def stats(sid: str) -> dict[str, Any]:
    """For who has opened the page; then it is told."""
    return {**statistics(), "door": sio.transport_path(sid)}


@sio.event
async def echo(sid: str) -> None:
    """The ack is how long it takes there and back."""


async def show() -> None:
    while True:
        await asyncio.sleep(EVERY)
        if watched("stats"):
            await sio.emit("stats", statistics(), room="stats")

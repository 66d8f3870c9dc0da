"""The usage board: which model has used how much, for whom, and what is in use."""

import asyncio
from collections import Counter
from time import time
from typing import Any

from model import MODELS
from server import sio
from settings import DATA

A_DAY = 2_000_000  # tokens that all models together may use
MINUTES = 60  # shown
DAYS = 30  # of users' shares
PAUSE = 0.2  # seconds between two pictures

changed = asyncio.Event()  # something has been counted

sio.usage.group("all models", models=MODELS, limit=A_DAY, reset="00:00")
# Who looks at a page of numbers says so, and is in its room: the engine's affair alone.
sio.rooms_from_event("watch", {"usage": "usage", "stats": "stats"}, name="page")
sio.rooms_from_event("unwatch", {"usage": "usage", "stats": "stats"}, name="page", leave=True)
# Told to all when it changes, and by the engine: `{models: [...]}`.
sio.usage.listen(tokens=False, broadcast="models")


def may_be_asked() -> bool:
    remaining = sio.usage.check("all models").remaining
    return remaining is not None and remaining > 0


def watched(page: str) -> bool:
    return bool(sio.stats()["rooms"].get(page))


async def picture() -> dict[str, Any]:
    """All that the board shows. The sums are those of the store, whatever was before a restart."""
    models = {name: {"input": 0, "output": 0, "total": 0} for name in MODELS}
    for row in await sio.usage.totals():
        for count in ("input", "output", "total"):
            models[row.model][count] += getattr(row, count)
    users: Counter[str] = Counter()
    for day in await sio.usage.report("day", since=time() - DAYS * 86_400):
        users[day.user] += day.total
    now = int(time()) // 60
    minutes: dict[str, list[int]] = {name: [0] * MINUTES for name in MODELS}
    for minute in await sio.usage.report("minute", since=(now - MINUTES + 1) * 60):
        minutes[minute.model][int(minute.start.timestamp()) // 60 - now - 1] += minute.total
    today = sio.usage.check("all models")
    return {
        "models": models,
        "users": users.most_common(8),
        "minutes": minutes,
        "in_use": sio.usage.models_in_use(),
        "today": {"used": today.total, "limit": today.limit},
    }


@sio.event
async def board(sid: str) -> dict[str, Any]:
    """For who has opened the page; then it is told."""
    return await picture()


async def show() -> None:
    """Tell those who look, when something has changed."""
    while True:
        await changed.wait()
        changed.clear()
        if watched("usage"):
            await sio.emit("board", await picture(), room="usage")
        await asyncio.sleep(PAUSE)


async def keep() -> None:
    """Every record is in the journal before it is answered, and counted once in the file."""
    await sio.usage.store(DATA / "usage.db", journal=DATA / "usage-journal", each=True)

"""The log: its newest entries, one event each, and new ones."""

from typing import Literal

from pydantic import BaseModel, Field

from sio_native import Socket

from ..answers import Answer, done
from ..database import LOG_KEEPS, Database


class Entry(BaseModel):
    level: Literal["debug", "info", "warning", "error"] = "info"
    message: str = Field(min_length=1, max_length=1000)


class Last(BaseModel):
    count: int = Field(100, ge=1, le=LOG_KEEPS)


def register_logs_handlers(socket: Socket, db: Database) -> None:
    @socket.on("logs:read")
    async def read(asked: Last) -> Answer:
        """The entries come before the answer: what goes to one client keeps its order."""
        entries = db.logs.last(asked.count)
        for entry in entries:
            await socket.emit("logs:entry", entry)
        return done(count=len(entries))

    @socket.on("logs:add")
    async def add(entry: Entry) -> Answer:
        added = db.logs.add(entry.level, entry.message)
        await socket.broadcast.emit("logs:added", added)
        return done(entry=added)

    @socket.on("logs:clear")
    async def clear() -> Answer:
        removed = db.logs.clear()
        await socket.broadcast.emit("logs:cleared", {"removed": removed})
        return done(removed=removed)

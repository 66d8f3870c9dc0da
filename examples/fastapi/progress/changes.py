"""Tells everybody that data has changed."""

from typing import Any, Literal

from sio_native import AsyncEmitter, AsyncServer

from .clock import now

Action = Literal["created", "updated", "deleted"]


async def notify_data_change(
    io: AsyncServer | AsyncEmitter, type: str, action: Action, data: Any
) -> None:
    """`type` is "ticket" and the like. From the server, or from a worker through Redis."""
    change = {"type": type, "action": action, "data": data, "timestamp": now()}
    await io.emit("data-changed", change)

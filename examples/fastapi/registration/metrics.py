"""What is measured: all the time for those who have subscribed, and at once when somebody asks."""

import asyncio
import time
from typing import Any

from sio_native import AsyncServer
from sio_native.socket import Socket

from .database import Database

SAMPLE_EVERY = 0.1  # seconds
INTERVALS = (250, 500, 1000, 2000, 5000, 10_000)  # milliseconds, that clients can have

Metrics = dict[str, Any]


def collect_metrics(db: Database) -> Metrics:
    return {
        "time": time.time(),
        "cpu_seconds": time.process_time(),
        "models": db.models.count(),
        "presets": db.presets.count(),
        "llama": db.metrics.get("llama"),
    }


def initialize_llama_metrics(db: Database, model: str) -> None:
    """Begin anew: a llama server has been started."""
    db.metrics.put("llama", {"model": model, "since": time.time()})


async def collect_and_emit_metrics(socket: Socket, db: Database) -> Metrics:
    """To all but the one that has asked, who gets them as the answer."""
    metrics = collect_metrics(db)
    await socket.broadcast.emit("metrics:update", {"type": "broadcast", "data": metrics})
    return metrics


def room_of(interval: int) -> str:
    """Where those are who want to hear every so many milliseconds."""
    return f"metrics:{interval}"


async def start_metrics_collection(io: AsyncServer, db: Database) -> None:
    """Until cancelled. One measurement serves all: the engine thins it out to each interval."""
    while True:
        update = {"type": "periodic", "data": collect_metrics(db)}
        for each in INTERVALS:
            await io.emit(
                "metrics:update", update, to=room_of(each), conflate="metrics", interval=each / 1000
            )
        await asyncio.sleep(SAMPLE_EVERY)

"""Starts and stops a model's llama server."""

from collections.abc import Callable

from sio_native import AsyncServer, Socket

from ..answers import Answer, OfModel, done
from ..database import Database
from ..errors import Refused
from ..process_manager import ProcessManager


def register_llama_handlers(
    socket: Socket,
    io: AsyncServer,
    db: Database,
    process_manager: ProcessManager,
    initialize_llama_metrics: Callable[[Database, str], None],
) -> None:
    @socket.on("llama:status")
    async def status() -> Answer:
        return done(processes=process_manager.states())

    @socket.on("llama:start")
    async def start(asked: OfModel) -> Answer:
        if db.models.get(asked.model) is None:
            raise Refused("There is no such model")
        await process_manager.start(asked.model)
        initialize_llama_metrics(db, asked.model)
        await io.emit("llama:status", process_manager.states())
        return done()

    @socket.on("llama:stop")
    async def stop(asked: OfModel) -> Answer:
        await process_manager.stop(asked.model)
        await io.emit("llama:status", process_manager.states())
        return done()

"""Starts and stops a model's llama server."""

from collections.abc import Callable

from sio_native import AsyncServer
from sio_native.socket import Socket

from ..answers import Answer, OfModel, done, refused, validated
from ..database import Database
from ..process_manager import ProcessManager, WrongState


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
    @validated
    async def start(asked: OfModel) -> Answer:
        if db.models.get(asked.model) is None:
            return refused("There is no such model")
        try:
            await process_manager.start(asked.model)
        except WrongState as error:
            return refused(str(error))
        initialize_llama_metrics(db, asked.model)
        await io.emit("llama:status", process_manager.states())
        return done()

    @socket.on("llama:stop")
    @validated
    async def stop(asked: OfModel) -> Answer:
        try:
            await process_manager.stop(asked.model)
        except WrongState as error:
            return refused(str(error))
        await io.emit("llama:status", process_manager.states())
        return done()

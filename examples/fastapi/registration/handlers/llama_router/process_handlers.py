"""The console of a process, for all who follow it."""

from pydantic import Field

from sio_native import AsyncServer
from sio_native.socket import Socket

from ...answers import Answer, OfModel, done, refused, validated
from ...database import Database
from ...process_manager import ProcessManager, output_room


class Input(OfModel):
    line: str = Field(min_length=1, max_length=1000)


def register_process_handlers(
    socket: Socket, io: AsyncServer, db: Database, process_manager: ProcessManager
) -> None:
    @socket.on("process:follow")
    @validated
    async def follow(asked: OfModel) -> Answer:
        if db.models.get(asked.model) is None:
            return refused("There is no such model")
        await socket.join(output_room(asked.model))
        return done(state=process_manager.state(asked.model))

    @socket.on("process:unfollow")
    @validated
    async def unfollow(asked: OfModel) -> Answer:
        await socket.leave(output_room(asked.model))
        return done()

    @socket.on("process:input")
    @validated
    async def write(asked: Input) -> Answer:
        if process_manager.state(asked.model) != "running":
            return refused(f"{asked.model} is {process_manager.state(asked.model)}")
        echo = {"model": asked.model, "line": f"> {asked.line}"}
        await io.to(output_room(asked.model)).emit("process:output", echo)
        return done()

"""The console of a process, for all who follow it."""

from pydantic import Field

from sio_native import AsyncServer, Socket

from ...answers import Answer, OfModel, done
from ...database import Database
from ...errors import Refused
from ...process_manager import ProcessManager, output_room


class Input(OfModel):
    line: str = Field(min_length=1, max_length=1000)


def register_process_handlers(
    socket: Socket, io: AsyncServer, db: Database, process_manager: ProcessManager
) -> None:
    @socket.on("process:follow")
    async def follow(asked: OfModel) -> Answer:
        if db.models.get(asked.model) is None:
            raise Refused("There is no such model")
        await socket.join(output_room(asked.model))
        return done(state=process_manager.state(asked.model))

    @socket.on("process:unfollow")
    async def unfollow(asked: OfModel) -> Answer:
        await socket.leave(output_room(asked.model))
        return done()

    @socket.on("process:input")
    async def write(asked: Input) -> Answer:
        if process_manager.state(asked.model) != "running":
            raise Refused(f"{asked.model} is {process_manager.state(asked.model)}")
        echo = {"model": asked.model, "line": f"> {asked.line}"}
        await io.to(output_room(asked.model)).emit("process:output", echo)
        return done()

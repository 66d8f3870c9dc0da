"""Settings of the application, one by one."""

from pydantic import BaseModel, JsonValue

from sio_native import Socket

from ..answers import Answer, Name, Named, done
from ..database import Database
from ..errors import Refused


class Setting(BaseModel):
    name: Name
    value: JsonValue


def register_config_handlers(socket: Socket, db: Database) -> None:
    @socket.on("config:all")
    async def everything() -> Answer:
        return done(config=db.config.all())

    @socket.on("config:get")
    async def get(asked: Named) -> Answer:
        return done(value=db.config.get(asked.name))

    @socket.on("config:set")
    async def change(setting: Setting) -> Answer:
        if setting.name == "models_dir":
            raise Refused("models_dir is set where the server is started")
        db.config.put(setting.name, setting.value)
        await socket.broadcast.emit("config:changed", setting.model_dump())
        return done()

    @socket.on("config:delete")
    async def delete(asked: Named) -> Answer:
        if asked.name == "models_dir" or not db.config.delete(asked.name):
            raise Refused("There is no such setting")
        await socket.broadcast.emit("config:changed", {"name": asked.name, "value": None})
        return done()

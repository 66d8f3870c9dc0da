"""Settings that somebody has given a name."""

from pydantic import BaseModel, JsonValue

from sio_native import Socket

from ...answers import Answer, Name, Named, done
from ...database import Database
from ...errors import Refused


class Preset(BaseModel):
    name: Name
    settings: dict[str, JsonValue]


def register_presets_handlers(socket: Socket, db: Database) -> None:
    @socket.on("presets:list")
    async def everything() -> Answer:
        return done(presets=db.presets.all())

    @socket.on("presets:save")
    async def save(preset: Preset) -> Answer:
        db.presets.put(preset.name, preset.settings)
        await socket.broadcast.emit("presets:saved", preset.model_dump())
        return done()

    @socket.on("presets:delete")
    async def delete(asked: Named) -> Answer:
        if not db.presets.delete(asked.name):
            raise Refused("There is no such preset")
        await socket.broadcast.emit("presets:deleted", {"name": asked.name})
        return done()

"""Create, read, update, delete; each change is told to everybody, who has made it among them."""

from pydantic import BaseModel, JsonValue

from sio_native import AsyncServer, Socket

from ...answers import Answer, Name, Named, done
from ...database import Database
from ...errors import Refused


class Model(BaseModel):
    name: Name
    parameters: dict[str, JsonValue] = {}


def register_models_crud_handlers(socket: Socket, io: AsyncServer, db: Database) -> None:
    @socket.on("models:list")
    async def everything() -> Answer:
        return done(models=db.models.all())

    @socket.on("models:read")
    async def read(asked: Named) -> Answer:
        parameters = db.models.get(asked.name)
        if parameters is None:
            raise Refused("There is no such model")
        return done(model={"name": asked.name, "parameters": parameters})

    @socket.on("models:create")
    async def create(model: Model) -> Answer:
        if db.models.get(model.name) is not None:
            raise Refused("There is such a model already")
        db.models.put(model.name, model.parameters)
        await io.emit("models:created", model.model_dump())
        return done(model=model.model_dump())

    @socket.on("models:update")
    async def update(model: Model) -> Answer:
        if db.models.get(model.name) is None:
            raise Refused("There is no such model")
        db.models.put(model.name, model.parameters)
        await io.emit("models:updated", model.model_dump())
        return done(model=model.model_dump())

    @socket.on("models:delete")
    async def delete(asked: Named) -> Answer:
        if not db.models.delete(asked.name):
            raise Refused("There is no such model")
        await io.emit("models:deleted", {"name": asked.name})
        return done()

"""Which model a client's questions are routed to: a room for each, and everybody is told."""

from sio_native import AsyncServer, Socket

from ...answers import Answer, Named, done
from ...errors import Refused

ROUTED = "routed"  # in the client's user session: the name of its model


def room_of(model: str) -> str:
    return f"model:{model}"


def register_models_router_handlers(socket: Socket, io: AsyncServer) -> None:
    async def tell(model: str) -> int:
        clients = len(await io.in_(room_of(model)).all_sockets())
        await io.emit("models:routed", {"model": model, "clients": clients})
        return clients

    async def unroute() -> str | None:
        """The model that it was."""
        model: str | None = socket.data.pop(ROUTED, None)
        if model is not None:
            await socket.leave(room_of(model))
            await tell(model)
        return model

    @socket.on("models:route")
    async def route(asked: Named) -> Answer:
        await unroute()
        socket.data[ROUTED] = asked.name
        await socket.join(room_of(asked.name))
        return done(clients=await tell(asked.name))

    @socket.on("models:unroute")
    async def stop() -> Answer:
        model = await unroute()
        if model is None:
            raise Refused("No model is routed to")
        return done(model=model)

    @socket.on("disconnect")
    async def left(reason: str) -> None:
        await unroute()

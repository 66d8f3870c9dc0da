"""Answers that handlers give by themselves, checked arguments, and errors."""

import asyncio
from typing import Annotated

from pydantic import BaseModel

import sio_native
from sio_native import Ack, Depends, Sid, Socket


class Item(BaseModel):
    name: str
    price: float = 1.0


def get_prices():
    return {"tea": 2.5}


async def test_an_answer_comes_before_what_is_sent_after_it_and_once(js):
    sio = sio_native.AsyncServer()
    go = asyncio.Event()

    @sio.on("start")
    async def start(socket: Socket, data: str, ack: Ack):
        ack({"success": True, "data": data}, b"\x01")
        ack("a second time")
        await socket.emit("progress", 1)
        await go.wait()
        await socket.emit("progress", 2)
        return "nor this"

    async with js.serving(sio) as connect:
        ann = await connect()
        assert await ann.ask("start", "x") == ({"success": True, "data": "x"}, b"\x01")
        assert await ann.next("progress") == (1,)
        go.set()
        assert await ann.next("progress") == (2,)


async def test_handlers_that_a_connection_registers_for_itself(js):
    sio = sio_native.AsyncServer()

    def register_prices(socket, io, prices):
        @socket.on("price:set")
        async def set_price(data: Item, who: Sid, ack: Ack):
            prices[data.name] = data.price
            ack({"success": True})
            await io.except_(who).emit("prices", prices)

        @socket.on("price")
        def price(name: str):
            return prices[name]

    @sio.on_connection
    async def connected(
        socket: Socket, io: sio_native.AsyncServer, prices: Annotated[dict, Depends(get_prices)]
    ):
        register_prices(socket, io, prices)

    async with js.serving(sio) as connect:
        ann, bob = await connect(), await connect()
        assert await ann.ask("price", "tea") == 2.5
        assert await ann.ask("price:set", {"name": "jam", "price": 4}) == {"success": True}
        assert await bob.next("prices") == ({"tea": 2.5, "jam": 4},)
        answer = (await ann.ask("price:set", {"price": "much"}))["error"]
        assert answer["type"] == "validation_error"
        assert [(each["type"], each["loc"]) for each in answer["details"]] == [
            ("missing", [0, "name"]),
            ("float_parsing", [0, "price"]),
        ]
        assert await ann.heard() == []


async def test_errors_are_answered_and_the_connection_lives(js):
    sio = sio_native.AsyncServer()
    heard = []

    @sio.on_error
    def answer(error, context):
        heard.append((context.event, context.socket.id, context.args))
        return {"success": False, "error": str(error)}

    @sio.on("fails")
    async def fails(sid, data):
        raise ValueError("on purpose")

    async with js.serving(sio) as connect:
        ann = await connect()
        for number in range(2):
            assert await ann.ask("fails", number) == {"success": False, "error": "on purpose"}
        assert heard == [("fails", ann.sid, (number,)) for number in range(2)]


async def test_a_socket_hears_that_it_leaves_while_its_rooms_are_there(js):
    sio = sio_native.AsyncServer()
    left = asyncio.get_running_loop().create_future()

    @sio.on_connection
    async def connected(socket):
        await socket.join("r")
        told = []
        socket.on("disconnecting", lambda reason: told.append((reason, "r" in socket.rooms)))
        socket.on("disconnect", lambda reason: left.set_result([*told, reason]))

    async with js.serving(sio) as connect:
        ann = await connect()
        await ann.disconnect()
        reason = sio.reason.CLIENT_DISCONNECT
        assert await left == [(reason, True), reason]


async def test_modifiers_of_one_socket(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        ann = await connect()
        socket = sio.socket(ann.sid)
        sent = []
        socket.on_any_outgoing(lambda *event: sent.append(event))
        ann.answers("ask", lambda *args: len(args))
        assert await socket.timeout(5).emit_with_ack("ask", 1, 2) == 2
        await socket.volatile.compress(False).emit("news", 3)
        assert await ann.next("news") == (3,)
        assert sent == [("ask", 1, 2), ("news", 3)]
        assert socket.conn.transport in ("polling", "websocket")
        socket.conn.close()
        assert (await ann.next("disconnect"))[0] == "transport close"

"""Clients that are chosen step by step: `sio.to(...).except_(...).emit(...)` and its likes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import pytest
import socketio
from conftest import Door, Log, connected, until

import sio_native
from sio_native.testing import TestClient


@dataclass
class Client:
    name: str
    sid: str
    heard: Log
    socket: Any


@contextlib.asynccontextmanager
async def three(native_door: Door, sio: Any, **options: Any) -> AsyncIterator[list[Client]]:
    """Clients a, b and c; all are in the room "all", b in "second" too."""
    sio.on("connect", lambda sid, environ: None)
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(native_door.open(sio))
        made = []
        for name in "abc":
            client = socketio.AsyncClient(reconnection=False, **options)
            socket = await stack.enter_async_context(connected(url, client=client))
            heard = Log()
            socket.on("*", lambda *event, heard=heard: heard.add(*event))
            made.append(Client(name, socket.get_sid(), heard, socket))
        await sio.to(*(each.sid for each in made)).sockets_join("all")
        await sio.to(made[1].sid).sockets_join("second")
        yield made


async def who_heard(sio: Any, clients: list[Client]) -> str:
    """The names of those who have heard something, and nothing else is on its way."""
    before = [len(each.heard) for each in clients]
    await sio.emit("end")
    for each, count in zip(clients, before, strict=True):
        await each.heard.reaches(count + 1)
        while each.heard[-1] != ("end",):
            await each.heard.reaches(len(each.heard) + 1)
    names = "".join(each.name for each in clients if len(each.heard) > 1)
    for each in clients:
        assert sum(entry != ("end",) for entry in each.heard) <= 1, "once at most"
        each.heard.clear()
    return names


async def test_rooms_add_up_and_what_is_left_out_goes_before(native_door: Door) -> None:
    sio = native_door.server()
    async with three(native_door, sio) as clients:
        a, b, c = (each.sid for each in clients)
        chosen = {
            "abc": [sio.to("all"), sio.to("second").to("all"), sio.to("all", "second"), sio.local],
            "ab": [sio.to(a).in_("second"), sio.to([a, b]), sio.except_(c)],
            "ac": [sio.except_("second"), sio.to("all").except_("second"), sio.to(a, c, a)],
            "a": [sio.except_(b, c), sio.to("all").except_("second").except_(c)],
            "b": [sio.to("second").volatile, sio.to(b).local],
            "": [sio.to("all").except_("all"), sio.to("nobody"), sio.to(b).except_("second")],
        }
        for names, operators in chosen.items():
            for operator in operators:
                await operator.emit("news", 1)
                assert await who_heard(sio, clients) == names, operator


async def test_an_operator_is_kept_and_not_changed(native_door: Door) -> None:
    sio = native_door.server()
    async with three(native_door, sio) as clients:
        everybody = sio.to("all")
        others = everybody.except_("second")
        assert everybody is not others
        await everybody.emit("news")
        assert await who_heard(sio, clients) == "abc"
        await others.emit("news")
        assert await who_heard(sio, clients) == "ac"


async def test_arguments_stand_one_by_one(native_door: Door) -> None:
    sio = native_door.server()
    async with three(native_door, sio) as (a, _b, _c):
        await sio.to(a.sid).emit("none")
        await sio.to(a.sid).emit("three", 1, [2], b"\x03")
        await sio.to(a.sid).emit("a list", (1, 2))
        await sio.to(a.sid).send("hello")
        await a.heard.reaches(4)
        assert a.heard == [
            ("none",),
            ("three", 1, [2], b"\x03"),
            ("a list", [1, 2]),
            ("message", "hello"),
        ]
        with pytest.raises(TypeError):
            await sio.to(a.sid).emit("what", object())
        with pytest.raises(TypeError, match="name of an event"):
            await sio.to(a.sid).emit(1)  # type: ignore[arg-type]


async def test_all_who_are_asked_answer(native_door: Door) -> None:
    sio = native_door.server()
    async with three(native_door, sio) as clients:
        for each in clients:
            each.socket.on("ask", lambda *args, name=each.name: (name, *args))
        clients[2].socket.on("ask", lambda *args: None)
        answers = await sio.to("all").timeout(5).emit_with_ack("ask", 1, 2)
        a, b, c = (each.sid for each in clients)
        assert answers == {a: ("a", 1, 2), b: ("b", 1, 2), c: None}
        assert await sio.to("nobody").emit_with_ack("ask") == {}
        assert await sio.to("all").except_("second", c).emit_with_ack("ask") == {a: "a"}
        assert len(sio._service.acks) == 0


async def test_who_does_not_answer_in_time_is_missed(native_door: Door) -> None:
    sio = native_door.server()
    async with three(native_door, sio) as clients:
        forever = asyncio.Event()

        async def never() -> None:
            await forever.wait()

        for each in clients:
            each.socket.on("ask", (lambda: 1) if each.name != "b" else never)
        with pytest.raises(sio_native.exceptions.AckTimeoutError, match="'ask' within") as error:
            await sio.timeout(0.2).emit_with_ack("ask")
        assert error.value.answers == {clients[0].sid: 1, clients[2].sid: 1}
        assert isinstance(error.value, sio_native.exceptions.TimeoutError)
        asking = asyncio.create_task(sio.to("all").emit_with_ack("ask"))
        await until(lambda: len(sio._service.acks) == 1)
        await sio.disconnect(clients[1].sid)  # nobody waits for who has left
        assert await asking == {clients[0].sid: 1, clients[2].sid: 1}
        forever.set()


async def test_those_who_are_chosen_are_listed_moved_and_put_out(native_door: Door) -> None:
    sio = native_door.server()
    async with three(native_door, sio) as clients:
        a, b, c = (each.sid for each in clients)
        assert await sio.to("all").all_sockets() == {a, b, c}
        assert await sio.except_("second").all_sockets() == {a, c}
        await sio.except_("second").sockets_join("x", "y")
        assert await sio.in_("x").all_sockets() == {a, c}
        await sio.to(c).sockets_leave(["x", "never"])
        assert await sio.in_("x").all_sockets() == {a}
        assert await sio.in_("y").all_sockets() == {a, c}
        await sio.in_("x").disconnect_sockets()
        await until(lambda: not clients[0].socket.connected)
        assert await sio.local.all_sockets() == {b, c}
        await sio.in_("second").disconnect_sockets(close=True)
        await until(lambda: clients[1].socket.eio.state == "disconnected")
        assert clients[2].socket.connected


class OwnPacket(socketio.packet.Packet):
    """Encoded and decoded in Python, packet by packet."""


@pytest.mark.parametrize("serializer", ["msgpack", OwnPacket])
async def test_operators_work_with_other_packets(native_door: Door, serializer: Any) -> None:
    sio = native_door.server(serializer=serializer)
    async with three(native_door, sio, serializer=serializer) as clients:
        for each in clients:
            each.socket.on("ask", lambda *args, name=each.name: (name, *args))
        await sio.to("all").except_("second").volatile.emit("news", b"1")
        assert await who_heard(sio, clients) == "ac"
        answers = await sio.to("all").except_(clients[0].sid).timeout(5).emit_with_ack("ask", 1)
        assert answers == {each.sid: (each.name, 1) for each in clients[1:]}


async def test_a_volatile_event_is_lost_for_who_does_not_read(native_door: Door) -> None:
    sio = native_door.server()
    sio.on("connect", lambda sid, environ: None)
    async with (
        native_door.open(sio) as url,
        connected(url) as reads,
        aiohttp.ClientSession() as web,
    ):
        heard = Log()
        reads.on("*", lambda event, *args: heard.add(event, *args))
        address = f"{url}/socket.io/?EIO=4&transport=websocket"
        async with web.ws_connect(address, max_msg_size=0) as deaf:
            assert (await deaf.receive_str()).startswith("0")
            await deaf.send_str("40")
            sid = json.loads((await deaf.receive_str())[2:])["sid"]
            # What the system's buffers do not take waits here, as long as nobody reads.
            deaf._reader._protocol.pause_reading()  # type: ignore[attr-defined]
            while not sio.flow_stats()["volatile"]:
                await sio.emit("big", "x" * 200_000, to=sid)
                await sio.to(sid).volatile.emit("position", 1)
                await asyncio.sleep(0.01)
            lost = sio.flow_stats()["volatile"]
            await sio.volatile.emit("position", 2)
            await heard.reaches(1)
            assert heard == [("position", 2)]
            await until(lambda: sio.flow_stats()["volatile"] == lost + 1)
            deaf._reader._protocol.resume_reading()  # type: ignore[attr-defined]


async def test_those_who_are_put_out_do_not_wait_for_each_other(native_door: Door) -> None:
    sio = native_door.server()
    all_leaving = asyncio.Event()
    leaving: set[str] = set()

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        leaving.add(sid)
        if len(leaving) == 3:
            all_leaving.set()
        await all_leaving.wait()

    async with three(native_door, sio) as clients:
        await sio.to("all").disconnect_sockets()
        assert leaving == {each.sid for each in clients}


async def test_those_who_are_chosen_are_described(native_door: Door) -> None:
    sio = native_door.server()
    async with three(native_door, sio) as clients:
        a, b, c = (each.sid for each in clients)
        await sio.save_session(b, {"name": "bee"})
        before = time.time()
        found = {each.id: each for each in await sio.to("all").except_(c).fetch_sockets()}
        assert found.keys() == {a, b}
        bee = found[b]
        assert (bee.nsp, bee.data, bee.rooms) == ("/", {"name": "bee"}, {b, "all", "second"})
        assert found[a].data == {}
        handshake = bee.handshake
        assert handshake.address == "127.0.0.1"
        assert handshake.query["EIO"] == "4"
        assert handshake.url.startswith("/socket.io/?")
        assert handshake.headers["upgrade"] == "websocket"
        assert "aiohttp" in handshake.headers["user-agent"]
        assert not handshake.secure
        assert 0 <= before - handshake.issued / 1000 < 20
        issued = datetime.fromisoformat(handshake.time).timestamp()
        assert round(issued * 1000) == handshake.issued

        await bee.join("x")
        await bee.leave("second")
        assert set(sio.rooms(b)) == {b, "all", "x"}
        assert bee.rooms == {b, "all", "second"}  # as it was
        await bee.emit("hello", 1, 2)
        await clients[1].heard.reaches(1)
        assert clients[1].heard == [("hello", 1, 2)]
        await bee.disconnect(close=True)
        await until(lambda: clients[1].socket.eio.state == "disconnected")


async def test_a_class_based_namespace_chooses_its_own_clients(native_door: Door) -> None:
    sio = native_door.server()

    class Chat(sio_native.AsyncNamespace):
        async def on_join(self, sid: str) -> None:
            await self.to(sid).sockets_join("r")

        async def on_tell(self, sid: str, text: str) -> None:
            await self.to("r").except_(sid).emit("told", text)

    sio.register_namespace(Chat("/chat"))
    async with native_door.open(sio) as url:
        spaces = {"namespaces": ["/chat"]}
        async with connected(url, **spaces) as one, connected(url, **spaces) as two:
            heard = Log()
            for name, socket in (("one", one), ("two", two)):
                socket.on("told", lambda text, name=name: heard.add(name, text), namespace="/chat")
                await socket.call("join", namespace="/chat")
            await one.call("tell", "hello", namespace="/chat")
            await two.call("tell", "you", namespace="/chat")
            await heard.reaches(2)
            assert heard == [("two", "hello"), ("one", "you")]


@pytest.mark.parametrize("room", [None, "", [""], ["r", None]])
def test_a_room_that_would_be_everybody_is_refused(room: Any) -> None:
    sio = sio_native.AsyncServer()
    for choose in (sio.to, sio.in_, sio.except_):
        with pytest.raises(ValueError, match="room cannot be"):
            choose(room)


def test_wrong_arguments_raise_at_the_call() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(TypeError, match="unhashable"):
        sio.to({})
    for seconds in (0, -1, float("inf"), float("nan"), "1", None, True):
        with pytest.raises(ValueError, match="number of seconds"):
            sio.timeout(seconds)  # type: ignore[arg-type]


async def test_wrong_arguments_never_mean_everybody() -> None:
    sio = sio_native.AsyncServer()
    async with TestClient(sio) as ann:
        for nothing in ((), ([],), (set(), [()])):
            for choose in (sio.to, sio.in_, sio.except_("x").to, sio.socket(ann.sid).to):
                with pytest.raises(ValueError, match="everybody"):
                    choose(*nothing)
            assert await sio.except_(*nothing).all_sockets() == {ann.sid}
        for many in (sio, sio.to(ann.sid), sio.of("/"), sio.of(re.compile("^/x"))):
            with pytest.raises(TypeError, match="close"):
                await many.disconnect_sockets("a room")  # type: ignore[arg-type]
        for one in (sio.socket(ann.sid), (await sio.fetch_sockets())[0]):
            with pytest.raises(TypeError, match="close"):
                await one.disconnect("a room")  # type: ignore[arg-type]
        assert await sio.all_sockets() == {ann.sid}
    for on in (sio.on_adapter("create_room"), sio.on_server_event("x")):
        with pytest.raises(TypeError, match="callable"):
            on(None)  # type: ignore[type-var]
    await sio.shutdown()

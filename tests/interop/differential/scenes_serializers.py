"""What `json=` and `serializer=` change: on the wire, for handlers, for other servers."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgpack

from ..engineio_wire import open_session, receive_message
from .play import Play
from .table import scenario
from .wire import Wire

DAY = datetime.date(2026, 1, 31)


class WithDates:
    """A module like json that can also write dates, and that reads text in capitals."""

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        return json.dumps(value, default=str, **options)

    @staticmethod
    def loads(text: str, **options: Any) -> Any:
        return json.loads(text.replace("small", "CAPITAL"), **options)


@contextlib.contextmanager
def json_module_kept(play: Play) -> Iterator[None]:
    """python-socketio sets it on the class, for all servers and for the scenarios to come."""
    packet = play.package.packet.Packet
    before = packet.json
    try:
        yield
    finally:
        packet.json = before


@scenario(served=False)
async def json_module_writes_and_reads(play: Play) -> Any:
    with json_module_kept(play):
        sio = play.server(json=WithDates)
        sio.on("take", lambda sid, *args: (play.note(*args), DAY)[1])
        async with play.serving(sio):
            ann = await play.client()
            await sio.emit("news", {"day": DAY})
            seen = [await ann.next("EVENT"), await ann.ask("take", "small", {"small": 1})]
            seen.append(await ann.ask("take", 1))
            ann.packets.clear()
            return seen


@scenario(served=False)
async def json_module_of_another_server(play: Play) -> Any:
    with json_module_kept(play):
        play.server(json=WithDates)
        sio = play.server()
        async with play.serving(sio):
            ann = await play.client()
            outcome = await play.outcome(sio.emit, "news", DAY)
            ann.packets.clear()
            return outcome[:2]


@scenario(served=False)
async def serializer_that_is_none(play: Play) -> Any:
    def make() -> None:
        play.server(serializer=5)

    return await play.outcome(make)


@contextlib.asynccontextmanager
async def joined(play: Play, sio: Any, *packets: Any) -> AsyncIterator[tuple[Wire, list[Any]]]:
    """A client that has sent these packets, and the answer to the last of them."""
    async with play.serving(sio):
        ann = await play.wire()
        await ann.send(*packets)
        answer = await ann.next()
        try:
            yield ann, [answer]
        finally:
            ann.packets.clear()  # its packets are read here, and the transcript's reader cannot


def packed(**packet: Any) -> bytes:
    return bytes(msgpack.packb(packet))


@scenario(served=False)
async def msgpack_is_spoken(play: Play) -> Any:
    sio = play.server(serializer="msgpack", namespaces=["/", "/other"])
    sio.on("take", lambda sid, *args: (play.note(*args), args)[1])
    async with joined(play, sio, packed(type=0, nsp="/")) as (ann, seen):
        for arguments in ([1, "é", None], [{"b": b"bytes"}, [b""]]):
            await ann.send(packed(type=2, nsp="/", id=3, data=["take", *arguments]))
            seen.append(await ann.next())
        await sio.emit("news", (b"bytes", {"n": 1.5}))
        seen.append(await ann.next())
        await ann.send(packed(type=0, nsp="/other"))
        seen.append(await ann.next())
        await sio.emit("news", namespace="/other")
        seen.append(await ann.next())
        await ann.send(packed(type=0, nsp="/unknown"))
        seen.append(await ann.next())
        return [msgpack.unpackb(each) for each in seen]


@scenario(served=False)
async def msgpack_ends_a_namespace(play: Play) -> Any:
    sio = play.server(serializer="msgpack")
    async with joined(play, sio, packed(type=0, nsp="/")) as (ann, seen):
        sid = msgpack.unpackb(seen[0])["data"]["sid"]
        await sio.disconnect(sid)
        return msgpack.unpackb(await ann.next())


@scenario(served=False)
async def msgpack_cannot_write_all(play: Play) -> Any:
    sio = play.server(serializer="msgpack")
    async with joined(play, sio, packed(type=0, nsp="/")):
        return [await play.outcome(sio.emit, "news", each) for each in ({1, 2}, DAY)]


@scenario(served=False)
async def packet_class_without_attachments(play: Play) -> Any:
    """As Open WebUI's: bytes come as lists of numbers, and none go."""

    class JSONOnly(play.package.packet.Packet):  # type: ignore[name-defined,misc]
        uses_binary_events = False

        @classmethod
        def reconstruct_binary(cls, data: Any, attachments: list[bytes]) -> Any:
            return super().reconstruct_binary(data, [list(each) for each in attachments])

    sio = play.server(serializer=JSONOnly)
    sio.on("take", lambda sid, *args: (play.note(*args), "taken")[1])
    async with play.serving(sio):
        ann = await play.client()
        await ann.send('451-7["take",{"_placeholder":true,"num":0}]', b"\x01\xff")
        answer = await ann.next()
        outcome = await play.outcome(sio.emit, "news", {"n": [1]})
        seen = [answer, outcome, await ann.next()]
        ann.packets.clear()
        return seen


@scenario(served=False)
async def packet_class_of_ones_own(play: Play) -> Any:
    """Every packet is reversed."""

    class Reversed(play.package.packet.Packet):  # type: ignore[name-defined,misc]
        def encode(self) -> Any:
            encoded = super().encode()
            return encoded[::-1] if isinstance(encoded, str) else [encoded[0][::-1], *encoded[1:]]

        def decode(self, encoded_packet: str) -> Any:
            return super().decode(encoded_packet[::-1])

    sio = play.server(serializer=Reversed)
    sio.on("take", lambda sid, *args: (play.note(*args), ("taken", b"bytes"))[1])
    async with play.serving(sio):
        session = await open_session(play.site, "websocket")
        await session.send("4" + "0"[::-1])
        opened = await receive_message(session)
        sid = json.loads(opened[1:][::-1][1:])["sid"]
        play.names[sid[::-1]] = "<ann, reversed>"
        await session.send("4" + '27["take",{"a":1}]'[::-1])
        seen = [opened, await receive_message(session), await receive_message(session)]
        await sio.emit("news", "é", to=sid)
        seen.append(await receive_message(session))
        await sio.disconnect(sid)
        seen.append(await receive_message(session))
        await session.close()
        return seen

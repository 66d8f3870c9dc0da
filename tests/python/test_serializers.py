"""`AsyncServer(serializer=...)`: msgpack, and Packet classes that the engine can stand in for."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgpack
import orjson
import pytest
import socketio
import socketio.msgpack_packet
import socketio.packet
from conftest import Door, Log, connected

import sio_native
import sio_native.msgpack_packet
import sio_native.packet

Packets = [sio_native.packet.Packet, socketio.packet.Packet]
MsgPackPackets = [sio_native.msgpack_packet.MsgPackPacket, socketio.msgpack_packet.MsgPackPacket]
of_either = pytest.mark.parametrize("base", Packets, ids=["ours", "python-socketio's"])


def msgpack_client(**options: Any) -> socketio.AsyncClient:
    return socketio.AsyncClient(serializer="msgpack", reconnection=False, **options)


@contextlib.asynccontextmanager
async def raw(url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """An Engine.IO session over WebSocket, open."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket") as ws,
    ):
        assert (await ws.receive_str()).startswith("0{")
        yield ws


# --- msgpack ---


async def test_msgpack_carries_all_that_a_conversation_has(door: Door) -> None:
    sio = door.server(async_mode="asgi", serializer="msgpack")
    seen = Log()

    @sio.event(namespace="/chat")
    async def connect(sid: str, environ: Any, auth: Any) -> None:
        seen.add("connect", auth)

    @sio.event(namespace="/chat")
    async def say(sid: str, *args: Any) -> Any:
        seen.add("say", *args)
        await sio.emit("said", ({"é": [1.5, None]}, b"\x00\xff"), to=sid, namespace="/chat")
        return "ok", {"raw": b"\x01"}

    @sio.event(namespace="/chat")
    async def disconnect(sid: str, reason: str) -> None:
        seen.add("disconnect")

    said = Log()
    client = msgpack_client()
    client.on("said", lambda *args: said.add(*args), namespace="/chat")
    client.on("ask", lambda *args: (len(args), b"\x02"), namespace="/chat")
    async with door.open(sio) as url:
        async with connected(url, client=client, namespaces=["/chat"], auth={"token": 2**40}):
            answer = await client.call("say", (1, {"deep": [b"\x03"]}), namespace="/chat")
            await said.reaches(1)
            sid = client.get_sid("/chat")
            asked = await sio.call("ask", ("a", "b"), to=sid, namespace="/chat")
            await client.emit("say", namespace="/chat")
            await seen.reaches(3)
        await seen.reaches(4)
    assert seen == [
        ("connect", {"token": 2**40}),
        ("say", 1, {"deep": [b"\x03"]}),
        ("say",),
        ("disconnect",),
    ]
    assert answer == ("ok", {"raw": b"\x01"})
    assert said[0] == ({"é": [1.5, None]}, b"\x00\xff")
    assert asked == (2, b"\x02")


async def test_msgpack_refuses_with_a_reason_over_polling_too(native_door: Door) -> None:
    sio = native_door.server(serializer="msgpack")

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        raise socketio.exceptions.ConnectionRefusedError("no", {"why": b"\x00"})

    refused = Log()
    client = msgpack_client()
    client.on("connect_error", lambda data: refused.add(data))
    async with native_door.open(sio) as url:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(url, transports=["polling"], wait_timeout=5)
    assert refused == [({"message": "no", "data": {"why": b"\x00"}},)]


async def test_msgpack_in_rooms_and_from_several_callbacks(native_door: Door) -> None:
    sio = native_door.server(serializer="msgpack")
    joined = Log()

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        await sio.enter_room(sid, "room")
        joined.add(sid)

    heard, answers = Log(), Log()
    async with native_door.open(sio) as url, contextlib.AsyncExitStack() as stack:
        for number in range(3):
            client = msgpack_client()
            client.on("news", lambda data, number=number: (heard.add(number, data), number)[1])
            await stack.enter_async_context(connected(url, client=client))
        await sio.emit(
            "news", b"\x07", room="room", skip_sid=joined[0][0], callback=lambda n: answers.add(n)
        )
        await answers.reaches(2)
    assert sorted(heard) == [(1, b"\x07"), (2, b"\x07")]
    assert sorted(answers) == [(1,), (2,)]


async def test_a_javascript_packet_is_understood_and_answered_in_its_way(native_door: Door) -> None:
    sio = native_door.server(serializer="msgpack")
    auths: list[Any] = []
    sio.on("connect", lambda sid, environ, auth: auths.append(auth))
    sio.on("echo", lambda sid, *args: args)
    undefined = msgpack.ExtType(0, b"\x00")
    async with native_door.open(sio) as url, raw(url) as ws:
        await ws.send_bytes(msgpack.packb({"type": 0, "data": undefined, "nsp": "/"}))
        welcome = msgpack.unpackb(await ws.receive_bytes())
        sid = welcome["data"]["sid"]
        assert welcome == {"type": 0, "data": {"sid": sid}, "nsp": "/"}
        packet = {"type": 2, "data": ["echo", {"a": [b"\x01"]}], "options": {"compress": True}}
        await ws.send_bytes(msgpack.packb({**packet, "id": 0, "nsp": "/"}))
        answer = msgpack.unpackb(await ws.receive_bytes())
        assert answer == {"type": 3, "data": [{"a": [b"\x01"]}], "id": 0, "nsp": "/"}
        await sio.disconnect(sid)
        # Its parser takes no "data" here, not even null.
        assert msgpack.unpackb(await ws.receive_bytes()) == {"type": 1, "nsp": "/"}
    assert auths == [None]


async def test_what_is_no_msgpack_packet_closes_its_session_alone(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio = native_door.server(serializer="msgpack")
    sio.on("echo", lambda sid, x: x)
    async with native_door.open(sio) as url, connected(url, client=msgpack_client()) as client:
        for frame in (b"\xc1", msgpack.packb({"type": 2, "nsp": "/"}), msgpack.packb([2, "/"])):
            async with raw(url) as ws:
                await ws.send_bytes(frame)
                assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
        async with raw(url) as ws:
            await ws.send_str("40")
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
        assert await client.call("echo", 1) == 1
    assert "it sent what is no Socket.IO packet in msgpack" in caplog.text
    assert "it sent text, and packets are msgpack here" in caplog.text


@pytest.mark.parametrize("base", MsgPackPackets, ids=["ours", "python-socketio's"])
async def test_the_hooks_of_msgpack_convert_what_it_does_not_know(
    native_door: Door, base: Any
) -> None:
    def pack(value: Any) -> msgpack.ExtType:
        return msgpack.ExtType(5, value.isoformat().encode())

    def unpack(code: int, data: bytes) -> Any:
        return datetime.date.fromisoformat(data.decode()) if code == 5 else (code, data)

    packet_class = base.configure(dumps_default=pack, ext_hook=unpack)
    sio = native_door.server(serializer=packet_class)
    assert sio.packet_class is packet_class
    seen: list[Any] = []
    sio.on("echo", lambda sid, x: (seen.append(x), x)[1])
    today = datetime.date(2026, 11, 21)
    client = socketio.AsyncClient(
        serializer=socketio.msgpack_packet.MsgPackPacket.configure(pack, unpack)
    )
    async with native_door.open(sio) as url, connected(url, client=client):
        assert await client.call("echo", [today]) == [today]
    assert seen == [[today]]


# --- what cannot be serialised ---


@pytest.mark.parametrize("serializer", ["default", "msgpack"])
async def test_what_cannot_be_serialised_is_the_callers_error(door: Door, serializer: str) -> None:
    sio = door.server(async_mode="asgi", serializer=serializer)
    client = socketio.AsyncClient(serializer=serializer, reconnection=False)
    async with door.open(sio) as url, connected(url, client=client):
        for send in (sio.emit("a", object()), sio.send({"a": {1}}), sio.emit("a", (1, object()))):
            with pytest.raises(TypeError):
                await send
        if door.package is sio_native:  # python-socketio loses it in a task, and waits
            with pytest.raises(TypeError):
                await sio.call("a", object(), to=client.get_sid())


@pytest.mark.parametrize("serializer", ["default", "msgpack"])
async def test_a_result_that_cannot_be_serialised_is_logged_once(
    native_door: Door, caplog: pytest.LogCaptureFixture, serializer: str
) -> None:
    sio = native_door.server(serializer=serializer)
    sio.on("bad", lambda sid: object())
    sio.on("good", lambda sid: 1)
    client = socketio.AsyncClient(serializer=serializer, reconnection=False)
    async with native_door.open(sio) as url, connected(url, client=client):
        await client.emit("bad", callback=lambda *args: None)
        assert await client.call("good") == 1
    errors = [each for each in caplog.records if each.name == "socketio.server"]
    assert len(errors) == 1
    assert 'handler of "bad" failed' in errors[0].getMessage()


# --- Packet classes with hooks ---


class Orjson:
    """As Open WebUI's codec: called as the json module, made by orjson."""

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        return orjson.dumps(value, default=_as_list).decode()

    @staticmethod
    def loads(text: str | bytes, **options: Any) -> Any:
        return orjson.loads(text)


def _as_list(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return list(value)
    raise TypeError


def json_only(base: Any) -> Any:
    """As Open WebUI's JSONOnlyPacket."""

    class JSONOnlyPacket(base):
        uses_binary_events = False

        @classmethod
        def reconstruct_binary(cls, data: Any, attachments: list[bytes]) -> Any:
            return super().reconstruct_binary(data, [list(each) for each in attachments])

    return JSONOnlyPacket


@of_either
@pytest.mark.parametrize("codec", [None, Orjson], ids=["engine", "orjson"])
async def test_a_class_may_turn_attachments_into_something_else(
    native_door: Door, base: Any, codec: Any
) -> None:
    packet_class = json_only(base)
    sio = native_door.server(serializer=packet_class, json=codec)
    assert issubclass(sio.packet_class, packet_class)
    assert sio._core.serializer.packet_format == "json"
    seen = Log()

    @sio.event
    async def update(sid: str, *args: Any) -> Any:
        seen.add(*args)
        return args

    async with native_door.open(sio) as url, connected(url) as client:
        answer = await client.call("update", ({"data": b"\x01\x02"}, [b"", {"x": 1}], "text"))
        answers = Log()
        client.on("ask", lambda: b"\x07")
        await sio.emit("ask", to=client.get_sid(), callback=lambda *args: answers.add(*args))
        await answers.reaches(1)
    assert seen == [({"data": [1, 2]}, [[], {"x": 1}], "text")]
    assert answer == ({"data": [1, 2]}, [[], {"x": 1}], "text")
    assert answers == [([7],)]


@of_either
async def test_without_binary_events_bytes_are_the_json_modules_affair(
    native_door: Door, base: Any
) -> None:
    sio = native_door.server(serializer=json_only(base), json=Orjson)
    heard = Log()
    async with native_door.open(sio) as url, connected(url) as client:
        client.on("data", lambda data: heard.add(data))
        await sio.emit("data", {"bytes": b"\x01\x02"})
        await heard.reaches(1)
    assert heard == [({"bytes": [1, 2]},)]

    sio = native_door.server(serializer=json_only(base))
    async with native_door.open(sio) as url, connected(url) as client:
        with pytest.raises(TypeError, match="Object of type bytes is not JSON serializable"):
            await sio.emit("data", [b"\x01"])


@of_either
async def test_the_json_module_of_a_class_is_used_and_that_of_the_server_first(
    native_door: Door, base: Any
) -> None:
    def codec(name: str) -> Any:
        class Named:
            @staticmethod
            def dumps(value: Any, **options: Any) -> str:
                return json.dumps(value, default=lambda each: name, **options)

            loads = staticmethod(json.loads)

        return Named

    class OfClass(base):
        json = codec("of the class")

    for options, expected in (
        ({"serializer": OfClass}, "of the class"),
        ({"serializer": OfClass, "json": codec("of the server")}, "of the server"),
        ({"json": codec("of the server")}, "of the server"),
    ):
        sio = native_door.server(**options)
        sio.on("get", lambda sid: object())
        async with native_door.open(sio) as url, connected(url) as client:
            assert await client.call("get") == expected
    assert OfClass.json.dumps(object()) == '"of the class"'


# --- what a class is taken for ---


def test_packet_class_is_the_class_in_use() -> None:
    class Mine(sio_native.packet.Packet):
        pass

    assert sio_native.AsyncServer().packet_class is sio_native.packet.Packet
    assert sio_native.AsyncServer(serializer=Mine).packet_class is Mine
    packed = sio_native.AsyncServer(serializer="msgpack")
    assert packed.packet_class is sio_native.msgpack_packet.MsgPackPacket
    assert packed._core.serializer.packet_format == "msgpack"
    with_json = sio_native.AsyncServer(serializer=Mine, json=Orjson)
    assert issubclass(with_json.packet_class, Mine)
    assert with_json.packet_class.json is Orjson


@of_either
def test_only_hooks_that_are_known_stay_with_the_engine(base: Any) -> None:
    class WithHelpers(json_only(base)):
        extra = 1

        def helper(self) -> None: ...

    class WithEncode(base):
        def encode(self) -> Any:
            return super().encode()

    class Below(WithEncode):
        uses_binary_events = False

    class Binary(socketio.msgpack_packet.MsgPackPacket):
        uses_binary_events = True

    def format_of(serializer: Any) -> str:
        return sio_native.AsyncServer(serializer=serializer)._core.serializer.packet_format

    assert format_of(WithHelpers) == "json"
    assert format_of(WithEncode) == "custom"
    assert format_of(Below) == "custom"
    assert format_of(Binary) == "custom"
    assert format_of(type("Anything", (), {})) == "custom"


@pytest.mark.parametrize("serializer", ["pickle", None, 1, json])
def test_a_serializer_that_is_none_is_refused_at_once(serializer: Any) -> None:
    with pytest.raises(TypeError, match='"default", "msgpack" or a Packet class'):
        sio_native.AsyncServer(serializer=serializer)


async def test_two_servers_speak_their_own() -> None:
    """With python-socketio the json module of one is that of both."""
    one = Door(sio_native, own_port=True)
    plain, packed = one.server(json=Orjson), one.server(serializer="msgpack")
    for sio in (plain, packed):
        sio.on("echo", lambda sid, x: x)
    async with (
        one.open(plain) as plain_url,
        one.open(packed) as packed_url,
        connected(plain_url) as first,
        connected(packed_url, client=msgpack_client()) as second,
    ):
        answers = await asyncio.gather(first.call("echo", b"\x01"), second.call("echo", b"\x01"))
    assert answers == [b"\x01", b"\x01"]

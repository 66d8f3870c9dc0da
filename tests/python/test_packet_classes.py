"""`AsyncServer(serializer=a class with its own encode and decode)`, on every door."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import socketio
from conftest import OWN_PORT, Door, Log, connected
from socketio.packet import ACK, CONNECT, EVENT, Packet


class Lines(Packet):
    """Packets as text in lines; bytes in base64. Nothing of the protocol's own format is left."""

    uses_binary_events = False
    encoded = 0

    def encode(self) -> str:
        type(self).encoded += 1
        if self.data == "unwritable":
            raise LookupError("unwritable")
        data = json.dumps(self.data, default=_marked)
        return "\n".join([str(self.packet_type), self.namespace or "", str(self.id), data])

    def decode(self, encoded_packet: str) -> int:
        kind, namespace, ack_id, data = encoded_packet.split("\n")
        self.packet_type = int(kind)
        self.namespace = namespace or None
        self.id = None if ack_id == "None" else int(ack_id)
        self.data = json.loads(data, object_hook=_unmarked)
        return 0


def _marked(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return {"$": base64.b64encode(value).decode()}
    raise TypeError(f"no line for {value!r}")


def _unmarked(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["$"]) if "$" in value else value


class Loud(Packet):
    """The protocol's own format by its own methods, so with attachments behind the frame."""

    def encode(self) -> Any:
        return super().encode()


class InBytes(Lines):
    def encode(self) -> Any:
        return super().encode().encode()

    def decode(self, encoded_packet: Any) -> int:
        return super().decode(encoded_packet.decode())


def client_of(packet_class: Any) -> socketio.AsyncClient:
    return socketio.AsyncClient(serializer=packet_class, reconnection=False)


@contextlib.asynccontextmanager
async def raw(url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket") as ws,
    ):
        assert (await ws.receive_str()).startswith("0{")
        yield ws


def frame(kind: int, data: Any, ack_id: int | None = None, namespace: str = "/") -> str:
    return "4" + Lines(kind, data=data, namespace=namespace, id=ack_id).encode()


@pytest.mark.parametrize("packet_class", [Lines, Loud, InBytes])
async def test_a_class_of_its_own_carries_all_that_a_conversation_has(
    door: Door, packet_class: Any
) -> None:
    await converse(door, packet_class, "websocket")


@pytest.mark.parametrize("packet_class", [Lines, Loud, InBytes])
async def test_it_does_so_over_polling(packet_class: Any) -> None:
    await converse(OWN_PORT, packet_class, "polling")


async def converse(door: Door, packet_class: Any, transport: str) -> None:
    sio = door.server(async_mode="asgi", serializer=packet_class)
    assert sio.packet_class is packet_class
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
    client = client_of(packet_class)
    client.on("said", lambda *args: said.add(*args), namespace="/chat")
    client.on("ask", lambda *args: (len(args), b"\x02"), namespace="/chat")
    options: Any = {"namespaces": ["/chat"], "auth": {"token": 1}, "transports": [transport]}
    async with door.open(sio) as url:
        async with connected(url, client=client, **options):
            answer = await client.call("say", (1, {"deep": [b"\x03"]}), namespace="/chat")
            await said.reaches(1)
            sid = client.get_sid("/chat")
            asked = await sio.call("ask", ("a", b"\x04"), to=sid, namespace="/chat")
        await seen.reaches(3)
    assert seen == [
        ("connect", {"token": 1}),
        ("say", 1, {"deep": [b"\x03"]}),
        ("disconnect",),
    ]
    assert answer == ("ok", {"raw": b"\x01"})
    assert said[0] == ({"é": [1.5, None]}, b"\x00\xff")
    assert asked == (2, b"\x02")


@pytest.mark.parametrize("always_connect", [False, True])
async def test_refusals_and_unknown_namespaces_are_written_by_the_class(
    native_door: Door, always_connect: bool
) -> None:
    sio = native_door.server(serializer=Lines, always_connect=always_connect)

    @sio.event
    async def connect(sid: str, environ: Any) -> bool:
        return False

    async with native_door.open(sio) as url, raw(url) as ws:
        await ws.send_str(frame(CONNECT, None, namespace="/random"))
        assert await ws.receive_str() == '44\n/random\nNone\n"Unable to connect"'
        await ws.send_str(frame(CONNECT, None))
        if always_connect:
            assert (await ws.receive_str()).startswith('40\n/\nNone\n{"sid":')
        kind = 1 if always_connect else 4
        refusal = '{"message": "Connection rejected by server"}'
        assert await ws.receive_str() == f"4{kind}\n/\nNone\n{refusal}"
        # What a refused client sends is not heard.
        await ws.send_str(frame(EVENT, ["anything"], 1))
        await ws.send_str(frame(CONNECT, None, namespace="/random"))
        assert (await ws.receive_str()).startswith("44\n/random")


async def test_an_emit_is_encoded_once_for_all_its_receivers(native_door: Door) -> None:
    class Counted(Lines):
        encoded = 0

    sio = native_door.server(serializer=Counted)
    heard, answers = Log(), Log()
    async with native_door.open(sio) as url, contextlib.AsyncExitStack() as stack:
        for number in range(4):
            client = client_of(Lines)
            client.on("news", lambda data, number=number: (heard.add(number), number)[1])
            await stack.enter_async_context(connected(url, client=client))
        sids = [sid for sid, _ in sio.manager.get_participants("/", None)]
        before = Counted.encoded
        await sio.emit("news", "a")
        await heard.reaches(4)
        await sio.emit("news", "b", skip_sid=sids[0], callback=lambda number: answers.add(number))
        await answers.reaches(3)
        assert Counted.encoded == before + 2
        heard.clear()
        await sio.enter_room(sids[1], "room")
        await sio.emit("news", "c", room=["room", sids[2]])
        await heard.reaches(2)
    assert len(heard) == 2


async def test_events_and_answers_just_before_the_end_are_delivered(native_door: Door) -> None:
    sio = native_door.server(serializer=Lines)
    seen, answers = Log(), Log()
    sio.on("last", lambda sid, number: seen.add(number))

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        seen.add(reason)

    async with native_door.open(sio) as url:
        async with raw(url) as ws:
            await ws.send_str(frame(CONNECT, None))
            sid = json.loads((await ws.receive_str()).split("\n")[3])["sid"]
            await sio.emit("ask", to=sid, callback=lambda *args: answers.add(*args))
            ack_id = int((await ws.receive_str()).split("\n")[2])
            for number in range(20):
                await ws.send_str(frame(EVENT, ["last", number]))
            await ws.send_str(frame(ACK, ["answer"], ack_id))
            await ws.send_str(frame(ACK, ["again"], ack_id))
        await seen.reaches(21)
        await answers.reaches(1)
    assert seen[:20] == [(number,) for number in range(20)]
    assert str(seen[20][0]).startswith("transport ")
    assert answers == [("answer",)]


async def test_the_server_disconnects_and_the_client_may_join_again(native_door: Door) -> None:
    sio = native_door.server(serializer=Lines)
    seen = Log()
    sio.on("connect", lambda sid, environ, auth: seen.add("connect", auth))
    sio.on("disconnect", lambda sid, reason: seen.add(reason))
    sio.on("echo", lambda sid, x: x)
    async with native_door.open(sio) as url, raw(url) as ws:
        for turn in range(2):
            await ws.send_str(frame(CONNECT, {"turn": turn}))
            sid = json.loads((await ws.receive_str()).split("\n")[3])["sid"]
            await ws.send_str(frame(EVENT, ["echo", turn], 3))
            assert await ws.receive_str() == f"43\n/\n3\n[{turn}]"
            await sio.disconnect(sid)
            assert await ws.receive_str() == "41\n/\nNone\nnull"
        assert sio.manager.rooms == {}
    assert seen == [
        ("connect", {"turn": 0}),
        ("server disconnect",),
        ("connect", {"turn": 1}),
        ("server disconnect",),
    ]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("4garbage", "its packet: ValueError"),
        (frame(EVENT, []), "its event has no name"),
        (frame(EVENT, {"a": 1}), "its event has no name"),
        (frame(EVENT, ["disconnect"]), 'the name "disconnect", which is reserved'),
        (frame(ACK, "text", 1), "its acknowledgement is no list"),
        (frame(CONNECT, None), "it connects twice to one namespace"),
        (frame(4, "no"), "it sent a packet of type 4"),
        (frame(9, None), "it sent a packet of type 9"),
    ],
)
async def test_what_breaks_the_protocol_closes_its_session_alone(
    native_door: Door, caplog: pytest.LogCaptureFixture, bad: str, why: str
) -> None:
    sio = native_door.server(serializer=Lines)
    seen = Log()
    sio.on("disconnect", lambda sid, reason: seen.add(sid, reason))
    sio.on("late", lambda sid: seen.add("late"))
    sio.on("echo", lambda sid, x: x)
    async with native_door.open(sio) as url, connected(url, client=client_of(Lines)) as other:
        async with raw(url) as ws:
            await ws.send_str(frame(CONNECT, None))
            sid = json.loads((await ws.receive_str()).split("\n")[3])["sid"]
            await ws.send_str(bad)
            with contextlib.suppress(ConnectionError):  # closed already
                await ws.send_str(frame(EVENT, ["late"]))
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
        await seen.reaches(1)
        assert await other.call("echo", 1) == 1
        assert seen == [(sid, "transport error")]
    assert why in caplog.text


async def test_attachments_have_the_limits_of_the_server(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio = native_door.server(serializer=Loud, max_attachments=2, max_http_buffer_size=1_000)
    sio.on("data", lambda sid, *args: len(args))
    holders = [f'{{"_placeholder":true,"num":{number}}}' for number in range(3)]
    two = ",".join(holders[:2])
    async with native_door.open(sio) as url:
        async with raw(url) as ws:
            await ws.send_str("40")
            await ws.receive_str()
            await ws.send_str(f'452-1["data",{two}]')
            await ws.send_bytes(b"x" * 400)
            await ws.send_bytes(b"x" * 400)
            assert await ws.receive_str() == "431[2]"
            await ws.send_str(f'453-["data",{",".join(holders)}]')
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
        async with raw(url) as ws:
            await ws.send_str("40")
            await ws.receive_str()
            await ws.send_str(f'452-["data",{two}]')
            await ws.send_bytes(b"x" * 600)
            await ws.send_bytes(b"x" * 600)
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
        async with raw(url) as ws:
            await ws.send_str(f'451-["data",{holders[0]}]')
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
    assert "more than 2 attachments" in caplog.text
    assert "its attachments have more than 1000 bytes" in caplog.text
    assert "it sent a binary packet, and is not connected" in caplog.text


async def test_what_the_class_cannot_encode_is_the_callers_error_or_is_logged(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Lines):
        def encode(self) -> Any:
            return 7 if self.data == ["number"] else super().encode()

    sio = native_door.server(serializer=Broken)
    sio.on("bad", lambda sid: object())
    sio.on("good", lambda sid: 1)
    async with native_door.open(sio) as url, connected(url, client=client_of(Lines)) as client:
        with pytest.raises(TypeError, match="no line for"):
            await sio.emit("a", object())
        with pytest.raises(TypeError, match=r"encode\(\) must return str or bytes"):
            await sio.emit("number")
        with pytest.raises(TypeError, match="no line for"):
            await sio.call("a", object(), to=client.get_sid())
        await client.emit("bad", callback=lambda *args: None)
        assert await client.call("good") == 1
    assert caplog.text.count('handler of "bad" failed') == 1


async def test_handlers_may_be_serial(native_door: Door) -> None:
    sio = native_door.server(serializer=Lines, async_handlers=False)
    seen = Log()

    @sio.event
    async def work(sid: str, number: int) -> int:
        seen.add("begin", number)
        await sio.sleep(0)
        seen.add("end", number)
        return number

    async with native_door.open(sio) as url, connected(url, client=client_of(Lines)) as client:
        await client.emit("work", 1)
        assert await client.call("work", 2) == 2
    assert seen == [("begin", 1), ("end", 1), ("begin", 2), ("end", 2)]

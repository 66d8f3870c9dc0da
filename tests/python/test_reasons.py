"""Why a client was disconnected: python-socketio's five reasons, and the reference's nine.

As docs/disconnects.md has them. Each cause at each door where it exists.
"""

import asyncio
import contextlib
import json
import pickle
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgpack
import pytest
import socketio
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from conftest import BRIDGE, OWN_PORT, Door, Log, connected

import sio_native
from sio_native import AsyncServer, DisconnectReason, engineio

REASON = AsyncServer.reason


@contextlib.asynccontextmanager
async def raw(url: str) -> AsyncIterator[ClientWebSocketResponse]:
    """A WebSocket that has joined the namespace "/", and sends what it is told to."""
    async with (
        ClientSession() as http,
        http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket") as ws,
    ):
        assert (await ws.receive_str())[0] == "0"
        await ws.send_str("40")
        assert (await ws.receive_str())[:3] == "40{"
        yield ws


def listening(door: Door, **options: Any) -> tuple[AsyncServer, Log]:
    """A server, and what its disconnect handler is told: reason and detail."""
    sio, log = door.server(**options), Log()
    sio.on("disconnect", lambda sid, reason: log.add(reason, reason.detail))
    return sio, log


async def told(log: Log) -> Any:
    await log.reaches(1)
    return log[0]


SENT = {
    "an Engine.IO packet of no type": ("x", REASON.TRANSPORT_ERROR, "parse error"),
    "a packet that only a server sends": ("2", REASON.TRANSPORT_ERROR, "transport error"),
    "no Socket.IO packet": ("49", REASON.TRANSPORT_ERROR, "forced close"),
    "arguments that are no JSON": ("42[", REASON.TRANSPORT_ERROR, "forced close"),
    "an event for a namespace that it is not in": (
        '42/elsewhere,["e"]',
        REASON.TRANSPORT_ERROR,
        "forced server close",
    ),
    "a second connect": ("40", REASON.TRANSPORT_ERROR, "forced server close"),
    "a disconnect packet": ("41", REASON.CLIENT_DISCONNECT, "client namespace disconnect"),
    "a close packet": ("1", REASON.CLIENT_DISCONNECT, "transport close"),
}


@pytest.mark.parametrize("cause", SENT)
async def test_what_a_client_sends_tells_why_it_ends(native_door: Door, cause: str) -> None:
    frame, reason, detail = SENT[cause]
    sio, log = listening(native_door)
    async with native_door.open(sio) as url, raw(url) as ws:
        await ws.send_str(frame)
        assert await told(log) == (reason, detail)


async def test_a_client_that_closes_its_connection(native_door: Door) -> None:
    sio, log = listening(native_door)
    async with native_door.open(sio) as url:
        async with raw(url):
            pass
        assert await told(log) == (REASON.TRANSPORT_CLOSE, "transport close")


async def test_a_connection_that_breaks() -> None:
    sio, log = listening(OWN_PORT)
    async with OWN_PORT.open(sio) as url, raw(url) as ws:
        connection = ws.get_extra_info("socket")
        # Reset, instead of an orderly end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert ws._response is not None and ws._response.connection is not None
        ws._response.connection.transport.abort()  # type: ignore[union-attr]
        assert await told(log) == (REASON.TRANSPORT_ERROR, "transport error")


async def test_a_message_too_large_is_a_transport_error(native_door: Door) -> None:
    sio, log = listening(native_door, max_http_buffer_size=1000)
    async with native_door.open(sio) as url, raw(url) as ws:
        await ws.send_str('42["e","' + "x" * 2000 + '"]')
        assert await told(log) == (REASON.TRANSPORT_ERROR, "transport error")


async def test_a_client_that_answers_no_ping(native_door: Door) -> None:
    sio, log = listening(native_door, ping_interval=0.05, ping_timeout=0.05)
    async with native_door.open(sio) as url, raw(url) as ws:
        assert await ws.receive_str() == "2"
        assert await told(log) == (REASON.PING_TIMEOUT, "ping timeout")


async def test_a_poll_that_is_no_payload_is_a_parse_error(native_door: Door) -> None:
    sio, log = listening(native_door)
    async with native_door.open(sio) as url, ClientSession() as http:
        address = f"{url}/socket.io/?EIO=4&transport=polling"
        async with http.get(address) as opened:
            sid = json.loads((await opened.text())[1:])["sid"]
        for body in ("40", "b!"):
            async with http.post(f"{address}&sid={sid}", data=body):
                pass
            async with http.get(f"{address}&sid={sid}"):
                pass
        assert await told(log) == (REASON.TRANSPORT_ERROR, "parse error")


BY_SERVER: dict[str, tuple[Callable[[Any, str], Awaitable[Any]], str]] = {
    "disconnect": (lambda sio, sid: sio.disconnect(sid), "server namespace disconnect"),
    "socket": (lambda sio, sid: sio.socket(sid).disconnect(), "server namespace disconnect"),
    "socket, its session": (
        lambda sio, sid: sio.socket(sid).disconnect(close=True),
        "server namespace disconnect",
    ),
    "the Engine.IO session": (
        lambda sio, sid: sio.eio.disconnect(sio.manager.eio_sid_from_sid(sid, "/")),
        "forced close",
    ),
    "close": (lambda sio, sid: sio.close(), "server shutting down"),
    "shutdown": (lambda sio, sid: sio.shutdown(), "server shutting down"),
    "drain": (lambda sio, sid: sio.drain(deadline=5), "server shutting down"),
}


@pytest.mark.parametrize("cause", BY_SERVER)
async def test_what_the_server_does_is_a_server_disconnect(native_door: Door, cause: str) -> None:
    act, detail = BY_SERVER[cause]
    sio, log = listening(native_door)
    sids: asyncio.Queue[str] = asyncio.Queue()
    sio.on("connect", lambda sid, environ: sids.put_nowait(sid))
    async with native_door.open(sio) as url, raw(url):
        await act(sio, await sids.get())
        assert await told(log) == (REASON.SERVER_DISCONNECT, detail)


async def test_other_namespaces_of_a_closed_session_hear_the_same(native_door: Door) -> None:
    sio, log = listening(native_door)
    sio.on("disconnect", lambda sid, reason: log.add("/b", reason.detail), namespace="/b")
    async with native_door.open(sio) as url, connected(url, namespaces=["/", "/b"]) as client:
        await sio.socket(client.get_sid("/")).disconnect(close=True)
        await log.reaches(2)
    assert sorted(log) == [
        ("/b", "server namespace disconnect"),
        (REASON.SERVER_DISCONNECT, "server namespace disconnect"),
    ]


async def test_a_client_that_goes_while_its_connect_handler_runs() -> None:
    sio, log = listening(OWN_PORT)
    left = asyncio.Event()

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        await left.wait()

    async with OWN_PORT.open(sio) as url, ClientSession() as http:
        ws = await http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket")
        await ws.send_str("40")
        await ws.send_str("41")
        await ws.send_str("x")
        while (await ws.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED):
            pass
        left.set()
        assert await told(log) == (REASON.CLIENT_DISCONNECT, "client namespace disconnect")


# --- whoever is told ---


async def test_listeners_of_sockets_and_classes_are_told_the_same() -> None:
    sio, log = OWN_PORT.server(), Log()

    class Chat(sio_native.AsyncNamespace):
        async def on_disconnect(self, sid: str, reason: DisconnectReason) -> None:
            log.add("class", reason, reason.detail)

    sio.register_namespace(Chat("/chat"))

    @sio.on_connection
    def connection(its: Any) -> None:
        its.on("disconnect", lambda reason: log.add("socket", reason, reason.detail))
        log.add("listens")

    async with OWN_PORT.open(sio) as url, connected(url, namespaces=["/", "/chat"]):
        await log.reaches(1)
        await sio.close()
    assert sorted(log[1:]) == [
        ("class", REASON.SERVER_DISCONNECT, "server shutting down"),
        ("socket", REASON.SERVER_DISCONNECT, "server shutting down"),
    ]


async def test_a_server_of_engineio_has_reasons_with_details() -> None:
    eio, log = engineio.AsyncServer(), Log()
    eio.on("disconnect", lambda sid, reason: log.add(reason, reason.detail))
    host, port = eio.listen("127.0.0.1", 0)
    async with ClientSession() as http:
        url = f"http://{host}:{port}/engine.io/?EIO=4&transport=websocket"
        for frame in ("x", None):
            ws = await http.ws_connect(url)
            sid = json.loads((await ws.receive_str())[1:])["sid"]
            await (ws.send_str(frame) if frame else eio.disconnect(sid))
            await ws.receive()
    await log.reaches(2)
    await eio.shutdown()
    assert log == [
        (REASON.TRANSPORT_ERROR, "parse error"),
        (REASON.SERVER_DISCONNECT, "forced close"),
    ]


async def test_clients_with_packets_of_another_kind_have_the_same_reasons() -> None:
    from socketio.packet import Packet

    sio, log = listening(OWN_PORT, serializer=type("Own", (Packet,), {}))
    async with OWN_PORT.open(sio) as url, raw(url) as ws:
        await ws.send_str("41")
        assert await told(log) == (REASON.CLIENT_DISCONNECT, "client namespace disconnect")


# --- the value ---


def test_a_reason_is_the_text_that_python_socketio_gives() -> None:
    reason = DisconnectReason("server disconnect", "server shutting down")
    assert reason == REASON.SERVER_DISCONNECT == socketio.AsyncServer.reason.SERVER_DISCONNECT
    assert isinstance(reason, str)
    assert hash(reason) == hash("server disconnect")
    assert {REASON.SERVER_DISCONNECT: 1}[reason] == 1
    assert f"{reason}" == "server disconnect"
    assert json.dumps({"why": reason}) == '{"why": "server disconnect"}'
    assert msgpack.packb(reason) == msgpack.packb("server disconnect")
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(reason, protocol))
        assert (again, again.detail) == (reason, reason.detail)


def test_the_details_are_those_of_the_reference() -> None:
    from typing import get_args

    from sio_native.disconnect_reason import REASONS, Detail

    assert {each.detail for each in REASONS} == set(get_args(Detail))
    five = {value for name, value in vars(REASON).items() if name.isupper()}
    assert set(REASONS) == five


async def test_a_reason_can_be_emitted() -> None:
    sio, log = BRIDGE.server(), Log()

    @sio.event
    async def disconnect(sid: str, reason: DisconnectReason) -> None:
        await sio.emit("left", reason)

    async with BRIDGE.open(sio) as url, connected(url) as other:
        other.on("left", lambda reason: log.add(reason))
        async with raw(url) as ws:
            await ws.send_str("41")
            assert await told(log) == ("client disconnect",)

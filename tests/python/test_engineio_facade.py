"""`sio.eio`: the Engine.IO server under a Socket.IO server, as applications use it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from conftest import Door, Log, connected, under_uvicorn, until

import sio_native


async def test_sockets_and_transports_by_engineio_sid(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    async with door.open(sio) as url, connected(url) as client:
        eio_sid = client.eio.sid
        assert list(sio.eio.sockets) == [eio_sid]
        assert eio_sid in sio.eio.sockets
        assert "nobody" not in sio.eio.sockets
        assert sio.eio.transport(eio_sid) == "websocket"
        assert sio.eio.sockets[eio_sid].upgraded
        with pytest.raises(KeyError, match="Session not found"):
            sio.eio.transport("nobody")


async def test_a_connection_can_be_closed(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    heard = Log()
    sio.on("disconnect", lambda sid, reason: heard.add(reason))
    async with door.open(sio) as url, connected(url) as client:
        eio_sid = client.eio.sid
        await sio.eio.disconnect(eio_sid)
        await heard.reaches(1)
        assert heard == [("server disconnect",)]
        await until(lambda: eio_sid not in sio.eio.sockets)
        await sio.eio.disconnect("nobody")


async def test_user_sessions_are_by_namespace(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    async with door.open(sio) as url, connected(url) as client:
        await sio.save_session(client.get_sid(), {"a": 1})
        assert await sio.eio.get_session(client.eio.sid) == {"/": {"a": 1}}
        with pytest.raises(KeyError, match="Session not found"):
            await sio.eio.get_session("nobody")


async def test_an_engineio_message_can_be_sent(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    async with door.open(sio) as url, connected(url) as client:
        received: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        client.on("greeting", received.set_result)
        await sio.eio.send(client.eio.sid, '2["greeting","hello"]')
        assert await received == "hello"


def test_options_and_helpers(door: Door) -> None:
    eio = door.server(async_mode="asgi", ping_interval=7, ping_timeout=3).eio
    assert (eio.ping_interval, eio.ping_timeout, eio.async_mode) == (7, 3, "asgi")
    assert eio.max_http_buffer_size == 1_000_000
    assert len(eio.generate_id()) == 20
    assert isinstance(eio.create_event(), asyncio.Event)
    assert eio.reason.CLIENT_DISCONNECT == "client disconnect"


async def test_requests_can_be_given_to_it(native_door: Door) -> None:
    if native_door.own_port:
        return
    sio = native_door.server()

    class OverEngine:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await sio.eio.handle_request(scope, receive, send)

    async with under_uvicorn(OverEngine(), lifespan="off") as url, connected(url) as client:
        assert client.get_sid()
    await sio.eio.shutdown()


def test_what_would_not_work_is_refused() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(AttributeError, match="makes the ids"):
        sio.eio.generate_id = lambda: "x"  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match=r"engineio\.AsyncServer"):
        sio.eio.on("message", print)
    with pytest.raises(ValueError, match="Invalid event"):
        sio.eio.on("nonsense", print)
    with pytest.raises(RuntimeError, match="ASGIApp"):
        sio.eio.attach(object())
    assert sio.eio is sio.eio


async def test_the_heartbeat_can_be_set_until_the_server_serves(native_door: Door) -> None:
    # python-engineio takes it at any time. NiceGUI sets it when its application starts.
    sio = native_door.server()
    sio.eio.ping_interval = 5
    with pytest.raises(ValueError, match="ping_timeout"):
        sio.eio.ping_timeout = -1
    assert (sio.eio.ping_interval, sio.eio.ping_timeout) == (5, 20)
    async with native_door.open(sio) as url, connected(url) as client:
        assert client.eio.ping_interval == 5
        with pytest.raises(RuntimeError, match="before the server serves"):
            sio.eio.ping_interval = 6


async def test_options_can_be_set_until_the_server_serves(native_door: Door) -> None:
    # As applications do it: NiceGUI's for large messages, others to leave CORS to a middleware.
    sio = native_door.server(cors_allowed_origins="https://elsewhere.example")
    wanted: dict[str, Any] = {
        "cors_allowed_origins": [],
        "max_http_buffer_size": 2_000,
        "start_service_task": False,
        "ping_interval_grace_period": 2,
        "ping_interval": 5,
        "allow_upgrades": False,
        "http_compression": False,
        "compression_threshold": 10,
        "cookie": "chocolate",
        "cors_credentials": False,
        "transports": ["websocket"],
    }
    for name, value in wanted.items():
        setattr(sio.eio, name, value)
    assert {name: getattr(sio.eio, name) for name in wanted} == wanted
    with pytest.raises(ValueError, match="max_http_buffer_size"):
        sio.eio.max_http_buffer_size = -1
    assert sio.eio.max_http_buffer_size == 2_000
    async with (
        native_door.open(sio) as url,
        connected(url, headers={"Origin": "https://strange.example"}) as client,
    ):
        assert client.eio.ping_interval == 7
        for name, value in wanted.items():
            with pytest.raises(RuntimeError, match="before the server serves"):
                setattr(sio.eio, name, value)


async def test_packets_are_logged_when_an_option_has_been_set(native_door: Door) -> None:
    lines: list[str] = []
    logger = logging.getLogger("test of options")
    logger.setLevel(logging.INFO)
    logger.addFilter(lambda record: lines.append(record.getMessage()) or True)  # type: ignore[func-returns-value]
    sio = native_door.server(engineio_logger=logger)
    sio.eio.ping_interval = 5
    async with native_door.open(sio) as url, connected(url):
        await until(lambda: any("Sending packet OPEN" in line for line in lines))

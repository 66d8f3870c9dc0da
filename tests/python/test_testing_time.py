"""Heartbeats of test clients, at a time that the test moves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest import Log

import sio_native
from sio_native.testing import TestClient


@pytest.fixture(params=[1, 3], ids=["one-thread", "threads"])
def sio(request: pytest.FixtureRequest) -> sio_native.AsyncServer:
    """With python-socketio's defaults: a ping each 25 s, and 20 s to answer it."""
    return sio_native.AsyncServer(threads=request.param)


async def test_pings_come_and_are_answered_at_their_times(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        await c.advance(24.999)
        assert c.pings == 0
        await c.advance(0.001)
        assert c.pings == 1
        await c.advance(3600)
        assert c.pings == 1 + 3600 // 25
        assert c.connected


async def test_a_silent_client_is_closed_when_its_time_is_up(
    sio: sio_native.AsyncServer,
) -> None:
    log = Log()

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        await asyncio.sleep(0)
        log.add(sid, reason)

    async with TestClient(sio) as living, TestClient(sio, answer_pings=False) as silent:
        await silent.advance(44.999)
        assert (silent.pings, log) == (1, [])
        assert silent.connected
        await living.advance(0.001)
        assert log == [(silent.sid, "ping timeout")]
        assert silent.disconnect_reason == "transport close"
        assert living.connected


async def test_a_client_falls_silent(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        await c.advance(60)
        c.stop_answering_pings()
        await c.advance(35)  # pinged at 75
        assert (c.pings, c.connected) == (3, False)
        with pytest.raises(AssertionError, match="before the connection ended"):
            await c.expect("message")


async def test_what_handlers_emit_when_somebody_is_gone_is_there_after_the_advance(
    sio: sio_native.AsyncServer,
) -> None:
    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        await sio.emit("left", reason)

    async with TestClient(sio) as watching, TestClient(sio, answer_pings=False):
        await watching.advance(60)
        assert watching.received == [("left", ("ping timeout",))]


async def test_clients_that_came_at_different_times_are_pinged_at_different_times(
    sio: sio_native.AsyncServer,
) -> None:
    async with TestClient(sio) as first:
        await first.advance(20)
        async with TestClient(sio) as second:
            await first.advance(10)
            assert (first.pings, second.pings) == (1, 0)
            await first.advance(15)
            assert (first.pings, second.pings) == (1, 1)
            await first.advance(5)
            assert (first.pings, second.pings) == (2, 1)


async def test_time_stands_still_unless_it_is_moved() -> None:
    sio = sio_native.AsyncServer(ping_interval=0.001, ping_timeout=0.001)
    async with TestClient(sio, answer_pings=False) as c:
        loop = asyncio.get_running_loop()
        until = loop.time() + 0.05
        while loop.time() < until:
            await c.settle()
        assert (c.pings, c.connected) == (0, True)
        await c.advance(0.001)
        assert (c.pings, c.connected) == (1, True)
        await c.advance(0.001)
        assert not c.connected


async def test_time_goes_on_when_the_last_client_has_left() -> None:
    sio = sio_native.AsyncServer(ping_interval=0.01, ping_timeout=20)
    log: list[Any] = []

    async def outsider(received: asyncio.Queue[Any]) -> None:
        """A WebSocket that is no test client's."""

        async def send(message: Any) -> None:
            log.append(message.get("text"))
            if message.get("text") == "2":
                await received.put({"type": "websocket.disconnect"})

        scope = {
            "type": "websocket",
            "path": "/socket.io/",
            "query_string": b"EIO=4&transport=websocket",
            "headers": [],
        }
        await received.put({"type": "websocket.connect"})
        await sio.handle_request(scope, received.get, send)

    async with TestClient(sio) as first, TestClient(sio) as second:
        await first.disconnect()
        task = asyncio.ensure_future(outsider(asyncio.Queue()))
        await second.advance(0.009)
        assert not task.done()
    await task  # it has been pinged, by itself
    assert log[-1] == "2"


async def test_only_time_that_can_pass_does(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        await c.advance(0)
        for seconds in (-1, float("nan"), float("inf"), 1e9):
            with pytest.raises(ValueError, match="advance\\(\\) takes 0 to 604800 seconds"):
                await c.advance(seconds)


async def test_a_client_that_was_never_connected_moves_no_time(
    sio: sio_native.AsyncServer,
) -> None:
    with pytest.raises(RuntimeError, match="has not been connected to a server of sio_native's"):
        await TestClient(sio).advance(1)

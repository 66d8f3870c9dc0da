"""Emits of which the latest counts: first at once, the last never lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio
from conftest import NATIVE, Door, Log, connected

import sio_native


async def test_the_first_comes_at_once_and_the_last_is_never_lost(native_door: Door) -> None:
    sio = native_door.server()
    log = Log()
    client = socketio.AsyncClient(reconnection=False)
    client.on("progress", lambda data: log.add(data))
    async with native_door.open(sio) as url, connected(url, client=client):
        for value in range(1000):
            await sio.emit("progress", value, conflate="job", interval=0.05)
        await log.reaches(2)
        assert log == [(0,), (999,)]
        assert sio.flow_stats()["conflated"] == 998
        await sio.emit("progress", "again", conflate="job", interval=0.05)
        await log.reaches(3)


async def test_keys_rooms_events_and_namespaces_are_apart(native_door: Door) -> None:
    sio = native_door.server(namespaces=["/", "/chat"])
    log = Log()
    client = socketio.AsyncClient(reconnection=False)
    client.on("a", lambda data: log.add("a", data))
    client.on("b", lambda data: log.add("b", data))
    client.on("a", lambda data: log.add("chat", data), namespace="/chat")
    async with (
        native_door.open(sio) as url,
        connected(url, client=client, namespaces=["/", "/chat"]) as one,
    ):
        sid = one.get_sid("/")
        await sio.enter_room(sid, "r1")
        await sio.enter_room(sid, 5)
        long = {"conflate": "k", "interval": 60}
        await sio.emit("a", 1, **long)
        await sio.emit("b", 2, **long)
        await sio.emit("a", 3, to="r1", **long)
        await sio.emit("a", 4, to=5, **long)
        await sio.emit("a", 5, namespace="/chat", **long)
        await sio.emit("a", 6, conflate="other", interval=60)
        await sio.emit("a", 7, to="r1", skip_sid=sid, conflate="third", interval=60)
        await sio.emit("a", 8, to=[], **long)
        await log.reaches(6)
        assert sorted(log) == [("a", 1), ("a", 3), ("a", 4), ("a", 6), ("b", 2), ("chat", 5)]


async def test_what_waits_goes_out_when_the_server_ends() -> None:
    door = NATIVE["threads"]
    sio = door.server()
    log = Log()
    client = socketio.AsyncClient(reconnection=False)
    client.on("progress", lambda data: log.add(data))
    async with door.open(sio) as url, connected(url, client=client):
        for value in range(10):
            await sio.emit("progress", value, conflate="job", interval=60)
        await log.reaches(1)
        await sio.shutdown()
        await log.reaches(2)
        assert log == [(0,), (9,)]


async def test_bytes_travel_with_conflated_emits() -> None:
    door = NATIVE["threads"]
    sio = door.server()
    log = Log()
    client = socketio.AsyncClient(reconnection=False)
    client.on("image", lambda data: log.add(data))
    async with door.open(sio) as url, connected(url, client=client):
        for raw in (b"1", b"2", b"3"):
            await sio.emit("image", {"raw": raw}, conflate="i", interval=0.05)
        await log.reaches(2)
        assert log == [({"raw": b"1"},), ({"raw": b"3"},)]


async def test_what_cannot_be_meant_is_refused_at_the_call() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(ValueError, match="callback"):
        await sio.emit("a", 1, callback=print, conflate="k")
    with pytest.raises(ValueError, match="interval"):
        await sio.emit("a", 1, conflate="k", interval=0)
    with pytest.raises(TypeError, match="str"):
        await sio.emit("a", 1, conflate=5)  # type: ignore[arg-type]
    await sio.emit("a", 1, conflate="k")  # nobody is there

    class Own(sio_native.AsyncManager):
        async def emit(self, *args: Any, **kwargs: Any) -> None:
            await asyncio.sleep(0)

    with pytest.raises(ValueError, match="client manager"):
        await sio_native.AsyncServer(client_manager=Own()).emit("a", 1, conflate="k")

"""Emits of which the latest counts: first at once, the last never lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio
from conftest import NATIVE, OWN_PORT, Door, Log, connected, until

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
    """Of an application: it is asked to emit what is due."""

    def __init__(self) -> None:
        super().__init__()
        self.emitted: list[tuple[Any, ...]] = []
        self.go = asyncio.Event()
        self.go.set()

    async def emit(self, event: str, data: Any, namespace: str, **options: Any) -> None:
        await self.go.wait()
        self.emitted.append((event, data, namespace, options["room"]))


async def test_another_client_manager_emits_what_is_due() -> None:
    manager = Own()
    sio = sio_native.AsyncServer(client_manager=manager)
    value = {"percent": 0}
    for percent in range(100):
        value["percent"] = percent
        await sio.emit("a", dict(value) if percent == 0 else value, conflate="k", interval=0.02)
    value["percent"] = -1  # not what was emitted
    await until(lambda: len(manager.emitted) == 2)
    await sio.emit("a", {"percent": 100}, conflate="k", interval=0.02)
    await sio.emit("a", 1, to="room", conflate="k", interval=60)
    await until(lambda: len(manager.emitted) == 4)
    assert sorted(manager.emitted, key=repr) == [
        ("a", 1, "/", "room"),
        ("a", {"percent": 0}, "/", None),
        ("a", {"percent": 100}, "/", None),
        ("a", {"percent": 99}, "/", None),
    ]
    assert sio.flow_stats()["conflated"] == 98


async def test_a_value_is_not_overtaken_while_a_manager_waits() -> None:
    manager = Own()
    manager.go.clear()
    sio = sio_native.AsyncServer(client_manager=manager)
    first = asyncio.create_task(sio.emit("a", 1, conflate="k", interval=0.001))
    await asyncio.sleep(0)
    for latest in range(2, 50):
        await sio.emit("a", latest, conflate="k", interval=0.001)
        await asyncio.sleep(0.001)
    manager.go.set()
    await first
    await sio.emit("a", "end", conflate="k", interval=0.001)
    await until(lambda: manager.emitted[-1][1] == "end")
    values = [data for _, data, _, _ in manager.emitted[:-1]]
    assert values[0] == 1 and values == sorted(values)


async def test_what_waits_for_another_manager_goes_out_at_shutdown() -> None:
    manager = Own()
    sio = sio_native.AsyncServer(client_manager=manager)
    for number in range(3):
        await sio.emit("a", number, conflate="k", interval=3600)
        await sio.emit("b", number, conflate="k", interval=3600)
    await sio.shutdown()
    assert sorted(each[:2] for each in manager.emitted) == [("a", 0), ("a", 2), ("b", 0), ("b", 2)]


async def test_what_json_cannot_carry_is_refused_while_it_would_wait() -> None:
    sio = sio_native.AsyncServer(client_manager=Own())
    await sio.emit("a", 1, conflate="k", interval=3600)
    with pytest.raises(TypeError):
        await sio.emit("a", object(), conflate="k", interval=3600)


@pytest.mark.parametrize("manager", [None, Own])
async def test_emits_of_other_threads_are_conflated_too(manager: Any) -> None:
    own = manager() if manager else None
    sio = sio_native.AsyncServer(client_manager=own) if own else sio_native.AsyncServer()
    log = Log()
    client = socketio.AsyncClient(reconnection=False)
    client.on("a", lambda data: log.add(data))

    def work() -> None:
        for number in range(100):
            sio.emit_nowait("a", number, conflate="k", interval=0.5)

    async with OWN_PORT.open(sio) as url, connected(url, client=client):
        await asyncio.to_thread(work)
        if own is None:
            await log.reaches(2)
            assert log == [(0,), (99,)]
        else:
            await until(lambda: len(own.emitted) == 2)
            assert [each[1] for each in own.emitted] == [0, 99]
        with pytest.raises(ValueError, match="callback"):
            sio.emit_nowait("a", 1, callback=print, conflate="k")


async def test_a_namespace_class_conflates_in_its_namespace() -> None:
    class Chat(sio_native.AsyncNamespace):
        pass

    manager = Own()
    sio = sio_native.AsyncServer(client_manager=manager)
    chat = Chat("/chat")
    sio.register_namespace(chat)
    for number in range(3):
        await chat.emit("a", number, conflate="k", interval=3600)
    await sio.shutdown()
    assert [each[:3] for each in manager.emitted] == [("a", 0, "/chat"), ("a", 2, "/chat")]

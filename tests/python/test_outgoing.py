"""Listeners for what clients are sent hear what is for many, too: `socket.on_any_outgoing`."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from brokers import ADOPTED, NATIVE, REFERENCE, Bus, node
from conftest import OWN_PORT, THREADS, Door, Log, connected, until

import sio_native
from sio_native import Socket
from sio_native.core import _never_quick
from sio_native.testing import TestClient


def listening(sio: Any, sid: str, namespace: str = "/") -> Log:
    log = Log()
    sio.socket(sid, namespace).on_any_outgoing(lambda event, *args: log.add(event, *args))
    return log


@contextlib.asynccontextmanager
async def three(sio: Any, door: Door = OWN_PORT) -> AsyncIterator[list[tuple[str, Log, Log]]]:
    """Clients: sid, what its listener has heard and what it has got. The third has no listener."""
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(door.open(sio))
        clients = []
        for _ in range(3):
            client = await stack.enter_async_context(connected(url))
            got = Log()
            client.on("*", lambda event, *args, got=got: got.add(event, *args))
            clients.append((str(client.get_sid()), got))
        heard = [listening(sio, sid) for sid, _ in clients[:2]] + [Log()]
        yield [(sid, log, got) for (sid, got), log in zip(clients, heard, strict=True)]


@pytest.mark.parametrize("door", [OWN_PORT, THREADS], ids=["own-port", "threads"])
async def test_a_listener_hears_what_its_client_gets_of_each_kind_of_emit(door: Door) -> None:
    sio = door.server(namespaces=["/", "/other"])
    async with three(sio, door) as (
        (ann, ann_heard, ann_got),
        (bob, bob_heard, bob_got),
        (cat, *_),
    ):
        for room in ("a", "b", 7):
            await sio.enter_room(ann, room)
        await sio.enter_room(bob, "b")
        await sio.enter_room(cat, "a")
        await sio.users.bind(ann, "u1")

        await sio.emit("all", {"n": 1})
        await sio.emit("room", (1, b"two"), room="a")
        await sio.emit("rooms", None, to=["a", "b"])
        await sio.emit("number", 7, to=7)
        await sio.emit("nobody", 1, to="empty")
        await sio.emit("skipped", 1, skip_sid=ann)
        await sio.emit("both skipped", 1, skip_sid=[ann, bob])
        await sio.emit("sid", 1, to=ann)
        await sio.emit("user", 1, to_user="u1")
        await sio.emit("elsewhere", 1, namespace="/other")
        sio.emit_nowait("now", 1)
        await sio.send("text")
        await sio.to("a", "b").emit("to", 1, 2)
        await sio.except_("a").emit("except", 1)
        await sio.to("b").except_(bob).emit("except sid")
        await sio.local.compress(False).emit("local")
        await sio.socket(cat).broadcast.emit("broadcast", [])
        await sio.socket(ann).broadcast.emit("from ann")
        await sio.socket(ann).to("b").emit("to b")
        await sio.socket(ann).emit("to ann", 1)
        (remote,) = await sio.to(7).fetch_sockets()
        await remote.emit("remote")

        expected = [
            ("all", {"n": 1}),
            ("room", 1, b"two"),
            ("rooms",),
            ("number", 7),
            ("sid", 1),
            ("user", 1),
            ("now", 1),
            ("message", "text"),
            ("to", 1, 2),
            ("except sid",),
            ("local",),
            ("broadcast", []),
            ("to ann", 1),
            ("remote",),
        ]
        assert ann_heard == expected
        await ann_got.reaches(len(expected))
        assert ann_got == expected
        await bob_got.reaches(len(bob_heard))
        assert bob_got == bob_heard
        assert [event for event, *_ in bob_heard] == [
            *("all", "rooms", "skipped", "now", "message", "to", "except"),
            *("local", "broadcast", "from ann", "to b"),
        ]


async def test_what_is_asked_and_the_answers_of_many_are_heard_once() -> None:
    sio = sio_native.AsyncServer()
    async with TestClient(sio) as ann, TestClient(sio) as bob:
        heard = listening(sio, ann.sid)
        for client in (ann, bob):
            client.on("ask", lambda *args: len(args))
        answered = asyncio.Event()
        await sio.emit("ask", (1, 2), to=ann.sid, callback=lambda count: answered.set())
        await answered.wait()
        assert await sio.call("ask", 1, to=ann.sid) == 1
        assert await sio.timeout(5).emit_with_ack("ask") == {ann.sid: 0, bob.sid: 0}
        socket = sio.socket(ann.sid)
        assert await socket.emit_with_ack("ask", 3) == 1
        assert await socket.timeout(5).emit_with_ack("ask", 4) == 1
        assert heard == [("ask", 1, 2), ("ask", 1), ("ask",), ("ask", 3), ("ask", 4)]
    await sio.shutdown()


async def test_what_cannot_be_sent_is_not_heard() -> None:
    sio = sio_native.AsyncServer()
    async with TestClient(sio) as ann:
        heard = listening(sio, ann.sid)
        with pytest.raises(TypeError):
            await sio.emit("set", {1, 2})
        with pytest.raises(TypeError):
            await sio.to(ann.sid).emit("set", {1, 2})
        assert heard == []
    await sio.shutdown()


async def test_an_emit_of_another_thread_is_heard_on_the_loop() -> None:
    sio = sio_native.AsyncServer()
    threads = Log()
    async with TestClient(sio) as ann:
        sio.socket(ann.sid).on_any_outgoing(lambda event: threads.add(threading.current_thread()))
        await asyncio.to_thread(sio.emit_nowait, "from a thread")
        await asyncio.to_thread(asyncio.run, sio.emit("from another loop"))
        await threads.reaches(2)
        assert threads == [(threading.current_thread(),)] * 2
    await sio.shutdown()


async def test_coroutines_hear_in_order_and_no_emit_waits_for_them() -> None:
    sio = sio_native.AsyncServer()
    go, log = asyncio.Event(), Log()
    async with TestClient(sio) as ann:

        @sio.socket(ann.sid).on_any_outgoing
        async def slow(event: str, *args: Any) -> None:
            log.add("begins", *args)
            await go.wait()
            log.add("ends", *args)

        for number in range(2):
            await sio.emit("tick", number)
        assert [await ann.expect("tick") for _ in range(2)] == [0, 1]
        go.set()
        await log.reaches(4)
        assert log == [(step, number) for step in ("begins", "ends") for number in range(2)]
    await sio.shutdown()


async def test_a_listener_that_fails_does_not_stop_a_broadcast() -> None:
    sio = sio_native.AsyncServer()
    log = Log()
    sio.on_error(lambda error, context: log.add(str(error), context.event, context.args))
    async with TestClient(sio) as ann, TestClient(sio) as bob:
        socket = sio.socket(ann.sid)

        @socket.on_any_outgoing
        def fails(event: str, *args: Any) -> None:
            raise RuntimeError("at once")

        @socket.on_any_outgoing
        async def fails_later(event: str, *args: Any) -> None:
            raise RuntimeError("later")

        await sio.emit("news", 1)
        assert [await client.expect("news") for client in (ann, bob)] == [1, 1]
        await log.reaches(2)
        assert sorted(log) == [("at once", "news", (1,)), ("later", "news", (1,))]

        socket.off_any_outgoing(fails_later)
        socket.on("error", lambda error: log.add("its own", str(error)))
        await sio.emit("news", 2)
        await log.reaches(3)
        assert log[2:] == [("its own", "at once")]
    await sio.shutdown()


async def test_an_emit_is_quick_again_when_nobody_listens_any_more() -> None:
    sio = sio_native.AsyncServer(namespaces=["/", "/chat"])
    core = sio._core
    async with TestClient(sio, namespace="/chat") as ann, TestClient(sio) as bob:
        heard = listening(sio, ann.sid, "/chat")
        listening(sio, bob.sid)
        assert core.quick_emit is _never_quick
        socket = sio.socket(bob.sid)
        socket.off_any_outgoing()
        assert core.outgoing is not None
        await sio.emit("both", namespace="/chat")
        await sio.emit("main")
        assert heard == [("both",)]
        await ann.disconnect()
        await until(lambda: core.outgoing is None)
        assert core.quick_emit is not _never_quick
        await bob.disconnect()
        await until(lambda: not sio._sockets._sockets)
        socket.on_any_outgoing(print)  # of a client that has gone: nothing will take it away
        assert core.outgoing is None
    await sio.shutdown()


async def test_middleware_may_listen_before_its_client_is_let_in() -> None:
    sio = sio_native.AsyncServer()
    log = Log()

    @sio.use
    async def listen(socket: Socket) -> None:
        socket.on_any_outgoing(lambda event, *args: log.add(event, *args))
        await sio.enter_room(socket.id, "r")
        await sio.emit("welcome", 1, to="r")
        if socket.handshake.auth == {"let in": False}:
            raise PermissionError("no")

    async with TestClient(sio) as ann:
        assert await ann.expect("welcome") == 1
        assert log == [("welcome", 1)]
        with pytest.raises(sio_native.exceptions.ConnectionRefusedError):
            await TestClient(sio, auth={"let in": False}).connect()
        await until(lambda: len(sio._sockets._sockets) == 1)
        await sio.emit("only ann")
        assert log.count(("only ann",)) == 1
    await sio.shutdown()


@pytest.mark.parametrize("kind", [NATIVE, ADOPTED, REFERENCE], ids=["native", "adopted", "other"])
async def test_what_another_server_emits_is_heard_where_the_client_is(kind: Any) -> None:
    bus = Bus()
    async with node(NATIVE, bus) as here, node(kind, bus) as there:
        heard = listening(here.sio, here.sid)
        await here.sio.enter_room(here.sid, "r")
        await there.sio.emit("all", {"n": 1})
        await there.sio.emit("room", (1, b"2"), room="r")
        await there.sio.emit("skipped", skip_sid=here.sid)
        await here.sio.emit("here", room="r")
        await there.sio.emit("last", to=here.sid)
        expected = [("all", {"n": 1}), ("room", 1, b"2"), ("last",)]
        await until(lambda: ("last",) in heard)
        assert [each for each in heard if each != ("here",)] == expected
        await here.heard.reaches(4)
        assert sorted(here.heard) == sorted(heard)
        if kind is NATIVE:
            await there.sio.to("r", "s").emit("chosen", 1, 2)
            await there.sio.except_("r").emit("not this one")
            await there.sio.local.emit("nor this")
            assert here.sid in await there.sio.timeout(5).emit_with_ack("ask")
            assert heard[4:] == [("chosen", 1, 2), ("ask",)]


async def test_what_goes_through_overrides_of_a_manager_is_heard_once() -> None:
    class Manager(sio_native.AsyncManager):
        async def emit(self, event: str, data: Any, namespace: str, **kwargs: Any) -> None:
            await super().emit(event, data, namespace, **kwargs)

        def get_participants(self, namespace: str, room: Any) -> Any:
            return super().get_participants(namespace, room)

    sio = sio_native.AsyncServer(client_manager=Manager())
    async with TestClient(sio) as ann, TestClient(sio):
        heard = listening(sio, ann.sid)
        await sio.emit("all", 1)
        await sio.to(ann.sid).emit("sid", 1, 2)
        await sio.socket(ann.sid).emit("own", 1)
        await sio.emit("skipped", skip_sid=ann.sid)
        await sio.emit("called back", 1, callback=print)
        assert heard == [("all", 1), ("sid", 1, 2), ("own", 1), ("called back", 1)]
    await sio.shutdown()

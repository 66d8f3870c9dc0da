"""What is called for a client's events, and for what it is sent: `socket.on` and its likes."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import polling_client
import pytest
from conftest import OWN_PORT, Door, Log, connected, until
from pydantic import BaseModel

import sio_native
from sio_native import Ack, Sid, Socket
from sio_native.testing import TestClient


async def test_listeners_of_all_events_are_called_in_their_order() -> None:
    sio = sio_native.AsyncServer()
    log = Log()
    handlers = {name: lambda event, *args, name=name: log.add(name, event, *args) for name in "abc"}

    async with TestClient(sio) as ann:
        socket = sio.socket(ann.sid)
        for add in (socket.on_any, socket.on_any_outgoing):
            assert add(handlers["b"]) is handlers["b"]
        socket.prepend_any(handlers["a"])
        socket.prepend_any_outgoing(handlers["a"])
        socket.on_any(handlers["c"])
        socket.on_any_outgoing(handlers["c"])
        assert socket.listeners_any() == socket.listeners_any_outgoing() == [*handlers.values()]
        socket.listeners_any().clear()  # a copy
        await ann.emit("in", (1, 2))
        await ann.settle()
        assert log == [(name, "in", 1, 2) for name in "abc"]
        log.clear()
        await socket.emit("out", 1, 2)
        assert log == [(name, "out", 1, 2) for name in "abc"]
        log.clear()
        for off in (socket.off_any, socket.off_any_outgoing):
            off(handlers["b"])
            off(handlers["b"])
        assert socket.listeners_any() == socket.listeners_any_outgoing()
        assert len(socket.listeners_any()) == 2
        for off in (socket.off_any, socket.off_any_outgoing):
            off()
        await socket.emit("out")
        await ann.emit("in")
        await ann.settle()
        assert log == []
        for add in (socket.on_any, socket.prepend_any, socket.prepend_any_outgoing):
            with pytest.raises(TypeError, match="callable"):
                add(None)  # type: ignore[type-var]
    await sio.shutdown()


async def test_what_a_socket_sends_by_itself_waits_for_its_listeners() -> None:
    sio = sio_native.AsyncServer()
    log = Log()
    async with TestClient(sio) as ann:
        socket = sio.socket(ann.sid)
        socket.on_any_outgoing(lambda event, *args: log.add(event, *args))
        ann.on("ask", lambda *args: len(args))
        await socket.emit("a", 1)
        await socket.send("b")
        assert await socket.emit_with_ack("ask", 1, 2) == 2
        assert await socket.volatile.timeout(5).emit_with_ack("ask", 1) == 1
        await socket.volatile.emit("c")
        await socket.timeout(5).send("d")
        assert log == [
            ("a", 1),
            ("message", "b"),
            ("ask", 1, 2),
            ("ask", 1),
            ("c",),
            ("message", "d"),
        ]

        @socket.on_any_outgoing
        async def refuse(event: str, *args: Any) -> None:
            raise PermissionError(event)

        with pytest.raises(PermissionError):
            await socket.emit("secret")
        await ann.expect_nothing("secret")
    await sio.shutdown()


async def test_it_hears_that_it_is_leaving_and_that_it_has_left(native_door: Door) -> None:
    sio = native_door.server()
    log = Log()
    sio.on("disconnect", lambda sid, reason: log.add("server", reason))

    @sio.on_connection
    async def came(socket: Socket) -> None:
        await socket.join("r")

        @socket.on("disconnecting")
        async def leaving(reason: str) -> None:
            log.add("disconnecting", reason, sorted(map(str, socket.rooms)), socket.connected)
            raise RuntimeError("the others are told all the same")

        @socket.on("disconnect")
        def left(who: Sid, reason: str) -> None:
            log.add("disconnect", who, reason)

    async with native_door.open(sio) as url:
        async with connected(url) as client:
            sid = client.get_sid()
            await until(lambda: "r" in sio.rooms(sid))
            await sio.disconnect(sid)
        reason = sio.reason.SERVER_DISCONNECT
        assert log == [
            ("disconnecting", reason, sorted([sid, "r"]), False),
            ("server", reason),
            ("disconnect", sid, reason),
        ]


async def test_errors_of_listeners_and_middleware_go_to_its_error_handlers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sio = sio_native.AsyncServer()
    log = Log()
    sio.on("both", lambda sid: "the server's answer")

    def fail(*args: Any) -> None:
        raise ValueError("on purpose")

    async with TestClient(sio) as ann, TestClient(sio) as bob:
        for client in (ann, bob):
            for event in ("fails", "both"):
                sio.socket(client.sid).on(event, fail)
            sio.socket(client.sid).on("typed", typed)
        socket = sio.socket(ann.sid)
        socket.on("error", lambda error: log.add(repr(error)))
        assert await ann.call("both") == "the server's answer"
        await ann.emit("fails")
        await ann.emit("error", "a client's own")
        await ann.settle()
        assert log == [("ValueError('on purpose')",)] * 2
        assert (await ann.call("typed", "x"))["error"]["type"] == "validation_error"
        assert len(log) == 3 and "PayloadError" in log[2][0]
        assert caplog.text == ""

        @socket.use
        def guard(event: str, args: list[Any]) -> None:
            raise PermissionError(event)

        unanswered = asyncio.create_task(ann.call("both"))
        await ann.settle()
        assert log[-1] == ("PermissionError('both')",)
        assert not unanswered.done() and ann.connected
        unanswered.cancel()

        await bob.emit("fails")
        await bob.settle()
        assert "on purpose" in caplog.text and bob.connected
        assert (await bob.call("typed", "x"))["error"]["type"] == "validation_error"
    await sio.shutdown()


class Text(BaseModel):
    text: str


def typed(data: Text) -> str:
    return data.text


async def test_an_event_named_connection_is_an_ordinary_one() -> None:
    sio = sio_native.AsyncServer()
    came = Log()
    sio.on_connection(lambda socket: came.add(socket.id))
    sio.on("connection", lambda sid, data: ["server", data])
    async with TestClient(sio) as ann:
        await came.reaches(1)
        assert await ann.call("connection", 1) == ["server", 1]
        sio.socket(ann.sid).on("connection", lambda data: log.append(data))
        log: list[Any] = []
        assert await ann.call("connection", 2) == ["server", 2]
        assert (log, len(came)) == ([2], 1)
    await sio.shutdown()


async def test_one_ack_for_all_who_hear_an_event(caplog: pytest.LogCaptureFixture) -> None:
    sio = sio_native.AsyncServer()
    sio.on("ask", lambda sid: "not this")
    caplog.set_level("WARNING", "socketio.server")
    async with TestClient(sio) as ann:
        socket = sio.socket(ann.sid)

        @socket.on("ask")
        async def first(ack: Ack) -> str:
            await asyncio.sleep(0)
            ack("first")
            return "not this"

        @socket.on("ask")
        def second(ack: Ack) -> None:
            ack("second")

        assert await ann.call("ask") == "first"
        assert caplog.text.count("answered already") == 1
        socket.off("ask", first)
        assert await ann.call("ask") == "second"
        socket.off("ask")
        assert await ann.call("ask") == "not this"
    await sio.shutdown()


@pytest.mark.parametrize("options", [{}, {"async_handlers": False}], ids=["runner", "serial"])
async def test_its_handlers_end_with_it_when_that_is_asked_for(options: dict[str, Any]) -> None:
    sio = sio_native.AsyncServer(cancel_on_disconnect=True, **options)
    log = Log()

    @sio.on_connection
    def came(socket: Socket) -> None:
        @socket.on("work")
        async def work(number: int, ack: Ack) -> None:
            ack("begun")
            log.add("begun", number)
            try:
                await asyncio.Event().wait()
            finally:
                log.add("cancelled", number)

        socket.on("disconnect", lambda reason: log.add("left"))

    async with OWN_PORT.open(sio) as url:
        async with connected(url) as ann:
            assert await ann.call("work", 1) == "begun"
        await log.reaches(3)
    assert log[0] == ("begun", 1)
    assert set(log[1:]) == {("cancelled", 1), ("left",)}


async def test_a_client_cancels_what_its_own_listener_does() -> None:
    sio = sio_native.AsyncServer()
    begun = asyncio.Event()

    @sio.on_connection
    def came(socket: Socket) -> None:
        @socket.on("SEARCH")
        @socket.task()
        async def search(data: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

    async with TestClient(sio) as ann, TestClient(sio) as bob:
        running = asyncio.create_task(ann.call("SEARCH", {"taskId": 1}))
        await begun.wait()
        no_such = {"success": False, "error": "No such task"}
        assert await bob.call("CANCEL_TASK", {"taskId": 1}) == no_such
        assert await ann.call("CANCEL_TASK", {"taskId": 1}) == {"success": True}
        assert await running == {"success": False, "error": "Cancelled"}
    await sio.shutdown()


def test_ten_thousand_clients_with_handlers_leave_nothing_behind() -> None:
    asyncio.run(_ten_thousand())  # without the limit of a coroutine test: some seconds of work


async def _ten_thousand() -> None:
    rounds, clients, namespaces = 40, 10, [f"/n{number}" for number in range(25)]
    sio = sio_native.AsyncServer(namespaces="*", ping_interval=3600)
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    came = 0

    @sio.on_connection(namespace="*")
    def connected(socket: Socket) -> None:
        nonlocal came
        came += 1
        alive.add(socket)

        @socket.on("who")
        def who(ack: Ack, io: sio_native.AsyncServer) -> None:
            ack(socket.id)

        alive.add(who)
        socket.once("never", who)
        socket.on("disconnect", lambda reason: who)
        socket.on_any(lambda event: socket.id)
        socket.on_any_outgoing(lambda event: socket.id)
        socket.use(lambda event, args: None)
        socket.data["name"] = "ann"

    async def one(client: polling_client.Client) -> None:
        await client.post(*(f"40{name}," for name in namespaces))
        joined = [await client.receive() for _ in namespaces]
        await client.post(*(f'42{name},0["who"]' for name in namespaces))
        acks = {await client.receive() for _ in namespaces}
        sids = [each.removeprefix("40").replace('{"sid":', "0[")[:-1] for each in joined]
        assert acks == {f"43{each}]" for each in sids}
        await client.post(*(f"41{name}," for name in namespaces))

    async with polling_client.opened(sio, clients) as opened:
        for _ in range(rounds):
            await asyncio.gather(*map(one, opened))
            await until(lambda: not sio._sockets._sockets)
        assert came == rounds * clients * len(namespaces) == 10_000
        runner = sio._service.runner
        await until(lambda: not runner._tasks and not runner.unfinished())
        assert not sio._service.sessions._sessions
        gc.collect()
        assert not alive
        # Nor do names that clients choose fill a table.
        registry = sio._registry
        assert not (registry.functions or registry.adapted or registry.classes)
        assert len(registry.routers) == 1

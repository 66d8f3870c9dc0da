"""Two servers on one broker, of both packages in all mixtures, with a client each."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
import socketio
from brokers import ADOPTED, NATIVE, PAIRS, REFERENCE, Bus, Node, broker, module, node
from conftest import connected, under_uvicorn, until

import sio_native
from sio_native.async_pubsub_manager import AsyncPubSubManager

Kind = tuple[ModuleType, ModuleType]


@pytest.fixture(params=PAIRS.values(), ids=PAIRS)
def pair(request: pytest.FixtureRequest) -> tuple[Kind, Kind]:
    return request.param


@asynccontextmanager
async def both(pair: tuple[Kind, Kind], **options: Any) -> AsyncIterator[tuple[Node, Node, Bus]]:
    bus = Bus()
    async with node(pair[0], bus, **options) as here, node(pair[1], bus, **options) as there:
        yield here, there, bus


async def never() -> None:
    """A client's handler that does not answer."""
    await asyncio.Event().wait()


async def hears(node: Node, *events: Any) -> None:
    await node.heard.reaches(len(events))
    assert node.heard == list(events)


async def test_an_emit_reaches_the_clients_of_both(pair: tuple[Kind, Kind]) -> None:
    async with both(pair) as (here, there, _bus):
        await here.sio.emit("all", {"a": 1})
        await here.sio.emit("binary", {"b": [b"\x00\xff", b""]})
        await there.sio.emit("several", (1, b"two", None))
        await here.sio.send("text")
        await there.sio.emit("nothing")
        events = [
            ("all", {"a": 1}),
            ("binary", {"b": [b"\x00\xff", b""]}),
            ("several", 1, b"two", None),
            ("message", "text"),
            ("nothing",),
        ]
        for each in (here, there):
            await each.heard.reaches(len(events))
            assert sorted(each.heard) == sorted(events)


async def test_rooms_of_all_servers_and_those_left_out(pair: tuple[Kind, Kind]) -> None:
    async with both(pair) as (here, there, _bus):
        for each in (here, there):
            await each.sio.enter_room(each.sid, "both")
        await there.sio.enter_room(there.sid, 7)
        await here.sio.emit("both", 1, room="both")
        await here.sio.emit("seven", 2, room=7)
        await here.sio.emit("there", 3, to=there.sid)
        await here.sio.emit("listed", 4, room=["both", 7])
        await here.sio.emit("not there", 5, skip_sid=there.sid)
        await here.sio.emit("not both", 6, skip_sid=[here.sid, there.sid])
        await here.sio.emit("end")
        await hears(there, ("both", 1), ("seven", 2), ("there", 3), ("listed", 4), ("end",))
        await hears(here, ("both", 1), ("listed", 4), ("not there", 5), ("end",))


async def test_operators_choose_among_the_clients_of_both(pair: tuple[Kind, Kind]) -> None:
    async with both(pair) as (here, there, _bus):
        if here.sio.__class__ is not sio_native.AsyncServer:
            here, there = there, here
        assert isinstance(here.sio, sio_native.AsyncServer)
        for each in (here, there):
            await each.sio.enter_room(each.sid, "both")
        await there.sio.enter_room(there.sid, "there")
        await here.sio.to("both").emit("both", 1, 2)
        await here.sio.to("both").volatile.emit("volatile", [b"\x00"])
        await here.sio.except_(there.sid).emit("not there")
        await here.sio.to("both").local.emit("local")
        if pair == (NATIVE, NATIVE):  # others know sids alone
            await here.sio.to("both").except_("there").emit("less a room")
        await here.sio.to("there").except_(here.sid).emit("end")
        await here.sio.to(here.sid).emit("end")
        shared = [("both", 1, 2), ("volatile", [b"\x00"])]
        await hears(there, *shared, ("end",))
        await here.heard.reaches(5)
        assert here.heard[:4] == [*shared, ("not there",), ("local",)]


async def test_a_client_of_the_other_server_enters_and_leaves_rooms(
    pair: tuple[Kind, Kind],
) -> None:
    async with both(pair) as (here, there, bus):
        await here.sio.enter_room(there.sid, "r")
        await until(lambda: "r" in there.sio.rooms(there.sid))
        await here.sio.emit("r", room="r")
        await here.sio.leave_room(there.sid, "r")
        await until(lambda: "r" not in there.sio.rooms(there.sid))
        await there.sio.enter_room(there.sid, "s")
        assert bus.of("leave_room")[-1]["sid"] == there.sid
        await here.sio.close_room("s")
        await until(lambda: "s" not in there.sio.rooms(there.sid))
        await hears(there, ("r",))
        # One that nobody has is asked for everywhere, and found nowhere.
        await here.sio.enter_room("nobody", "r")
        assert bus.of("enter_room")[-1]["sid"] == "nobody"


async def test_a_client_of_the_other_server_answers(pair: tuple[Kind, Kind]) -> None:
    async with both(pair) as (here, there, bus):
        assert await here.sio.call("ask", 1, to=there.sid) == ("answer", 1)
        assert await here.sio.call("ask", (1, "b"), to=here.sid) == ("answer", 1, "b")
        answers: asyncio.Queue[Any] = asyncio.Queue()

        async def callback(*args: Any) -> None:
            await answers.put(args)

        await here.sio.emit("ask", 2, to=there.sid, callback=callback)
        assert await answers.get() == ("answer", 2)
        await here.sio.emit("ask", 3, to=here.sid, callback=callback)
        assert await answers.get() == ("answer", 3)
        assert [each["sid"] for each in bus.of("callback")] == [there.sid] * 2


async def test_a_client_of_the_other_server_is_disconnected(pair: tuple[Kind, Kind]) -> None:
    async with both(pair) as (here, there, bus):
        await here.sio.disconnect(there.sid)
        await there.log.reaches(1)
        assert there.log == [("disconnect", there.sid, "server disconnect")]
        await until(lambda: not there.client.connected)
        await here.sio.disconnect(here.sid)
        assert here.log == [("disconnect", here.sid, "server disconnect")]
        assert len(bus.of("disconnect")) == 1  # its own client is not asked for elsewhere


async def test_the_manager_disconnects_too(pair: tuple[Kind, Kind]) -> None:
    async with both(pair) as (here, there, _bus):
        await here.sio.manager.disconnect(there.sid, "/")
        await there.log.reaches(1)
        await here.sio.manager.disconnect(here.sid, "/")
        assert here.log == [("disconnect", here.sid, "server disconnect")]


async def test_who_ignores_the_queue_stays_on_its_server(pair: tuple[Kind, Kind]) -> None:
    async with both(pair) as (here, there, bus):
        await here.sio.emit("mine", ignore_queue=True)
        await here.sio.disconnect(there.sid, ignore_queue=True)
        assert await here.sio.call("ask", to=here.sid, ignore_queue=True) == "answer"
        assert bus.messages == []
        await here.sio.emit("end")
        await hears(here, ("mine",), ("end",))
        await hears(there, ("end",))


@pytest.mark.parametrize("kind", [NATIVE, ADOPTED, REFERENCE], ids=["native", "adopted", "theirs"])
async def test_a_handler_of_connect_may_enter_rooms(kind: Kind) -> None:
    bus = Bus()
    async with node(kind, bus) as here:

        async def connect(sid: str, environ: Any) -> None:
            await here.sio.enter_room(sid, "r")

        here.sio.on("connect", connect)
        async with connected(here.url) as client:
            assert "r" in here.sio.rooms(client.get_sid())
        assert bus.messages == []


@pytest.mark.parametrize("package", [sio_native, socketio], ids=["ours", "theirs"])
@pytest.mark.parametrize("kind", [NATIVE, ADOPTED, REFERENCE], ids=["native", "adopted", "theirs"])
async def test_a_process_that_only_emits(kind: Kind, package: ModuleType) -> None:
    bus = Bus()
    async with node(kind, bus) as here:
        emitter = broker(package, bus, write_only=True)
        await emitter.emit("news", {"b": b"\x01"}, "/")
        await emitter.enter_room(here.sid, "/", "r")
        await until(lambda: "r" in here.sio.rooms(here.sid))
        await emitter.emit("room", 1, room="r")
        await emitter.emit("not this", 1, "/", skip_sid=here.sid)
        await emitter.leave_room(here.sid, "/", "r")
        await emitter.close_room("r", "/")
        await emitter.can_disconnect(here.sid, "/")
        await here.log.reaches(1)
        await here.heard.reaches(2)
        assert here.heard == [("news", {"b": b"\x01"}), ("room", 1)]
        assert here.log == [("disconnect", here.sid, "server disconnect")]


async def test_a_server_that_only_emits_has_no_listener() -> None:
    bus = Bus()
    sio = sio_native.AsyncServer(client_manager=broker(sio_native, bus, write_only=True))
    async with (
        node(NATIVE, bus) as there,
        under_uvicorn(sio_native.ASGIApp(sio)) as url,
        connected(url) as client,
    ):
        assert sio.manager.thread is None
        await sio.emit("news", 1)
        await there.heard.reaches(1)
        await there.sio.emit("not here")
        assert sio.manager.is_connected(client.get_sid(), "/")
        await sio.shutdown()


# --- what we do better ---


async def test_a_call_in_vain_leaves_nothing_behind() -> None:
    async with both((NATIVE, NATIVE)) as (here, there, _bus):
        for each in (here, there):
            each.client.on("never", never)
        for target in (here.sid, there.sid, "nobody"):
            with pytest.raises(sio_native.exceptions.TimeoutError):
                await here.sio.call("never", to=target, timeout=0.01)
            call = asyncio.create_task(here.sio.call("never", to=target, timeout=None))
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert here.sio.manager.callbacks == {}
        assert len(here.sio._service.acks) == 0


async def test_an_emit_that_cannot_be_serialised_leaves_no_callback() -> None:
    async with both((NATIVE, NATIVE)) as (here, _there, _bus):
        with pytest.raises(TypeError):
            await here.sio.emit("news", object(), to=here.sid, callback=print)
        with pytest.raises(TypeError):
            here.sio.emit_nowait("news", object(), to=here.sid, callback=print)
        assert here.sio.manager.callbacks == {}


async def test_a_handler_may_call_a_client_while_its_own_leaves() -> None:
    """The listener must not wait for a handler that waits for what the listener will hear."""
    async with both((NATIVE, NATIVE)) as (here, there, _bus):
        answers = []

        async def disconnect(sid: str, reason: str) -> None:
            answers.append(await there.sio.call("ask", to=here.sid, timeout=5))
            there.log.add("done")

        there.sio.on("disconnect", disconnect)
        await here.sio.disconnect(there.sid)
        await there.log.reaches(1)
        assert answers == ["answer"]


@pytest.mark.parametrize("kind", [NATIVE, ADOPTED], ids=["native", "adopted"])
async def test_other_threads_emit_to_all_servers(kind: Kind) -> None:
    async with both((kind, NATIVE)) as (here, there, _bus):
        answers: asyncio.Queue[Any] = asyncio.Queue()

        def work() -> None:
            sio = here.sio
            assert threading.current_thread() is not threading.main_thread()
            sio.enter_room_nowait(there.sid, "r")
            sio.enter_room_nowait(here.sid, "r")
            sio.emit_nowait("room", b"\x01", room="r")
            sio.leave_room_nowait(there.sid, "r")
            sio.leave_room_nowait(here.sid, "r")
            sio.emit_nowait("empty", room="r")
            sio.enter_room_nowait(here.sid, "s")
            sio.close_room_nowait("s")
            sio.emit_nowait("empty", room="s")
            sio.emit_nowait("ask", 1, to=there.sid, callback=answers.put_nowait)
            sio.emit_nowait("end")

        there.client.on("ask", lambda value: value)
        await asyncio.to_thread(work)
        for each in (here, there):
            await hears(each, ("room", b"\x01"), ("end",))
        assert await answers.get() == 1


async def test_what_a_thread_emits_has_reached_the_clients_here_when_it_returns() -> None:
    bus = Bus()
    async with node(NATIVE, bus) as here:
        with pytest.raises(TypeError):
            here.sio.emit_nowait("news", object())
        assert bus.messages == []
        here.sio.enter_room_nowait(here.sid, "r")
        assert here.sio.rooms(here.sid) == [here.sid, "r"]
        assert bus.messages == []
        here.sio.close_room_nowait("r")
        assert here.sio.rooms(here.sid) == [here.sid]
        await until(lambda: bus.of("close_room"))


def test_a_thread_that_has_no_loop_to_publish_on_is_told() -> None:
    sio = sio_native.AsyncServer(client_manager=broker(sio_native, Bus()))
    with pytest.raises(RuntimeError, match="there is none yet"):
        sio.emit_nowait("news")
    with pytest.raises(RuntimeError, match="await its coroutines"):
        broker(sio_native, Bus()).emit_nowait("news", 1, "/")


async def test_methods_of_the_subclass_see_what_passes() -> None:
    """`_handle_emit` and its like are there to be overridden, as in python-socketio."""
    seen: list[Any] = []
    bus = Bus()
    base = module(sio_native, "async_pubsub_manager").AsyncPubSubManager

    class Manager(base):
        async def _publish(self, data: Any) -> None:
            bus.publish(json.dumps(data))

        async def _listen(self) -> AsyncIterator[Any]:
            with bus.subscribed() as messages:
                while True:
                    yield await messages.get()

        async def _handle_emit(self, message: Any) -> None:
            seen.append((message["event"], message["host_id"] == self.host_id))
            await super()._handle_emit(message)

        async def _handle_close_room(self, message: Any) -> None:
            seen.append(message["room"])
            await super()._handle_close_room(message)

        async def trigger_callback(self, sid: str, id: int, data: Any) -> None:
            seen.append(("answer", sid, list(data)))
            await super().trigger_callback(sid, id, data)

    sio = sio_native.AsyncServer(client_manager=Manager())
    client = socketio.AsyncClient(reconnection=False)
    client.on("ask", lambda: "answer")
    client.on("never", never)
    async with (
        under_uvicorn(sio_native.ASGIApp(sio)) as url,
        connected(url, client=client),
        node(NATIVE, bus) as there,
    ):
        await sio.emit("own")
        sio.emit_nowait("from a thread")
        await until(lambda: len(seen) == 2)
        await there.sio.emit("theirs")
        await sio.close_room("r")
        await until(lambda: len(seen) == 4)
        assert set(seen) == {("own", True), ("from a thread", True), ("theirs", False), "r"}
        sid = client.get_sid()
        assert await sio.call("ask", to=sid) == "answer"
        assert ("answer", sid, ["answer"]) in seen
        with pytest.raises(sio_native.exceptions.TimeoutError):
            await sio.call("never", to=sid, timeout=0.01)
        assert sid not in sio.manager.callbacks
        await sio.shutdown()


# --- the listener's life ---


async def test_initialize_before_the_first_client_and_again() -> None:
    bus = Bus()
    sio = sio_native.AsyncServer(client_manager=broker(sio_native, bus))
    sio.manager.initialize()
    sio.manager_initialized = True
    listener = sio.manager.thread
    sio.manager.initialize()
    assert sio.manager.thread is listener
    await sio.emit("before anybody is here")
    async with (
        node(NATIVE, bus) as there,
        under_uvicorn(sio_native.ASGIApp(sio)) as url,
        connected(url) as client,
    ):
        heard: asyncio.Queue[Any] = asyncio.Queue()
        client.on("news", heard.put)
        await there.sio.emit("news", 1)
        assert await heard.get() == 1
        assert sio.manager.thread is listener
        await sio.shutdown()
    assert listener.done()
    assert sio.manager.thread is None


def test_a_server_on_a_new_loop_listens_again() -> None:
    bus = Bus()
    sio = sio_native.AsyncServer(client_manager=broker(sio_native, bus))

    async def serve() -> None:
        address = sio.listen("127.0.0.1", 0)
        async with connected("http://{}:{}".format(*address)) as client:
            heard: asyncio.Queue[Any] = asyncio.Queue()
            client.on("news", heard.put)
            await broker(sio_native, bus, write_only=True).emit("news", 1, "/")
            assert await heard.get() == 1

    async def serve_and_end() -> None:
        await serve()
        await sio.shutdown()

    asyncio.run(asyncio.wait_for(serve(), 10))  # and the loop is closed, with the server at work
    asyncio.run(asyncio.wait_for(serve_and_end(), 10))
    asyncio.run(asyncio.wait_for(serve_and_end(), 10))


async def test_a_listener_that_fails_is_started_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sio_native.pubsub_channel.RESTART_DELAY", 0)
    attempts = 0

    class Manager(AsyncPubSubManager):
        async def _listen(self) -> AsyncIterator[Any]:
            nonlocal attempts
            attempts += 1
            if attempts < 3:
                raise OSError("no broker")
            yield {"method": "emit", "event": "news", "data": [1], "namespace": "/"}

        async def _publish(self, data: Any) -> None:
            """What it says of itself."""

    sio = sio_native.AsyncServer(client_manager=Manager())
    with caplog.at_level(logging.INFO, "socketio.server"):
        sio.manager.initialize()
        await sio.manager.thread
    said = [each for each in caplog.messages if "pubsub message" not in each]
    assert said == [
        "asyncpubsub backend initialized.",
        *["Unexpected Error in pubsub listening thread"] * 2,
        "pubsub listen() exited unexpectedly",
    ]


async def test_a_broker_must_be_implemented() -> None:
    for package in (sio_native, socketio):
        manager = module(package, "async_pubsub_manager").AsyncPubSubManager(write_only=True)
        with pytest.raises(NotImplementedError, match="must be implemented in a subclass"):
            await manager.emit("news", 1, "/")


async def test_the_arguments_of_a_broker() -> None:
    for package in (sio_native, socketio):
        logger = logging.getLogger("of.the.manager")
        kind = module(package, "async_pubsub_manager").AsyncPubSubManager
        manager = kind("channel", True, logger, json)
        assert manager.channel == "channel"
        assert manager.write_only
        assert manager._get_logger() is logger
        assert manager.json is json
        assert len(manager.host_id) == 32
        assert kind.name == "asyncpubsub"
        assert kind().channel == "socketio"

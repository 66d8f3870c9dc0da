"""Handlers as asyncio sees them: the same by a runner and in tasks of their own."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import json
import logging
import sys
import traceback
import types
import weakref
from collections.abc import Generator
from typing import Any

import aiohttp
import pytest
from conftest import Log, until
from polling_client import Client, connected, runners, task

import sio_native

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


@pytest.fixture(params=["runner", "task"])
def sio(request: pytest.FixtureRequest) -> sio_native.AsyncServer:
    return sio_native.AsyncServer(dispatch=request.param)


# --- what each handler has for itself ---


async def test_a_context_of_its_own(sio: sio_native.AsyncServer) -> None:
    @sio.event
    async def change(sid: str, value: str) -> str:
        before = variable.get()
        variable.set(value)
        await asyncio.sleep(0)
        return f"{before}, {variable.get()}"

    @sio.event
    def change_at_once(sid: str, value: str) -> str:
        before = variable.get()
        variable.set(value)
        return f"{before}, {variable.get()}"

    async with connected(sio) as client:
        await client.emit(*[("change", "a"), ("change_at_once", "b"), ("change", "c")] * 3)
        answers = await client.acks(9)
    assert [answers[i] for i in range(3)] == [["unset, a"], ["unset, b"], ["unset, c"]]
    assert [answers[i] for i in range(3, 9)] == [answers[i] for i in range(3)] * 2


async def test_the_same_task_from_its_begin_to_its_end(sio: sio_native.AsyncServer) -> None:
    @sio.event
    async def wait(sid: str) -> bool:
        before = task()
        await asyncio.sleep(0.001)
        return before is task()

    async with connected(sio) as client:
        await client.emit(*[("wait",)] * 5)
        assert await client.acks(5) == {i: [True] for i in range(5)}


async def test_a_task_that_it_keeps_runs_no_other_handler(sio: sio_native.AsyncServer) -> None:
    kept: list[asyncio.Task[Any]] = []

    @sio.event
    async def keep(sid: str) -> int:
        kept.append(task())
        return kept.index(task())

    async with connected(sio) as client:
        await client.emit(*[("keep",)] * 4)
        assert await client.acks(4) == {i: [i] for i in range(4)}
    assert len(set(map(id, kept))) == 4


async def test_a_cancellation_of_itself_that_reaches_no_other(sio: sio_native.AsyncServer) -> None:
    @sio.event
    async def cancel(sid: str) -> str:
        task().cancel()
        return "cancelled"

    @sio.event
    async def wait(sid: str) -> str:
        await asyncio.sleep(0)
        return "waited"

    async with connected(sio) as client:
        await client.emit(("cancel",), ("wait",), ("cancel",), ("wait",))
        answers = await client.acks(4)
    assert answers == {0: ["cancelled"], 1: ["waited"], 2: ["cancelled"], 3: ["waited"]}


# --- suspending ---


async def test_who_suspends_holds_up_nobody(sio: sio_native.AsyncServer) -> None:
    released = asyncio.Event()

    @sio.event
    async def wait(sid: str) -> str:
        await released.wait()
        return "waited"

    @sio.event
    async def release(sid: str) -> str:
        released.set()
        return "released"

    async with connected(sio) as client:
        for _ in range(3):  # also when it is known that `wait` suspends
            released.clear()
            await client.emit(("wait",), ("wait",), ("release",))
            assert await client.acks(3) == {0: ["waited"], 1: ["waited"], 2: ["released"]}


async def test_handlers_begin_in_the_order_of_events(sio: sio_native.AsyncServer) -> None:
    begun: list[int] = []

    @sio.event
    async def quick(sid: str, number: int) -> None:
        begun.append(number)

    @sio.event
    async def slow(sid: str, number: int) -> None:
        begun.append(number)
        await asyncio.sleep(0.001 * (number % 3))

    @sio.event
    async def sometimes(sid: str, number: int) -> None:
        begun.append(number)
        if number % 2:
            await asyncio.sleep(0)

    @sio.event
    def plain(sid: str, number: int) -> None:
        begun.append(number)

    names = ["quick", "slow", "quick", "sometimes", "plain", "sometimes", "slow", "slow"]
    async with connected(sio) as client:
        for _ in range(5):
            begun.clear()
            await client.emit(*((names[i % len(names)], i) for i in range(60)))
            await client.acks(60)
            assert begun == list(range(60))


async def test_a_client_leaves_after_its_events_have_begun(sio: sio_native.AsyncServer) -> None:
    begun = Log()

    @sio.event
    async def slow(sid: str) -> None:
        begun.add("slow")
        await asyncio.sleep(0)

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        begun.add("disconnect")

    async with connected(sio, clients=3) as clients:
        for number, client in enumerate(clients):
            begun.clear()
            await client.post(*["42" + json.dumps(["slow"])] * (5 + number), "41")
            await begun.reaches(6 + number)
            assert begun == [("slow",)] * (5 + number) + [("disconnect",)]


async def test_timeouts_are_those_of_asyncio(sio: sio_native.AsyncServer) -> None:
    @sio.event
    async def wait_for(sid: str) -> str:
        try:
            await asyncio.wait_for(asyncio.get_running_loop().create_future(), 0.01)
        except asyncio.TimeoutError:
            return "late"
        return "?"

    @sio.event
    async def block(sid: str) -> str:
        if sys.version_info < (3, 11):
            return "late"
        try:
            async with asyncio.timeout(0.01):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            return "late" if task().cancelling() == 0 else "still being cancelled"
        return "?"

    @sio.event
    async def group(sid: str) -> str:
        if sys.version_info < (3, 11):
            return "failed"
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.sleep(10))
                raise ValueError
        except BaseException:  # a group of them
            return "failed"

    async with connected(sio) as client:
        await client.emit(*[("wait_for",), ("block",), ("group",)] * 2)
        assert await client.acks(6) == {i: ["failed" if i % 3 == 2 else "late"] for i in range(6)}


async def test_whatever_can_be_awaited_is(sio: sio_native.AsyncServer) -> None:
    class Awaitable:
        def __await__(self) -> Generator[Any, None, str]:
            yield from asyncio.sleep(0).__await__()
            return "object"

    @types.coroutine
    def generator() -> Generator[Any, None, str]:
        yield
        return "generator"

    def future(sid: str) -> asyncio.Future[str]:
        made = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(made.set_result, "future")
        return made

    sio.on("object", lambda sid: Awaitable())
    sio.on("generator", lambda sid: generator())
    sio.on("future", future)
    async with connected(sio) as client:
        await client.emit(("object",), ("generator",), ("future",))
        assert await client.acks(3) == {0: ["object"], 1: ["generator"], 2: ["future"]}


async def test_a_handler_that_nobody_else_holds_stays_alive(sio: sio_native.AsyncServer) -> None:
    waiting: list[weakref.ref[asyncio.Future[str]]] = []

    @sio.event
    async def wait(sid: str) -> str:
        future = asyncio.get_running_loop().create_future()
        waiting.append(weakref.ref(future))
        return await future

    async with connected(sio) as client:
        await client.emit(("wait",))
        await until(lambda: waiting)
        gc.collect()
        future = waiting[0]()
        assert future is not None
        future.set_result("alive")
        del future
        assert await client.acks(1) == {0: ["alive"]}


# --- ends that are no return ---


async def test_being_cancelled_ends_one_handler_alone(sio: sio_native.AsyncServer) -> None:
    tasks: dict[str, asyncio.Task[Any]] = {}
    ended = Log()

    @sio.event
    async def wait(sid: str, name: str) -> str:
        tasks[name] = task()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            ended.add(name)
            if name == "returns":
                return "all the same"
            raise
        return "?"

    async with connected(sio) as client:
        await client.emit(("wait", "ends"), ("wait", "returns"), ("wait", "stays"))
        await until(lambda: len(tasks) == 3)
        tasks["ends"].cancel()
        tasks["returns"].cancel()
        assert await client.acks(1) == {1: ["all the same"]}
        assert sorted(ended) == [("ends",), ("returns",)]
        assert tasks["ends"].cancelled()
        assert not tasks["stays"].done()
        tasks["stays"].cancel()


async def test_an_exception_is_logged_and_the_next_event_handled(
    sio: sio_native.AsyncServer, caplog: pytest.LogCaptureFixture
) -> None:
    @sio.event
    async def fail(sid: str) -> None:
        raise ValueError("at once")

    @sio.event
    async def fail_later(sid: str) -> None:
        await asyncio.sleep(0)
        raise ValueError("later")

    @sio.event
    async def unspeakable(sid: str) -> object:
        return object()

    sio.on("echo", lambda sid, x: x)
    async with connected(sio) as client:
        await client.emit(("fail",), ("fail_later",), ("unspeakable",), ("echo", 1))
        assert await client.acks(1) == {3: [1]}
        await until(lambda: len(caplog.records) >= 3)
    assert all(record.levelno == logging.ERROR for record in caplog.records)
    assert {str(record.exc_info[1]) for record in caplog.records if record.exc_info} >= {
        "at once",
        "later",
    }
    assert 'the handler of "unspeakable" failed' in caplog.text


async def test_the_log_says_where_in_a_handler_it_failed(
    sio: sio_native.AsyncServer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ValueError

    @sio.event
    async def at_once(sid: str) -> None:
        fail()

    @sio.event
    async def later(sid: str) -> None:
        await asyncio.sleep(0)
        fail()

    @sio.event
    def plain(sid: str) -> None:
        fail()

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        fail()

    async with connected(sio) as client:
        await client.emit(("at_once",), ("later",), ("plain",))
        await until(lambda: len(caplog.records) >= 3)
    await until(lambda: len(caplog.records) >= 4)

    def places(record: logging.LogRecord) -> list[str]:
        assert record.exc_info
        return [each.name for each in traceback.extract_tb(record.exc_info[2])][-2:]

    assert sorted(map(places, caplog.records)) == [
        ["at_once", "fail"],
        ["disconnect", "fail"],
        ["later", "fail"],
        ["plain", "fail"],
    ]


def test_a_keyboard_interrupt_leaves_the_other_events_in_place(
    sio: sio_native.AsyncServer,
) -> None:
    handled: list[int] = []

    @sio.event
    async def interrupt(sid: str) -> None:
        raise KeyboardInterrupt

    @sio.event
    async def count(sid: str, number: int) -> int:
        handled.append(number)
        return number

    async def scenario() -> None:
        async with connected(sio) as client:
            await client.emit(("count", 0), ("interrupt",), ("count", 2))
            assert await client.acks(2) == {0: [0], 2: [2]}

    loop = asyncio.new_event_loop()
    running = loop.create_task(scenario())
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(running)
    loop.run_until_complete(asyncio.wait_for(running, 10))
    loop.close()
    assert handled == [0, 2]


async def test_tasks_that_are_cancelled_before_they_begin_end_without_a_trace(
    sio: sio_native.AsyncServer,
) -> None:
    handled: list[int] = []
    cancelled: list[asyncio.Task[Any]] = []
    sio.on("count", lambda sid, number: handled.append(number) or number)

    def sweep() -> None:
        """In each turn of the loop, before the tasks that the last one has made."""
        cancelled.extend(each for each in runners() if each.cancel())
        if not cancelled:
            asyncio.get_running_loop().call_soon(sweep)

    async with connected(sio) as client:
        assert await client.call("count", 1) == [1]
        sweep()
        await client.emit(("count", 2), ("count", 3))
        await until(lambda: cancelled)
        assert await client.call("count", 4) == [4]
    assert handled == [1, 4]
    assert all(each.cancelled() for each in cancelled)


# --- turns ---


async def test_many_events_leave_the_loop_to_others(sio: sio_native.AsyncServer) -> None:
    handled: list[int] = []
    seen: list[int] = []

    @sio.event
    async def count(sid: str) -> None:
        handled.append(1)

    def turn() -> None:
        seen.append(len(handled))
        if len(handled) < 3000:
            asyncio.get_running_loop().call_soon(turn)

    async with connected(sio, clients=4) as clients:
        turn()
        event = '42["count"]'
        await asyncio.gather(*(each.post(*[event] * 750) for each in clients))
        await until(lambda: len(handled) == 3000)
    steps = [later - earlier for earlier, later in itertools.pairwise(seen)]
    assert max(steps) <= 512  # a batch of one turn, and what the next begins with


async def test_a_connect_handler_that_waits_holds_up_no_other_client(
    sio: sio_native.AsyncServer,
) -> None:
    first = asyncio.Event()
    entered = Log()

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        entered.add(sid)
        if len(entered) == 1:
            await first.wait()
        else:
            first.set()

    async with connected(sio, clients=0):
        host, port = sio.listen("127.0.0.1", 0)
        async with aiohttp.ClientSession() as session:
            url = f"http://{host}:{port}/socket.io/?EIO=4&transport=polling"
            clients = [Client(session, url) for _ in range(2)]
            await asyncio.gather(*(each.join() for each in clients))
            assert {each.sid for each in clients} == {sid for (sid,) in entered}


# --- the switch ---


@pytest.mark.parametrize("dispatch", ["runner", "task"])
async def test_the_switch_decides_how_many_tasks_there_are(dispatch: str) -> None:
    sio = sio_native.AsyncServer(dispatch=dispatch)
    seen: set[int] = set()
    alive: list[Any] = []  # so that no two tasks have one address

    @sio.event
    async def look(sid: str) -> None:
        seen.add(id(task().get_coro()))
        alive.append(task().get_coro())

    async with connected(sio) as client:
        await client.emit(*[("look",)] * 20)
        await client.acks(20)
    assert len(seen) == (1 if dispatch == "runner" else 20)


async def test_a_task_factory_sees_every_handler() -> None:
    loop = asyncio.get_running_loop()
    made: list[str] = []

    def factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(type(coro).__name__)
        return asyncio.Task(coro, loop=loop, **options)

    loop.set_task_factory(factory)
    sio = sio_native.AsyncServer()

    @sio.event
    async def one(sid: str) -> None: ...

    try:
        async with connected(sio) as client:
            made.clear()
            await client.emit(("one",), ("one",), ("one",))
            await client.acks(3)
            assert made.count("Runner") == 3
    finally:
        loop.set_task_factory(None)


def test_another_dispatch_is_refused() -> None:
    with pytest.raises(ValueError, match="dispatch"):
        sio_native.AsyncServer(dispatch="thread")


async def test_handlers_may_be_registered_and_replaced_at_any_time(
    sio: sio_native.AsyncServer,
) -> None:
    sio.on("which", lambda sid: "first")
    async with connected(sio) as client:
        assert await client.call("which") == ["first"]
        sio.on("which", lambda sid: "second")
        assert await client.call("which") == ["second"]
        sio.handlers["/"]["which"] = lambda sid: "third"
        assert await client.call("which") == ["third"]
        del sio.handlers["/"]["which"]
        sio.on("*", lambda event, sid: f"any {event}")
        assert await client.call("which") == ["any which"]


async def test_a_server_that_is_dropped_is_freed(sio: sio_native.AsyncServer) -> None:
    waiting = Log()

    @sio.event
    async def wait(sid: str) -> None:
        waiting.add(sid)
        await asyncio.get_running_loop().create_future()

    async def use(server: sio_native.AsyncServer) -> None:
        async with connected(server) as client:
            await client.emit(("wait",))
            await waiting.reaches(1)

    server = sio_native.AsyncServer(dispatch=sio._options.dispatch)
    server.on("wait", sio.handlers["/"]["wait"])
    await use(server)
    gone = weakref.ref(server)
    (waiting_task,) = runners()
    waiting_task.cancel()
    await asyncio.sleep(0)
    del server, waiting_task
    await asyncio.sleep(0)
    gc.collect()
    assert gone() is None

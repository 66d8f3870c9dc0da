"""The tasks that handlers run in: what one leaves behind in its own, and who makes them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import sys
import time
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import Log, until
from polling_client import connected, opened, runners, task

import sio_native


@pytest.fixture(params=["runner", "task"])
def sio(request: pytest.FixtureRequest) -> sio_native.AsyncServer:
    return sio_native.AsyncServer(dispatch=request.param)


# --- what a handler leaves behind ---


async def test_who_waits_for_its_task_hears_when_the_handler_has_ended(
    sio: sio_native.AsyncServer,
) -> None:
    ended = Log()
    released = asyncio.Event()

    @sio.event
    async def quick(sid: str) -> None:
        task().add_done_callback(lambda done: ended.add("quick"))

    @sio.event
    async def wait(sid: str) -> str:
        await released.wait()
        return "waited"

    async with connected(sio) as client:
        await client.emit(("wait",))  # from now on it is known to suspend
        await client.emit(("quick",), ("wait",))
        await ended.reaches(1)
        released.set()
        assert await client.acks(2) == {0: ["waited"], 1: ["waited"]}


async def test_what_it_keeps_weakly_by_its_task_no_other_finds(
    sio: sio_native.AsyncServer,
) -> None:
    kept: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = weakref.WeakKeyDictionary()

    @sio.event
    async def keep(sid: str, number: int) -> int | None:
        found = kept.get(task())
        kept[task()] = number
        return found

    async with connected(sio) as client:
        await client.emit(*(("keep", i) for i in range(4)))
        assert await client.acks(4) == {i: [] for i in range(4)}


async def test_looking_at_its_task_makes_no_other() -> None:
    sio = sio_native.AsyncServer()
    used: set[str] = set()

    @sio.event
    async def look(sid: str) -> None:
        weakref.ref(task())
        assert not task().done()
        assert task() in asyncio.all_tasks()
        used.add(task().get_name())

    async with connected(sio) as client:
        await client.emit(*[("look",)] * 20)
        await client.acks(20)
    assert len(used) == 1


# --- loops that make tasks in their own way ---

Factory = Callable[..., asyncio.Future[Any]]


def plain_task(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
    return asyncio.Task(coro, loop=loop, **options)


async def nothing() -> None: ...


def begun_at_once(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
    """What asyncio.eager_task_factory does, for handlers that end without waiting."""
    if type(coro).__name__ != "Runner":
        return plain_task(loop, coro, **options)
    outer = asyncio.current_task()
    me: Any = types.SimpleNamespace(_must_cancel=False, _callbacks=[])
    if outer:
        asyncio.tasks._leave_task(loop, outer)
    asyncio.tasks._enter_task(loop, me)
    with pytest.raises(StopIteration):
        coro.send(None)
    asyncio.tasks._leave_task(loop, me)
    if outer:
        asyncio.tasks._enter_task(loop, outer)
    return plain_task(loop, nothing(), **options)


def never_begun(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
    if type(coro).__name__ != "Runner":
        return plain_task(loop, coro, **options)
    coro.close()
    return plain_task(loop, nothing(), **options)


@contextlib.contextmanager
def task_factory(factory: Factory) -> Iterator[list[str]]:
    """Sets one and tells of what it has made tasks."""
    loop = asyncio.get_running_loop()
    made: list[str] = []

    def recording(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
        made.append(type(coro).__name__)
        return factory(loop, coro, **options)

    loop.set_task_factory(recording)
    try:
        yield made
    finally:
        loop.set_task_factory(None)


async def test_a_task_factory_that_comes_later_sees_every_handler() -> None:
    sio = sio_native.AsyncServer()
    sio.on("one", lambda sid: None)
    async with connected(sio) as client:
        await client.call("one")
        with task_factory(plain_task) as made:
            await client.emit(*[("one",)] * 8)
            await client.acks(8)
            assert made.count("Runner") == 8
        made.clear()
        await client.call("one")
        assert made == []


async def test_handlers_run_where_a_factory_begins_tasks_at_once() -> None:
    sio = sio_native.AsyncServer()
    sio.on("echo", lambda sid, number: number)
    async with connected(sio) as client:
        with task_factory(begun_at_once):
            for i in range(3):
                assert await client.call("echo", i) == [i]
            await client.emit(*(("echo", i) for i in range(20)))
            assert await client.acks(20) == {i: [i] for i in range(20)}


async def test_handlers_run_on_a_loop_that_begins_tasks_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sio = sio_native.AsyncServer()
    sio.on("echo", lambda sid, number: number)
    loop = asyncio.get_running_loop()
    async with connected(sio) as client:
        with monkeypatch.context() as patched:
            patched.setattr(
                loop, "create_task", lambda coro, **options: begun_at_once(loop, coro, **options)
            )
            for i in range(3):
                assert await client.call("echo", i) == [i]
        assert await client.call("echo", 3) == [3]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio has no eager tasks before 3.12")
@pytest.mark.parametrize("before", [True, False], ids=["from the start", "later"])
async def test_eager_tasks_run_handlers_in_order(before: bool) -> None:
    eager: Factory = getattr(asyncio, "eager_task_factory")  # noqa: B009
    sio = sio_native.AsyncServer()
    begun: list[int] = []

    @sio.event
    async def quick(sid: str, number: int) -> int:
        begun.append(number)
        return number

    @sio.event
    async def slow(sid: str, number: int) -> int:
        begun.append(number)
        same = task()
        await asyncio.sleep(0)
        assert same is task()
        return number

    with contextlib.ExitStack() as stack:
        if before:
            stack.enter_context(task_factory(eager))
        async with connected(sio) as client:
            if not before:
                stack.enter_context(task_factory(eager))
            for _ in range(3):
                begun.clear()
                await client.emit(*((("slow", "quick")[i % 2], i) for i in range(20)))
                assert await client.acks(20) == {i: [i] for i in range(20)}
                assert begun == list(range(20))


async def test_a_task_that_is_never_begun_leaves_nobody_waiting() -> None:
    sio = sio_native.AsyncServer()
    handled: list[str] = []
    sio.on("connect", lambda sid, environ: handled.append("connect"))
    sio.on("disconnect", lambda sid, reason: handled.append("disconnect"))
    async with opened(sio, clients=2) as (refused, dropped):
        await dropped.enter()
        with task_factory(never_begun):
            assert (await refused.ask_in()).startswith("44")
            await dropped.post("41")
            await until(lambda: sio._core.engine.stats()["sockets"] == 0)
    assert handled == ["connect"]


async def test_a_loop_that_makes_no_task_loses_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    sio = sio_native.AsyncServer()
    sio.on("echo", lambda sid, number: number)
    monkeypatch.setattr(sys, "unraisablehook", lambda told: failed.add(str(told.exc_value)))
    failed = Log()
    loop = asyncio.get_running_loop()
    make = loop.create_task

    def refuse(coro: Any, **options: Any) -> Any:
        if type(coro).__name__ == "Runner":
            raise RuntimeError("no task today")
        return make(coro, **options)

    async with connected(sio) as client:
        with monkeypatch.context() as patched:
            patched.setattr(loop, "create_task", refuse)
            await client.emit(("echo", 0))
            await failed.reaches(1)
        await client.post('421["echo",1]')
        assert await client.acks(2) == {0: [0], 1: [1]}
    assert failed == [("no task today",)]


# --- turns ---


async def test_after_a_slow_handler_the_loop_turns_before_the_next() -> None:
    sio = sio_native.AsyncServer()
    turns = 0
    seen: list[int] = []

    def turn() -> None:
        nonlocal turns
        turns += 1
        if len(seen) < 8:
            asyncio.get_running_loop().call_soon(turn)

    @sio.event
    def block(sid: str) -> None:
        seen.append(turns)
        time.sleep(0.003)  # longer than a step may take

    async with connected(sio) as client:
        turn()
        await client.emit(*[("block",)] * 8)
        await client.acks(8)
    assert all(later > earlier for earlier, later in itertools.pairwise(seen))


# --- what the queue remembers and is given ---


async def test_names_that_clients_choose_are_not_remembered_without_end() -> None:
    sio = sio_native.AsyncServer(namespaces=[f"/{i}" for i in range(5)])
    names: list[str] = []
    sio.on("*", lambda event, namespace, sid: names.append(namespace + event), namespace="*")
    async with opened(sio) as client:
        for space in range(5):
            await client.post(f"40/{space},")
            assert (await client.receive()).startswith(f"40/{space},")
            await client.post(*(f'42/{space},["e{i}"]' for i in range(1000)))
        await client.post('42/0,["{}"]'.format("long" * 1000))
        await until(lambda: len(names) == 5001)
        (table,) = [
            each for each in gc.get_referents(sio._service.runner._queue) if type(each) is dict
        ]
        known = [event for events in table.values() for event in events]
        assert 0 < len(known) <= 4096
        assert max(map(len, known)) < 1000
        names.clear()
        await client.post('42/0,["e0"]', '42/4,["e999"]')
        await until(lambda: len(names) == 2)
    assert names == ["/0e0", "/4e999"]


async def test_a_decoder_may_change_the_list_that_it_has_given() -> None:
    given: list[list[Any]] = []

    class Json:
        dumps = staticmethod(json.dumps)

        @staticmethod
        def loads(text: str) -> Any:
            value = json.loads(text)
            if isinstance(value, list):
                given.append(value)
            return value

    class Handlers(sio_native.AsyncNamespace):
        @property
        def on_ask(self) -> Callable[[str, str], str]:
            given[-1][1] = "changed"
            return lambda sid, data: data

    sio = sio_native.AsyncServer(json=Json)
    sio.register_namespace(Handlers("/"))
    async with connected(sio) as client:
        assert await client.call("ask", "as it was") == ["as it was"]
    assert given[-1] == ["ask", "changed"]
    assert runners() == []

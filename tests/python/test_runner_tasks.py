"""The tasks that handlers run in: what one leaves behind in its own, and who makes them."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import time
import weakref
from collections.abc import Callable
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

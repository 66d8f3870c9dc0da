"""The tasks that handlers run in: what one leaves behind in its own, and who makes them."""

from __future__ import annotations

import asyncio
import itertools
import time
import weakref
from typing import Any

import pytest
from conftest import Log
from polling_client import connected, task

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

"""Handlers that end with their client, and tasks that a client cancels."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest import Log, connected

import sio_native
from sio_native.testing import TestClient

WAYS = [{}, {"dispatch": "task"}, {"async_handlers": False}]
ways = pytest.mark.parametrize("options", WAYS, ids=["runner", "task", "serial"])


def search(sio: Any, log: Log, event: str = "search") -> None:
    @sio.on(event)
    async def begin(sid: str, *data: Any) -> str:
        log.add("begun", *data)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.add("cancelled", *data)
            raise
        return "done"


@ways
async def test_a_clients_handlers_end_with_it_and_no_other_does(
    native_door: Any, options: Any
) -> None:
    sio = native_door.server(cancel_on_disconnect=True, **options)
    log = Log()
    search(sio, log)

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        await asyncio.sleep(0)
        log.add("disconnect handler ended")

    async with native_door.open(sio) as url, connected(url) as bob:
        async with connected(url) as ann:
            await ann.emit("search", "ann's")
            await bob.emit("search", "bob's")
            await log.reaches(2)
        await log.reaches(4)
        assert set(log[2:]) == {("cancelled", "ann's"), ("disconnect handler ended",)}
        assert bob.connected
        await bob.disconnect()
        await log.reaches(6)
        assert set(log[4:]) == {("cancelled", "bob's"), ("disconnect handler ended",)}


async def test_all_that_a_client_has_begun_is_cancelled(native_door: Any) -> None:
    sio = native_door.server(cancel_on_disconnect=True)
    log = Log()
    search(sio, log)
    async with native_door.open(sio) as url:
        async with connected(url) as ann:
            for number in range(50):
                await ann.emit("search", number)
            await log.reaches(50)
        await log.reaches(100)
        assert sorted(log[50:]) == [("cancelled", number) for number in range(50)]
        async with connected(url) as bob:  # nothing is left that would hold up another
            await bob.emit("search", "more")
            await log.reaches(101)


async def test_without_the_option_a_handler_goes_on() -> None:
    sio = sio_native.AsyncServer()
    log, gone = Log(), asyncio.Event()

    @sio.event
    async def work(sid: str) -> None:
        log.add("begun")
        await gone.wait()
        await asyncio.sleep(0)
        log.add("done")

    @sio.event
    def disconnect(sid: str, reason: str) -> None:
        gone.set()

    async with TestClient(sio) as ann:
        await ann.emit("work")
        await log.reaches(1)
    await log.reaches(2)
    assert log == [("begun",), ("done",)]
    await sio.shutdown()


async def test_a_handler_that_puts_its_own_client_out_runs_to_its_end() -> None:
    sio = sio_native.AsyncServer(cancel_on_disconnect=True)
    log = Log()

    @sio.event
    async def bye(sid: str) -> None:
        await sio.disconnect(sid)
        log.add("still here")

    async with TestClient(sio) as ann:
        await ann.emit("bye")
        await log.reaches(1)
    await sio.shutdown()


async def test_a_handler_that_ends_by_itself_answers_as_ever() -> None:
    sio = sio_native.AsyncServer(cancel_on_disconnect=True)

    @sio.event
    async def slow(sid: str, data: Any) -> Any:
        await asyncio.sleep(0)
        return data

    @sio.event
    def quick(sid: str, data: Any) -> Any:
        return data

    @sio.event
    async def fails(sid: str) -> None:
        raise RuntimeError("on purpose")

    async with TestClient(sio) as ann:
        await ann.emit("fails")
        for event in ("slow", "quick"):
            assert await ann.call(event, 1) == 1
    await sio.shutdown()


# --- tasks that a client cancels ---


def searching(sio: Any, log: Log, **options: Any) -> None:
    @sio.on("START_SEARCH")
    @sio.task(**options)
    async def start(sid: str, data: Any) -> Any:
        log.add("begun", data["taskId"])
        try:
            await asyncio.Event().wait()
        finally:
            log.add("ended", data["taskId"])


@pytest.mark.parametrize("dispatch", ["runner", "task"])
async def test_a_client_cancels_what_it_has_begun(native_door: Any, dispatch: str) -> None:
    sio = native_door.server(dispatch=dispatch)
    log = Log()
    searching(sio, log)
    async with native_door.open(sio) as url, connected(url) as ann:
        one = asyncio.ensure_future(ann.call("START_SEARCH", {"taskId": "1"}))
        two = asyncio.ensure_future(ann.call("START_SEARCH", {"taskId": 2}))
        await log.reaches(2)
        assert await ann.call("CANCEL_TASK", {"taskId": "1"}) == {"success": True}
        assert await one == {"success": False, "error": "Cancelled"}
        assert log[2:] == [("ended", "1")]
        nobodys = {"success": False, "error": "No such task"}
        assert await ann.call("CANCEL_TASK", {"taskId": "1"}) == nobodys
        assert await ann.call("CANCEL_TASK", {"taskId": "2"}) == nobodys  # a text is no number
        assert not two.done()
        assert await ann.call("CANCEL_TASK", {"taskId": 2}) == {"success": True}
        assert await two == {"success": False, "error": "Cancelled"}


async def test_nobody_cancels_what_is_another_clients() -> None:
    sio = sio_native.AsyncServer()
    log = Log()
    searching(sio, log)
    async with TestClient(sio) as ann, TestClient(sio) as eve:
        await sio.users.bind(ann.sid, "ann")
        await sio.users.bind(eve.sid, "ann")  # her other tab, which is another client
        await ann.emit("START_SEARCH", {"taskId": "1"})
        await log.reaches(1)
        nobodys = {"success": False, "error": "No such task"}
        assert await eve.call("CANCEL_TASK", {"taskId": "1"}) == nobodys
        assert len(log) == 1
        # Nor does a task of the same name stand in anybody's way.
        await eve.emit("START_SEARCH", {"taskId": "1"})
        await log.reaches(2)
        assert await eve.call("CANCEL_TASK", {"taskId": "1"}) == {"success": True}
        await log.reaches(3)
        assert sio._client_tasks["/", "CANCEL_TASK", "taskId"]._running.keys() == {("sid", ann.sid)}
    await sio.shutdown()


async def test_a_users_tasks_are_cancelled_by_any_client_of_the_user() -> None:
    sio = sio_native.AsyncServer()
    log = Log()
    searching(sio, log, by="user", most=2)
    async with TestClient(sio) as ann, TestClient(sio) as tab, TestClient(sio) as eve:
        for client, user in ((ann, "ann"), (tab, "ann"), (eve, "eve")):
            await sio.users.bind(client.sid, user)
        await ann.emit("START_SEARCH", {"taskId": "1"})
        await log.reaches(1)
        assert (await eve.call("CANCEL_TASK", {"taskId": "1"}))["success"] is False
        assert (await tab.call("START_SEARCH", {"taskId": "1"})) == {
            "success": False,
            "error": "Task is running already",
        }
        await tab.emit("START_SEARCH", {"taskId": "2"})
        await log.reaches(2)
        too_many = await ann.call("START_SEARCH", {"taskId": "3"})
        assert too_many == {"success": False, "error": "Too many tasks"}
        assert (await tab.call("CANCEL_TASK", {"taskId": "1"}))["success"] is True
        await log.reaches(3)
    await sio.shutdown()


@pytest.mark.parametrize(
    "data", [(), (None,), ({},), ({"taskId": None},), ({"taskId": ""},), ({"taskId": True},)]
)
async def test_an_event_that_names_no_task_is_answered_and_not_handled(data: Any) -> None:
    sio = sio_native.AsyncServer()
    log = Log()
    searching(sio, log)
    async with TestClient(sio) as ann:
        for event in ("START_SEARCH", "CANCEL_TASK"):
            nack = {"success": False, "error": "Invalid taskId"}
            assert await ann.call(event, data) == nack
        too_long = {"success": False, "error": "Invalid taskId"}
        assert await ann.call("START_SEARCH", {"taskId": "x" * 257}) == too_long
    assert log == []
    await sio.shutdown()


async def test_a_task_ends_with_its_client_where_handlers_do() -> None:
    sio = sio_native.AsyncServer(cancel_on_disconnect=True)
    log = Log()
    searching(sio, log)
    async with TestClient(sio) as ann:
        await ann.emit("START_SEARCH", {"taskId": "1"})
        await log.reaches(1)
    await log.reaches(2)
    assert log[1] == ("ended", "1")
    assert sio._client_tasks["/", "CANCEL_TASK", "taskId"]._running == {}
    await sio.shutdown()


async def test_a_task_that_is_done_answers_its_result_and_its_id_is_free_again() -> None:
    sio = sio_native.AsyncServer()

    @sio.on("sum", namespace="/math")
    @sio.task("id", cancel_event="stop", namespace="/math")
    async def add(sid: str, data: Any) -> Any:
        await asyncio.sleep(0)
        if data["of"] is None:
            raise RuntimeError("on purpose")
        return sum(data["of"])

    async with TestClient(sio, namespace="/math") as ann:
        await ann.emit("sum", {"id": 0, "of": None})
        for _ in range(2):
            assert await ann.call("sum", {"id": 1, "of": [1, 2]}) == 3
        assert (await ann.call("stop", {"id": 1}))["error"] == "No such task"
    await sio.shutdown()


def test_what_cannot_be_meant_is_refused() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(ValueError, match="address"):
        sio.task(by="address")
    for most in (0, 1.5, 10_001):
        with pytest.raises(ValueError, match="most"):
            sio.task(most=most)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="coroutine function"):
        sio.task()(print)
    with pytest.raises(RuntimeError, match="async_handlers"):
        sio_native.AsyncServer(async_handlers=False).task()
    sio.on("stop", print)
    with pytest.raises(ValueError, match="'stop' has a handler already"):
        sio.task(cancel_event="stop")

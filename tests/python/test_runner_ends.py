"""Handlers that end neither by a return nor by an Exception: nobody waits for them in vain."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from conftest import until
from polling_client import Client, opened, runners

import sio_native


class Unusual(BaseException):
    """Neither an Exception nor one that the loop knows."""


@pytest.fixture(params=["runner", "task", "serial"])
def sio(request: pytest.FixtureRequest) -> sio_native.AsyncServer:
    if request.param == "serial":
        return sio_native.AsyncServer(async_handlers=False)
    return sio_native.AsyncServer(dispatch=request.param)


def sockets(sio: sio_native.AsyncServer) -> int:
    """Clients of namespaces, also those that are being let in or whose leave is being handled."""
    count: int = sio._core.engine.stats()["sockets"]
    return count


def raising(sio: sio_native.AsyncServer, event: str, error: BaseException, kind: str) -> None:
    def plain(sid: str, detail: Any) -> None:
        raise error

    async def coroutine(sid: str, detail: Any) -> None:
        raise error

    sio.on(event, plain if kind == "plain" else coroutine)


def interrupted(scenario: Callable[[], Any], error: type[BaseException]) -> None:
    """Run it on a loop that is interrupted once and then run again."""
    loop = asyncio.new_event_loop()
    running = loop.create_task(scenario())
    with pytest.raises(error):
        loop.run_until_complete(running)
    loop.run_until_complete(asyncio.wait_for(running, 10))
    loop.close()


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
@pytest.mark.parametrize("error", [asyncio.CancelledError, Unusual])
async def test_a_connect_handler_that_ends_so_lets_nobody_in(
    sio: sio_native.AsyncServer, kind: str, error: type[BaseException]
) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    raising(sio, "connect", error(), kind)
    async with opened(sio) as client:
        assert (await client.ask_in()).startswith("44")
        assert sockets(sio) == 0


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
@pytest.mark.parametrize("error", [asyncio.CancelledError, Unusual])
async def test_a_disconnect_handler_that_ends_so_releases_its_client(
    sio: sio_native.AsyncServer, kind: str, error: type[BaseException]
) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    raising(sio, "disconnect", error(), kind)
    async with opened(sio) as client:
        await client.enter()
        assert sockets(sio) == 1
        await client.post("41")
        await until(lambda: sockets(sio) == 0)


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_connect_handler_reaches_the_loop_and_refuses(
    sio: sio_native.AsyncServer, kind: str, error: type[BaseException]
) -> None:
    async def scenario() -> None:
        raising(sio, "connect", error(), kind)
        async with opened(sio) as client:
            assert (await client.ask_in()).startswith("44")

    interrupted(scenario, error)


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_disconnect_handler_reaches_the_loop_and_releases(
    sio: sio_native.AsyncServer, kind: str, error: type[BaseException]
) -> None:
    async def scenario() -> None:
        raising(sio, "disconnect", error(), kind)
        async with opened(sio) as client:
            await client.enter()
            await client.post("41")
            await until(lambda: sockets(sio) == 0)

    interrupted(scenario, error)


def test_an_interrupt_between_handlers_in_order_loses_none_of_them() -> None:
    sio = sio_native.AsyncServer(async_handlers=False)
    released = asyncio.Event()

    @sio.event
    async def wait(sid: str) -> str:
        await released.wait()
        return "waited"

    @sio.event
    def interrupt(sid: str) -> None:
        raise KeyboardInterrupt

    sio.on("echo", lambda sid, x: x)

    async def scenario() -> None:
        async with opened(sio) as client:
            await client.enter()
            await client.emit(("wait",), ("interrupt",), ("echo", 2), ("echo", 3))
            released.set()
            assert await client.acks(3) == {0: ["waited"], 2: [2], 3: [3]}

    interrupted(scenario, KeyboardInterrupt)


# --- tasks that are cancelled before they begin ---


async def cancel_next_runner() -> None:
    """Returns when a task of handlers has been cancelled that had been made and not begun."""
    done = asyncio.get_running_loop().create_future()

    def sweep() -> None:
        """In each turn of the loop, before the tasks that the last one has made."""
        if any([each.cancel() for each in runners()]):
            done.set_result(None)
        else:
            asyncio.get_running_loop().call_soon(sweep)

    sweep()
    await done


@pytest.mark.parametrize("dispatch", ["runner", "task"])
@pytest.mark.parametrize("kind", ["plain", "coroutine"])
@pytest.mark.parametrize("left", [False, True], ids=["connect", "disconnect"])
async def test_nothing_of_a_handler_runs_whose_task_is_cancelled_before(
    dispatch: str, kind: str, left: bool
) -> None:
    sio = sio_native.AsyncServer(dispatch=dispatch)
    handled: list[str] = []

    def plain(sid: str, detail: Any) -> None:
        handled.append(sid)

    async def coroutine(sid: str, detail: Any) -> None:
        handled.append(sid)

    async def cancelled(client: Client) -> None:
        cancelling = asyncio.ensure_future(cancel_next_runner())
        await asyncio.sleep(0)
        if left:
            await client.post("41")
        else:
            assert (await client.ask_in()).startswith("44")
        await cancelling
        await until(lambda: sockets(sio) == 0)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with opened(sio) as client:
            if left:
                await client.enter()
            sio.on("disconnect" if left else "connect", plain if kind == "plain" else coroutine)
            await cancelled(client)
        gc.collect()
    assert handled == []
    assert [str(each.message) for each in warned] == []

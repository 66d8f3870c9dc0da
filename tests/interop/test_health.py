"""`sio.health()` on a real Redis: what an operator is shown, and that asking never hangs."""

import asyncio
import os
import signal
import time
import uuid
from typing import Any

import pytest

import sio_native
from sio_native.testing import TestClient

from .limits import eventually, run
from .redis_server import running_redis


async def healthy(sio: Any) -> dict[str, Any]:
    async def is_ok() -> Any:
        return (found := await sio.health())["ok"] and found

    return await eventually(is_ok, "the server is well")


def test_a_server_that_hears_its_channel_is_well():
    async def conversation(url: str):
        channel = uuid.uuid4().hex
        manager = sio_native.AsyncRedisManager(url, channel)
        sio = sio_native.AsyncServer(client_manager=manager, threads=2)
        other = sio_native.AsyncServer(client_manager=sio_native.AsyncRedisManager(url, channel))
        async with TestClient(sio), TestClient(other):

            async def both() -> Any:
                found = await healthy(sio)
                return found["manager"]["subscribers"] == 2 and found

            found = await eventually(both, "both servers listen")
            assert found["problems"] == []
            assert found["server"]["running"] and found["server"]["threads"] == 2
            assert found["server"]["clients"] == {"/": 1}
            told = found["manager"]
            assert told["channel"] == channel and told["listening"]
            assert 0 < told["lag"] < 2
            assert told["errors"] == [] and told["last_error"] is None
        await sio.shutdown()
        await other.shutdown()

    with running_redis() as redis:
        run(conversation(redis.url))


def test_a_process_that_emits_to_a_wrong_channel_finds_nobody_there():
    async def conversation(url: str):
        channel = uuid.uuid4().hex
        sio = sio_native.AsyncServer(client_manager=sio_native.AsyncRedisManager(url, channel))
        async with TestClient(sio):
            await healthy(sio)
            for name, subscribers in ((channel, 1), (channel + "x", 0)):
                manager = sio_native.AsyncRedisManager(url, name, write_only=True)
                found = await sio_native.AsyncServer(client_manager=manager).health()
                assert found["manager"]["subscribers"] == subscribers
                assert found["manager"]["lag"] is None  # it does not listen
                assert found["ok"] is bool(subscribers)
                if not subscribers:
                    assert found["problems"] == [f"nobody listens to the channel {name!r}"]
                await manager._end()
        await sio.shutdown()

    with running_redis() as redis:
        run(conversation(redis.url))


def test_redis_that_is_gone_is_told_with_its_error_and_forgotten_when_it_is_back():
    async def conversation(redis: Any):
        sio = sio_native.AsyncServer(client_manager=sio_native.AsyncRedisManager(redis.url))
        async with TestClient(sio):
            await healthy(sio)
            before = time.time()
            redis.stop()

            async def noticed() -> Any:
                found = await sio.health(timeout=0.5)
                return found["manager"]["errors"] and found

            found = await eventually(noticed, "the error is told")
            assert not found["ok"] and found["problems"]
            told = found["manager"]
            assert told["lag"] is None and told["subscribers"] is None and told["listening"]
            assert "Error" in told["errors"][0]["error"]
            assert before <= told["errors"][0]["since"] <= time.time()
            redis.start()
            found = await healthy(sio)
            assert found["manager"]["errors"] == []
            assert found["manager"]["last_error"]["what"] in ("publish", "listen")
        await sio.shutdown()

    with running_redis() as redis:
        run(conversation(redis))


def test_redis_that_hangs_does_not_hang_who_asks():
    async def conversation(redis: Any):
        sio = sio_native.AsyncServer(client_manager=sio_native.AsyncRedisManager(redis.url))
        async with TestClient(sio):
            await healthy(sio)
            process = redis._process.pid
            os.kill(process, signal.SIGSTOP)
            try:
                found = await asyncio.wait_for(sio.health(timeout=0.2), 10)
            finally:
                os.kill(process, signal.SIGCONT)
            assert not found["ok"]
            assert any("within 0.2 s" in each for each in found["problems"])
            await healthy(sio)
        await sio.shutdown()

    with running_redis() as redis:
        run(conversation(redis))


def test_a_manager_of_python_socketio_tells_who_listens():
    socketio = pytest.importorskip("socketio")

    async def conversation(url: str):
        sio = sio_native.AsyncServer(client_manager=socketio.AsyncRedisManager(url))
        async with TestClient(sio):
            found = await healthy(sio)
            assert found["manager"]["listening"]
            assert found["manager"]["lag"] is None

            async def listens() -> bool:
                return (await sio.health())["manager"]["subscribers"] == 1

            await eventually(listens, "it listens")
        await sio.shutdown()

    with running_redis() as redis:
        run(conversation(redis.url))

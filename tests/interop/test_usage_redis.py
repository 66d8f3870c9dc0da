"""Two servers on one Redis: totals add up, ids count once, models in use are those of both."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import socketio

from .limits import eventually, run
from .redis_server import RedisServer, running_redis
from .serving import START_LIMIT, TEST_ROOT, Server, _read_port


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@contextlib.contextmanager
def running(url: str, channel: str) -> Iterator[Server]:
    handle, name = tempfile.mkstemp(prefix="interop-stderr-")
    search_path = os.pathsep.join(filter(None, [str(TEST_ROOT), os.environ.get("PYTHONPATH")]))
    with os.fdopen(handle, "wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.usage_app", url, channel],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": search_path},
        )
    server = Server("native", 0, process, Path(name))
    try:
        server.port = _read_port(process, time.monotonic() + START_LIMIT)
        yield server
    except EOFError:
        raise RuntimeError(server.stderr()) from None
    finally:
        server.stop()
        Path(name).unlink()


@contextlib.asynccontextmanager
async def clients(servers: list[Server]) -> AsyncIterator[list[Any]]:
    """One at each server, with what it is told of models in use in `told`."""
    made = []
    try:
        for server in servers:
            client: Any = socketio.AsyncClient(reconnection=False)
            client.told = []
            client.on("models", lambda data, to=client: to.told.append(data["models"]))
            await client.connect(server.url, transports=["websocket"])
            made.append(client)
        yield made
    finally:
        for client in made:
            await client.disconnect()


def tokens(count: int, **more: Any) -> dict[str, Any]:
    return {"model": "m", "usage": {"prompt_tokens": count, "completion_tokens": 1}, **more}


async def total(client: Any) -> Any:
    return await client.call("ask", "totals")


def test_totals_of_two_servers_add_up_and_an_id_sent_to_both_counts_once(redis):
    async def conversation(servers: list[Server]) -> None:
        async with clients(servers) as (here, there):
            for client in (here, there):
                for count in (1, 10, 100):
                    assert (await client.call("usage", tokens(count)))["ok"]
                assert (await client.call("usage", tokens(1000, id="retried elsewhere")))["ok"]
                await client.call("ask", "flush")
            expected = [["m", ["g"], 1222, 7, 1229, 7]]
            assert await total(here) == await total(there) == expected
            # What limits look at is what this process has counted.
            for client in (here, there):
                assert await client.call("ask", "group") == 111 + 1000 + 4
            assert (await there.call("ask", "stats"))["store_duplicates"] == 1

    channel = f"channel-{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        run(conversation([stack.enter_context(running(redis.url, channel)) for _ in range(2)]))


def test_models_in_use_are_those_of_both_servers_and_end_with_them(redis):
    async def conversation(servers: list[Server]) -> None:
        async with clients(servers) as (here, there):
            using = asyncio.create_task(use(here, "a"))

            async def is_told(client: Any, *models: str) -> Any:
                async def told() -> bool:
                    return bool(client.told) and client.told[-1] == list(models)

                await eventually(told, f"{models}, but {client.told}")
                assert await client.call("ask", "in use") == list(models)

            await is_told(there, "a")
            await there.emit("usage", {"action": "chat", "model": "b", "chat_id": "c"})
            await is_told(here, "a", "b")
            await is_told(here, "a")  # b has not been touched for three seconds
            using.cancel()
            # Killed, so that it says nothing: what it used is gone soon after.
            again = asyncio.create_task(use(here, "a"))
            await is_told(there, "a")
            again.cancel()
            servers[0].process.kill()
            await is_told(there)

    channel = f"channel-{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        run(conversation([stack.enter_context(running(redis.url, channel)) for _ in range(2)]))


async def use(client: Any, model: str) -> None:
    """As a client does while an answer streams."""
    while True:
        await client.emit("usage", {"action": "chat", "model": model, "chat_id": "c"})
        await asyncio.sleep(0.5)


def test_usage_is_stored_when_redis_is_back():
    async def conversation(redis: RedisServer, server: Server) -> None:
        async with clients([server]) as (client,):
            await client.call("usage", tokens(1))
            await client.call("ask", "flush")
            redis.stop()
            assert (await client.call("usage", tokens(10)))["ok"]

            async def has_failed() -> bool:
                return bool((await client.call("ask", "stats"))["failures"])

            await eventually(has_failed, "the store has failed")
            redis.start()
            await client.call("ask", "flush")
            # It came back empty; the batch that it missed is there.
            assert await total(client) == [["m", ["g"], 10, 1, 11, 1]]

    with running_redis() as redis, running(redis.url, "away") as server:
        run(conversation(redis, server), 60)

"""Users and presence of two processes on a real Redis, one of which is killed."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import socketio

from .limits import eventually, run
from .redis_server import RedisServer, running_redis
from .test_redis import Arrangement, listened_to, running

CLEAN_UP = 15.0  # seconds until those of a process that was killed are gone everywhere


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def two(redis: RedisServer) -> Iterator[Arrangement]:
    channel = f"people-{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(running("people", redis.url, channel, module="people_app"))
            for _ in range(2)
        ]
        yield Arrangement(redis.url, channel, servers)


async def join(stack: contextlib.AsyncExitStack, server: Any, user: str) -> socketio.AsyncClient:
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(server.url, transports=["websocket"], auth={"user": user})
    stack.push_async_callback(client.disconnect)
    return client


async def sees(client: socketio.AsyncClient, users: dict[str, int], limit: float = 10.0) -> None:
    async def agreed() -> bool:
        user_pool, session_pool, present = await client.call("who")
        return {user: len(sids) for user, sids in user_pool.items()} == users == present and len(
            session_pool
        ) == sum(users.values())

    await eventually(agreed, f"{users} are there", limit)


def test_two_processes_know_the_users_of_both_until_one_is_killed(two):
    async def conversation():
        async with contextlib.AsyncExitStack() as stack:
            ann = await join(stack, two.servers[0], "ann")
            await listened_to(two, 1)
            bob = await join(stack, two.servers[1], "bob")
            again = await join(stack, two.servers[1], "ann")
            await listened_to(two, 2)
            for each in (ann, bob):
                await sees(each, {"ann": 2, "bob": 1})

            told: asyncio.Queue[Any] = asyncio.Queue()
            for each in (ann, again):
                each.on("told", told.put)
            await bob.emit("tell", ("ann", "hello"))
            assert [await told.get(), await told.get()] == ["hello", "hello"]

            carl = await join(stack, two.servers[1], "carl")
            await sees(ann, {"ann": 2, "bob": 1, "carl": 1})
            await ann.emit("put_out", "carl")
            await carl.wait()
            await sees(ann, {"ann": 2, "bob": 1})

            diffs: asyncio.Queue[Any] = asyncio.Queue()
            ann.on("presence:diff", diffs.put)
            began = time.monotonic()
            two.servers[1].process.kill()
            diff = await diffs.get()
            assert diff["offline"] == ["bob"]  # ann is there, with her other tab
            assert set(diff["leaves"]) == {"ann", "bob"}
            await sees(ann, {"ann": 1})
            assert time.monotonic() - began < CLEAN_UP

    run(conversation(), 60.0)


def test_what_was_done_while_redis_was_away_is_known_afterwards(redis, two):
    async def conversation():
        async with contextlib.AsyncExitStack() as stack:
            ann = await join(stack, two.servers[0], "ann")
            bob = await join(stack, two.servers[1], "bob")
            await listened_to(two, 2)
            await sees(ann, {"ann": 1, "bob": 1})
            redis.stop()
            carl = await join(stack, two.servers[1], "carl")
            redis.start()
            await sees(ann, {"ann": 1, "bob": 1, "carl": 1}, 40.0)
            await sees(bob, {"ann": 1, "bob": 1, "carl": 1}, 40.0)
            await carl.disconnect()
            await sees(ann, {"ann": 1, "bob": 1})

    run(conversation(), 90.0)

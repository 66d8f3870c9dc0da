"""Users and presence of two processes on a real Redis, one of which is killed."""

import asyncio
import contextlib
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis.asyncio as aioredis
import socketio

import sio_native

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


@pytest.mark.parametrize("attempt", range(3))
def test_a_server_that_has_shut_down_says_nothing_more_and_logs_nothing(redis, attempt, caplog):
    """What its clients leave behind is told before the others hear that it ends."""

    async def conversation():
        channel = f"people-{uuid.uuid4().hex}"
        reader = aioredis.Redis.from_url(redis.url)
        listening = reader.pubsub(ignore_subscribe_messages=True)
        await listening.subscribe(channel)
        manager = sio_native.AsyncRedisManager(redis.url, channel)
        sio = sio_native.AsyncServer(client_manager=manager, logger=logging.getLogger("quiet"))
        tasks = asyncio.all_tasks()
        for _ in range(2):  # it may be used again

            @sio.event
            async def connect(sid: str, environ: Any, auth: Any = None) -> None:
                await sio.users.bind(sid, auth["user"])
                await sio.presence.track("room", auth["user"], sid=sid)

            sio.presence.configure(tick=0.01)
            host, port = sio.listen("127.0.0.1", 0)
            client = socketio.AsyncClient(reconnection=False)
            await client.connect(f"http://{host}:{port}", auth={"user": "ann"})
            async for told in spoken(listening):
                if told["kind"] == "delta" and told.get("put"):
                    break
            await sio.shutdown()
            await client.wait()
            assert [task for task in asyncio.all_tasks() - tasks if "Nodes" in repr(task)] == []
            assert manager.redis is None
        await reader.publish(channel, '{"method": "people", "kind": "end"}')
        said = [told["kind"] async for told in spoken(listening)]
        assert said.count("bye") == 1 and said[-1] == "bye"
        await listening.aclose()
        await reader.aclose()
        assert [each.getMessage() for each in caplog.records] == []

    run(conversation())


async def spoken(listening: Any) -> AsyncIterator[dict[str, Any]]:
    """What the servers tell each other, up to an end that the test has set."""
    async for message in listening.listen():
        told = json.loads(message["data"])
        if told["kind"] == "end":
            return
        if told["method"] == "people":
            yield told


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

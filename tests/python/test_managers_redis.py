"""AsyncRedisManager without Redis: URLs, what is installed, retries. With one: tests/interop."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import logging
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import socketio
from brokers import module

import sio_native
from sio_native.async_redis_manager import AsyncRedisManager, parse_redis_sentinel_url


class Lost(Exception):
    """The connection is."""


class Redis:
    """The library's part of a manager: a module with a client class, whose calls are scripted."""

    def __init__(self) -> None:
        self.made: list[Any] = []
        self.published: list[Any] = []
        self.failures = 0  # of the next calls
        self.messages: list[Any] = []
        self.closed = 0
        self.Redis = SimpleNamespace(from_url=self.from_url)
        self.sentinel = SimpleNamespace(Sentinel=self.make_sentinel)

    def from_url(self, *args: Any, **options: Any) -> Redis:
        self.made.append((args, options))
        return self

    def make_sentinel(self, *args: Any, **options: Any) -> Any:
        self.made.append((args, options))
        return SimpleNamespace(master_for=lambda name: self.made.append(name) or self)

    def pubsub(self, **options: Any) -> Redis:
        assert options == {"ignore_subscribe_messages": True}
        return self

    async def aclose(self) -> None:
        self.closed += 1

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise Lost("connection lost")

    async def publish(self, channel: str, payload: Any) -> int:
        self._fail()
        self.published.append((channel, json.loads(payload)))
        return 1

    async def subscribe(self, channel: str) -> None:
        self._fail()

    async def unsubscribe(self, channel: str) -> None: ...

    async def listen(self) -> AsyncIterator[Any]:
        for message in self.messages:
            yield message
        self.messages = []
        await asyncio.Event().wait()


def made(redis: Redis, url: str = "redis://", **options: Any) -> AsyncRedisManager:
    manager = AsyncRedisManager(url, write_only=True, **options)
    manager._get_redis_module = lambda: redis  # type: ignore[method-assign]
    return manager


def test_it_looks_like_python_socketios() -> None:
    for package in (sio_native, socketio):
        manager = module(package, "async_redis_manager").AsyncRedisManager()
        assert manager.redis_url == "redis://localhost:6379/0"
        assert manager.channel == "socketio"
        assert manager.redis_options == {}
        assert manager.connected is False
        assert manager.redis is None
        assert manager.pubsub is None
        assert manager.name == "aioredis"


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://h1:1,h2:22",
        "redis+sentinel://h1:1/3",
        "valkey+sentinel://user:pw@h1:1,h2:2/0/myredis",
        "redis+sentinel://:pw@h1:1//name",
    ],
)
def test_sentinel_urls(url: str) -> None:
    theirs = importlib.import_module("socketio.redis_manager").parse_redis_sentinel_url
    assert parse_redis_sentinel_url(url) == theirs(url)


def test_other_urls_are_no_sentinels() -> None:
    with pytest.raises(ValueError, match="Invalid Redis Sentinel URL"):
        parse_redis_sentinel_url("redis://host:1")


@pytest.mark.parametrize("url", ["amqp://", "localhost:6379", "", "http+sentinel://h:1"])
async def test_other_schemes_are_refused(url: str) -> None:
    for package in (sio_native, socketio):
        manager = module(package, "async_redis_manager").AsyncRedisManager(url)
        with pytest.raises(ValueError, match="Unsupported Redis URL scheme: "):
            manager._get_redis_module()


@pytest.mark.parametrize(
    ("installed", "url", "expected"),
    [
        ("redis", "redis://", "redis"),
        ("redis", "rediss://h:1/0", "redis"),
        ("redis", "redis+sentinel://h:1", "redis"),
        ("redis", "unix:///path", "redis"),
        ("redis valkey", "unix:///path", "redis"),
        ("redis valkey", "REDIS://", "redis"),
        ("valkey", "unix:///path", "valkey"),
        ("valkey", "valkey://", "valkey"),
        ("valkey", "valkeys://", "valkey"),
        ("valkey", "valkey+sentinel://h:1", "valkey"),
        ("valkey", "redis://", 'Redis package is not installed (Run "pip install redis" in'),
        ("redis", "valkey://", 'Valkey package is not installed (Run "pip install valkey" in'),
        ("", "unix://", '(Run "pip install redis" or "pip install valkey" in your virtualenv).'),
    ],
)
def test_the_library_is_chosen_by_the_url(
    monkeypatch: pytest.MonkeyPatch, installed: str, url: str, expected: str
) -> None:
    def found(name: str) -> Any:
        if name.partition(".")[0] not in installed.split():
            raise ImportError(name)
        return SimpleNamespace(name=name, RedisError=Lost, ValkeyError=Lost)

    monkeypatch.setattr(importlib, "import_module", found)
    manager = AsyncRedisManager(url)
    if " " in expected:
        with pytest.raises(RuntimeError) as raised:
            manager._get_redis_module()
        assert expected in str(raised.value)
        return
    library, error = manager._get_redis_module_and_error()
    assert library.name == f"{expected}.asyncio"
    assert error is Lost
    assert manager._get_redis_module().name == library.name


def test_how_a_client_is_made() -> None:
    redis = Redis()
    manager = made(redis, "rediss://h:1/2", redis_options={"db": 1})
    manager._redis_connect()
    assert redis.made == [(("rediss://h:1/2",), {"db": 1})]
    assert manager.connected
    assert manager.redis is manager.pubsub is redis

    redis = Redis()
    options = {"socket_timeout": 1}
    made(redis, "redis+sentinel://u:p@h:1/2/name", redis_options=options)._redis_connect()
    made(redis, "redis+sentinel://h:1", channel="c")._redis_connect()
    assert redis.made == [
        (([("h", 1)],), {"socket_timeout": 1, "username": "u", "password": "p", "db": 2}),
        "name",
        (([("h", 1)],), {}),
        "c",
    ]
    assert options == {"socket_timeout": 1}  # python-socketio writes into what it was given


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_publishing_is_tried_twice(failures: int, caplog: pytest.LogCaptureFixture) -> None:
    redis = Redis()
    manager = made(redis, logger=logging.getLogger("of.the.manager"))
    redis.failures = failures
    await manager.emit("news", 1, "/", room="r")
    assert len(redis.published) == (failures < 2)
    assert len(redis.made) == 1 + (failures > 0)  # a new connection for the second attempt
    lines = ["Cannot publish to redis... retrying", "Cannot publish to redis... giving up"]
    assert caplog.messages == lines[:failures]
    assert all(each.redis_exception == "connection lost" for each in caplog.records)
    await manager.emit("news", 2, "/")
    channel, message = redis.published[-1]
    assert channel == "socketio"
    assert message["data"] == [2]
    assert message["host_id"] == manager.host_id


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (
            "redis://ann:secret@h:1/0",
            "AsyncRedisManager cannot use redis://...@h:1/0: Redis package is not installed "
            '(Run "pip install redis" in your virtualenv).',
        ),
        (
            "http://h",
            "AsyncRedisManager cannot use http://h: Unsupported Redis URL scheme: http",
        ),
    ],
)
async def test_what_no_retry_can_mend_is_told_once(
    url: str, why: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sio_native.async_redis_manager._client_library", lambda package: None)
    manager = AsyncRedisManager(url, write_only=True, logger=logging.getLogger("of.the.manager"))
    for _ in range(2):
        await manager.emit("news", 1, "/")
    lines = ["Cannot publish to redis... retrying", "Cannot publish to redis... giving up"]
    assert caplog.messages == [why, *lines, *lines]


async def test_who_is_cancelled_while_it_publishes_always_is() -> None:
    redis = Redis()
    publishing = asyncio.Event()

    async def loses_it(channel: str, payload: Any) -> int:
        publishing.set()
        with contextlib.suppress(asyncio.CancelledError):  # as `asyncio.wait_for` before 3.12
            await asyncio.Event().wait()
        return 1

    redis.publish = loses_it  # type: ignore[method-assign]
    emitting = asyncio.create_task(made(redis).emit("news", 1, "/"))
    await publishing.wait()
    emitting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await emitting


def test_each_loop_publishes_on_a_connection_of_its_own() -> None:
    # On that of a loop that is closed redis-py sends, and then fails: it would be sent twice.
    redis = Redis()
    manager = made(redis)
    for number in range(3):
        asyncio.run(manager.emit("news", number, "/"))
    assert [message["data"] for _, message in redis.published] == [[0], [1], [2]]
    assert len(redis.made) == 3


async def test_what_cannot_be_serialised_is_not_a_lost_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    redis = Redis()
    manager = made(redis)
    with pytest.raises(TypeError):
        await manager.emit("news", object(), "/")
    with pytest.raises(TypeError):
        await manager._publish({"method": "emit", "data": object()})
    assert caplog.messages == []
    assert redis.made == []


async def test_listening_is_tried_again_and_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    redis = Redis()
    redis.failures = 9
    redis.messages = [
        {"type": "message", "channel": b"socketio", "data": b"1"},
        {"type": "message", "channel": b"another", "data": b"2"},
        {"type": "pmessage", "channel": b"socketio", "data": b"3"},
        {"type": "message", "channel": "socketio", "data": "4"},  # with decode_responses
    ]
    manager = made(redis, logger=logging.getLogger("of.the.manager"))
    messages = manager._listen()
    with monkeypatch.context() as patched:
        patched.setattr("sio_native.async_redis_manager.asyncio.sleep", sleep)
        assert [await anext(messages), await anext(messages)] == [b"1", "4"]
    assert slept == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert caplog.messages == [
        f"Cannot receive from redis... retrying in {seconds} secs" for seconds in slept
    ]


async def test_shutdown_closes_the_connections() -> None:
    redis = Redis()
    manager = made(redis)
    manager.write_only = False
    sio = sio_native.AsyncServer(client_manager=manager)
    manager.initialize()
    await sio.emit("news")
    await asyncio.sleep(0)
    listener = manager.thread
    await sio.shutdown()
    assert listener.done()
    assert redis.closed == 2
    assert not manager.connected
    await sio.emit("news")  # connects again
    assert manager.connected

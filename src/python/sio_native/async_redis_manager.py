"""Servers that share their clients through Redis or Valkey, as python-socketio's do."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from urllib.parse import urlparse

from .async_pubsub_manager import AsyncPubSubManager
from .pubsub_wire import Message

LONGEST_RETRY = 60  # seconds between two attempts to listen


class AsyncRedisManager(AsyncPubSubManager):
    """Emits, rooms and callbacks across servers on a Redis channel: JSON, as in python-socketio.

    Needs `pip install sio-native[redis]`, or the `valkey` package for its URLs. `url` may begin
    with redis, rediss, unix, valkey, valkeys, or for Sentinel redis+sentinel and
    valkey+sentinel: `redis+sentinel://user:pw@host1:1234,host2:2345/0/service`. The options in
    `redis_options` go to `Redis.from_url()` or `Sentinel()`.
    """

    name = "aioredis"

    def __init__(
        self,
        url: str = "redis://localhost:6379/0",
        channel: str = "socketio",
        write_only: bool = False,
        logger: Any = None,
        json: Any = None,
        redis_options: dict[str, Any] | None = None,
        *,
        requests_timeout: float = AsyncPubSubManager.requests_timeout,
    ) -> None:
        super().__init__(
            channel=channel,
            write_only=write_only,
            logger=logger,
            json=json,
            requests_timeout=requests_timeout,
        )
        self.redis_url = url
        self.redis_options = redis_options or {}
        self.connected = False
        self.redis: Any = None
        self.pubsub: Any = None
        self._told = False
        self._published_on: asyncio.AbstractEventLoop | None = None

    def _get_redis_module(self) -> Any:
        """The client library for the URL. `RuntimeError` when it is not installed."""
        return self._get_redis_module_and_error()[0]

    def _get_redis_module_and_error(self) -> tuple[Any, type[Exception]]:
        """The same, and the base of its exceptions: for subclasses made for 5.16."""
        scheme = urlparse(self.redis_url).scheme.split("+", 1)[0].lower()
        packages = {
            "redis": ["redis"],
            "rediss": ["redis"],
            "valkey": ["valkey"],
            "valkeys": ["valkey"],
            "unix": ["redis", "valkey"],
        }.get(scheme)
        if packages is None:
            raise ValueError(f"Unsupported Redis URL scheme: {scheme}")
        for package in packages:
            found = _client_library(package)
            if found is not None:
                return found
        commands = " or ".join(f'"pip install {package}"' for package in packages)
        raise RuntimeError(
            f"{packages[0].capitalize()} package is not installed (Run {commands} "
            "in your virtualenv)."
        )

    def _redis_connect(self) -> None:
        module = self._get_redis_module()
        self.redis = make_client(module, self.redis_url, self.channel, self.redis_options)
        self.pubsub = self.redis.pubsub(ignore_subscribe_messages=True)
        self.connected = True

    async def _publish(self, data: Message) -> Any:
        payload = self.json.dumps(data)  # what it cannot carry is no fault of the connection
        loop = asyncio.get_running_loop()
        if self._published_on not in (None, loop):
            # A worker that calls asyncio.run() for each emit. The connection of a loop that is
            # closed still sends, and then fails: what is tried again would be there twice.
            self.connected = False
        self._published_on = loop
        for last_attempt in (False, True):
            try:
                if not self.connected:
                    self._redis_connect()
                receivers = await _cancellable(self.redis.publish(self.channel, payload))
                self.troubles.worked("publish")
                return receivers
            except Exception as error:
                self.troubles.failed("publish", error)
                self._log_failure(
                    "Cannot publish to redis... " + ("giving up" if last_attempt else "retrying"),
                    error,
                )
                if not last_attempt:
                    self.connected = False
        return None

    async def _redis_listen_with_retries(self) -> AsyncIterator[dict[str, Any]]:
        retry_sleep = 1
        while True:
            try:
                self._redis_connect()
                await self.pubsub.subscribe(self.channel)
                retry_sleep = 1
                self.troubles.worked("listen")
                async for message in self.pubsub.listen():
                    yield message
            except Exception as error:
                self.troubles.failed("listen", error)
                self._log_failure(
                    f"Cannot receive from redis... retrying in {retry_sleep} secs", error
                )
                await asyncio.sleep(retry_sleep)
                retry_sleep = min(2 * retry_sleep, LONGEST_RETRY)

    def _log_failure(self, text: str, error: Exception) -> None:
        log = self._get_logger()
        # Not the connection's: a package that is missing, a URL or an option that is wrong. To try
        # again does not help, and python-socketio's line does not say why.
        if not self._told and isinstance(error, (RuntimeError, ValueError, TypeError)):
            self._told = True
            log.error("%s cannot use %s: %s", type(self).__name__, self._shown_url(), error)
        log.error(text, extra={"redis_exception": str(error)})

    def _shown_url(self) -> str:
        """The URL without its password."""
        before, at, after = self.redis_url.rpartition("@")
        return f"{before.partition('://')[0]}://...@{after}" if at else self.redis_url

    async def _listen(self) -> AsyncIterator[Any]:
        names = (self.channel, self.channel.encode())  # a str with decode_responses
        async for message in self._redis_listen_with_retries():
            if message["channel"] in names and message["type"] == "message" and "data" in message:
                yield message["data"]
        await self.pubsub.unsubscribe(self.channel)

    async def _end(self) -> None:
        await super()._end()
        opened = [each for each in (self.pubsub, self.redis) if each is not None]
        self.pubsub = self.redis = None
        self.connected = False
        for each in opened:
            with contextlib.suppress(Exception):  # of a connection that is broken, or of no loop
                await each.aclose()


def make_client(module: Any, url: str, channel: str, options: dict[str, Any]) -> Any:
    """The `Redis` of a client library, or of its asyncio part, for a URL. Does not connect yet."""
    if urlparse(url).scheme in {"redis+sentinel", "valkey+sentinel"}:
        sentinels, service_name, more = parse_redis_sentinel_url(url)
        sentinel = module.sentinel.Sentinel(sentinels, **{**options, **more})
        return sentinel.master_for(service_name or channel)
    return module.Redis.from_url(url, **options)


async def _cancellable(work: Awaitable[Any]) -> Any:
    """Await it. Who is cancelled meanwhile always is.

    The client library writes in `asyncio.wait_for`, which before Python 3.12 loses a cancellation
    that comes when its work is done, so that a `call()` which nobody wants would wait for ever.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task])
    finally:
        task.cancel()
    return task.result()


def parse_redis_sentinel_url(url: str) -> tuple[list[tuple[str, int]], str | None, dict[str, Any]]:
    """Hosts, service name and options of
    `redis+sentinel://[user:password]@host1:port1,host2:port2,.../db/service_name`."""
    parsed = urlparse(url)
    if parsed.scheme not in {"redis+sentinel", "valkey+sentinel"}:
        raise ValueError("Invalid Redis Sentinel URL")
    sentinels = []
    for address in parsed.netloc.split("@")[-1].split(","):
        host, port = address.rsplit(":", 1)
        sentinels.append((host, int(port)))
    options: dict[str, Any] = {}
    if parsed.username:
        options["username"] = parsed.username
    if parsed.password:
        options["password"] = parsed.password
    database, service_name = [*parsed.path.split("/"), "", ""][1:3]
    if database:
        options["db"] = int(database)
    return sentinels, service_name or None, options


def _client_library(package: str) -> tuple[Any, type[Exception]] | None:
    # When it is used: it takes a tenth of a second, and the other package may not be there.
    try:
        module = importlib.import_module(f"{package}.asyncio")
        errors = importlib.import_module(f"{package}.exceptions")
    except ImportError:
        return None
    return module, getattr(errors, f"{package.capitalize()}Error")

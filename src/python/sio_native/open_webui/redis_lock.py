"""A lock that one process at a time holds, for as long as it lives and says so."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from ..exceptions import TimeoutError
from .connection import connect
from .tasks import end

T = TypeVar("T")

log = logging.getLogger("socketio.server")


class RedisLock:
    """Open WebUI's `RedisLock`, whose methods are coroutines here.

    The lock frees itself `timeout_secs` after it was acquired or renewed. With `redis_url` None it
    is one among the tasks of this process.
    A Redis that does not answer raises its own `redis.exceptions.RedisError`, but for
    `release_lock`, which logs it: the lock frees itself.
    """

    def __init__(
        self,
        redis_url: str | None,
        lock_name: str,
        timeout_secs: float,
        redis_sentinels: Sequence[tuple[str, int]] = (),
        redis_cluster: bool = False,
    ) -> None:
        if not timeout_secs > 0:
            raise ValueError(f"a lock's timeout is above 0 seconds, not {timeout_secs!r}")
        self.lock_name = lock_name
        self.lock_id = str(uuid.uuid4())
        self.timeout_secs = timeout_secs
        self.lock_obtained = False
        self._keys: _LocalKeys | _RedisKeys
        if redis_url is None:
            self._keys = _LocalKeys(lock_name, self.lock_id, timeout_secs)
        else:
            redis = connect(redis_url, redis_sentinels, redis_cluster)
            self._keys = _RedisKeys(redis, lock_name, self.lock_id, timeout_secs)

    async def acquire_lock(self) -> bool:
        """Take it if it is free: True. It does not wait."""
        self.lock_obtained = await self._keys.take()
        return self.lock_obtained

    aquire_lock = acquire_lock  # Open WebUI's spelling

    async def renew_lock(self) -> bool:
        """Hold it for `timeout_secs` more. False: it is not ours any more."""
        self.lock_obtained = await self._keys.renew()
        return self.lock_obtained

    async def release_lock(self) -> None:
        """Free it, if it is ours."""
        self.lock_obtained = False
        try:
            await self._keys.release()
        except Exception as error:
            log.warning("the lock %s was not released and frees itself: %s", self.lock_name, error)

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]], retry: float = 1.0) -> T:
        """Wait for the lock, asking every `retry` seconds, and hold it for as long as `work` takes.

        When it is lost meanwhile, because Redis cannot be reached for longer than the lock lasts
        or this process was too slow, the work is cancelled and `exceptions.TimeoutError` raised.
        """
        while not await self.acquire_lock():  # noqa: ASYNC110 - nobody tells when it is free
            await asyncio.sleep(retry)
        task = asyncio.ensure_future(work())
        keeper = asyncio.ensure_future(self._keep())
        try:
            await asyncio.wait({task, keeper}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            await end(task, keeper)
            await self.release_lock()
        raise TimeoutError(f"the lock {self.lock_name} was lost")

    async def _keep(self) -> None:
        """Returns when it is lost."""
        until = time.monotonic() + self.timeout_secs
        while time.monotonic() < until:
            await asyncio.sleep(self.timeout_secs / 3)
            asked = time.monotonic()
            try:
                if not await asyncio.wait_for(self.renew_lock(), max(until - asked, 0.001)):
                    return
                until = asked + self.timeout_secs
            except Exception as error:
                log.warning("the lock %s was not renewed: %s", self.lock_name, error)

    async def aclose(self) -> None:
        """Close the connection to Redis."""
        await self._keys.aclose()


class _RedisKeys:
    """By the client library's lock."""

    def __init__(self, redis: Any, name: str, owner: str, seconds: float) -> None:
        self._redis = redis
        self._owner = owner
        self._lock = redis.lock(name, timeout=seconds, thread_local=False)
        # Of a lock that was never ours, or is not any more.
        self._not_ours = importlib.import_module("redis.exceptions").LockError

    async def take(self) -> bool:
        return bool(await self._lock.acquire(blocking=False, token=self._owner))

    async def renew(self) -> bool:
        try:
            return bool(await self._lock.reacquire())
        except self._not_ours:
            return False

    async def release(self) -> None:
        with contextlib.suppress(self._not_ours):
            await self._lock.release()

    async def aclose(self) -> None:
        await self._redis.aclose()


# Name -> owner, and when it is free again. As many as there are names of locks.
_local: dict[str, tuple[str, float]] = {}


class _LocalKeys:
    def __init__(self, name: str, owner: str, seconds: float) -> None:
        self._name = name
        self._owner = owner
        self._seconds = seconds

    async def take(self) -> bool:
        now = time.monotonic()
        if self._name in _local and _local[self._name][1] > now:
            return False
        _local[self._name] = self._owner, now + self._seconds
        return True

    async def renew(self) -> bool:
        now = time.monotonic()
        owner, until = _local.get(self._name, ("", 0.0))
        if owner != self._owner or until <= now:
            return False
        _local[self._name] = owner, now + self._seconds
        return True

    async def release(self) -> None:
        if _local.get(self._name, ("",))[0] == self._owner:
            del _local[self._name]

    async def aclose(self) -> None:
        pass

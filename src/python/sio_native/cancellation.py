"""Handlers that end with their client: `AsyncServer(cancel_on_disconnect=True)`."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Iterator
from typing import Any

from .types import Key


class Cancellation:
    """Which tasks wait in a client's handlers. On the loop's thread alone.

    A handler that waits for something has the task that it runs in for itself, whether a runner or
    a task of its own steps it, so cancelling the task ends this handler and no other.
    """

    def __init__(self) -> None:
        self._running: dict[Key, set[asyncio.Task[Any]]] = {}
        self._spared: set[asyncio.Task[Any]] = set()

    def follow(self, key: Key, result: Any) -> Any:
        """What a handler has returned; if it is to be awaited, then while the client is there."""
        return self._run(key, result) if inspect.isawaitable(result) else result

    async def _run(self, key: Key, work: Awaitable[Any]) -> Any:
        task = asyncio.current_task()
        assert task is not None
        tasks = self._running.setdefault(key, set())
        tasks.add(task)
        try:
            return await work
        finally:
            tasks.discard(task)
            if not tasks and self._running.get(key) is tasks:
                del self._running[key]

    def left(self, key: Key) -> None:
        """The client has. Its handlers of events that came before have begun by now."""
        for task in self._running.pop(key, ()):
            if task not in self._spared:
                task.cancel()

    @contextlib.contextmanager
    def sparing(self) -> Iterator[None]:
        """Who disconnects a client waits for its end, and may be one of its handlers."""
        task = asyncio.current_task()
        assert task is not None
        self._spared.add(task)
        try:
            yield
        finally:
            self._spared.discard(task)

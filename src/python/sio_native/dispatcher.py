"""Binds a server to an asyncio loop and passes on what its engine tells, in order."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from . import _core
from .core import Core

# So many notifications in one turn of the loop; then others get theirs.
BATCH = 256

Routes: TypeAlias = dict[int, Callable[..., None]]

SECOND_LOOP = (
    "this AsyncServer serves another event loop, which is not closed: use one server for each "
    "loop, or shutdown() it before it is used on the next"
)


class Dispatcher:
    """Reads the engine's notifications on one loop, and calls the route of each.

    What handlers are for goes to their queue, if there is one. It binds to the loop of the first
    request, and again when that one has been closed.
    """

    def __init__(
        self,
        core: Core,
        bound: Callable[[bool], None],
        routes: Routes,
        queue: Callable[[], _core.HandlerQueue | None] = lambda: None,
    ) -> None:
        """`bound` is called when a loop has been bound; with True if it replaces a dead one."""
        self._core = core
        self._bound = bound
        self.routes = routes
        self._queue = queue
        self._loop: asyncio.AbstractEventLoop | None = None
        self._descriptor = -1
        self._waiting: deque[tuple[Any, ...]] = deque()

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        return self._loop

    def bind(self) -> None:
        """Serve the running loop. `RuntimeError` if another one, still open, is being served."""
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        self._core.start()  # first: in a forked child it says what is wrong
        if self._loop is not None and not self._loop.is_closed():
            raise RuntimeError(SECOND_LOOP)
        rebound = self._loop is not None
        self._loop = loop
        self._descriptor = self._core.engine.fileno()
        # Not in the context of the request that happens to be first: handlers of all clients
        # would inherit its context variables.
        contextvars.Context().run(loop.add_reader, self._descriptor, self._read)
        self._core.engine.on_turn_end(partial(loop.call_soon, _turn_end(self._core.engine)))
        self._bound(rebound)

    def release(self) -> None:
        """Stop reading; must come before the engine's descriptor is closed."""
        loop, self._loop = self._loop, None
        self._core.engine.on_turn_end(None)
        if loop is not None and not loop.is_closed():
            loop.remove_reader(self._descriptor)

    def drain_all(self) -> None:
        """Pass on everything: the engine has ended and nothing will follow."""
        self._waiting.extend(self._core.engine.drain(sys.maxsize, self._queue()))
        self._deliver()

    def _read(self) -> None:
        told = self._core.engine.drain(BATCH, self._queue())
        if told:
            self._waiting.extend(told)
            self._deliver()

    def _deliver(self) -> None:
        waiting, routes = self._waiting, self.routes
        try:
            while waiting:
                kind, *told = waiting.popleft()
                try:
                    routes[kind](*told)
                except (Exception, asyncio.CancelledError):
                    self._core.log.socketio.exception(
                        "a notification of the engine was not handled"
                    )
        finally:  # KeyboardInterrupt in a handler: what came with it is not lost
            if waiting and self._loop is not None:
                self._loop.call_soon(self._deliver)


def _turn_end(engine: _core.Engine) -> Callable[[], None]:
    """`engine.end_turn`, which the engine can hold without holding itself."""
    held = weakref.ref(engine)

    def end_turn() -> None:
        if (alive := held()) is not None:
            alive.end_turn()

    return end_turn

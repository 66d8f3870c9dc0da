"""What is done before a process ends that has been told to by SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

log = logging.getLogger("socketio.server")


class Sigterm:
    """Stands before the process's handler of SIGTERM, uvicorn's for one.

    When the signal comes, `before` is awaited on the loop, and then the signal passed on. A second
    one is passed on at once. Where there was no handler the process ends as if there had been none
    here either.

    Not used outside the main thread, which is the only one that hears of signals.
    """

    def __init__(self, before: Callable[[], Awaitable[Any]]) -> None:
        self._before = before
        self._instead: Callable[[], object] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = os.getpid()
        self._task: asyncio.Task[None] | None = None
        self._previous: Any = None

    def watch(self, instead: Callable[[], object] | None = None) -> None:
        """Begin, on the running loop. Where there was no handler `instead` is called, if given."""
        if threading.current_thread() is not threading.main_thread():
            return
        previous = signal.getsignal(signal.SIGTERM)
        if previous is None or previous is signal.SIG_IGN:
            return  # not Python's to handle, or not wanted
        if previous != self._told:  # as it is when a loop was closed without a stop()
            self._previous = previous
            signal.signal(signal.SIGTERM, self._told)
        self._instead = instead
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """What is under way is finished. No-op when nothing has begun."""
        if self._loop is None:
            return
        self._loop = None
        # Unless somebody stands before this one: then it passes on whatever comes.
        if signal.getsignal(signal.SIGTERM) == self._told:
            signal.signal(signal.SIGTERM, self._previous)

    def _told(self, number: int, frame: FrameType | None) -> None:
        # A forked child has inherited this handler, and not the loop's thread.
        loop = self._loop if os.getpid() == self._process else None
        if loop is None or loop.is_closed() or self._task is not None:
            self._pass_on()
        else:
            loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            await self._before()
        except Exception:
            log.exception("what was to be done before the end has failed")
        self._task = None
        self._pass_on()

    def _pass_on(self) -> None:
        self.stop()
        if callable(self._previous):
            self._previous(signal.SIGTERM, None)
        elif self._instead is not None:
            self._instead()
        else:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)

"""Runs what sessions give to do, in tasks or at once. On the loop's thread alone."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from .core import Core

# A step that is done when it returns None, or when what it returns has been awaited.
Step: TypeAlias = Callable[[], "Awaitable[None] | None"]
Finish: TypeAlias = Callable[[], None]


class SessionTasks:
    """Tasks, and for each session a queue: with `serial` all that it does is dealt with in order.

    Each thing after the one before has ended: a coroutine in a task and a plain function at once.
    """

    def __init__(self, core: Core, serial: bool) -> None:
        self._core = core
        self.serial = serial
        # Each running task, and what has to be done when it has ended, in whichever way.
        self._tasks: dict[asyncio.Future[Any], Finish] = {}
        self._queues: dict[str, deque[tuple[Step, Finish]]] = {}
        self._running = 0  # steps under way that are not in a queue
        self._handled: dict[str, int] = {}  # events since the last flush, by session
        self._waiting: list[tuple[set[str], asyncio.Future[None]]] = []  # in wait_closed()

    def spawn(self, work: Awaitable[Any], finish: Finish | None = None) -> None:
        """Run in a task, which is kept alive; `finish` is called when it has ended."""
        self.keep(asyncio.ensure_future(work), finish)

    def keep(self, task: asyncio.Future[Any], finish: Finish | None = None) -> None:
        self._tasks[task] = finish or nothing
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Future[Any]) -> None:
        finish = self._tasks.pop(task, None)
        if finish is not None:
            finish()

    def _run(self, eio_sid: str, step: Step, finish: Finish) -> None:
        """Start a step, behind those of its session if they are serial."""
        queue = self._queues.get(eio_sid) if self.serial else None
        if queue is not None:
            queue.append((step, finish))
        elif (waiting := begin(step, finish)) is None:
            return
        elif self.serial:
            self._queues[eio_sid] = deque()
            self.spawn(waiting, lambda: self._run_next(eio_sid, finish))
        else:
            self._running += 1
            self.spawn(waiting, lambda: self._has_run(finish))

    def _has_run(self, finish: Finish) -> None:
        self._running -= 1
        finish()

    def _run_next(self, eio_sid: str, finish: Finish) -> None:
        """A step of a queue has ended: start those behind it, up to the next that waits."""
        finish()
        queue = self._queues[eio_sid]
        try:
            while queue:
                step, finish_next = queue.popleft()
                if (waiting := begin(step, finish_next)) is not None:
                    self.spawn(waiting, partial(self._run_next, eio_sid, finish_next))
                    return
        except BaseException:  # KeyboardInterrupt in a handler: those behind it are not lost
            asyncio.get_running_loop().call_soon(self._run_next, eio_sid, nothing)
            raise
        del self._queues[eio_sid]

    def _count(self, eio_sid: str) -> None:
        """An event has been handled. The engine is told once for all that end in one turn."""
        if not self._handled:
            asyncio.get_running_loop().call_soon(self.flush)
        self._handled[eio_sid] = self._handled.get(eio_sid, 0) + 1

    def flush(self) -> None:
        handled, self._handled = self._handled, {}
        for eio_sid, count in handled.items():
            self._core.engine.events_done(eio_sid, count)

    # --- ends ---

    async def wait_closed(self, eio_sids: set[str], timeout: float) -> None:
        """Wait until these sessions are closed and their disconnect handlers have ended.

        They are taken out of the set then: what is left in it took too long.
        """
        if not eio_sids:
            return
        ended = asyncio.get_running_loop().create_future()
        waiting = (eio_sids, ended)
        self._waiting.append(waiting)
        try:
            await asyncio.wait([ended], timeout=timeout)
        finally:
            self._waiting.remove(waiting)

    def session_dropped(self, eio_sid: str) -> None:
        for eio_sids, ended in self._waiting:
            eio_sids.discard(eio_sid)
            if not eio_sids and not ended.done():
                ended.set_result(None)

    def abandon_tasks(self) -> None:
        """Their loop is closed: nothing runs any more, and the engine must not wait for it."""
        tasks, self._tasks = self._tasks, {}
        for finish in tasks.values():
            finish()  # what was queued behind it starts on the new loop
        self.flush()
        self.release_waiting()

    def release_waiting(self) -> None:
        """The engine has ended: whoever waits for the end of a session need not."""


def begin(step: Step, finish: Finish) -> asyncio.Future[None] | None:
    """Begin a step in a context of its own. If it ends at once, however it does, finish it."""
    waiting = None
    try:
        waiting = contextvars.copy_context().run(_begun, step)
    except asyncio.CancelledError:
        pass  # ends its handler, as in a task of its own
    finally:
        if waiting is None:
            finish()
    return waiting


def _begun(step: Step) -> asyncio.Future[None] | None:
    waiting = step()
    return None if waiting is None else asyncio.ensure_future(waiting)  # in the same context


def nothing() -> None:
    """Nothing is left to do."""

"""What the server has told one client, who answers it, and who waits for more."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from ..types import Handler
from .event import Event

T = TypeVar("T")

Ack = Callable[[Any], None]


class Inbox:
    """`received` are all events, `untaken` those that nobody has expected yet.

    `failure` is what a handler has raised, for the next who looks in here.
    """

    def __init__(self) -> None:
        self.received: list[Event] = []
        self.untaken: list[Event] = []
        self.acks: dict[int, list[Any]] = {}  # to calls of ours
        self.handlers: dict[str, Handler] = {}
        self.failure: BaseException | None = None
        self._tasks: set[asyncio.Future[None]] = set()
        self._changed: asyncio.Future[None] | None = None  # while somebody waits

    def find(self, name: str) -> Event | None:
        return next((each for each in self.untaken if each.name == name), None)

    def add(self, event: Event, ack: Ack) -> None:
        """`ack` is given what a handler of the event returns."""
        self.received.append(event)
        self.untaken.append(event)
        handler = self.handlers.get(event.name)
        if handler is not None:
            self._handle(handler, event, ack)

    def _handle(self, handler: Handler, event: Event, ack: Ack) -> None:
        async def finish(result: Any) -> None:
            try:
                ack(await result)
            except Exception as error:
                self.fail(error)

        try:
            result = handler(*event.args)
            if not inspect.isawaitable(result):
                ack(result)
                return
        except Exception as error:
            self.fail(error)
            return
        task = asyncio.ensure_future(finish(result))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def fail(self, error: BaseException) -> None:
        self.failure = self.failure or error
        self.wake()

    def raise_failure(self) -> None:
        __tracebackhide__ = True
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def wake(self) -> None:
        """Let all that wait look again."""
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set_result(None)

    async def wait_for(
        self, find: Callable[[], T | None], ended: Callable[[], bool], timeout: float
    ) -> T | None:
        """What `find` gives as soon as that is something; None after `timeout`, or at the end.

        Raises a failure instead.
        """
        __tracebackhide__ = True
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while True:
            self.raise_failure()
            found = find()
            left = end - loop.time()
            if found is not None or left <= 0 or ended():
                return found
            if self._changed is None:
                self._changed = loop.create_future()
            await asyncio.wait([self._changed], timeout=left)

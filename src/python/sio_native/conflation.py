"""Conflated emits through a client manager that publishes: thinned out here, before it does.

The engine's own conflator sends to its own clients alone. Here what is due goes out as an emit like
any other, so that every server on the channel, python-socketio too, has at most one in an interval.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final

from .json_codec import COMPACT, with_bytes, without_bytes

# As the engine's: past them emits go out at once.
MOST_KEYS: Final = 100_000
MOST_BYTES: Final = 64 * 1024 * 1024  # of values that wait

Send = Callable[[Any], Awaitable[None]]


@dataclass
class Waiting:
    """A value as it was given: who changes it afterwards does not change what is sent."""

    text: str
    attachments: list[bytes]
    send: Send
    interval: float
    weight: int

    def value(self, loads: Callable[[str], Any]) -> Any:
        """As `emit` takes it."""
        arguments = loads(self.text)
        if self.attachments:
            arguments = with_bytes(arguments, self.attachments)
        return arguments[0] if len(arguments) == 1 else tuple(arguments)


@dataclass
class Window:
    """From one emit to the time when the next may go out."""

    latest: Waiting | None = None
    sent: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while one is on its way
    task: asyncio.Task[None] | None = None


class Conflation:
    """The series of one server. On its loop alone."""

    def __init__(self, json: Any, log: Any) -> None:
        self.dropped = 0  # values that a later one has taken the place of
        self._json = json
        self._log = log
        self._windows: dict[Hashable, Window] = {}
        self._held = 0

    async def offer(self, series: Hashable, data: Any, interval: float, send: Send) -> None:
        """Send it now, or when its time comes, unless there is a later one by then.

        `TypeError` for what JSON cannot carry.
        """
        window = self._windows.get(series)
        if window is None and len(self._windows) < MOST_KEYS:
            window = self._windows[series] = Window()
            window.task = asyncio.ensure_future(self._run(series, window, interval))
        elif window is not None:
            waiting = self._waiting(data, interval, send)
            self._take_latest(window, as_dropped=True)
            if self._held + waiting.weight <= MOST_BYTES:
                self._held += waiting.weight
                window.latest = waiting
                return
        if window is None:
            await send(data)
            return
        async with window.sent:
            await send(data)

    async def end(self) -> None:
        """Send all that waits, now."""
        while self._windows:
            _, window = self._windows.popitem()
            async with window.sent:
                if window.task is not None:
                    window.task.cancel()
                await self._send_latest(window)

    def _waiting(self, data: Any, interval: float, send: Send) -> Waiting:
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        attachments: list[bytes] = []
        text = self._json.dumps(without_bytes(arguments, attachments), separators=COMPACT)
        weight = len(text) + sum(map(len, attachments))
        return Waiting(text, attachments, send, interval, weight)

    def _take_latest(self, window: Window, *, as_dropped: bool = False) -> Waiting | None:
        latest, window.latest = window.latest, None
        if latest is not None:
            self._held -= latest.weight
            self.dropped += as_dropped
        return latest

    async def _run(self, series: Hashable, window: Window, interval: float) -> None:
        """Until an interval has passed without another."""
        while True:
            await asyncio.sleep(interval)
            async with window.sent:
                if window.latest is None:
                    del self._windows[series]
                    return
                interval = window.latest.interval
                await self._send_latest(window)

    async def _send_latest(self, window: Window) -> None:
        if (latest := self._take_latest(window)) is None:
            return
        try:
            await latest.send(latest.value(self._json.loads))
        except Exception:
            self._log.exception("a conflated emit has failed")

"""Which other servers are on the channel: those that say so, and go on saying it.

The number of subscribers would not do: python-socketio's servers and tools are among them, and
would never answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

BEAT: Final = 2.5  # seconds
DEAD: Final = 10.0  # without a beat; found at the next one
DEAF: Final = DEAD / 2  # without hearing oneself: then nobody else is heard either
SOONEST: Final = 0.1  # between two beats, however many servers come
# Until the others have answered the first beat of a server that has just come, busy as they may be.
GRACE: Final = 1.0
MOST_SERVERS: Final = 1_000  # more are not known, and not waited for

Say = Callable[..., Awaitable[None]]


class Members:
    """Kept by one server, on its loop. `say(kind, **about)` publishes."""

    def __init__(self, say: Say, deaf: Callable[[], bool], gone: Callable[[str], None]) -> None:
        self._say = say
        self._is_known_deaf = deaf
        self._gone = gone
        self._heard_at: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._restart()

    def _restart(self) -> None:
        self._echo_at = -DEAF  # when it has heard itself
        self._hears_since = 0.0
        self._beat_at = 0.0
        self._is_new = True  # nobody can know of it yet
        self._beat_soon = False

    @property
    def others(self) -> set[str]:
        return set(self._heard_at)

    @property
    def hears(self) -> bool:
        return time.monotonic() - self._echo_at < DEAF

    async def run(self) -> None:
        """As long as the server serves."""
        self._wake = asyncio.Event()  # of this loop
        self._restart()
        pause = SOONEST / 2
        while not self.hears:
            # Before the first beat: who answers it must be heard.
            await self._say("hello")
            await self._sleep(pause)
            pause = min(2 * pause, BEAT)
        while True:
            now = time.monotonic()
            if now >= self._next_beat():
                self._beat_at, self._beat_soon = now, False
                self._bury(now)
                if not self._is_known_deaf():
                    is_new, self._is_new = self._is_new, False
                    await self._say("beat", new=is_new)
            await self._sleep(max(self._next_beat() - time.monotonic(), 0.001))

    def _next_beat(self) -> float:
        return self._beat_at + (SOONEST if self._beat_soon else BEAT)

    async def _sleep(self, seconds: float) -> None:
        # Not wait_for: before Python 3.12 it loses a cancellation at times.
        self._wake.clear()
        waking = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait([waking], timeout=seconds)
        finally:
            waking.cancel()

    async def settled(self, timeout: float) -> bool:
        """Wait until all who are there can have been heard. False if that takes too long."""
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            ready_in = self._hears_since + GRACE - time.monotonic()
            if self.hears and not self._is_new and ready_in <= 0:
                return True
            await asyncio.sleep(min(left, ready_in if ready_in > 0 else SOONEST / 4))
        return False

    def stop(self) -> None:
        """The server has ended, and knows nobody any more."""
        self._restart()
        self._heard_at.clear()

    # --- hearing ---

    def heard_itself(self) -> None:
        now = time.monotonic()
        if not self.hears:
            # After a silence others may have come, and may have forgotten this one.
            self._hears_since = now
            self._is_new = self._beat_soon = True
            self._wake.set()
        self._echo_at = now

    def heard(self, name: str, is_new: bool) -> None:
        """The beat of another one."""
        if name not in self._heard_at:
            if len(self._heard_at) >= MOST_SERVERS:
                return
            is_new = True
        self._heard_at[name] = time.monotonic()
        if is_new:
            self._beat_soon = True
            self._wake.set()

    def left(self, name: str) -> None:
        if self._heard_at.pop(name, None) is not None:
            self._gone(name)

    def _bury(self, now: float) -> None:
        if not self.hears:
            return  # nobody can be blamed for not being heard
        for name, heard_at in list(self._heard_at.items()):
            if now - max(heard_at, self._hears_since) > DEAD:
                self.left(name)

    def figures(self) -> dict[str, Any]:
        return {"servers": len(self._heard_at) + 1, "hears": self.hears}

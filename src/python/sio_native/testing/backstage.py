"""What test clients share of the server that they reach: its time, and whether it is at rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .connection import Connection

if TYPE_CHECKING:
    from .._core import Engine
    from ..service import Service

# Through so many rounds of the loop without a message what one has woken has surely been heard of,
# several layers of middleware deep. The engine gives a relay as many.
QUIET_ROUNDS = 10
POLL = 0.001  # seconds between two looks at handlers that wait for something
RESTLESS = 10.0  # seconds; a server that is busy for longer is busy for ever
LONGEST = 7 * 24 * 3600.0  # seconds to advance at once

_stages: dict[Service, Backstage] = {}


class Backstage:
    """Of one server, on one loop, while it has test clients: its time stands still meanwhile."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._given_up = 0  # handlers that have been waited for long enough

    @staticmethod
    def of(service: Service) -> Backstage:
        stage = _stages.get(service)
        # One of a loop that ended with clients connected is of no use any more.
        if stage is None or stage._loop is not asyncio.get_running_loop():
            stage = _stages[service] = Backstage(service)
        return stage

    def enter(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._engine.hold_time()

    def leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections and _stages.get(self._service) is self:
            del _stages[self._service]
            self._engine.release_time()

    @property
    def _engine(self) -> Engine:
        return self._service.core.engine

    async def settle(self, patience: float) -> None:
        """Returns when the server has dealt with all that its clients have sent, and they with
        what came of it.

        Handlers that wait for something are waited for, for `patience` seconds, and then left.
        `AssertionError` if there is no end to it.
        """
        begun = self._loop.time()
        quiet, moved = 0, -1
        while quiet < QUIET_ROUNDS:
            await asyncio.sleep(0)
            seconds = self._loop.time() - begun
            waits = self._waits(seconds, patience)
            before, moved = moved, sum(each.moved for each in self._connections)
            if moved == before and not waits and self._engine.settled():
                quiet += 1
                continue
            quiet = 0
            if seconds > patience + RESTLESS:
                raise AssertionError(
                    f"the server has not come to rest in {seconds:.0f} s: it goes on emitting"
                )
            if waits:
                await asyncio.sleep(POLL)

    def _waits(self, seconds: float, patience: float) -> bool:
        """Is there a handler to wait for?"""
        unfinished = self._service.runner.unfinished()
        self._given_up = min(self._given_up, unfinished)
        if seconds < patience:
            return unfinished > self._given_up
        if patience:
            self._given_up = unfinished
        return False

    async def advance(self, seconds: float, patience: float) -> None:
        """Moves the server's time, from deadline to deadline."""
        if not 0 <= seconds <= LONGEST:
            raise ValueError(f"advance() takes 0 to {LONGEST:.0f} seconds, not {seconds!r}")
        await self.settle(patience)  # what is under way belongs to the time before
        left = round(seconds * 1e9)
        while left > 0:
            left -= self._engine.pass_time(left)
            await self.settle(patience if left <= 0 else 0.0)

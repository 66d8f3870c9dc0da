"""How uvicorn tells a server of its end in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

ShutDown = Callable[[], Awaitable[None]]


class Farewell:
    """Stands for the clients, among the connections that uvicorn closes when it stops.

    It shuts down each of them, and waits for them, before it ends the process. So connections that
    were handed over get a proper close also where no lifespan tells of the end, and parked polls
    their answer, for which it would wait before it tells the lifespan.
    """

    def __init__(self, connections: set[Any], shut_down: ShutDown) -> None:
        self._connections = connections
        self._shut_down = shut_down
        self._task: asyncio.Future[None] | None = None
        connections.add(self)

    def shutdown(self) -> None:
        self._task = asyncio.ensure_future(self._shut_down())
        self._task.add_done_callback(lambda _: self._connections.discard(self))


class Farewells:
    """One `Farewell` for each uvicorn that serves; there is one, unless a test has several."""

    def __init__(self, shut_down: ShutDown) -> None:
        self._shut_down = shut_down
        self._last: Farewell | None = None

    def among(self, protocol: Any) -> None:
        """See that there is one among the connections that this connection of uvicorn's is of."""
        connections = getattr(protocol, "connections", None)
        if isinstance(connections, set) and (self._last is None or self._last not in connections):
            self._last = Farewell(connections, self._shut_down)

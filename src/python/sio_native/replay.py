"""Rooms that keep their last events for clients that come back; see docs/flow.md."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .arguments import as_count, as_seconds, as_str

if TYPE_CHECKING:
    from .service import Service

_LONGEST = 86400.0  # seconds
_MOST = 100_000  # events of a room
_MOST_BYTES = 2**53


class Replays:
    """Which rooms of one server are kept."""

    def __init__(self, service: Service) -> None:
        self._core = service.core
        self._kept: list[tuple[str, str, int, int, float]] = []
        service.use(self._configure)

    def add(self, rooms: str, last: int, max_bytes: int, max_age: float, namespace: str) -> None:
        made = (
            namespace,
            as_str(rooms, "rooms"),
            as_count(last, "last", 1, _MOST),
            as_count(max_bytes, "max_bytes", 1, _MOST_BYTES),
            as_seconds(max_age, "max_age", 0.001, _LONGEST),
        )
        kept = [*self._kept, made]
        self._tell(kept)  # first: it refuses what it cannot read
        self._kept = kept

    def _configure(self) -> None:
        if self._kept:
            self._tell(self._kept)

    def _tell(self, kept: list[tuple[str, str, int, int, float]]) -> None:
        # The engine keeps the first epoch of each start: ids of the one before are unknown then.
        self._core.engine.set_recordings(kept, secrets.token_hex(3))

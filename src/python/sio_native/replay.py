"""Rooms that keep their last events for clients that come back; see docs/flow.md."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .service import Service

_LONGEST = 86400.0  # seconds
_MOST = 100_000  # events of a room


class Replays:
    """Which rooms of one server are kept."""

    def __init__(self, service: Service) -> None:
        self._core = service.core
        self._kept: list[tuple[str, str, int, int, float]] = []
        service.use(self._configure)

    def add(self, rooms: str, last: int, max_bytes: int, max_age: float, namespace: str) -> None:
        if not isinstance(last, int) or not 1 <= last <= _MOST:
            raise ValueError(f"last must be a whole number of 1 to {_MOST}, not {last!r}")
        if not isinstance(max_bytes, int) or max_bytes < 1:
            raise ValueError(f"max_bytes must be a whole number of at least 1, not {max_bytes!r}")
        if not 0 < max_age <= _LONGEST:
            raise ValueError(f"max_age must be seconds, at most a day, not {max_age!r}")
        kept = [*self._kept, (namespace, rooms, last, max_bytes, float(max_age))]
        self._tell(kept)  # first: it refuses what it cannot read
        self._kept = kept

    def _configure(self) -> None:
        if self._kept:
            self._tell(self._kept)

    def _tell(self, kept: list[tuple[str, str, int, int, float]]) -> None:
        # The engine keeps the first epoch of each start: ids of the one before are unknown then.
        self._core.engine.set_recordings(kept, secrets.token_hex(3))

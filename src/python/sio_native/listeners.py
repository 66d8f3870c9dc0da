"""Functions that are called one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .handlers import call
from .types import Handler


class Listeners:
    """Functions and coroutine functions, in the order of their registration."""

    def __init__(self) -> None:
        self._all: list[tuple[Handler, bool]] = []

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Handler]:
        return iter([handler for handler, _ in self._all])

    def add(self, handler: Handler, once: bool = False) -> None:
        """One more; `once`: until it is called. `TypeError` for what cannot be called."""
        if not callable(handler):
            raise TypeError(f"a handler must be callable, not {handler!r}")
        self._all.append((handler, once))

    def remove(self, handler: Handler | None) -> None:
        """Remove it where it was registered first; None: all. No-op if it is not there."""
        if handler is None:
            self._all.clear()
            return
        for entry in self._all:
            if entry[0] == handler:
                self._all.remove(entry)
                return

    async def call_all(self, *args: Any) -> list[Any]:
        """Their results. Those that are added meanwhile are called the next time."""
        called = list(self._all)
        self._all = [entry for entry in self._all if not entry[1]]
        return [await call(handler, *args) for handler, _ in called]

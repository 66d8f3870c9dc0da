"""Functions that are called one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .handlers import call
from .types import Handler


class _Entry(NamedTuple):
    handler: Handler
    called: Handler
    once: bool


class Listeners:
    """Functions and coroutine functions, in the order of their registration."""

    def __init__(self) -> None:
        self._all: list[_Entry] = []

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Handler]:
        """Those that are to be called."""
        return iter([each.called for each in self._all])

    def handlers(self) -> list[Handler]:
        """As they were registered."""
        return [each.handler for each in self._all]

    def add(
        self,
        handler: Handler,
        once: bool = False,
        *,
        first: bool = False,
        called: Handler | None = None,
    ) -> None:
        """One more, or before all others; `once`: until it is called.

        `called`: in its place. `TypeError` for what cannot be called.
        """
        if not callable(handler):
            raise TypeError(f"a handler must be callable, not {handler!r}")
        self._all.insert(0 if first else len(self._all), _Entry(handler, called or handler, once))

    def remove(self, handler: Handler | None) -> None:
        """Remove it where it was registered first; None: all. No-op if it is not there."""
        if handler is None:
            self._all.clear()
            return
        for entry in self._all:
            if entry.handler == handler:
                self._all.remove(entry)
                return

    async def call_all(self, *args: Any) -> list[Any]:
        """Their results. Those that are added meanwhile are called the next time."""
        called = list(self._all)
        if any(entry.once for entry in called):
            self._all = [entry for entry in self._all if not entry.once]
        return [await call(entry.called, *args) for entry in called]

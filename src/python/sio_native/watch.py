"""Who is told what clients and the application do, one thing at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from .types import Room, Rooms


class Watcher(Protocol):
    """See `Core.watch`. The methods return at once and raise nothing.

    Those for what clients do are called on the loop, the others on any thread.
    """

    def connected(self, sid: str, namespace: str) -> None:
        """The connect handler, if there is one, has let the client in."""

    def disconnected(self, sid: str, namespace: str, reason: str) -> None:
        """The disconnect handler is about to be called."""

    def freed(self, sid: str, namespace: str) -> None:
        """The disconnect handler has ended; the client is about to lose its rooms."""

    def received(self, sid: str, namespace: str, args: list[Any]) -> None:
        """An event, `args` with its name first, which must be left as they are."""

    def sent(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Rooms,
        skip_sid: str | Iterable[str] | None,
    ) -> None:
        """The application has emitted; arguments as those of `AsyncManager.emit`."""

    def entered(self, sid: str, namespace: str, room: Room) -> None:
        """It has been put into the room, or was there."""

    def leaving(self, sid: str, namespace: str, room: Room) -> None:
        """It is about to be taken out of the room, if it is in there and it is not its own."""

    def closing(self, room: Room, namespace: str) -> None:
        """Everybody is about to be taken out of the room, unless it is the own room of a client."""

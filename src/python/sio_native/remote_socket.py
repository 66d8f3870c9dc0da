"""A client as it was when it was asked for, of whatever server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .handshake import Handshake
from .types import Room, Session

if TYPE_CHECKING:
    from .broadcast_operator import BroadcastOperator


@dataclass(frozen=True)
class RemoteSocket:
    """What `fetch_sockets` finds. `rooms` and `data`, its user session, are copies."""

    id: str
    nsp: str
    handshake: Handshake
    rooms: set[Room]
    data: Session
    _client: BroadcastOperator = field(repr=False, compare=False)

    async def emit(self, event: str, *args: Any) -> None:
        """Send it an event."""
        await self._client.emit(event, *args)

    def timeout(self, seconds: float) -> BroadcastOperator:
        """`emit_with_ack` to it within so many seconds: its answer by its sid."""
        return self._client.timeout(seconds)

    async def join(self, *rooms: Any) -> None:
        """Put it into rooms."""
        await self._client.sockets_join(*rooms)

    async def leave(self, *rooms: Any) -> None:
        """Take it out of rooms."""
        await self._client.sockets_leave(*rooms)

    async def disconnect(self, close: bool = False) -> None:
        """Disconnect it from its namespace; with `close` end its session."""
        await self._client.disconnect_sockets(close)

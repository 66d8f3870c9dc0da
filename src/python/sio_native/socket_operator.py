"""One client, with modifiers for what it is sent next: what `socket.volatile` returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .broadcast_operator import BroadcastOperator, seconds_of
from .types import Data

if TYPE_CHECKING:
    from .socket import Socket

Modify: TypeAlias = Callable[[BroadcastOperator], BroadcastOperator]


class SocketOperator:
    """Immutable. `to`, `broadcast` and their likes choose others, with the same modifiers."""

    __slots__ = ("_modify", "_socket", "_timeout")

    def __init__(
        self, socket: Socket, modify: tuple[Modify, ...] = (), timeout: float | None = None
    ) -> None:
        self._socket = socket
        self._modify = modify
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"SocketOperator({self._client()}, timeout={self._timeout})"

    @property
    def volatile(self) -> SocketOperator:
        """Only if it has read what it was sent: else the event is lost."""
        return self._with(lambda whom: whom.volatile)

    def compress(self, compress: bool) -> SocketOperator:
        """Compressed or not: see `BroadcastOperator.compress`."""
        changed = self._with(lambda whom: whom.compress(compress))
        changed._client()  # raises here for what is neither
        return changed

    def timeout(self, seconds: float) -> SocketOperator:
        """How long `emit_with_ack` waits. `ValueError` unless it is above 0."""
        return SocketOperator(self._socket, self._modify, seconds_of(seconds))

    def _with(self, modify: Modify) -> SocketOperator:
        return SocketOperator(self._socket, (*self._modify, modify), self._timeout)

    def _modified(self, whom: BroadcastOperator) -> BroadcastOperator:
        for modify in self._modify:
            whom = modify(whom)
        return whom

    def _client(self) -> BroadcastOperator:
        return self._modified(self._socket._client)

    # --- to it ---

    async def emit(self, event: str, *args: Any) -> None:
        """Send it an event."""
        await self._socket._send(self._client(), event, args)

    async def send(self, *args: Any) -> None:
        """`emit` the event "message"."""
        await self.emit("message", *args)

    async def emit_with_ack(self, event: str, *args: Any) -> Data:
        """Send it an event and wait for its answer, as `Socket.emit_with_ack` does.

        A volatile event that is lost has no answer: `exceptions.TimeoutError`, at once.
        """
        return await self._socket._ask(self._client(), event, args, self._timeout)

    call = emit_with_ack

    # --- to others ---

    @property
    def broadcast(self) -> BroadcastOperator:
        """All others in its namespace."""
        others = self._modified(self._socket.broadcast)
        return others if self._timeout is None else others.timeout(self._timeout)

    @property
    def local(self) -> BroadcastOperator:
        """All others on this server."""
        return self.broadcast.local

    def to(self, *rooms: Any) -> BroadcastOperator:
        """The others in these rooms."""
        return self.broadcast.to(*rooms)

    in_ = to

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """All others but the members of these rooms."""
        return self.broadcast.except_(*rooms)

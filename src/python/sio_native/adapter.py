"""What a manager of clients does for those who choose clients: the interface of an adapter."""

from __future__ import annotations

from typing import Any

from .base_manager import BaseManager
from .cluster_wire import Found
from .selection import Selection
from .types import Data, Room


class Adapter(BaseManager):
    """Questions and commands to all the clients of all servers that share them.

    `AsyncManager` knows one server, its own; `AsyncPubSubManager` asks the others by messages.
    Whatever else connects servers overrides these methods. With `whom.local` they are for the
    clients of this server.

    Those that ask other servers wait for all that are known. They raise
    `exceptions.ServersTimeoutError`, which has the answers that came, when one of them has not
    answered in `requests_timeout` seconds, and `RuntimeError` from a process that cannot hear
    answers because it only publishes.
    """

    requests_timeout: float = 5.0  # seconds, as in the JavaScript adapters

    async def server_count(self) -> int:
        """How many servers share their clients, this one included."""
        raise NotImplementedError

    async def broadcast(self, whom: Selection, event: str, args: tuple[Any, ...]) -> None:
        """Emit to those who are selected. Each of `args` is one argument."""
        raise NotImplementedError

    async def broadcast_with_ack(
        self, whom: Selection, event: str, args: tuple[Any, ...], timeout: float | None
    ) -> dict[str, Data]:
        """The same, and wait for the answers; see `BroadcastOperator.emit_with_ack`."""
        raise NotImplementedError

    async def find_sockets(self, whom: Selection) -> list[str]:
        """The sids of those who are selected."""
        raise NotImplementedError

    async def fetch_sockets(self, whom: Selection) -> list[Found]:
        """Sid, handshake, rooms and a copy of the user session of those who are selected."""
        raise NotImplementedError

    async def add_sockets(self, whom: Selection, rooms: list[Room]) -> None:
        """Put those who are selected into rooms. Other servers do so before what follows."""
        raise NotImplementedError

    async def remove_sockets(self, whom: Selection, rooms: list[Room]) -> None:
        """Take those who are selected out of rooms."""
        raise NotImplementedError

    async def disconnect_sockets(self, whom: Selection, close: bool) -> None:
        """Disconnect those who are selected; with `close` end their sessions."""
        raise NotImplementedError

    async def server_side_emit(self, namespace: str, event: str, args: tuple[Any, ...]) -> None:
        """Call the handlers for this event of all other servers: see `on_server_event`."""
        raise NotImplementedError

    async def server_side_emit_with_ack(
        self, namespace: str, event: str, args: tuple[Any, ...], timeout: float | None = None
    ) -> list[Any]:
        """The same, and wait for what they return; `timeout` is that of `requests_timeout`."""
        raise NotImplementedError

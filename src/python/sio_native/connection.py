"""The connection under a client: what `socket.conn` is in JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .exceptions import DisconnectedError

if TYPE_CHECKING:
    from .core import Core


class Connection:
    """The Engine.IO session of a client, which carries all its namespaces.

    `id` is Engine.IO's sid, `protocol` the version of Engine.IO's protocol.
    """

    protocol: Final = 4

    def __init__(self, core: Core, id: str) -> None:
        self.id = id
        self._core = core

    def __repr__(self) -> str:
        return f"<Connection {self.id}>"

    @property
    def transport(self) -> str:
        """ "polling" or "websocket". `exceptions.DisconnectedError` when it has ended."""
        name = self._core.engine.transport(self.id)
        if not name:
            raise DisconnectedError(f"session {self.id} has ended")
        return name

    @property
    def remote_address(self) -> str:
        """The peer's, "" where the server does not know it. `exceptions.DisconnectedError`."""
        head = self._core.engine.request_head(self.id)
        if head is None:
            raise DisconnectedError(f"session {self.id} has ended")
        remote = head.get("remote")
        return remote[0] if remote else ""

    def close(self) -> None:
        """End it, for all namespaces. No-op when it has ended."""
        self._core.engine.close_session(self.id)

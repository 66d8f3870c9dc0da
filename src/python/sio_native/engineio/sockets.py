"""The sessions of a server as python-engineio shows them: a mapping, and an object for each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from ..types import Session
from .packet import Packet

# Its connect handler has not decided; it is open; it is gone and its disconnect handler still runs.
State: TypeAlias = Literal["connecting", "open", "closing"]


class Sessions(ABC):
    """What a server knows of its sessions, by sid."""

    packet_class: type[Packet] = Packet

    @abstractmethod
    def session_ids(self) -> list[str]:
        """Of all that have a state."""

    @abstractmethod
    def state_of(self, sid: str) -> State | None:
        """None for an unknown sid."""

    @abstractmethod
    def transport_of(self, sid: str) -> str | None:
        """ "polling" or "websocket"; None for an unknown sid."""

    @abstractmethod
    def eio_sid_of(self, sid: str) -> str:
        """What the engine calls the session. Text that is no sid names nobody there either."""

    @abstractmethod
    async def get_session(self, sid: str) -> Session:
        """The user session of a client: a dictionary of the application's.

        Raises `KeyError` for an unknown sid.
        """

    @abstractmethod
    async def save_session(self, sid: str, session: Session) -> None:
        """Replace the user session of a client. `KeyError` for an unknown sid."""

    @abstractmethod
    async def send_packet(self, sid: str, pkt: Packet) -> None:
        """Send a packet of any type."""

    @abstractmethod
    async def disconnect(self, sid: str | None = None) -> None:
        """Disconnect a client, or all."""


class Socket:
    """One session. What it says is asked of the server each time."""

    def __init__(self, server: Sessions, sid: str) -> None:
        self.server = server
        self.sid = sid

    @property
    def connected(self) -> bool:
        """It has been let in, and has not closed since."""
        return self.server.state_of(self.sid) == "open"

    @property
    def closing(self) -> bool:
        """Its connection has ended."""
        return self.server.state_of(self.sid) in ("closing", None)

    @property
    def closed(self) -> bool:
        """Its connection has ended, and so has its disconnect handler."""
        return self.server.state_of(self.sid) is None

    @property
    def upgraded(self) -> bool:
        """It is carried by a WebSocket."""
        return self.server.transport_of(self.sid) == "websocket"

    async def send(self, pkt: Packet) -> None:
        """Send a packet."""
        await self.server.send_packet(self.sid, pkt)

    async def close(self) -> None:
        """Disconnect the client; returns when its disconnect handler has ended."""
        await self.server.disconnect(self.sid)

    def __repr__(self) -> str:
        return f"<Socket {self.sid}>"


class Sockets(Mapping[str, Socket]):
    """A live, read-only view of a server's sessions by sid."""

    def __init__(self, server: Sessions) -> None:
        self._server = server

    def __getitem__(self, sid: str) -> Socket:
        if sid not in self:
            raise KeyError(sid)
        return Socket(self._server, sid)

    def __contains__(self, sid: object) -> bool:
        return isinstance(sid, str) and self._server.state_of(sid) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._server.session_ids())

    def __len__(self) -> int:
        return len(self._server.session_ids())

    def __repr__(self) -> str:
        return f"<Sockets {self._server.session_ids()}>"

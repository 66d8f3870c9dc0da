"""One client of one namespace, as an object: what `socket` is in JavaScript."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .broadcast_operator import BroadcastOperator, check_emitted
from .connection import Connection
from .exceptions import DisconnectedError, TimeoutError
from .handshake import Handshake
from .outgoing import sent_by
from .selection import Selection, rooms_of
from .socket_listeners import SocketListeners
from .socket_operator import SocketOperator
from .types import Data, Room, Session

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .sockets import Sockets


class Socket(SocketListeners):
    """A client. `sio.socket(sid)` finds it, and functions of `@sio.on_connection` are given it.

    It is the same object until its disconnect handlers have ended. What is registered here is for
    this client alone, and goes with it. An event's arguments stand one by one behind its name.
    """

    def __init__(
        self, sio: AsyncServer, sockets: Sockets, sid: str, namespace: str, auth: Any = None
    ) -> None:
        super().__init__(sio, sockets)
        self.id = sid
        self.nsp = namespace
        self._auth = auth
        self._made = time.time()
        self._client = BroadcastOperator(sio, Selection(namespace, (sid,)))

    def __repr__(self) -> str:
        return f"<Socket {self.id} [{self.nsp}]>"

    # --- what it is ---

    @property
    def connected(self) -> bool:
        """False once it is about to leave."""
        return self._sio.manager.is_connected(self.id, self.nsp)

    @property
    def recovered(self) -> bool:
        """It has come back as the one it was, with rooms and data, and has missed nothing."""
        return self._sio.recovered(self.id, self.nsp)

    @cached_property
    def conn(self) -> Connection:
        """The connection that carries it. `exceptions.DisconnectedError` when it has left."""
        return Connection(self._sio._core, self._session())

    @property
    def rooms(self) -> set[Room]:
        """Its rooms, its own among them; empty when it has left."""
        return set(self._sio.rooms(self.id, self.nsp))

    @property
    def data(self) -> Session:
        """Its user session: the dictionary of `sio.get_session`. `KeyError` when it has left."""
        sessions = self._sio._service.sessions
        if self._sockets.has(self):
            return sessions.get_of((self.nsp, self.id))
        return sessions.get(self.id, self.nsp)

    @cached_property
    def handshake(self) -> Handshake:
        """The request that opened its session. `exceptions.DisconnectedError` when it has left.

        First asked for in a disconnect handler, it was `issued` when this object was made.
        """
        for _, _, _, _, head, age in self._sio._core.engine.describe(self.nsp, [self.id]):
            return Handshake.of(head, age, self._auth)
        # Its session has closed. The request is kept until the disconnect handlers have ended.
        eio_sid = self._sio.manager.eio_sid_from_sid(self.id, self.nsp)
        request = None if eio_sid is None else self._sio._core.engine.request_head(eio_sid)
        if request is not None:
            return Handshake.of(request, time.time() - self._made, self._auth)
        raise DisconnectedError(f"{self.id} has left")

    def _session(self) -> str:
        """The Engine.IO session that it is of."""
        eio_sid = self._sio.manager.eio_sid_from_sid(self.id, self.nsp)
        if eio_sid is None:
            raise DisconnectedError(f"{self.id} has left")
        return eio_sid

    # --- to it ---

    async def emit(self, event: str, *args: Any) -> None:
        """Send it an event. `TypeError` for an argument that cannot be serialised."""
        await self._send(self._client, event, args)

    async def send(self, *args: Any) -> None:
        """`emit` the event "message"."""
        await self._send(self._client, "message", args)

    async def emit_with_ack(self, event: str, *args: Any, timeout: float | None = 60) -> Data:
        """Send it an event and wait for its answer: None, one value, or a tuple of several.

        `exceptions.TimeoutError` if there is none within so many seconds, or when it leaves.
        """
        return await self._ask(self._client, event, args, timeout)

    call = emit_with_ack

    @property
    def volatile(self) -> SocketOperator:
        """Itself, if it has read what it was sent: else the event is lost."""
        return SocketOperator(self).volatile

    def compress(self, compress: bool) -> SocketOperator:
        """Itself, with what it is sent compressed or not: see `BroadcastOperator.compress`."""
        return SocketOperator(self).compress(compress)

    def timeout(self, seconds: float) -> SocketOperator:
        """Itself, for `emit_with_ack` within so many seconds. `ValueError` unless above 0."""
        return SocketOperator(self).timeout(seconds)

    async def _send(self, client: BroadcastOperator, event: str, args: tuple[Any, ...]) -> None:
        """By `client`, which is this one with modifiers."""
        if not self._any_outgoing:
            await client.emit(event, *args)
            return
        await self._any_outgoing.call_all(event, *args)
        with sent_by(self):
            await client.emit(event, *args)

    async def _ask(
        self, client: BroadcastOperator, event: str, args: tuple[Any, ...], timeout: float | None
    ) -> Data:
        check_emitted(event)
        if not self._any_outgoing:
            return await self._answer(client, event, args, timeout)
        await self._any_outgoing.call_all(event, *args)
        with sent_by(self):
            return await self._answer(client, event, args, timeout)

    async def _answer(
        self, client: BroadcastOperator, event: str, args: tuple[Any, ...], timeout: float | None
    ) -> Data:
        if client is self._client:
            sio, sid = self._sio, self.id
            return await sio.call(event, args, to=sid, namespace=self.nsp, timeout=timeout)
        if timeout is not None:
            client = client.timeout(timeout)
        answers = await client.emit_with_ack(event, *args)
        if self.id not in answers:
            raise TimeoutError(f"{self.id} was not sent {event!r}, or has left")
        return answers[self.id]

    async def join(self, *rooms: Any) -> None:
        """Come into rooms. `exceptions.DisconnectedError` when it has left."""
        self._session()
        for room in rooms_of(rooms):
            await self._sio.enter_room(self.id, room, self.nsp)

    async def leave(self, *rooms: Any) -> None:
        """Leave rooms. No-op for those that it is not in, and when it has left."""
        for room in rooms_of(rooms):
            await self._sio.leave_room(self.id, room, self.nsp)

    async def disconnect(self, close: bool = False) -> None:
        """Disconnect it from its namespace; with `close` end its session, with all namespaces."""
        await self._client.local.disconnect_sockets(close)

    # --- to others ---

    @property
    def broadcast(self) -> BroadcastOperator:
        """All others in its namespace."""
        return BroadcastOperator(self._sio, Selection(self.nsp, except_rooms=(self.id,)))

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

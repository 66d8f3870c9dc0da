"""How a client gets into a namespace, what it is told there, and how it leaves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from .. import exceptions
from ..packet import (
    ACK,
    CONNECT,
    CONNECT_ERROR,
    DISCONNECT,
    EVENT,
)
from ..packet import Packet as Codec
from ..types import ASGIApplication, Scope
from .backstage import Backstage
from .connection import GONE, Connection
from .event import Event, as_arguments
from .inbox import Inbox
from .packets import Packet

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..service import Service

T = TypeVar("T")

BY_SERVER = "server disconnect"  # as python-socketio's client calls them
BY_CLIENT = "client disconnect"

# Makes a scope that tells of the server behind the application when it gets there.
MakeScope: TypeAlias = Callable[[Callable[["Service"], None]], Scope]


class Membership:
    """A client's place in one namespace. See `TestClient` for what its user sees of it."""

    def __init__(
        self,
        app: ASGIApplication,
        namespace: str,
        auth: dict[str, Any] | None,
        make_scope: MakeScope,
        codec: type[Codec],
        answer_pings: bool,
        timeout: float,
    ) -> None:
        self.namespace = namespace
        self.timeout = timeout
        self.sid = ""  # until it is connected
        self.connected = False
        self.recovered = False
        self.disconnect_reason: str | None = None  # once it was connected and is not any more
        self._app = app
        self._auth = auth
        self._make_scope = make_scope
        self._codec = codec
        self._answer_pings = answer_pings
        self._inbox = Inbox()
        self._refusal: Packet | None = None
        # Of a server with connection_state_recovery: what to come back with, and the events of a
        # connect handler, which come before it.
        self._pid: str | None = None
        self._offset: str | None = None
        self._early: list[Packet] = []
        self._connection: Connection | None = None
        self._stage: Backstage | None = None
        self._host: Membership | None = None  # whose connection this one uses

    async def __aenter__(self) -> Self:
        if not self.connected:
            await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        try:
            # What the test has begun is seen to its end, unless the test has failed.
            if error is None and self._stage is not None and not self._has_ended():
                await self._stage.settle(self.timeout)
        finally:
            await self.disconnect()
        if error is None:
            self._inbox.raise_failure()

    # --- getting in ---

    async def connect(self) -> None:
        """Connect; again, after the end of the last connection.

        `exceptions.ConnectionRefusedError` when the connect handler refuses: its `error_args` are
        the payload that the client has got. `exceptions.ConnectionError` when there is nothing to
        connect to. What the application raises is raised here.
        """
        __tracebackhide__ = True
        if self._connection is not None:
            await self.disconnect()
        self._inbox.failure = None
        try:
            if self._host is None:
                scope = self._make_scope(self._reached)
                self._connection = Connection(self._app, scope, self._codec, self._answer_pings)
                await self._connection.open(self.timeout)
            else:
                self._connection, self._stage = self._host._connection, self._host._stage
            await self._get_in()
        except BaseException:
            await self._leave()
            raise

    def _reached(self, service: Service) -> None:
        """The server that is behind the application has got the connection."""
        assert self._connection is not None
        self._stage = Backstage.of(service)
        self._stage.enter(self._connection)

    async def _get_in(self) -> None:
        __tracebackhide__ = True
        assert self._connection is not None
        self._refusal = self.disconnect_reason = None
        self._connection.listeners[self.namespace] = self
        self._write(CONNECT, self._credentials())
        if not await self._wait(lambda: True if self.connected or self._refusal else None):
            if self._has_ended():
                what = f"the connection ended before {self._name} was connected"
            else:
                what = f"no connect handler has decided about {self._name} {self._how_long()}"
            raise exceptions.ConnectionError(what)
        if self._refusal is not None:
            payload = self._refusal.data
            message = payload.get("message") if isinstance(payload, dict) else payload
            refused = exceptions.ConnectionRefusedError(message)
            refused.error_args = payload
            raise refused

    # --- what the connection tells ---

    def told(self, packet: Packet) -> None:
        if packet.kind == CONNECT:
            self.sid = packet.data["sid"]
            self.connected = True
            pid = packet.data.get("pid")
            self.recovered = pid is not None and pid == self._pid
            self._pid = pid
            self._take_early()
        elif packet.kind == CONNECT_ERROR:
            self._refusal = packet
            self._take_early()
        elif packet.kind == DISCONNECT:
            self.ended(BY_SERVER)
        elif packet.kind == ACK and packet.id is not None:
            self._inbox.acks[packet.id] = packet.data
        elif packet.kind == EVENT and not self.connected:
            self._early.append(packet)
        elif packet.kind == EVENT:
            self._event(packet)
        self._inbox.wake()

    def _take_early(self) -> None:
        early, self._early = self._early, []
        for packet in early:
            self._event(packet)

    def _event(self, packet: Packet) -> None:
        name, *arguments = packet.data
        if self._pid is not None and packet.id is None:
            self._offset = arguments.pop()  # which JavaScript's handlers see, too
        self._inbox.add(Event(name, tuple(arguments)), partial(self._ack, packet.id))

    def _credentials(self) -> dict[str, Any] | None:
        """As JavaScript's client authenticates."""
        if self._pid is None:
            return self._auth
        offset = {} if self._offset is None else {"offset": self._offset}
        return {"pid": self._pid, **offset, **(self._auth or {})}

    def ended(self, reason: str) -> None:
        if self.connected:
            self.connected = False
            self.disconnect_reason = reason
        connection = self._connection
        if connection is not None:
            connection.listeners.pop(self.namespace, None)
            if reason == BY_SERVER and not connection.listeners:
                connection.close()  # as clients do that have no namespace left
        self._inbox.wake()

    def failed(self, error: BaseException) -> None:
        self._inbox.fail(error)

    # --- leaving ---

    async def disconnect(self) -> None:
        """Leave as a client does that says so; returns when disconnect handlers have ended.

        Those that wait for something are waited for, for `timeout`.
        """
        if self.connected:
            self._write(DISCONNECT)
            self.ended(BY_CLIENT)
        await self._leave()

    async def drop(self) -> None:
        """Vanish, as a client whose network is gone: the server hears of a "transport close"."""
        if self._connection is not None:
            self._connection.close(1006)
        await self._leave()

    async def _leave(self) -> None:
        """Out of the connection, which ends with whoever has opened it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.listeners.pop(self.namespace, None)
        if self._host is None:
            connection.close()
            await connection.wait_closed(self.timeout)
            self._inbox.failure = self._inbox.failure or connection.failure
        if self._stage is not None:
            try:
                await self._stage.settle(self.timeout)
            finally:
                if self._host is None:
                    self._stage.leave(connection)

    # --- parts ---

    @property
    def _name(self) -> str:
        return f'the client of "{self.namespace}"'

    def _write(self, kind: int, data: Any = None, number: int | None = None) -> None:
        if self._connection is not None:
            self._connection.write(Packet(kind, self.namespace, data, number))

    def _ack(self, number: int | None, result: Any) -> None:
        if number is not None and self.connected:
            self._write(ACK, as_arguments(result), number)

    async def _wait(self, find: Callable[[], T | None], timeout: float | None = None) -> T | None:
        __tracebackhide__ = True
        seconds = self.timeout if timeout is None else timeout
        return await self._inbox.wait_for(find, self._has_ended, seconds)

    def _has_ended(self) -> bool:
        ended = self._connection is None or self._connection.closed
        return ended or self.disconnect_reason is not None

    def _how_long(self, timeout: float | None = None) -> str:
        if self._has_ended():
            return f"before the connection ended ({self.disconnect_reason or GONE})"
        return f"within {self.timeout if timeout is None else timeout:g} s"

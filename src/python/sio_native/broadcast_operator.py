"""Choose clients step by step, and do something with all of them: the JavaScript server's way."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import exceptions
from .arguments import as_timeout
from .cluster_wire import Found
from .handlers import CLIENT_EVENTS
from .remote_socket import RemoteSocket
from .selection import EVERYBODY, Selection, as_close, chosen_rooms, rooms_of
from .server_cluster import check_server_event

if TYPE_CHECKING:
    from .async_server import AsyncServer


def check_emitted(event: str) -> None:
    """`ValueError` for an event that clients have of their own."""
    if event in CLIENT_EVENTS:
        raise ValueError(f"{event!r} is an event of clients themselves and cannot be emitted")


class BroadcastOperator:
    """Clients that are chosen by room, for `emit` and its likes. Each method that chooses returns
    a new operator, so that one may be kept and used again.

        await sio.to("news").to("sport").except_("muted").emit("goal", 1, 0)

    An event's arguments stand one by one behind its name, and each is one argument.
    """

    __slots__ = ("_sio", "_timeout", "_whom")

    def __init__(
        self, sio: AsyncServer, whom: Selection = EVERYBODY, timeout: float | None = None
    ) -> None:
        self._sio = sio
        self._whom = whom
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"BroadcastOperator({self._whom}, timeout={self._timeout})"

    # --- who ---

    def to(self, *rooms: Any) -> BroadcastOperator:
        """The members of these rooms too. A sid names the room of one client.

        A client in several of them is chosen once. `ValueError` for no room, None or an empty name.
        """
        return self._with(rooms=(*self._whom.rooms, *chosen_rooms(rooms)))

    in_ = to

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """Not the members of these rooms, nor the clients of these sids."""
        return self._with(except_rooms=(*self._whom.except_rooms, *rooms_of(rooms)))

    @property
    def local(self) -> BroadcastOperator:
        """Clients of this server, not of others that share a client manager with it."""
        return self._with(local=True)

    @property
    def volatile(self) -> BroadcastOperator:
        """Not clients whose connection has no room at the moment: the event is lost for them.

        `sio.flow_stats()["volatile"]` counts how many were left out.
        """
        return self._with(volatile=True)

    def compress(self, compress: bool) -> BroadcastOperator:
        """With False the event is sent as it is, also where the server's options compress it.

        Of what a polling client gets in one response, all is compressed or nothing.
        """
        if not isinstance(compress, bool):
            raise TypeError(f"compress() takes True or False, not {compress!r}")
        return self._with(compress=compress)

    def timeout(self, seconds: float) -> BroadcastOperator:
        """How long `emit_with_ack` waits for all answers. `ValueError` unless it is above 0."""
        return self._again(self._whom, seconds_of(seconds))

    def _with(self, **changed: Any) -> BroadcastOperator:
        return self._again(replace(self._whom, **changed), self._timeout)

    def _again(self, whom: Selection, timeout: float | None) -> BroadcastOperator:
        return BroadcastOperator(self._sio, whom, timeout)

    # --- what ---

    async def emit(self, event: str, *args: Any) -> None:
        """Send them an event. `TypeError` for an argument that cannot be serialised, `ValueError`
        for an event that is the client's own, as "connect".
        """
        check_emitted(event)
        await self._sio.manager.broadcast(self._whom, event, args)

    async def send(self, *args: Any) -> None:
        """`emit` the event "message"."""
        await self.emit("message", *args)

    async def emit_with_ack(self, event: str, *args: Any) -> dict[str, Any]:
        """Send them an event and wait for the answers: by sid None, one value, or a tuple.

        Who leaves meanwhile does not answer, and is not in there. Raises
        `exceptions.AckTimeoutError` when the `timeout` is over, with the `answers` that have come;
        without a timeout it waits until the last of them has answered or left.
        """
        check_emitted(event)
        manager = self._sio.manager
        return await manager.broadcast_with_ack(self._whom, event, args, self._timeout)

    # --- those who are chosen ---
    #
    # With a client manager that connects servers, those of all servers. What asks the others raises
    # `exceptions.ServersTimeoutError` when one of them has not answered within the manager's
    # `requests_timeout`; its `answers` are those that came.

    async def all_sockets(self) -> set[str]:
        """Their sids."""
        return set(await self._sio.manager.find_sockets(self._whom))

    async def fetch_sockets(self) -> list[RemoteSocket]:
        """They themselves: id, rooms, handshake and data, as of now."""
        try:
            found = await self._sio.manager.fetch_sockets(self._whom)
        except (exceptions.ServersTimeoutError, exceptions.ServersError) as error:
            error.answers = self._remote(error.answers)
            raise
        return self._remote(found)

    def _remote(self, found: Iterable[Found]) -> list[RemoteSocket]:
        return [
            RemoteSocket(
                id=sid,
                nsp=self._whom.namespace,
                handshake=handshake,
                rooms=rooms,
                data=data,
                _client=self._with(rooms=(sid,), except_rooms=()),
            )
            for sid, handshake, rooms, data in found
        ]

    async def sockets_join(self, *rooms: Any) -> None:
        """Put them into these rooms."""
        await self._sio.manager.add_sockets(self._whom, list(rooms_of(rooms)))

    async def sockets_leave(self, *rooms: Any) -> None:
        """Take them out of these rooms."""
        await self._sio.manager.remove_sockets(self._whom, list(rooms_of(rooms)))

    async def disconnect_sockets(self, close: bool = False) -> None:
        """Disconnect them from the namespace; with `close` end their sessions."""
        await self._sio.manager.disconnect_sockets(self._whom, as_close(close))


def seconds_of(given: Any) -> float:
    """A timeout as the operators' methods take it. `ValueError` unless it is above 0."""
    is_number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not (is_number and 0 < given < math.inf):
        raise ValueError(f"a timeout is a number of seconds above 0, not {given!r}")
    return float(given)


class Operators:
    """The methods that choose clients, of a server and of a class-based namespace."""

    def _operator(self) -> BroadcastOperator:
        raise NotImplementedError

    def to(self, *rooms: Any) -> BroadcastOperator:
        """The members of these rooms, each once: see `BroadcastOperator`."""
        return self._operator().to(*rooms)

    def in_(self, *rooms: Any) -> BroadcastOperator:
        """`to`."""
        return self._operator().to(*rooms)

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """All but the members of these rooms."""
        return self._operator().except_(*rooms)

    @property
    def local(self) -> BroadcastOperator:
        """The clients of this server alone."""
        return self._operator().local

    @property
    def volatile(self) -> BroadcastOperator:
        """The clients that have read what they were sent."""
        return self._operator().volatile

    def compress(self, compress: bool) -> BroadcastOperator:
        """Everybody, with what they are sent compressed or not."""
        return self._operator().compress(compress)

    def timeout(self, seconds: float) -> BroadcastOperator:
        """Everybody, for `emit_with_ack` within so many seconds."""
        return self._operator().timeout(seconds)

    # --- all clients ---

    async def emit_with_ack(self, event: str, *args: Any) -> dict[str, Any]:
        """Ask all clients of the namespace: see `BroadcastOperator.emit_with_ack`."""
        return await self._operator().emit_with_ack(event, *args)

    async def all_sockets(self) -> set[str]:
        """The sids of all clients of the namespace."""
        return await self._operator().all_sockets()

    async def fetch_sockets(self) -> list[RemoteSocket]:
        """All clients of the namespace: see `BroadcastOperator.fetch_sockets`."""
        return await self._operator().fetch_sockets()

    async def sockets_join(self, *rooms: Any) -> None:
        """Put all clients of the namespace into rooms."""
        await self._operator().sockets_join(*rooms)

    async def sockets_leave(self, *rooms: Any) -> None:
        """Take all clients of the namespace out of rooms."""
        await self._operator().sockets_leave(*rooms)

    async def disconnect_sockets(self, close: bool = False) -> None:
        """Disconnect all clients of the namespace; with `close` end their sessions."""
        await self._operator().disconnect_sockets(close)

    # --- other servers ---

    async def server_side_emit(self, event: str, *args: Any) -> None:
        """Call the handlers of all other servers for this event: see `on_server_event`.

        `TypeError` for an argument that cannot be sent, `ValueError` for a reserved name.
        """
        check_server_event(event)
        chosen = self._operator()
        await chosen._sio.manager.server_side_emit(chosen._whom.namespace, event, args)

    async def server_side_emit_with_ack(
        self, event: str, *args: Any, timeout: float | None = None
    ) -> list[Any]:
        """The same, and wait for what they return: a list, in no order.

        `timeout` in seconds is that of the client manager's `requests_timeout`. Raises
        `exceptions.ServersTimeoutError` when it is over and `exceptions.ServersError` for handlers
        that have raised, both with the `answers` that came.
        """
        check_server_event(event)
        if timeout is not None:
            timeout = as_timeout(timeout, "timeout")
        chosen = self._operator()
        return await chosen._sio.manager.server_side_emit_with_ack(
            chosen._whom.namespace, event, args, timeout
        )

"""Clients of all servers, chosen step by step by a process that has none itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from .broadcast_operator import check_emitted
from .cluster_wire import cluster_message, packed, whom_message
from .pubsub_wire import Message, broadcast_message
from .selection import Selection, as_close, chosen_rooms, rooms_of
from .server_cluster import check_server_event

R = TypeVar("R")


class EmitterOperator(Generic[R]):
    """As `BroadcastOperator`, but that nobody is listed and nobody answers.

    Each method at the end returns what `Emitter.emit` does. The servers of python-socketio only
    emit: they are not told of rooms that are left out, and move and disconnect nobody.
    """

    __slots__ = ("_host_id", "_publish", "_whom")

    def __init__(self, publish: Callable[[Message], R], host_id: str, whom: Selection) -> None:
        self._publish = publish
        self._host_id = host_id
        self._whom = whom

    def to(self, *rooms: Any) -> EmitterOperator[R]:
        """The members of these rooms too. `ValueError` for none, for None and for an empty name."""
        return self._with(rooms=(*self._whom.rooms, *chosen_rooms(rooms)))

    in_ = to

    def except_(self, *rooms: Any) -> EmitterOperator[R]:
        """Not the members of these rooms, nor the clients of these sids."""
        return self._with(except_rooms=(*self._whom.except_rooms, *rooms_of(rooms)))

    @property
    def volatile(self) -> EmitterOperator[R]:
        """Not clients whose connection has no room at the moment."""
        return self._with(volatile=True)

    def compress(self, compress: bool) -> EmitterOperator[R]:
        """With False the event is sent as it is, also where a server's options compress it."""
        if not isinstance(compress, bool):
            raise TypeError(f"compress() takes True or False, not {compress!r}")
        return self._with(compress=compress)

    def _with(self, **changed: Any) -> EmitterOperator[R]:
        return EmitterOperator(self._publish, self._host_id, replace(self._whom, **changed))

    def emit(self, event: str, *args: Any) -> R:
        """Send them an event; its arguments stand one by one."""
        check_emitted(event)
        return self._publish(broadcast_message(self._whom, event, args, self._host_id))

    def sockets_join(self, *rooms: Any) -> R:
        """Put them into these rooms."""
        return self._tell("join", into=list(rooms_of(rooms)))

    def sockets_leave(self, *rooms: Any) -> R:
        """Take them out of these rooms."""
        return self._tell("leave", into=list(rooms_of(rooms)))

    def disconnect_sockets(self, close: bool = False) -> R:
        """Disconnect them from the namespace; with `close` end their sessions."""
        return self._tell("disconnect", close=as_close(close))

    def server_side_emit(self, event: str, *args: Any) -> R:
        """Call the servers' handlers for this event: see `AsyncServer.on_server_event`."""
        check_server_event(event)
        about = {"nsp": self._whom.namespace, "event": event, "args": packed(list(args))}
        return self._publish(cluster_message(self._host_id, "event", **about))

    def _tell(self, kind: str, **about: Any) -> R:
        whom = whom_message(self._whom)
        return self._publish(cluster_message(self._host_id, kind, **whom, **about))

"""Who is where: rooms and participants under python-socketio's names."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from . import _core
from .acks import AckTable
from .core import Core
from .rooms import RoomNames
from .types import AckCallback, Data, Room, Rooms, as_sid

if TYPE_CHECKING:
    from .async_server import AsyncServer


class AsyncManager:
    """The clients of one server, kept by its engine.

    The methods are safe from any thread; the coroutines never wait.
    """

    server: AsyncServer  # both set by the server that it is given to
    logger: Any = None
    _core: Core
    _acks: AckTable

    def __init__(self) -> None:
        self._names = RoomNames(self._keys_in_use)

    def set_server(self, server: AsyncServer) -> None:
        """Called by the server that this manager is given to."""
        if getattr(self, "server", server) is not server:
            raise ValueError("this client manager serves another server: give each its own")
        self.server = server

    def _bind(self, core: Core, acks: AckTable) -> None:
        self._core = core
        self._acks = acks

    def initialize(self) -> None:
        """Nothing to do before the first client; may be called any number of times."""

    # --- questions ---

    @property
    def rooms(self) -> Mapping[str, Mapping[Room, Mapping[str, str]]]:
        """Live, read only: `rooms[namespace][room]` maps sids to Engine.IO sids.

        The room None is everybody. A namespace or room without a member does not exist.
        """
        return NamespacesView(self)

    def get_namespaces(self) -> list[str]:
        """The namespaces that a client is in."""
        return self._core.engine.namespaces()

    def get_participants(self, namespace: str, room: Rooms) -> Iterator[tuple[str, str]]:
        """(sid, Engine.IO sid) of the members of a room, of any of a list, or (None) of all."""
        keys = self._keys(room)
        if keys is None or keys:
            yield from self._core.engine.participants(namespace, keys)

    def get_rooms(self, sid: str, namespace: str) -> list[Room]:
        """The rooms of a client, its own among them; none for an unknown sid."""
        return [self._names.name(key) for key in self._core.engine.rooms(as_sid(sid), namespace)]

    def is_connected(self, sid: str, namespace: str) -> bool:
        """False also for a client that is about to connect or to leave."""
        return self._core.engine.is_connected(as_sid(sid), namespace)

    async def can_disconnect(self, sid: str, namespace: str) -> bool:
        return self.is_connected(sid, namespace)

    def is_sid_room(self, namespace: str, room: Room) -> bool:
        """Is it the own room of a client?"""
        return isinstance(room, str) and self.eio_sid_from_sid(room, namespace) is not None

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        return self._core.engine.sid(eio_sid, namespace)

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        return self._core.engine.eio_sid(as_sid(sid), namespace)

    # --- commands ---

    async def emit(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        callback: AckCallback | None = None,
        to: Rooms = None,
        **kwargs: Any,
    ) -> None:
        """As `AsyncServer.emit`."""
        self.emit_nowait(event, data, namespace, to or room, skip_sid, callback)

    def emit_nowait(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        callback: AckCallback | None = None,
    ) -> None:
        """Encode and post. `TypeError` for data that JSON cannot carry."""
        if not isinstance(event, str):
            raise TypeError(f"the name of an event must be a str, not {event!r}")
        if not self._core.started:  # nobody to send to, and nobody to answer a callback
            return
        token = self._acks.expect(callback) if callback is not None else 0
        try:
            self.emit_token(event, data, namespace, room, skip_sid, token)
        except BaseException:
            self._acks.forget(token)
            raise

    def emit_token(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms,
        skip_sid: str | Iterable[str] | None,
        token: int,
    ) -> None:
        """Emit; the acks come under `token`."""
        keys = self._keys(room)
        if keys is not None and not keys:
            self._acks.done(token)
            return
        self._core.engine.emit(event, data, namespace, keys, _sids(skip_sid), token)

    async def enter_room(
        self, sid: str, namespace: str, room: Room, eio_sid: str | None = None
    ) -> None:
        """As `AsyncServer.enter_room`."""
        self.enter_room_nowait(sid, namespace, room)

    def enter_room_nowait(self, sid: str, namespace: str, room: Room) -> None:
        engine, sid = self._core.engine, as_sid(sid)
        if room is None:  # everybody's room, where each client is
            result = _core.ROOM_OK if engine.eio_sid(sid, namespace) else _core.ROOM_UNKNOWN_SID
        else:
            result = self._names.enter(room, lambda key: engine.enter_room(sid, namespace, key))
        if result == _core.ROOM_UNKNOWN_NAMESPACE:
            raise ValueError("sid is not connected to requested namespace")
        if result == _core.ROOM_UNKNOWN_SID:
            raise KeyError(f"sid {sid!r} is not connected to namespace {namespace!r}")
        if result == _core.ROOM_IS_SID:
            raise ValueError("cannot enter a sid room")
        if result == _core.ROOM_LIMIT:
            raise ValueError("the room's name is too long, or the client is in too many rooms")

    async def leave_room(self, sid: str, namespace: str, room: Room) -> None:
        """As `AsyncServer.leave_room`."""
        self.leave_room_nowait(sid, namespace, room)

    def leave_room_nowait(self, sid: str, namespace: str, room: Room) -> None:
        key = self._names.find(room)
        if key is not None:
            self._core.engine.leave_room(as_sid(sid), namespace, key)

    async def close_room(self, room: Room, namespace: str) -> None:
        """As `AsyncServer.close_room`."""
        self.close_room_nowait(room, namespace)

    def close_room_nowait(self, room: Room, namespace: str) -> None:
        if room is None:
            raise ValueError("cannot close the room None, which everybody is in")
        key = self._names.find(room)
        if key is None:
            return
        if self._core.engine.close_room(key, namespace) == _core.ROOM_IS_SID:
            raise ValueError("cannot close a sid room")

    async def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """As `AsyncServer.disconnect`, but does not wait for the disconnect handler."""
        self._core.engine.disconnect(as_sid(sid), namespace)

    # --- names ---

    def _keys(self, room: Rooms) -> list[str] | None:
        """The engine's names of the rooms that somebody can be in; None for everybody."""
        if room is None:
            return None
        rooms = room if isinstance(room, (list, tuple, set, frozenset)) else (room,)
        return [key for each in rooms if (key := self._names.find(each)) is not None]

    def _keys_in_use(self) -> set[str]:
        engine = self._core.engine
        return set(itertools.chain.from_iterable(map(engine.room_names, engine.namespaces())))


class NamespacesView(Mapping[str, Mapping[Room, Mapping[str, str]]]):
    """`AsyncManager.rooms`."""

    def __init__(self, manager: AsyncManager) -> None:
        self._manager = manager

    def __getitem__(self, namespace: str) -> Mapping[Room, Mapping[str, str]]:
        if namespace not in self._manager.get_namespaces():
            raise KeyError(namespace)
        return RoomsView(self._manager, namespace)

    def __iter__(self) -> Iterator[str]:
        return iter(self._manager.get_namespaces())

    def __len__(self) -> int:
        return len(self._manager.get_namespaces())


class RoomsView(Mapping[Room, Mapping[str, str]]):
    """The rooms of one namespace. The members of a room are as they were when it was asked for."""

    def __init__(self, manager: AsyncManager, namespace: str) -> None:
        self._manager = manager
        self._namespace = namespace

    def __getitem__(self, room: Room) -> Mapping[str, str]:
        key = [room] if room is not None else None  # a tuple is one room here, not a list
        members = dict(self._manager.get_participants(self._namespace, key))
        if not members:
            raise KeyError(room)
        return MappingProxyType(members)

    def __iter__(self) -> Iterator[Room]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> list[Room]:
        keys = self._manager._core.engine.room_names(self._namespace)
        return [None, *map(self._manager._names.name, keys)] if keys else []


def _sids(skip_sid: str | Iterable[str] | None) -> list[str]:
    if skip_sid is None:
        return []
    if isinstance(skip_sid, Iterable) and not isinstance(skip_sid, str):
        return [as_sid(sid) for sid in skip_sid]
    return [as_sid(skip_sid)]

"""`manager.rooms`: python-socketio's nested dictionaries, read only, answered by the engine.

`rooms[namespace][room]` maps sids to Engine.IO sids; the room None is everybody. Each look asks the
engine, and costs no more than the question: a membership or a length copies no members. A
namespace or room without a member does not exist.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING

from .types import Room

if TYPE_CHECKING:
    from .base_manager import BaseManager


class NamespacesView(Mapping[str, "RoomsView"]):
    """The namespaces that a client is in."""

    def __init__(self, manager: BaseManager) -> None:
        self._manager = manager

    def __getitem__(self, namespace: str) -> RoomsView:
        if namespace not in self._manager._engine.namespaces():
            raise KeyError(namespace)
        return RoomsView(self._manager, namespace)

    def __iter__(self) -> Iterator[str]:
        return iter(self._manager._engine.namespaces())

    def __len__(self) -> int:
        return len(self._manager._engine.namespaces())

    def __repr__(self) -> str:
        return repr({namespace: rooms.copy() for namespace, rooms in self.items()})


class RoomsView(Mapping[Room, "MembersView"]):
    """The rooms of one namespace."""

    def __init__(self, manager: BaseManager, namespace: str) -> None:
        self._manager = manager
        self._namespace = namespace

    def __getitem__(self, room: Room) -> MembersView:
        members = self._members(room)
        if not members:
            raise KeyError(room)
        return members

    def __iter__(self) -> Iterator[Room]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self.copy())

    def items(self) -> ItemsView[Room, MembersView]:
        """All rooms at once, without a question for each."""
        return self.copy().items()

    def values(self) -> ValuesView[MembersView]:
        return self.copy().values()

    def copy(self) -> dict[Room, MembersView]:
        """The rooms as they are now; who is in them stays live."""
        return {room: self._members(room) for room in self._all()}

    def _members(self, room: Room) -> MembersView:
        key = None if room is None else self._manager._names.find(room)
        if room is not None and key is None:
            raise KeyError(room)
        return MembersView(self._manager, self._namespace, key)

    def _all(self) -> list[Room]:
        keys = self._manager._engine.room_names(self._namespace)
        return [None, *map(self._manager._names.name, keys)] if keys else []


class MembersView(Mapping[str, str]):
    """The members of one room: sid to Engine.IO sid."""

    def __init__(self, manager: BaseManager, namespace: str, key: str | None) -> None:
        """`key`: the engine's name of the room; None is everybody."""
        self._manager = manager
        self._namespace = namespace
        self._key = key

    def __contains__(self, sid: object) -> bool:
        engine = self._manager._engine
        if not isinstance(sid, str):
            return False
        if self._key is None:
            return engine.eio_sid(sid, self._namespace) is not None
        return engine.in_room(sid, self._namespace, self._key)

    def __getitem__(self, sid: str) -> str:
        eio_sid = None
        if self._key is None or sid in self:
            eio_sid = self._manager.eio_sid_from_sid(sid, self._namespace)
        if eio_sid is None:
            raise KeyError(sid)
        return eio_sid

    def __iter__(self) -> Iterator[str]:
        return iter(self.copy())

    def __len__(self) -> int:
        return self._manager._engine.room_size(self._namespace, self._key)

    def __repr__(self) -> str:
        return repr(self.copy())

    def keys(self) -> KeysView[str]:
        return self.copy().keys()

    def items(self) -> ItemsView[str, str]:
        return self.copy().items()

    def values(self) -> ValuesView[str]:
        return self.copy().values()

    def copy(self) -> dict[str, str]:
        """The members as they are now."""
        rooms = None if self._key is None else [self._key]
        return dict(self._manager._engine.participants(self._namespace, rooms))

    @property
    def inverse(self) -> dict[str, str]:
        """Engine.IO sid to sid, as they are now."""
        return {eio_sid: sid for sid, eio_sid in self.copy().items()}

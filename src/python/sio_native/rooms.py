"""Room names: any hashable in Python, a string in the engine.

A string passes unchanged. All else becomes a string that begins with a NUL, so a string that
begins with one is escaped, but for the rooms of users, which the application cannot enter. Rooms
are equal where Python says so: `1`, `True` and `1.0` are one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from numbers import Number
from typing import Any, TypeVar

from .types import Room, Rooms

T = TypeVar("T")

MOST_ROOM_BYTES = 1_024  # as sio::config::max_room_name_bytes

_USER = "\0u"  # as sio::user_room_prefix: what is for a user goes there, and nobody sees it
_ESCAPED = "\0s"
_INTEGER = "\0i"
_OBJECT = "\0o"
_NO_ROOMS = _USER  # of the user "", whom no client can be bound to


def room_key(room: Room) -> str | None:
    """The engine's name of a string or integer room; None for another, which needs a table."""
    if isinstance(room, str):
        return _ESCAPED + room if room.startswith("\0") and not is_user_room(room) else room
    number = _as_integer(room)
    return None if number is None else f"{_INTEGER}{number}"


def as_user_id(given: object) -> str:
    """`TypeError` unless it is a str."""
    if not isinstance(given, str):
        raise TypeError(f"the id of a user must be a str, not {given!r}")
    return given


def user_room(user_id: str) -> str:
    """The room that the clients of a user are in. `TypeError` unless the id is a str."""
    return _USER + as_user_id(user_id)


def is_user_room(room: object) -> bool:
    return isinstance(room, str) and room.startswith(_USER)


def with_users(room: Rooms, users: str | Iterable[str]) -> Rooms:
    """The rooms, if any, and those of one user or of several. Not falsy, for that is everybody.

    `TypeError` for what is neither, None above all.
    """
    if not isinstance(users, Iterable):
        raise TypeError(f"to_user must be the id of a user, or several, not {users!r}")
    added = [user_room(each) for each in ([users] if isinstance(users, str) else users)]
    if room:
        added += room if isinstance(room, (list, tuple, set, frozenset)) else [room]
    return added[0] if len(added) == 1 else added or _NO_ROOMS


def room_name(key: str) -> Room | None:
    """What `room_key` was given; None for the key of an object."""
    if not key.startswith("\0"):
        return key
    if key.startswith(_ESCAPED):
        return key[len(_ESCAPED) :]
    return int(key[len(_INTEGER) :]) if key.startswith(_INTEGER) else None


def _as_integer(room: Any) -> int | None:
    if isinstance(room, int):
        return int(room)
    if not isinstance(room, Number):
        return None
    try:
        number = int(room)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):  # complex, NaN, infinity
        return None
    return number if number == room else None


class RoomNames:
    """The rooms of one server that are neither strings nor integers, numbered. Any thread.

    At `limit` those whose room has no member any more are dropped; if none can be, entering one
    more raises `ValueError`.
    """

    def __init__(self, keys_in_use: Callable[[], Collection[str]], limit: int = 10_000) -> None:
        self._keys_in_use = keys_in_use
        self._limit = limit
        self._lock = threading.RLock()
        self._keys: dict[Room, str] = {}
        self._names: dict[str, Room] = {}
        self._count = 0

    def find(self, room: Room) -> str | None:
        """The key of a room, None for one that nobody can be in."""
        key = room_key(room)
        return self._keys.get(room) if key is None else key

    def enter(self, room: Room, use: Callable[[str], T]) -> T:
        """Call `use` with the key of the room, which is made if need be."""
        if is_user_room(room):
            raise ValueError(f"the room {room!r} is a user's: bind its clients with users.bind()")
        key = room_key(room)
        if key is not None:
            return use(key)
        with self._lock:  # until the room has a member, so that no other thread sweeps it away
            return use(self._keys.get(room) or self._intern(room))

    def name(self, key: str) -> Room:
        """The user's name of a room in the engine."""
        name = room_name(key)
        return self._names.get(key, key) if name is None else name

    def _intern(self, room: Room) -> str:
        hash(room)  # TypeError for what no room can be, before anything changes
        if len(self._keys) >= self._limit:
            self._sweep()
        if len(self._keys) >= self._limit:
            raise ValueError(
                f"too many rooms that are neither str nor int: {self._limit} are in use"
            )
        self._count += 1
        key = f"{_OBJECT}{self._count}"
        self._names[key] = room
        self._keys[room] = key
        return key

    def _sweep(self) -> None:
        used = set(self._keys_in_use())
        for key, room in list(self._names.items()):
            if key not in used:
                del self._names[key]
                del self._keys[room]

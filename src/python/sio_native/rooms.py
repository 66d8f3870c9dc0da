"""Room names: any hashable in Python, a string in the engine.

A string passes unchanged. All else becomes a string that begins with a NUL, so a string that
begins with one is escaped. Rooms are equal where Python says so: `1`, `True` and `1.0` are one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from numbers import Number
from typing import Any, TypeVar

from .types import Room

T = TypeVar("T")

_ESCAPED = "\0s"
_INTEGER = "\0i"
_OBJECT = "\0o"


def room_key(room: Room) -> str | None:
    """The engine's name of a string or integer room; None for another, which needs a table."""
    if isinstance(room, str):
        return _ESCAPED + room if room.startswith("\0") else room
    number = _as_integer(room)
    return None if number is None else f"{_INTEGER}{number}"


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

"""Who an emit goes to, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .rooms import is_user_room
from .types import Room


@dataclass(frozen=True)
class Selection:
    """The union of the rooms, or the whole namespace; less the members of `except_rooms`.

    A sid names the room of one client, in both. `local`: clients of this server. `volatile`: only
    those that read what they are sent. `compress`: where the server's options have it.
    """

    namespace: str = "/"
    rooms: tuple[Room, ...] = ()
    except_rooms: tuple[Room, ...] = ()
    local: bool = False
    volatile: bool = False
    compress: bool = True

    def sids_left_out(self) -> list[str]:
        """What of `except_rooms` may be a sid, for who knows sids alone."""
        return [each for each in self.except_rooms if isinstance(each, str)]


EVERYBODY = Selection()


def rooms_of(rooms: tuple[object, ...]) -> Iterator[Room]:
    """Rooms as the operators' methods take them: each by itself, or in a list, tuple or set."""
    for each in rooms:
        if isinstance(each, (list, tuple, set, frozenset)):
            yield from rooms_of(tuple(each))
        elif each is None or each == "":
            raise ValueError(f"a room cannot be {each!r}: without a room it is everybody")
        elif is_user_room(each):
            raise ValueError("the room of a user is reached with emit(to_user=...)")
        else:
            hash(each)  # TypeError for what no room can be
            yield each


def chosen_rooms(rooms: tuple[object, ...]) -> tuple[Room, ...]:
    """`rooms_of` those who are to be chosen. `ValueError` for none, as when a list is empty."""
    found = tuple(rooms_of(rooms))
    if not found:
        raise ValueError("to() takes a room or several: without a room it is everybody")
    return found


def as_close(given: object) -> bool:
    """`TypeError` for a room, or whatever else somebody may want to disconnect."""
    if not isinstance(given, bool):
        raise TypeError(f"close must be True or False, not {given!r}")
    return given

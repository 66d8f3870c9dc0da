"""rooms.py: any hashable as a room's name."""

from __future__ import annotations

import enum
import math
import threading
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from sio_native.rooms import RoomNames, room_key, room_name


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("room", "key"),
    [
        ("lobby", "lobby"),
        ("", ""),
        ("1", "1"),
        ("\0i1", "\0s\0i1"),
        (1, "\0i1"),
        (-7, "\0i-7"),
        (10**30, f"\0i{10**30}"),
        (True, "\0i1"),
        (2.0, "\0i2"),
        (-0.0, "\0i0"),
        (Decimal("4"), "\0i4"),
        (Fraction(8, 2), "\0i4"),
        (Level.HIGH, "\0i3"),
        (Colour.RED, "red"),
    ],
)
def test_strings_and_integers_have_a_key_of_their_own(room: Any, key: str) -> None:
    assert room_key(room) == key
    assert room_name(key) == room


@pytest.mark.parametrize("room", [0.5, math.inf, math.nan, 1j, (1, "a"), b"room", frozenset({1})])
def test_other_hashables_need_the_table(room: Any) -> None:
    assert room_key(room) is None


def names(limit: int = 10, in_use: set[str] | None = None) -> RoomNames:
    return RoomNames(lambda: in_use or set(), limit)


@pytest.mark.parametrize("room", [0.5, (1, "a"), b"room", frozenset({1}), Fraction(1, 3)])
def test_an_object_comes_back_as_the_room_it_was(room: Any) -> None:
    table = names()
    key = table.enter(room, str)
    assert table.name(key) == room
    assert table.find(room) == key


def test_equal_objects_are_one_room_and_others_are_not() -> None:
    table = names()
    assert table.enter((1, 2), str) == table.enter((True, 2.0), str)
    assert table.enter((1, 2), str) != table.enter((1, 3), str)


def test_a_string_can_never_be_taken_for_a_number_or_an_object() -> None:
    table = names()
    key = table.enter((1, 2), str)
    assert table.find(key) != key
    assert table.name(table.enter(key, str)) == key


def test_looking_for_a_room_that_nobody_entered_fills_no_table() -> None:
    table = names(limit=1)
    assert table.find((1, 2)) is None
    assert table.enter((3, 4), table.name) == (3, 4)


def test_at_the_limit_rooms_without_members_make_way() -> None:
    in_use: set[str] = set()
    table = names(2, in_use)
    in_use.add(table.enter(("kept",), str))
    table.enter(("empty",), str)
    table.enter(("new",), str)
    assert table.find(("kept",)) is not None
    assert table.find(("empty",)) is None


def test_at_the_limit_one_more_raises_when_all_are_in_use() -> None:
    in_use: set[str] = set()
    table = names(2, in_use)
    in_use |= {table.enter((each,), str) for each in range(2)}
    with pytest.raises(ValueError, match="2 are in use"):
        table.enter(("one more",), str)
    assert table.find((0,)) in in_use
    assert table.enter("strings have no limit", str)


def test_a_room_that_is_being_entered_is_not_swept_away() -> None:
    # Thread 2 fills the table while thread 1 has its key and is not yet a member.
    in_use: set[str] = set()
    table = names(1, in_use)
    entering, others_tried = threading.Event(), threading.Event()

    def enter(key: str) -> None:
        entering.set()
        assert not others_tried.wait(0.05)  # held off by the lock
        in_use.add(key)

    def other() -> None:
        entering.wait()
        with pytest.raises(ValueError, match="1 are in use"):
            table.enter(("second",), str)
        others_tried.set()

    second = threading.Thread(target=other)
    second.start()
    table.enter(("first",), enter)
    second.join()
    assert others_tried.is_set()
    assert table.find(("first",)) in in_use


def test_what_is_not_hashable_is_no_room() -> None:
    with pytest.raises(TypeError):
        names().enter(["a"], str)
    with pytest.raises(TypeError):
        names().find({"a": 1})

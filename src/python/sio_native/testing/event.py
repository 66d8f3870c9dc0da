"""An event that the server has emitted, as tests compare and print it."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any, NamedTuple

_REPR = reprlib.Repr()
_REPR.maxlevel = 4
_REPR.maxdict = _REPR.maxlist = _REPR.maxtuple = 20
_REPR.maxstring = _REPR.maxother = 200


class Event(NamedTuple):
    """Equal to the tuple `(name, args)`."""

    name: str
    args: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(_REPR.repr, self.args))})"


def lines(events: Iterable[Event]) -> str:
    """Each on a line of its own, behind a line that has just ended."""
    return "".join(f"\n    {event}" for event in events)


def as_arguments(data: Any) -> list[Any]:
    """What an event's or an ack's data stands for: a tuple for several, None for none."""
    if data is None:
        return []
    return list(data) if isinstance(data, tuple) else [data]


def as_data(arguments: Iterable[Any]) -> Any:
    """The other way round: None, the one argument, or a tuple."""
    several = tuple(arguments)
    return several if len(several) > 1 else several[0] if several else None

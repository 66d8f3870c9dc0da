"""What our servers ask and tell each other; python-socketio's let it pass.

{"method": "cluster", "from": host_id, "kind"}, and by kind

    hello       {}                      to itself: does it hear the channel?
    beat        {"new": bool}           alive; now and then, and at once to whoever is new
    bye         {}                      it ends
    join, leave {whom, "into": [room, ...]}
    disconnect  {whom, "close": bool}
    event       {"nsp", "event", "args"}                what `server_side_emit` sends
    ask         {"id", "what"} and      to be answered by everybody else:
                "sids", "sockets"       {whom}
                "acks"                  {whom, "event", "args", "timeout"}
                "event"                 {"nsp", "event", "args"}
    answer      {"to", "id", "part": [...], "last": bool, "error": str | null}
    end         {"id"}                  nobody waits for the answers any more

`whom` is {"nsp", "rooms", "except", "volatile", "compress"}. What may have bytes in it is packed: a
list of the value with placeholders, and the bytes in base64.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from .handshake import Handshake
from .json_codec import with_bytes, without_bytes
from .pubsub_wire import Message
from .selection import Selection
from .types import Data, Room, Session, as_namespace

METHOD: Final = "cluster"

Found = tuple[str, Handshake, set[Room], Session]  # as `Adapter.fetch_sockets` finds it


def cluster_message(host_id: str, kind: str, **about: Any) -> Message:
    return {"method": METHOD, "from": host_id, "kind": kind, **about}


def whom_message(whom: Selection) -> Message:
    return {
        "nsp": whom.namespace,
        "rooms": list(whom.rooms),
        "except": list(whom.except_rooms),
        "volatile": whom.volatile,
        "compress": whom.compress,
    }


def whom_of(message: Message) -> Selection:
    """Those of them who are here."""
    return Selection(
        as_namespace(message["nsp"]),
        rooms_from(message["rooms"]),
        rooms_from(message["except"]),
        local=True,
        volatile=message["volatile"] is True,
        compress=message["compress"] is not False,
    )


def rooms_from(given: Any) -> tuple[Room, ...]:
    """Names of rooms. `ValueError` and `TypeError` for what is none."""
    if not isinstance(given, list):
        raise TypeError(f"rooms are a list, not {given!r}")
    return tuple(map(_room, given))


def _room(given: Any) -> Room:
    if isinstance(given, list):  # JSON has no tuples
        return tuple(map(_room, given))
    if given is None or given == "":
        raise ValueError(f"a room cannot be {given!r}")
    room: Room = given
    hash(room)
    return room


def event_of(message: Message) -> tuple[str, tuple[Any, ...]]:
    """Its name and its arguments."""
    event, args = message["event"], unpacked(message["args"])
    if not isinstance(event, str) or not isinstance(args, list):
        raise TypeError(f"an event has a name and a list of arguments, not {event!r} and {args!r}")
    return event, tuple(args)


def packed(value: Any) -> list[Any]:
    attachments: list[bytes] = []
    placed = without_bytes(value, attachments)
    return [placed, *(base64.b64encode(each).decode() for each in attachments)]


def unpacked(given: Any) -> Any:
    placed, *attachments = given
    return with_bytes(placed, [base64.b64decode(each) for each in attachments])


def packed_answer(value: Data) -> list[Any]:
    """What a client has answered, as `AckTable` gives it."""
    return packed(list(value) if isinstance(value, tuple) else [] if value is None else [value])


def unpacked_answer(given: Any) -> Data:
    values = unpacked(given)
    if not isinstance(values, list):
        raise TypeError(f"an answer is a list, not {values!r}")
    return values[0] if len(values) == 1 else tuple(values) or None


def packed_socket(found: Found, dumps: Callable[[Any], Any]) -> list[Any]:
    """What JSON cannot carry of its session and of its rooms is left out."""
    sid, handshake, rooms, session = found
    data, names = packed(session), list(rooms)
    if not _carries(dumps, [data, names]):
        kept = {key: each for key, each in session.items() if _carries(dumps, {key: packed(each)})}
        data = packed(kept)
        names = [each for each in rooms if _carries(dumps, each)]
    return [sid, packed(asdict(handshake)), names, data]


def unpacked_socket(given: Any) -> Found:
    sid, handshake, names, data = given
    session = unpacked(data)
    if not isinstance(sid, str) or not isinstance(session, dict):
        raise TypeError("a socket has a sid and a session")
    return sid, Handshake(**unpacked(handshake)), set(rooms_from(names)), session


def _carries(dumps: Callable[[Any], Any], value: Any) -> bool:
    try:
        dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True

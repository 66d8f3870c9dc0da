"""Messages between servers: python-socketio's dictionaries, which travel as JSON.

    {"method": "emit", "event", "data": [argument, ...], "binary": bool, "namespace",
     "room": room | [room, ...] | null, "skip_sid": sid | [sid, ...] | null,
     "callback": [room, namespace, id] | null, "host_id"}

Ours may have `"except": [room, ...]`, whose members are left out, `"volatile": true` and
`"compress": false`.

Of a binary emit `data` is `[arguments, base64, ...]`, with placeholders in the arguments. Up to
python-socketio 5.14 `data` may be the only argument by itself, and there is no `binary`.
"""

from __future__ import annotations

import base64
from typing import Any

from .json_codec import with_bytes, without_bytes
from .selection import Selection
from .types import Data, Rooms, as_namespace

Message = dict[str, Any]


def emit_message(
    event: str,
    data: Data,
    namespace: str,
    room: Rooms,
    skip_sid: Any,
    callback: tuple[Any, str, int] | None,
    host_id: str,
) -> Message:
    """The message that lets other servers emit."""
    arguments = list(data) if isinstance(data, tuple) else [data]
    attachments: list[bytes] = []
    placed = without_bytes(arguments, attachments)
    return {
        "method": "emit",
        "event": event,
        "data": [placed, *map(_base64, attachments)] if attachments else arguments,
        "binary": bool(attachments),
        "namespace": namespace,
        "room": _listed(room),
        "skip_sid": _listed(skip_sid),
        "callback": callback,
        "host_id": host_id,
    }


def broadcast_message(whom: Selection, event: str, args: tuple[Any, ...], host_id: str) -> Message:
    """The same for those who are selected. python-socketio's servers know sids to skip, and no
    rooms."""
    rooms = list(whom.rooms) or None
    message = emit_message(event, args, whom.namespace, rooms, whom.sids_left_out(), None, host_id)
    message |= {"except": list(whom.except_rooms), "volatile": whom.volatile}
    return message if whom.compress else message | {"compress": False}


def emit_data(message: Message) -> Data:
    """`data` as `emit` takes it, of a message that may have come from anywhere."""
    data = message["data"]
    if message.get("binary"):
        data = with_bytes(data[0], [base64.b64decode(each) for each in data[1:]])
    if isinstance(data, list):
        return data[0] if len(data) == 1 else tuple(data)
    return data


def emit_args(message: Message) -> tuple[Any, ...]:
    """The arguments of an emit, one by one."""
    data = emit_data(message)
    return data if isinstance(data, tuple) else (data,)


def is_chosen(message: Message) -> bool:
    """Whether an emit says more than python-socketio's do about who it goes to, and how."""
    plain = not message.get("except") and not message.get("volatile")
    return not plain or message.get("compress") is False


def selection_of(message: Message) -> Selection:
    """Who such an emit goes to."""
    room = message.get("room")
    rooms = room if isinstance(room, list) else [] if room is None else [room]
    return Selection(
        as_namespace(message.get("namespace")),
        tuple(rooms),
        tuple(message.get("except") or ()),
        volatile=bool(message.get("volatile")),
        compress=message.get("compress") is not False,
    )


def _listed(names: Any) -> Any:
    """JSON has no sets."""
    return list(names) if isinstance(names, (set, frozenset, tuple)) else names


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()

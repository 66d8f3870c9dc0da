"""Socket.IO v5 packets as a client writes and reads them."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from ..json_codec import codec_of

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)
_BINARY = BINARY_EVENT - EVENT  # added where there are attachments

_CODEC = codec_of(json)
_HEAD = re.compile(r"([0-6])(?:(\d+)-)?(?:(/[^,]*)(?:,|$))?(\d+)?")


class Packet(NamedTuple):
    """`kind` is never one of the binary two: that is how packets are written."""

    kind: int
    namespace: str
    data: Any = None
    id: int | None = None


def encode(packet: Packet) -> list[str | bytes]:
    """The packet's text, and behind it its attachments."""
    kind, namespace, data, ack_id = packet
    text, attachments = ("", []) if data is None else _CODEC.dumps(data)
    head = f"{kind + _BINARY}{len(attachments)}-" if attachments else f"{kind}"
    if namespace != "/":
        head += namespace + ","
    if ack_id is not None:
        head += str(ack_id)
    return [head + (text if isinstance(text, str) else text.decode()), *attachments]


class Reader:
    """Puts packets together. `ValueError` for what is none."""

    def __init__(self) -> None:
        self._waiting: tuple[Packet, int] | None = None  # whose data is still text; attachments
        self._attachments: list[bytes] = []

    def read(self, message: str | bytes) -> Packet | None:
        """The packet that this message completes, if it does."""
        if isinstance(message, str):
            if self._waiting is not None:
                raise ValueError(f"an attachment was to come, not {message!r}")
            self._waiting = self._head(message)
        elif self._waiting is None:
            raise ValueError("an attachment without its packet")
        else:
            self._attachments.append(message)
        packet, count = self._waiting
        if len(self._attachments) < count:
            return None
        attachments, self._attachments = self._attachments, []
        self._waiting = None
        if not packet.data:
            return packet._replace(data=None)
        return packet._replace(data=_CODEC.loads(packet.data, attachments))

    def _head(self, text: str) -> tuple[Packet, int]:
        found = _HEAD.match(text)
        if found is None:
            raise ValueError(f"not a Socket.IO packet: {text!r}")
        kind, count, namespace, ack_id = found.groups()
        number = int(kind)
        if number in (BINARY_EVENT, BINARY_ACK):
            number -= _BINARY
        packet = Packet(
            number, namespace or "/", text[found.end() :], None if ack_id is None else int(ack_id)
        )
        return packet, int(count or 0)

"""Packets as a client writes and reads them, by the class that its application uses."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..packet import BINARY_ACK, BINARY_EVENT, EVENT
from ..packet import Packet as Codec

_BINARY = BINARY_EVENT - EVENT  # added where there are attachments


class Packet(NamedTuple):
    """`kind` is never one of the binary two: that is how packets are written."""

    kind: int
    namespace: str
    data: Any = None
    id: int | None = None


def codec(serializer: str | type[Codec]) -> type[Codec]:
    """The class for what an `AsyncServer` has as `serializer`."""
    if serializer == "default":
        return Codec
    if serializer == "msgpack":
        from ..msgpack_packet import MsgPackPacket

        return MsgPackPacket
    if isinstance(serializer, str):
        raise ValueError(f'serializer is "default", "msgpack" or a class, not {serializer!r}')
    return serializer


def encode(packet: Packet, by: type[Codec]) -> list[str | bytes]:
    """The messages to send: texts without the type that Engine.IO puts in front, and bytes."""
    kind, namespace, data, number = packet
    encoded = by(kind, data, namespace, number).encode()
    return encoded if isinstance(encoded, list) else [encoded]


class Reader:
    """Puts packets together. `ValueError` for what is none."""

    def __init__(self, by: type[Codec]) -> None:
        self._by = by
        self._waiting: Codec | None = None  # for attachments

    def read(self, message: str | bytes) -> Packet | None:
        """The packet that this message completes, if it does."""
        packet = self._waiting
        if packet is None:
            packet = self._by(encoded_packet=message)
            if packet.attachment_count > 0:
                self._waiting = packet
                return None
        elif isinstance(message, str):
            raise ValueError(f"an attachment was to come, not {message!r}")
        elif not packet.add_attachment(message):
            return None
        self._waiting = None
        kind = packet.packet_type
        if kind in (BINARY_EVENT, BINARY_ACK):
            kind -= _BINARY
        return Packet(kind, packet.namespace or "/", packet.data, packet.id)

"""A packet in msgpack: `AsyncServer(serializer="msgpack")`, or a subclass in its place."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any, cast

from . import packet

try:
    import msgpack
except ImportError:  # the hooks can be configured without it
    msgpack = None

ExtType = msgpack.ExtType if msgpack else namedtuple("ExtType", "code data")


class MsgPackPacket(packet.Packet):
    """A packet that is one binary message, bytes in the data included.

    `dumps_default` and `ext_hook` are those of the msgpack package, without which `encode` and
    `decode` raise `ImportError`.
    """

    uses_binary_events = False
    dumps_default: Callable[[Any], Any] | None = None
    ext_hook: Callable[[int, bytes], Any] = ExtType

    @classmethod
    def configure(
        cls,
        dumps_default: Callable[[Any], Any] | None = None,
        ext_hook: Callable[[int, bytes], Any] = ExtType,
    ) -> type[MsgPackPacket]:
        """A class for objects that msgpack does not know, to be given as `serializer`.

        `dumps_default` is called for each of them, and returns what can be written in its place, a
        `msgpack.ExtType` for one. `ext_hook` is called with the code and the data of each ExtType
        that is read, and returns the object.
        """
        options = {"dumps_default": dumps_default, "ext_hook": ext_hook}
        return cast("type[MsgPackPacket]", type("CustomMsgPackPacket", (cls,), options))

    def encode(self) -> bytes:
        """The message to send. `TypeError` for data that cannot be written."""
        encoded: bytes = _msgpack().dumps(self._to_dict(), default=type(self).dumps_default)
        return encoded

    def decode(self, encoded_packet: Any) -> None:
        """Take everything from a message. There are no attachments."""
        decoded = _msgpack().loads(encoded_packet, ext_hook=type(self).ext_hook)
        self.packet_type = decoded["type"]
        self.data = decoded.get("data")
        self.id = decoded.get("id")
        self.namespace = decoded["nsp"]


def _msgpack() -> Any:
    if msgpack is None:
        raise ImportError(
            "MsgPackPacket needs the msgpack package: pip install sio-native[msgpack]",
            name="msgpack",
        )
    return msgpack

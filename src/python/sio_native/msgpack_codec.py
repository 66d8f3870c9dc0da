"""The msgpack package between the engine and the application, for the serializer of that name."""

from __future__ import annotations

from typing import Any

from .json_codec import Codec

try:
    import msgpack
except ImportError as error:
    raise ImportError(
        "the msgpack serializer needs the msgpack package: pip install sio-native[msgpack]",
        name="msgpack",
    ) from error


def msgpack_codec(packet_class: Any) -> Codec:
    """Packs and unpacks as python-socketio's MsgPackPacket, with the hooks of `packet_class`."""
    pack, unpack = msgpack.packb, msgpack.unpackb
    default, ext_hook = packet_class.dumps_default, packet_class.ext_hook

    def dumps(value: Any) -> tuple[bytes, list[bytes]]:
        return pack(value, default=default), []

    def loads(data: bytes, attachments: list[bytes]) -> Any:
        return unpack(data, ext_hook=ext_hook)

    return Codec(dumps, loads, binary=True)

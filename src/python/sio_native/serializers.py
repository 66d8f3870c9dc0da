"""`serializer=` and `json=`: which packets a server speaks, and who reads and writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from . import _core
from .json_codec import Codec, is_standard, json_codec
from .packet import Packet
from .packet_engine import PacketEngine

Format: TypeAlias = Literal["json", "msgpack", "custom"]

# What a Packet class is made of. One that overrides none of it has its packets read and written by
# the engine, which asks its hooks where they count: `uses_binary_events`, `reconstruct_binary` and
# `json`, or `dumps_default` and `ext_hook`.
_WIRE = {
    "__init__",
    "__new__",
    "encode",
    "decode",
    "add_attachment",
    "deconstruct_binary",
    "data_is_binary",
    "_deconstruct_binary_internal",
    "_reconstruct_binary_internal",
    "_to_dict",
}

# Ours, and those of an installed python-socketio.
_KNOWN: dict[tuple[str, str], Format] = {
    ("packet", "Packet"): "json",
    ("msgpack_packet", "MsgPackPacket"): "msgpack",
}
_PACKAGES = ("sio_native", "socketio")


@dataclass(frozen=True)
class Serializer:
    """What `serializer` and `json` have come to for one server."""

    packet_class: type[Any]
    packet_format: Format
    codec: Codec  # of arguments; unused by custom packets

    def make_engine(self, options: dict[str, Any]) -> _core.Engine:
        """An engine with these options that speaks it."""
        options = {**options, "packet_format": self.packet_format}
        if self.packet_format == "custom":
            return PacketEngine(options, self.packet_class)
        engine = _core.Engine(options)
        engine.use_codec(**self.codec._asdict())
        return engine


def find_serializer(serializer: Any = "default", json: Any = None) -> Serializer:
    """What `AsyncServer(serializer=, json=)` mean.

    `serializer` is "default", "msgpack" or a Packet class: `TypeError` for anything else, which
    python-socketio takes and fails on when it sends its first packet. `ImportError` when msgpack is
    not installed, `ValueError` for a json module of another kind.
    """
    packet_class = _packet_class(serializer)
    if json is not None:
        # python-socketio sets it on the class itself, and so for every server of the process.
        names = {
            "json": json,
            "__module__": packet_class.__module__,
            "__qualname__": packet_class.__qualname__,
        }
        packet_class = type(packet_class.__name__, (packet_class,), names)
    packet_format = _format_of(packet_class)
    return Serializer(packet_class, packet_format, _codec(packet_class, packet_format))


def _packet_class(serializer: Any) -> type[Any]:
    if isinstance(serializer, type):
        return serializer
    if serializer == "default":
        return Packet
    if serializer == "msgpack":
        from .msgpack_packet import MsgPackPacket  # imports msgpack

        return MsgPackPacket
    raise TypeError(
        f'serializer must be "default", "msgpack" or a Packet class, not {serializer!r}'
    )


def _format_of(packet_class: type[Any]) -> Format:
    """That of the first known class that it derives from, if it overrides nothing of the wire."""
    for each in packet_class.__mro__:
        packet_format = _known_format(each)
        if packet_format is not None:
            if packet_format == "msgpack" and packet_class.uses_binary_events:
                return "custom"  # there are no attachments in msgpack
            return packet_format
        if not _WIRE.isdisjoint(vars(each)):
            break
    return "custom"


def _known_format(packet_class: type[Any]) -> Format | None:
    package, _, module = packet_class.__module__.rpartition(".")
    return _KNOWN.get((module, packet_class.__qualname__)) if package in _PACKAGES else None


def _codec(packet_class: type[Any], packet_format: Format) -> Codec:
    if packet_format == "custom":
        return Codec()
    if packet_format == "msgpack":
        from .msgpack_codec import msgpack_codec  # needs the msgpack package

        return msgpack_codec(packet_class)
    json = packet_class.json
    rebuild = None
    if not _is_known_method(packet_class, "reconstruct_binary"):
        rebuild = packet_class().reconstruct_binary  # of an instance: it may be any kind of method
    return json_codec(None if is_standard(json) else json, rebuild, packet_class.uses_binary_events)


def _is_known_method(packet_class: type[Any], name: str) -> bool:
    """Is the method the one of a known class?"""
    defines = next(each for each in packet_class.__mro__ if name in vars(each))
    return _known_format(defines) is not None

"""A Socket.IO packet as python-socketio's users know it: to subclass, to encode and to decode.

The engine has a codec of its own, in C++. This one is for what is built on the class.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from . import limited_json

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)

packet_names = [
    "CONNECT",
    "DISCONNECT",
    "EVENT",
    "ACK",
    "CONNECT_ERROR",
    "BINARY_EVENT",
    "BINARY_ACK",
]

MAX_COUNT_DIGITS = 10  # of the number of attachments
MAX_ID_DIGITS = 100

# Between the type and the JSON: "<attachments>-", "<namespace>,", "<id>". Each may be missing, the
# comma too, where nothing follows the namespace. A query behind the namespace is left out.
_HEAD = re.compile(r"(?:(\d+)-)?(?:(/[^,?]*)[^,]*,?)?(\d*)")

_BINARY_TYPES = {EVENT: BINARY_EVENT, ACK: BINARY_ACK}

# What is sent as one message: a text, or bytes; or a text and its attachments.
Encoded: TypeAlias = str | bytes | list[str | bytes]


class Packet:
    """One packet: a type, a namespace, an id if an ack is asked for or given, and data.

    The data is what JSON carries, and bytes: `encode` moves these into attachments, and
    `add_attachment` puts them back. A subclass may change how, and is given to a server as
    `serializer`. `json`, a module or an object with `dumps` and `loads`, belongs to the class.

    `binary` says whether there are bytes in `data`, to save looking. With `encoded_packet` the
    packet is decoded from it. Raises `ValueError` for bytes in a packet that cannot have them, and
    for what cannot be decoded.
    """

    uses_binary_events: bool = True  # False: `encode` takes bytes in the data as they are
    json: Any = limited_json

    def __init__(
        self,
        packet_type: int = EVENT,
        data: Any = None,
        namespace: str | None = None,
        id: int | None = None,
        binary: bool | None = None,
        encoded_packet: Any = None,
    ) -> None:
        self.packet_type = packet_type
        self.data = data
        self.namespace = namespace
        self.id = id
        if self.uses_binary_events and (self.data_is_binary(data) if binary is None else binary):
            if packet_type not in _BINARY_TYPES:
                raise ValueError("Packet does not support binary payload.")
            self.packet_type = _BINARY_TYPES[packet_type]
        self.attachment_count = 0
        self.attachments: list[Any] = []
        if encoded_packet:
            self.attachment_count = self.decode(encoded_packet) or 0

    def encode(self) -> Encoded:
        """The text to send; for a binary packet a list of the text and the attachments.

        Raises what `json.dumps` raises: `TypeError` for data that it cannot carry.
        """
        data, attachments = self.data, None
        text = str(self.packet_type)
        if self.packet_type in (BINARY_EVENT, BINARY_ACK):
            data, attachments = self.deconstruct_binary(data)
            text += f"{len(attachments)}-"
        if self.namespace is not None and self.namespace != "/":
            text += self.namespace + ","
        if self.id is not None:
            text += str(self.id)
        if data is not None:
            text += self.json.dumps(data, separators=(",", ":"))
        return text if attachments is None else [text, *attachments]

    def decode(self, encoded_packet: Any) -> int | None:
        """Take everything but the attachments from a text; returns how many will follow.

        Raises `ValueError` for a text that is no packet, and for numbers of too many digits.
        """
        try:
            self.packet_type = int(encoded_packet[0:1])
        except TypeError:
            self.packet_type = encoded_packet  # a type alone
            encoded_packet = ""
        self.namespace = None
        self.data = None
        head = _HEAD.match(encoded_packet, 1)
        assert head is not None  # it matches the empty text too
        count, self.namespace, packet_id = head.groups()
        if count and len(count) > MAX_COUNT_DIGITS:
            raise ValueError("too many attachments")
        if len(packet_id) > MAX_ID_DIGITS:
            raise ValueError("id field is too long")
        if packet_id:
            self.id = int(packet_id)
        if head.end() < len(encoded_packet):
            self.data = self.json.loads(encoded_packet[head.end() :])
        return int(count or 0)

    def add_attachment(self, attachment: Any) -> bool:
        """Add what has followed a decoded packet. True: it was the last, and `data` is complete.

        Raises `ValueError` for one more than the packet has.
        """
        if len(self.attachments) >= self.attachment_count:
            raise ValueError("Unexpected binary attachment")
        self.attachments.append(attachment)
        if len(self.attachments) < self.attachment_count:
            return False
        self.data = self.reconstruct_binary(self.data, self.attachments)
        return True

    @classmethod
    def reconstruct_binary(cls, data: Any, attachments: list[Any]) -> Any:
        """A copy of decoded data with the attachments in the place of their placeholders."""
        return cls._reconstruct_binary_internal(data, attachments)

    @classmethod
    def deconstruct_binary(cls, data: Any) -> tuple[Any, list[Any]]:
        """A copy of data with placeholders in the place of bytes, and these."""
        attachments: list[Any] = []
        return cls._deconstruct_binary_internal(data, attachments), attachments

    @classmethod
    def data_is_binary(cls, data: Any) -> bool:
        """Are there bytes in it, at any depth of lists and dictionaries?"""
        if isinstance(data, dict):
            return any(cls.data_is_binary(value) for value in data.values())
        if isinstance(data, list):
            return any(cls.data_is_binary(value) for value in data)
        return isinstance(data, (bytes, bytearray))

    # python-socketio's names: subclasses call them, and override them.

    @classmethod
    def _reconstruct_binary_internal(cls, data: Any, attachments: list[Any]) -> Any:
        if isinstance(data, list):
            return [cls._reconstruct_binary_internal(value, attachments) for value in data]
        if not isinstance(data, dict):
            return data
        if data.get("_placeholder") and "num" in data:
            return attachments[data["num"]]
        return {
            key: cls._reconstruct_binary_internal(value, attachments) for key, value in data.items()
        }

    @classmethod
    def _deconstruct_binary_internal(cls, data: Any, attachments: list[Any]) -> Any:
        if isinstance(data, (bytes, bytearray)):
            attachments.append(data)
            return {"_placeholder": True, "num": len(attachments) - 1}
        if isinstance(data, list):
            return [cls._deconstruct_binary_internal(value, attachments) for value in data]
        if isinstance(data, dict):
            return {
                key: cls._deconstruct_binary_internal(value, attachments)
                for key, value in data.items()
            }
        return data

    def _to_dict(self) -> dict[str, Any]:
        packet = {"type": self.packet_type, "data": self.data, "nsp": self.namespace}
        if self.id is not None:
            packet["id"] = self.id
        return packet

"""Engine.IO packets in their text, binary and base64 forms. As `engineio.packet`."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Final

from . import json as _json

OPEN: Final = 0
CLOSE: Final = 1
PING: Final = 2
PONG: Final = 3
MESSAGE: Final = 4
UPGRADE: Final = 5
NOOP: Final = 6
packet_names = ["OPEN", "CLOSE", "PING", "PONG", "MESSAGE", "UPGRADE", "NOOP"]

binary_types = (bytes, bytearray)


class Packet:
    """One packet; `data` is a str, bytes, what `json` carries, or None.

    Raises `ValueError` for bytes in a packet that is no message, and for text that is no packet.
    """

    json: ClassVar[Any] = _json

    def __init__(
        self,
        packet_type: int = NOOP,
        data: Any = None,
        encoded_packet: str | bytes | bytearray | None = None,
    ) -> None:
        self.packet_type = packet_type
        self.data = data
        self.encode_cache: str | bytes | None = None
        self.binary = isinstance(data, binary_types)
        if self.binary and self.packet_type != MESSAGE:
            raise ValueError("Binary packets can only be of type MESSAGE")
        if encoded_packet is not None:
            self.decode(encoded_packet)

    def encode(self, b64: bool = False) -> str | bytes:
        """The packet as it is sent; `b64`: for polling, where binary messages become base64.

        Encoded once: later calls return the same, whatever has changed.
        """
        if not self.encode_cache:
            self.encode_cache = self._encode(b64)
        return self.encode_cache

    def _encode(self, b64: bool) -> str | bytes:
        data = self.data
        if self.binary:
            return "b" + base64.b64encode(data).decode() if b64 else data
        text = str(self.packet_type)
        if isinstance(data, str):
            return text + data
        if isinstance(data, (dict, list)):
            return text + str(self.json.dumps(data, separators=(",", ":")))
        return text if data is None else text + str(data)

    def decode(self, encoded_packet: str | bytes | bytearray) -> None:
        """Take over what an encoded packet says."""
        if isinstance(encoded_packet, binary_types):
            self.binary = True
            self.packet_type = MESSAGE
            self.data = bytes(encoded_packet)
            return
        if not encoded_packet:
            raise ValueError("Invalid empty packet received")
        self.binary = encoded_packet[0] == "b"
        if self.binary:
            self.packet_type = MESSAGE
            self.data = base64.b64decode(encoded_packet[1:])
        else:
            self.packet_type = int(encoded_packet[0])
            self.data = self.decode_text(encoded_packet[1:])

    @classmethod
    def decode_text(cls, text: str) -> Any:
        """What the text of a message stands for: the value if it is JSON, else the text itself.

        A text that begins with a digit stays text: "1" is never the number. So does one that is
        too deep for the parser.
        """
        if not text or text[0].isnumeric():
            return text
        try:
            return cls.json.loads(text)
        except (ValueError, RecursionError):
            return text

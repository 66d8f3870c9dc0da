"""Bodies of polling requests: packets joined by the record separator. As `engineio.payload`."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable

from .packet import Packet

SEPARATOR = "\x1e"


class Payload:
    """Several packets. Raises `ValueError` for text that is no payload, or of too many packets."""

    # Raised by many applications. The server takes 1,000 packets or this, whichever is more.
    max_decode_packets = 16

    def __init__(
        self, packets: Iterable[Packet] | None = None, encoded_payload: str | None = None
    ) -> None:
        self.packets: list[Packet] = packets or []  # type: ignore[assignment]
        if encoded_payload is not None:
            self.decode(encoded_payload)

    def encode(self, jsonp_index: int | None = None) -> str:
        """The body; with an index, as the JavaScript of a JSONP response."""
        body = SEPARATOR.join(packet.encode(b64=True) for packet in self.packets)  # type: ignore[misc]
        if jsonp_index is None:
            return body
        escaped = body.replace('"', '\\"')
        return f'___eio[{jsonp_index}]("{escaped}");'

    def decode(self, encoded_payload: str) -> None:
        """Take over the packets of a body, which may be that of a JSONP form."""
        self.packets = []
        if not encoded_payload:
            return
        if encoded_payload.startswith("d="):
            encoded_payload = urllib.parse.parse_qs(encoded_payload)["d"][0]
        parts = encoded_payload.split(SEPARATOR)
        if len(parts) > self.max_decode_packets:
            raise ValueError("Too many packets in payload")
        self.packets = [Packet(encoded_packet=part) for part in parts]

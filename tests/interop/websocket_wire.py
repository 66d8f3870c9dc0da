"""The client's side of RFC 6455 by hand, so that it can also break the rules."""

import base64
import dataclasses
import os
import struct
from collections.abc import Mapping
from typing import Any

from .http_wire import HttpConnection, Response

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
ABNORMAL = 1006  # RFC 6455, 7.1.5: no close frame was seen


@dataclasses.dataclass(frozen=True)
class Frame:
    opcode: int
    payload: bytes
    fin: bool = True

    @property
    def close_code(self) -> int:
        """1005, "no status", for an empty close frame."""
        return struct.unpack_from("!H", self.payload)[0] if self.payload else 1005


class HandshakeRefused(Exception):
    """The server answered the WebSocket handshake with another status than 101."""

    def __init__(self, response: Response):
        super().__init__(f"{response.status}: {response.body!r}")
        self.response = response


class ConnectionClosed(Exception):
    """The server closed the WebSocket, with this code."""

    def __init__(self, code: int):
        super().__init__(f"closed with {code}")
        self.code = code


def encode_frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    declared_length: int | None = None,
) -> bytes:
    """One frame; `declared_length` lies about the size of the payload."""
    length = len(payload) if declared_length is None else declared_length
    mask_bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if length < 126:
        head += bytes([mask_bit | length])
    elif length < 1 << 16:
        head += struct.pack("!BH", mask_bit | 126, length)
    else:
        head += struct.pack("!BQ", mask_bit | 127, length)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + apply_mask(payload, key)


def apply_mask(payload: bytes, key: bytes) -> bytes:
    """XOR with the repeated key, as one big integer: fast enough for a load test."""
    size = len(payload)
    repeated = (key * (size // 4 + 1))[:size]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return mixed.to_bytes(size, "big")


def decode_frame(buffer: bytes | bytearray, offset: int) -> tuple[Frame | None, int]:
    """The server's frame at `offset` and where the next begins; no frame when it is incomplete."""
    available = len(buffer) - offset
    if available < 2:
        return None, offset
    first, second = buffer[offset], buffer[offset + 1]
    assert not second & 0x80, "a server must not mask its frames"
    length, head = second & 0x7F, 2
    if length == 126:
        head = 4
    elif length == 127:
        head = 10
    if available < head:
        return None, offset
    if head == 4:
        (length,) = struct.unpack_from("!H", buffer, offset + 2)
    elif head == 10:
        (length,) = struct.unpack_from("!Q", buffer, offset + 2)
    if available < head + length:
        return None, offset
    start = offset + head
    payload = bytes(buffer[start : start + length])
    return Frame(first & 0x0F, payload, bool(first & 0x80)), start + length


class WebSocket:
    """A client's end after the handshake."""

    def __init__(self, connection: HttpConnection, response_headers: Mapping[str, str]):
        self.connection = connection
        self.response_headers = response_headers
        self._buffer = bytearray()
        self._frames: list[Frame] = []

    @classmethod
    async def open(cls, server: Any, target: str, headers: Mapping[str, str] = {}) -> "WebSocket":
        connection = await HttpConnection.open(server.host, server.port)
        fields = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **headers,
        }
        connection.send_request("GET", target, headers=fields)
        status, response_headers = await connection.read_head()
        if status != 101:
            body = await connection._read_body(status, response_headers)
            await connection.close()
            raise HandshakeRefused(Response(status, response_headers, body))
        return cls(connection, response_headers)

    def send_frame(self, opcode: int, payload: bytes = b"", **how: Any) -> None:
        self.send_bytes(encode_frame(opcode, payload, **how))

    def send_bytes(self, data: bytes) -> None:
        self.connection.writer.write(data)

    def send(self, *messages: str | bytes) -> None:
        """Messages in one write, each a frame of its own."""
        self.send_bytes(
            b"".join(
                encode_frame(TEXT, message.encode())
                if isinstance(message, str)
                else encode_frame(BINARY, message)
                for message in messages
            )
        )

    async def receive_frame(self) -> Frame:
        """Any frame; `ConnectionClosed(1006)` when the connection ends without a close frame."""
        while not self._frames:
            try:
                piece = await self.connection.reader.read(1 << 16)
            except ConnectionError:
                piece = b""
            if not piece:
                raise ConnectionClosed(ABNORMAL)
            self._buffer += piece
            offset = 0
            while True:
                frame, offset = decode_frame(self._buffer, offset)
                if frame is None:
                    break
                self._frames.append(frame)
            del self._buffer[:offset]
            self._frames.reverse()  # the oldest at the end, where pop is cheap
        return self._frames.pop()

    async def receive(self) -> str | bytes:
        """The next message; pings and pongs of the protocol are passed over."""
        message, opcode = b"", None
        while True:
            frame = await self.receive_frame()
            if frame.opcode == CLOSE:
                raise ConnectionClosed(frame.close_code)
            if frame.opcode in (PING, PONG):
                continue
            opcode = frame.opcode if opcode is None else opcode
            message += frame.payload
            if frame.fin:
                return message.decode() if opcode == TEXT else message

    async def close_code(self) -> int:
        """Read until the server closes; with which code."""
        try:
            while True:
                await self.receive()
        except ConnectionClosed as closed:
            return closed.code

    async def close(self) -> None:
        await self.connection.close()

    def abort(self) -> None:
        self.connection.abort()

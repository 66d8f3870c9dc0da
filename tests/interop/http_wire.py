"""HTTP/1.1 by hand over asyncio streams: sends any bytes, parses what a server answers."""

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

CONNECT_LIMIT = 10.0


@dataclasses.dataclass(frozen=True)
class Response:
    """An answer; header names in lower case, repeated ones joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class HttpConnection:
    """One connection, used for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str):
        self.reader = reader
        self.writer = writer
        self.authority = authority

    @classmethod
    async def open(cls, host: str, port: int) -> "HttpConnection":
        opening = asyncio.open_connection(host, port, limit=1 << 24)
        return cls(*await asyncio.wait_for(opening, CONNECT_LIMIT), f"{host}:{port}")

    async def __aenter__(self) -> "HttpConnection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    def abort(self) -> None:
        """Leave without a word, as a client does whose process ends."""
        self.writer.transport.abort()

    def send_request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> None:
        fields = {"Host": self.authority, **headers}
        if body is not None:
            fields.setdefault("Content-Length", str(len(body)))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + (body or b""))

    async def request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Response:
        self.send_request(method, target, body, headers)
        return await self.read_response(method)

    async def read_response(self, method: str = "GET") -> Response:
        """Raises `asyncio.IncompleteReadError` when the connection ends before it."""
        status, headers = await self.read_head()
        body = b"" if method == "HEAD" else await self._read_body(status, headers)
        return Response(status, headers, body)

    async def read_head(self) -> tuple[int, dict[str, str]]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = head[:-4].split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return int(status_line.split()[1]), headers

    async def _read_body(self, status: int, headers: Mapping[str, str]) -> bytes:
        if status in (101, 204, 304):
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._read_chunks()
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        return await self.reader.read()

    async def _read_chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readline()
        return body


async def fetch(
    server: Any,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: Mapping[str, str] = {},
) -> Response:
    """One request on a connection of its own."""
    async with await HttpConnection.open(server.host, server.port) as connection:
        return await connection.request(method, target, body, headers)

"""Requests to the engine as they stand, each over a socket of its own."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"


class Answer:
    """The head of a response, and its body if it has a length."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


async def send(
    url: str,
    target: str,
    headers: dict[str, str] | None = None,
    method: str = "GET",
    body: bytes | None = None,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    at = urlsplit(url)
    assert at.hostname is not None
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    sent = {"Host": at.netloc, **(headers or {})}
    if body is not None:
        sent["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    writer.write(f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + (body or b""))
    return reader, writer


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.partition(": ")[::2] for line in head[1:] if line]
    lower = [(name.lower(), value) for name, value in pairs]
    length = dict(lower).get("content-length", "0")
    body = await reader.readexactly(int(length))
    return Answer(int(head[0].split()[1]), lower, body)


async def ask(url: str, target: str, *args: Any, **options: Any) -> Answer:
    """One request, as `send` takes it."""
    reader, writer = await send(url, target, *args, **options)
    answer = await read_answer(reader)
    writer.close()
    return answer


async def ask_both(url: str, **options: Any) -> list[Answer]:
    """A handshake by polling, and one of a WebSocket."""
    return [await ask(url, POLLING, **options), await ask(url, WEBSOCKET, UPGRADE, **options)]


class Session:
    """One by polling, and the targets of its requests."""

    def __init__(self, url: str, handshake: Answer) -> None:
        self._url = url
        self.handshake = handshake
        self.sid = json.loads(handshake.body[1:])["sid"]
        self.polls = f"{POLLING}&sid={self.sid}"
        self.upgrades = f"{WEBSOCKET}&sid={self.sid}"

    async def get(self, **options: Any) -> Answer:
        return await ask(self._url, self.polls, **options)

    async def post(self, *packets: str, **options: Any) -> Answer:
        body = "\x1e".join(packets).encode()
        return await ask(self._url, self.polls, method="POST", body=body, **options)


async def open_session(url: str, **options: Any) -> Session:
    return Session(url, await ask(url, POLLING, **options))

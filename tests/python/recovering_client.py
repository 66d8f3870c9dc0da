"""A client that comes back as the JavaScript client does, frame by frame."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp


class Client:
    """Keeps the pid and the last event's offset; `had` are the events, without offsets."""

    def __init__(self, session: aiohttp.ClientSession, url: str, namespace: str = "/") -> None:
        self._session = session
        self._url = f"{url}/socket.io/?EIO=4&transport=websocket"
        self._prefix = "" if namespace == "/" else f"{namespace},"
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.auth: dict[str, Any] = {}
        self.sid = ""
        self.pid: Any = None
        self.offset: Any = None
        self.recovered = False
        self.had: list[Any] = []
        self.refused: Any = None
        self._attachments: list[Any] = []
        self._early: list[Any] = []

    async def connect(self) -> Client:
        """Returns when the server has answered; the connection before is left as it is."""
        self._ws = await self._session.ws_connect(self._url, headers={"User-Agent": "a browser"})
        auth = dict(self.auth)
        if self.pid is not None:
            auth["pid"] = self.pid
            if self.offset is not None:
                auth["offset"] = self.offset
        await self._ws.send_str(f"40{self._prefix}{json.dumps(auth) if auth else ''}")
        self.sid, self.refused = "", None
        self._stop_reading()
        self._reader = asyncio.create_task(self._read(self._ws))
        await self._until(lambda: self.sid or self.refused is not None)
        return self

    async def reaches(self, count: int) -> list[Any]:
        await self._until(lambda: len(self.had) >= count)
        return self.had

    def go_deaf(self) -> None:
        """The connection stays open, and nothing is read from it any more."""
        self._stop_reading()

    def lose(self) -> None:
        """The connection breaks without a word."""
        self._stop_reading()
        transport = self._ws._response.connection.transport  # type: ignore[union-attr]
        transport.abort()

    async def send(self, frame: str) -> None:
        await self._ws.send_str(frame)

    async def close(self) -> None:
        self._stop_reading()
        await self._ws.close()

    def _stop_reading(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    async def _until(self, condition: Any) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            if message.type == aiohttp.WSMsgType.BINARY:
                self._had(self._attachments.pop(), message.data)
            elif message.data == "2":
                await ws.send_str("3")
            else:
                self._packet(message.data)
            self._news.set()

    def _packet(self, text: str) -> None:
        kind, text = text[:2], text[2:]
        if kind == "45":
            assert text.startswith("1-"), "one attachment is all that the tests send"
            text = text[2:]
        data = json.loads(text.removeprefix(self._prefix)) if kind != "0{" and text else None
        if kind == "40":
            pid = data.get("pid")
            self.recovered = pid is not None and pid == self.pid
            self.sid, self.pid = data["sid"], pid
            early, self._early = self._early, []
            for event in early:
                self._had(event)
        elif kind == "44":
            self.refused = data
        elif kind == "42" and not self.sid:
            self._early.append(data)  # from the connect handler
        elif kind == "42":
            self._had(data)
        elif kind == "45":
            self._attachments.append(data)

    def _had(self, event: list[Any], attachment: bytes | None = None) -> None:
        if self.pid is not None and isinstance(event[-1], str):
            self.offset = event.pop()
        if attachment is not None:
            event = [attachment if isinstance(each, dict) else each for each in event]
        self.had.append(event[0] if len(event) == 1 else event)

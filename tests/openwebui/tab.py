"""A browser tab as Open WebUI's page uses its socket, by python-socketio's client."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import socketio

from interop.serving import Server

PATH = "/ws/socket.io"
DONE = "request:interaction:done"


class Tab:
    """What it was sent waits, by event, until the test takes it."""

    def __init__(self, server: Server, user_id: str | None) -> None:
        self.server = server
        self.user_id = user_id
        self.closed = asyncio.Event()
        self.answer: Any = None  # to what the server asks; a future to answer later
        self.asked: asyncio.Queue[Any] = asyncio.Queue()
        self._inboxes: dict[str, asyncio.Queue[Any]] = {}
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("*", self._received)
        self._client.on("disconnect", self._disconnected)

    @property
    def sid(self) -> str:
        return str(self._client.get_sid("/"))

    @property
    def token(self) -> dict[str, str]:
        return {"token": f"token-{self.user_id}"} if self.user_id else {"token": "expired"}

    async def open(self) -> None:
        url = self.server.url
        auth = self.token if self.user_id else None
        await self._client.connect(url, socketio_path=PATH, transports=["websocket"], auth=auth)

    async def close(self) -> None:
        await self._client.disconnect()

    async def join(self) -> Any:
        """What the page does first: the answer comes when the server knows this tab's user."""
        return await self.ask("user-join", {"auth": self.token})

    async def send(self, event: str, data: Any) -> None:
        await self._client.emit(event, data)

    async def ask(self, event: str, data: Any) -> Any:
        return await self._client.call(event, data)

    async def next(self, event: str) -> Any:
        """The data of the next such event, in the order in which they came."""
        return await self._inbox(event).get()

    async def asked_next(self, kind: str) -> Any:
        """The next question of this type; what else was asked in between is dropped."""
        while (asked := await self.asked.get())["data"]["type"] != kind:
            pass
        return asked

    def waiting(self, event: str) -> int:
        """How many of them have come and were not taken."""
        return self._inbox(event).qsize()

    def _inbox(self, event: str) -> asyncio.Queue[Any]:
        return self._inboxes.setdefault(event, asyncio.Queue())

    async def _received(self, event: str, data: Any) -> Any:
        if self.answer is not None and event == "events" and data["data"]["type"] != DONE:
            self.asked.put_nowait(data)
            return await self.answer if asyncio.isfuture(self.answer) else self.answer
        self._inbox(event).put_nowait(data)
        return None

    async def _disconnected(self, *_: Any) -> None:
        self.closed.set()


@contextlib.asynccontextmanager
async def opened(server: Server, user_id: str | None, *, joined: bool = True) -> AsyncIterator[Tab]:
    tab = Tab(server, user_id)
    await tab.open()
    try:
        if joined:
            await tab.join()
        yield tab
    finally:
        await tab.close()


def new_team() -> str:
    """Users, channel and note of its own for each test: the servers are shared."""
    return uuid.uuid4().hex[:8]


async def see(server: Server, what: str) -> Any:
    """GET one of the routes in inspection.py."""
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/{what}") as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def do(server: Server, what: str, body: Any = None) -> Any:
    """POST to one of them."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/{what}", json=body) as response,
    ):
        assert response.status == 200, await response.text()
        return await response.json()

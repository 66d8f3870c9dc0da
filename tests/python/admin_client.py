"""An admin as the Admin UI is one, and a server that it may look at."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import socketio
from conftest import REFERENCE, Door, Log, connected

INTERVAL = 0.1  # seconds between two `server_stats`


@contextlib.asynccontextmanager
async def watched(
    door: Door, auth: Any = False, client_manager: Any = None, **options: Any
) -> AsyncIterator[tuple[Any, str]]:
    """A server that is instrumented, and its address."""
    sio = door.server(async_mode="asgi", client_manager=client_manager)
    sio.on("echo", lambda sid, *args: args)
    sio.on("connect", lambda sid, environ: None)
    instrumented = sio.instrument(auth=auth, **{"server_stats_interval": INTERVAL, **options})
    async with door.open(sio) as url:
        try:
            yield sio, url
        finally:
            if instrumented.stats_task is not None:
                await instrumented.shutdown()
            if door is REFERENCE:
                instrumented.uninstrument()  # it has changed classes of the package


class Admin:
    """A connected admin, and what it has been told."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self._client = client
        self.told = Log()
        client.on("*", self._hear, namespace="/admin")

    def _hear(self, event: str, *args: Any) -> None:
        self.told.add(event, *args)

    @property
    def sid(self) -> str:
        return self._client.get_sid("/admin")

    def all_of(self, event: str) -> list[tuple[Any, ...]]:
        return [tuple(args) for name, *args in self.told if name == event]

    async def hears(
        self, event: str, fits: Callable[..., Any] = lambda *args: True
    ) -> tuple[Any, ...]:
        """The arguments of the first such event, when it has come."""
        seen = 0
        while True:
            for name, *args in self.told[seen:]:
                if name == event and fits(*args):
                    return tuple(args)
            seen = len(self.told)
            await self.told.reaches(seen + 1)

    async def asks(self, *command: Any) -> None:
        name, *args = command
        await self._client.emit(name, tuple(args), namespace="/admin")


@contextlib.asynccontextmanager
async def admin_at(url: str, auth: Any = None, **options: Any) -> AsyncIterator[Admin]:
    client = socketio.AsyncClient(reconnection=False)
    admin = Admin(client)
    async with connected(url, client=client, namespaces=["/admin"], auth=auth, **options):
        yield admin


@contextlib.asynccontextmanager
async def polling_client(
    url: str, packet: str = "40"
) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """One that has sent a packet and never polls: its HTTP session, and its Engine.IO sid."""
    address = f"{url}/socket.io/?EIO=4&transport=polling"
    async with aiohttp.ClientSession() as session:
        async with session.get(address) as opened:
            sid = json.loads((await opened.text())[1:])["sid"]
        async with session.post(f"{address}&sid={sid}", data=packet) as answer:
            assert answer.status == 200
        yield session, sid

"""An editor as Open WebUI's: python-socketio's client with a pycrdt document, for `test_yjs*`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pycrdt
import socketio
from conftest import connected


class Editor:
    """One document on one connection. What it is told is applied; `events` has all, in order."""

    def __init__(self, client: socketio.AsyncClient, document: str) -> None:
        self.client = client
        self.document = document
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self.content: pycrdt.Text = self.doc.get("text", type=pycrdt.Text)
        self.events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.nacks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        client.on("*", self._told)

    @property
    def sid(self) -> str:
        return str(self.client.get_sid())

    @property
    def text(self) -> str:
        return str(self.content)

    def _told(self, event: str, told: Any) -> None:
        if told["document_id"] != self.document:
            return
        if event == "ydoc:nack":
            self.nacks.put_nowait(told)
        elif event == "ydoc:document:state":
            self.doc.apply_update(bytes(told["state"]))
        elif event == "ydoc:document:update":
            self.doc.apply_update(bytes(told["update"]))
        self.events.put_nowait((event, told))

    async def join(self, **more: Any) -> Any:
        """Join; the state that it is told."""
        await self.client.emit("ydoc:document:join", {"document_id": self.document, **more})
        return await self.next("ydoc:document:state")

    async def next(self, event: str) -> Any:
        """The next event of this name; those before it are forgotten."""
        while True:
            name, told = await self.events.get()
            if name == event:
                return told

    async def nack(self) -> str:
        """Why something was refused."""
        return str((await self.nacks.get())["reason"])

    def written(self, index: int, text: str) -> list[int]:
        """Type it here; the update for the others."""
        before = self.doc.get_state()
        self.content.insert(index, text)
        return list(self.doc.get_update(before))

    async def type(self, text: str, index: int | None = None, **more: Any) -> Any:
        """Type at the end and tell the server; what it answers."""
        update = self.written(len(self.content) if index is None else index, text)
        return await self.send(update, **more)

    async def send(self, update: list[int] | bytes, **more: Any) -> Any:
        told = {"document_id": self.document, "update": update, **more}
        return await self.client.call("ydoc:document:update", told)

    async def sees(self, text: str) -> None:
        """Returns when its text is this."""
        while self.text != text:
            await self.events.get()


@contextlib.asynccontextmanager
async def editor(url: str, document: str = "note:1", **options: Any) -> AsyncIterator[Editor]:
    """An editor that is connected, and has not joined."""
    async with connected(url, **options) as client:
        yield Editor(client, document)

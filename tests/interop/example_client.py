"""python-socketio's client, and what it has heard, for the tests of the examples."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import socketio


class ExampleClient:
    def __init__(self) -> None:
        self.io = socketio.AsyncClient(reconnection=False)
        self._heard: list[tuple[Any, ...]] = []
        self._more = asyncio.Event()
        self.io.on("*", self._hear)

    def _hear(self, *event: Any) -> None:
        self._heard.append(event)
        self._more.set()

    @property
    def sid(self) -> str:
        return str(self.io.get_sid())

    async def ask(self, event: str, *data: Any) -> Any:
        """The ack."""
        return await self.io.call(event, data, timeout=20)

    async def done(self, event: str, *data: Any) -> dict[str, Any]:
        """The ack of what must succeed, without its `success`."""
        answer = await self.ask(event, *data)
        assert answer.pop("success") is True, answer
        return dict(answer)

    async def refusal(self, event: str, *data: Any) -> str:
        """The error in the ack of what must not."""
        answer = await self.ask(event, *data)
        assert answer.keys() == {"success", "error"} and answer["success"] is False, answer
        return str(answer["error"])

    async def hears(self, event: str) -> Any:
        """The data of the next event of this name."""
        while True:
            for number, (name, *data) in enumerate(self._heard):
                if name == event:
                    del self._heard[number]
                    return data[0]
            self._more.clear()
            await self._more.wait()

    def heard(self, event: str) -> list[Any]:
        """The data of those that have come and that nobody has waited for."""
        return [data[0] for name, *data in self._heard if name == event]

    def forget(self) -> None:
        self._heard.clear()


@contextlib.asynccontextmanager
async def entered(
    url: str, greeting: str, count: int, **options: Any
) -> AsyncIterator[list[ExampleClient]]:
    """So many clients, by WebSocket, each greeted with an event that says it has been let in."""
    clients = [ExampleClient() for _ in range(count)]
    try:
        for client in clients:
            await client.io.connect(url, transports=["websocket"], **options)
            assert (await client.hears(greeting))["id"] == client.sid
        yield clients
    finally:
        for client in clients:
            await client.io.disconnect()

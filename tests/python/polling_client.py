"""A client whose events reach the server together, and the tasks that deal with them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

import sio_native


class Client:
    """A polling client whose events of one POST reach the server together."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._unread: list[str] = []

    async def open(self) -> None:
        opened = json.loads((await self._get())[0][1:])
        self._url += f"&sid={opened['sid']}"

    async def join(self) -> None:
        await self.open()
        await self.enter()

    async def enter(self) -> None:
        answer = await self.ask_in()
        assert answer.startswith("40")
        self.sid = json.loads(answer[2:])["sid"]

    async def ask_in(self) -> str:
        """The server's answer: to the default namespace, or why not."""
        await self.post("40")
        return await self.receive()

    async def _get(self) -> list[str]:
        async with self._session.get(self._url) as response:
            return (await response.text()).split("\x1e")

    async def post(self, *packets: str) -> None:
        async with self._session.post(self._url, data="\x1e".join(packets)) as response:
            assert response.status == 200

    async def emit(self, *events: tuple[Any, ...]) -> None:
        """Events together; each asks for an ack with its place as the id."""
        await self.post(*(f"42{i}{json.dumps(event)}" for i, event in enumerate(events)))

    async def receive(self) -> str:
        while not self._unread:
            self._unread = [packet for packet in await self._get() if packet != "6"]
        return self._unread.pop(0)

    async def acks(self, count: int) -> dict[int, Any]:
        answers = {}
        while len(answers) < count:
            number, _, args = (await self.receive()).removeprefix("43").partition("[")
            answers[int(number)] = json.loads("[" + args)
        return answers

    async def call(self, *event: Any) -> Any:
        await self.emit(event)
        return (await self.acks(1))[0]


@contextlib.asynccontextmanager
async def opened(sio: sio_native.AsyncServer, clients: int = 1) -> AsyncIterator[Any]:
    """One that has not asked for a namespace, or a list of them."""
    host, port = sio.listen("127.0.0.1", 0)
    async with aiohttp.ClientSession() as session:
        url = f"http://{host}:{port}/socket.io/?EIO=4&transport=polling"
        made = [Client(session, url) for _ in range(clients)]
        try:
            for each in made:
                await each.open()
            yield made[0] if clients == 1 else made
        finally:
            await sio.shutdown()


@contextlib.asynccontextmanager
async def connected(sio: sio_native.AsyncServer, clients: int = 1) -> AsyncIterator[Any]:
    async with opened(sio, clients) as made:
        for each in [made] if clients == 1 else made:
            await each.enter()
        yield made


def runners() -> list[asyncio.Task[Any]]:
    """The tasks of handlers."""
    return [each for each in asyncio.all_tasks() if type(each.get_coro()).__name__ == "Runner"]


def task() -> asyncio.Task[Any]:
    current = asyncio.current_task()
    assert current is not None
    return current

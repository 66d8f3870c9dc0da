"""Servers of both packages that share a broker inside the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import socketio
from conftest import Log, under_uvicorn

import sio_native


class Bus:
    """What a broker is: everybody who listens hears every message, in order."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.cluster: list[dict[str, Any]] = []  # what our servers say to each other, and beats
        self._listeners: list[asyncio.Queue[Any]] = []

    def publish(self, payload: Any) -> None:
        with contextlib.suppress(ValueError, TypeError, KeyError):  # garbage travels too
            message = json.loads(payload)
            (self.cluster if message["method"] == "cluster" else self.messages).append(message)
        for each in self._listeners:
            each.put_nowait(payload)

    @contextlib.contextmanager
    def subscribed(self) -> Iterator[asyncio.Queue[Any]]:
        messages: asyncio.Queue[Any] = asyncio.Queue()
        self._listeners.append(messages)
        try:
            yield messages
        finally:
            self._listeners.remove(messages)

    def of(self, method: str) -> list[dict[str, Any]]:
        return [each for each in self.messages if each["method"] == method]


def module(package: ModuleType, name: str) -> ModuleType:
    return importlib.import_module(f"{package.__name__}.{name}")


def broker(package: ModuleType, bus: Bus, **options: Any) -> Any:
    """A broker as an application writes it, on the base class of a package."""
    base: Any = module(package, "async_pubsub_manager").AsyncPubSubManager

    class Broker(base):
        name = "bus"

        async def _publish(self, data: Any) -> None:
            bus.publish(self.json.dumps(data))

        async def _listen(self) -> AsyncIterator[Any]:
            with bus.subscribed() as messages:
                while True:
                    yield await messages.get()

    return Broker(**options)


# A server, and the package that its manager's base class is from.
NATIVE = (sio_native, sio_native)
ADOPTED = (sio_native, socketio)  # a manager written for python-socketio
REFERENCE = (socketio, socketio)

PAIRS = {
    "native-native": (NATIVE, NATIVE),
    "native-reference": (NATIVE, REFERENCE),
    "reference-native": (REFERENCE, NATIVE),
    "adopted-native": (ADOPTED, NATIVE),
    "adopted-reference": (ADOPTED, REFERENCE),
    "reference-adopted": (REFERENCE, ADOPTED),
}


@dataclass
class Node:
    """One of the servers: what its handlers have seen, and one client."""

    sio: Any
    url: str
    log: Log
    client: socketio.AsyncClient
    sid: str  # of the client, which forgets it when it is disconnected
    heard: Log  # by the client: event and arguments


@contextlib.asynccontextmanager
async def node(kind: tuple[ModuleType, ModuleType], bus: Bus, **options: Any) -> Any:
    """A server on the bus with a client that is connected and answers "ask"."""
    package, base = kind
    sio = package.AsyncServer(async_mode="asgi", client_manager=broker(base, bus), **options)
    log, heard = Log(), Log()
    sio.on("disconnect", lambda sid, reason: log.add("disconnect", sid, reason))
    client = socketio.AsyncClient(reconnection=False)
    client.on("*", lambda event, *args: heard.add(event, *args))
    client.on("ask", lambda *args: ("answer", *args))
    async with under_uvicorn(package.ASGIApp(sio)) as url:
        try:
            await client.connect(url, transports=["websocket"])
            yield Node(sio, url, log, client, str(client.get_sid()), heard)
        finally:
            await client.disconnect()
            await sio.shutdown()
            thread = getattr(sio.manager, "thread", None)
            if thread is not None:  # python-socketio leaves it running
                thread.cancel()

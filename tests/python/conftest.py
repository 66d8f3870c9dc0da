"""What all Python tests use: coroutine tests, the doors a client can come through, clients."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import engineio
import pytest
import socketio
import uvicorn

import sio_native

LIMIT = 20.0  # seconds for one test; none needs more than a few


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}

    async def limited() -> None:
        await asyncio.wait_for(pyfuncitem.obj(**arguments), LIMIT)

    asyncio.run(limited())
    return True


class Uvicorn(uvicorn.Server):
    """Uvicorn on the test's own loop."""

    def __init__(self, app: Any, **options: Any) -> None:
        options = {"lifespan": "on", "timeout_graceful_shutdown": 1, **options}
        super().__init__(uvicorn.Config(app, port=0, log_level="critical", **options))
        self.ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @property
    def url(self) -> str:
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"


@contextlib.asynccontextmanager
async def under_uvicorn(app: Any, **options: Any) -> AsyncIterator[str]:
    """Serve an ASGI application; gives its address."""
    server = Uvicorn(app, **options)
    task = asyncio.create_task(server.serve())
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield server.url
    finally:
        server.should_exit = True
        await task


@dataclass(frozen=True)
class Door:
    """A package with an AsyncServer, and how clients reach it."""

    package: ModuleType
    own_port: bool
    options: dict[str, Any] = field(default_factory=dict)  # of the AsyncServer

    def server(self, **options: Any) -> Any:
        return self.package.AsyncServer(**{**self.options, **options})

    @contextlib.asynccontextmanager
    async def open(self, sio: Any) -> AsyncIterator[str]:
        """Serve; gives the address for clients."""
        if not self.own_port:
            async with under_uvicorn(self.package.ASGIApp(sio)) as url:
                yield url
            return
        host, port = sio.listen("127.0.0.1", 0)
        try:
            yield f"http://{host}:{port}"
        finally:
            await sio.shutdown()


OWN_PORT = Door(sio_native, own_port=True)
HANDOFF = Door(sio_native, own_port=False)
BRIDGE = Door(sio_native, own_port=False, options={"handoff": False})
THREADS = Door(sio_native, own_port=True, options={"threads": 3})
REFERENCE = Door(socketio, own_port=False)


NATIVE = {"own-port": OWN_PORT, "handoff": HANDOFF, "bridge": BRIDGE, "threads": THREADS}
ALL = {**NATIVE, "python-socketio": REFERENCE}


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def door(request: pytest.FixtureRequest) -> Door:
    """Both packages: what a test expects, it expects of python-socketio too."""
    return request.param


@pytest.fixture(params=NATIVE.values(), ids=NATIVE.keys())
def native_door(request: pytest.FixtureRequest) -> Door:
    """For what sio_native does better, or alone."""
    return request.param


@contextlib.asynccontextmanager
async def connected(
    url: str, *, client: socketio.AsyncClient | None = None, **options: Any
) -> AsyncIterator[socketio.AsyncClient]:
    """A python-socketio client, connected until the block ends."""
    client = client or socketio.AsyncClient(reconnection=False)
    await client.connect(url, **{"transports": ["websocket"], **options})
    try:
        yield client
    finally:
        await client.disconnect()


class Log(list[tuple[Any, ...]]):
    """What has happened, and a way to wait until enough has."""

    def __init__(self) -> None:
        super().__init__()
        self._grown = asyncio.Event()

    def add(self, *entry: Any) -> None:
        self.append(entry)
        self._grown.set()

    async def reaches(self, count: int) -> None:
        while len(self) < count:
            self._grown.clear()
            await self._grown.wait()


async def until(condition: Callable[[], Any]) -> None:
    """For what happens on the engine's thread and tells nobody; the test's limit is the limit."""
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _json_of_python_socketio() -> Iterator[None]:
    """A server of python-socketio with `json=` sets the module for the whole process."""
    before = engineio.packet.Packet.json, socketio.packet.Packet.json
    yield
    engineio.packet.Packet.json, socketio.packet.Packet.json = before


@pytest.fixture(autouse=True)
def _quiet_loggers() -> Iterator[None]:
    """Loggers are shared by name, and both packages configure them in their constructors."""
    names = ("socketio.server", "engineio.server")
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    yield
    for name in names:
        logging.getLogger(name).handlers.clear()

"""One play of a scenario: a server on this loop, its clients, and all that could be seen."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import math
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import uvicorn

from ..http_wire import Response, fetch
from .table import Scenario
from .wire import PATIENCE, Wire

LOGGERS = ("socketio.server", "engineio.server")


@dataclass(frozen=True)
class House:
    """Where scenarios are played: a package, and the door that its clients come through."""

    package: ModuleType
    own_port: bool = False


@dataclass(frozen=True)
class Site:
    """The address of a server, as the clients by hand want it."""

    host: str
    port: int
    path: str = "/socket.io/"

    @property
    def authority(self) -> str:
        return f"{self.host}:{self.port}"


class Records(logging.Handler):
    """The log records of one play."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names
        self.lines: list[list[Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in self.names:
            return
        line = [record.name, record.levelname, record.getMessage()]
        if record.exc_info and record.exc_info[1] is not None:
            line.append(f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}")
        self.lines.append(line)


@dataclass
class Play:
    """What a script is given. `sio` and `site` are those of a scenario that is served."""

    house: House
    scenario: Scenario
    sio: Any = None
    site: Site = Site("", 0)
    notes: list[Any] = field(default_factory=list)  # of handlers, in order
    wires: dict[str, Wire] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # what stands for an id in the transcript
    _noted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def package(self) -> Any:
        """`socketio`, or what stands for it."""
        return self.house.package

    def note(self, *what: Any) -> None:
        self.notes.append(list(what))
        self._noted.set()

    async def noted(self, count: int) -> list[Any]:
        """The notes, once there are so many."""

        async def enough() -> list[Any]:
            while len(self.notes) < count:
                self._noted.clear()
                await self._noted.wait()
            return self.notes

        return await asyncio.wait_for(enough(), PATIENCE)

    async def until(self, condition: Any) -> None:
        """Wait for what tells nobody when it comes true."""

        async def true() -> None:
            while not condition():  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.002)

        await asyncio.wait_for(true(), PATIENCE)

    async def outcome(self, call: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """What a call gives: its value, or the classes and the text of its exception."""
        try:
            value = call(*args, **kwargs)
            if inspect.isawaitable(value):
                value = await value
        except Exception as error:
            classes = [each.__name__ for each in type(error).__mro__]
            return ["raised", " < ".join(classes[: classes.index("Exception")]), str(error)]
        return ["returned", value]

    # --- clients ---

    async def wire(
        self, name: str = "ann", transport: str = "websocket", headers: dict[str, str] | None = None
    ) -> Wire:
        """A client that has joined no namespace."""
        wire = await Wire.open(self.site, transport, headers or {})
        self.wires[name] = wire
        self.names[wire.session.sid] = f"<{name}'s session>"
        return wire

    async def client(
        self,
        name: str = "ann",
        namespace: str = "/",
        auth: Any = None,
        transport: str = "websocket",
        headers: dict[str, str] | None = None,
    ) -> Wire:
        """A client that has asked to join a namespace, and has an answer."""
        wire = await self.wire(name, transport, headers)
        await wire.join(namespace, auth)
        return wire

    async def fetch(self, method: str, target: str, **how: Any) -> Response:
        """One HTTP request; a target that begins with `?` is Socket.IO's path."""
        if target.startswith("?"):
            target = self.site.path + target
        return await fetch(self.site, method, target, **how)

    # --- servers ---

    def server(self, **options: Any) -> Any:
        return self.package.AsyncServer(**{"async_mode": "asgi", **options})

    @contextlib.asynccontextmanager
    async def serving(self, sio: Any) -> AsyncIterator[None]:
        """Open the door of the house."""
        if self.house.own_port:
            self.site = Site(*sio.listen("127.0.0.1", 0))
            try:
                yield
            finally:
                await self._close_clients()
                await sio.shutdown()
        else:
            async with self.under_uvicorn(self.package.ASGIApp(sio)):
                yield
                await self._close_clients()  # or their server waits for them to say goodbye
                with contextlib.suppress(TypeError):  # python-socketio's, when it is called twice
                    await sio.shutdown()

    @contextlib.asynccontextmanager
    async def under_uvicorn(self, app: Any) -> AsyncIterator[None]:
        """Serve an ASGI application. Ends without the tenths of a second that uvicorn sleeps."""
        config = uvicorn.Config(app, port=0, log_level="critical", lifespan="on")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        try:
            self.site = Site(*server.servers[0].sockets[0].getsockname()[:2])
            yield
        finally:
            await self._close_clients()
            for listening in server.servers:
                listening.close()
            for connection in list(server.server_state.connections):
                connection.shutdown()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.until(lambda: not server.server_state.connections), 1)
            await server.lifespan.shutdown()

    async def _close_clients(self) -> None:
        for wire in self.wires.values():
            await wire.close()

    # --- the transcript ---

    async def perform(self) -> dict[str, Any]:
        """Play it; what was seen."""
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        with self._records() as records:
            if self.scenario.served:
                self.sio = self.server(**self.scenario.options)
                async with self.serving(self.sio):
                    result = await self.scenario.script(self)
                    return await self._transcript(result, records)
            result = await self.scenario.script(self)
            return await self._transcript(result, records)

    async def _transcript(self, result: Any, records: Records) -> dict[str, Any]:
        await self._engine_has_told_all()
        lines, notes = list(records.lines), list(self.notes)
        for name, wire in self.wires.items():
            if self.sio is not None:
                await wire.fence(self.sio)
            for namespace, sid in wire.sids.items():
                self.names[sid] = f"<{name}>" if namespace == "/" else f"<{name} in {namespace}>"
        seen = {
            "result": result,
            "notes": notes,
            "wire": {name: wire.seen() for name, wire in self.wires.items()},
            "log": lines,
        }
        return self.normalised(seen)

    async def _engine_has_told_all(self) -> None:
        """Our engine logs from a thread of its own, and its lines come with the next turn."""
        core = getattr(self.sio, "_core", None)
        if core is not None and core.started:
            await self.until(core.engine.settled)

    @contextlib.contextmanager
    def _records(self) -> Iterator[Records]:
        """Records of the loggers that both packages share, which are left as they were."""
        records = Records(self.scenario.loggers)
        loggers = [logging.getLogger(name) for name in LOGGERS]
        before = [(each.level, each.handlers[:], each.propagate) for each in loggers]
        for logger in loggers:
            logger.setLevel(self.scenario.log)
            logger.handlers[:] = [records]
            logger.propagate = False
        try:
            yield records
        finally:
            for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
                logger.setLevel(level)
                logger.handlers[:] = handlers
                logger.propagate = propagate

    def normalised(self, value: Any) -> Any:
        """The same with names for ids and ports, and in types that compare and print well."""
        if isinstance(value, str):
            for sid, name in self.names.items():
                value = value.replace(sid, name)
            value = re.sub(r"(?<![\w-])[\w-]{16}AA[\w-]{2}(?![\w-])", "<sid>", value)
            return value.replace(self.site.authority, "<site>") if self.site.port else value
        if isinstance(value, (list, tuple)):
            return [self.normalised(item) for item in value]
        if isinstance(value, dict):
            return {self.normalised(key): self.normalised(item) for key, item in value.items()}
        if isinstance(value, float) and math.isnan(value):
            return "nan"
        return value

"""Handed-off WebSockets: which ones, what uvicorn's log says, environs, limits, ends."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio
import trustme
import uvicorn
from conftest import BRIDGE, HANDOFF, OWN_PORT, Door, Log, connected, under_uvicorn, until
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from polling_client import Client
from starlette.middleware.base import BaseHTTPMiddleware

import sio_native
from sio_native.asgi_server import SERVER_LOGGERS
from sio_native.handoff import ACTIVE, INACTIVE, UNCOUNTED

HTTP_IMPLEMENTATIONS = ["h11", "httptools"]
IMPLEMENTATIONS = ["websockets-sansio", "websockets", "wsproto"]
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Lines(logging.Handler):
    """What has been logged, as `level text`, and a way to wait for a line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")

    def count(self, part: str) -> int:
        return sum(part in line for line in self.lines)


@pytest.fixture
def servers_log() -> Iterator[Lines]:
    """As ASGI servers set their loggers up for their users: INFO, and a handler."""
    lines = Lines()
    with contextlib.ExitStack() as stack:
        for logger in map(logging.getLogger, SERVER_LOGGERS.values()):
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.INFO)
            logger.addHandler(lines)
            stack.callback(logger.removeHandler, lines)
        yield lines


@contextlib.asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[str]:
    """With a log that is not configured by uvicorn, which would take our handler away."""
    async with under_uvicorn(app, log_config=None, **options) as url:
        logging.getLogger("uvicorn.error").setLevel(logging.INFO)  # the tests' Config quiets it
        yield url


def handshake(query: str = "EIO=4&transport=websocket", *headers: str) -> bytes:
    lines = [
        f"GET /socket.io/?{query} HTTP/1.1",
        "Host: a",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}",
        *headers,
    ]
    return "\r\n".join([*lines, "\r\n"]).encode()


async def raw_answer(url: str, request: bytes) -> tuple[int, asyncio.StreamWriter]:
    """The status that a handshake gets, and the connection."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    status = int((await reader.readline()).split()[1])
    return status, writer


def peer(writer: asyncio.StreamWriter) -> str:
    return "{}:{}".format(*writer.get_extra_info("sockname"))


# --- which ones ---


@pytest.mark.parametrize(
    ("door", "path"), [(OWN_PORT, "listen"), (HANDOFF, "handoff"), (BRIDGE, "bridge")]
)
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_the_path_of_a_transport_is_known(door: Door, path: str, transport: str) -> None:
    sio = door.server(allow_upgrades=False)
    async with door.open(sio) as url, connected(url, transports=[transport]) as client:
        # Polling stays with the ASGI server.
        expected = "bridge" if transport == "polling" and path == "handoff" else path
        assert sio.transport_path(client.get_sid()) == expected
        with pytest.raises(KeyError):
            sio.transport_path("unknown")


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.filterwarnings("ignore:The `websockets` implementation is deprecated")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:websockets")
async def test_an_upgrade_from_polling_is_handed_off(implementation: str) -> None:
    sio = HANDOFF.server()
    sio.on("echo", lambda sid, data: data)
    async with (
        under_uvicorn(sio_native.ASGIApp(sio), ws=implementation) as url,
        connected(url, transports=None) as client,
    ):
        assert client.transport() == "websocket"
        assert await client.call("echo", b"binary") == b"binary"
        assert sio.transport_path(client.get_sid()) == "handoff"


def around(app: Any, *, receive_wrapped: bool) -> Any:
    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def wrapped() -> Any:
            return await receive()

        await app(scope, wrapped if receive_wrapped else receive, send)

    return middleware


@pytest.mark.parametrize(("receive_wrapped", "path"), [(False, "handoff"), (True, "bridge")])
async def test_a_middleware_that_wraps_receive_keeps_the_bridge(
    receive_wrapped: bool, path: str, servers_log: Lines
) -> None:
    sio = HANDOFF.server()
    app = around(sio_native.ASGIApp(sio), receive_wrapped=receive_wrapped)
    async with serving(app, lifespan="off") as url:
        for _ in range(2):
            async with connected(url) as client:
                assert sio.transport_path(client.get_sid()) == path
    await sio.shutdown()
    assert servers_log.count("Socket.IO: ") == 1
    if receive_wrapped:
        assert servers_log.count("INFO " + INACTIVE % "receive() is test_handoff.around.") == 1
    else:
        assert servers_log.count("INFO " + ACTIVE) == 1


async def test_frameworks_and_their_middleware_let_it_through() -> None:
    app, sio = FastAPI(), HANDOFF.server(cors_allowed_origins="*")

    async def passing(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    app.add_middleware(GZipMiddleware)
    app.add_middleware(BaseHTTPMiddleware, dispatch=passing)
    sio.mount(app, "/ws")
    async with under_uvicorn(app) as url:
        for transports in (["websocket"], None):
            async with connected(
                url, socketio_path="ws/socket.io", transports=transports
            ) as client:
                assert sio.transport_path(client.get_sid()) == "handoff"


async def test_encrypted_connections_stay_with_the_server(
    tmp_path: Path, servers_log: Lines
) -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    app, sio = FastAPI(), HANDOFF.server()
    app.mount("/", sio_native.ASGIApp(sio))  # hears of no lifespan: the first WebSocket tells
    async with serving(app, ssl_certfile=tmp_path / "server.pem") as url:
        client = socketio.AsyncClient(reconnection=False, ssl_verify=False)
        async with connected(url.replace("http:", "https:"), client=client):
            assert sio.transport_path(client.get_sid()) == "bridge"
    await sio.shutdown()
    assert servers_log.count("WebSockets stay with the ASGI server: they are encrypted") == 1


class Lifespan:
    """The receive() of an ASGI server's lifespan."""

    def __init__(self, module: str, **config: Any) -> None:
        owner = type("Lifespan", (), {"__module__": module, "receive": self.receive})()
        owner.config = type("Config", (), {"is_ssl": False, **config})()
        self.method = (lambda self: None).__get__(owner)

    async def receive(self) -> None: ...


@pytest.mark.parametrize(
    ("lifespan", "options", "line"),
    [
        (Lifespan("uvicorn.lifespan.on"), {}, ACTIVE),
        (Lifespan("uvicorn.lifespan.on", is_ssl=True), {}, INACTIVE % "they are encrypted"),
        (Lifespan("uvicorn.lifespan.on"), {"handoff": False}, INACTIVE % "handoff=False"),
        (
            Lifespan("uvicorn.lifespan.on", ws_protocol_class=None),
            {},
            INACTIVE % "uvicorn has found no library",
        ),
        (
            Lifespan("uvicorn.lifespan.on", ws="none", ws_protocol_class=None),
            {},
            INACTIVE % "uvicorn has been told to take none",
        ),
        (Lifespan("hypercorn.asyncio.lifespan"), {}, INACTIVE % "hypercorn does not let go"),
        (Lifespan("granian.asgi"), {}, INACTIVE % "granian does not let go"),
        (Lifespan("some.middleware"), {}, None),
    ],
)
def test_what_can_be_known_at_startup_is_told_then(
    lifespan: Lifespan, options: dict[str, Any], line: str | None, servers_log: Lines
) -> None:
    sio = HANDOFF.server(**options)
    for _ in range(2):
        sio.handle_startup(lifespan.method)
    assert servers_log.count("Socket.IO: ") == (line is not None)
    assert line is None or servers_log.count("INFO " + line) == 1


NAMED_APP = {
    "outer": "import sio_native\napp = sio_native.ASGIApp(sio_native.AsyncServer())\n",
    "sio.mount": "import fastapi, sio_native\napp = fastapi.FastAPI()\n"
    "sio_native.AsyncServer().mount(app, '/ws')\n",
    "app.mount": "import fastapi, sio_native\napp = fastapi.FastAPI()\n"
    "app.mount('/ws', sio_native.ASGIApp(sio_native.AsyncServer()))\n",
}


def test_a_line_that_nobody_has_heard_is_said_again(servers_log: Lines) -> None:
    """Hypercorn sets its logger up when the lifespan has begun."""
    sio, lifespan = HANDOFF.server(), Lifespan("hypercorn.asyncio.lifespan")
    log = logging.getLogger(SERVER_LOGGERS["hypercorn"])
    log.setLevel(logging.WARNING)
    sio.handle_startup(lifespan.method)
    log.setLevel(logging.INFO)
    for _ in range(2):
        sio.handle_startup(lifespan.method)
    assert servers_log.count("Socket.IO: ") == 1


@pytest.mark.parametrize("app", NAMED_APP)
@pytest.mark.parametrize("lifespan", ["on", "off"])
@pytest.mark.parametrize("load_first", [False, True])
async def test_uvicorns_user_reads_at_startup_that_it_is_active(
    app: str,
    lifespan: Any,
    load_first: bool,
    servers_log: Lines,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Uvicorn is given a name, as on its command line, and imports the application itself.

    Before it runs a loop or, with several workers and in older versions, on it.
    """
    (tmp_path / "named_app.py").write_text(NAMED_APP[app])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "named_app", raising=False)
    await start_and_stop("named_app:app", lifespan=lifespan, load_first=load_first)
    assert servers_log.count("INFO " + ACTIVE) == 1
    assert servers_log.count("Socket.IO: ") == 1


async def test_uvicorns_user_reads_once_that_it_has_no_library_for_websockets(
    servers_log: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It imports the application before it has looked for one."""
    monkeypatch.setattr("uvicorn.protocols.websockets.auto.AutoWebSocketsProtocol", None)
    (tmp_path / "named_app.py").write_text(NAMED_APP["outer"])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "named_app", raising=False)
    server = uvicorn.Server(uvicorn.Config("named_app:app", port=0, log_config=None))
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    server.config.load_app()  # as uvicorn.run() does
    server.should_exit = True
    await asyncio.create_task(server.serve())
    assert servers_log.count("INFO " + INACTIVE % "uvicorn has found no library") == 1
    assert servers_log.count("Socket.IO: ") == 1


async def test_a_request_takes_nothing_back_of_what_was_told(servers_log: Lines) -> None:
    app = sio_native.ASGIApp(HANDOFF.server())
    async with (
        serving(app, ws="none") as url,
        connected(url, transports=["polling"]),
        connected(url, transports=["polling"]),
    ):
        assert servers_log.count("INFO " + INACTIVE % "uvicorn has been told to take none") == 1
        assert servers_log.count("Socket.IO: ") == 1


async def start_and_stop(app: Any, *, load_first: bool = False, **options: Any) -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, **options))
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    if load_first:
        await asyncio.to_thread(server.config.load)  # where no task runs
    server.should_exit = True
    await asyncio.create_task(server.serve())


async def test_with_sio_mount_an_application_object_will_do(servers_log: Lines) -> None:
    app, sio = FastAPI(), HANDOFF.server()
    sio.mount(app, "/ws")
    await start_and_stop(app)
    assert servers_log.count("INFO " + ACTIVE) == 1


@pytest.mark.parametrize(
    ("options", "line"), [({}, ACTIVE), ({"handoff": False}, INACTIVE % "handoff=False")]
)
async def test_where_nothing_tells_at_startup_the_first_request_does(
    options: dict[str, Any], line: str, servers_log: Lines
) -> None:
    app, sio = FastAPI(), HANDOFF.server(**options)
    app.mount("/ws", sio_native.ASGIApp(sio))
    async with serving(app) as url:
        assert servers_log.count("Socket.IO: ") == 0
        async with connected(url, socketio_path="ws/socket.io", transports=["polling"]):
            assert servers_log.count("INFO " + line) == 1
        async with connected(url, socketio_path="ws/socket.io"):
            pass
    await sio.shutdown()
    assert servers_log.count("Socket.IO: ") == 1


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ({"handoff": False, "max_connections": 2}, True),
        ({"handoff": False, "max_sessions": 2}, False),
        ({"max_connections": 2}, False),
    ],
)
async def test_a_limit_that_counts_nothing_of_the_servers_is_warned_of(
    options: dict[str, Any], warned: bool, servers_log: Lines
) -> None:
    await start_and_stop(sio_native.ASGIApp(HANDOFF.server(**options)))
    assert servers_log.count("WARNING " + UNCOUNTED % 2) == warned
    assert servers_log.count("max_connections") == warned


# --- what uvicorn's log says ---


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.filterwarnings("ignore:The `websockets` implementation is deprecated")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:websockets")
async def test_servers_log_has_the_line_of_each_websocket(
    implementation: str, servers_log: Lines
) -> None:
    lines = []
    for door in (HANDOFF, BRIDGE):
        sio = door.server()
        async with serving(sio_native.ASGIApp(sio), ws=implementation) as url:
            opened, first = await raw_answer(url, handshake())
            refused, second = await raw_answer(url, handshake("EIO=3&transport=websocket"))
            assert (opened, refused) == (101, 400)
            await until(lambda: servers_log.count('"WebSocket ') == 2)
            lines.append(
                [
                    line.replace(peer(first), "FIRST").replace(peer(second), "SECOND")
                    for line in servers_log.lines
                    if '"WebSocket ' in line
                ]
            )
            for writer in (first, second):
                writer.close()
        servers_log.lines.clear()
    assert lines[0] == lines[1]
    assert lines[0] == [
        'INFO FIRST - "WebSocket /socket.io/?EIO=4&transport=websocket" [accepted]',
        'INFO SECOND - "WebSocket /socket.io/?EIO=3&transport=websocket" 400',
    ]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.filterwarnings("ignore:The `websockets` implementation is deprecated")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:websockets")
async def test_uvicorn_is_left_with_nothing(implementation: str, servers_log: Lines) -> None:
    sio = HANDOFF.server()
    reported = Log()

    async def reporting(scope: Any, receive: Any, send: Any) -> None:
        """As middleware does that reports exceptions."""
        try:
            await sio_native.ASGIApp(sio)(scope, receive, send)
        except Exception as error:
            reported.add(error)
            raise

    async with serving(reporting, ws=implementation, lifespan="off") as url:
        before = asyncio.all_tasks()
        async with connected(url):
            await until(lambda: asyncio.all_tasks() - before <= {None} or _only_the_client(before))
    await sio.shutdown()
    assert reported == []
    assert not [line for line in servers_log.lines if not line.startswith("INFO")]


def _only_the_client(before: set[asyncio.Task[Any]]) -> bool:
    """What runs beside the test is of the client and of the handlers."""
    names = [task.get_coro().__qualname__ for task in asyncio.all_tasks() - before]  # type: ignore[union-attr]
    return not any("run_asgi" in name or "ServerProtocol" in name for name in names)


async def test_descriptors_come_back() -> None:
    def count() -> int:
        return len(os.listdir("/dev/fd"))

    sio = HANDOFF.server()
    async with under_uvicorn(sio_native.ASGIApp(sio)) as url:
        async with connected(url):
            pass
        await until(lambda: sio._core.engine.stats()["connections"] == 0)
        gc.collect()  # what earlier tests have left behind
        before = count()
        async with contextlib.AsyncExitStack() as clients:
            for _ in range(5):
                await clients.enter_async_context(connected(url))
            assert sio._core.engine.stats()["connections"] == 5
            _, refused = await raw_answer(url, handshake("EIO=3&transport=websocket"))
            refused.close()
        await until(lambda: count() <= before)


# --- environs ---


class Putting:
    """A middleware that puts something into each scope, as authentication does."""

    def __init__(self, app: Any, make: Any) -> None:
        self._app = app
        self._make = make

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            scope.update(self._make())
        await self._app(scope, receive, send)


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], None])
async def test_what_middleware_put_into_the_scope_is_in_the_environ(transports: Any) -> None:
    sio, log = HANDOFF.server(), Log()
    user = object()

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        scope = environ["asgi.scope"]
        log.add(scope["user"], scope["state"], scope["path"], scope["session"], scope["root_path"])

    @sio.event
    async def disconnect(sid: str) -> None:
        log.add(sio.get_environ(sid)["asgi.scope"]["user"])

    extras = {"user": user, "state": {"n": 1}, "session": {}, "root_path": "/root"}
    app = Putting(sio_native.ASGIApp(sio), lambda: extras)
    async with under_uvicorn(app) as url:
        async with connected(url, transports=transports):
            pass
        await log.reaches(2)
        assert log == [(user, {"n": 1}, "/socket.io/", {}, "/root"), (user,)]
        await until(lambda: not sio._service.environs._extras)
        assert not sio._service.handoff._extras._shared


async def test_clients_of_a_plain_application_cost_no_environ() -> None:
    sio = HANDOFF.server()
    sio.on("connect", lambda sid, environ: None)
    app = FastAPI()
    sio.mount(app, "/ws")
    path = {"socketio_path": "ws/socket.io"}
    async with contextlib.AsyncExitStack() as stack:
        bare = await stack.enter_async_context(under_uvicorn(sio_native.ASGIApp(sio)))
        url = await stack.enter_async_context(under_uvicorn(app))
        for client in (connected(bare), connected(url, **path), connected(url, **path)):
            await stack.enter_async_context(client)
        environs = sio._service.environs
        assert (dict(environs._made), environs._changed, environs._bridged) == ({}, {}, {})
        # Of the bare application nothing is kept; what the framework has put into the scopes of
        # its two clients is the same, and kept once.
        first, second = environs._extras.values()
        assert first is second
        assert first["app"] is app
        assert sio._service.handoff._awaited == {}
        assert len(environs) == len(set(environs)) == 3


async def test_an_environ_lasts_while_it_is_held_or_has_been_changed() -> None:
    sio, held = HANDOFF.server(), []
    sio.on("connect", lambda sid, environ: held.append(environ))
    async with HANDOFF.open(sio) as url, connected(url) as client:
        sid = client.get_sid()
        assert sio.get_environ(sid) is held[0]
        held.clear()
        gc.collect()
        assert not sio._service.environs._made
        sio.get_environ(sid)["asgi.scope"]["state"]["seen"] = True
        sio.get_environ(sid)["mine"] = 1
        gc.collect()
        again = sio.get_environ(sid)
        assert (again["mine"], again["asgi.scope"]["state"]) == (1, {"seen": True})
        assert type(again.copy()) is dict


@pytest.mark.parametrize(
    "look",
    [
        dict,
        lambda environ: {**environ},
        lambda environ: environ | {},
        lambda environ: {} | environ,
        lambda environ: environ.copy(),
        copy.copy,
        lambda environ: dict(environ.items()),
        lambda environ: {key: environ[key] for key in environ},
        lambda environ: {key: environ.get(key) for key in environ.keys()},  # noqa: SIM118
        lambda environ: dict(zip(list(environ), environ.values(), strict=True)),
        lambda environ: {**environ} if len(environ) > 20 else {},
        lambda environ: {**environ} if "PATH_INFO" in environ else {},
        lambda environ: {**environ} if environ else {},
        lambda environ: (lambda **items: items)(**environ),
        lambda environ: environ.update(more=1) or {k: v for k, v in environ.items() if k != "more"},
        lambda environ: environ.setdefault("PATH_INFO", "") and {**environ},
    ],
)
async def test_an_environ_is_whole_whichever_way_it_is_looked_at_first(look: Any) -> None:
    sio, seen = HANDOFF.server(), []
    sio.on("connect", lambda sid, environ: seen.append(look(environ)))
    async with HANDOFF.open(sio) as url, connected(url) as client:
        whole = sio.get_environ(client.get_sid())
        assert seen[0].keys() == whole.keys() - {"more"}
        assert seen[0]["QUERY_STRING"] == whole["QUERY_STRING"] != ""


async def test_an_environ_that_nobody_has_looked_at_outlives_its_session() -> None:
    sio, held, left = HANDOFF.server(), [], asyncio.Event()
    sio.on("connect", lambda sid, environ: held.append(environ))
    sio.on("disconnect", lambda sid: left.set())
    async with HANDOFF.open(sio) as url:
        async with connected(url):
            pass
        await left.wait()
        await until(lambda: not sio.environ)
        assert "EIO=4" in held[0]["QUERY_STRING"]


async def test_the_asgi_channels_of_a_handed_off_client_say_that_they_are_gone() -> None:
    sio = HANDOFF.server()
    async with HANDOFF.open(sio) as url, connected(url) as client:
        environ = sio.get_environ(client.get_sid())
        with pytest.raises(RuntimeError, match="the engine itself serves this client"):
            await environ["asgi.receive"]()
        with pytest.raises(RuntimeError, match="the engine itself serves this client"):
            await environ["asgi.send"]({"type": "websocket.close"})


# --- limits and refusals ---


@pytest.mark.parametrize("door", [OWN_PORT, HANDOFF], ids=["own-port", "handoff"])
async def test_connections_above_the_limit_are_answered_503(door: Door) -> None:
    sio = door.server(max_connections=1)
    async with door.open(sio) as url:
        async with connected(url):
            status, writer = await raw_answer(url, handshake())
            assert status == 503
            writer.close()
        await until(lambda: sio._core.engine.stats()["connections"] == 0)
        async with connected(url):
            pass


@pytest.mark.parametrize(("allowed", "status"), [(True, 101), (False, 403)])
async def test_the_applications_verdict_on_an_origin_is_passed_along(
    allowed: bool, status: int
) -> None:
    sio = HANDOFF.server(cors_allowed_origins=lambda origin, environ: allowed)
    async with HANDOFF.open(sio) as url:
        request = handshake("EIO=4&transport=websocket", "Origin: http://elsewhere")
        answered, writer = await raw_answer(url, request)
        assert answered == status
        writer.close()


# --- what goes wrong ---


async def test_a_handoff_that_fails_closes_that_socket_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sio = HANDOFF.server()
    sio.on("echo", lambda sid, data: data)
    async with HANDOFF.open(sio) as url, connected(url) as client:
        with monkeypatch.context() as broken:
            # The engine refuses what is no request head. It has the descriptor all the same.
            broken.setattr(sio._service._bridge, "_head", lambda *_: ("GET",))
            broken.setattr("sio_native.handoff.os.close", pytest.fail)
            host, port = url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(handshake())
            assert await reader.read() == b""
            writer.close()
        assert "closing a WebSocket, not handed over" in caplog.text
        assert await client.call("echo", 1) == 1
        async with connected(url) as late:
            assert sio.transport_path(late.get_sid()) == "handoff"


async def test_without_a_spare_descriptor_the_bridge_serves(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left(descriptor: int) -> int:
        raise OSError(24, "Too many open files")

    sio = HANDOFF.server()
    monkeypatch.setattr("sio_native.handoff.os.dup", none_left)
    async with HANDOFF.open(sio) as url, connected(url) as client:
        assert sio.transport_path(client.get_sid()) == "bridge"
    assert "Too many open files" in caplog.text


class Hasty:
    """Uvicorn's protocol of a client that does not wait for the answer to its handshake."""

    __module__ = "uvicorn.protocols.websockets.hasty"

    def __init__(self, messages: list[str]) -> None:
        self.handshake_complete = True
        self.transport: Any = None
        self._messages = messages

    async def receive(self) -> Any:
        return {"type": self._messages.pop(0)}


async def test_frames_before_the_answer_close_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """RFC 6455, 4.1 forbids them, and what uvicorn has read of them cannot be given back."""
    sio = HANDOFF.server()
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    with theirs:
        protocol = Hasty(["websocket.connect", "websocket.receive"])
        protocol.transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
        scope = {
            "type": "websocket",
            "path": "/socket.io/",
            "query_string": b"EIO=4&transport=websocket",
            "headers": [],
        }
        await sio_native.ASGIApp(sio)(scope, protocol.receive, protocol.receive)
        theirs.setblocking(False)
        assert await loop.sock_recv(theirs, 1) == b""
    assert "its client sent before its handshake was answered" in caplog.text
    await sio.shutdown()


async def test_a_client_that_leaves_at_once_leaves_nothing_behind() -> None:
    sio = HANDOFF.server()
    async with HANDOFF.open(sio) as url:
        host, port = url.removeprefix("http://").split(":")
        for _ in range(20):
            with socket.create_connection((host, int(port))) as hasty:
                hasty.sendall(handshake())
        async with connected(url):
            await until(lambda: sio._core.engine.stats()["sessions"] == 1)
            await until(lambda: sio._core.engine.stats()["connections"] == 1)


# --- ends ---


@pytest.mark.parametrize("mount", ["app.mount", "sio.mount", "outer"])
async def test_clients_are_closed_properly_when_uvicorn_stops(mount: str) -> None:
    app, sio, log = FastAPI(), HANDOFF.server(), Log()
    sio.on("disconnect", lambda sid, reason: log.add(reason))
    path = "ws/socket.io"
    if mount == "app.mount":  # hears nothing of the lifespan
        app.mount("/ws", sio_native.ASGIApp(sio))
    elif mount == "sio.mount":
        sio.mount(app, "/ws")
    else:
        path = "socket.io"
    told = asyncio.Event()
    client = socketio.AsyncClient(reconnection=False)
    client.on("disconnect", lambda *reason: told.set())
    served = sio_native.ASGIApp(sio, app) if mount == "outer" else app
    async with contextlib.AsyncExitStack() as stack:
        async with under_uvicorn(served) as url:
            await stack.enter_async_context(connected(url, client=client, socketio_path=path))
        await told.wait()
    assert log == [("server disconnect",)]
    assert not sio._core.started


@pytest.mark.parametrize("http", ["h11", "httptools"])
async def test_a_body_half_sent_does_not_keep_uvicorn_from_ending(http: Any) -> None:
    """What was handed over has the server shut down while another request still arrives."""
    app = sio_native.ASGIApp(sio := HANDOFF.server())
    options = {"http": http, "lifespan": "off", "timeout_graceful_shutdown": None}
    async with contextlib.AsyncExitStack() as stack:
        async with under_uvicorn(app, **options) as url:
            await stack.enter_async_context(connected(url))
            host, port = url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            stack.callback(writer.close)
            writer.write(b"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n")
            writer.write(b"Content-Length: 2\r\n\r\n4")
            await until(lambda: sio._service._bridge._uploads)
        assert b" 503 " in await reader.readline()


async def test_a_descriptor_that_the_engine_refuses_is_closed_once() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        engine = HANDOFF.server()._core.engine
        with pytest.raises(Exception):  # noqa: B017 - what is no request head
            engine.adopt(descriptor := ours.detach(), ("GET",), False)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
        assert theirs.recv(1) == b""


@pytest.mark.parametrize("http", HTTP_IMPLEMENTATIONS)
async def test_uvicorn_does_not_wait_for_parked_polls_when_it_stops(http: str) -> None:
    sio = sio_native.AsyncServer(ping_interval=600)
    app = FastAPI()
    app.mount("/", sio_native.ASGIApp(sio))
    async with aiohttp.ClientSession() as session:
        async with under_uvicorn(app, http=http, timeout_graceful_shutdown=None) as url:
            client = Client(session, f"{url}/socket.io/?EIO=4&transport=polling")
            await client.join()
            parked = asyncio.create_task(client.receive())
            await until(lambda: sio._service._bridge._exchanges)
        # Else the limit of the test is what ends this.
        with contextlib.suppress(aiohttp.ClientError):
            assert await parked in ("1", "41")

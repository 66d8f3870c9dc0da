"""ASGIApp: which requests are Socket.IO's, files, lifespan, and the door to the engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio
from conftest import connected, under_uvicorn, until
from fastapi import FastAPI

import sio_native
from sio_native.bridge import Body, read_body
from sio_native.static_files import find_static_file

HANDSHAKE = "transport=polling&EIO=4"


def http_scope(path: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "headers": [],
        "client": ("192.0.2.1", 1234),
        "server": ("127.0.0.1", 80),
        **more,
    }


class Exchange:
    """One request without an ASGI server: messages in, messages out."""

    def __init__(self, *incoming: dict[str, Any]) -> None:
        self.incoming = list(incoming) or [{"type": "http.request", "body": b""}]
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if not self.incoming:
            await asyncio.get_running_loop().create_future()
        return self.incoming.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    def header(self, name: str) -> str | None:
        values = dict(self.sent[0]["headers"])
        return values[name.encode()].decode() if name.encode() in values else None


async def other_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"other"})


async def request(app: Any, scope: dict[str, Any], *incoming: dict[str, Any]) -> Exchange:
    exchange = Exchange(*incoming)
    await app(scope, exchange.receive, exchange.send)
    return exchange


# --- paths ---


@pytest.mark.parametrize(
    ("socketio_path", "path", "root_path", "is_socketio"),
    [
        ("socket.io", "/socket.io/", "", True),
        ("socket.io", "/socket.io", "", True),
        ("/socket.io/", "/socket.io/", "", True),
        ("socket.io", "/socket.io/more", "", True),
        ("socket.io", "/socket.iox/", "", False),
        ("socket.io", "/", "", False),
        ("socket.io", "/ws/socket.io/", "", False),
        ("ws/socket.io", "/ws/socket.io/", "/ws", True),  # the full path, as python-socketio
        ("socket.io", "/ws/socket.io/", "/ws", True),  # the path below a mount
        ("socket.io", "/wsx/socket.io/", "/ws", False),
        ("socket.io", "/socket.io/", "/proxied", True),  # a root_path that is not in the path
        (None, "/anything", "", True),
        ("", "/anything", "", True),
    ],
)
async def test_the_path_decides_whose_a_request_is(
    socketio_path: str | None, path: str, root_path: str, is_socketio: bool
) -> None:
    sio = sio_native.AsyncServer()
    app = sio_native.ASGIApp(sio, other_app, socketio_path=socketio_path)
    exchange = await request(app, http_scope(path, root_path=root_path))
    assert (exchange.status != 299) is is_socketio
    await sio.shutdown()


async def test_a_path_that_nobody_serves_is_not_found() -> None:
    app = sio_native.ASGIApp(sio_native.AsyncServer(), socketio_path="ws/socket.io")
    exchange = await request(app, http_scope("/socket.io/"))
    assert (exchange.status, exchange.body) == (404, b"Not Found")
    assert exchange.header("content-type") == "text/plain"
    websocket = Exchange({"type": "websocket.connect"})
    await app({"type": "websocket", "path": "/x", "headers": []}, websocket.receive, websocket.send)
    assert websocket.sent == [{"type": "websocket.close"}]


@pytest.mark.parametrize("other", [None, other_app])
async def test_a_client_at_the_wrong_path_is_explained_once(
    other: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = sio_native.ASGIApp(sio_native.AsyncServer(), other, socketio_path="ws/socket.io")
    for path, query in [("/favicon.ico", ""), ("/socket.io/", HANDSHAKE), ("/x/", HANDSHAKE)]:
        await request(app, http_scope(path, query_string=query.encode()))
    assert [record.getMessage() for record in caplog.records] == [
        'a Socket.IO client asks for "/socket.io/", but socketio_path is "/ws/socket.io/"'
    ]


async def test_a_client_at_the_wrong_path_of_a_mount_is_told_the_whole_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scope = http_scope("/ws/io/", root_path="/ws", query_string=HANDSHAKE.encode())
    exchange = await request(sio_native.ASGIApp(sio_native.AsyncServer()), scope)
    assert exchange.status == 404
    assert [record.getMessage() for record in caplog.records] == [
        'a Socket.IO client asks for "/ws/io/", but socketio_path is "/socket.io/", '
        'in this mount "/ws/socket.io/"'
    ]


# --- static files ---


FILES = {
    "/": "public/index.html",
    "/static": "public",
    "/typed": {"filename": "public/data", "content_type": "application/x-data"},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", ("public/index.html", "text/html")),
        ("/static/app.js", ("public/app.js", "application/javascript")),
        ("/static/", ("public/index.html", "text/html")),
        ("/static/sub/photo.jpg", ("public/sub/photo.jpg", "image/jpeg")),
        ("/typed", ("public/data", "application/x-data")),
        ("/static/../secret", None),
        ("/static/sub/../../secret", None),
        ("/static/unknown.bin", ("public/unknown.bin", "application/octet-stream")),
    ],
)
def test_a_rule_gives_file_and_type(path: str, found: Any) -> None:
    assert find_static_file(path, FILES) == found


def test_a_directory_has_the_default_file_of_the_empty_rule() -> None:
    files = {"/d": "public/", "": {"filename": "main.txt", "content_type": "text/x"}}
    assert find_static_file("/d/", files) == ("public/main.txt", "text/x")
    assert find_static_file("/elsewhere", {**files, "/": "root/"}) == (
        "root/elsewhere",
        "application/octet-stream",
    )


def test_the_empty_rule_can_be_the_roots_directory() -> None:
    files = {"": "public/", "/js": "scripts"}
    assert find_static_file("/a.txt", files) == ("public/a.txt", "text/plain")
    assert find_static_file("/js/a.js", files) == ("scripts/a.js", "application/javascript")
    assert find_static_file("/../a.txt", files) is None


async def test_files_are_served_and_what_is_no_file_goes_on(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "app.css").write_bytes(b"body {}")
    (tmp_path / "secret").write_bytes(b"secret")
    sio = sio_native.AsyncServer()
    app = sio_native.ASGIApp(sio, other_app, static_files={"/s": f"{tmp_path}/public"})
    exchange = await request(app, http_scope("/s/app.css"))
    assert (exchange.status, exchange.body) == (200, b"body {}")
    assert exchange.header("content-type") == "text/css"
    for path in ("/s/missing.css", "/s/../secret", "/s", "/s/app.css\0"):
        assert (await request(app, http_scope(path))).status == 299, path


# --- lifespan ---


def lifespan() -> Exchange:
    return Exchange({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})


@pytest.mark.parametrize("style", ["plain", "coroutine"])
async def test_lifespan_calls_back_and_closes_the_server_first(style: str) -> None:
    told: list[Any] = []
    sio = sio_native.AsyncServer()

    def start() -> None:
        told.append("startup")
        sio.listen("127.0.0.1", 0)

    def stop() -> None:
        told.append(("shutdown", sio._core.started))

    async def start_coroutine() -> None:
        start()

    async def stop_coroutine() -> None:
        stop()

    hooks = (start, stop) if style == "plain" else (start_coroutine, stop_coroutine)
    app = sio_native.ASGIApp(sio, on_startup=hooks[0], on_shutdown=hooks[1])
    exchange = lifespan()
    await app({"type": "lifespan"}, exchange.receive, exchange.send)
    assert told == ["startup", ("shutdown", False)]
    assert [message["type"] for message in exchange.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
async def test_a_callback_that_fails_fails_the_lifespan(
    phase: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("no database")

    app = sio_native.ASGIApp(sio_native.AsyncServer(), **{f"on_{phase}": fail})  # type: ignore[arg-type]
    exchange = lifespan()
    await app({"type": "lifespan"}, exchange.receive, exchange.send)
    assert exchange.sent[-1]["type"] == f"lifespan.{phase}.failed"
    assert "no database" in caplog.text


async def test_lifespan_is_the_other_applications_unless_there_are_callbacks() -> None:
    sio = sio_native.AsyncServer()
    told: list[Any] = []

    async def other(scope: Any, receive: Any, send: Any) -> None:
        told.append((await receive())["type"])
        sio.listen("127.0.0.1", 0)
        told.append((await receive())["type"])
        told.append(sio._core.started)

    exchange = lifespan()
    app = sio_native.ASGIApp(sio, other)
    await app({"type": "lifespan"}, exchange.receive, exchange.send)
    assert told == ["lifespan.startup", "lifespan.shutdown", False]

    with_callback = sio_native.ASGIApp(sio, other, on_startup=lambda: None)
    exchange = lifespan()
    await with_callback({"type": "lifespan"}, exchange.receive, exchange.send)
    assert len(told) == 3


# --- FastAPI ---


def fastapi_app(told: list[str]) -> FastAPI:
    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        told.append("startup")
        yield {"state": "kept"}
        told.append("shutdown")

    return FastAPI(lifespan=life)


@pytest.mark.parametrize(
    ("mount", "socketio_path"),
    [
        (lambda sio, app: sio.mount(app), "socket.io"),
        (lambda sio, app: sio.mount(app, "/ws"), "ws/socket.io"),
        (lambda sio, app: sio.mount(app, socketio_path="live"), "live"),
        (lambda sio, app: sio.mount(app, "/ws", socketio_path=None), "ws"),
        (
            lambda sio, app: sio.mount(app, "/ws", socketio_path="/ws/socket.io"),
            "ws/socket.io",
        ),
    ],
)
async def test_mount_serves_clients_routes_and_lifespan(mount: Any, socketio_path: str) -> None:
    told: list[str] = []
    app, sio = fastapi_app(told), sio_native.AsyncServer()
    mount(sio, app)

    @app.get("/hello")  # after the mount
    async def hello() -> str:
        return "world"

    sio.on("disconnect", lambda sid, reason: told.append(reason))
    client = socketio.AsyncClient(reconnection=False)
    async with under_uvicorn(app) as url:
        for transports in (["polling"], ["websocket"], ["polling", "websocket"]):
            async with connected(url, socketio_path=socketio_path, transports=transports):
                pass
        async with aiohttp.ClientSession() as http, http.get(f"{url}/hello") as response:
            assert await response.json() == "world"
        await until(lambda: len(told) == 4)  # the startup, and three who left
        told.clear()
        await client.connect(url, socketio_path=socketio_path, transports=["websocket"])
    assert told[-1] == "shutdown"  # after the clients were told
    assert len(told) == 2
    assert not sio._core.started
    await client.disconnect()


async def test_mount_runs_callbacks_around_the_hosts_lifespan() -> None:
    told: list[str] = []
    app, sio = fastapi_app(told), sio_native.AsyncServer()
    sio.mount(
        app,
        on_startup=lambda: told.append("sio startup"),
        on_shutdown=lambda: told.append("sio shutdown"),
    )
    async with under_uvicorn(app):
        pass
    assert told == ["startup", "sio startup", "sio shutdown", "shutdown"]


async def test_the_plain_mount_of_python_socketio_works() -> None:
    app, sio = FastAPI(), sio_native.AsyncServer(async_mode="asgi")
    app.mount("/ws", sio_native.ASGIApp(sio, socketio_path="/ws/socket.io"))
    async with under_uvicorn(app) as url, connected(url, socketio_path="ws/socket.io") as client:
        assert sio.transport(client.get_sid()) == "websocket"
    await sio.shutdown()


@contextlib.asynccontextmanager
async def around(sio: sio_native.AsyncServer, path: str) -> AsyncIterator[str]:
    async with under_uvicorn(sio_native.ASGIApp(sio, FastAPI(), socketio_path=path)) as url:
        yield url


@contextlib.asynccontextmanager
async def inside(sio: sio_native.AsyncServer, path: str) -> AsyncIterator[str]:
    app = FastAPI()
    app.mount(path, sio_native.ASGIApp(sio, socketio_path=path))
    async with under_uvicorn(app) as url:
        yield url
    await sio.shutdown()


@contextlib.asynccontextmanager
async def alone(sio: sio_native.AsyncServer, path: str) -> AsyncIterator[str]:
    host, port = sio.listen("127.0.0.1", 0, path)
    yield f"http://{host}:{port}"
    await sio.shutdown()


@pytest.mark.parametrize("serve", [around, inside, alone])
async def test_a_path_of_its_own_is_reached_by_websocket_alone_and_no_other_is(serve: Any) -> None:
    sio = sio_native.AsyncServer()
    async with serve(sio, "/llamaproxws") as url:
        async with connected(url, socketio_path="/llamaproxws", transports=["websocket"]) as client:
            assert sio.transport(client.get_sid()) == "websocket"
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(url, transports=["websocket"]):
                pass


# --- the door ---


async def test_a_body_that_announces_too_much_is_not_read() -> None:
    async def receive() -> Any:
        raise AssertionError("read")

    def no_pieces() -> None:
        raise AssertionError("read")

    scope = http_scope("/", headers=[(b"content-length", b"11")])
    assert await read_body(scope, receive, 10, no_pieces) == Body(b"", True)
    scope = http_scope("/", headers=[(b"Content-Length", b"9" * 5000)])
    assert await read_body(scope, receive, 10, no_pieces) == Body(b"", True)


def piece(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    ("incoming", "body", "unread"),
    [
        ([piece(b"12345", True), piece(b"67890")], Body(b"1234567890", False), 0),
        ([piece(b"123456", True), piece(b"78901", True), piece(b"2")], Body(b"", True), 1),
        ([{"type": "http.request"}], Body(b"", False), 0),
        ([piece(b"1", True), {"type": "http.disconnect"}], None, 0),
    ],
)
async def test_a_body_is_read_up_to_the_limit(incoming: Any, body: Any, unread: int) -> None:
    exchange = Exchange(*incoming)
    told: list[str] = []
    scope = http_scope("/")
    assert await read_body(scope, exchange.receive, 10, lambda: told.append("pieces")) == body
    assert len(exchange.incoming) == unread
    assert told == (["pieces"] if len(incoming) > 1 else [])


async def test_a_post_above_the_limit_is_answered_413() -> None:
    sio = sio_native.AsyncServer(max_http_buffer_size=10)
    app = sio_native.ASGIApp(sio)
    scope = http_scope("/socket.io/", query_string=HANDSHAKE.encode())
    opened = await request(app, scope)
    assert opened.status == 200
    sid = opened.body.split(b'"sid":"')[1][:20].decode()
    scope = http_scope("/socket.io/", method="POST", query_string=f"{HANDSHAKE}&sid={sid}".encode())
    answer = await request(app, scope, piece(b"4" * 11))
    assert answer.status == 413
    await sio.shutdown()


async def test_a_client_that_leaves_ends_its_parked_poll() -> None:
    sio = sio_native.AsyncServer()
    app = sio_native.ASGIApp(sio)
    opened = await request(app, http_scope("/socket.io/", query_string=HANDSHAKE.encode()))
    sid = opened.body.split(b'"sid":"')[1][:20].decode()
    scope = http_scope("/socket.io/", query_string=f"{HANDSHAKE}&sid={sid}".encode())
    left = await request(app, scope, piece(b""), {"type": "http.disconnect"})
    assert left.sent == []
    assert sio._service._bridge._exchanges == {}
    await sio.shutdown()


class SlowBody(Exchange):
    """A request whose body stops after its first pieces, until `goes_on`."""

    def __init__(self, *pieces: dict[str, Any]) -> None:
        super().__init__()
        self.incoming = list(pieces)
        self.reading = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.last: dict[str, Any] = {"type": "http.disconnect"}

    async def receive(self) -> Any:
        if self.incoming:
            return await super().receive()
        self.reading.set()
        await self.goes_on.wait()
        return self.last


@pytest.mark.parametrize("sent_before", [[], [piece(b"4", more=True)]], ids=["none", "half"])
@pytest.mark.parametrize("last", [piece(b"0"), {"type": "http.disconnect"}], ids=["rest", "leaves"])
async def test_a_body_that_arrives_while_the_server_ends_is_answered_503_at_once(
    sent_before: list[dict[str, Any]], last: dict[str, Any]
) -> None:
    sio = sio_native.AsyncServer()
    app = sio_native.ASGIApp(sio)
    opened = await request(app, http_scope("/socket.io/", query_string=HANDSHAKE.encode()))
    sid = opened.body.split(b'"sid":"')[1][:20].decode()
    scope = http_scope("/socket.io/", method="POST", query_string=f"{HANDSHAKE}&sid={sid}".encode())
    slow = SlowBody(*sent_before)
    posting = asyncio.create_task(app(scope, slow.receive, slow.send))
    await slow.reading.wait()
    await sio.shutdown()
    await until(lambda: slow.sent)
    assert slow.status == 503
    slow.last = last
    slow.goes_on.set()
    await posting
    assert [message["type"] for message in slow.sent] == [
        "http.response.start",
        "http.response.body",
    ]


async def test_an_ended_engine_gives_no_request_a_number() -> None:
    """Nothing would follow: whoever asks must not wait."""
    sio = sio_native.AsyncServer()
    bridge, scope = sio._service._bridge, http_scope("/socket.io/", query_string=HANDSHAKE.encode())
    exchange = Exchange(piece(b""))
    await bridge.http(scope, exchange.receive, exchange.send)  # the engine has not been started
    assert exchange.status == 503
    exchange = Exchange({"type": "websocket.connect"})
    scope = websocket_scope(HANDSHAKE, extensions={"websocket.http.response": {}})
    await bridge.websocket(scope, exchange.receive, exchange.send)
    assert exchange.status == 503
    assert bridge._exchanges == bridge._websockets == {}


@pytest.mark.parametrize(
    ("client", "server"),
    [
        (("192.0.2.1", "1234"), ("127.0.0.1", "80")),  # Granian
        (None, ("/run/socket", None)),  # a Unix socket
        (["192.0.2.1", 1234], ["127.0.0.1", 80]),
        (None, None),
    ],
)
async def test_addresses_come_in_several_shapes(client: Any, server: Any) -> None:
    sio = sio_native.AsyncServer()
    scope = http_scope("/socket.io/", query_string=HANDSHAKE.encode())
    exchange = await request(sio_native.ASGIApp(sio), {**scope, "client": client, "server": server})
    assert exchange.status == 200
    await sio.shutdown()


@pytest.mark.parametrize(
    ("check", "allowed"),
    [
        (lambda origin, environ: origin == "http://a" and "HTTP_HOST" in environ, True),
        (lambda origin: origin == "http://a", True),
        (lambda origin: ["http://a"], True),
        (lambda origin: ["http://b"], False),
        (lambda origin, environ: False, False),
        (lambda origin: None, False),
        (lambda origin: 1 / 0, False),
    ],
)
async def test_a_callable_decides_about_the_origin_of_each_request(
    check: Any, allowed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sio = sio_native.AsyncServer(cors_allowed_origins=check)
    headers = [(b"host", b"b"), (b"origin", b"http://a")]
    app = sio_native.ASGIApp(sio)
    exchange = await request(
        app, http_scope("/socket.io/", query_string=HANDSHAKE.encode(), headers=headers)
    )
    assert exchange.status == (200 if allowed else 403)
    assert exchange.header("access-control-allow-origin") == ("http://a" if allowed else None)
    without_origin = await request(
        app, http_scope("/socket.io/", query_string=HANDSHAKE.encode(), headers=headers[:1])
    )
    assert without_origin.status == 200
    await sio.shutdown()


def websocket_scope(query: str, **more: Any) -> dict[str, Any]:
    headers = [
        (b"host", b"a"),
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", b"AAAAAAAAAAAAAAAAAAAAAA=="),
    ]
    scope = http_scope("/socket.io/", query_string=query.encode(), headers=headers, **more)
    return {**scope, "type": "websocket", "scheme": "ws"}


async def test_a_refused_websocket_has_the_engines_answer_where_the_server_can_give_it() -> None:
    sio = sio_native.AsyncServer()
    app = sio_native.ASGIApp(sio)
    query = "transport=websocket&EIO=3"
    plain = await request(app, websocket_scope(query), {"type": "websocket.connect"})
    reason = '{"code":5,"message":"Unsupported protocol version"}'
    assert plain.sent == [{"type": "websocket.close", "reason": reason}]
    extensions = {"websocket.http.response": {}}
    told = await request(
        app, websocket_scope(query, extensions=extensions), {"type": "websocket.connect"}
    )
    assert told.status == 400
    assert [message["type"] for message in told.sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    await sio.shutdown()


async def test_a_websocket_needs_no_upgrade_headers() -> None:
    # HTTP/2 has none; the ASGI server has checked the handshake.
    sio = sio_native.AsyncServer()
    scope = {**websocket_scope("transport=websocket&EIO=4"), "headers": [], "http_version": "2"}
    exchange = Exchange({"type": "websocket.connect"}, {"type": "websocket.disconnect"})
    await sio_native.ASGIApp(sio)(scope, exchange.receive, exchange.send)
    assert exchange.sent[0]["type"] == "websocket.accept"
    await sio.shutdown()


async def test_a_peer_that_reads_nothing_does_not_hold_its_websocket_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sio_native.bridge.CLOSE_PATIENCE", 0.05)
    sio = sio_native.AsyncServer(ping_interval=0.05, ping_timeout=0.05)
    app = sio_native.ASGIApp(sio)
    exchange = Exchange({"type": "websocket.connect"})

    async def send(message: Any) -> None:
        await exchange.send(message)
        if message["type"] == "websocket.send":
            await asyncio.get_running_loop().create_future()  # a full socket

    scope = websocket_scope("transport=websocket&EIO=4")
    await app(scope, exchange.receive, send)
    assert [message["type"] for message in exchange.sent] == ["websocket.accept", "websocket.send"]
    await sio.shutdown()

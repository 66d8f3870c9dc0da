"""Hooks below Socket.IO: who gets a session, headers of answers, and what was refused."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import socketio
from conftest import BRIDGE, HANDOFF, OWN_PORT, THREADS, Door, Log, connected, under_uvicorn, until
from raw_requests import POLLING, UPGRADE, WEBSOCKET, ask, ask_both
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection

import sio_native

# --- connection_error ---

REFUSED: list[tuple[str, str, dict[str, str], tuple[int, str, str, dict[str, Any]]]] = [
    (
        "GET",
        "/socket.io/?EIO=4&transport=pigeon",
        {},
        (0, "UNKNOWN_TRANSPORT", "Transport unknown", {"transport": "pigeon"}),
    ),
    (
        "GET",
        POLLING + "&sid=nobody",
        {},
        (1, "UNKNOWN_SID", "Session ID unknown", {"sid": "nobody"}),
    ),
    (
        "POST",
        POLLING,
        {"Content-Length": "0"},
        (2, "BAD_HANDSHAKE_METHOD", "Bad handshake method", {"method": "POST"}),
    ),
    (
        "GET",
        WEBSOCKET,
        {},
        (3, "BAD_REQUEST", "Bad request", {"name": "TRANSPORT_HANDSHAKE_ERROR"}),
    ),
    (
        "GET",
        POLLING,
        {"Origin": "http://evil.example"},
        (
            4,
            "FORBIDDEN",
            "Forbidden",
            {"name": "INVALID_ORIGIN", "origin": "http://evil.example"},
        ),
    ),
    (
        "GET",
        POLLING.replace("4", "3"),
        {},
        (5, "UNSUPPORTED_PROTOCOL_VERSION", "Unsupported protocol version", {"protocol": "3"}),
    ),
]


async def test_each_refused_request_is_told_with_its_code_and_context(native_door: Door) -> None:
    sio = native_door.server()
    told = Log()

    @sio.on_connection_error
    def failed(error: Any) -> None:
        told.add(error)

    later = Log()

    @sio.engine.on("connection_error")
    async def also(error: Any) -> None:
        later.add(error)

    async with native_door.open(sio) as url:
        for method, target, headers, (code, name, message, context) in REFUSED:
            answer = await ask(url, target, headers, method)
            assert answer.status == (403 if code == 4 else 400), target
            assert json.loads(answer.body) == {"code": code, "message": message}
            await told.reaches(1)
            (error,) = told.pop()
            assert (error.code, error.name, error.message) == (code, name, message)
            assert error.context == context
            assert error.request.method == method
            assert error.request.path == "/socket.io/"
            assert error.request.url == target
            assert error.request.query["transport"] in target
            assert error.request.headers["host"] == urlsplit(url).netloc
            assert error.request.address == "127.0.0.1"
            assert error.request.environ["REQUEST_METHOD"] == method
        await later.reaches(len(REFUSED))

        async with connected(url, transports=["polling"]) as client:
            sid = sio.manager.eio_sid_from_sid(client.get_sid(), "/")
            await ask(url, f"{WEBSOCKET}&sid={sid}")
            await told.reaches(1)
            assert told.pop()[0].context == {"name": "TRANSPORT_MISMATCH", "transport": "websocket"}
        assert not told  # of what was in order


@pytest.mark.parametrize("door", [OWN_PORT, THREADS], ids=["own-port", "threads"])
async def test_of_refusals_that_nobody_hears_in_time_a_thousand_are_kept(door: Door) -> None:
    sio = door.server()
    told = Log()
    sio.on_connection_error(lambda error: told.add(error.code))
    async with door.open(sio) as url:
        at = urlsplit(url)
        request = f"GET /socket.io/?EIO=4&transport=x HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n"
        # The loop is busy with this, and the engine answers all the same.
        with socket.create_connection((at.hostname, at.port)) as stranger:
            for _ in range(11):
                stranger.sendall(100 * request.encode())
                answers = b""
                while answers.count(b"Transport unknown") < 100:
                    answers += stranger.recv(65536)
        await told.reaches(1000)
        await ask(url, POLLING + "&sid=unknown")
        await told.reaches(1001)
        assert told[1000:] == [(1,)]


# --- allow_request ---


async def test_a_request_gets_a_session_only_if_it_is_allowed(native_door: Door) -> None:
    asked, heard, told = Log(), Log(), Log()

    async def allow(request: Any) -> bool:
        asked.add(request.query["transport"], request.headers.get("x-key"))
        await asyncio.sleep(0)
        key = request.headers.get("x-key")
        if key == "rude":
            raise sio_native.exceptions.ConnectionRefusedError("go away")
        if key == "broken":
            raise LookupError("secret of ours")
        request.environ["known as"] = key
        return bool(key == "ok")

    sio = native_door.server(allow_request=allow)
    sio.on_connection_error(lambda error: told.add(error.code, error.message, error.context))

    @sio.event
    def connect(sid: str, environ: dict[str, Any]) -> None:
        heard.add(environ["known as"])

    async with native_door.open(sio) as url:
        cases = [
            (None, "Forbidden", None),
            ("rude", "go away", "go away"),
            ("broken", "Forbidden", None),
        ]
        for key, message, context in cases:
            headers = {} if key is None else {"X-Key": key}
            polling = await ask(url, POLLING, headers)
            assert polling.status == 403
            assert json.loads(polling.body) == {"code": 4, "message": message}
            websocket = await ask(url, WEBSOCKET, {**UPGRADE, **headers})
            assert websocket.status == 403
            await told.reaches(2)
            assert told == [(4, message, {"message": context})] * 2
            told.clear()
        assert not heard
        for transport in ("polling", "websocket"):
            async with connected(url, transports=[transport], headers={"X-Key": "ok"}):
                pass
        assert heard == [("ok",), ("ok",)]
        assert ("websocket", "rude") in asked
        await until(lambda: not sio.environ)


async def test_who_leaves_before_the_verdict_leaves_nothing_behind(native_door: Door) -> None:
    asked, verdict = Log(), asyncio.Event()

    async def allow(request: Any) -> bool:
        asked.add(request)
        await verdict.wait()
        return True

    sio = native_door.server(allow_request=allow)
    async with native_door.open(sio) as url:
        at = urlsplit(url)
        writers = []
        for target, headers in ((POLLING, ""), (WEBSOCKET, "".join(map(_line, UPGRADE.items())))):
            _, writer = await asyncio.open_connection(at.hostname, at.port)
            writer.write(f"GET {target} HTTP/1.1\r\nHost: {at.netloc}\r\n{headers}\r\n".encode())
            writers.append(writer)
        await asked.reaches(2)
        environs, engine = sio._service.environs, sio._core.engine
        waiting = list(sio._engine_hooks._asking)
        assert len(waiting) == 2
        for writer in writers:
            writer.transport.abort()
        # A bridged WebSocket is not read before its handshake is answered.
        unseen = 1 if native_door is BRIDGE else 0
        await until(lambda: sum(bool(engine.request_head(each)) for each in waiting) == unseen)
        verdict.set()
        async with connected(url):
            pass
        await until(
            lambda: not any(each in table for table in environs._tables for each in waiting)
        )


def _line(header: tuple[str, str]) -> str:
    return "{}: {}\r\n".format(*header)


# --- headers ---


async def test_headers_are_added_to_answers(native_door: Door) -> None:
    sio = native_door.server(headers={"X-Frame-Options": "DENY"})
    sio.engine.use({"X-Robots": ["none", "noindex"]})

    @sio.engine.on("initial_headers")
    async def initial(headers: dict[str, Any], request: Any) -> None:
        headers["X-For"] = request.query["transport"]
        headers["Set-Cookie"] = ["a=1; Path=/", "b=2"]
        headers["Bad"] = "a\r\nInjected: yes"

    @sio.engine.on("initial_headers")
    def broken(headers: dict[str, Any], request: Any) -> None:
        raise LookupError

    @sio.engine.use
    async def middleware(request: Any, headers: dict[str, Any]) -> None:
        headers["X-Seen"] = request.headers.get("x-me", "nobody")
        if request.headers.get("x-me") == "bad":
            raise ConnectionRefusedError("not you")

    async with native_door.open(sio) as url:
        polling, websocket = await ask_both(url)
        assert (polling.status, websocket.status) == (200, 101)
        for answer, transport in ((polling, "polling"), (websocket, "websocket")):
            assert answer.all("x-frame-options") == ["DENY"]
            assert answer.all("x-robots") == ["none", "noindex"]
            assert answer.all("x-for") == [transport]
            assert answer.all("x-seen") == ["nobody"]
            assert answer.all("set-cookie") == ["a=1; Path=/", "b=2"]
            assert not answer.all("bad")
            assert not answer.all("injected")
        # A poll of the session, and a refusal, have those that are for all.
        sid = json.loads(polling.body[1:])["sid"]
        post = await ask(url, f"{POLLING}&sid={sid}", {"Content-Length": "0"}, "POST")
        for answer in (post, await ask(url, POLLING + "&sid=unknown")):
            assert answer.all("x-frame-options") == ["DENY"]
            assert not answer.all("x-for")
        for target, more in ((POLLING, {}), (WEBSOCKET, UPGRADE)):
            refused = await ask(url, target, {**more, "X-Me": "bad"})
            assert refused.status == 403
            assert refused.all("x-frame-options") == ["DENY"]
        assert json.loads((await ask(url, POLLING, {"X-Me": "bad"})).body)["message"] == "not you"
        with pytest.raises(RuntimeError, match="before the server serves"):
            sio.engine.use({"X-Late": "1"})


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nY: b"},
        {"X\n": "a"},
        {"": "a"},
        {"X": "\u0100"},
        {"X": 1},
        {"Content-Length": "3"},
        {"Upgrade": "x"},
        {"X Y": "a"},
    ],
)
def test_a_header_that_no_response_can_have_is_refused_at_once(headers: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        sio_native.AsyncServer(headers=headers)
    with pytest.raises((ValueError, TypeError)):
        sio_native.AsyncServer().engine.use(headers)


def test_a_value_that_is_no_text_is_named() -> None:
    with pytest.raises(ValueError, match="the header X cannot have the value 1"):
        sio_native.AsyncServer(headers={"X": 1})  # type: ignore[dict-item]


def test_wrong_hooks_are_refused_at_once() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(TypeError, match="callable"):
        sio.on_connection_error(1)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="callable"):
        sio_native.AsyncServer(allow_request=1)
    with pytest.raises(ValueError, match="Invalid event"):
        sio.engine.on("nonsense")
    with pytest.raises(TypeError, match="mapping"):
        sio_native.AsyncServer(headers="X: y")


# --- middleware around the ASGI application ---


class Security:
    """A pure ASGI middleware: sees each request, adds a header to each answer it sees."""

    def __init__(self, app: Any, seen: Log) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        self.seen.add(scope["type"], dict(HTTPConnection(scope).query_params).get("transport"))
        if b"x-stranger" in dict(scope["headers"]):
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close"})
            await send({"type": "http.response.start", "status": 401, "headers": []})
            return await send({"type": "http.response.body", "body": b""})

        async def adding(message: Any) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                more = [(b"x-security", b"on")]
                message = {**message, "headers": [*message.get("headers", []), *more]}
            await send(message)

        return await self.app(scope, receive, adding)


@pytest.fixture(params=[HANDOFF, BRIDGE], ids=["handoff", "bridge"])
def asgi(request: pytest.FixtureRequest) -> Iterator[Door]:
    yield request.param


async def test_asgi_middleware_sees_each_request(asgi: Door) -> None:
    seen, sessions = Log(), Log()
    sio = asgi.server(allow_request=lambda request: "session" in request.environ["asgi.scope"])

    @sio.event
    def connect(sid: str, environ: dict[str, Any]) -> None:
        sessions.add(environ["asgi.scope"]["session"])
        environ["asgi.scope"]["session"]["visited"] = True

    app = Security(SessionMiddleware(sio_native.ASGIApp(sio), secret_key="secret"), seen)
    async with under_uvicorn(app) as url:
        polling, websocket = await ask_both(url)
        assert (polling.status, websocket.status) == (200, 101)
        assert seen == [("http", "polling"), ("websocket", "websocket")]
        assert polling.all("x-security") == ["on"]
        # The engine writes the 101 of a connection that uvicorn has handed over.
        assert websocket.all("x-security") == ([] if asgi is HANDOFF else ["on"])
        for target, more in ((POLLING, {}), (WEBSOCKET, UPGRADE)):
            refused = await ask(url, target, {**more, "X-Stranger": "1"})
            assert refused.status in (401, 403)
        for transport in ("polling", "websocket"):
            async with connected(url, transports=[transport]):
                pass
        assert len(sessions) == 2
        assert all(isinstance(session, dict) for (session,) in sessions)


async def test_clients_connect_with_all_hooks_in_place(native_door: Door) -> None:
    sio = native_door.server(allow_request=lambda request: True, headers={"X-A": "b"})
    sio.engine.on("initial_headers", lambda headers, request: headers.update({"X-B": "c"}))
    sio.on_connection_error(lambda error: None)
    sio.on("echo", lambda sid, *args: list(args))
    async with native_door.open(sio) as url:
        for transports in (["polling"], ["websocket"], ["polling", "websocket"]):
            client = socketio.AsyncClient(reconnection=False)
            async with connected(url, client=client, transports=transports):
                assert await client.call("echo", 5) == [5]

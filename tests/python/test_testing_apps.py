"""Test clients of whole applications: mounts, middleware, and what is refused before Socket.IO."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

import sio_native
from sio_native import exceptions
from sio_native.testing import TestClient


@pytest.fixture
def sio() -> sio_native.AsyncServer:
    sio = sio_native.AsyncServer()

    @sio.event
    async def environ(sid: str, key: str) -> Any:
        return (sio.get_environ(sid) or {}).get(key)

    return sio


async def test_an_application_is_reached_at_its_path(sio: sio_native.AsyncServer) -> None:
    fastapi = FastAPI()
    fastapi.mount("/ws", sio_native.ASGIApp(sio, socketio_path="/ws/socket.io"))
    starlette = Starlette(routes=[Mount("/a/b", sio_native.ASGIApp(sio))])
    for app, path in [
        (sio_native.ASGIApp(sio), "/socket.io"),
        (sio_native.ASGIApp(sio, fastapi, socketio_path="/x"), "/x/"),
        (fastapi, "/ws/socket.io"),
        (starlette, "/a/b/socket.io"),
    ]:
        async with TestClient(app, path=path) as c:
            assert await c.call("environ", "REQUEST_METHOD") == "GET"
            await c.advance(25)
            assert c.pings == 1


async def test_headers_and_query_are_in_the_environ(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio, headers={"X-User": "ann", "Host": "h"}, query={"room": "a b"}) as c:
        assert await c.call("environ", "HTTP_X_USER") == "ann"
        assert await c.call("environ", "HTTP_HOST") == "h"
        assert "room=a+b" in await c.call("environ", "QUERY_STRING")
        assert await c.call("environ", "REMOTE_ADDR") == "127.0.0.1"
    async with TestClient(sio, headers=[("cookie", "a=1"), ("cookie", "b=2")]) as c:
        assert "a=1" in await c.call("environ", "HTTP_COOKIE")


async def test_middleware_sees_the_scope(sio: sio_native.AsyncServer) -> None:
    inner = sio_native.ASGIApp(sio)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = "ann"
        await inner(scope, receive, send)

    @sio.event
    async def who(sid: str) -> Any:
        return sio.get_environ(sid)["asgi.scope"]["user"]  # type: ignore[index]

    async with TestClient(app) as c:
        assert await c.call("who") == "ann"


@pytest.mark.parametrize("path", ["/socket.io", "/ws"])
async def test_a_path_without_a_server_is_said_to_have_none(
    sio: sio_native.AsyncServer, path: str
) -> None:
    app = FastAPI()
    app.mount("/ws", sio_native.ASGIApp(sio))
    with pytest.raises(exceptions.ConnectionError) as refused:
        await TestClient(app, path=path).connect()
    assert f"the WebSocket at {path}/ was refused" in str(refused.value)


async def test_a_refused_handshake_says_what_the_server_said() -> None:
    sio = sio_native.AsyncServer(cors_allowed_origins=["https://ours"])
    async with TestClient(sio, headers={"Origin": "https://ours"}):
        pass
    with pytest.raises(exceptions.ConnectionError, match=r"HTTP status 403 .*Forbidden"):
        await TestClient(sio, headers={"Origin": "https://theirs"}).connect()


async def test_what_the_application_raises_is_raised() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("of the application")

    with pytest.raises(LookupError, match="of the application"):
        async with TestClient(app):
            pytest.fail("it was let in")


async def test_what_the_application_raises_later_is_raised_when_the_client_leaves(
    sio: sio_native.AsyncServer,
) -> None:
    inner = sio_native.ASGIApp(sio)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)
        raise LookupError("of the application")

    with pytest.raises(LookupError, match="of the application"):
        async with TestClient(app) as c:
            await c.call("environ", "REMOTE_ADDR")


async def test_an_application_that_returns_or_does_not_answer_is_named() -> None:
    async def returns(scope: Any, receive: Any, send: Any) -> None:
        return

    async def accepts(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    with pytest.raises(exceptions.ConnectionError, match="was closed before there was a session"):
        await TestClient(returns).connect()
    with pytest.raises(exceptions.ConnectionError, match=r"was not open within 0.05 s"):
        await TestClient(accepts, timeout=0.05).connect()


async def test_python_socketio_is_tested_as_well_but_not_its_time() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    sio.on("echo", lambda sid, *args: args)
    async with TestClient(socketio.ASGIApp(sio)) as c:
        assert await c.call("echo", (1, b"2")) == (1, b"2")
        with pytest.raises(RuntimeError, match="has not been connected to a server of sio_native"):
            await c.advance(1)


async def test_an_application_that_does_not_return_is_cancelled(
    sio: sio_native.AsyncServer,
) -> None:
    inner = sio_native.ASGIApp(sio)
    ended: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:

        await inner(scope, receive, send)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async with TestClient(app, timeout=2.0) as c:
        assert c.connected
    assert ended == [True]

"""Clients as objects: `sio.socket(sid)` and `@sio.on_connection`."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from typing import Any

import pytest
import socketio
from conftest import Door, Log, connected, until

import sio_native
from sio_native.socket import Socket
from sio_native.testing import TestClient


async def test_each_client_is_an_object_with_handlers_of_its_own(native_door: Door) -> None:
    sio = native_door.server()
    heard = Log()

    @sio.on_connection
    async def came(socket: Socket) -> None:
        @socket.on("who")
        def who(*args: Any) -> list[Any]:
            heard.add(socket.id, *args)
            return [socket.id, *args]

    async with native_door.open(sio) as url, connected(url) as one, connected(url) as two:
        assert await one.call("who", (1, b"2")) == [one.get_sid(), 1, b"2"]
        assert await two.call("who") == [two.get_sid()]
        assert heard == [(one.get_sid(), 1, b"2"), (two.get_sid(),)]
        socket = sio.socket(one.get_sid())
        assert socket is sio.socket(one.get_sid())
        assert socket.connected
        assert (socket.id, socket.nsp, socket.recovered) == (one.get_sid(), "/", False)
        assert socket.handshake.query["transport"] == "websocket"
        socket.data["name"] = "ann"
        assert await sio.get_session(one.get_sid()) == {"name": "ann"}
        await socket.join("r", ["s", 7])
        await socket.leave("s")
        assert socket.rooms == {one.get_sid(), "r", 7}
        with pytest.raises(KeyError):
            sio.socket("unknown")


async def test_handlers_are_added_and_taken_away(native_door: Door) -> None:
    sio = native_door.server()
    said = Log()

    @sio.on("ask")
    async def of_the_server(sid: str, *args: Any) -> None:
        said.add("server", *args)

    async with native_door.open(sio) as url, connected(url) as client, connected(url) as other:
        socket = sio.socket(client.get_sid())

        @socket.on("ask")
        async def first(number: int) -> None:
            said.add("first", number)

        @socket.on("ask")
        def second(number: int) -> int:
            said.add("second", number)
            return 10 * number

        socket.once("ask", lambda number: said.add("once", number))
        assert await client.call("ask", 1) == 10
        assert said == [("server", 1), ("first", 1), ("second", 1), ("once", 1)]
        said.clear()
        socket.off("ask", first)
        socket.off("ask", first)
        assert await client.call("ask", 2) == 20
        assert await other.call("ask", 3) is None
        assert said == [("server", 2), ("second", 2), ("server", 3)]
        socket.off("ask")
        assert await client.call("ask", 4) is None
        with pytest.raises(asyncio.TimeoutError):  # nobody handles it, so nobody answers
            await asyncio.wait_for(client.call("never"), 0.2)
        with pytest.raises(ValueError, match="on_connection"):
            socket.on("connect", first)
        with pytest.raises(TypeError, match="callable"):
            socket.on("ask", 1)  # type: ignore[call-overload]


async def test_middleware_sees_and_refuses_events(native_door: Door) -> None:
    sio = native_door.server()
    heard = Log()
    sio.on("tell", lambda sid, *args: heard.add("server", *args))

    @sio.on_connection
    def came(socket: Socket) -> None:
        socket.on_any(lambda event, *args: heard.add("any", event, *args))
        socket.on("tell", lambda *args: heard.add("own", *args))
        socket.on("error", lambda error: heard.add("error", str(error)))

        @socket.use
        async def guard(event: str, args: list[Any]) -> None:
            if event == "forbidden":
                raise PermissionError("not you")
            args.append("seen")

    async with native_door.open(sio) as url, connected(url) as client:
        await client.call("tell", 1)
        tail = (1, "seen")
        assert heard == [("any", "tell", *tail), ("server", *tail), ("own", *tail)]
        heard.clear()
        await client.emit("forbidden")
        await heard.reaches(1)
        assert heard == [("error", "not you")]
        await client.emit("unhandled", 2)
        await heard.reaches(2)
        assert heard[-1] == ("any", "unhandled", 2, "seen")


async def test_it_emits_to_itself_and_to_others(native_door: Door) -> None:
    sio = native_door.server()
    async with native_door.open(sio) as url, connected(url) as a, connected(url) as b:
        heard = Log()
        for name, client in (("a", a), ("b", b)):
            client.on("*", lambda event, *args, name=name: heard.add(name, event, *args))
            client.on("ask", lambda *args, name=name: (name, *args))
        socket = sio.socket(a.get_sid())
        await sio.socket(b.get_sid()).join("r")
        await socket.join("r")
        for send in (socket, socket.broadcast, socket.to("r"), socket.local, socket.volatile):
            await send.emit("news", 1)
            await send.send("text")
        await heard.reaches(10)
        news = [("a", "news", 1), ("a", "message", "text")]
        of_b = [("b", "news", 1), ("b", "message", "text")]
        assert [each for each in heard if each[0] == "a"] == news * 2
        assert [each for each in heard if each[0] == "b"] == of_b * 3
        assert await socket.emit_with_ack("ask", 1, 2) == ("a", 1, 2)
        assert await socket.broadcast.emit_with_ack("ask") == {b.get_sid(): "b"}
        assert await socket.except_(b.get_sid()).all_sockets() == set()


async def test_it_waits_for_answers_no_longer_than_it_is_told(native_door: Door) -> None:
    sio = native_door.server()
    async with native_door.open(sio) as url, connected(url) as a, connected(url) as b:
        for name, client in (("a", a), ("b", b)):
            client.on("ask", lambda *args, name=name: (name, *args))
            client.on("nobody answers", asyncio.Event().wait)
        socket = sio.socket(a.get_sid())
        five = socket.timeout(5)
        assert await five.emit_with_ack("ask", 1) == await five.call("ask", 1) == ("a", 1)
        assert await socket.volatile.emit_with_ack("ask") == await socket.call("ask") == "a"
        for ask in (socket.timeout(0.01), socket.timeout(0.01).volatile):
            with pytest.raises(sio_native.exceptions.TimeoutError):
                await ask.emit_with_ack("nobody answers")
        # The modifiers hold for the others too.
        assert await five.broadcast.emit_with_ack("ask", 2) == {b.get_sid(): ("b", 2)}
        assert await five.volatile.to(b.get_sid()).emit_with_ack("ask") == {b.get_sid(): "b"}
        with pytest.raises(sio_native.exceptions.AckTimeoutError):
            await socket.timeout(0.01).except_("r").emit_with_ack("nobody answers")
        assert "volatile=True" in repr(five.volatile) and "timeout=5.0" in repr(five.volatile)
        for wrong in (0, -1, float("inf"), "1", None):
            with pytest.raises(ValueError, match="above 0"):
                socket.timeout(wrong)  # type: ignore[arg-type]


async def test_the_connection_under_it_is_shown_and_closed(native_door: Door) -> None:
    sio = native_door.server()
    left = Log()
    for namespace in ("/", "/chat"):
        sio.on("disconnect", lambda sid, reason: left.add(sid, reason), namespace=namespace)
    async with native_door.open(sio) as url:
        async with connected(url, namespaces=["/", "/chat"]) as client:
            sids = [client.get_sid(namespace) for namespace in ("/", "/chat")]
            socket, other = sio.socket(sids[0]), sio.socket(sids[1], "/chat")
            conn = socket.conn
            assert conn is socket.conn
            assert conn.id == other.conn.id == client.eio.sid
            assert (conn.transport, conn.protocol) == ("websocket", 4)
            assert conn.remote_address == socket.handshake.address == "127.0.0.1"
            conn.close()
            await left.reaches(2)
            assert {each[0] for each in left} == set(sids)
            await until(lambda: client.eio.state == "disconnected")
        await until(lambda: not sio._sockets._sockets)
        conn.close()
        for ask in (lambda: conn.transport, lambda: conn.remote_address, lambda: other.handshake):
            with pytest.raises(sio_native.exceptions.DisconnectedError):
                ask()
        with pytest.raises(sio_native.exceptions.DisconnectedError):
            sio_native.socket.Socket(sio, sio._sockets, "unknown", "/").conn  # noqa: B018


async def test_the_handshake_says_how_it_came() -> None:
    sio = sio_native.AsyncServer(cors_allowed_origins="*")
    before = time.time()
    sio.on_connection(lambda socket: None)
    client = TestClient(
        sio,
        query={"name": "Ada"},
        auth={"token": "t"},
        headers={"Origin": "http://elsewhere", "X-Two": "1"},
    )
    async with client, TestClient(sio) as plain:
        found = sio.socket(client.sid).handshake
        assert found is sio.socket(client.sid).handshake
        assert found.auth == {"token": "t"}
        assert found.query["name"] == "Ada"
        assert (found.headers["x-two"], found.xdomain, found.secure) == ("1", True, False)
        assert found.url.startswith("/socket.io") and "name=Ada" in found.url
        assert before - 1 <= found.issued / 1000 <= time.time() + 1
        assert found.time.startswith("20") and isinstance(found.address, str)
        assert not sio.socket(plain.sid).handshake.xdomain
    await sio.shutdown()


async def test_it_hears_of_its_own_end(native_door: Door) -> None:
    sio = native_door.server()
    log = Log()
    sio.on("disconnect", lambda sid: log.add("server"))  # of the older form

    sockets: list[Socket] = []

    @sio.on_connection
    def came(socket: Socket) -> None:
        sockets.append(socket)
        socket.on("disconnect", lambda reason: log.add(reason, sorted(map(str, socket.rooms))))

    async with native_door.open(sio) as url:
        async with connected(url) as client:
            sid = client.get_sid()
            await sio.socket(sid).join("r")
            await sio.disconnect(sid)
            await log.reaches(2)
        assert log == [("server",), (sio.reason.SERVER_DISCONNECT, sorted([sid, "r"]))]
        await until(lambda: not sio._sockets._sockets)
        with pytest.raises(KeyError):
            sio.socket(sid)
        socket = sockets[0]
        with pytest.raises(sio_native.exceptions.DisconnectedError, match=f"{sid} has left"):
            await socket.join("r")
        await socket.leave("r")
        await socket.disconnect()
        assert (socket.connected, socket.rooms) == (False, set())
        async with connected(url) as client:
            await sio.socket(client.get_sid()).disconnect(close=True)
            await until(lambda: client.eio.state == "disconnected")


@pytest.mark.parametrize("how", ["client", "server", "session"])
async def test_who_it_was_is_known_until_it_has_left(native_door: Door, how: str) -> None:
    sio = native_door.server()
    log = Log()

    @sio.event
    def disconnect(sid: str, reason: str) -> None:
        log.add("server", sio.socket(sid).handshake.query["name"])

    @sio.on_connection
    def came(socket: Socket) -> None:
        @socket.on("disconnect")
        def left(reason: str) -> None:
            shake, now = socket.handshake, time.time()
            log.add("socket", shake.auth, shake.address, shake.url.startswith("/"))
            assert now - 60 < shake.issued / 1000 <= now

    async with native_door.open(sio) as url, connected(f"{url}?name=ann", auth={"a": 1}) as client:
        sid = client.get_sid()
        if how == "client":
            await client.disconnect()
        elif how == "server":
            await sio.disconnect(sid)
        else:
            sio.socket(sid).conn.close()
        await log.reaches(2)
        assert log == [("server", "ann"), ("socket", {"a": 1}, "127.0.0.1", True)]


async def test_middleware_lets_clients_in_or_refuses_them(native_door: Door) -> None:
    sio = native_door.server()
    asked = Log()

    class Forbidden(Exception):
        def __init__(self, text: str) -> None:
            super().__init__(text)
            self.data = {"code": 403}

    @sio.use
    async def has_a_token(socket: Socket) -> None:
        await asyncio.sleep(0)
        asked.add("first", socket.handshake.auth)
        if socket.handshake.auth != {"token": "good"}:
            raise Forbidden("no token")
        socket.data["name"] = "ann"

    @sio.use
    def second(socket: Socket) -> None:
        asked.add("second", socket.data["name"], socket.connected)

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any) -> None:
        asked.add("handler", (await sio.get_session(sid))["name"])

    @sio.on_connection
    def came(socket: Socket) -> None:
        asked.add("came", socket.handshake.auth, socket.connected)

    @sio.use(namespace="/other")
    def never(socket: Socket) -> None:
        raise ValueError

    async with native_door.open(sio) as url:
        async with connected(url, auth={"token": "good"}):
            await asked.reaches(4)
            assert asked == [
                ("first", {"token": "good"}),
                ("second", "ann", False),
                ("handler", "ann"),
                ("came", {"token": "good"}, True),
            ]
        refused = Log()
        client = socketio.AsyncClient(reconnection=False)
        for namespace in ("/", "/other"):
            client.on("connect_error", lambda *told: refused.add(*told), namespace=namespace)
            with pytest.raises(sio_native.exceptions.ConnectionError):
                await client.connect(
                    url, auth={"token": "bad"}, namespaces=[namespace], transports=["websocket"]
                )
        await refused.reaches(2)
        assert refused == [
            ({"message": "no token", "data": {"code": 403}},),
            ({"message": ""},),
        ]
        await until(lambda: not sio._sockets._sockets)


async def test_on_connection_opens_a_namespace_and_fails_alone(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio = native_door.server()
    came = Log()

    @sio.on_connection(namespace="/chat")
    async def to_chat(socket: Socket) -> None:
        came.add(socket.nsp)
        raise RuntimeError("failed")

    sio.on_connection(lambda socket: came.add("any", socket.nsp), namespace="*")
    async with native_door.open(sio) as url, connected(url, namespaces=["/chat"]) as client:
        await came.reaches(2)
        assert came == [("/chat",), ("any", "/chat")]
        assert client.connected
        assert "on_connection failed" in caplog.text


async def test_per_connection_handlers_leave_nothing_behind() -> None:
    sio = sio_native.AsyncServer()
    alive: weakref.WeakSet[Socket] = weakref.WeakSet()

    @sio.on_connection
    def came(socket: Socket) -> None:
        alive.add(socket)
        socket.on("ping me", lambda: socket.id)

    host, port = sio.listen("127.0.0.1", 0)
    try:
        for _ in range(40):
            client = socketio.AsyncClient(reconnection=False)
            await client.connect(f"http://{host}:{port}", transports=["websocket"])
            assert await client.call("ping me") == client.get_sid()
            await client.disconnect()
        await until(lambda: not sio._sockets._sockets)
        gc.collect()
        assert not alive
    finally:
        await sio.shutdown()

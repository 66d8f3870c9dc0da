"""A raw Engine.IO server, with real clients, through each door, and beside python-engineio's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import engineio
import pytest
from conftest import Door, Log, under_uvicorn, until

import sio_native.engineio

OURS = sio_native.engineio
NATIVE = {
    "own-port": Door(OURS, own_port=True),
    "handoff": Door(OURS, own_port=False),
    "bridge": Door(OURS, own_port=False, options={"handoff": False}),
    "threads": Door(OURS, own_port=True, options={"threads": 3}),
}
REFERENCE = Door(engineio, own_port=False, options={"async_mode": "asgi"})
ALL = {**NATIVE, "python-engineio": REFERENCE}
BRIDGE = NATIVE["bridge"]
OWN_PORT = NATIVE["own-port"]
TRANSPORTS = {
    "polling": ["polling"],
    "websocket": ["websocket"],
    "upgrade": ["polling", "websocket"],
}


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def door(request: pytest.FixtureRequest) -> Door:
    """Both packages: what a test expects, it expects of python-engineio too."""
    return request.param


@pytest.fixture(params=NATIVE.values(), ids=NATIVE.keys())
def native_door(request: pytest.FixtureRequest) -> Door:
    return request.param


@pytest.fixture(params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def transports(request: pytest.FixtureRequest) -> list[str]:
    return request.param


@contextlib.asynccontextmanager
async def connected(
    url: str, transports: list[str] | None = None, **options: Any
) -> AsyncIterator[Any]:
    """A python-engineio client; what it receives is in its `received`."""
    client = engineio.AsyncClient()
    client.received = Log()
    client.on("message", client.received.add)
    await client.connect(url, transports=transports or ["websocket"], **options)
    client.own_sid = client.sid  # which it forgets when it is disconnected
    try:
        yield client
    finally:
        await client.disconnect(abort=True)  # else it waits for the end of its parked poll


def watched(eio: Any) -> Log:
    """All that the server's handlers hear."""
    heard = Log()
    eio.on("connect", lambda sid, environ: heard.add("connect", sid))
    eio.on("message", lambda sid, data: heard.add("message", data))
    eio.on("disconnect", lambda sid, reason: heard.add("disconnect", sid, reason))
    return heard


async def ask(url: str, query: str = "EIO=4&transport=polling", **options: Any) -> tuple[int, str]:
    """The answer to one request."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/engine.io/?{query}", **options) as response,
    ):
        return response.status, await response.text()


# --- messages ---

MESSAGES = [
    "hello",
    "",
    "ünïcödé \U0001f600",
    b"\x00\x01\xff",
    b"",
    {"a": [1, None, "x"]},
    [1, 2.5],
    "12",
    "true",
    "-1",
    "null",
    '"quoted"',
    " [1]",
    "[broken",
    "{}",
]


@pytest.mark.parametrize("data", MESSAGES, ids=repr)
async def test_a_message_arrives_as_python_engineio_decodes_it(door: Door, data: Any) -> None:
    eio = door.server()
    heard = watched(eio)
    async with door.open(eio) as url, connected(url) as client:
        await client.send(data)
        await heard.reaches(2)
        expected = data
        if isinstance(data, str):  # also what it is for a client that reads it
            expected = engineio.packet.Packet(encoded_packet=f"4{data}").data
        assert heard[1] == ("message", expected)


async def test_what_is_sent_arrives_in_order(door: Door, transports: list[str]) -> None:
    eio = door.server()
    heard = watched(eio)
    sent = ["one", b"\x01\x02", {"three": 3}, [4], "5", 6, None]
    async with door.open(eio) as url, connected(url, transports) as client:
        for data in sent:
            await eio.send(client.own_sid, data)
            await client.send(data)
        await client.received.reaches(len(sent))
        expected = [("one",), (b"\x01\x02",), ({"three": 3},), ([4],), ("5",), ("6",), ("",)]
        assert client.received == expected
        await heard.reaches(1 + len(sent))
        assert [each[1:] for each in heard[1:]] == expected


async def test_many_and_large_messages_arrive(door: Door, transports: list[str]) -> None:
    eio = door.server()

    async def echo(sid: str, data: Any) -> None:
        await eio.send(sid, data)

    eio.on("message", echo)
    large = "x" * 300_000
    async with door.open(eio) as url, connected(url, transports) as client:
        for i in range(12):
            await client.send({"number": i})
        await client.received.reaches(12)
        assert sorted(each["number"] for (each,) in client.received) == list(range(12))
        await client.send(large)
        await client.send(large.encode())
        await client.received.reaches(14)
        assert sorted(type(each).__name__ for (each,) in client.received[12:]) == ["bytes", "str"]


async def test_a_packet_of_any_type_can_be_sent(door: Door) -> None:
    eio = door.server()
    async with (
        door.open(eio) as url,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/engine.io/?EIO=4&transport=websocket") as peer,
    ):
        sid = json.loads((await peer.receive_str())[1:])["sid"]
        packet = door.package.packet
        await eio.send_packet(sid, packet.Packet(packet.NOOP))
        await eio.send_packet(sid, packet.Packet(packet.MESSAGE, b"\x01"))
        await eio.send_packet(sid, packet.Packet(packet.MESSAGE, {"a": 1}))
        assert await peer.receive_str() == "6"
        assert await peer.receive_bytes() == b"\x01"
        assert await peer.receive_str() == '4{"a":1}'


async def test_sending_to_nobody_is_logged(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    eio = door.server()
    async with door.open(eio) as url, connected(url):
        logging.getLogger("engineio.server").setLevel(logging.WARNING)
        await eio.send("nobody", "x")
        await until(lambda: "Cannot send to sid nobody" in caplog.text)


async def test_a_json_module_encodes_and_decodes(native_door: Door) -> None:
    class Shouting:
        @staticmethod
        def dumps(value: Any, **options: Any) -> str:
            return json.dumps(value, **options).upper()

        @staticmethod
        def loads(text: str) -> Any:
            return ["read", json.loads(text)]

    eio = native_door.server(json=Shouting)
    heard = watched(eio)
    async with native_door.open(eio) as url, connected(url) as client:
        await client.send(["a"])
        await heard.reaches(2)
        assert heard[1] == ("message", ["read", ["a"]])
        await eio.send(client.own_sid, ["a"])
        await client.received.reaches(1)
        assert client.received == [(["A"],)]


# --- connecting ---


async def test_a_client_without_a_connect_handler_is_let_in(
    door: Door, transports: list[str]
) -> None:
    eio = door.server()
    heard = Log()
    eio.on("message", heard.add)
    async with door.open(eio) as url, connected(url, transports) as client:
        await client.send("hello")
        await heard.reaches(1)
        assert heard == [(client.own_sid, "hello")]


async def test_connect_handlers_see_the_request(door: Door, transports: list[str]) -> None:
    eio = door.server()
    environs: list[Any] = []
    eio.on("connect", lambda sid, environ: environs.append(environ))
    async with (
        door.open(eio) as url,
        connected(url, transports, headers={"X-Token": "secret"}),
    ):
        (environ,) = environs
        assert environ["HTTP_X_TOKEN"] == "secret"
        assert environ["REQUEST_METHOD"] == "GET"
        assert environ["PATH_INFO"] == "/engine.io/"
        assert f"transport={transports[0]}" in environ["QUERY_STRING"]
        kind = "websocket" if transports[0] == "websocket" else "http"
        assert environ["asgi.scope"]["type"] == kind


async def test_the_scope_of_a_connect_handler_has_what_middleware_has_put_there() -> None:
    for transport in ("polling", "websocket"):
        for door in (NATIVE["handoff"], BRIDGE):
            eio = door.server()
            users: list[Any] = []
            eio.on("connect", lambda sid, environ, to=users: to.append(environ["asgi.scope"]))
            app = OURS.ASGIApp(eio)

            async def middleware(scope: Any, receive: Any, send: Any, app: Any = app) -> None:
                scope["user"] = "alice"
                await app(scope, receive, send)

            async with under_uvicorn(middleware) as url, connected(url, [transport]):
                assert [scope["user"] for scope in users] == ["alice"]


@pytest.mark.parametrize("verdict", [None, True])
async def test_a_connect_handler_lets_in_by_none_or_true(door: Door, verdict: Any) -> None:
    eio = door.server()
    eio.on("connect", lambda sid, environ: verdict)
    async with door.open(eio) as url, connected(url) as client:
        assert client.state == "connected"


REFUSALS = [
    (False, '"Unauthorized"'),
    ("not today", '"not today"'),
    ({"code": 7}, '{"code": 7}'),
    ("", '"Unauthorized"'),
    (0, '"Unauthorized"'),
    (1, "1"),
]


@pytest.mark.parametrize(("verdict", "body"), REFUSALS, ids=repr)
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_refused_client_gets_the_handlers_answer(
    door: Door, verdict: Any, body: str, asynchronous: bool
) -> None:
    eio = door.server()
    disconnected = Log()
    eio.on("disconnect", disconnected.add)

    async def later(sid: str, environ: Any) -> Any:
        await asyncio.sleep(0)
        return verdict

    eio.on("connect", later if asynchronous else lambda sid, environ: verdict)
    async with door.open(eio) as url:
        assert await ask(url) == (401, body)
        with pytest.raises(engineio.exceptions.ConnectionError):
            async with connected(url, ["websocket"]):
                pass
        assert len(eio.sockets) == 0
    assert not disconnected


async def test_a_websocket_is_not_accepted_before_the_verdict(native_door: Door) -> None:
    eio = native_door.server()
    asked = asyncio.Event()
    decide = asyncio.Event()

    @eio.on("connect")
    async def connect(sid: str, environ: Any) -> bool:
        asked.set()
        await decide.wait()
        return False

    async with native_door.open(eio) as url, aiohttp.ClientSession() as session:
        connecting = asyncio.ensure_future(
            session.ws_connect(f"{url}/engine.io/?EIO=4&transport=websocket")
        )
        await asked.wait()
        assert not connecting.done()
        decide.set()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await connecting
        assert refusal.value.status == 401


async def test_a_connect_handler_that_fails_refuses(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    eio = door.server()

    @eio.on("connect")
    async def connect(sid: str, environ: Any) -> None:
        raise RuntimeError("out of order")

    async with door.open(eio) as url:
        assert await ask(url) == (401, '"Unauthorized"')
    assert "out of order" in caplog.text


async def test_what_a_connect_handler_sends_follows_the_open_packet(
    door: Door, transports: list[str]
) -> None:
    eio = door.server()

    @eio.on("connect")
    async def connect(sid: str, environ: Any) -> None:
        await eio.send(sid, "welcome")
        await eio.send(sid, b"\x01")
        await eio.save_session(sid, {"name": "alice"})

    async with door.open(eio) as url, connected(url, transports) as client:
        await client.received.reaches(2)
        assert client.received == [("welcome",), (b"\x01",)]
        assert await eio.get_session(client.own_sid) == {"name": "alice"}


async def test_a_client_that_leaves_before_the_verdict_is_disconnected_after_it(
    native_door: Door,
) -> None:
    eio = native_door.server()
    asked = asyncio.Event()
    decide = asyncio.Event()
    disconnected = Log()
    eio.on("disconnect", disconnected.add)

    @eio.on("connect")
    async def connect(sid: str, environ: Any) -> None:
        asked.set()
        await decide.wait()
        assert sid in eio.sockets

    async with native_door.open(eio) as url:
        host, port = url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await asked.wait()
        writer.transport.abort()
        await asyncio.sleep(0.05)  # the abort is on its way; both orders are right
        decide.set()
        await disconnected.reaches(1)
        assert disconnected[0][1] in ("transport close", "transport error")
        await until(lambda: len(eio.sockets) == 0)


async def test_a_connect_handler_has_a_limited_time(native_door: Door) -> None:
    eio = native_door.server(connect_timeout=0.05)
    eio.on("connect", lambda sid, environ: asyncio.sleep(1000))
    async with native_door.open(eio) as url:
        status, _ = await ask(url)
        assert status == 503


async def test_who_waits_for_a_verdict_is_answered_at_the_end() -> None:
    eio = OURS.AsyncServer()
    asked = asyncio.Event()

    @eio.on("connect")
    async def connect(sid: str, environ: Any) -> None:
        asked.set()
        await asyncio.sleep(1000)

    host, port = eio.listen("127.0.0.1", 0)
    answer = asyncio.ensure_future(ask(f"http://{host}:{port}"))
    await asked.wait()
    await eio.shutdown()
    assert (await answer)[0] == 503


# --- disconnecting ---


async def test_a_client_that_says_goodbye_has_disconnected(door: Door) -> None:
    eio = door.server()
    heard = watched(eio)
    async with door.open(eio) as url, aiohttp.ClientSession() as session:
        _, opened = await ask(url)
        polling = json.loads(opened[1:])["sid"]
        path = f"{url}/engine.io/?EIO=4&transport=polling&sid={polling}"
        async with session.post(path, data="1") as response:
            assert response.status == 200
        await heard.reaches(2)
        async with session.ws_connect(f"{url}/engine.io/?EIO=4&transport=websocket") as peer:
            websocket = json.loads((await peer.receive_str())[1:])["sid"]
            await peer.send_str("1")
            await heard.reaches(4)
        assert heard == [
            ("connect", polling),
            ("disconnect", polling, "client disconnect"),
            ("connect", websocket),
            ("disconnect", websocket, "client disconnect"),
        ]


async def test_the_server_disconnects_a_client(door: Door, transports: list[str]) -> None:
    if door is REFERENCE and transports == ["polling"]:
        return  # it waits for a poll that it refuses: the session is disconnected
    eio = door.server()
    heard = watched(eio)
    async with door.open(eio) as url, connected(url, transports) as client:
        left = asyncio.Event()
        client.on("disconnect", lambda *reason: left.set())
        await eio.disconnect(client.own_sid)
        assert heard[1:] == [("disconnect", client.own_sid, "server disconnect")]
        assert client.own_sid not in eio.sockets
        await left.wait()
        await eio.disconnect(client.own_sid)  # nobody
        await eio.disconnect("unknown")


async def test_the_server_disconnects_all(native_door: Door) -> None:
    eio = native_door.server()
    heard = watched(eio)
    async with native_door.open(eio) as url, connected(url), connected(url, ["polling"]):
        await heard.reaches(2)
        await eio.disconnect()
        assert [each[0] for each in heard] == ["connect"] * 2 + ["disconnect"] * 2
        assert len(eio.sockets) == 0
        await eio.disconnect()


async def test_a_connection_that_breaks_is_a_transport_close(door: Door) -> None:
    eio = door.server()
    heard = watched(eio)
    async with door.open(eio) as url, connected(url) as client:
        await client.ws.close()
        await heard.reaches(2)
        assert heard[1] == ("disconnect", client.own_sid, "transport close")


async def test_a_silent_client_times_out(native_door: Door) -> None:
    eio = native_door.server(ping_interval=0.05, ping_timeout=0.05)
    heard = watched(eio)
    async with (
        native_door.open(eio) as url,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/engine.io/?EIO=4&transport=websocket"),
    ):
        await heard.reaches(2)
        assert heard[1][2] == "ping timeout"


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_disconnect_handler_may_be_without_the_reason(
    door: Door, asynchronous: bool
) -> None:
    eio = door.server()
    heard = Log()

    async def later(sid: str) -> None:
        heard.add(sid)

    eio.on("disconnect", later if asynchronous else lambda sid: heard.add(sid))
    async with door.open(eio) as url:
        async with connected(url) as client:
            pass
        await heard.reaches(1)
        assert heard == [(client.own_sid,)]


async def test_a_disconnect_handler_may_still_ask(native_door: Door) -> None:
    eio = native_door.server()
    heard = Log()

    @eio.on("disconnect")
    async def disconnect(sid: str, reason: str) -> None:
        heard.add(await eio.get_session(sid), eio.transport(sid), sid in eio.sockets)
        await eio.disconnect(sid)  # it is gone: nothing to wait for

    async with native_door.open(eio) as url:
        async with connected(url) as client:
            await eio.save_session(client.own_sid, {"a": 1})
        await heard.reaches(1)
        assert heard == [({"a": 1}, "websocket", True)]
        await until(lambda: client.own_sid not in eio.sockets)
        with pytest.raises(KeyError, match="Session not found"):
            await eio.get_session(client.own_sid)


@pytest.mark.parametrize("serial", [False, True])
async def test_a_message_handler_may_disconnect_its_client(native_door: Door, serial: bool) -> None:
    eio = native_door.server(async_handlers=not serial)
    heard = Log()

    @eio.on("message")
    async def message(sid: str, data: Any) -> None:
        await eio.disconnect(sid)
        heard.add("message ends")

    eio.on("disconnect", lambda sid, reason: heard.add(reason))
    async with native_door.open(eio) as url, connected(url) as client:
        await client.send("bye")
        await heard.reaches(2)
        assert heard == [("server disconnect",), ("message ends",)]


async def test_a_connect_handler_may_disconnect_its_client(native_door: Door) -> None:
    eio = native_door.server()
    heard = Log()

    @eio.on("connect")
    async def connect(sid: str, environ: Any) -> None:
        await eio.send(sid, "go away")
        await eio.disconnect(sid)

    eio.on("disconnect", lambda sid, reason: heard.add(reason))
    async with native_door.open(eio) as url:
        status, body = await ask(url)
        assert status == 200
        assert body.endswith("\x1e4go away\x1e1")
        await heard.reaches(1)
        assert heard == [("server disconnect",)]


async def test_the_end_of_the_server_disconnects_its_clients(native_door: Door) -> None:
    eio = native_door.server()
    heard = watched(eio)
    async with native_door.open(eio) as url, connected(url) as client:
        await heard.reaches(1)
        await eio.shutdown()
        assert heard[1:] == [("disconnect", client.own_sid, "server disconnect")]
        assert len(eio.sockets) == 0


async def test_a_server_can_be_used_again() -> None:
    eio = OURS.AsyncServer()
    heard = watched(eio)
    for _ in range(2):
        async with OWN_PORT.open(eio) as url, connected(url):
            await heard.reaches(1)
        assert [each[0] for each in heard] == ["connect", "disconnect"]
        heard.clear()


# --- handlers ---


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_message_handler_that_fails_is_logged_and_closes_nothing(
    door: Door, caplog: pytest.LogCaptureFixture, asynchronous: bool
) -> None:
    eio = door.server()
    heard = Log()

    def message(sid: str, data: Any) -> None:
        heard.add(data)
        raise RuntimeError("out of order")

    async def later(sid: str, data: Any) -> None:
        message(sid, data)

    eio.on("message", later if asynchronous else message)
    async with door.open(eio) as url, connected(url) as client:
        await client.send("one")
        await client.send("two")
        await heard.reaches(2)
    assert caplog.text.count("RuntimeError: out of order") == 2


async def test_handlers_run_at_the_same_time_or_one_after_the_other(door: Door) -> None:
    for serial in (False, True):
        eio = door.server(async_handlers=not serial)
        heard = Log()
        go_on = asyncio.Event()

        @eio.on("message")
        async def message(
            sid: str, data: Any, heard: Log = heard, go_on: asyncio.Event = go_on
        ) -> None:
            heard.add("begin", data)
            await go_on.wait()
            heard.add("end", data)

        async with door.open(eio) as url, connected(url) as client:
            await client.send("one")
            await client.send("two")
            await heard.reaches(1 if serial else 2)
            go_on.set()
            await heard.reaches(4)
            order = ["begin", "end", "begin", "end"] if serial else ["begin", "begin", "end", "end"]
            assert [each[0] for each in heard] == order


async def test_the_last_handler_of_an_event_counts(door: Door) -> None:
    eio = door.server()
    heard = Log()
    eio.on("message", lambda sid, data: heard.add("first"))

    @eio.on("message")
    def message(sid: str, data: Any) -> None:
        heard.add("second")

    assert message is eio.handlers["message"]
    async with door.open(eio) as url, connected(url) as client:
        await client.send("x")
        await heard.reaches(1)
        assert heard == [("second",)]


async def test_handlers_put_into_the_table_count_too(door: Door) -> None:
    eio = door.server()
    heard = Log()
    async with door.open(eio) as url:
        eio.handlers["message"] = lambda sid, data: heard.add(data)
        eio.handlers["connect"] = lambda sid, environ: heard.add("connect")
        async with connected(url) as client:
            await client.send("x")
            await heard.reaches(2)
            assert heard == [("connect",), ("x",)]


def test_there_are_three_events(door: Door) -> None:
    eio = door.server()
    with pytest.raises(ValueError, match="Invalid event"):
        eio.on("open", print)
    assert eio.event_names == ["connect", "disconnect", "message"]


async def test_a_client_with_many_unhandled_messages_is_not_read(native_door: Door) -> None:
    eio = native_door.server()
    heard = Log()
    go_on = asyncio.Event()

    @eio.on("message")
    async def message(sid: str, data: Any) -> None:
        heard.add(data)
        await go_on.wait()

    async with native_door.open(eio) as url, connected(url) as client:
        for i in range(3000):
            await client.send(f"m{i}")
        await heard.reaches(1000)
        # A few that had been read already may follow, and no more.
        for _ in range(10):
            eio._core.engine.catch_up()
            await asyncio.sleep(0.01)
        assert len(heard) < 2500
        go_on.set()
        await heard.reaches(3000)


# --- sessions ---


async def test_user_sessions(door: Door) -> None:
    eio = door.server()
    async with door.open(eio) as url, connected(url) as client, connected(url) as other:
        assert await eio.get_session(client.own_sid) == {}
        await eio.save_session(client.own_sid, {"a": 1})
        async with eio.session(client.own_sid) as session:
            assert session == {"a": 1}
            session["b"] = 2
        assert await eio.get_session(client.own_sid) == {"a": 1, "b": 2}
        assert await eio.get_session(other.own_sid) == {}
        for question in (eio.get_session("nobody"), eio.save_session("nobody", {})):
            with pytest.raises(KeyError, match="Session not found"):
                await question


async def test_the_transport_of_a_client_is_known(door: Door, transports: list[str]) -> None:
    eio = door.server()
    async with door.open(eio) as url, connected(url, transports) as client:
        await until(lambda: eio.transport(client.own_sid) == transports[-1])
        with pytest.raises(KeyError, match="Session not found"):
            eio.transport("nobody")


async def test_sockets_show_who_is_there(door: Door) -> None:
    eio = door.server()
    assert len(eio.sockets) == 0
    async with door.open(eio) as url, connected(url) as one, connected(url, ["polling"]) as two:
        assert set(eio.sockets) == {one.own_sid, two.own_sid}
        assert one.own_sid in eio.sockets
        assert "nobody" not in eio.sockets
        socket = eio.sockets[one.own_sid]
        assert (socket.sid, socket.connected, socket.closed) == (one.own_sid, True, False)
        assert socket.upgraded
        assert not eio.sockets[two.own_sid].upgraded
        await socket.send(door.package.packet.Packet(door.package.packet.MESSAGE, "hello"))
        await one.received.reaches(1)
        await socket.close()
        await until(lambda: list(eio.sockets) == [two.own_sid])
        assert socket.closed


# --- ids ---


async def test_ids_may_be_the_applications_own(transports: list[str]) -> None:
    for name in ("own-port", "handoff", "bridge"):
        door = NATIVE[name]

        class Numbered(OURS.AsyncServer):  # type: ignore[name-defined,misc]
            count = 0

            def generate_id(self) -> str:
                self.count += 1
                return f"client-{self.count}"

        eio = Numbered(**door.options, cookie="io")
        heard = watched(eio)
        async with door.open(eio) as url, connected(url, transports) as client:
            assert client.own_sid == "client-1"
            assert heard == [("connect", "client-1")]
            await client.send("hello")
            await heard.reaches(2)
            await eio.send("client-1", "back")
            await client.received.reaches(1)
            assert list(eio.sockets) == ["client-1"]
            assert eio.transport("client-1") == transports[-1]
            await eio.save_session("client-1", {"a": 1})
            await eio.disconnect("client-1")
            assert heard[2:] == [("disconnect", "client-1", "server disconnect")]
            with pytest.raises(KeyError):
                await eio.get_session("client-1")


async def test_ids_may_be_assigned_and_need_no_connect_handler(door: Door) -> None:
    if door.options.get("threads"):
        with pytest.raises(ValueError, match="threads=1"):
            door.server().generate_id = lambda: "x"
        return
    eio = door.server()
    eio.generate_id = lambda: "chosen"
    async with door.open(eio) as url, connected(url) as client:
        assert client.own_sid == "chosen"
        assert "chosen" in eio.sockets


async def test_a_cookie_has_the_applications_id(door: Door) -> None:
    if door.own_port:
        return
    eio = door.server(cookie={"name": "io", "path": lambda: "/made"})
    eio.generate_id = lambda: "chosen"
    async with (
        door.open(eio) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/engine.io/?EIO=4&transport=polling") as response,
    ):
        assert response.headers["Set-Cookie"] == "io=chosen; path=/made"


@pytest.mark.parametrize("made", ["", "a b", 'a"b', "é", 7, "x" * 201])
async def test_an_id_that_no_url_carries_costs_the_client_its_session(
    caplog: pytest.LogCaptureFixture, made: Any
) -> None:
    eio = OURS.AsyncServer()
    eio.generate_id = lambda: made
    async with OWN_PORT.open(eio) as url:
        status, _ = await ask(url)
        assert status == 500
    assert "generate_id() must return" in caplog.text


async def test_an_id_is_one_clients_at_a_time(caplog: pytest.LogCaptureFixture) -> None:
    eio = OURS.AsyncServer()
    eio.generate_id = lambda: "same"
    async with OWN_PORT.open(eio) as url:
        async with connected(url):
            assert (await ask(url))[0] == 500
        assert "a client's already" in caplog.text
        await until(lambda: len(eio.sockets) == 0)
        async with connected(url) as client:
            assert client.own_sid == "same"


def test_made_ids_look_like_python_engineios(door: Door) -> None:
    eio = door.server()
    made = {eio.generate_id() for _ in range(100)}
    assert len(made) == 100
    assert {len(each) for each in made} == {20}


# --- wrong requests ---


@pytest.mark.parametrize(
    "query",
    ["EIO=3&transport=polling", "EIO=4&transport=carrier-pigeon", "EIO=4&transport=polling&sid=x"],
)
async def test_a_wrong_request_is_answered_400(door: Door, query: str) -> None:
    async with door.open(door.server()) as url:
        assert (await ask(url, query))[0] == 400


async def test_a_foreign_origin_is_refused_before_the_handler_is_asked(door: Door) -> None:
    eio = door.server()
    heard = watched(eio)
    async with door.open(eio) as url:
        status, _ = await ask(url, headers={"Origin": "http://elsewhere"})
        assert status == (400 if door.package is engineio else 403)
    assert not heard


async def test_a_callable_decides_about_origins(door: Door) -> None:
    eio = door.server(cors_allowed_origins=lambda origin, environ: origin == "http://friend")
    async with door.open(eio) as url:
        assert (await ask(url, headers={"Origin": "http://friend"}))[0] == 200
        assert (await ask(url, headers={"Origin": "http://foe"}))[0] in (400, 403)


async def test_each_packet_is_logged_once(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("engineio.server").setLevel(logging.INFO)
    eio = door.server()
    heard = watched(eio)
    async with door.open(eio) as url, connected(url) as client:
        await client.send("hello")
        await heard.reaches(2)
        await eio.send(client.own_sid, "back")
        await client.received.reaches(1)
        for line in ("Received packet MESSAGE data hello", "Sending packet MESSAGE data back"):
            await until(lambda line=line: line in caplog.text)
            assert caplog.text.count(f"{client.own_sid}: {line}") == 1


async def test_more_packets_than_python_engineio_takes_are_taken(native_door: Door) -> None:
    eio = native_door.server()
    heard = watched(eio)
    async with native_door.open(eio) as url, aiohttp.ClientSession() as session:
        _, opened = await ask(url)
        sid = json.loads(opened[1:])["sid"]
        path = f"{url}/engine.io/?EIO=4&transport=polling&sid={sid}"
        async with session.post(path, data="\x1e".join(["4x"] * 900)) as response:
            assert response.status == 200
        await heard.reaches(901)


# --- what else there is ---


async def test_helpers_of_asyncio(door: Door) -> None:
    eio = door.server()
    queue = eio.create_queue(maxsize=1)
    assert isinstance(queue, asyncio.Queue)
    with pytest.raises(eio.get_queue_empty_exception()):
        queue.get_nowait()
    event = eio.create_event()
    assert isinstance(event, asyncio.Event)

    async def work(value: int) -> int:
        await eio.sleep(0)
        return value

    assert await eio.start_background_task(work, 7) == 7
    assert eio.is_asyncio_based()
    assert "asgi" in eio.async_modes()
    assert eio.reason.PING_TIMEOUT == "ping timeout"


def test_options_can_be_read(door: Door) -> None:
    eio = door.server(ping_interval=(7, 2), ping_timeout=3, transports="websocket", cookie="io")
    assert (eio.ping_interval, eio.ping_interval_grace_period, eio.ping_timeout) == (7, 2, 3)
    assert eio.transports == ["websocket"]
    assert eio.max_http_buffer_size == 1_000_000
    assert (eio.allow_upgrades, eio.http_compression, eio.compression_threshold) == (
        True,
        True,
        1024,
    )
    assert (eio.cookie, eio.cors_allowed_origins, eio.cors_credentials) == ("io", None, True)
    assert eio.async_handlers is True


async def test_the_heartbeat_can_be_set_before_the_server_serves(native_door: Door) -> None:
    eio = native_door.server()
    eio.ping_interval = 7
    eio.ping_timeout = 3
    heard = watched(eio)
    async with native_door.open(eio) as url:
        _, opened = await ask(url)
        said = json.loads(opened[1:])
        assert (said["pingInterval"], said["pingTimeout"]) == (7000, 3000)
        async with connected(url) as client:  # still without Socket.IO
            await client.send("hello")
            await heard.reaches(3)
            assert heard[2] == ("message", "hello")
        with pytest.raises(RuntimeError, match="before the server serves"):
            eio.ping_interval = 8


def test_wrong_options(door: Door) -> None:
    with pytest.raises(ValueError, match="Invalid async_mode specified"):
        door.server(async_mode="smoke signals")
    with pytest.raises(ValueError, match="No valid transports provided"):
        door.server(transports=["carrier pigeon"])


def test_options_of_socketio_are_not_these_servers() -> None:
    with pytest.warns(UserWarning, match="always_connect"):
        OURS.AsyncServer(always_connect=True)


def test_other_frameworks_are_refused() -> None:
    with pytest.raises(RuntimeError, match="ASGIApp"):
        OURS.AsyncServer().attach(object())


def test_the_module_has_python_engineios_names() -> None:
    for name in engineio.__all__:
        assert hasattr(OURS, name)
    for name in ("AsyncClient", "Client", "Server", "WSGIApp", "Middleware"):
        assert getattr(OURS, name) is getattr(engineio, name)
    for name in ("EngineIOError", "ConnectionError", "QueueEmpty"):
        assert getattr(OURS.exceptions, name) is getattr(engineio.exceptions, name)
    with pytest.raises(AttributeError, match="nonsense"):
        OURS.nonsense  # noqa: B018


async def test_an_asgi_application_serves_other_things_too(door: Door, tmp_path: Any) -> None:
    if door.own_port:
        return
    (tmp_path / "index.html").write_text("<p>hello</p>")
    events: list[str] = []

    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"teapot"})

    eio = door.server()
    app = door.package.ASGIApp(
        eio,
        other_asgi_app=other,
        static_files={"/": str(tmp_path / "index.html")},
        engineio_path="/ws/",
        on_startup=lambda: events.append("startup"),
        on_shutdown=lambda: events.append("shutdown"),
    )
    async with under_uvicorn(app) as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}/") as response:
            assert await response.text() == "<p>hello</p>"
        async with session.get(f"{url}/else") as response:
            assert response.status == 418
        async with connected(url, engineio_path="ws") as client:
            assert client.state == "connected"
    assert events == ["startup", "shutdown"]

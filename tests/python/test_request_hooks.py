"""Hooks that are asked about each request of a session: `sio.engine.use`, `on("headers")`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import socketio
from conftest import BRIDGE, HANDOFF, OWN_PORT, THREADS, Door, Log, connected, under_uvicorn, until
from raw_requests import POLLING, UPGRADE, WEBSOCKET, ask, open_session, read_answer, send
from starlette.middleware.sessions import SessionMiddleware

import sio_native


def what(request: Any) -> str:
    return f"{request.method} {request.query['transport']}"


def waiting(sio: Any) -> int:
    """How many requests wait for hooks, as far as Python knows."""
    return len(sio._engine_hooks._asking)


def is_clean(sio: Any) -> bool:
    """No session is left, and nothing of a request."""
    tables = (sio._service.environs._tables, (sio._engine_hooks._asking,))
    return not sio.environ and not any(table for each in tables for table in each)


def pass_time(sio: Any, seconds: int) -> None:
    """For a server whose time has been held: none of its deadlines comes by itself."""
    left = seconds * 10**9
    while left > 0:
        left -= sio._core.engine.pass_time(left)


async def test_the_headers_of_each_answer_of_a_session_may_be_added_to(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio = native_door.server()
    asked = Log()

    @sio.engine.on("headers")
    async def headers(headers: dict[str, Any], request: Any) -> None:
        asked.add(what(request))
        await asyncio.sleep(0)
        headers["X-Number"] = str(len(asked))
        headers["Set-Cookie"] = ["a=1; Path=/", "b=2"]
        headers["Bad"] = "a\r\nInjected: yes"

    @sio.engine.on("headers")
    def broken(headers: dict[str, Any], request: Any) -> None:
        raise LookupError

    @sio.engine.on("initial_headers")
    def first(headers: dict[str, Any], request: Any) -> None:
        headers["X-First"] = what(request)

    async with native_door.open(sio) as url:
        session = await open_session(url)
        answers = [session.handshake, await session.post("40"), await session.get()]
        answers.append(await ask(url, session.upgrades, UPGRADE))
        answers.append(await ask(url, WEBSOCKET, UPGRADE))
        assert [answer.status for answer in answers] == [200, 200, 200, 101, 101]
        assert answers[2].body.startswith(b"40")
        for number, answer in enumerate(answers, 1):
            assert answer.all("x-number") == [str(number)]
            assert answer.all("set-cookie") == ["a=1; Path=/", "b=2"]
            assert not answer.all("bad")
            assert not answer.all("injected")
        first_of = [answer.all("x-first") for answer in answers]
        assert first_of == [["GET polling"], [], [], [], ["GET websocket"]]
        assert asked == [
            ("GET polling",),
            ("POST polling",),
            ("GET polling",),
            ("GET websocket",),
            ("GET websocket",),
        ]
        # Of what is wrong by itself nobody is asked.
        assert (await ask(url, POLLING + "&sid=unknown")).status == 400
        assert len(asked) == 5
        assert caplog.text.count("a hook for headers has failed") == 5
        assert caplog.text.count("the header Bad cannot have the value") == 5


async def test_middleware_refuses_a_request_and_its_session_goes_on(native_door: Door) -> None:
    sio = native_door.server(allow_request=lambda request: "sid" not in request.query)
    heard, told = Log(), Log()
    sio.on("*", lambda event, sid, *args: heard.add(event))
    sio.on_connection_error(lambda error: told.add(error.code, error.message, what(error.request)))

    @sio.engine.use
    def middleware(request: Any, headers: dict[str, Any]) -> None:
        headers["X-Seen"] = what(request)
        if "x-stranger" in request.headers:
            raise sio_native.exceptions.ConnectionRefusedError("not you")
        if "x-broken" in request.headers:
            raise LookupError("secret of ours")

    async with native_door.open(sio) as url:
        session = await open_session(url)
        assert (await session.post("40")).all("x-seen") == ["POST polling"]
        assert (await session.get()).body.startswith(b"40")
        stranger, broken = {"X-Stranger": "1"}, {"X-Broken": "1"}
        refused = [
            (await session.post('42["no"]', headers=stranger), "not you"),
            (await session.get(headers=stranger), "not you"),
            (await session.post('42["no"]', headers=broken), "Forbidden"),
            (await ask(url, session.upgrades, {**UPGRADE, **stranger}), "not you"),
        ]
        await told.reaches(4)
        for (answer, message), entry in zip(refused, told, strict=True):
            assert answer.status == 403
            assert entry[:2] == (4, message)
            if entry[2] != "GET websocket":  # the bridge's are answered by uvicorn
                assert answer.body == b'{"code": 4, "message": "%s"}' % message.encode()
        assert (await session.post('42["yes"]')).status == 200
        await heard.reaches(1)
        assert heard == [("yes",)]
        assert (await ask(url, session.upgrades, UPGRADE)).status == 101
        await session.post("1")
        await until(lambda: is_clean(sio))


async def test_a_hook_that_ends_as_cancelled_refuses_its_request(native_door: Door) -> None:
    sio = native_door.server()

    @sio.engine.use
    async def middleware(request: Any, headers: dict[str, Any]) -> None:
        if "sid" in request.query or "x-broken" in request.headers:
            raise asyncio.CancelledError  # as one does that awaits what somebody has cancelled

    async with native_door.open(sio) as url:
        assert (await ask(url, POLLING, headers={"X-Broken": "1"})).status == 403
        session = await open_session(url)
        assert (await session.post("40")).status == 403
        assert (await ask(url, session.upgrades, UPGRADE)).status == 403
        await until(lambda: not waiting(sio))


async def test_events_come_once_and_in_order_while_each_request_waits(native_door: Door) -> None:
    sio = native_door.server()
    asked = Log()

    @sio.engine.use
    async def slow(request: Any, headers: dict[str, Any]) -> None:
        asked.add(what(request))
        for _ in range(len(asked) % 7):
            await asyncio.sleep(0)

    heard = Log()

    @sio.event
    async def number(sid: str, value: int) -> None:
        heard.add(value)
        await sio.emit("number", value, to=sid)

    async with native_door.open(sio) as url:
        for transports in (["polling"], ["polling", "websocket"], ["websocket"]):
            heard.clear()
            asked.clear()
            back = Log()
            client = socketio.AsyncClient(reconnection=False)
            client.on("number", back.add)
            async with connected(url, client=client, transports=transports):
                for value in range(200):
                    await client.emit("number", value)
                    if value % 20 == 0:
                        await asyncio.sleep(0)
                await back.reaches(200)
            numbers = [(value,) for value in range(200)]
            assert heard == numbers
            assert back == numbers
            # Frames ask nothing: only the handshake does, and what comes before an upgrade.
            if transports[-1] == "websocket":
                assert len(asked) <= 6
        await until(lambda: is_clean(sio))


HANGING: dict[str, Callable[[Any], bool]] = {
    "handshake": lambda request: "sid" not in request.query,
    "poll": lambda request: "sid" in request.query and what(request) == "GET polling",
    "post": lambda request: request.method == "POST",
    "upgrade": lambda request: "sid" in request.query and what(request) == "GET websocket",
}


@pytest.mark.parametrize("hangs", HANGING)
async def test_a_hook_that_hangs_is_ended_with_its_request_and_others_go_on(
    native_door: Door, hangs: str, caplog: pytest.LogCaptureFixture
) -> None:
    sio = native_door.server()
    sio.on("echo", lambda sid, *args: list(args))
    hanging, cancelled = Log(), Log()

    @sio.engine.use
    async def middleware(request: Any, headers: dict[str, Any]) -> None:
        if "x-hang" in request.headers and HANGING[hangs](request):
            hanging.add(what(request))
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.add(what(request))
                raise

    async with native_door.open(sio) as url:
        session = await open_session(url)
        sio._core.engine.hold_time()
        target = {"handshake": POLLING, "upgrade": session.upgrades}.get(hangs, session.polls)
        headers = {"X-Hang": "1", **(UPGRADE if hangs == "upgrade" else {})}
        method, body = ("POST", b"40") if hangs == "post" else ("GET", None)
        reader, writer = await send(url, target, headers, method, body)
        await hanging.reaches(1)
        async with connected(url, transports=["polling"]) as client:
            assert await client.call("echo", 5) == [5]
        pass_time(sio, 46)  # connect_timeout
        assert (await read_answer(reader)).status == 503
        writer.close()
        await cancelled.reaches(1)
        assert cancelled == hanging
        await until(lambda: waiting(sio) == 0)
        await until(lambda: "its hooks take too long" in caplog.text)
        assert "connect handler" not in caplog.text


async def test_allow_request_that_hangs_is_ended_when_its_request_is_given_up(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    ended = Log()

    async def hang(request: Any) -> bool:
        try:
            await asyncio.Event().wait()
        finally:
            ended.add(request.query["transport"])
        return True

    sio = native_door.server(allow_request=hang, connect_timeout=3600)
    async with native_door.open(sio) as url:
        for target, more in ((POLLING, {}), (WEBSOCKET, UPGRADE)):
            asked = asyncio.create_task(ask(url, target, more))
            await until(lambda: waiting(sio) == 1)
            sio._core.engine.hold_time()
            pass_time(sio, 3601)
            assert (await asked).status == 503
            await until(lambda: waiting(sio) == 0)
        assert ended == [("polling",), ("websocket",)]
        await until(lambda: is_clean(sio))
        await until(lambda: caplog.text.count("its hooks take too long") == 2)
        assert "connect handler" not in caplog.text


async def test_who_leaves_while_a_request_waits_leaves_nothing_behind(native_door: Door) -> None:
    sio = native_door.server()
    hanging, ended = Log(), Log()

    @sio.engine.use
    async def middleware(request: Any, headers: dict[str, Any]) -> None:
        if "x-hang" in request.headers:
            hanging.add(what(request))
            try:
                await asyncio.Event().wait()
            finally:
                ended.add(what(request))

    async with native_door.open(sio) as url:
        session = await open_session(url)
        await session.post("40")
        await session.get()
        hang = {"X-Hang": "1"}
        _, handshake = await send(url, POLLING, hang)
        await hanging.reaches(1)
        _, upgrade = await send(url, session.upgrades, {**UPGRADE, **hang})
        await hanging.reaches(2)
        handshake.transport.abort()
        await ended.reaches(1)
        upgrade.transport.abort()
        if native_door is not BRIDGE:  # where a WebSocket is not read before it is answered
            await ended.reaches(2)
        assert sio.engine.session_ids() == [session.sid]
        # A client that gives up a poll has left, whether or not the poll was parked by then.
        _, poll = await send(url, session.polls, hang)
        await hanging.reaches(3)
        poll.transport.abort()
        await until(lambda: not sio.engine.session_ids())
        if native_door is not BRIDGE:
            await until(lambda: is_clean(sio))
    await until(lambda: is_clean(sio) and len(ended) == len(hanging))


async def test_what_a_post_has_brought_is_heard_also_if_its_client_has_not_waited(
    native_door: Door,
) -> None:
    sio = native_door.server()
    hanging, heard, go_on = Log(), Log(), asyncio.Event()
    sio.on("*", lambda event, sid: heard.add(event))

    @sio.engine.use
    async def middleware(request: Any, headers: dict[str, Any]) -> None:
        if "x-hang" in request.headers:
            hanging.add(what(request))
            await go_on.wait()

    async with native_door.open(sio) as url:
        session = await open_session(url)
        await session.post("40")
        await session.get()
        _, writer = await send(url, session.polls, {"X-Hang": "1"}, "POST", b'42["last"]')
        await hanging.reaches(1)
        writer.transport.abort()
        go_on.set()
        await heard.reaches(1)
        assert heard == [("last",)]


@pytest.mark.parametrize("door", [HANDOFF, BRIDGE], ids=["handoff", "bridge"])
async def test_each_request_has_what_asgi_middleware_has_put_into_its_scope(door: Door) -> None:
    sio = door.server()
    seen = Log()

    @sio.engine.use
    def middleware(request: Any, headers: dict[str, Any]) -> None:
        seen.add(what(request), "session" in request.environ["asgi.scope"])

    @sio.event
    def connect(sid: str, environ: dict[str, Any]) -> None:
        seen.add("connect", "session" in environ["asgi.scope"])

    app = SessionMiddleware(sio_native.ASGIApp(sio), secret_key="secret")
    async with under_uvicorn(app) as url:
        session = await open_session(url)
        await session.post("40")
        await session.get()
        assert (await ask(url, session.upgrades, UPGRADE)).status == 101
        assert (await ask(url, WEBSOCKET, UPGRADE)).status == 101
        kinds = ["GET polling", "POST polling", "connect", "GET polling"]
        kinds += ["GET websocket", "GET websocket"]
        assert sorted(seen) == sorted((kind, True) for kind in kinds)


async def test_a_request_that_is_kept_can_be_asked_for_its_environ_later(native_door: Door) -> None:
    sio = native_door.server()
    kept = Log()
    sio.engine.use(lambda request, headers: kept.add(request))
    async with native_door.open(sio) as url:
        session = await open_session(url)
        await session.post("40")
        for (request,) in kept:
            assert request.environ["REQUEST_METHOD"] == request.method


async def test_a_server_that_ends_answers_requests_that_wait_and_ends_their_hooks(
    native_door: Door,
) -> None:
    sio = native_door.server()
    hanging, ended = Log(), Log()

    @sio.engine.use
    async def middleware(request: Any, headers: dict[str, Any]) -> None:
        if request.method == "POST":
            hanging.add(what(request))
            try:
                await asyncio.Event().wait()
            finally:
                ended.add(what(request))

    async with native_door.open(sio) as url:
        session = await open_session(url)
        asked = asyncio.create_task(session.post("40"))
        await hanging.reaches(1)
        await sio.shutdown()
        assert (await asked).status == 503
        await ended.reaches(1)
        assert is_clean(sio)


@pytest.mark.parametrize("door", [OWN_PORT, THREADS], ids=["own-port", "threads"])
async def test_hooks_may_be_added_while_the_server_serves(door: Door) -> None:
    sio = door.server()
    async with door.open(sio) as url:
        session = await open_session(url)
        assert not (await session.post("40")).all("x-late")
        sio.engine.on("headers", lambda headers, request: headers.update({"X-Late": "yes"}))
        assert (await session.get()).all("x-late") == ["yes"]


def test_an_unknown_event_is_refused_and_a_hook_must_be_callable() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(ValueError, match="Invalid event"):
        sio.engine.on("header")
    with pytest.raises(TypeError, match="callable"):
        sio.engine.on("headers", 1)
    with pytest.raises(TypeError, match="callable"):
        sio.engine.use(1)

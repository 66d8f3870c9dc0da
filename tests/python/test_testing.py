"""`sio_native.testing.TestClient`: what it does for tests, and what it says when they fail."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from conftest import Log

import sio_native
from sio_native import exceptions
from sio_native.testing import Event, TestClient

# Ways in which handlers are run, and one more thread.
SERVERS = {
    "default": {},
    "task": {"dispatch": "task"},
    "serial": {"async_handlers": False},
    "threads": {"threads": 3},
}


@pytest.fixture(params=SERVERS.values(), ids=SERVERS.keys())
def sio(request: pytest.FixtureRequest) -> sio_native.AsyncServer:
    """Emits what it is told to, calls back, echoes."""
    sio = sio_native.AsyncServer(**request.param)

    @sio.event
    async def emit(sid: str, *events: list[Any]) -> None:
        for name, *args in events:
            await sio.emit(name, tuple(args), to=sid)

    @sio.event
    async def echo(sid: str, *args: Any) -> Any:
        return args

    @sio.event
    async def ask(sid: str, question: Any) -> None:
        answer = await sio.call("question", question, to=sid)
        await sio.emit("answered", [answer], to=sid)

    return sio


def message_of(raised: pytest.ExceptionInfo[BaseException]) -> str:
    return str(raised.value)


# --- coming and going ---


async def test_a_client_is_connected_inside_the_block(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        assert c.connected
        assert sio.manager.is_connected(c.sid, "/")
        assert sio.transport_path(c.sid) == "bridge"  # no socket anywhere
        assert c.disconnect_reason is None
    assert not c.connected
    assert c.disconnect_reason == "client disconnect"


async def test_disconnect_handlers_have_ended_when_the_block_has(
    sio: sio_native.AsyncServer,
) -> None:
    log = Log()

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        await asyncio.sleep(0.01)
        log.add(sid, reason)

    async with TestClient(sio) as c:
        pass
    assert log == [(c.sid, "client disconnect")]


async def test_a_client_that_drops_has_lost_its_network(sio: sio_native.AsyncServer) -> None:
    log = Log()
    sio.on("disconnect", lambda sid, reason: log.add(reason))
    async with TestClient(sio) as c:
        await c.drop()
        assert log == [("transport close",)]
        assert c.disconnect_reason == "transport close"


async def test_a_client_connects_again_as_another_one(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        first = c.sid
        await c.disconnect()
        await c.connect()
        assert c.connected and c.sid != first
        assert await c.call("echo", 1) == 1


async def test_the_server_disconnects_a_client(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        await sio.disconnect(c.sid)
        assert await c.expect_disconnect() == "server disconnect"
        with pytest.raises(exceptions.BadNamespaceError, match="/ is not a connected namespace"):
            await c.emit("echo")


async def test_a_shutdown_ends_the_connection(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        await sio.shutdown()
        assert await c.expect_disconnect() == "transport close"
        await c.connect()
        assert await c.call("echo", "back") == "back"


async def test_the_loops_of_several_tests_are_served_one_after_the_other() -> None:
    sio = sio_native.AsyncServer()
    sio.on("echo", lambda sid, value: value)

    async def test() -> None:
        async with TestClient(sio) as c:
            assert await c.call("echo", 1) == 1
            await c.advance(100)
            assert c.pings == 4

    for _ in range(3):
        await asyncio.to_thread(asyncio.run, test())


# --- refused ---


@pytest.mark.parametrize(
    ("raised", "payload"),
    [
        (None, {"message": "Connection rejected by server"}),
        (
            exceptions.ConnectionRefusedError("no", {"code": 7}),
            {"message": "no", "data": {"code": 7}},
        ),
        (ConnectionRefusedError(), {"message": "Connection refused by server"}),
    ],
    ids=["false", "ours", "builtin"],
)
async def test_a_refusal_brings_its_payload(
    sio: sio_native.AsyncServer, raised: Exception | None, payload: dict[str, Any]
) -> None:
    @sio.event
    async def connect(sid: str, environ: Any, auth: Any) -> bool:
        if raised is not None:
            raise raised
        return False

    with pytest.raises(exceptions.ConnectionRefusedError) as refusal:
        async with TestClient(sio, auth={"token": "wrong"}):
            pytest.fail("it was let in")
    assert refusal.value.error_args == payload
    assert message_of(refusal) == payload["message"]


async def test_an_unknown_namespace_is_refused(sio: sio_native.AsyncServer) -> None:
    with pytest.raises(exceptions.ConnectionRefusedError, match="Unable to connect") as refusal:
        await TestClient(sio, namespace="/unknown").connect()
    assert refusal.value.error_args == "Unable to connect"


async def test_a_connect_handler_that_does_not_decide_is_named(
    sio: sio_native.AsyncServer,
) -> None:
    never = asyncio.Event()

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        await never.wait()

    with pytest.raises(
        exceptions.ConnectionError,
        match=r'no connect handler has decided about the client of "/" within 0.05 s',
    ):
        await TestClient(sio, timeout=0.05).connect()
    never.set()


async def test_auth_reaches_the_connect_handler(sio: sio_native.AsyncServer) -> None:
    log = Log()
    sio.on("connect", lambda sid, environ, auth: log.add(auth))
    async with TestClient(sio, auth={"token": "ü"}), TestClient(sio):
        assert log == [({"token": "ü"},), (None,)]


# --- events ---


async def test_an_expected_event_gives_what_it_carried(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        await c.emit("emit", (["none"], ["one", {"a": [1]}], ["two", 1, "x"]))
        assert await c.expect("none") is None
        assert await c.expect("one") == {"a": [1]}
        assert await c.expect("two") == (1, "x")
        assert c.received == [("none", ()), ("one", ({"a": [1]},)), ("two", (1, "x"))]
        assert c.received[0].name == "none"


async def test_events_of_other_names_can_be_expected_later(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        await c.emit("emit", (["a", 1], ["b", 2], ["a", 3]))
        assert await c.expect("b") == 2
        assert await c.expect("a") == 1
        assert await c.expect("a") == 3
        await c.expect_nothing()


async def test_several_may_wait_at_once(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        waiting = asyncio.gather(c.expect("a"), c.expect("a"), c.expect("b"), c.call("echo", 4))
        await asyncio.sleep(0)
        await c.emit("emit", (["b", 3], ["a", 1], ["a", 2]))
        assert await waiting == [1, 2, 3, 4]


async def test_who_expects_what_does_not_come_is_told_what_did(
    sio: sio_native.AsyncServer,
) -> None:
    async with TestClient(sio) as c:
        await c.emit("emit", (["typing", "ann"], ["joined", {"who": "bob"}, 2]))
        with pytest.raises(AssertionError) as failed:
            await c.expect("message", timeout=0.05)
        assert message_of(failed) == (
            'no "message" came to the client of "/" within 0.05 s; what came:\n'
            "    typing('ann')\n"
            "    joined({'who': 'bob'}, 2)"
        )
        assert await c.expect("typing") == "ann"


async def test_who_expects_where_nothing_comes_is_told_so(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        with pytest.raises(AssertionError, match=r"within 0.05 s; nothing else came$"):
            await c.expect("message", timeout=0.05)


async def test_who_expects_an_event_is_told_at_once_that_the_connection_has_ended(
    sio: sio_native.AsyncServer,
) -> None:
    async with TestClient(sio, timeout=3600) as c:
        waiting = asyncio.ensure_future(c.expect("message"))
        await asyncio.sleep(0)
        await sio.disconnect(c.sid)
        with pytest.raises(AssertionError, match=r"before the connection ended \(server disc"):
            await waiting


async def test_nothing_is_expected_when_the_server_has_caught_up(
    sio: sio_native.AsyncServer,
) -> None:
    @sio.event
    async def late(sid: str) -> None:
        await asyncio.sleep(0.05)
        await sio.emit("done", to=sid)

    async with TestClient(sio) as c:
        await c.expect_nothing()
        await c.emit("late")
        with pytest.raises(AssertionError) as failed:
            await c.expect_nothing()
        assert message_of(failed) == 'nothing was to come to the client of "/", but:\n    done()'
        await c.expect_nothing("other")
        await c.expect("done")
        await c.expect_nothing()


async def test_a_handler_that_goes_on_waiting_is_left_after_the_timeout(
    sio: sio_native.AsyncServer,
) -> None:
    never = asyncio.Event()
    sio.on("hang", lambda sid: never.wait())
    async with TestClient(sio, timeout=0.1) as c:
        await c.emit("hang")
        loop = asyncio.get_running_loop()
        await c.expect_nothing()
        begun = loop.time()
        for _ in range(20):  # it is not waited for again and again
            await c.expect_nothing()
        assert loop.time() - begun < 20 * 0.1
        never.set()


async def test_a_server_that_never_rests_is_named(
    sio: sio_native.AsyncServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sio_native.testing.backstage.RESTLESS", 0.1)

    async def forever() -> None:
        while True:
            await sio.emit("tick")
            await asyncio.sleep(0)

    async with TestClient(sio, timeout=0.1) as c:
        task = asyncio.ensure_future(forever())
        with pytest.raises(AssertionError, match="goes on emitting"):
            await c.expect_nothing()
        task.cancel()


async def test_settle_waits_for_what_events_have_done(sio: sio_native.AsyncServer) -> None:
    log = Log()

    @sio.event
    async def store(sid: str, value: int) -> None:
        for _ in range(30):
            await asyncio.sleep(0)
        log.add(value)

    async with TestClient(sio) as c:
        for i in range(100):
            await c.emit("store", i)
        await c.settle()
        assert log == [(i,) for i in range(100)]


# --- acks ---


@pytest.mark.parametrize(
    "data", [None, 1, "ü", [1, 2], {"a": None}, (1, 2), b"\0\1", [{"b": b"2"}]]
)
async def test_a_call_returns_the_ack(sio: sio_native.AsyncServer, data: Any) -> None:
    async with TestClient(sio) as c:
        assert await c.call("echo", data) == data


async def test_binary_comes_and_goes(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        await c.emit("emit", ["files", b"\xff", {"more": [b"", b"x" * 100_000]}])
        assert await c.expect("files") == (b"\xff", {"more": [b"", b"x" * 100_000]})


async def test_a_call_that_nobody_answers_says_so(sio: sio_native.AsyncServer) -> None:
    async with TestClient(sio) as c:
        with pytest.raises(exceptions.TimeoutError) as failed:
            await c.call("unknown", timeout=0.05)
        assert message_of(failed) == 'no ack for "unknown" came within 0.05 s'


async def test_a_client_answers_what_the_server_asks(sio: sio_native.AsyncServer) -> None:
    if not sio.async_handlers:
        pytest.skip("its handlers may not call()")
    c = TestClient(sio)

    @c.on("question")
    def answer(number: int) -> int:
        return number + 1

    @c.on("later")
    async def answer_later(number: int) -> tuple[int, bytes]:
        await asyncio.sleep(0)
        return number, b"binary"

    async with c:
        await c.emit("ask", 41)
        assert await c.expect("answered") == [42]
        assert await sio.call("later", 1, to=c.sid) == (1, b"binary")
        await c.expect_nothing()  # of the two questions, which have been answered
        assert [each.name for each in c.received] == ["question", "answered", "later"]
        assert await c.expect("question") == 41


async def test_what_a_clients_handler_raises_is_raised_where_the_test_waits(
    sio: sio_native.AsyncServer,
) -> None:
    async with TestClient(sio) as c:

        @c.on("wrong")
        def check(number: int) -> None:
            assert number == 1

        await c.emit("emit", ["wrong", 2])
        with pytest.raises(AssertionError, match="assert 2 == 1"):
            await c.expect("something")
        await c.settle()  # raised once


async def test_what_a_clients_handler_raises_is_raised_at_the_latest_when_it_leaves(
    sio: sio_native.AsyncServer,
) -> None:
    async def check(number: int) -> None:
        raise LookupError("of the handler")

    with pytest.raises(LookupError, match="of the handler"):
        async with TestClient(sio) as c:
            c.on("wrong", check)
            await c.emit("emit", ["wrong", 2])


async def test_the_tests_own_failure_goes_before_all_others(sio: sio_native.AsyncServer) -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(ZeroDivisionError):
        async with TestClient(sio) as c:
            c.on("wrong", fail)
            await c.emit("emit", ["wrong"])
            raise ZeroDivisionError


# --- several ---


async def test_several_clients_meet_in_a_room(sio: sio_native.AsyncServer) -> None:
    @sio.event
    async def say(sid: str, text: str) -> None:
        await sio.emit("said", text, room="r", skip_sid=sid)

    async with TestClient(sio) as ann, TestClient(sio) as bob, TestClient(sio) as eve:
        for each in (ann, bob):
            await sio.enter_room(each.sid, "r")
        await ann.emit("say", "hi")
        assert await bob.expect("said") == "hi"
        await ann.expect_nothing()
        await eve.expect_nothing()


async def test_a_client_of_a_namespace_hears_of_it_alone(sio: sio_native.AsyncServer) -> None:
    sio.on("message", lambda sid, text: text.upper(), namespace="/chat")
    async with TestClient(sio) as root, TestClient(sio, namespace="/chat") as chat:
        assert await chat.call("message", "hi") == "HI"
        await sio.emit("news", namespace="/chat")
        await chat.expect("news")
        await root.expect_nothing()
        with pytest.raises(AssertionError, match='came to the client of "/chat" within'):
            await chat.expect("other", timeout=0.01)


async def test_namespaces_may_share_a_connection(sio: sio_native.AsyncServer) -> None:
    log = Log()
    sio.on("connect", lambda sid, environ, auth: log.add(auth), namespace="/chat")
    sio.on("disconnect", lambda sid, reason: log.add(reason), namespace="/chat")
    async with TestClient(sio) as c:
        chat = await c.join("/chat", auth={"a": 1})
        eio_sids = [sio.manager.eio_sid_from_sid(each.sid, each.namespace) for each in (c, chat)]
        assert eio_sids[0] == eio_sids[1]
        with pytest.raises(ValueError, match="there is a client of /chat"):
            await c.join("/chat")
        async with chat:  # connected already
            await sio.emit("news", b"1", namespace="/chat")
            assert await chat.expect("news") == b"1"
        assert log == [({"a": 1},), ("client disconnect",)]
        assert c.connected
        again = await c.join("/chat")
        assert again.connected
    assert log[3:] == [("transport close",)]
    assert again.disconnect_reason == "transport close"
    with pytest.raises(ValueError, match="not connected"):
        await c.join("/chat")


def test_an_event_is_printed_as_a_call_and_not_at_any_length() -> None:
    assert str(Event("a", ())) == "a()"
    assert str(Event("a", (1, "b", {"c": [b"d"]}))) == "a(1, 'b', {'c': [b'd']})"
    assert len(str(Event("a", ("x" * 10_000, list(range(10_000)))))) < 500
    assert re.fullmatch(r"a\('x+\.\.\.x+'\)", str(Event("a", ("x" * 10_000,))))

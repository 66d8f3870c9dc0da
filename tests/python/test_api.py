"""AsyncServer as the application sees it: the same table for python-socketio and for us."""

from __future__ import annotations

import asyncio
import builtins
import logging
import threading
from typing import Any

import aiohttp
import pytest
import socketio
from conftest import BRIDGE, HANDOFF, REFERENCE, Door, Log, connected, until

import sio_native


def make(door: Door, **options: Any) -> Any:
    return door.server(async_mode="asgi", **options)


# --- events and acks ---


@pytest.mark.parametrize("style", ["plain", "coroutine"])
@pytest.mark.parametrize(
    ("result", "answer"),
    [
        (None, None),
        ("one", "one"),
        (0, 0),
        (False, False),
        ([1, 2], [1, 2]),
        ((1, 2), (1, 2)),
        (("one",), "one"),
        ((), None),
        ({"a": {"b": [None, 1.5, "ü"]}}, {"a": {"b": [None, 1.5, "ü"]}}),
        (b"\x00\xff", b"\x00\xff"),
        ((b"a", {"b": b"b"}), (b"a", {"b": b"b"})),
    ],
)
async def test_what_a_handler_returns_is_the_ack(
    door: Door, style: str, result: Any, answer: Any
) -> None:
    sio = make(door)

    def plain(sid: str) -> Any:
        return result

    async def coroutine(sid: str) -> Any:
        await asyncio.sleep(0)
        return result

    sio.on("ask", plain if style == "plain" else coroutine)
    async with door.open(sio) as url, connected(url) as client:
        assert await client.call("ask") == answer


async def test_arguments_reach_the_handler_as_they_were_sent(door: Door) -> None:
    sio, log = make(door), Log()
    sio.on("tell", lambda sid, *args: log.add(*args))
    arguments = ("text", 1, 2.5, None, True, [1, [2]], {"k": b"v"}, b"raw", "\u2028 \U0001f600")
    async with door.open(sio) as url, connected(url) as client:
        await client.emit("tell", arguments)
        await log.reaches(1)
    assert log == [arguments]


async def test_an_event_that_nobody_handles_gets_no_ack(door: Door) -> None:
    sio = make(door)
    sio.on("handled", lambda sid: "yes")
    async with door.open(sio) as url, connected(url) as client:
        unhandled = asyncio.create_task(client.call("unhandled"))
        assert await client.call("handled") == "yes"
        assert not unhandled.done()
        unhandled.cancel()


async def test_catch_alls_are_told_what_they_cannot_know(door: Door) -> None:
    sio, log = make(door, namespaces="*"), Log()
    sio.on("own", lambda sid, *args: log.add("own", *args))
    sio.on("*", lambda event, sid, *args: log.add("any event", event, *args))
    sio.on("own", lambda namespace, sid, *args: log.add("any ns", namespace, *args), namespace="*")
    sio.on(
        "*",
        lambda event, namespace, sid, *args: log.add("any", event, namespace, *args),
        namespace="*",
    )
    async with door.open(sio) as url, connected(url, namespaces=["/", "/x"]) as client:
        for count, (event, namespace) in enumerate(
            [("own", "/"), ("other", "/"), ("own", "/x"), ("other", "/x")], 1
        ):
            await client.emit(event, count, namespace=namespace)
            await log.reaches(count)
    assert log == [
        ("own", 1),
        ("any event", "other", 2),
        ("any ns", "/x", 3),
        ("any", "other", "/x", 4),
    ]


async def test_a_class_handles_its_namespace(door: Door) -> None:
    log = Log()

    class Chat(door.package.AsyncNamespace):  # type: ignore[misc, name-defined]
        def on_connect(self, sid: str, environ: Any, auth: Any) -> None:
            log.add("connect", auth)

        async def on_say(self, sid: str, text: str) -> str:
            await self.emit("said", text, room=sid)
            return text.upper()

        def on_disconnect(self, sid: str) -> None:
            log.add("disconnect", self.rooms(sid) == [sid])

    sio = make(door)
    sio.register_namespace(Chat("/chat"))
    async with door.open(sio) as url:
        async with connected(url, namespaces=["/chat"], auth={"token": 1}) as client:
            client.on("said", lambda text: log.add("said", text), namespace="/chat")
            assert await client.call("say", "hi", namespace="/chat") == "HI"
            assert await client.call("no_method", namespace="/chat") is None
        await log.reaches(3)
    assert log == [("connect", {"token": 1}), ("said", "hi"), ("disconnect", True)]


async def test_a_class_may_route_events_itself(door: Door) -> None:
    class Router(door.package.AsyncNamespace):  # type: ignore[misc, name-defined]
        async def trigger_event(self, event: str, *args: Any) -> Any:
            if event in ("connect", "disconnect"):
                return await super().trigger_event(event, *args)
            return [event, *args[1:]]

    sio = make(door)
    sio.register_namespace(Router("/r"))
    async with door.open(sio) as url, connected(url, namespaces=["/r"]) as client:
        assert await client.call("some event", 5, namespace="/r") == ["some event", 5]


async def test_a_server_may_route_events_itself(door: Door) -> None:
    class Routed(door.package.AsyncServer):  # type: ignore[misc, name-defined]
        async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
            if event in self.reserved_events:
                return await super()._trigger_event(event, namespace, *args)
            if event == "unknown":
                return self.not_handled
            return f"{event} in {namespace}"

    async with door.open(Routed(async_mode="asgi")) as url, connected(url) as client:
        unknown = asyncio.create_task(client.call("unknown"))
        assert await client.call("routed") == "routed in /"
        assert not unknown.done()
        unknown.cancel()


async def test_handlers_written_into_the_table_are_found(door: Door) -> None:
    sio = make(door)
    async with door.open(sio) as url, connected(url) as client:
        sio.handlers.setdefault("/", {})["late"] = lambda sid: "here"
        assert await client.call("late") == "here"


async def test_handlers_registered_while_clients_are_connected_count(door: Door) -> None:
    sio = make(door)
    async with door.open(sio) as url, connected(url) as client:
        sio.on("late", lambda sid: "here")
        assert await client.call("late") == "here"


@pytest.mark.parametrize("style", ["plain", "coroutine"])
async def test_a_handler_that_raises_closes_nothing(
    door: Door, style: str, caplog: pytest.LogCaptureFixture
) -> None:
    sio = make(door)

    def plain(sid: str) -> None:
        raise RuntimeError("in a plain function")

    async def coroutine(sid: str) -> None:
        raise RuntimeError("in a coroutine")

    sio.on("fail", plain if style == "plain" else coroutine)
    sio.on("ok", lambda sid: "ok")
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: None)  # where python-socketio's goes
    with caplog.at_level(logging.ERROR):
        async with door.open(sio) as url, connected(url) as client:
            await client.emit("fail")
            assert await client.call("ok") == "ok"
    if door.package is sio_native:
        [record] = [each for each in caplog.records if each.exc_info]
        assert (record.name, "RuntimeError" in caplog.text) == ("socketio.server", True)


async def test_an_answer_that_json_cannot_carry_is_logged(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio = make(native_door)
    sio.on("bad", lambda sid: object())
    sio.on("ok", lambda sid: "ok")
    async with native_door.open(sio) as url, connected(url) as client:
        await client.emit("bad", callback=lambda *args: None)
        assert await client.call("ok") == "ok"
    assert 'the handler of "bad" failed' in caplog.text


# --- connect ---


@pytest.mark.parametrize("auth", [None, {"token": "t"}])
async def test_a_connect_handler_may_take_auth(door: Door, auth: Any) -> None:
    sio, log = make(door), Log()
    sio.on("connect", lambda sid, environ, auth: log.add(isinstance(environ, dict), auth))
    async with door.open(sio) as url, connected(url, auth=auth):
        assert log == [(True, auth)]


async def test_a_connect_handler_without_auth_serves_clients_without_it(door: Door) -> None:
    sio, log = make(door), Log()
    sio.on("connect", lambda sid, environ: log.add(sid))
    async with door.open(sio) as url, connected(url) as client:
        assert log == [(client.get_sid(),)]


async def test_whatever_a_connect_handler_returns_but_false_accepts(door: Door) -> None:
    for result in (None, 0, "", [], True):
        sio = make(door)
        sio.on("connect", lambda sid, environ, result=result: result)
        async with door.open(sio) as url, connected(url) as client:
            assert client.connected


def refusal(door: Door, *args: Any) -> Exception:
    return door.package.exceptions.ConnectionRefusedError(*args)


REFUSALS: list[tuple[Any, Any]] = [
    (lambda door: False, {"message": "Connection rejected by server"}),
    (lambda door: refusal(door), {"message": "Connection rejected by server"}),
    (lambda door: refusal(door, "no"), {"message": "no"}),
    (lambda door: refusal(door, 5), {"message": "5"}),
    (lambda door: refusal(door, "no", {"why": 1}), {"message": "no", "data": {"why": 1}}),
    (lambda door: refusal(door, "no", 1, "2"), {"message": "no", "data": [1, "2"]}),
    (lambda door: builtins.ConnectionRefusedError(), {"message": "Connection refused by server"}),
]


async def refused(url: str, namespace: str = "/", **options: Any) -> Any:
    """What the client is told in connect_error."""
    client, told = socketio.AsyncClient(reconnection=False), Log()
    client.on("connect_error", lambda *data: told.add(*data), namespace=namespace)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(
            url, transports=["websocket"], namespaces=[namespace], wait_timeout=3, **options
        )
    await client.disconnect()
    return told[0][0]


@pytest.mark.parametrize(("make_result", "payload"), REFUSALS)
async def test_a_refused_client_is_told_why(door: Door, make_result: Any, payload: Any) -> None:
    sio = make(door)

    @sio.event
    async def connect(sid: str, environ: Any) -> Any:
        result = make_result(door)
        if isinstance(result, Exception):
            raise result
        return result

    async with door.open(sio) as url:
        assert await refused(url) == payload
        assert list(sio.manager.get_participants("/", None)) == []


async def test_an_unknown_namespace_is_refused(door: Door) -> None:
    async with door.open(make(door)) as url:
        assert await refused(url, "/unknown") == "Unable to connect"


async def test_a_namespace_is_refused_when_only_the_table_could_know_it(door: Door) -> None:
    sio = make(door)
    assert sio.handlers == {}  # from here on everything is delivered
    async with door.open(sio) as url:
        assert await refused(url, "/unknown") == "Unable to connect"


@pytest.mark.parametrize("data", [b"bytes", {"deep": [b"bytes"]}])
@pytest.mark.parametrize("by", ["middleware", "handler", "class"])
async def test_a_refusal_whose_data_has_bytes_is_a_plain_one_and_the_log_says_why(
    native_door: Door, by: str, data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    # python-socketio raises ValueError, which nobody hears, and leaves the client waiting.
    sio = native_door.server()

    class NotYet(Exception):
        def __init__(self) -> None:
            self.data = data

    if by == "middleware":

        @sio.use
        def middleware(socket: Any) -> None:
            raise NotYet

    async def connect(*args: Any) -> None:
        raise refusal(native_door, "no", data)

    if by == "class":
        namespace = sio_native.AsyncNamespace("/")
        namespace.on_connect = connect
        sio.register_namespace(namespace)
    else:
        sio.on("connect", connect)
    async with native_door.open(sio) as url:
        assert await refused(url) == {"message": "Connection rejected by server"}
        assert list(sio.manager.get_participants("/", None)) == []
    assert "the data of a refusal must be JSON: it cannot have bytes" in caplog.text


async def test_a_connect_handler_that_fails_refuses(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    # python-socketio leaves the client waiting.
    sio = make(native_door)

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any) -> None:
        raise LookupError("secret of the server")

    async with native_door.open(sio) as url:
        assert await refused(url) == {"message": "Connection rejected by server"}
    assert "secret of the server" in caplog.text


async def test_a_client_with_auth_is_not_let_in_by_a_handler_that_ignores_it(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio = make(native_door)
    sio.on("connect", lambda sid, environ: None)
    async with native_door.open(sio) as url:
        payload = await refused(url, auth={"token": 1})
    assert payload == {"message": "Connection rejected by server"}


async def test_a_refusal_that_json_cannot_carry_is_a_plain_refusal(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio = make(native_door)

    @sio.event
    def connect(sid: str, environ: Any) -> None:
        raise sio_native.exceptions.ConnectionRefusedError("no", object())

    async with native_door.open(sio) as url:
        assert await refused(url) == {"message": "Connection rejected by server"}


async def test_a_cancelled_connect_handler_lets_nobody_in(native_door: Door) -> None:
    sio = make(native_door)

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        raise asyncio.CancelledError

    async with native_door.open(sio) as url:
        assert await refused(url) == {"message": "Connection rejected by server"}


async def test_with_always_connect_the_client_is_connected_before_the_handler_decides(
    door: Door,
) -> None:
    sio, log = make(door, always_connect=True), Log()
    decide = asyncio.Event()

    @sio.event
    async def connect(sid: str, environ: Any) -> bool:
        await decide.wait()
        return False

    sio.on("disconnect", lambda sid, reason: log.add("disconnect handler"))
    client = socketio.AsyncClient(reconnection=False)
    client.on("disconnect", lambda *reason: log.add("client disconnected"))
    async with door.open(sio) as url:
        await client.connect(url, transports=["websocket"])
        assert client.get_sid()
        decide.set()
        await log.reaches(1)
        await client.disconnect()
    assert log == [("client disconnected",)]


@pytest.mark.parametrize("always_connect", [False, True])
async def test_a_client_that_leaves_during_its_connect_handler_is_disconnected_after_it(
    native_door: Door, always_connect: bool
) -> None:
    sio, log = make(native_door, always_connect=always_connect), Log()
    decide = asyncio.Event()

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        log.add("connecting")
        await decide.wait()
        log.add("connected", sio.get_environ(sid) is environ)

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        log.add("disconnected", sio.get_environ(sid) is not None)

    async with native_door.open(sio) as url:
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(url, transports=["websocket"], wait=False)
        await log.reaches(1)
        await client.eio.ws.close()  # without a word
        await until(lambda: sio._core.engine.stats()["sessions"] == 0)
        decide.set()
        await log.reaches(3)
        await until(lambda: len(sio.environ) == 0)
    assert log == [("connecting",), ("connected", True), ("disconnected", True)]


# --- disconnect ---


async def test_disconnect_handlers_are_told_why_and_still_see_the_client(door: Door) -> None:
    sio, log = make(door), Log()
    sio.on("connect", lambda sid, environ: None)

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        session = await sio.get_session(sid)
        log.add(reason, set(sio.rooms(sid)) == {sid, "r"}, session, sio.get_environ(sid) is None)

    async with door.open(sio) as url:
        for count, leave in enumerate(
            [
                lambda client: client.send_disconnect(),
                lambda client: sio.disconnect(client.get_sid()),
                lambda client: client.eio.ws.close(),
            ],
            1,
        ):
            client = LeavingClient(reconnection=False)
            async with connected(url, client=client):
                await sio.enter_room(client.get_sid(), "r")
                await sio.save_session(client.get_sid(), {"visit": count})
                await leave(client)
                await log.reaches(count)
    reason = sio.reason
    assert log == [
        (reason.CLIENT_DISCONNECT, True, {"visit": 1}, False),
        (reason.SERVER_DISCONNECT, True, {"visit": 2}, False),
        (reason.TRANSPORT_CLOSE, True, {"visit": 3}, False),
    ]


class LeavingClient(socketio.AsyncClient):
    async def send_disconnect(self) -> None:
        """Leave the namespace; the connection stays."""
        packet = self.packet_class(socketio.packet.DISCONNECT, namespace="/")
        await self._send_packet(packet)


async def test_disconnect_returns_when_its_handler_has_ended(door: Door) -> None:
    sio, log = make(door), Log()

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        await asyncio.sleep(0)
        log.add(reason)

    async with door.open(sio) as url, connected(url) as client:
        sid = client.get_sid()
        await sio.disconnect(sid)
        assert log == [("server disconnect",)]
        assert not sio.manager.is_connected(sid, "/")
        assert sio.rooms(sid) == []
        await sio.disconnect(sid)  # unknown by now
        await sio.disconnect("nobody", namespace="/nowhere")
    assert log == [("server disconnect",)]


@pytest.mark.parametrize("async_handlers", [True, False])
async def test_a_handler_may_disconnect_its_own_client(door: Door, async_handlers: bool) -> None:
    sio, log = make(door, async_handlers=async_handlers), Log()

    @sio.event
    async def leave(sid: str) -> None:
        await sio.disconnect(sid)
        log.add("left")

    @sio.event
    async def disconnect(sid: str) -> None:
        log.add("disconnected")

    async with door.open(sio) as url, connected(url) as client:
        await client.emit("leave")
        await log.reaches(2)
    assert log == [("disconnected",), ("left",)]


async def test_a_connect_handler_cannot_disconnect_its_own_client(door: Door) -> None:
    sio = make(door)

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        await sio.disconnect(sid)

    async with door.open(sio) as url, connected(url) as client:
        assert sio.manager.is_connected(client.get_sid(), "/")


async def test_leaving_one_namespace_leaves_the_others(door: Door) -> None:
    sio, log = make(door, namespaces=["/", "/x"]), Log()
    sio.on("disconnect", lambda sid, reason: log.add("/x"), namespace="/x")
    async with door.open(sio) as url, connected(url, namespaces=["/", "/x"]) as client:
        await sio.disconnect(client.get_sid("/x"), namespace="/x")
        assert sio.manager.is_connected(client.get_sid("/"), "/")
        assert client.get_sid("/") != client.get_sid("/x")
    assert log == [("/x",)]


# --- order ---


async def test_serial_handlers_keep_the_order_of_one_client(door: Door) -> None:
    sio, log = make(door, async_handlers=False), Log()
    go_on = asyncio.Event()

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        await asyncio.sleep(0)
        log.add("connect")

    @sio.event
    async def slow(sid: str) -> None:
        log.add("slow begins")
        await go_on.wait()
        log.add("slow ends")

    sio.on("quick", lambda sid: log.add("quick"))

    @sio.event
    async def disconnect(sid: str) -> None:
        log.add("disconnect")

    async with door.open(sio) as url:
        async with connected(url) as client, connected(url) as other:
            await client.emit("slow")
            await client.emit("quick")
            await log.reaches(3)
            await other.emit("quick")  # another client does not wait
            await log.reaches(4)
            assert log[3] == ("quick",)
            go_on.set()
            await log.reaches(6)
        await log.reaches(8)
    assert [entry[0] for entry in log] == [
        "connect",
        "connect",
        "slow begins",
        "quick",
        "slow ends",
        "quick",
        "disconnect",
        "disconnect",
    ]


async def test_concurrent_handlers_do_not_wait_for_each_other(door: Door) -> None:
    sio = make(door)
    go_on = asyncio.Event()

    @sio.event
    async def slow(sid: str) -> str:
        await go_on.wait()
        return "slow"

    sio.on("quick", lambda sid: "quick")
    async with door.open(sio) as url, connected(url) as client:
        slow_call = asyncio.create_task(client.call("slow"))
        assert await client.call("quick") == "quick"
        assert not slow_call.done()
        go_on.set()
        assert await slow_call == "slow"


# --- emit ---


def listen(client: socketio.AsyncClient, name: str, log: Log) -> None:
    client.on("news", lambda *args: log.add(name, *args))


async def test_emit_reaches_whom_it_names_once(door: Door) -> None:
    sio, log = make(door), Log()
    async with (
        door.open(sio) as url,
        connected(url) as a,
        connected(url) as b,
        connected(url) as c,
    ):
        clients = {"a": a, "b": b, "c": c}
        sids = {name: client.get_sid() for name, client in clients.items()}
        for name, client in clients.items():
            listen(client, name, log)
            client.on("end", lambda: log.add("end"))
        for name, room in [("a", "r"), ("b", "r"), ("b", 7), ("c", 7)]:
            await sio.enter_room(sids[name], room)

        cases: list[tuple[dict[str, Any], str]] = [
            ({}, "abc"),
            ({"to": sids["a"]}, "a"),
            ({"room": "r"}, "ab"),
            ({"to": "r", "room": 7}, "ab"),
            ({"to": 7}, "bc"),
            ({"to": ["r", 7]}, "abc"),
            ({"to": ["r", 7, "r"], "skip_sid": sids["b"]}, "ac"),
            ({"skip_sid": [sids["a"], sids["c"]]}, "b"),
            ({"to": "nobody is here"}, ""),
            ({"to": "7"}, ""),
            ({"namespace": "/unknown"}, ""),
        ]
        for case, (address, receivers) in enumerate(cases):
            log.clear()
            await sio.emit("news", case, **address)
            await sio.emit("end")
            await log.reaches(len(receivers) + 3)
            received = sorted(entry[0] for entry in log if entry != ("end",))
            assert received == list(receivers), address


@pytest.mark.parametrize(
    ("data", "arguments"),
    [
        (None, ()),
        ("text", ("text",)),
        ((1, 2), (1, 2)),
        ((), ()),
        ([1, 2], ([1, 2],)),
        ({"bytes": b"\x01", "list": [b"\x02"]}, ({"bytes": b"\x01", "list": [b"\x02"]},)),
        (b"raw", (b"raw",)),
    ],
)
async def test_a_tuple_is_several_arguments_and_none_is_none(
    door: Door, data: Any, arguments: tuple[Any, ...]
) -> None:
    sio, log = make(door), Log()
    async with door.open(sio) as url, connected(url) as client:
        listen(client, "client", log)
        await sio.emit("news", data)
        await log.reaches(1)
    assert log == [("client", *arguments)]


async def test_send_emits_a_message(door: Door) -> None:
    sio, log = make(door), Log()
    async with door.open(sio) as url, connected(url) as client:
        client.on("message", lambda data: log.add(data))
        await sio.send({"hello": 1})
        await log.reaches(1)
    assert log == [({"hello": 1},)]


async def test_data_that_json_cannot_carry_raises_in_emit(door: Door) -> None:
    sio = make(door)
    async with door.open(sio) as url, connected(url):
        with pytest.raises(TypeError):
            await sio.emit("news", {"bad": object()})


@pytest.mark.parametrize("style", ["plain", "coroutine"])
async def test_a_callback_gets_the_answer_of_the_client(door: Door, style: str) -> None:
    sio, log = make(door), Log()

    async def coroutine(*args: Any) -> None:
        log.add(*args)

    async with door.open(sio) as url, connected(url) as client:
        client.on("ask", lambda x: (x, "answer"))
        callback = log.add if style == "plain" else coroutine
        await sio.emit("ask", 1, to=client.get_sid(), callback=callback)
        await log.reaches(1)
    assert log == [(1, "answer")]


async def test_an_emit_before_the_first_client_goes_nowhere() -> None:
    sio = sio_native.AsyncServer()
    await sio.emit("news", object())
    sio.emit_nowait("news", callback=lambda: None)
    assert len(sio._service.acks) == 0


@pytest.mark.parametrize("from_thread", [False, True])
async def test_emit_nowait_works_from_any_thread(native_door: Door, from_thread: bool) -> None:
    sio, log = make(native_door), Log()
    async with native_door.open(sio) as url, connected(url) as client:
        listen(client, "client", log)
        client.on("ask", lambda: "answer")

        def work() -> None:
            sio.enter_room_nowait(client.get_sid(), "r")
            sio.emit_nowait("news", 1, room="r")
            sio.leave_room_nowait(client.get_sid(), "r")
            sio.emit_nowait("news", 2, room="r")
            sio.emit_nowait("news", threading.current_thread() is threading.main_thread())
            sio.emit_nowait("ask", to=client.get_sid(), callback=lambda text: log.add(text))

        await asyncio.to_thread(work) if from_thread else work()
        await log.reaches(3)
    assert log == [("client", 1), ("client", not from_thread), ("answer",)]


# --- call ---


async def never() -> None:
    """A client's handler that does not answer."""
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize(
    ("answer", "result"), [(None, None), (5, 5), ((1, 2), (1, 2)), ([1, 2], [1, 2])]
)
async def test_call_returns_the_answer(door: Door, answer: Any, result: Any) -> None:
    sio = make(door)
    async with door.open(sio) as url, connected(url) as client:
        client.on("ask", lambda: answer)
        assert await sio.call("ask", to=client.get_sid()) == result
        assert await sio.call("ask", sid=client.get_sid(), timeout=None) == result


async def test_call_gives_up_after_its_timeout(door: Door) -> None:
    sio = make(door)
    async with door.open(sio) as url, connected(url) as client:
        client.on("ask", never)
        with pytest.raises(door.package.exceptions.TimeoutError):
            await sio.call("ask", to=client.get_sid(), timeout=0.05)


async def test_call_needs_one_client(door: Door) -> None:
    with pytest.raises(ValueError, match="Cannot use call\\(\\) to broadcast"):
        await make(door).call("ask")


async def test_call_needs_concurrent_handlers(door: Door) -> None:
    sio = make(door, async_handlers=False)
    with pytest.raises(RuntimeError, match="Cannot use call\\(\\) when async_handlers is False"):
        await sio.call("ask", to="sid")


async def test_call_raises_at_once_when_the_client_is_gone_or_leaves(native_door: Door) -> None:
    # python-socketio waits for the whole timeout.
    sio = make(native_door)
    timeout = pytest.raises(sio_native.exceptions.TimeoutError, match="not connected")
    with timeout:
        await sio.call("ask", to="nobody")
    async with native_door.open(sio) as url:
        async with connected(url) as client:
            with timeout:
                await sio.call("ask", to="nobody")
            with timeout:
                await sio.call("ask", to=client.get_sid(), namespace="/other")
            waiting = asyncio.create_task(sio.call("ask", to=client.get_sid()))
            await asyncio.sleep(0)
        with timeout:
            await waiting
    assert len(sio._service.acks) == 0


async def test_call_without_a_timeout_waits_until_the_caller_gives_up(door: Door) -> None:
    sio = make(door)
    async with door.open(sio) as url, connected(url) as client, connected(url) as other:
        gone = [asyncio.create_task(sio.call("ask", to="nobody", timeout=None))]
        gone.append(asyncio.create_task(sio.call("ask", to=client.get_sid(), timeout=None)))
        await client.disconnect()
        other.on("ask", lambda: "here")
        assert await sio.call("ask", to=other.get_sid(), timeout=None) == "here"
        assert not any(call.done() for call in gone)
        for call in gone:
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
    if hasattr(sio, "_service"):
        assert len(sio._service.acks) == 0


async def test_no_callback_stays_behind(native_door: Door) -> None:
    # python-socketio keeps each of these until the client leaves.
    sio, log = make(native_door), Log()
    async with native_door.open(sio) as url, connected(url) as client:
        sid = client.get_sid()
        client.on("echo", lambda x: x)
        client.on("never", never)
        with pytest.raises(sio_native.exceptions.TimeoutError):
            await sio.call("never", to=sid, timeout=0.01)
        cancelled = asyncio.create_task(sio.call("never", to=sid, timeout=None))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        with pytest.raises(TypeError):
            await sio.call("echo", object(), to=sid)
        with pytest.raises(TypeError):
            await sio.emit("echo", object(), to=sid, callback=lambda x: log.add(x))
        assert await sio.call("echo", 1, to=sid) == 1
        await sio.emit("echo", 1, to=sid, callback=lambda x: log.add(x))
        await sio.emit("echo", 1, to="nobody", callback=lambda x: log.add(x))
        await sio.emit("echo", 1, to=[], room=[], callback=lambda x: log.add(x))
        await log.reaches(1)
        await until(lambda: len(sio._service.acks) == 0)  # several shards end at their own time


async def test_a_late_answer_is_nobodys(native_door: Door) -> None:
    sio = make(native_door)
    answer = asyncio.Event()

    async def ask(x: int) -> int:
        await answer.wait()
        return x

    async with native_door.open(sio) as url, connected(url) as client:
        client.on("ask", ask)
        with pytest.raises(sio_native.exceptions.TimeoutError):
            await sio.call("ask", 1, to=client.get_sid(), timeout=0.05)
        answer.set()
        assert await sio.call("ask", 2, to=client.get_sid()) == 2


# --- rooms ---


async def test_rooms_are_entered_left_and_closed(door: Door) -> None:
    sio = make(door, namespaces=["/", "/x"])
    async with door.open(sio) as url, connected(url, namespaces=["/", "/x"]) as client:
        sid = client.get_sid()
        assert sio.rooms(sid) == [sid]
        for room in ("r", 1, "1", ("tuple", 2), 1.5, "\0odd"):
            await sio.enter_room(sid, room)
        await sio.enter_room(sid, True)  # the same room as 1
        await sio.enter_room(sid, sid)  # where it is
        assert set(sio.rooms(sid)) == {sid, "r", 1, "1", ("tuple", 2), 1.5, "\0odd"}
        assert sio.rooms(client.get_sid("/x"), namespace="/x") == [client.get_sid("/x")]
        await sio.leave_room(sid, 1)
        await sio.close_room("1")
        await sio.close_room("unknown")
        await sio.leave_room(sid, "unknown")
        await sio.leave_room("unknown", "r")
        assert set(sio.rooms(sid)) == {sid, "r", ("tuple", 2), 1.5, "\0odd"}
        assert sio.rooms("unknown") == []


async def test_rooms_of_strangers_are_refused(door: Door) -> None:
    sio = make(door)
    with pytest.raises(ValueError, match="sid is not connected to requested namespace"):
        await sio.enter_room("sid", "r")
    async with door.open(sio) as url, connected(url) as client, connected(url) as other:
        with pytest.raises(ValueError, match="sid is not connected to requested namespace"):
            await sio.enter_room(client.get_sid(), "r", namespace="/never")
        with pytest.raises(KeyError):
            await sio.enter_room("unknown", "r")
        with pytest.raises(ValueError, match="cannot enter a sid room"):
            await sio.enter_room(client.get_sid(), other.get_sid())
        with pytest.raises(ValueError, match="cannot close a sid room"):
            await sio.close_room(other.get_sid())
        with pytest.raises(TypeError):
            await sio.enter_room(client.get_sid(), {})


async def test_the_manager_shows_who_is_where(door: Door) -> None:
    sio = make(door)
    manager = sio.manager
    async with door.open(sio) as url, connected(url) as a, connected(url) as b:
        sids = {a.get_sid(), b.get_sid()}
        for sid in sids:
            await sio.enter_room(sid, "r")
        await sio.enter_room(a.get_sid(), 5)
        eio_sids = {manager.eio_sid_from_sid(sid, "/") for sid in sids}
        assert {sid for sid, _ in manager.get_participants("/", "r")} == sids
        assert {eio_sid for _, eio_sid in manager.get_participants("/", None)} == eio_sids
        assert {sid for sid, _ in manager.get_participants("/", [5, "r"])} == sids
        assert list(manager.get_participants("/", "nobody")) == []
        assert list(manager.get_participants("/nowhere", None)) == []
        assert list(manager.get_namespaces()) == ["/"]
        assert manager.is_connected(a.get_sid(), "/")
        assert not manager.is_connected(a.get_sid(), "/nowhere")
        assert await manager.can_disconnect(a.get_sid(), "/")
        assert manager.sid_from_eio_sid(a.eio.sid, "/") == a.get_sid()
        assert manager.is_sid_room("/", a.get_sid())
        assert not manager.is_sid_room("/", "r")

        rooms = manager.rooms
        assert set(rooms) == {"/"}
        assert set(rooms["/"]) == {None, "r", 5, *sids}
        assert dict(rooms["/"][5]) == {a.get_sid(): a.eio.sid}
        assert set(rooms.get("/", {}).get("r", {})) == sids
        assert rooms.get("/nowhere", {}).get("r") is None
        assert rooms["/"].get("nobody") is None
        assert len(rooms["/"][None]) == 2
        await sio.leave_room(a.get_sid(), 5)
        assert 5 not in rooms["/"]  # live
        await a.disconnect()
        await b.disconnect()
        await until(lambda: not manager.rooms)


# --- what is kept for a client ---


async def test_sessions_are_kept_for_each_client_and_namespace(door: Door) -> None:
    sio = make(door, namespaces=["/", "/x"])
    async with door.open(sio) as url, connected(url, namespaces=["/", "/x"]) as client:
        sid, other = client.get_sid(), client.get_sid("/x")
        assert await sio.get_session(sid) == {}
        await sio.save_session(sid, {"user": 1})
        async with sio.session(sid) as session:
            session["visits"] = 2
        assert await sio.get_session(sid) == {"user": 1, "visits": 2}
        assert await sio.get_session(other, namespace="/x") == {}
        for ask in (
            lambda: sio.get_session("unknown"),
            lambda: sio.save_session("unknown", {}),
            lambda: sio.get_session(sid, namespace="/nowhere"),
        ):
            with pytest.raises(KeyError, match="Session not found"):
                await ask()


async def test_nothing_is_kept_of_a_client_that_left(native_door: Door) -> None:
    sio, log = make(native_door), Log()
    sio.on("connect", lambda sid, environ: None)
    sio.on("disconnect", lambda sid: log.add(sid))
    async with native_door.open(sio) as url:
        async with connected(url) as client:
            sid = client.get_sid()
            await sio.save_session(sid, {"user": 1})
            assert len(sio.environ) == 1
        await log.reaches(1)
        async with connected(url):  # behind the end of the first session
            assert len(sio.environ) == 1
        with pytest.raises(KeyError, match="Session not found"):
            await sio.get_session(sid)
        assert sio.get_environ(sid) is None
        assert sio._service.sessions._sessions == {}


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_the_transport_is_known_by_name(native_door: Door, transport: str) -> None:
    sio = make(native_door, allow_upgrades=False)
    async with native_door.open(sio) as url, connected(url, transports=[transport]) as client:
        assert sio.transport(client.get_sid()) == transport
        with pytest.raises(KeyError):
            sio.transport("unknown")


async def test_the_environ_is_one_dictionary_with_the_request(door: Door) -> None:
    sio, log = make(door), Log()
    sio.on("connect", lambda sid, environ: log.add(environ))
    headers = {"X-Twice": "ü", "Cookie": "a=b"}
    async with door.open(sio) as url, connected(url + "?room=5", headers=headers) as client:
        [(environ,)] = log
        assert sio.get_environ(client.get_sid()) is environ
        assert sio.environ[client.eio.sid] is environ
        assert sio.get_environ("unknown") is None
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["PATH_INFO"] == "/socket.io/"
    assert "room=5" in environ["QUERY_STRING"]
    assert environ["HTTP_COOKIE"] == "a=b"
    assert environ["HTTP_X_TWICE"] == "ü"
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["asgi.scope"]["path"] == "/socket.io/"
    assert environ["asgi.scope"]["type"] == "websocket"
    assert callable(environ["asgi.receive"])
    assert callable(environ["asgi.send"])


async def test_the_environ_has_every_key_that_python_socketio_gives() -> None:
    keys = []
    for door in (HANDOFF, BRIDGE, REFERENCE):
        sio = make(door)
        async with door.open(sio) as url, connected(url) as client:
            keys.append(set(sio.get_environ(client.get_sid())))
    assert keys[0] == keys[1] == keys[2]


async def test_the_environ_has_the_real_peer(native_door: Door) -> None:
    # python-socketio has the constant 127.0.0.1 and port 0.
    sio, log = make(native_door), Log()
    sio.on("connect", lambda sid, environ: log.add(environ["REMOTE_PORT"]))
    async with native_door.open(sio) as url, connected(url) as client:
        local = client.eio.ws.get_extra_info("sockname")
        assert log == [(str(local[1]),)]


# --- the rest ---


async def test_attributes_that_applications_read(door: Door) -> None:
    sio = make(door)
    assert sio.async_mode == "asgi"
    assert sio.is_asyncio_based()
    assert sio.async_handlers is True
    assert sio.always_connect is False
    assert sio.namespaces == ["/"]
    assert sio.namespace_handlers == {}
    assert sio.reserved_events == ["connect", "disconnect"]
    assert sio.manager_initialized is False
    assert isinstance(sio.logger, logging.Logger)
    assert sio.logger.name == "socketio.server"
    sio.manager.initialize()
    sio.manager_initialized = True
    async with door.open(sio) as url, connected(url):
        assert sio.manager_initialized is True


async def test_background_tasks_run_on_the_loop(door: Door) -> None:
    sio = make(door)

    async def work(a: int, *, b: int) -> int:
        await sio.sleep(0)
        return a + b

    task = sio.start_background_task(work, 1, b=2)
    assert await task == 3


async def test_a_given_logger_is_used(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("of.the.application")
    sio = make(door, logger=logger)
    assert sio.logger is logger
    with caplog.at_level(logging.INFO, logger.name):
        await sio.emit("news", room="r")
    assert 'emitting event "news" to r [/]' in caplog.text


async def test_what_is_not_supported_says_so() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(RuntimeError, match="use ASGIApp"):
        sio.attach(object())
    with pytest.raises(AttributeError, match="no attribute 'AsyncSever'"):
        sio_native.AsyncSever  # noqa: B018


async def test_nobody_is_named_by_what_is_not_a_sid(door: Door) -> None:
    sio = make(door)
    async with door.open(sio) as url, connected(url) as client:
        with pytest.raises(KeyError):
            await sio.get_session(None)
        with pytest.raises(KeyError):
            sio.transport(None)
        with pytest.raises(KeyError):
            await sio.enter_room(None, "room")
        await sio.disconnect(None)
        await sio.leave_room(None, "room")
        assert sio.rooms(None) == []
        assert sio.get_environ(None) is None
        heard: asyncio.Queue[Any] = asyncio.Queue()
        client.on("news", heard.put)
        await sio.emit("news", "heard", skip_sid=[None])
        assert await asyncio.wait_for(heard.get(), 5) == "heard"


async def test_bad_arguments_are_told_in_a_sentence() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(TypeError, match="name of an event must be a str, not 5"):
        await sio.emit(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a function or nothing"):
        sio.event(5)  # type: ignore[call-overload]
    for port in (70000, -1, "80"):
        with pytest.raises(ValueError, match="a port from 0 to 65535"):
            sio.listen("127.0.0.1", port)  # type: ignore[arg-type]
    with pytest.raises(OSError, match=r"nowhere\.invalid"):
        sio.listen("nowhere.invalid", 0)
    await sio.shutdown()


async def test_a_client_that_floods_is_not_read_past_a_thousand_unhandled_events(
    native_door: Door,
) -> None:
    sio = sio_native.AsyncServer()
    begun = 0
    release = asyncio.Event()

    async def hang(sid: str) -> None:
        nonlocal begun
        begun += 1
        await release.wait()

    sio.on("hang", hang)
    async with (
        native_door.open(sio) as url,
        connected(url) as other,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket") as flooding,
    ):
        await flooding.send_str("40")

        async def flood() -> None:
            for _ in range(20_000):
                await flooding.send_str('42["hang"]')

        sending = asyncio.ensure_future(flood())
        await until(lambda: begun >= 1_000)
        sio.on("echo", lambda sid, data: data)
        for number in range(20):  # the others are served meanwhile
            assert await other.call("echo", number) == number
        # What was on its way between the bridge and the engine may come on top.
        assert begun < 3_000
        release.set()
        await asyncio.wait_for(sending, 30)
        await until(lambda: begun == 20_000)

"""Subclasses of AsyncManager that override methods: the same calls from both packages."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio
from brokers import module
from conftest import NATIVE, OWN_PORT, REFERENCE, Door, Log, connected, until

import sio_native
from sio_native.async_manager import AsyncManager
from sio_native.base_manager import CLIENT_METHODS

METHODS = (
    *sorted(CLIENT_METHODS),
    "can_disconnect",
    "enter_room",
    "leave_room",
    "close_room",
    "basic_close_room",
    "emit",
    "trigger_callback",
)


def recording(base: type, log: Log, names: tuple[str, ...] = METHODS) -> type:
    """A subclass that logs each call of a method, with its arguments by name, and passes it on."""

    def override(name: str) -> Any:
        signature = inspect.signature(getattr(base, name))

        def called(self: Any, args: Any, kwargs: Any) -> None:
            given = signature.bind(self, *args, **kwargs).arguments
            given.pop("self")
            given.update(given.pop("kwargs", {}))
            if "callback" in given:
                given["callback"] = given["callback"] is not None
            if "data" in given and name == "trigger_callback":
                given["data"] = list(given["data"])
            log.add(name, {key: value for key, value in given.items() if value is not None})

        if inspect.iscoroutinefunction(getattr(base, name)):

            async def asynchronous(self: Any, *args: Any, **kwargs: Any) -> Any:
                called(self, args, kwargs)
                return await getattr(super(kind, self), name)(*args, **kwargs)

            return asynchronous

        def synchronous(self: Any, *args: Any, **kwargs: Any) -> Any:
            called(self, args, kwargs)
            return getattr(super(kind, self), name)(*args, **kwargs)

        return synchronous

    kind = type("Recording", (base,), {name: override(name) for name in names})
    return kind


@asynccontextmanager
async def served(door: Door, manager: Any, log: Log, **options: Any) -> AsyncIterator[Any]:
    """A server with handlers that log; gives it and its address."""
    sio = door.server(async_mode="asgi", client_manager=manager, **options)

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any) -> Any:
        log.add("handler", "connect")
        wish = (auth or {}).get("wish")
        if wish == "enter":
            await sio.enter_room(sid, "from the connect handler")
        if wish == "refuse":
            raise module(door.package, "exceptions").ConnectionRefusedError("no")
        return wish != "false"

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        log.add(
            "handler",
            "disconnect",
            reason,
            sorted(str(room) for room in sio.rooms(sid) if room != sid),
        )

    async with door.open(sio) as url:
        yield sio, url


# --- scenarios: each is played to both packages ---


async def comes_and_goes(sio: Any, url: str, log: Log) -> None:
    async with connected(url, auth={"wish": "enter"}) as client:
        await sio.enter_room(client.get_sid(), "r")
        await sio.enter_room(client.get_sid(), 7)
        await sio.leave_room(client.get_sid(), "r")


async def is_disconnected(sio: Any, url: str, log: Log) -> None:
    async with connected(url) as client:
        await sio.disconnect(client.get_sid())
        await sio.disconnect("nobody")


async def is_disconnected_here(sio: Any, url: str, log: Log) -> None:
    async with connected(url) as client:
        await sio.disconnect(client.get_sid(), ignore_queue=True)


async def is_refused(sio: Any, url: str, log: Log) -> None:
    for wish in ("refuse", "false"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(url, auth={"wish": wish}):
                pass


async def rooms_are_closed(sio: Any, url: str, log: Log) -> None:
    async with connected(url) as client:
        await sio.enter_room(client.get_sid(), "r")
        await sio.close_room("r")
        with pytest.raises(ValueError, match="cannot close a sid room"):
            await sio.close_room(client.get_sid())
        async with connected(url) as other:
            with pytest.raises(ValueError, match="cannot enter a sid room"):
                await sio.enter_room(other.get_sid(), client.get_sid())
        await until(lambda: len(sio.manager.rooms["/"][None]) == 1)


async def emits_and_calls(sio: Any, url: str, log: Log) -> None:
    client = socketio.AsyncClient(reconnection=False)
    client.on("ask", lambda *args: ("answer", *args))
    async with connected(url, client=client):
        await sio.emit("news")
        await sio.emit("news", {"a": 1}, room="r", skip_sid="x")
        await sio.emit("news", (1, 2), to=["r", "s"], skip_sid=["x"], ignore_queue=True)
        await sio.send("text", namespace="/nowhere")
        assert await sio.call("ask", "now", to=client.get_sid()) == ("answer", "now")
        answered: asyncio.Queue[Any] = asyncio.Queue()
        await sio.emit(
            "ask", (1, 2), to=client.get_sid(), callback=lambda *args: answered.put_nowait(args)
        )
        assert await answered.get() == ("answer", 1, 2)


async def two_namespaces(sio: Any, url: str, log: Log) -> None:
    sio.on("connect", lambda sid, environ: log.add("handler", "/x"), namespace="/x")
    async with connected(url, namespaces=["/"]):
        pass
    await until(lambda: not sio.manager.rooms)
    async with connected(url, namespaces=["/x"]) as client:
        await sio.enter_room(client.get_sid("/x"), "r", namespace="/x")


async def an_unknown_namespace(sio: Any, url: str, log: Log) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        async with connected(url, namespaces=["/nowhere"]):
            pass


SCENARIOS: list[Callable[[Any, str, Log], Any]] = [
    comes_and_goes,
    is_disconnected,
    is_disconnected_here,
    is_refused,
    rooms_are_closed,
    emits_and_calls,
    two_namespaces,
    an_unknown_namespace,
]


async def played(scenario: Any, door: Door, base: type, **options: Any) -> list[Any]:
    """What has been called, with the ids of clients as the order in which they came."""
    log = Log()
    async with served(door, recording(base, log)(), log, **options) as (sio, url):
        await scenario(sio, url, log)
        await until(lambda: not sio.manager.rooms)
    names: dict[str, str] = {}
    for name, *about in log:
        if name == "pre_connect":
            names[about[0]["eio_sid"]] = f"session {len(names)}"
        elif name == "basic_enter_room" and "eio_sid" in about[0]:
            names.setdefault(about[0]["sid"], f"client {len(names)}")

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: named(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [named(each) for each in value]
        return names.get(value, value) if isinstance(value, str) else value

    return [named(entry) for entry in log]


@pytest.mark.parametrize("always_connect", [False, True], ids=["decided", "always-connect"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_overrides_are_called_as_by_python_socketio(
    scenario: Any, always_connect: bool
) -> None:
    options = {"always_connect": always_connect}
    if always_connect and scenario is is_refused:
        pytest.skip("the client counts itself connected: see the next test")
    expected = await played(scenario, REFERENCE, socketio.AsyncManager, **options)
    for door in NATIVE.values():
        assert await played(scenario, door, AsyncManager, **options) == expected
    # A subclass that was made for python-socketio drives the engine too.
    assert await played(scenario, OWN_PORT, socketio.AsyncManager, **options) == expected


async def refused_after_all(sio: Any, url: str, log: Log) -> None:
    client = socketio.AsyncClient(reconnection=False)
    gone = asyncio.Event()
    client.on("disconnect", lambda *args: gone.set())
    async with connected(url, client=client, auth={"wish": "refuse"}, wait=False):
        await gone.wait()


async def test_a_refusal_after_always_connect_is_told_to_the_manager() -> None:
    expected = await played(
        refused_after_all, REFERENCE, socketio.AsyncManager, always_connect=True
    )
    for door in NATIVE.values():
        got = await played(refused_after_all, door, AsyncManager, always_connect=True)
        assert got == expected


@pytest.mark.parametrize("name", METHODS)
async def test_each_method_may_be_the_only_one_that_is_overridden(name: str) -> None:
    async def everything(sio: Any, url: str, log: Log) -> None:
        for scenario in (comes_and_goes, rooms_are_closed, emits_and_calls, is_disconnected):
            await scenario(sio, url, log)
            await until(lambda: not sio.manager.rooms)

    counts = []
    for door, base in ((REFERENCE, socketio.AsyncManager), (OWN_PORT, AsyncManager)):
        log = Log()
        manager = recording(base, log, (name,))()
        async with served(door, manager, log) as (sio, url):
            await everything(sio, url, log)
        counts.append([entry[0] for entry in log])
    assert counts[0] == counts[1]
    assert name in counts[1]


# --- what an override sees and may do ---


@pytest.fixture(params=["own", "adopted"])
def base(request: pytest.FixtureRequest) -> Any:
    """The manager of either package, for a native server."""
    return AsyncManager if request.param == "own" else socketio.AsyncManager


async def test_super_is_where_the_engine_lets_a_client_in_and_forgets_it(base: Any) -> None:
    log = Log()

    class Manager(base):
        async def connect(self, sid: str, namespace: str) -> str:
            log.add("before connect", self.is_connected(sid, namespace))
            joined = await super().connect(sid, namespace)
            log.add("after connect", joined == sid, self.is_connected(sid, namespace))
            return joined

        async def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
            log.add("before disconnect", sid in self.rooms["/"]["r"])
            await super().disconnect(sid, namespace, **kwargs)
            log.add("after disconnect", "/" in self.rooms)

    sio = sio_native.AsyncServer(client_manager=Manager())
    async with OWN_PORT.open(sio) as url:
        async with connected(url) as client:
            await log.reaches(2)
            await sio.enter_room(client.get_sid(), "r")
        await log.reaches(4)
    assert log == [
        ("before connect", False),
        ("after connect", True, True),
        ("before disconnect", True),
        ("after disconnect", False),
    ]


async def test_an_empty_room_is_gone_when_super_has_left_it(base: Any) -> None:
    """What a manager needs that subscribes to a channel for each room it has members of."""
    channels: set[Any] = set()

    class Manager(base):
        def basic_enter_room(
            self, sid: str, namespace: str, room: Any, eio_sid: str | None = None
        ) -> None:
            super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
            channels.add(room)

        def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
            super().basic_leave_room(sid, namespace, room)
            if room not in self.rooms.get(namespace, {}):
                channels.discard(room)

    sio = sio_native.AsyncServer(client_manager=Manager())
    sio.on("connect", lambda sid, environ, auth: not auth)
    async with OWN_PORT.open(sio) as url:
        async with connected(url) as a, connected(url) as b:
            for each in (a, b):
                await sio.enter_room(each.get_sid(), "r")
            await sio.enter_room(a.get_sid(), "s")
            with pytest.raises(socketio.exceptions.ConnectionError):
                async with connected(url, auth={"wish": "refuse"}):
                    pass
            await until(lambda: len(channels) == 5)
            assert channels == {None, "r", "s", a.get_sid(), b.get_sid()}
            await sio.disconnect(a.get_sid())
            assert channels == {None, "r", b.get_sid()}
            await sio.close_room("r")
            assert channels == {None, b.get_sid()}
        await until(lambda: not channels)


async def test_a_manager_may_refuse_clients(base: Any) -> None:
    class Manager(base):
        async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
            return None if namespace == "/x" else await super().pre_connect(eio_sid, namespace)

    sio = sio_native.AsyncServer(client_manager=Manager(), namespaces="*")
    async with OWN_PORT.open(sio) as url, connected(url, namespaces=["/"]) as client:
        with pytest.raises(socketio.exceptions.ConnectionError, match="failed to connect"):
            async with connected(url, namespaces=["/x"]):
                pass
        assert sio.manager.is_connected(client.get_sid(), "/")


async def test_connect_of_the_older_kind_is_the_first_to_hear_of_a_client(base: Any) -> None:
    log = Log()

    class Manager(base):
        async def connect(self, eio_sid: str, namespace: str) -> str:
            log.add("connect", eio_sid in self.server.environ)
            sid = await super().connect(eio_sid, namespace)
            log.add("sid", sid, self.eio_sid_from_sid(sid, namespace) == eio_sid)
            return sid

    sio = sio_native.AsyncServer(client_manager=Manager())
    sio.on("connect", lambda sid, environ: log.add("handler", sid))
    async with OWN_PORT.open(sio) as url, connected(url) as client:
        await until(lambda: sio.manager.is_connected(client.get_sid(), "/"))
        assert log == [
            ("connect", True),
            ("sid", client.get_sid(), True),
            ("handler", client.get_sid()),
        ]


@pytest.mark.parametrize("name", ["pre_connect", "connect"])
async def test_an_override_that_fails_refuses_its_client_and_no_other(
    base: Any, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    fail = True

    async def failing(self: Any, *args: Any) -> Any:
        if fail:
            raise LookupError("of the application's")
        return await getattr(super(kind, self), name)(*args)

    kind = type("Manager", (base,), {name: failing})
    sio = sio_native.AsyncServer(client_manager=kind())
    async with OWN_PORT.open(sio) as url:
        with caplog.at_level(logging.ERROR), pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(url):
                pass
        assert "of the application's" in caplog.text
        fail = False
        async with connected(url) as client:
            await until(lambda: sio.manager.is_connected(client.get_sid(), "/"))


async def test_a_disconnect_that_fails_is_logged_and_the_client_forgotten(
    base: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Manager(base):
        async def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
            raise LookupError("of the application's")

    sio = sio_native.AsyncServer(client_manager=Manager())
    async with OWN_PORT.open(sio) as url:
        with caplog.at_level(logging.ERROR):
            async with connected(url):
                pass
            await until(lambda: not sio.manager.rooms)
    assert "of the application's" in caplog.text


async def test_a_sid_of_the_managers_own_making_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Manager(AsyncManager):
        async def pre_connect(self, eio_sid: str, namespace: str) -> str:
            return "mine"

    sio = sio_native.AsyncServer(client_manager=Manager())
    async with OWN_PORT.open(sio) as url:
        with caplog.at_level(logging.ERROR), pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(url):
                pass
    assert "must return what super() returns" in caplog.text


async def test_an_emit_goes_to_whom_the_manager_names(base: Any) -> None:
    class Manager(base):
        def get_participants(self, namespace: str, room: Any) -> Any:
            for sid, eio_sid in super().get_participants(namespace, room):
                if sid != self.left_out:
                    yield sid, eio_sid

    sio = sio_native.AsyncServer(client_manager=Manager())
    heard = Log()
    async with OWN_PORT.open(sio) as url, connected(url) as a, connected(url) as b:
        for name, client in (("a", a), ("b", b)):
            client.on("*", lambda *args, name=name: heard.add(name, *args))
        sio.manager.left_out = a.get_sid()
        await sio.emit("news", 1)
        sio.manager.left_out = b.get_sid()
        await sio.emit("news", 2)
        await heard.reaches(2)
    assert sorted(heard) == [("a", "news", 2), ("b", "news", 1)]


async def test_a_call_that_times_out_leaves_nothing_behind(base: Any) -> None:
    log = Log()
    manager = recording(base, log, ("trigger_callback",))()
    sio = sio_native.AsyncServer(client_manager=manager)
    async with OWN_PORT.open(sio) as url, connected(url) as client:

        @client.event
        async def never() -> None:
            await asyncio.Event().wait()

        with pytest.raises(sio_native.exceptions.TimeoutError):
            await sio.call("never", to=client.get_sid(), timeout=0.01)
        assert sio.manager.callbacks == {}
        assert len(sio._service.acks) == 0


async def test_the_manager_that_was_adopted_stays_what_it_was() -> None:
    class Manager(socketio.AsyncManager):
        def __init__(self) -> None:
            super().__init__()
            self.mine = {"kept": True}

    manager = Manager()
    sio = sio_native.AsyncServer(client_manager=manager)
    assert sio.manager is manager
    assert isinstance(manager, Manager)
    assert isinstance(manager, socketio.AsyncManager)
    assert isinstance(manager, AsyncManager)
    assert type(manager).__name__ == "Manager"
    assert manager.mine == {"kept": True}
    assert manager.server is sio
    other = Manager()
    assert type(sio_native.AsyncServer(client_manager=other).manager) is type(manager)


def test_an_abstract_manager_is_adopted_too() -> None:
    import abc

    class Manager(socketio.AsyncManager, abc.ABC):
        pass

    assert isinstance(sio_native.AsyncServer(client_manager=Manager()).manager, AsyncManager)


def test_a_plain_manager_has_no_hooks() -> None:
    for manager in (None, AsyncManager(), socketio.AsyncManager()):
        sio = sio_native.AsyncServer(client_manager=manager)
        assert sio._service.runner.hooks is None
        assert sio.manager._emits_natively
        assert sio._registry.interest().handlers == []


@pytest.mark.parametrize("options", [{"dispatch": "task"}, {"async_handlers": False}], ids=str)
@pytest.mark.parametrize(
    "scenario",
    [comes_and_goes, is_disconnected, is_refused, rooms_are_closed],
    ids=lambda scenario: scenario.__name__,
)
async def test_however_handlers_are_run(scenario: Any, options: dict[str, Any]) -> None:
    expected = await played(scenario, REFERENCE, socketio.AsyncManager)
    assert await played(scenario, OWN_PORT, AsyncManager, **options) == expected


async def test_a_get_rooms_of_its_own_decides_nothing_when_a_client_leaves(
    native_door: Door,
) -> None:
    left: list[Any] = []

    class Manager(sio_native.AsyncManager):
        def get_rooms(self, sid: str, namespace: str) -> list[Any]:
            return ["a room of another kind"]

        def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
            left.append(room)
            super().basic_leave_room(sid, namespace, room)

    sio = native_door.server(client_manager=Manager())
    async with native_door.open(sio) as url, connected(url) as client:
        sid = client.get_sid()
        await sio.enter_room(sid, "r")
        await sio.disconnect(sid)
        assert set(left) == {None, sid, "r"}

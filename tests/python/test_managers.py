"""AsyncManager: its views and questions, and what a server makes of the manager it is given."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from typing import Any

import pytest
import socketio
from brokers import module
from conftest import NATIVE, OWN_PORT, Door, connected, until

import sio_native
from sio_native.async_manager import AsyncManager
from sio_native.base_manager import MOST_ASKED, MOST_CALLBACKS, BaseManager


@pytest.fixture(params=[sio_native, socketio], ids=["native", "python-socketio"])
def package(request: pytest.FixtureRequest) -> Any:
    return request.param


# --- the view of rooms ---


async def test_a_room_is_looked_at_as_a_dictionary(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    rooms = sio.manager.rooms
    assert len(rooms) == 0
    assert rooms.get("/", {}).get("r", {}) == {}
    async with door.open(sio) as url, connected(url) as a, connected(url) as b:
        await sio.enter_room(a.get_sid(), "r")
        members = sio.manager.rooms["/"]["r"]
        assert a.get_sid() in members
        assert b.get_sid() not in members
        assert None not in members
        assert len(members) == 1
        assert bool(members)
        assert list(members) == list(members.keys()) == [a.get_sid()]
        assert list(members.items()) == [(a.get_sid(), a.eio.sid)]
        assert list(members.values()) == [a.eio.sid]
        assert members[a.get_sid()] == members.get(a.get_sid()) == a.eio.sid
        assert members.get(b.get_sid()) is None
        assert members.inverse[a.eio.sid] == a.get_sid()
        with pytest.raises(KeyError):
            members[b.get_sid()]

        everybody = sio.manager.rooms["/"][None]
        assert len(everybody) == 2
        assert b.get_sid() in everybody
        assert everybody[b.get_sid()] == b.eio.sid
        assert dict(sio.manager.rooms["/"][b.get_sid()]) == {b.get_sid(): b.eio.sid}
        assert {name: len(each) for name, each in sio.manager.rooms["/"].items()} == {
            None: 2,
            "r": 1,
            a.get_sid(): 1,
            b.get_sid(): 1,
        }
        assert [(name, len(each)) for name, each in sio.manager.rooms.items()] == [("/", 4)]
        for missing in ("nobody", 7, ("a", "tuple")):
            assert missing not in sio.manager.rooms["/"]
            with pytest.raises(KeyError):
                sio.manager.rooms["/"][missing]
        with pytest.raises(KeyError):
            sio.manager.rooms["/nowhere"]


async def test_a_room_that_is_held_stays_live(native_door: Door) -> None:
    sio = native_door.server()
    async with native_door.open(sio) as url, connected(url) as a, connected(url) as b:
        await sio.enter_room(a.get_sid(), "r")
        members = sio.manager.rooms["/"]["r"]
        await sio.enter_room(b.get_sid(), "r")
        assert len(members) == 2
        await sio.close_room("r")
        assert len(members) == 0
        assert a.get_sid() not in members


async def test_a_membership_copies_no_members(
    native_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    sio = native_door.server()
    async with native_door.open(sio) as url, connected(url) as client:
        sid = client.get_sid()
        await sio.enter_room(sid, "r")

        class Watched:
            """The engine, less what copies members."""

            def __getattr__(self, name: str) -> Any:
                assert name not in ("participants", "room_names", "rooms")
                return getattr(sio._core.engine, name)

        monkeypatch.setattr(BaseManager, "_engine", Watched())
        rooms = sio.manager.rooms
        assert sid in rooms.get("/", {}).get("r", {})
        assert sid in rooms["/"][None]
        assert "r" in rooms["/"]
        assert len(rooms["/"]["r"]) == 1
        assert rooms["/"]["r"][sid] == client.eio.sid


# --- who is connecting, who is leaving ---


async def test_clients_are_pending_while_their_handlers_run(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    manager = sio.manager
    seen: list[Any] = []

    def look(sid: str) -> None:
        seen.append(
            (
                manager.is_pre_connected(sid, "/"),
                manager.is_connected(sid, "/"),
                sid in manager.pending_connect.get("/", []),
                sid in manager.pending_disconnect.get("/", []),
                manager.eio_sid_from_sid(sid, "/") is not None,
                sid in manager.rooms["/"][None],
            )
        )

    sio.on("connect", lambda sid, environ: look(sid))
    sio.on("disconnect", lambda sid, reason: look(sid))
    async with door.open(sio) as url:
        async with connected(url) as client:
            await until(lambda: manager.is_connected(client.get_sid(), "/"))
            look(client.get_sid())
        await until(lambda: not manager.rooms)
        assert seen == [
            (True, False, True, False, True, True),
            (False, True, False, False, True, True),
            (False, False, False, True, True, True),
        ]
        assert manager.pending_connect == manager.pending_disconnect == {}


async def test_with_always_connect_nobody_is_pending(door: Door) -> None:
    sio = door.server(async_mode="asgi", always_connect=True)
    seen = []

    @sio.event
    def connect(sid: str, environ: Any) -> None:
        seen.append((sio.manager.is_connected(sid, "/"), sio.manager.is_pre_connected(sid, "/")))

    async with door.open(sio) as url, connected(url):
        await until(lambda: seen)
    assert seen == [(True, False)]


async def test_a_client_marked_as_leaving_is_not_connected(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    async with door.open(sio) as url, connected(url) as client:
        sid = client.get_sid()
        assert sio.manager.pre_disconnect(sid, "/") == client.eio.sid
        assert not sio.manager.is_connected(sid, "/")
        assert sio.manager.pending_disconnect == {"/": [sid]}
        with pytest.raises(KeyError):
            sio.manager.pre_disconnect(sid, "/nowhere")


async def test_the_room_of_everybody_is_entered_by_connecting(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    async with door.open(sio) as url, connected(url) as client:
        sid = client.get_sid()
        sio.manager.basic_enter_room(sid, "/", sid)
        assert set(sio.rooms(sid)) == {sid}
        with pytest.raises(KeyError):
            sio.manager.basic_enter_room("nobody", "/", "r")
        with pytest.raises(ValueError, match="sid is not connected to requested namespace"):
            sio.manager.basic_enter_room(sid, "/nowhere", "r")


async def test_rooms_by_the_basic_methods(door: Door) -> None:
    sio = door.server(async_mode="asgi")
    async with door.open(sio) as url, connected(url) as a, connected(url) as b:
        manager = sio.manager
        for each in (a, b):
            manager.basic_enter_room(each.get_sid(), "/", "r")
            await manager.enter_room(each.get_sid(), "/", 5)
        manager.basic_leave_room(a.get_sid(), "/", "r")
        assert set(manager.get_rooms(a.get_sid(), "/")) == {a.get_sid(), 5}
        await manager.leave_room(b.get_sid(), "/", 5)
        assert set(manager.get_rooms(b.get_sid(), "/")) == {b.get_sid(), "r"}
        manager.basic_close_room("r", "/")
        await manager.close_room(5, "/")
        assert manager.get_rooms(a.get_sid(), "/") == [a.get_sid()]
        with pytest.raises(ValueError, match="cannot close a sid room"):
            manager.basic_close_room(a.get_sid(), "/")


# --- managers without a server, and with the wrong one ---


def test_the_modules_have_python_socketios_names(package: Any) -> None:
    base = module(package, "base_manager").BaseManager
    assert issubclass(module(package, "async_manager").AsyncManager, base)
    pubsub = module(package, "async_pubsub_manager").AsyncPubSubManager
    assert issubclass(module(package, "async_redis_manager").AsyncRedisManager, pubsub)
    assert issubclass(module(package, "async_aiopika_manager").AsyncAioPikaManager, pubsub)


async def test_a_manager_without_a_server_knows_nobody(package: Any) -> None:
    manager = module(package, "async_manager").AsyncManager()
    assert manager.server is None
    assert manager.eio_to_sid == manager.callbacks == {}
    assert manager.pending_connect == manager.pending_disconnect == {}
    assert dict(manager.rooms) == {}
    assert list(manager.get_namespaces()) == []
    assert list(manager.get_participants("/", "r")) == []
    assert manager.get_rooms("sid", "/") == []
    assert not manager.is_connected("sid", "/")
    assert not manager.is_pre_connected("sid", "/")
    assert not manager.is_sid_room("/", "sid")
    assert not await manager.can_disconnect("sid", "/")
    assert manager.eio_sid_from_sid("sid", "/") is None
    assert manager.sid_from_eio_sid("sid", "/") is None
    await manager.emit("event", "data", "/")
    await manager.leave_room("sid", "/", "r")
    await manager.close_room("r", "/")
    with pytest.raises(ValueError, match="sid is not connected to requested namespace"):
        await manager.enter_room("sid", "/", "r")


def test_a_manager_logs_with_its_own_logger_or_its_servers(package: Any) -> None:
    manager = module(package, "async_manager").AsyncManager()
    assert manager._get_logger() is logging.getLogger("socketio")
    sio = package.AsyncServer(client_manager=manager, async_mode="asgi")
    assert manager._get_logger() is sio.logger
    manager.logger = logging.getLogger("of.the.manager")
    assert manager._get_logger() is manager.logger


def test_a_manager_gets_its_servers_json(package: Any) -> None:
    class Codec:
        dumps = staticmethod(json.dumps)
        loads = staticmethod(json.loads)

    sio = package.AsyncServer(json=Codec, async_mode="asgi")
    assert sio.manager.json is Codec


@pytest.mark.parametrize("manager", [object(), socketio.Manager(), "redis://"])
def test_what_is_no_manager_for_asyncio_is_refused(manager: Any) -> None:
    with pytest.raises(ValueError, match="client_manager must be an AsyncManager"):
        sio_native.AsyncServer(client_manager=manager)


def test_a_manager_serves_one_server() -> None:
    manager = AsyncManager()
    assert sio_native.AsyncServer(client_manager=manager).manager is manager
    with pytest.raises(ValueError, match="serves another server"):
        sio_native.AsyncServer(client_manager=manager)


# --- callbacks ---


async def test_an_answer_goes_to_the_callback_once(
    package: Any, caplog: pytest.LogCaptureFixture
) -> None:
    manager = module(package, "async_manager").AsyncManager()
    got: list[Any] = []

    async def later(*args: Any) -> None:
        got.append(args)

    first = manager._generate_ack_id("sid", lambda *args: got.append(args))
    second = manager._generate_ack_id("sid", later)
    assert first != second
    await manager.trigger_callback("sid", second, ["b"])
    await manager.trigger_callback("sid", first, ["a", 1])
    assert got == [("b",), ("a", 1)]
    with caplog.at_level(logging.WARNING, "socketio"):
        await manager.trigger_callback("sid", first, [])
        await manager.trigger_callback("nobody", 1, [])
    assert caplog.messages == ["Unknown callback received, ignoring."] * 2


async def test_callbacks_that_nobody_answers_are_bounded() -> None:
    manager = AsyncManager()
    for _ in range(2 * MOST_CALLBACKS):
        last = manager._generate_ack_id("sid", print)
    assert len(manager.callbacks["sid"]) <= MOST_CALLBACKS + 1
    assert last in manager.callbacks["sid"]
    for number in range(MOST_ASKED + 5):
        manager._generate_ack_id(number, print)
    assert len(manager.callbacks) == MOST_ASKED
    assert "sid" not in manager.callbacks


async def test_an_answered_callback_leaves_nothing_behind() -> None:
    manager = AsyncManager()
    await manager.trigger_callback("sid", manager._generate_ack_id("sid", lambda: None), [])
    assert manager.callbacks == {}
    assert (
        manager._generate_ack_id("sid", print) == 2
    )  # a late answer to 1 is not taken for its own


# --- methods of the application's on an instance, and threads ---


async def test_a_method_may_be_replaced_on_the_instance(door: Door) -> None:
    manager = module(door.package, "async_manager").AsyncManager()
    entered = []
    enter_room = manager.enter_room

    async def watched(sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        entered.append(room)
        await enter_room(sid, namespace, room, eio_sid=eio_sid)

    manager.enter_room = watched
    sio = door.server(async_mode="asgi", client_manager=manager)
    async with door.open(sio) as url, connected(url) as client:
        await sio.enter_room(client.get_sid(), "r")
        assert entered == ["r"]
        assert "r" in sio.rooms(client.get_sid())


async def test_an_overridden_method_is_called_on_the_loop_for_other_threads() -> None:
    calls = []

    class Manager(AsyncManager):
        async def enter_room(self, *args: Any, **kwargs: Any) -> None:
            calls.append((threading.current_thread() is threading.main_thread(), "enter", args))
            await super().enter_room(*args, **kwargs)

        async def emit(self, event: str, *args: Any, **kwargs: Any) -> None:
            calls.append((threading.current_thread() is threading.main_thread(), "emit", event))
            await super().emit(event, *args, **kwargs)

    sio = sio_native.AsyncServer(client_manager=Manager())
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with OWN_PORT.open(sio) as url, connected(url) as client:
        client.on("news", heard.put)
        sid = client.get_sid()

        def work() -> None:
            sio.enter_room_nowait(sid, "r")
            sio.emit_nowait("news", 1, room="r")

        await asyncio.to_thread(work)
        assert await heard.get() == 1
    assert calls == [(True, "enter", (sid, "/", "r")), (True, "emit", "news")]


def test_without_a_loop_an_overridden_method_cannot_be_called_from_a_thread() -> None:
    class Manager(AsyncManager):
        async def emit(self, *args: Any, **kwargs: Any) -> None:
            raise AssertionError("never called")

    sio = sio_native.AsyncServer(client_manager=Manager())
    with pytest.raises(RuntimeError, match="there is none yet"):
        sio.emit_nowait("news")


async def test_shutdown_lets_the_manager_be_initialized_again() -> None:
    initialized = []

    class Manager(AsyncManager):
        def initialize(self) -> None:
            initialized.append(True)

    door = NATIVE["own-port"]
    sio = door.server(async_mode="asgi", client_manager=Manager())
    for _ in range(2):
        async with door.open(sio) as url, connected(url), connected(url):
            pass
    assert len(initialized) == 2


async def test_a_manager_can_be_given_until_the_server_serves(native_door: Door) -> None:
    class Counting(sio_native.AsyncManager):
        initialized = 0

        def initialize(self) -> None:
            self.initialized += 1

    sio = native_door.server()
    unused = sio.manager
    sio.manager = manager = Counting()
    async with native_door.open(sio) as url, connected(url) as client:
        assert manager.initialized == 1
        assert manager.get_rooms(client.get_sid(), "/") == [client.get_sid()]
        with pytest.raises(RuntimeError, match="before the server serves"):
            sio.manager = Counting()
        sio.manager = manager
        assert sio.manager is not unused
    with pytest.raises(ValueError, match="serves another server"):
        sio_native.AsyncServer().manager = manager


def test_a_manager_has_the_json_module_of_the_packet_class() -> None:
    class Module:
        dumps = staticmethod(json.dumps)
        loads = staticmethod(json.loads)

    class Packet(sio_native.packet.Packet):
        json = Module

    assert sio_native.AsyncServer(serializer=Packet).manager.json is Module
    assert sio_native.AsyncServer(json=Module).manager.json is Module
    assert sio_native.AsyncServer().manager.json is json

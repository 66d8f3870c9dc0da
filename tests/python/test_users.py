"""Users and their clients: `sio.users`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio
from conftest import Door, Log, connected, until

import sio_native


@contextlib.asynccontextmanager
async def served(door: Door, **options: Any) -> AsyncIterator[tuple[Any, str]]:
    """A server whose clients say by `auth` whose they are."""
    sio = door.server(**options)

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any = None) -> None:
        if auth:
            await sio.users.bind(sid, auth["user"], {"tab": auth.get("tab")})

    async with door.open(sio) as url:
        yield sio, url


def heard(client: socketio.AsyncClient, event: str = "news") -> Log:
    log = Log()
    client.on(event, log.add)
    return log


def tab(user: str, name: int = 1) -> dict[str, Any]:
    return {"auth": {"user": user, "tab": name}}


async def test_an_emit_to_a_user_reaches_all_his_tabs_and_nobody_else(native_door: Door) -> None:
    async with (
        served(native_door) as (sio, url),
        connected(url, **tab("ann", 1)) as first,
        connected(url, **tab("ann", 2)) as second,
        connected(url, **tab("bob")) as bob,
    ):
        logs = [heard(each) for each in (first, second, bob)]
        await sio.emit("news", "for ann", to_user="ann")
        sio.emit_nowait("news", "for both", to_user=["ann", "bob"])
        await sio.emit("news", "for nobody", to_user=[])
        await sio.emit("news", "for nobody", to_user="carl")
        await sio.emit("news", "for all")
        for log in logs:
            while ("for all",) not in log:
                await log.reaches(len(log) + 1)
        assert logs[0] == logs[1] == [("for ann",), ("for both",), ("for all",)]
        assert logs[2] == [("for both",), ("for all",)]


async def test_what_is_for_no_user_goes_to_nobody_and_raises(native_door: Door) -> None:
    """None is what a user's id is where nobody has signed in: it must not be everybody."""

    class Namespace(sio_native.AsyncNamespace):
        pass

    async with served(native_door) as (sio, url), connected(url) as client:
        log = heard(client)
        sio.register_namespace(namespace := Namespace("/"))
        nobody: Any = None
        for emitting in (sio.emit, namespace.emit, sio.send, namespace.send):
            with pytest.raises(TypeError, match="to_user"):
                await emitting("news", to_user=nobody)
        with pytest.raises(TypeError, match="to_user"):
            sio.emit_nowait("news", room="room", to_user=nobody)
        await sio.emit("news", "for all")
        await log.reaches(1)
        assert log == [("for all",)]


async def test_the_rooms_of_users_are_in_no_statistics(native_door: Door) -> None:
    async with served(native_door) as (sio, url), connected(url, **tab("ann")) as client:
        await sio.enter_room(client.get_sid(), "room")
        assert sio.stats() == {"totalConnections": 1, "rooms": {"room": 1}}


async def test_to_user_adds_to_the_rooms_and_each_client_is_reached_once(native_door: Door) -> None:
    async with (
        served(native_door) as (sio, url),
        connected(url, **tab("ann")) as ann,
        connected(url, **tab("bob")) as bob,
    ):
        log, other = heard(ann), heard(bob)
        await sio.enter_room(ann.get_sid(), "room")
        await sio.enter_room(bob.get_sid(), "room")
        await sio.emit("news", 1, room="room", to_user="ann")
        await sio.emit("news", 2, room="room", to_user="ann", skip_sid=ann.get_sid())
        await sio.send("end", to_user="ann")
        await sio.emit("news", 3)
        await log.reaches(2)
        await other.reaches(3)
        assert log == [(1,), (3,)]
        assert other == [(1,), (2,), (3,)]


async def test_a_callback_of_an_emit_to_a_user_gets_the_answer_of_each_tab(
    native_door: Door,
) -> None:
    async with (
        served(native_door) as (sio, url),
        connected(url, **tab("ann", 1)) as first,
        connected(url, **tab("ann", 2)) as second,
    ):
        first.on("ask", lambda: "first")
        second.on("ask", lambda: "second")
        answers = Log()
        await sio.emit("ask", to_user="ann", callback=answers.add)
        await answers.reaches(2)
        assert sorted(answers) == [("first",), ("second",)]


async def test_a_client_is_bound_until_its_disconnect_handler_has_ended(native_door: Door) -> None:
    async with served(native_door) as (sio, url):
        found = Log()

        @sio.event
        def disconnect(sid: str, reason: str) -> None:
            found.add(sio.users.user_of(sid), sio.users.get(sid), sio.users.sids("ann") == [sid])

        async with connected(url, **tab("ann", 7)) as ann:
            sid = ann.get_sid()
            assert sio.users.online() == ["ann"]
            assert sio.users.sids("ann") == [sid]
        await found.reaches(1)
        assert found == [("ann", {"tab": 7}, True)]
        await until(lambda: not sio.users.online())
        assert sio.users.get(sid) is None
        assert sio.users.get(sid, "nothing") == "nothing"
        assert sio.users.sids("ann") == []
        with pytest.raises(KeyError):
            await sio.users.bind(sid, "ann")


async def test_a_user_is_online_until_the_last_tab_has_gone(native_door: Door) -> None:
    async with served(native_door) as (sio, url), connected(url, **tab("ann", 1)) as first:
        async with connected(url, **tab("ann", 2)) as second:
            assert sio.users.sids("ann") == [first.get_sid(), second.get_sid()]
        await until(lambda: sio.users.sids("ann") == [first.get_sid()])
        assert sio.users.online() == ["ann"]


async def test_a_client_that_is_refused_is_nobodys(native_door: Door) -> None:
    sio = native_door.server()

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any = None) -> bool:
        await sio.users.bind(sid, "ann", 1)
        assert sio.users.online() == ["ann"]
        return False

    async with native_door.open(sio) as url:
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(url):
                pass
        await until(lambda: not sio.users.online())


async def test_a_client_that_is_bound_again_is_the_others(native_door: Door) -> None:
    async with served(native_door) as (sio, url), connected(url, **tab("ann")) as client:
        log = heard(client)
        await sio.users.bind(client.get_sid(), "bob")
        assert sio.users.online() == ["bob"]
        await sio.emit("news", "ann", to_user="ann")
        await sio.emit("news", "bob", to_user="bob")
        await log.reaches(1)
        await sio.users.unbind(client.get_sid())
        assert sio.users.online() == []
        assert sio.users.user_of(client.get_sid()) is None
        await sio.emit("news", "bob again", to_user="bob")
        await sio.emit("news", "all")
        await log.reaches(2)
        assert log == [("bob",), ("all",)]


async def test_a_client_is_unbound_wherever_it_was_bound(native_door: Door) -> None:
    """Whatever namespace is named, or none: it hears nothing of the user's any more."""
    sio = native_door.server(namespaces=["/", "/other"])
    async with native_door.open(sio) as url, connected(url, namespaces=["/", "/other"]) as client:
        log = Log()
        client.on("news", log.add, namespace="/other")
        sid = client.get_sid("/other")
        for given in ({}, {"namespace": "/wrong"}, {"namespace": "/other"}):
            await sio.users.bind(sid, "ann", namespace="/other")
            await sio.users.unbind(sid, **given)
            assert sio.users.user_of(sid) is None
            await sio.emit("news", "for ann", to_user="ann", namespace="/other")
        await sio.users.bind(sid, "ann", namespace="/other")
        await sio.users.bind(sid, "bob", namespace="/other")
        await sio.emit("news", "for ann", to_user="ann", namespace="/other")
        await sio.emit("news", "last", namespace="/other")
        await log.reaches(1)
        assert log == [("last",)]


async def test_disconnect_user_puts_out_all_his_clients(native_door: Door) -> None:
    async with (
        served(native_door) as (sio, url),
        connected(url, **tab("ann", 1)) as first,
        connected(url, **tab("ann", 2)) as second,
        connected(url, **tab("bob")) as bob,
    ):
        await sio.users.disconnect_user("ann")
        assert sio.users.online() == ["bob"]
        await until(lambda: not first.connected and not second.connected)
        assert bob.connected
        await sio.users.disconnect_user("nobody")


async def test_a_users_room_is_hidden_and_cannot_be_entered(native_door: Door) -> None:
    async with served(native_door) as (sio, url), connected(url, **tab("ann")) as client:
        sid = client.get_sid()
        log = heard(client)
        assert sio.rooms(sid) == [sid]
        assert list(sio.manager.rooms["/"]) == [None, sid]
        assert [each[3] for each in sio._core.engine.describe("/", [sid])] == [[sid]]
        with pytest.raises(ValueError, match="bind"):
            await sio.enter_room(sid, "\0uann")
        with pytest.raises(ValueError, match="user"):
            await sio.close_room("\0uann")
        await sio.leave_room(sid, "\0uann")
        await sio.emit("news", 1, to_user="ann")
        await log.reaches(1)
        # What begins with a NUL is still a room like any other.
        await sio.enter_room(sid, "\0other")
        assert sorted(sio.rooms(sid)) == sorted([sid, "\0other"])


async def test_what_is_no_user_is_refused(native_door: Door) -> None:
    async with served(native_door) as (sio, url), connected(url) as client:
        sid = client.get_sid()
        for wrong in (7, None, b"ann"):
            with pytest.raises(TypeError, match="must be a str"):
                await sio.users.bind(sid, wrong)
            with pytest.raises(TypeError):
                await sio.emit("news", to_user=[wrong])
            with pytest.raises(TypeError, match="must be a str"):
                sio.users.sids(wrong)
            with pytest.raises(TypeError, match="must be a str"):
                await sio.users.disconnect_user(wrong)
        for wrong in ([], None, 7):
            with pytest.raises(TypeError, match=r"a sid is a str, not"):
                sio.users.get(wrong)
            with pytest.raises(TypeError, match=r"a sid is a str, not"):
                sio.users.user_of(wrong)
        for wrong in (5, None, sid, b"sid", [7], [sid, None]):
            with pytest.raises(TypeError, match="must be a list of str, not"):
                sio.users.user_pool["ann"] = wrong
        with pytest.raises(TypeError, match="id of a user must be a str, not 7"):
            sio.users.user_pool[7] = []
        for wrong in ("", "x" * 1023):
            with pytest.raises(ValueError, match="1 to 1022 bytes"):
                await sio.users.bind(sid, wrong)
        with pytest.raises(KeyError):
            await sio.users.bind("nobody", "ann")
        assert sio.users.online() == []
        await sio.users.bind(sid, "x" * 1022)


async def test_the_pools_are_the_dictionaries_of_open_webui(native_door: Door) -> None:
    """Its handlers, word for word, as they are around those two dictionaries."""
    sio = native_door.server()
    SESSION_POOL, USER_POOL = sio.users.session_pool, sio.users.user_pool
    left = Log()

    def enter(sid: str, user: dict[str, Any]) -> None:
        SESSION_POOL[sid] = user
        if user["id"] in USER_POOL:
            USER_POOL[user["id"]] = USER_POOL[user["id"]] + [sid]
        else:
            USER_POOL[user["id"]] = [sid]

    @sio.on("user-join")
    async def user_join(sid: str, data: dict[str, Any]) -> dict[str, Any]:
        user = {"id": data["auth"]["token"], "name": data["auth"]["token"].title()}
        enter(sid, user)
        await sio.enter_room(sid, "channel:1")
        return {"id": user["id"], "name": user["name"]}

    @sio.on("channel-events")
    async def channel_events(sid: str, data: dict[str, Any]) -> None:
        if sid not in sio.manager.rooms["/"][data["room"]]:
            return
        await sio.emit("channel-events", {**data, "user": SESSION_POOL[sid]}, room=data["room"])

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        if sid in SESSION_POOL:
            user = SESSION_POOL[sid]
            del SESSION_POOL[sid]
            assert sid not in SESSION_POOL
            user_id = user["id"]
            USER_POOL[user_id] = [_sid for _sid in USER_POOL[user_id] if _sid != sid]
            if len(USER_POOL[user_id]) == 0:
                del USER_POOL[user_id]
            assert user_id not in USER_POOL
            left.add(user_id)

    async with native_door.open(sio) as url, connected(url) as ann, connected(url) as other:
        answer = await ann.call("user-join", {"auth": {"token": "ann"}})
        assert answer == {"id": "ann", "name": "Ann"}
        sid = ann.get_sid()
        assert dict(SESSION_POOL) == {sid: {"id": "ann", "name": "Ann"}}
        assert dict(USER_POOL) == {"ann": [sid]}
        assert len(SESSION_POOL) == len(USER_POOL) == 1

        log = heard(ann, "channel-events")
        await other.emit("channel-events", {"room": "channel:1", "data": "not a member"})
        await ann.emit("channel-events", {"room": "channel:1", "data": "typing"})
        await log.reaches(1)
        assert [each[0]["data"] for each in log] == ["typing"]

        tabs = heard(ann)
        await sio.emit("news", "to the user", to_user="ann")
        await tabs.reaches(1)
        with pytest.raises(KeyError):
            SESSION_POOL["nobody"] = {}
        with pytest.raises(KeyError):
            USER_POOL["ann"] = ["nobody"]
        await ann.disconnect()
        await left.reaches(1)
        await until(lambda: not USER_POOL)
        assert dict(SESSION_POOL) == {}


async def test_the_pools_of_a_client_that_nobody_takes_out_are_empty_when_it_has_gone(
    native_door: Door,
) -> None:
    sio = native_door.server(namespaces=["/"])
    async with native_door.open(sio) as url:
        async with connected(url) as client:
            sid = client.get_sid()
            sio.users.session_pool[sid] = {"id": "ann"}
            assert sio.users.online() == []
            sio.users.user_pool["ann"] = [sid]
            assert sio.users.user_of(sid) == "ann"
            del sio.users.user_pool["ann"]
            assert sio.users.session_pool[sid] == {"id": "ann"}
            sio.users.user_pool["ann"] = [sid]
        await until(lambda: not sio.users.session_pool)
        assert dict(sio.users.user_pool) == {}


async def test_thousands_come_and_go_and_leave_nothing_behind(native_door: Door) -> None:
    async with served(native_door) as (sio, url):
        for _ in range(4):
            async with contextlib.AsyncExitStack() as stack:
                for each in range(25):
                    await stack.enter_async_context(connected(url, **tab(f"user {each % 5}")))
                assert len(sio.users.online()) == 5
        await until(lambda: not sio.users.online())
        table = sio.users._table
        assert not table.bindings
        assert not table.sids
        await until(lambda: sio._core.engine.stats()["rooms"] == 0)


@pytest.mark.parametrize("serializer", ["msgpack", "custom"])
async def test_users_are_there_with_any_serializer(serializer: Any) -> None:
    if serializer == "custom":

        class Packet(sio_native.packet.Packet):
            def encode(self) -> Any:
                return super().encode()

        options: dict[str, Any] = {"serializer": Packet}
        theirs: dict[str, Any] = {}
    else:
        pytest.importorskip("msgpack")
        options = theirs = {"serializer": "msgpack"}
    door = Door(sio_native, own_port=True)
    client = socketio.AsyncClient(reconnection=False, **theirs)
    async with (
        served(door, **options) as (sio, url),
        connected(url, client=client, **tab("ann")) as ann,
    ):
        log = heard(ann)
        await sio.emit("news", 1, to_user="ann")
        await log.reaches(1)

"""Who is in which topic: `sio.presence`."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio
from conftest import Door, Log, connected, until

import sio_native
from sio_native.testing import TestClient

THREADS = [1, 3]


@contextlib.asynccontextmanager
async def served(door: Door, **options: Any) -> AsyncIterator[tuple[Any, str]]:
    """A server that tracks each client in "room" under the name it gives."""
    sio = door.server()
    sio.presence.configure(**{"tick": 0.01, "grace": 0, **options})

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any = None) -> None:
        if auth:
            await sio.presence.track("room", auth["user"], auth.get("meta"), sid=sid)

    async with door.open(sio) as url:
        yield sio, url


class Watcher:
    """What a client knows of a topic, by what it has been told."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.log = Log()
        self.entries: dict[str, dict[str, Any]] = {}
        self.count = -1
        client.on("presence:state", self._state)
        client.on("presence:diff", self._diff)

    def _state(self, state: dict[str, Any]) -> None:
        self.entries = {}
        self._join(state.get("presences", {}))
        self.count = state["count"]
        self.log.add("state", state)

    def _diff(self, diff: dict[str, Any]) -> None:
        for row in diff.get("leaves", {}).values():
            for entry in row:
                del self.entries[entry["ref"]]
        self._join(diff.get("joins", {}))
        self.count = diff["count"]
        self.log.add("diff", diff)

    def _join(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        for key, row in rows.items():
            for entry in row:
                self.entries[entry["ref"]] = {"key": key, "meta": entry["meta"]}

    @property
    def keys(self) -> list[str]:
        return sorted(each["key"] for each in self.entries.values())


def watching() -> tuple[socketio.AsyncClient, Watcher]:
    client = socketio.AsyncClient(reconnection=False)
    return client, Watcher(client)


def auth(user: str, meta: Any = None) -> dict[str, Any]:
    return {"auth": {"user": user, "meta": meta}}


async def test_a_joiner_gets_the_state_and_the_others_hear_of_it(native_door: Door) -> None:
    (first, ann), (second, bob) = watching(), watching()
    async with served(native_door) as (sio, url):
        async with connected(url, client=first, **auth("ann", {"color": "red"})):
            await ann.log.reaches(1)
            kind, state = ann.log[0]
            assert kind == "state"
            assert state["topic"] == "room"
            assert state["count"] == 1
            [entry] = state["presences"]["ann"]
            assert entry["meta"] == {"color": "red"}
            assert entry["idle"] is False
            assert abs(entry["joined_at"] / 1000 - time.time()) < 60
            assert set(entry) == {"ref", "joined_at", "idle", "meta"}  # nobody hears of sids
            async with connected(url, client=second, **auth("bob")):
                await until(lambda: ann.keys == bob.keys == ["ann", "bob"])
                assert [each[0] for each in bob.log] == ["state"]
                assert sio.presence.keys("room") == ["ann", "bob"]
                assert sio.presence.count("room") == 2
            await until(lambda: ann.keys == ["ann"])
            assert ann.log[-1][1]["offline"] == ["bob"]
        await until(lambda: not sio.presence.count("room"))
        assert sio.presence.list("room") == {}


async def test_the_application_asks_who_is_where(native_door: Door) -> None:
    async with (
        served(native_door) as (sio, url),
        connected(url, **auth("ann", 1)) as first,
        connected(url, **auth("ann", 2)) as second,
    ):
        presence = sio.presence
        await presence.track("other", "ann", 3, sid=first.get_sid())
        assert presence.is_online("ann")
        assert not presence.is_online("bob")
        assert set(presence.sids("ann")) == {first.get_sid(), second.get_sid()}
        assert presence.sids("bob") == []
        listed = presence.list("room")
        assert set(listed) == {"ann"}
        assert sorted(each["meta"] for each in listed["ann"]) == [1, 2]
        for each in listed["ann"]:
            assert set(each) == {
                "ref", "sid", "node", "joined_at", "last_active", "idle", "meta",
            }  # fmt: skip
            assert each["node"] is None
            assert abs(each["last_active"] - time.time()) < 60
        found = presence.get(first.get_sid())
        assert {topic: each["meta"] for topic, each in found.items()} == {"room": 1, "other": 3}
        assert found["room"]["key"] == "ann"
        assert presence.get("nobody") == {}
        assert sorted(sio.rooms(first.get_sid())) == sorted(["room", "other", first.get_sid()])
        with pytest.raises(KeyError):
            await presence.update("nowhere", 1, sid=first.get_sid())
        with pytest.raises(KeyError):
            await presence.track("room", "ann", sid="nobody")


async def test_who_leaves_the_room_leaves_the_topic(native_door: Door) -> None:
    client, watcher = watching()
    async with (
        served(native_door, grace=60) as (sio, url),
        connected(url, client=client, **auth("ann")),
        connected(url, **auth("bob")) as bob,
        connected(url, **auth("carl")) as carl,
    ):
        await until(lambda: watcher.keys == ["ann", "bob", "carl"])
        await sio.leave_room(bob.get_sid(), "room")
        await until(lambda: watcher.keys == ["ann", "carl"])
        await sio.presence.untrack("room", sid=carl.get_sid())
        await until(lambda: watcher.keys == ["ann"])
        assert "room" in sio.rooms(carl.get_sid())
        await sio.close_room("room")
        await until(lambda: sio.presence.count("room") == 0)
        assert sio.presence.sids("ann") == []


async def test_a_change_of_meta_is_told_to_all(native_door: Door) -> None:
    client, watcher = watching()
    async with (
        served(native_door) as (sio, url),
        connected(url, client=client, **auth("ann", 1)) as ann,
    ):
        await watcher.log.reaches(1)
        await sio.presence.update("room", {"typing": True}, sid=ann.get_sid())
        await watcher.log.reaches(2)
        kind, diff = watcher.log[1]
        assert (kind, diff["leaves"], diff["online"], diff["offline"]) == ("diff", {}, [], [])
        assert diff["joins"]["ann"][0]["meta"] == {"typing": True}


async def test_hooks_hear_of_the_topics_that_they_name(native_door: Door) -> None:
    heard, failed = Log(), Log()
    async with served(native_door) as (sio, url):

        @sio.presence.on_change("ro*")
        async def changed(topic: str, diff: dict[str, Any]) -> None:
            heard.add(topic, diff)

        @sio.presence.on_change("room")
        def fails(topic: str, diff: dict[str, Any]) -> None:
            failed.add(topic)
            raise ValueError

        @sio.presence.on_change("other")
        def never(topic: str, diff: dict[str, Any]) -> None:
            raise AssertionError

        async with connected(url, **auth("ann", 1)) as ann:
            sid = ann.get_sid()
            await heard.reaches(1)
            topic, diff = heard[0]
            assert topic == "room"
            assert diff["online"] == ["ann"]
            [entry] = diff["joins"]["ann"]
            assert (entry["sid"], entry["meta"], entry["node"]) == (sid, 1, None)
            assert abs(entry["joined_at"] - time.time()) < 60
        await heard.reaches(2)
        assert heard[1][1]["offline"] == ["ann"]
        assert heard[1][1]["leaves"]["ann"][0]["sid"] == sid
        assert len(failed) == 2


async def test_a_client_that_is_refused_was_never_there(native_door: Door) -> None:
    sio = native_door.server()
    sio.presence.configure(tick=0.01, grace=60)

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any = None) -> bool:
        await sio.presence.track("room", "ann", sid=sid)
        return False

    async with native_door.open(sio) as url:
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(url):
                pass
        await until(lambda: not sio.presence.count("room"))


async def test_a_user_who_is_put_out_is_not_waited_for(native_door: Door) -> None:
    async with served(native_door, grace=60) as (sio, url), connected(url, **auth("ann")) as ann:
        await sio.users.bind(ann.get_sid(), "ann")
        assert sio.presence.is_online("ann")
        await sio.users.disconnect_user("ann")
        assert not sio.presence.is_online("ann")


async def test_wrong_names_and_metas_are_refused(native_door: Door) -> None:
    async with served(native_door) as (sio, url), connected(url) as client:
        presence, sid = sio.presence, client.get_sid()
        for topic in ("", "\0x", "\0uann"):
            with pytest.raises(ValueError, match="topic"):
                await presence.track(topic, "ann", sid=sid)
        with pytest.raises(TypeError):
            await presence.track(7, "ann", sid=sid)
        for key in ("", "x" * 257, "\ud800"):
            with pytest.raises(ValueError):
                await presence.track("room", key, sid=sid)
        with pytest.raises(TypeError):
            await presence.track("room", 7, sid=sid)
        with pytest.raises(TypeError):
            await presence.track("room", "ann", object(), sid=sid)
        with pytest.raises(ValueError, match="JSON"):
            await presence.track("room", "ann", math.nan, sid=sid)
        with pytest.raises(ValueError, match="4098 bytes"):
            await presence.track("room", "ann", "x" * 4096, sid=sid)
        with pytest.raises(ValueError, match="name is too long"):
            await presence.track("x" * 2000, "ann", sid=sid)
        assert presence.get(sid) == {}
        presence.configure(max_entries=0)
        with pytest.raises(ValueError, match="full"):
            await presence.track("room", "ann", sid=sid)


def test_wrong_options_are_refused() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(ValueError, match="tick"):
        sio.presence.configure(tick=0)
    with pytest.raises(TypeError, match="grace"):
        sio.presence.configure(grace="5")
    with pytest.raises(TypeError):
        sio.presence.configure(unknown=1)


def test_other_serializers_have_no_presence() -> None:
    pytest.importorskip("msgpack")
    with pytest.raises(ValueError, match="JSON"):
        _ = sio_native.AsyncServer(serializer="msgpack").presence


async def test_before_the_server_runs_nobody_is_there() -> None:
    sio = sio_native.AsyncServer()
    assert sio.presence.list("room") == {}
    assert sio.presence.count("room") == 0
    assert not sio.presence.is_online("ann")
    with pytest.raises(KeyError):
        await sio.presence.track("room", "ann", sid="x" * 20)


# --- time ---


def tracking(threads: int, **options: Any) -> sio_native.AsyncServer:
    sio = sio_native.AsyncServer(threads=threads)
    sio.presence.configure(**options)

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any = None) -> None:
        await sio.presence.track("room", auth["user"], sid=sid)

    @sio.event
    async def hello(sid: str) -> str:
        return "hello"

    return sio


@pytest.mark.parametrize("threads", THREADS)
async def test_a_reload_is_no_leave_and_no_join(threads: int) -> None:
    sio = tracking(threads)
    async with TestClient(sio, auth={"user": "bob"}) as bob:
        async with TestClient(sio, auth={"user": "ann"}) as ann:
            await bob.advance(0.06)
            assert (await ann.expect("presence:state"))["count"] == 2
        bob.received.clear()
        await bob.advance(4.9)
        assert sio.presence.count("room") == 2
        assert sio.presence.sids("ann") == []
        async with TestClient(sio, auth={"user": "ann"}) as again:
            await bob.advance(10)
            assert (await again.expect("presence:state"))["count"] == 2
            assert sio.presence.sids("ann") == [again.sid]
            assert [each.name for each in bob.received if each.name == "presence:diff"] == []
        await bob.advance(5)
        await bob.advance(0.1)
        assert sio.presence.keys("room") == ["bob"]
        assert bob.received[-1].name == "presence:diff"


@pytest.mark.parametrize("threads", THREADS)
async def test_a_silent_client_is_idle_until_it_sends_something(threads: int) -> None:
    sio = tracking(threads, idle_after=60)
    async with TestClient(sio, auth={"user": "ann"}) as ann:
        await ann.advance(59)
        [entry] = sio.presence.list("room")["ann"]
        assert entry["idle"] is False
        assert 58 < time.time() - entry["last_active"] < 70
        await ann.advance(1.1)
        [entry] = sio.presence.list("room")["ann"]
        assert entry["idle"] is True
        diff = (await ann.expect("presence:diff"))["joins"]["ann"]
        assert diff[0]["idle"] is True
        assert await ann.call("hello") == "hello"
        await ann.advance(0.1)
        [entry] = sio.presence.list("room")["ann"]
        assert entry["idle"] is False


@pytest.mark.parametrize("threads", THREADS)
async def test_what_happens_in_one_tick_is_told_together(threads: int) -> None:
    sio = tracking(threads)
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(TestClient(sio, auth={"user": "first"}))
        await first.advance(0.06)
        await first.expect("presence:state")
        for number in range(20):
            await stack.enter_async_context(TestClient(sio, auth={"user": f"user {number}"}))
        await first.advance(0.06)
        diff = await first.expect("presence:diff")
        assert len(diff["joins"]) == len(diff["online"]) == 20
        assert diff["count"] == 21
        await first.expect_nothing()


@pytest.mark.parametrize("threads", THREADS)
async def test_of_many_clients_are_told_the_number_and_the_application_gets_pages(
    threads: int,
) -> None:
    sio = tracking(threads, count_above=5)
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(TestClient(sio, auth={"user": f"user {number}"}))
            for number in range(6)
        ]
        await clients[0].advance(0.06)
        state = await clients[5].expect("presence:state")
        assert state == {"topic": "room", "count": 6}
        page = sio.presence.list("room", limit=4)
        assert list(page) == [f"user {number}" for number in range(4)]
        rest = sio.presence.list("room", limit=4, after=list(page)[-1])
        assert list(rest) == ["user 4", "user 5"]
        for client in clients[4:]:
            await sio.presence.untrack("room", sid=client.sid)
        await clients[0].advance(0.06)
        state = await clients[0].expect("presence:state")
        while "presences" not in state:
            state = await clients[0].expect("presence:state")
        assert len(state["presences"]) == 4

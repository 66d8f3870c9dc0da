"""Connection state recovery, with a client that does what the JavaScript client does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgpack
import pytest
from conftest import BRIDGE, HANDOFF, OWN_PORT, Door, Log, connected, until
from recovering_client import Client

import sio_native
from sio_native.testing import TestClient


class OwnPacket(sio_native.packet.Packet):
    """Of the application's own."""

    def encode(self):
        return super().encode()


DOORS = {"own-port": OWN_PORT, "handoff": HANDOFF, "bridge": BRIDGE}
every_door = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())


class World:
    """A server, what its handlers have heard, and clients that come through its door."""

    def __init__(self, sio: sio_native.AsyncServer, url: str, http: aiohttp.ClientSession) -> None:
        self.sio, self.url, self._http = sio, url, http
        self.log = Log()

        @sio.event
        async def connect(sid: str, environ: Any, auth: Any) -> None:
            self.log.add("connect", sid, sio.recovered(sid))

        @sio.event
        async def disconnect(sid: str, reason: str) -> None:
            self.log.add("disconnect", sid, reason)

    def client(self) -> Client:
        return Client(self._http, self.url)

    async def away(self, client: Client) -> None:
        """It loses its connection, and the server has noticed."""
        count = len(self.log)
        client.lose()
        await self.log.reaches(count + 1)


@contextlib.asynccontextmanager
async def world(
    door: Door = OWN_PORT, recovery: Any = True, **options: Any
) -> AsyncIterator[World]:
    sio = door.server(connection_state_recovery=recovery, **options)
    async with door.open(sio) as url, aiohttp.ClientSession() as http:
        yield World(sio, url, http)


@pytest.mark.parametrize("threads", [1, 2])
@every_door
async def test_a_client_comes_back_with_rooms_data_and_all_events(door, threads):
    async with world(door, threads=threads) as w:
        client = await w.client().connect()
        sid = client.sid
        await w.sio.enter_room(sid, "x")
        await w.sio.save_session(sid, {"name": "Ann"})
        await w.sio.emit("a", 1, to="x")
        await client.reaches(1)
        await w.away(client)
        await w.sio.emit("a", 2, to="x")
        await w.sio.emit("b", b"\x00\x01", to="x")
        await w.sio.emit("a", 3, to=sid)
        assert list(w.sio.manager.get_participants("/", "x")) == []
        await client.connect()
        await w.sio.emit("a", 4)
        assert await client.reaches(5) == [
            ["a", 1],
            ["a", 2],
            ["b", b"\x00\x01"],
            ["a", 3],
            ["a", 4],
        ]
        assert client.recovered and client.sid == sid
        assert w.log[0] == ("connect", sid, False)
        assert w.log[1][:2] == ("disconnect", sid)
        assert w.log[2] == ("connect", sid, True)
        assert set(w.sio.rooms(sid)) == {sid, "x"}
        assert await w.sio.get_session(sid) == {"name": "Ann"}
        assert w.sio.recovered(sid)
        await client.close()


@pytest.mark.parametrize("threads", [1, 2])
@every_door
async def test_a_connection_that_only_seems_open_is_taken_over_again_and_again(door, threads):
    async with world(door, threads=threads) as w:
        client = await w.client().connect()
        sid = client.sid
        await w.sio.enter_room(sid, "x")
        for number in range(3):
            client.go_deaf()
            await w.sio.emit("a", number, to="x")
            await client.connect()
            assert client.recovered and client.sid == sid
            await client.reaches(number + 1)
        assert client.had == [["a", 0], ["a", 1], ["a", 2]]
        assert [entry[0] for entry in w.log] == ["connect", *["disconnect", "connect"] * 3]
        await client.close()


async def test_a_client_that_had_no_event_yet_comes_back():
    async with world() as w:
        client = await w.client().connect()
        sid = client.sid
        for _ in range(2):
            await w.away(client)
            await client.connect()
            assert client.recovered and client.sid == sid
        await w.away(client)
        await w.sio.emit("first")
        await client.connect()
        assert await client.reaches(1) == ["first"]
        assert client.recovered
        await client.close()


@pytest.mark.parametrize(
    "pid, offset",
    [
        ("x" * 20, None),
        (None, "x" * 100_000),
        (None, "unknown"),
        (None, 17),
        (None, {"a": []}),
        (17, None),
        ({"pid": 1}, ["a"]),
        ("\ud800", None),
    ],
)
async def test_who_comes_with_what_was_not_given_is_a_new_client(pid, offset):
    async with world() as w:
        client = await w.client().connect()
        sid = client.sid
        await w.sio.emit("a")
        await client.reaches(1)
        await w.away(client)
        if pid is not None:
            client.pid = pid
        if offset is not None:
            client.offset = offset
        await client.connect()
        assert not client.recovered
        assert client.sid != sid
        assert w.log[-1] == ("connect", client.sid, False)
        await client.close()


async def test_offsets_of_others_are_good_for_nobody_else():
    async with world() as w:
        ann, bob = await w.client().connect(), await w.client().connect()
        await w.sio.emit("a", to=ann.sid)
        await w.sio.emit("a", to=bob.sid)
        await ann.reaches(1)
        await bob.reaches(1)
        await w.away(ann)
        ann.offset = bob.offset
        await ann.connect()
        assert not ann.recovered
        await ann.close()
        await bob.close()


async def test_who_has_been_away_for_too_long_is_a_new_client():
    async with world(recovery={"max_disconnection_duration": 0.001}) as w:
        client = await w.client().connect()
        sid = client.sid
        await w.sio.save_session(sid, {"name": "Ann"})
        await w.away(client)
        await until(lambda: not w.sio._service.recovery._away)
        await client.connect()
        assert not client.recovered
        assert client.sid != sid
        assert await w.sio.get_session(client.sid) == {}
        await client.close()


async def test_the_application_is_told_who_does_not_come_back():
    async with world() as w:
        expired = Log()
        leaving = []
        refuses = False
        w.sio.on_session_expired(expired.add)

        @w.sio.on_session_expired(namespace="*")
        async def expired_anywhere(sid, session):
            expired.add("anywhere", sid)
            raise RuntimeError("which is logged")

        @w.sio.event
        async def connect(sid, environ, auth):
            return not refuses

        @w.sio.event
        async def disconnect(sid, reason):
            leaving.append(w.sio.recoverable(sid))
            w.log.add("disconnect", sid)

        async with TestClient(w.sio) as clock, TestClient(w.sio) as client:
            sid = client.sid
            await w.sio.save_session(sid, {"name": "Ann"})
            await client.drop()
            assert leaving == [True] and not expired
            await client.connect()
            await client.drop()
            await clock.advance(120)
            await expired.reaches(2)
            assert (sid, {"name": "Ann"}) in expired and ("anywhere", sid) in expired
            await client.connect()
            sid = client.sid
            await client.drop()
            refuses = True
            with pytest.raises(sio_native.exceptions.ConnectionRefusedError):
                await client.connect()
            await expired.reaches(4)
            assert (sid, {}) in expired
            refuses = False
            await client.connect()
            sid = client.sid
            await client.drop()
            await w.sio.disconnect(sid)
            await expired.reaches(6)
            assert (sid, {}) in expired
            await client.connect()
            await client.disconnect()
            assert leaving[-1] is False
        assert len(expired) == 6


def test_sessions_expire_only_where_they_are_kept():
    with pytest.raises(ValueError, match="connection_state_recovery"):
        sio_native.AsyncServer().on_session_expired(print)


async def test_what_is_kept_has_a_bound():
    async with world(recovery={"max_bytes": 10_000}) as w:
        within, beyond = await w.client().connect(), await w.client().connect()
        await w.away(within)
        await w.away(beyond)
        await w.sio.emit("a", "x" * 3_000)
        for _ in range(3):
            await w.sio.emit("a", "x" * 3_000, to=beyond.sid)
        await within.connect()
        await beyond.connect()
        assert within.recovered and not beyond.recovered
        assert await within.reaches(1) == [["a", "x" * 3_000]]
        await within.close()
        await beyond.close()


async def test_rooms_that_change_meanwhile():
    async with world() as w:
        client = await w.client().connect()
        for room in ("closed", "left", "stays"):
            await w.sio.enter_room(client.sid, room)
        await w.sio.emit("before", to="left")
        await client.reaches(1)
        await w.sio.leave_room(client.sid, "left")
        client.go_deaf()
        await w.sio.emit("behind its back", to="left")
        await w.sio.emit("one", to="stays")
        await w.away(client)
        await w.sio.close_room("closed")
        await w.sio.emit("gone", to="closed")
        await w.sio.emit("two", to="stays")
        await client.connect()
        assert await client.reaches(3) == ["before", "one", "two"]
        assert set(w.sio.rooms(client.sid)) == {client.sid, "stays"}
        await client.close()


async def test_volatile_events_go_by_and_acks_are_not_asked_for_again():
    async with world() as w:
        client = await w.client().connect()
        await w.sio.volatile.emit("volatile", "text")
        await client.reaches(1)
        await w.away(client)
        await w.sio.volatile.emit("volatile", "lost")
        await w.sio.emit("kept", "text")
        answers = await w.sio.timeout(5).emit_with_ack("question")
        assert answers == {}
        await client.connect()
        assert client.recovered
        assert await client.reaches(2) == [["volatile", "text"], ["kept", "text"]]
        await client.close()


@pytest.mark.parametrize("skip", [False, True])
async def test_middleware_is_skipped_only_if_that_is_asked_for(skip):
    async with world(recovery={"skip_middlewares": skip}) as w:
        asked = []

        @w.sio.use
        async def middleware(socket):
            asked.append(socket.recovered)

        sockets = asyncio.Queue()
        w.sio.on_connection(sockets.put_nowait)
        client = await w.client().connect()
        socket = await sockets.get()
        socket.data["name"] = "Ann"
        await w.away(client)
        await client.connect()
        again = await sockets.get()
        assert asked == ([False] if skip else [False, True])
        assert again is not socket
        assert again.recovered
        assert again.data == {"name": "Ann"}
        await w.away(client)
        client.pid = None
        await client.connect()
        assert asked[-1] is False
        assert len(asked) == (2 if skip else 3)
        await client.close()


async def test_the_connect_handler_decides_and_may_emit():
    async with world() as w:
        refuses = False

        @w.sio.event
        async def connect(sid, environ, auth):
            if refuses:
                raise sio_native.exceptions.ConnectionRefusedError("no")
            await w.sio.emit("hello", w.sio.recovered(sid), to=sid)
            w.log.add("connect", sid)

        client = await w.client().connect()
        await client.reaches(1)
        await w.away(client)
        await w.sio.emit("missed")
        await client.connect()
        assert await client.reaches(3) == [["hello", False], "missed", ["hello", True]]
        refuses = True
        pid, offset = client.pid, client.offset
        await w.away(client)
        await client.connect()
        assert client.refused == {"message": "no"}
        refuses = False
        client.pid, client.offset = pid, offset
        client.go_deaf()
        await client.connect()
        assert not client.recovered
        await client.close()


async def test_connect_handlers_get_the_auth_of_the_application():
    async with world() as w:
        given = []

        @w.sio.event
        async def connect(sid, environ, auth):
            given.append(auth)

        client = w.client()
        client.auth = {"token": 1}
        await client.connect()
        await w.sio.emit("a")
        await client.reaches(1)
        await w.away(client)
        await client.connect()
        assert client.recovered
        assert given == [{"token": 1}] * 2

        @w.sio.on("connect")
        def takes_no_auth(sid, environ):
            given.append(None)

        await w.away(client)
        client.auth = {}
        await client.connect()
        assert client.recovered and given[-1] is None
        await client.close()


async def test_a_client_waits_for_the_disconnect_handler_of_its_last_connection():
    async with world() as w:
        ends = asyncio.Event()

        @w.sio.event
        async def disconnect(sid, reason):
            await w.sio.save_session(sid, {"last": "words"})
            w.log.add("disconnect", sid)
            await ends.wait()

        client = await w.client().connect()
        sid = client.sid
        await w.away(client)
        coming = asyncio.create_task(client.connect())
        await w.sio.emit("a")
        assert w.sio.rooms(sid) == [sid]
        ends.set()
        await coming
        assert client.recovered and client.sid == sid
        assert await client.reaches(1) == ["a"]
        assert await w.sio.get_session(sid) == {"last": "words"}
        await client.close()


async def test_who_was_put_out_or_left_on_purpose_is_a_new_client():
    async with world() as w:
        client = await w.client().connect()
        await w.sio.disconnect(client.sid)
        client.lose()
        await client.connect()
        assert not client.recovered
        await client.send("41")
        await w.log.reaches(4)
        client.lose()
        await client.connect()
        assert not client.recovered
        await client.close()
        assert not w.sio._service.recovery._away


async def test_who_is_put_out_while_it_is_away_is_a_new_client():
    async with world() as w:
        client = await w.client().connect()
        sid = client.sid
        await w.away(client)
        await w.sio.disconnect(sid)
        await client.connect()
        assert not client.recovered
        assert not w.sio._service.recovery._away
        await client.close()


@pytest.mark.parametrize("way", ["room", "all", "sid", "user"])
async def test_who_is_put_out_of_a_room_or_as_a_user_while_it_is_away_is_a_new_client(way):
    async with world() as w:
        client, spared = await w.client().connect(), await w.client().connect()
        for each in (client, spared):
            await w.sio.enter_room(each.sid, "x")
        await w.sio.enter_room(spared.sid, "spared")
        await w.sio.users.bind(client.sid, "ann")
        sids = client.sid, spared.sid
        await w.away(client)
        await w.away(spared)
        await until(lambda: len(w.sio._service.recovery._away) == 2)
        if way == "room":
            await w.sio.in_("x").except_("spared").disconnect_sockets()
        elif way == "all":
            await w.sio.except_(sids[1]).disconnect_sockets()
        elif way == "sid":
            await w.sio.in_(sids[0]).disconnect_sockets(close=True)
        else:
            await w.sio.users.disconnect_user("ann")
        await client.connect()
        await spared.connect()
        assert not client.recovered and client.sid != sids[0]
        assert spared.recovered and spared.sid == sids[1]
        await client.close()
        await spared.close()


async def test_who_is_away_can_be_taken_out_of_rooms():
    async with world() as w:
        client = await w.client().connect()
        for room in ("x", "y"):
            await w.sio.enter_room(client.sid, room)
        await w.away(client)
        await w.sio.in_("y").sockets_leave("x")
        await w.sio.emit("a", to="x")
        await w.sio.emit("b", to="y")
        await client.connect()
        assert await client.reaches(1) == ["b"]
        assert set(w.sio.rooms(client.sid)) == {client.sid, "y"}
        await client.close()


async def test_users_are_bound_again():
    async with world() as w:
        client = await w.client().connect()
        sid = client.sid
        await w.sio.users.bind(sid, "ann", {"name": "Ann"})
        await w.away(client)
        await until(lambda: w.sio.users.user_of(sid) is None)
        await w.sio.emit("for her", to_user="ann")
        await client.connect()
        assert await client.reaches(1) == ["for her"]
        assert w.sio.users.user_of(sid) == "ann"
        assert w.sio.users.get(sid) == {"name": "Ann"}
        await client.close()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("away", [1, 60], ids=["within the time of grace", "after it"])
async def test_presence_goes_on(threads, away):
    sio = sio_native.AsyncServer(connection_state_recovery=True, threads=threads)
    told = []

    @sio.presence.on_change()
    def changed(topic: str, diff: dict[str, Any]) -> None:
        told.append((topic, diff["online"], diff["offline"]))

    async def keys(topic: str) -> list[str]:
        """When all that there was to be told has been."""
        await watcher.advance(10)
        return sio.presence.keys(topic)

    async with TestClient(sio) as watcher, TestClient(sio) as client:
        sid = client.sid
        for topic in ("doc", "unsaid", "left"):
            await sio.presence.track(topic, "ann", {"at": 1}, sid=sid)
        await sio.presence.update("doc", {"at": 2}, sid=sid)
        await sio.presence.untrack("unsaid", sid=sid)
        await sio.leave_room(sid, "left")
        assert [await keys(topic) for topic in ("doc", "unsaid", "left")] == [["ann"], [], []]
        told.clear()
        for _ in range(2):
            await client.drop()
            await watcher.advance(away)
            assert sio.presence.keys("doc") == (["ann"] if away == 1 else [])
            await client.connect()
            assert client.recovered
            assert await keys("doc") == ["ann"]
            [(topic, entry)] = sio.presence.get(sid).items()
            assert (topic, entry["key"], entry["meta"]) == ("doc", "ann", {"at": 2})
            assert sio.presence.sids("ann") == [sid]
        if away == 1:
            assert all(not online and not offline for _, online, offline in told)
        await client.drop()
        sio.presence.forget(sid)
        await client.connect()
        assert client.recovered
        assert await keys("doc") == []
    await until(lambda: not sio.presence._comeback._said)


async def test_python_clients_get_no_offset():
    async with world() as w:
        log = Log()
        javascript = await w.client().connect()
        for transport in ("websocket", "polling"):
            async with connected(w.url, transports=[transport]) as python:
                python.on("a", log.add)
                count = len(log)
                await w.sio.emit("a", 1)
                await log.reaches(count + 1)
                assert log[-1] == (1,)
        await javascript.reaches(2)
        await javascript.close()


async def test_without_the_option_there_is_no_pid():
    async with world(recovery=False) as w:
        client = await w.client().connect()
        await w.sio.emit("a", "text")
        assert await client.reaches(1) == [["a", "text"]]
        assert client.pid is None
        assert not w.sio.recovered(client.sid)
        await client.close()


async def test_a_dictionary_with_nothing_in_it_is_true():
    async with world(recovery={}) as w:
        client = await w.client().connect()
        await w.away(client)
        await client.connect()
        assert client.recovered
        await client.close()


async def test_nobody_gets_what_is_for_a_client_by_a_room_of_its_name_while_it_is_away():
    async with world() as w:
        client, other = await w.client().connect(), await w.client().connect()
        await w.away(client)
        with pytest.raises(ValueError):
            await w.sio.enter_room(other.sid, w.log[0][1])
        w.sio.rooms_from_event("join", {".*": "{id}"})
        w.sio.on("asked", lambda sid: w.log.add("asked"))
        await other.send(f'42["join","{w.log[0][1]}"]')
        await other.send('42["asked"]')
        await w.log.reaches(4)
        await client.connect()
        assert client.recovered
        await w.sio.emit("secret", to=client.sid)
        await w.sio.emit("end")
        assert await client.reaches(2) == ["secret", "end"]
        assert [other.had[0][0], *(await other.reaches(2))[1:]] == ["room:error", "end"]
        await client.close()
        await other.close()


async def test_in_msgpack_clients_come_back_as_well():
    def packet(kind: int, data: Any) -> bytes:
        return msgpack.packb({"type": kind, "nsp": "/", "data": data})

    async with world(serializer="msgpack") as w, aiohttp.ClientSession() as http:

        async def connect(auth: Any) -> tuple[aiohttp.ClientWebSocketResponse, Any]:
            url = f"{w.url}/socket.io/?EIO=4&transport=websocket"
            ws = await http.ws_connect(url, headers={"User-Agent": "a browser"})
            await ws.receive_str()
            await ws.send_bytes(packet(0, auth))
            return ws, await read(ws)

        async def read(ws: aiohttp.ClientWebSocketResponse) -> Any:
            return msgpack.unpackb(await ws.receive_bytes())["data"]

        ws, had = await connect({})
        sid, pid = had["sid"], had["pid"]
        await w.sio.emit("a", {"number": 1})
        name, argument, offset = await read(ws)
        assert (name, argument) == ("a", {"number": 1})
        await ws.close()
        await w.log.reaches(2)
        await w.sio.emit("b", b"\x00\x01", to=sid)
        await w.sio.emit("c")
        ws, had = await connect({"pid": pid, "offset": offset})
        assert had == {"sid": sid, "pid": pid}
        assert (await read(ws))[:2] == ["b", b"\x00\x01"]
        name, last = await read(ws)
        assert name == "c" and last != offset
        await ws.close()


@pytest.mark.parametrize("threads", [1, 2])
async def test_a_test_client_comes_back_too(threads):
    async with world(threads=threads) as w:

        @w.sio.event
        async def connect(sid, environ, auth):
            await w.sio.emit("hello", "text", to=sid)

        async with TestClient(w.sio) as first, TestClient(w.sio) as second:
            assert await first.expect("hello") == "text"
            for _ in range(2):
                await w.sio.emit("a", ("text", b"bytes"))
                await first.drop()
                await w.sio.emit("b")
                await first.connect()
                assert first.recovered
                assert await first.expect("a") == ("text", b"bytes")
                assert await first.expect("b") is None
                assert await first.expect("hello") == "text"
                await first.expect_nothing()
            sid = first.sid
            await first.drop()
            await second.advance(119.9)
            await first.connect()
            assert first.recovered
            await first.drop()
            await second.advance(120)
            await first.connect()
            assert not first.recovered and first.sid != sid
            assert not w.sio._service.recovery._away


async def test_namespaces_come_back_one_by_one():
    async with world(namespaces=["/", "/chat"]) as w:
        first = await w.client().connect()
        chat = Client(first._session, w.url, "/chat")
        await chat.connect()
        chat.lose()
        await until(lambda: not list(w.sio.manager.get_participants("/chat", None)))
        await w.sio.emit("a", namespace="/chat")
        await chat.connect()
        assert chat.recovered
        assert await chat.reaches(1) == ["a"]
        chat.pid = first.pid  # of another namespace
        chat.go_deaf()
        await chat.connect()
        assert not chat.recovered
        await w.sio.emit("still there")
        assert await first.reaches(1) == ["still there"]
        await first.close()
        await chat.close()


async def test_a_namespace_that_was_made_for_a_client_is_there_when_it_comes_back():
    async with world(cleanup_empty_child_namespaces=True) as w:
        asked, seen = [], []

        def is_project(name, auth):
            asked.append(auth)
            return name.startswith("/project-")

        projects = w.sio.of(is_project)

        @projects.use
        def twice(socket):
            seen.append(socket.recovered)
            if len(seen) == 3:
                raise ConnectionRefusedError("enough")

        client = Client(w._http, w.url, "/project-1")
        await client.connect()
        sid = client.sid
        await w.sio.save_session(sid, {"name": "Ann"}, namespace="/project-1")
        client.lose()
        await until(lambda: w.sio._service.recovery._away)
        await w.sio.emit("a", namespace="/project-1")
        await projects.emit("b")
        await client.connect()
        assert client.recovered and client.sid == sid
        assert await client.reaches(2) == ["a", "b"]
        client.lose()
        await until(lambda: w.sio._service.recovery._away)
        await client.connect()
        assert client.refused == {"message": "enough"}
        assert asked == [None]
        assert seen == [False, True, True]
        assert not w.sio._service.recovery._recovered
        assert not w.sio._service.sessions._sessions
        assert not projects.children
        await client.close()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"connection_state_recovery": True, "serializer": OwnPacket}, "Packet class"),
        ({"connection_state_recovery": "yes"}, "True, False or a dict"),
        ({"connection_state_recovery": 0}, "True, False or a dict"),
        ({"connection_state_recovery": {"max_byte": 1}}, "did you mean 'max_bytes'"),
        ({"connection_state_recovery": {"max_bytes": 2 << 20}}, "max_bytes"),
        ({"connection_state_recovery": {"max_bytes": 0}}, "max_bytes"),
        ({"connection_state_recovery": {"max_sessions": 1.5}}, "max_sessions"),
        ({"connection_state_recovery": {"max_disconnection_duration": -1}}, "duration"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        sio_native.AsyncServer(**options)

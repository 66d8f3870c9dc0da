"""`on_adapter`: rooms that come and go, and who enters and leaves them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
import socketio
from conftest import Door, Log, connected, until
from test_recovery import world

import sio_native


def watched(sio: Any, **where: str) -> Log:
    told = Log()
    sio.on_adapter("create-room", lambda *args: told.add("create", *args), **where)
    sio.on_adapter("delete_room", lambda *args: told.add("delete", *args), **where)
    sio.on_adapter("join_room", lambda *args: told.add("join", *args), **where)
    sio.on_adapter("leave-room", lambda *args: told.add("leave", *args), **where)
    return told


async def test_a_room_is_told_from_its_first_member_to_its_last(native_door: Door) -> None:
    sio = native_door.server()
    told = watched(sio)

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        await sio.enter_room(sid, "hall")

    async with native_door.open(sio) as url:
        async with connected(url) as one, connected(url) as two:
            a, b = one.get_sid(), two.get_sid()
            await told.reaches(7)
            hall = [each for each in told if each[1] == "hall"]
            assert hall == [("create", "hall"), ("join", "hall", a), ("join", "hall", b)]
            for sid in (a, b):
                own = [each for each in told if each[1] == sid]
                assert own == [("create", sid), ("join", sid, sid)]
            told.clear()
            for room in (7, ("a", 1)):
                await sio.enter_room(a, room)
                await sio.enter_room(a, room)  # where it is
                await sio.leave_room(a, room)
                await sio.leave_room(a, room)  # where it is not
            await told.reaches(8)
            assert told == [
                (what, room, *who)
                for room in (7, ("a", 1))
                for what, *who in (("create",), ("join", a), ("leave", a), ("delete",))
            ]
            told.clear()
            await sio.users.bind(a, "ann")
            await sio.close_room("hall")
            await told.reaches(3)
            assert sorted(told[:2]) == sorted([("leave", "hall", a), ("leave", "hall", b)])
            assert told[2] == ("delete", "hall")
            await sio.enter_room(b, "last")
            await told.reaches(5)
            told.clear()
            await two.disconnect()
            await told.reaches(4)
            assert sorted(told) == sorted(
                [("leave", b, b), ("delete", b), ("leave", "last", b), ("delete", "last")]
            )
        await told.reaches(6)


async def test_rooms_by_rule_are_told(native_door: Door) -> None:
    sio = native_door.server()
    told = watched(sio, namespace="*")
    sio.rooms_from_query({"job": {r"\d+": "job:{job}"}})
    sio.on("connect", lambda sid, environ: None)
    async with native_door.open(sio) as url:
        async with connected(f"{url}?job=1") as one:
            sid = one.get_sid()
            await told.reaches(4)
            assert told == [
                ("create", "/", sid),
                ("join", "/", sid, sid),
                ("create", "/", "job:1"),
                ("join", "/", "job:1", sid),
            ]
            told.clear()
        await told.reaches(4)
        assert told == [
            ("leave", "/", sid, sid),
            ("delete", "/", sid),
            ("leave", "/", "job:1", sid),
            ("delete", "/", "job:1"),
        ]


async def test_a_client_that_comes_back_is_in_its_rooms_again() -> None:
    async with world() as w:
        told = watched(w.sio)
        client = await w.client().connect()
        sid = client.sid
        await w.sio.enter_room(sid, "r")
        await told.reaches(4)
        for _ in range(2):
            await w.away(client)
            await told.reaches(8)
            assert told[4:] == [
                ("leave", sid, sid),
                ("delete", sid),
                ("leave", "r", sid),
                ("delete", "r"),
            ]
            told.clear()
            await client.connect()
            assert client.recovered and client.sid == sid
            await told.reaches(4)
            assert told == [
                ("create", sid),
                ("join", sid, sid),
                ("create", "r"),
                ("join", "r", sid),
            ]
        await client.close()


async def test_each_namespace_has_its_own_rooms(native_door: Door) -> None:
    sio = native_door.server(namespaces=["/", "/chat"])
    here, chat, joined = watched(sio), watched(sio, namespace="/chat"), Log()
    sio.of("/chat").on_adapter("join_room")(
        lambda room, sid: joined.add(room, sid) if room != sid else None
    )
    async with native_door.open(sio) as url, connected(url, namespaces=["/", "/chat"]) as client:
        await sio.enter_room(client.get_sid("/chat"), "r", namespace="/chat")
        await chat.reaches(4)
        await here.reaches(2)
        assert joined == [("r", client.get_sid("/chat"))]
        assert chat[2:] == [("create", "r"), ("join", "r", client.get_sid("/chat"))]
        assert len(here) == 2


async def test_who_listens_later_is_told_from_then_on(native_door: Door) -> None:
    sio = native_door.server()
    sio.on("connect", lambda sid, environ: None)
    async with native_door.open(sio) as url, connected(url) as one, connected(url) as two:
        a, b = one.get_sid(), two.get_sid()
        await sio.enter_room(a, "r")
        told = watched(sio)
        await sio.enter_room(b, "r")
        await sio.leave_room(a, "r")
        await told.reaches(2)  # the two may be on different threads, each of which tells its own
        await sio.leave_room(b, "r")
        await told.reaches(4)
        assert told == [("join", "r", b), ("leave", "r", a), ("leave", "r", b), ("delete", "r")]


@pytest.mark.parametrize("serializer", ["msgpack", socketio.packet.Packet])
async def test_other_packets_have_rooms_too(native_door: Door, serializer: Any) -> None:
    class Own(socketio.packet.Packet):
        """Decoded in Python."""

    kind = serializer if isinstance(serializer, str) else Own
    sio = native_door.server(serializer=kind)
    told = watched(sio)
    sio.on("connect", lambda sid, environ: None)
    async with native_door.open(sio) as url:
        client = socketio.AsyncClient(reconnection=False, serializer=kind)
        async with connected(url, client=client) as one:
            await sio.enter_room(one.get_sid(), "r")
            await told.reaches(4)
            assert told[2:] == [("create", "r"), ("join", "r", one.get_sid())]


async def test_handlers_run_one_after_another_and_may_fail(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio = native_door.server(logger=logging.getLogger("told"))
    told = Log()
    hold = asyncio.Event()

    @sio.on_adapter("join_room")
    async def joined(room: Any, sid: str) -> None:
        if room == sid:
            return
        if room == 0:
            await hold.wait()
        told.add(room)
        if room == 1:
            raise RuntimeError("no such room")

    sio.on("connect", lambda sid, environ: None)
    async with native_door.open(sio) as url, connected(url) as client:
        for room in range(5):
            await sio.enter_room(client.get_sid(), room)
        await sio.emit("end")
        assert told == []
        hold.set()
        await told.reaches(5)
        assert told == [(room,) for room in range(5)]
        failed = [each for each in caplog.records if each.exc_info]
        assert [each.getMessage() for each in failed] == [
            f"the handler for join_room of (1, '{client.get_sid()}') has failed"
        ]


async def test_a_client_that_comes_and_goes_without_end_is_not_read(native_door: Door) -> None:
    sio = native_door.server()
    hold = asyncio.Event()
    count = 0

    @sio.on_adapter("join_room")
    async def joined(room: Any, sid: str) -> None:
        nonlocal count
        count += 1
        await hold.wait()

    sio.rooms_from_query({"job": {r"\d+": "job:{job}"}})
    sio.on("ping", lambda sid: "pong")
    async with native_door.open(sio) as url, connected(f"{url}?job=0") as client:
        waiting = sio._adapter_events._waiting
        for number in range(1_500):
            rooms = [f"job:{number}", f"job:{number + 1}"]
            await client.emit("room:switch", {"leave": rooms[0], "join": rooms[1]})
        asking = asyncio.create_task(client.call("ping"))
        await until(lambda: len(waiting) >= 900)  # of the 3,000 that it would be
        await asyncio.wait([asking], timeout=0.2)
        assert not asking.done() and len(waiting) < 2_000
        hold.set()
        assert await asking == "pong"
        await until(lambda: count == 1_502)


async def test_it_goes_on_after_a_restart() -> None:
    sio = sio_native.AsyncServer()
    told = watched(sio)
    sio.on("connect", lambda sid, environ: None)
    for _ in range(2):
        host, port = sio.listen("127.0.0.1", 0)
        async with connected(f"http://{host}:{port}") as client:
            await sio.enter_room(client.get_sid(), "r")
            await told.reaches(4)
            assert told[2:] == [("create", "r"), ("join", "r", client.get_sid())]
            await sio.shutdown()
        told.clear()


def test_other_events_are_refused() -> None:
    sio = sio_native.AsyncServer()
    for name in ("connect", "create room", "", None, 7):
        with pytest.raises(ValueError, match="an adapter's events are create_room"):
            sio.on_adapter(name)  # type: ignore[call-overload]

"""Rules of rooms from Python: what is refused at the call, questions, statistics."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Any

import pytest
import socketio
from conftest import NATIVE, Door, Log, connected, until

import sio_native

JOBS = {"all": "all-jobs", r"[0-9a-f]{24}": "job:{jobId}"}
ROOM = "team:red"


@pytest.mark.parametrize(
    ("rules", "error", "says"),
    [
        ({"jobId": {"(": "a"}}, ValueError, "cannot be used"),
        ({"jobId": {"a(?=b)": "a"}}, ValueError, "cannot be used"),
        ({"jobId": {"a": "job:{id}"}}, ValueError, "brace"),
        ({"jobId": {"a": 5}}, TypeError, "str"),
        ({"job id": {"a": "b"}}, ValueError, "parameter"),
        ({"jobId": ["a"]}, TypeError, "dict"),
        (["jobId"], TypeError, "dict"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_at_the_call(
    rules: Any, error: type[Exception], says: str
) -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(error, match=says):
        sio.rooms_from_query(rules)
    with pytest.raises(error, match=says):
        sio_native.AsyncServer(rooms_from_query=rules)


def test_a_room_rule_must_be_callable() -> None:
    with pytest.raises(TypeError, match="callable"):
        sio_native.AsyncServer().room_rule("job:*")("no function")  # type: ignore[type-var]


def test_rules_need_packets_in_json() -> None:
    class Custom(sio_native.packet.Packet):
        def encode(self) -> Any:
            return super().encode()

    sio = sio_native.AsyncServer(serializer=Custom)
    with pytest.raises(ValueError, match="JSON"):
        sio.rooms_from_query({"jobId": JOBS})


async def test_rules_hold_at_each_door_and_for_their_namespace(native_door: Door) -> None:
    sio = native_door.server(rooms_from_query={"jobId": JOBS}, namespaces=["/", "/other"])
    sio.rooms_from_query(
        {"jobId": {".*": "other:{jobId}"}}, namespace="/other", messages={"jobId": "no"}
    )
    async with native_door.open(sio) as url:
        async with connected(f"{url}?jobId=all", namespaces=["/", "/other"]) as client:
            await until(lambda: sio.stats("/other")["rooms"] == {"other:all": 1})
            assert set(sio.rooms(client.get_sid("/"))) == {client.get_sid("/"), "all-jobs"}
            assert sio.stats() == {"totalConnections": 1, "rooms": {"all-jobs": 1}}
        await until(lambda: sio.stats() == {"totalConnections": 0, "rooms": {}})


async def test_rooms_count_what_their_members_were_sent(native_door: Door) -> None:
    sio = native_door.server()

    def messages() -> Any:
        return sio.stats(messages=True)["messages"]

    async with native_door.open(sio) as url, connected(url) as one, connected(url) as two:
        first, second = (str(each.get_sid("/")) for each in (one, two))
        for sid in (first, second):
            await sio.enter_room(sid, "both")
            await sio.users.bind(sid, "ann")
        await sio.enter_room(first, "one")
        await sio.emit("a", to="both")
        await sio.emit("a", to="both", skip_sid=first)
        await sio.emit("a", to=first)
        await sio.emit("a", to=["one", "both"])  # each once
        await sio.emit("a", to_user="ann")
        await sio.emit("a")
        assert messages() == {"both": 4, "one": 1}
        await sio.leave_room(first, "one")
        await sio.enter_room(first, "one")
        assert messages() == {"both": 4, "one": 0}
        assert sio.stats() == {"totalConnections": 2, "rooms": {"both": 2, "one": 1}}


async def test_rules_are_kept_when_the_server_starts_again() -> None:
    door = NATIVE["own-port"]
    sio = door.server(rooms_from_query={"jobId": JOBS})
    for _ in range(2):
        async with door.open(sio) as url, connected(f"{url}?jobId=all"):
            await until(lambda: sio.stats()["rooms"] == {"all-jobs": 1})


async def test_a_rule_of_query_comes_with_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    door = NATIVE["own-port"]
    sio = door.server(rooms_from_query={"jobId": JOBS})
    logging.getLogger("socketio.server").setLevel(logging.WARNING)
    log = Log()
    async with door.open(sio) as url:
        listener = socketio.AsyncClient(reconnection=False)
        listener.on("room:error", lambda data: log.add(data))
        async with connected(f"{url}?jobId=%22;drop", client=listener):
            await log.reaches(1)
    assert log == [({"message": "Invalid job ID format", "jobId": '";drop'},)]
    assert any('by jobId "\\";drop"' in each.message for each in caplog.records)


async def test_a_rule_is_asked_once_and_one_that_raises_refuses(native_door: Door) -> None:
    sio = native_door.server()
    asked = Log()

    @sio.room_rule("team:*")
    async def team(sid: str, room: str) -> bool:
        asked.add(sid, room)
        await asyncio.sleep(0)
        if room == "team:broken":
            raise RuntimeError("the database is away")
        return room == ROOM

    @sio.room_rule("*")
    def others(sid: str, room: str) -> bool:
        return room == "lobby"

    async with native_door.open(sio) as url, connected(url) as client:
        sid = client.get_sid()

        async def join(room: str) -> Any:
            return await client.call("room:switch", {"join": room})

        both = await asyncio.gather(join(ROOM), join(ROOM))
        assert [each["ok"] for each in (*both, await join(ROOM))] == [True, True, True]
        assert asked == [(sid, ROOM)]
        assert (await join("lobby"))["ok"]
        assert not (await join("attic"))["ok"]
        assert (await join("team:broken"))["error"] == "Not allowed"
        assert set(sio.rooms(sid)) == {sid, ROOM, "lobby"}
        assert await sio.revoke(sid, ROOM)
        assert set(sio.rooms(sid)) == {sid, "lobby"}
        assert not (await join(ROOM))["ok"]
        assert not await sio.revoke("nobody", ROOM)


async def test_a_client_that_leaves_while_it_is_judged_is_no_trouble(native_door: Door) -> None:
    sio = native_door.server()
    begun, verdict = Log(), asyncio.Event()

    @sio.room_rule("*")
    async def slow(sid: str, room: str) -> bool:
        begun.add(room)
        await verdict.wait()
        begun.add("done")
        return True

    async with native_door.open(sio) as url:
        async with connected(url) as client:
            await client.emit("room:switch", {"join": "a"})
            await begun.reaches(1)
        await until(lambda: sio.stats()["totalConnections"] == 0)
        verdict.set()
        await begun.reaches(2)
        assert sio.stats()["rooms"] == {}


async def test_hostile_queries_harm_nobody() -> None:
    door = NATIVE["threads"]
    sio = door.server(rooms_from_query={"jobId": JOBS, "x": {r"(\w*-?)*": "x:{x}"}})
    made = random.Random(7)
    pieces = ["jobId=", "&", "%", "%00", "%ff", "=", "all", "x=", "a" * 900, "%F0%9F", "{x}", "+"]
    async with door.open(sio) as url, connected(f"{url}?jobId=all") as honest:
        host, port = url.removeprefix("http://").split(":")
        for _ in range(300):
            query = "".join(made.choices(pieces, k=made.randrange(1, 12)))
            reader, writer = await asyncio.open_connection(host, int(port))
            target = f"/socket.io/?EIO=4&transport=polling&{query}"
            writer.write(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            session = (await reader.readexactly(size)).split(b'"sid":"')[1].split(b'"')[0].decode()
            writer.write(
                f"POST {target}&sid={session} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n40"
                f"GET {target}&sid={session} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
            )
            assert b"HTTP/1.1 200" in await reader.readuntil(b"ok")
            assert b"HTTP/1.1 200" in await reader.readuntil(b"\r\n\r\n")
            writer.close()
        assert set(sio.rooms(honest.get_sid())) == {honest.get_sid(), "all-jobs"}
        assert all(room in ("all-jobs",) or room.startswith("x:") for room in sio.stats()["rooms"])

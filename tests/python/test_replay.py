"""Rooms that keep their last events: a client that comes back gets what it missed, once."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
import socketio
from conftest import NATIVE, Door, Log, connected

import sio_native


class Reader:
    """A client that remembers where it stands."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.log = Log()
        self.last: dict[str, str] = {}
        self.client.on("step", self.step)
        self.client.on("room:gap", lambda data: self.log.add("gap", data["room"]))

    def step(self, value: Any, last: dict[str, str]) -> None:
        self.last.update(last)
        self.log.add(value)


@pytest.mark.parametrize(
    "wrong", [{"last": 0}, {"max_bytes": 0}, {"max_age": 0}, {"max_age": 90000}, {"last": 1.5}]
)
def test_what_cannot_be_meant_is_refused_at_the_call(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
        sio_native.AsyncServer().replay("job:*", **wrong)


async def test_a_client_that_reconnects_gets_what_it_missed(native_door: Door) -> None:
    sio = native_door.server(rooms_from_query={"jobId": {r"\d+": "job:{jobId}"}})
    sio.replay("job:*", last=5)
    async with native_door.open(sio) as url:
        before, after = Reader(), Reader()
        async with connected(f"{url}?jobId=1", client=before.client):
            for i in range(3):
                await sio.emit("step", i, to="job:1")
            await before.log.reaches(3)
        for i in range(3, 6):
            await sio.emit("step", i, to="job:1")
        await sio.emit("step", "other", to="job:2")
        last = quote(json.dumps(before.last))
        async with connected(f"{url}?jobId=1&last={last}", client=after.client):
            await sio.emit("step", 6, to="job:1")
            await after.log.reaches(4)
            assert after.log == [(3,), (4,), (5,), (6,)]
        late = Reader()
        for i in range(7, 12):
            await sio.emit("step", i, to="job:1")
        async with connected(f"{url}?jobId=1&last={last}", client=late.client):
            await late.log.reaches(6)
            assert late.log == [("gap", "job:1"), (7,), (8,), (9,), (10,), (11,)]


async def test_switching_rooms_with_the_last_id(native_door: Door) -> None:
    sio = native_door.server()
    sio.replay("job:*")
    sio.room_rule("job:*")(lambda sid, room: True)
    async with native_door.open(sio) as url:
        reader = Reader()
        async with connected(url, client=reader.client) as client:
            await client.call("room:switch", {"join": ["job:1", "job:2"]})
            await sio.emit("step", 1, to=["job:1", "job:2"])
            await reader.log.reaches(1)
            assert set(reader.last) == {"job:1", "job:2"}
            await client.call("room:switch", {"leave": "job:1"})
            await sio.emit("step", 2, to="job:1")
            await sio.emit("step", 3, to="job:2")
            await client.call("room:switch", {"join": "job:1", "last": reader.last})
            await reader.log.reaches(3)
            assert reader.log == [(1,), (3,), (2,)]
            await client.call("room:switch", {"leave": "job:2"})
            await sio.emit("step", 4, to="job:2")
            await sio.resume_room(client.get_sid(), "job:2", reader.last["job:2"])
            await reader.log.reaches(4)
            assert reader.log[3:] == [(4,)]


async def test_coming_and_going_in_a_storm_nothing_is_lost_or_doubled() -> None:
    door = NATIVE["threads"]
    sio = door.server(rooms_from_query={"job": {".*": "job:{job}"}})
    sio.replay("job:*", last=5000)
    count = 2000
    async with door.open(sio) as url:

        async def write() -> None:
            for i in range(count):
                await sio.emit("step", i, to=["job:1", "others"])
                if i % 20 == 0:
                    await asyncio.sleep(0.001)

        async def read() -> list[Any]:
            heard: list[Any] = []
            last: dict[str, str] = {"job:1": "none"}
            while not heard or heard[-1] != count - 1:
                reader = Reader()
                query = f"job=1&last={quote(json.dumps(last))}"
                async with connected(f"{url}?{query}", client=reader.client):
                    await reader.log.reaches(100 if len(heard) + 100 <= count else 1)
                    while len(heard) + len(reader.log) >= count - 100 and (
                        not reader.log or reader.log[-1] != (count - 1,)
                    ):
                        await reader.log.reaches(len(reader.log) + 1)
                heard += [value for value, *rest in reader.log if not rest]
                last = reader.last or last
            return heard

        *heard, _ = await asyncio.gather(read(), read(), read(), write())
        for each in heard:
            assert each == list(range(count))


async def test_the_application_cannot_be_told_apart_by_bytes() -> None:
    door = NATIVE["threads"]
    sio = door.server()
    sio.replay("job:*")
    async with door.open(sio) as url:
        reader = Reader()
        async with connected(url, client=reader.client) as client:
            await sio.emit("step", {"raw": b"1"}, to="job:1")
            await sio.emit("step", {"raw": b"2"}, to="job:1", skip_sid=client.get_sid())
            await sio.resume_room(client.get_sid(), "job:1", "unknown")
            await reader.log.reaches(2)
            assert reader.log == [("gap", "job:1"), ({"raw": b"1"},)]

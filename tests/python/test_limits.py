"""How often events may come, and events that come twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio
from conftest import NATIVE, Door, Log, connected

import sio_native
from sio_native.limits import parse_rate

TOO_MUCH = {"success": False, "error": "Rate limit exceeded"}


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("10/60s", (10, 60.0)),
        ("1/s", (1, 1.0)),
        ("100/5m", (100, 300.0)),
        ("5/200ms", (5, 0.2)),
        ("10000/7d", (10000, 604800.0)),
        ("3/1.5h", (3, 5400.0)),
    ],
)
def test_rates_are_read(rate: str, expected: tuple[int, float]) -> None:
    assert parse_rate(rate) == pytest.approx(expected)


@pytest.mark.parametrize(
    "rate", ["", "10", "10/", "/60s", "0/s", "-1/s", "10001/s", "1/8d", "1/0s", "1/y", "a/s", 10]
)
def test_rates_that_cannot_be_meant_are_refused(rate: Any) -> None:
    with pytest.raises(ValueError, match="rate"):
        sio_native.AsyncServer().limit(rate)


def test_limits_count_by_what_there_is() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(ValueError, match="address"):
        sio.limit("1/s", by="ip")
    with pytest.raises(TypeError, match="rate"):
        sio.limit("a", "1/s", "b")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="last"):
        sio.deduplicate("a", last=0)
    with pytest.raises(ValueError, match="window"):
        sio.deduplicate("a", window=0)


async def test_a_limit_above_a_handler_or_below_its_registration(native_door: Door) -> None:
    sio = native_door.server()
    heard = Log()

    @sio.limit("3/60s")
    @sio.event
    async def above(sid: str, data: Any) -> str:
        heard.add("above", data)
        return "ok"

    @sio.on("below")
    @sio.limit("2/60s")
    def handler(sid: str, data: Any) -> str:
        heard.add("below", data)
        return "ok"

    sio.limit("free", "1/60s")

    @sio.event
    def free(sid: str) -> str:
        return "ok"

    errors = Log()
    client = socketio.AsyncClient(reconnection=False)
    client.on("error", lambda text: errors.add(text))
    async with native_door.open(sio) as url, connected(url, client=client):
        assert [await client.call("above", i) for i in range(5)] == ["ok"] * 3 + [TOO_MUCH] * 2
        assert [await client.call("below", i) for i in range(3)] == ["ok"] * 2 + [TOO_MUCH]
        assert [await client.call("free") for i in range(2)] == ["ok", TOO_MUCH]
        await client.emit("above", 9)
        await errors.reaches(1)
        assert errors == [("Rate limit exceeded",)]
        assert len(heard) == 5
        assert sio.flow_stats()["limited"] == 5
        async with connected(url) as other:
            assert await other.call("above", 0) == "ok"


async def test_limits_of_class_based_namespaces() -> None:
    door = NATIVE["own-port"]
    sio = door.server()

    class Chat(sio_native.AsyncNamespace):
        @sio.limit("1/60s")
        async def on_say(self, sid: str, data: Any) -> str:
            return "ok"

    sio.register_namespace(Chat("/chat"))
    async with door.open(sio) as url, connected(url, namespaces=["/chat"]) as client:
        said = [await client.call("say", 1, namespace="/chat") for _ in range(2)]
        assert said == ["ok", TOO_MUCH]


@pytest.mark.parametrize("by", ["user", "address"])
async def test_clients_of_one_user_or_address_share_a_limit(native_door: Door, by: str) -> None:
    sio = native_door.server()

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        await sio.users.bind(sid, "u1")

    @sio.limit("10/60s", by=by)
    @sio.event
    async def work(sid: str, data: Any) -> Any:
        return data

    async with native_door.open(sio) as url:
        clients = [socketio.AsyncClient(reconnection=False) for _ in range(6)]
        for client in clients:
            await client.connect(url, transports=["websocket"])
        answers = await asyncio.gather(*(c.call("work", i) for c in clients for i in range(5)))
        for client in clients:
            await client.disconnect()
        assert len([each for each in answers if each == TOO_MUCH]) == 20


async def test_events_judged_elsewhere_keep_their_order() -> None:
    door = NATIVE["threads"]
    sio = door.server()
    heard = Log()

    @sio.limit("500/60s", by="address")
    @sio.event
    def work(sid: str, data: Any) -> None:
        heard.add(data)

    async with door.open(sio) as url, connected(url) as client:
        for i in range(600):
            await client.emit("work", i)
        await heard.reaches(500)
        assert await client.call("work", 0) == TOO_MUCH
        assert heard == [(i,) for i in range(500)]


async def test_a_refused_subscription_changes_no_room() -> None:
    door = NATIVE["own-port"]
    sio = door.server()
    sio.rooms_from_event("subscribe:job", {r"\d+": "job:{id}"})
    sio.limit("subscribe:job", "2/60s")
    async with door.open(sio) as url, connected(url) as client:
        answers = [await client.call("subscribe:job", str(i)) for i in range(3)]
        assert [each.get("ok") for each in answers] == [True, True, None]
        assert set(sio.rooms(client.get_sid())) == {client.get_sid(), "job:0", "job:1"}


async def test_an_event_that_is_sent_again_is_handled_once(native_door: Door) -> None:
    sio = native_door.server()
    handled = Log()
    go = asyncio.Event()
    sio.deduplicate("order", id="eventId")

    @sio.event
    async def order(sid: str, data: Any) -> Any:
        handled.add(data["eventId"])
        await go.wait()
        return {"number": len(handled), "raw": b"x"}

    async with native_door.open(sio) as url, connected(url) as client:
        first = asyncio.create_task(client.call("order", {"eventId": "a"}))
        again = asyncio.create_task(client.call("order", {"eventId": "a"}))
        await handled.reaches(1)
        go.set()
        answer = {"number": 1, "raw": b"x"}
        assert await first == await again == answer
        assert await client.call("order", {"eventId": "a"}) == answer
        assert await client.call("order", {"eventId": "b"}) == {**answer, "number": 2}
        assert handled == [("a",), ("b",)]
        assert sio.flow_stats()["repeated"] == 2


async def test_an_id_that_is_too_long_to_remember_names_nothing() -> None:
    door = NATIVE["own-port"]
    sio = door.server()
    handled = Log()
    sio.deduplicate("order")
    sio.on("order", lambda sid, data: handled.add(len(data["id"])))
    async with door.open(sio) as url, connected(url) as client:
        for size in (198, 199):
            for _ in range(2):
                await client.call("order", {"id": "x" * size})
        assert handled == [(198,), (199,), (199,)]


async def test_a_refused_event_may_come_again() -> None:
    door = NATIVE["own-port"]
    sio = door.server()
    sio.deduplicate("order")
    sio.limit("order", "1/200ms")

    @sio.event
    def order(sid: str, data: Any) -> str:
        return "ok"

    async with door.open(sio) as url, connected(url) as client:
        assert await client.call("order", {"id": 1}) == "ok"
        answer = TOO_MUCH
        while answer == TOO_MUCH:
            answer = await client.call("order", {"id": 2})
        assert answer == "ok"

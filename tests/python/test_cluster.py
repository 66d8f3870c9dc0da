"""Servers on one broker that ask each other: operators, and events from server to server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from brokers import ADOPTED, NATIVE, REFERENCE, Bus, Node, broker, node
from conftest import Log, connected, under_uvicorn, until

import sio_native
from sio_native import cluster_answers, cluster_members, cluster_requests
from sio_native.cluster_wire import cluster_message, packed, whom_message
from sio_native.exceptions import AckTimeoutError, ServersError, ServersTimeoutError
from sio_native.selection import EVERYBODY, Selection


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_members, "GRACE", 0.2)
    monkeypatch.setattr(cluster_members, "SOONEST", 0.01)


@contextlib.asynccontextmanager
async def servers(count: int = 2) -> AsyncIterator[list[Any]]:
    """So many servers with a client each, one of python-socketio's, and the bus."""
    bus = Bus()
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(node(NATIVE, bus)) for _ in range(count)]
        reference = await stack.enter_async_context(node(REFERENCE, bus))
        await until(lambda: all(knows(each, count) for each in nodes))
        yield [*nodes, reference, bus]


def knows(of: Node, servers: int) -> bool:
    return bool(of.sio.manager.cluster_stats()["servers"] == servers)


async def test_clients_of_all_servers_are_listed_and_described() -> None:
    async with servers() as (here, there, _reference, _bus):
        await there.sio.enter_room(there.sid, "r")
        await there.sio.enter_room(there.sid, ("a", 1))
        session = {"name": "ü", "blob": b"\x00\xff", "open": object(), 7: [1]}
        await there.sio.save_session(there.sid, session)
        assert await here.sio.all_sockets() == {here.sid, there.sid}
        assert await here.sio.local.all_sockets() == {here.sid}
        assert await here.sio.in_("r").all_sockets() == {there.sid}
        assert await here.sio.except_("r").all_sockets() == {here.sid}
        assert await here.sio.server_count() == 2

        (found,) = await here.sio.to("r").fetch_sockets()
        assert found.id == there.sid
        assert found.rooms == {there.sid, "r", ("a", 1)}
        assert found.data == {"name": "ü", "blob": b"\x00\xff", "7": [1]}  # as JSON carries it
        (known,) = await there.sio.local.fetch_sockets()
        assert abs(found.handshake.issued - known.handshake.issued) < 1_000
        same = {"issued": 0, "time": ""}
        assert replace(found.handshake, **same) == replace(known.handshake, **same)

        await found.join("s")
        await found.leave("r")
        await found.emit("hello", 1, b"2")
        answers = await found.timeout(5).emit_with_ack("ask")
        assert answers == {there.sid: "answer"}
        await there.heard.reaches(1)
        assert there.heard == [("hello", 1, b"2")]
        assert set(there.sio.rooms(there.sid)) == {there.sid, "s", ("a", 1)}
        await found.disconnect()
        await until(lambda: not there.client.connected)
        assert await here.sio.all_sockets() == {here.sid}


async def test_what_is_sent_behind_a_join_reaches_who_has_joined() -> None:
    async with servers() as (here, there, _reference, _bus):
        for number in range(20):
            await here.sio.to(there.sid).sockets_join(number, f"r{number}")
            await here.sio.to(number).emit("in", number)
            await here.sio.to(number).sockets_leave(number)
            await here.sio.to(number).emit("out", number)
        await here.sio.to(there.sid).emit("end")
        await there.heard.reaches(21)
        assert there.heard == [*(("in", number) for number in range(20)), ("end",)]
        assert not any(isinstance(room, int) for room in there.sio.rooms(there.sid))


async def test_what_is_asked_and_what_is_emitted_stay_in_order() -> None:
    async with servers() as (here, there, _reference, bus):
        there.client.on("ask", lambda number: there.heard.add("ask", number))
        asking = []
        for number in range(10):
            chosen = here.sio.to(there.sid)
            asking.append(asyncio.create_task(chosen.emit_with_ack("ask", number)))
            await until(lambda: sum(each["kind"] == "ask" for each in bus.cluster) == len(asking))
            await chosen.emit("news", number)
        await asyncio.gather(*asking)
        await there.heard.reaches(20)
        assert there.heard == [(name, n) for n in range(10) for name in ("ask", "news")]


async def test_clients_of_all_servers_are_put_out() -> None:
    async with servers() as (here, there, reference, _bus):
        await here.sio.to(there.sid).disconnect_sockets()
        await here.sio.emit("behind it")
        await here.sio.disconnect_sockets()
        await until(lambda: not here.client.connected and not there.client.connected)
        assert here.heard == [("behind it",)] and there.heard == []
        assert [each[2] for each in there.log] == ["server disconnect"]
        assert reference.client.connected, "it does not know what it is told"


async def test_clients_of_all_servers_answer() -> None:
    async with servers() as (here, there, _reference, _bus):
        there.client.on("ask", lambda *args: (b"\x01", *args))
        here.client.on("ask", lambda *args: None)
        answers = await here.sio.timeout(5).emit_with_ack("ask", 1, [b"2"])
        assert answers == {here.sid: None, there.sid: (b"\x01", 1, [b"2"])}
        assert await here.sio.to(there.sid).emit_with_ack("ask") == {there.sid: b"\x01"}
        assert await here.sio.to("nobody").emit_with_ack("ask") == {}
        assert await here.sio.except_(there.sid).emit_with_ack("ask") == {here.sid: None}
        for each in (here, there):
            assert len(each.sio._service.acks) == 0
            stats = each.sio.manager.cluster_stats()
            assert (stats["asking"], stats["answering"], stats["bad"]) == (0, 0, 0)
        with pytest.raises(TypeError):
            await here.sio.timeout(5).emit_with_ack("ask", object())
        with pytest.raises(TypeError, match="name of an event"):
            await here.sio.timeout(5).emit_with_ack(1)  # type: ignore[arg-type]


async def test_the_answers_in_time_are_told_wherever_one_is_missing() -> None:
    async with servers(3) as (here, there, third, _reference, _bus):
        forever = asyncio.Event()
        third.client.on("ask", forever.wait)
        for asker in (here, third):
            with pytest.raises(AckTimeoutError, match="'ask' within") as error:
                await asker.sio.timeout(0.5).emit_with_ack("ask")
            assert error.value.answers == {here.sid: "answer", there.sid: "answer"}
        asking = asyncio.create_task(here.sio.emit_with_ack("ask"))
        await until(lambda: third.sio.manager.cluster_stats()["answering"] == 1)
        await third.client.disconnect()  # nobody waits for who has left
        assert await asking == {here.sid: "answer", there.sid: "answer"}
        forever.set()


async def test_who_gives_up_asking_is_not_answered_any_more() -> None:
    async with servers() as (here, there, _reference, bus):
        forever = asyncio.Event()
        there.client.on("ask", forever.wait)
        asking = asyncio.create_task(here.sio.emit_with_ack("ask"))
        await until(lambda: there.sio.manager.cluster_stats()["answering"] == 1)
        asking.cancel()
        await until(lambda: there.sio.manager.cluster_stats()["answering"] == 0)
        assert len(there.sio._service.acks) == 0
        number = next(each["id"] for each in reversed(bus.cluster) if "id" in each)
        late = {"method": "cluster", "from": "x", "kind": "answer", "id": number}
        bus.publish(there.sio.manager.json.dumps({**late, "to": here.sio.manager.host_id}))
        await until(lambda: here.sio.manager.cluster_stats()["late"] == 1)
        forever.set()


async def test_a_server_that_dies_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_members, "DEAD", 0.6)
    monkeypatch.setattr(cluster_members, "BEAT", 0.1)
    async with servers(3) as (here, there, third, _reference, _bus):
        forever = asyncio.Event()
        third.client.on("ask", forever.wait)
        asking = asyncio.create_task(here.sio.emit_with_ack("ask"))
        fetching = asyncio.create_task(here.sio.all_sockets())
        await fetching
        await until(lambda: third.sio.manager.cluster_stats()["answering"] == 1)
        third.sio.manager.thread.cancel()  # it says nothing any more, not even that it ends
        assert await asking == {here.sid: "answer", there.sid: "answer"}
        assert await here.sio.server_count() == 2
        forever.set()


async def test_a_server_that_is_silent_makes_an_error_with_what_the_others_said() -> None:
    async with servers(3) as (here, there, third, _reference, _bus):
        here.sio.manager.requests_timeout = 0.3
        third.sio.manager._cluster._answers.asked = _never
        there.sio.on_server_event("ask", lambda: "there")
        with pytest.raises(ServersTimeoutError, match="1 of 2 other servers") as error:
            await here.sio.all_sockets()
        assert set(error.value.answers) == {here.sid, there.sid}
        with pytest.raises(ServersTimeoutError) as error:
            await here.sio.fetch_sockets()
        assert {each.id for each in error.value.answers} == {here.sid, there.sid}
        with pytest.raises(ServersTimeoutError, match=r"0\.2 seconds") as error:
            await here.sio.server_side_emit_with_ack("ask", timeout=0.2)
        assert error.value.answers == ["there"]
        assert isinstance(error.value, sio_native.exceptions.TimeoutError)


async def _never(message: Any) -> None:
    """A server that does not answer what it is asked."""


async def test_a_server_that_ends_is_known_to_have_ended() -> None:
    async with servers() as (here, there, _reference, bus):
        await there.client.disconnect()
        await there.sio.shutdown()
        await until(lambda: knows(here, 1))
        assert await here.sio.server_side_emit_with_ack("anything") == []
        said = [each["kind"] for each in bus.cluster if each["from"] != here_id(here)]
        assert said[-1] == "bye" and said.count("bye") == 1


def here_id(of: Node) -> str:
    return str(of.sio.manager.host_id)


async def test_events_from_server_to_server() -> None:
    async with servers() as (here, there, _reference, _bus):
        heard = Log()

        @there.sio.on_server_event("add")
        async def add(*numbers: int) -> Any:
            heard.add(*numbers)
            await asyncio.sleep(0)
            return {"sum": sum(numbers), "blob": b"\x00"}

        here.sio.on_server_event("add", lambda *numbers: heard.add("here", *numbers))
        there.sio.on_server_event("add", lambda: "other", namespace="/other")
        there.sio.on_server_event("fail", lambda: 1 / 0)
        there.sio.on_server_event("odd", object)
        assert await here.sio.server_side_emit_with_ack("add", 1, 2) == [
            {"sum": 3, "blob": b"\x00"}
        ]
        await here.sio.server_side_emit("add", 4)
        await heard.reaches(2)
        assert heard == [(1, 2), (4,)], "not to itself"
        assert await here.sio.server_side_emit_with_ack("nobody handles it") == [None]
        other = sio_native.AsyncNamespace("/other")
        here.sio.register_namespace(other)
        assert await other.server_side_emit_with_ack("add") == ["other"]
        there.sio.of("/other").on_server_event("add")(lambda: "again")
        assert await here.sio.of("/other").server_side_emit_with_ack("add") == ["again"]
        with pytest.raises(ServersError, match="ZeroDivisionError: division by zero") as error:
            await here.sio.server_side_emit_with_ack("fail")
        assert error.value.answers == []
        with pytest.raises(ServersError, match="TypeError"):
            await here.sio.server_side_emit_with_ack("odd")
        with pytest.raises(TypeError):
            await here.sio.server_side_emit("add", object())


async def test_one_server_alone_has_nobody_to_ask() -> None:
    sio = sio_native.AsyncServer()
    sio.on_server_event("x", lambda: 1)
    await sio.server_side_emit("x")
    assert await sio.server_side_emit_with_ack("x") == []
    assert await sio.server_count() == 1
    assert await sio.all_sockets() == set()
    for name in ("connect", "connection", "new_namespace"):
        with pytest.raises(ValueError, match="reserved"):
            await sio.server_side_emit(name)
        with pytest.raises(ValueError, match="reserved"):
            await sio.server_side_emit_with_ack(name)
        with pytest.raises(ValueError, match="reserved"):
            sio.on_server_event(name)
    with pytest.raises(TypeError, match="name of an event"):
        await sio.server_side_emit(1)  # type: ignore[arg-type]
    for seconds in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="must be"):
            await sio.server_side_emit_with_ack("x", timeout=seconds)
        with pytest.raises(ValueError, match="requests_timeout must be"):
            sio_native.AsyncRedisManager(requests_timeout=seconds)


async def test_a_process_that_only_publishes_moves_clients_and_cannot_ask() -> None:
    async with servers() as (_here, there, _reference, bus):
        heard = Log()
        there.sio.on_server_event("told", heard.add)
        worker = broker(sio_native, bus, write_only=True)
        sio = sio_native.AsyncServer(client_manager=worker)
        await sio.to(there.sid).sockets_join("r", "s")
        await sio.to("r").sockets_leave("s")
        await sio.to("r").emit("hello")
        await sio.server_side_emit("told", 1)
        await heard.reaches(1)
        await there.heard.reaches(1)
        assert set(there.sio.rooms(there.sid)) == {there.sid, "r"}
        for ask in (
            sio.all_sockets(),
            sio.fetch_sockets(),
            sio.timeout(1).emit_with_ack("ask"),
            sio.server_side_emit_with_ack("told", 1),
            sio.server_count(),
        ):
            with pytest.raises(RuntimeError, match="only publishes"):
                await ask
        assert await sio.local.all_sockets() == set()
        alone = broker(sio_native, bus, write_only=True)
        await alone.add_sockets(Selection(rooms=("r",)), ["t"])
        await alone.remove_sockets(Selection(rooms=("t",)), ["r"])
        await alone.server_side_emit("/", "told", (2,))
        await heard.reaches(2)
        assert set(there.sio.rooms(there.sid)) == {there.sid, "t"}
        await alone.disconnect_sockets(Selection(rooms=("t",)), False)
        await until(lambda: not there.client.connected)


async def test_a_manager_made_for_python_socketio_says_that_it_cannot_ask() -> None:
    async with node(ADOPTED, Bus()) as here:
        for ask in (
            here.sio.all_sockets(),
            here.sio.fetch_sockets(),
            here.sio.emit_with_ack("ask"),
            here.sio.sockets_join("r"),
            here.sio.server_side_emit("x"),
            here.sio.server_side_emit_with_ack("x"),
        ):
            with pytest.raises(ValueError, match="made for python-socketio"):
                await ask
        assert await here.sio.local.all_sockets() == {here.sid}
        assert await here.sio.local.emit_with_ack("ask") == {here.sid: "answer"}


BAD: list[Any] = [
    {"kind": "ask", "id": 1, "what": "everything"},
    {"kind": "ask", "id": [], "what": "sids"},
    {"kind": "ask", "id": 1, "what": "sids"},
    {"kind": "ask", "id": 2, "what": "sids", "nsp": "/", "rooms": None, "except": []},
    {"kind": "ask", "id": 3, "what": "event", "nsp": 1, "event": [], "args": [[]]},
    {
        "kind": "ask",
        "id": 3,
        "what": "acks",
        "nsp": "/",
        "rooms": [],
        "except": [],
        "volatile": 0,
        "event": "ask",
        "args": [[]],
        "timeout": "1",
    },
    {"kind": "ask", "id": 4, "what": "acks", "nsp": "/", "rooms": [{}], "except": []},
    {"kind": "answer", "to": "HERE", "id": {}, "part": [], "last": True, "error": None},
    {"kind": "beat"},
    {"kind": "beat", "new": {}, "from": []},
    {"kind": "end"},
    {"kind": "join"},
    {"kind": "join", "nsp": "/", "rooms": [], "except": [], "volatile": 0, "into": [None]},
    {"kind": "join", "nsp": "/", "rooms": [], "except": [], "volatile": 0, "into": ["\0uann"]},
    {"kind": "join", "nsp": "/", "rooms": [], "except": [], "volatile": 0, "into": [{"a": 1}]},
    {"kind": "event", "nsp": "/", "event": "x", "args": 7},
    {"kind": "event", "nsp": "/", "event": {}, "args": [[], "not base64!"]},
    {"kind": "disconnect", "nsp": "/", "rooms": [[[]]]},
    {"kind": []},
    {},
]


async def test_messages_that_are_wrong_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    async with servers() as (here, there, _reference, bus):
        here.sio.manager.logger = logging.getLogger("told")
        for each in BAD:
            message = {"method": "cluster", "from": "stranger", **each}
            if message.get("to") == "HERE":
                message["to"] = here_id(here)
            bus.publish(here.sio.manager.json.dumps(message))
        assert await here.sio.all_sockets() == {here.sid, there.sid}
        stats = here.sio.manager.cluster_stats()
        left = 2  # one that is no server's, and an end of nothing: they harm nobody
        assert len(BAD) - left <= stats["bad"] <= len(BAD) and stats["servers"] == 2
        warned = [each for each in caplog.records if each.levelno >= logging.WARNING]
        assert sum("left out" in each.getMessage() for each in warned) == 1, "the first one"
        assert here.client.connected
        await until(lambda: here.sio.manager.cluster_stats()["answering"] == 0)


def mutated(dice: random.Random, value: Any) -> Any:
    """The same with a part of it left out, or something else in its place."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        key = dice.choice(list(value))
        return {**value, key: mutated(dice, value[key])}
    if isinstance(value, list) and value and dice.random() < 0.8:
        place = dice.randrange(len(value))
        return [*value[:place], mutated(dice, value[place]), *value[place + 1 :]]
    others = [None, True, -1, 1e308, "", "x", [], {}, [[]], [None], {"a": []}, "/", "\0uann"]
    return dice.choice(others)


async def test_messages_that_are_nearly_right_do_no_harm() -> None:
    whom, event = whom_message(EVERYBODY), {"event": "x", "args": packed([1, b"2"])}
    right = [
        cluster_message("s", "beat", new=True),
        cluster_message("s", "join", **whom, into=["r", 1]),
        cluster_message("s", "leave", **whom, into=["r"]),
        cluster_message("s", "event", nsp="/", **event),
        cluster_message("s", "ask", id=1, what="sockets", **whom),
        cluster_message("s", "ask", id=2, what="acks", timeout=0.01, **whom, **event),
        cluster_message("s", "ask", id=3, what="event", nsp="/", **event),
        cluster_message("s", "end", id=2),
    ]
    async with node(NATIVE, Bus()) as here:
        await here.sio.all_sockets()
        manager, dice = here.sio.manager, random.Random(7)
        for _ in range(2_000):
            message = dice.choice(right)
            for _ in range(dice.randrange(1, 3)):
                message = mutated(dice, message)
            if isinstance(message, dict):
                await manager._heard({**message, "method": "cluster"})
        await until(lambda: manager.cluster_stats()["answering"] == 0)
        assert manager.cluster_stats()["bad"] > 100
        assert here.client.connected
        assert await here.sio.local.all_sockets() == {here.sid}


async def test_wrong_answers_and_too_long_ones_end_in_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with servers() as (here, there, _reference, bus):
        here.sio.manager.requests_timeout = 0.3
        answers = there.sio.manager._cluster._answers

        async def ill(message: Any) -> None:
            entries = [[1], {"sid": 2}]
            answer = {"kind": "answer", "to": message["from"], "id": message["id"], "error": None}
            head = {"method": "cluster", "from": here_id(there), "last": False}
            bus.publish(here.sio.manager.json.dumps({**head, **answer, "part": entries}))
            bus.publish(here.sio.manager.json.dumps({**head, **answer, "part": 7}))

        with monkeypatch.context() as patched:
            patched.setattr(answers, "asked", ill)
            for ask in (here.sio.all_sockets, here.sio.fetch_sockets):
                with pytest.raises(ServersTimeoutError):
                    await ask()
        assert here.sio.manager.cluster_stats()["bad"] == 4
        here.sio.manager.requests_timeout = 5
        with monkeypatch.context() as patched:
            patched.setattr(cluster_requests, "MOST_ENTRIES", 0)
            with pytest.raises(ServersError, match="more than 0 entries"):
                await here.sio.all_sockets()
        with monkeypatch.context() as patched:
            patched.setattr(cluster_answers, "MOST_AT_ONCE", 0)
            with pytest.raises(ServersError, match="too much to answer"):
                await here.sio.all_sockets()
        with monkeypatch.context() as patched:
            patched.setattr(cluster_requests, "MOST_REQUESTS", 0)
            with pytest.raises(RuntimeError, match="requests wait"):
                await here.sio.all_sockets()
        assert there.sio.manager.cluster_stats()["refused"] == 1


async def test_long_answers_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_answers, "SIDS_IN_A_PART", 2)
    monkeypatch.setattr(cluster_answers, "SOCKETS_IN_A_PART", 2)
    monkeypatch.setattr(cluster_answers, "ANSWERS_IN_A_PART", 2)
    async with servers() as (here, there, _reference, bus), contextlib.AsyncExitStack() as stack:
        more = [await stack.enter_async_context(connected(there.url)) for _ in range(6)]
        for each in more:
            each.on("ask", lambda: 1)
        sids = {each.get_sid() for each in more}
        await there.sio.to(*sids).sockets_join("r")
        assert await here.sio.to("r").all_sockets() == sids
        assert {each.id for each in await here.sio.to("r").fetch_sockets()} == sids
        assert await here.sio.to("r").timeout(5).emit_with_ack("ask") == dict.fromkeys(sids, 1)
        parts = [len(each["part"]) for each in bus.cluster if each["kind"] == "answer"]
        assert max(parts) == 2 and sum(parts) == 18


async def test_it_can_be_asked_before_the_first_client_and_again_after_the_end() -> None:
    bus = Bus()
    async with node(NATIVE, bus) as there:
        sio = sio_native.AsyncServer(client_manager=broker(sio_native, bus))
        async with under_uvicorn(sio_native.ASGIApp(sio)):
            for _ in range(2):
                assert await sio.all_sockets() == {there.sid}
                await sio.shutdown()


async def test_a_channel_that_is_not_heard_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus()
    async with node(NATIVE, bus) as here:
        await here.sio.all_sockets()
        monkeypatch.setattr(bus, "publish", lambda payload: None)
        here.sio.manager._cluster._members._echo_at = 0.0
        here.sio.manager.requests_timeout = 0.1
        with pytest.raises(ServersTimeoutError, match="does not hear"):
            await here.sio.all_sockets()
        with pytest.raises(AckTimeoutError) as error:
            await here.sio.timeout(0.2).emit_with_ack("ask")
        assert error.value.answers == {here.sid: "answer"}

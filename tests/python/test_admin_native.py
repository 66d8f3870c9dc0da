"""What sio_native does for admins beyond python-socketio: its bounds, and what watching costs."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
import socketio
from admin_client import Admin, admin_at, polling_client, watched
from conftest import BRIDGE, OWN_PORT, Door, connected, until

from sio_native import admin_auth, admin_details, admin_sockets

CREDENTIALS = {"username": "admin", "password": "secret"}


# --- nobody watches ---


async def test_watching_costs_nothing_while_no_admin_is_connected() -> None:
    async with watched(OWN_PORT) as (sio, url), connected(url) as client:

        def is_watching() -> bool:
            return sio._core.watcher is not None or sio._registry.deliver_all

        quick = sio._core.quick_emit
        assert not is_watching()
        for _ in range(2):
            async with admin_at(url) as admin:
                await admin.hears("config")
                assert is_watching()
                assert not sio._core.quick_emit("e", None, None, None, None, None)
            await until(lambda: not is_watching())
            assert type(sio._core.quick_emit) is type(quick)
            assert sio._core.quick_emit("e", None, None, None, None, None)
        assert await client.call("echo", 1) == 1


async def test_details_go_on_while_one_of_two_admins_is_left() -> None:
    async with watched(OWN_PORT) as (_, url), admin_at(url) as first:
        async with admin_at(url):
            pass
        await first.hears("socket_disconnected")
        async with connected(url) as client:
            sid = client.get_sid()
            await first.hears("socket_connected", lambda told, at: told["id"] == sid)


async def test_in_production_python_hears_of_no_event_that_nobody_handles() -> None:
    async with watched(OWN_PORT, mode="production") as (sio, url), admin_at(url) as admin:
        await admin.hears("config")
        assert sio._core.watcher is None
        assert not sio._registry.deliver_all


async def test_an_admin_that_is_not_let_in_starts_nothing() -> None:
    async with watched(OWN_PORT, auth=CREDENTIALS) as (sio, url):
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with admin_at(url, auth={"username": "x"}):
                pass
        assert sio._core.watcher is None


async def test_uninstrumenting_ends_it_all() -> None:
    sio = OWN_PORT.server()
    sio.on("echo", lambda sid, *args: args)
    instrumented = sio.instrument(auth=False)
    async with OWN_PORT.open(sio) as url, admin_at(url) as admin:
        await admin.hears("config")
        instrumented.uninstrument()
        assert sio._core.watcher is None
        assert instrumented.stats_task is None
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with admin_at(url):
                pass
        async with connected(url) as client:
            assert await client.call("echo", 1) == 1


# --- the numbers ---


async def test_counters_are_right_under_load(native_door: Door) -> None:
    clients, calls = 8, 50
    async with (
        watched(native_door, mode="production") as (sio, url),
        contextlib.AsyncExitStack() as s,
    ):
        made = [
            await s.enter_async_context(
                connected(url, transports=["polling" if i % 4 == 0 else "websocket"])
            )
            for i in range(clients)
        ]
        before = sio._core.engine.admin_stats()
        await asyncio.gather(*(each.call("echo", "x" * 10) for each in made for _ in range(calls)))
        after = sio._core.engine.admin_stats()
        counted = before.keys() - {"sockets", "recovery"}
        grown = {name: after[name] - before[name] for name in counted}
        assert grown["packets_in"] == clients * calls
        assert grown["packets_out"] == clients * calls
        smallest = len('420["echo","xxxxxxxxxx"]')
        assert smallest <= grown["bytes_in"] / (clients * calls) <= smallest + 2
        assert grown["opened"] == grown["closed"] == 0
        assert after["sessions"] == clients
        assert after["polling"] == clients / 4
        assert after["sockets"] == {"/": clients}


async def test_what_is_told_in_each_interval_adds_up(native_door: Door) -> None:
    async with watched(native_door, mode="production") as (_, url), admin_at(url) as admin:
        await admin.hears("config")
        for _ in range(3):
            async with connected(url) as client:
                await asyncio.gather(*(client.call("echo", i) for i in range(20)))

        def total(kind: str) -> int:
            return sum(
                event["count"]
                for (stats,) in admin.all_of("server_stats")
                for event in stats["aggregatedEvents"]
                if event["type"] == kind
            )

        while total("rawDisconnection") < 3:
            await admin.told.reaches(len(admin.told) + 1)
        assert total("rawConnection") == 3
        assert total("rawDisconnection") == 3
        assert total("packetsIn") >= 3 * 20
        assert total("bytesOut") > total("packetsOut") > 0


# --- bounds ---


async def test_beyond_the_bound_details_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_details, "MAX_DETAILS", 100)
    async with (
        watched(OWN_PORT, server_stats_interval=1000) as (sio, url),
        connected(url) as client,
        admin_at(url) as admin,
    ):
        await admin.hears("all_sockets")
        before = sio._core.engine.admin_stats()["packets_in"]
        await asyncio.gather(*(client.call("echo", i) for i in range(300)))
        await sio.emit("to everybody")
        assert await client.call("echo", "the last") == "the last"
        assert sio._core.engine.admin_stats()["packets_in"] - before == 301
        details = [entry for entry in admin.told if entry[0] not in ("config", "all_sockets")]
        assert len(details) <= 100
        assert sio._core.watcher.skipped >= 200


async def test_an_admin_that_has_missed_changes_is_told_of_all_sockets_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin_details, "MAX_DETAILS", 5)
    async with watched(OWN_PORT) as (_, url), admin_at(url) as admin:
        await admin.hears("all_sockets")
        async with contextlib.AsyncExitStack() as stack:
            made = [await stack.enter_async_context(connected(url)) for _ in range(6)]
            sids = {each.get_sid() for each in made}
            await admin.hears("all_sockets", lambda told: sids <= {each["id"] for each in told})
        await admin.hears("server_stats", lambda stats: stats["clientsCount"] == 1)


async def test_many_sockets_are_told_in_slices(
    native_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_sockets, "SLICE", 2)
    monkeypatch.setattr(admin_sockets, "FIRST", 4)
    async with watched(native_door) as (_, url), contextlib.AsyncExitStack() as stack:
        made = [await stack.enter_async_context(connected(url)) for _ in range(9)]
        sids = {each.get_sid() for each in made}
        async with admin_at(url) as admin:
            (first,) = await admin.hears("all_sockets")
            assert 4 <= len(first) < 6  # slices of 2, but for the last of a namespace

            def known() -> set[str]:
                later = (told for told, _ in admin.all_of("socket_connected"))
                return {each["id"] for each in (*first, *later)}

            while not sids <= known():
                await admin.told.reaches(len(admin.told) + 1)


async def test_an_admin_that_does_not_read_gets_no_more_details(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin_sockets, "MAX_BACKLOG", 1000)
    async with (
        watched(OWN_PORT, server_stats_interval=1000) as (sio, url),
        connected(url) as client,
        polling_client(url, "40/admin,") as (_, eio_sid),
    ):
        await until(lambda: sio._core.watcher is not None)
        for i in range(50):
            await client.call("echo", "x" * 100 + str(i))
        assert sio._core.watcher.skipped > 0
        assert 1000 < sio._core.engine.queued_bytes(eio_sid) < 20_000


async def test_a_refused_client_is_not_told_of(native_door: Door) -> None:
    async with watched(native_door) as (sio, url), admin_at(url) as admin:

        @sio.on("connect", namespace="/closed")
        def refuse(sid: str, environ: Any) -> bool:
            return False

        await admin.hears("all_sockets")
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(url, namespaces=["/closed"]):
                pass
        async with connected(url) as client:
            sid = client.get_sid()
            await admin.hears("socket_connected", lambda told, at: told["id"] == sid)
        assert {told["nsp"] for told, _ in admin.all_of("socket_connected")} <= {"/", "/admin"}


@pytest.mark.parametrize("door", [OWN_PORT, BRIDGE], ids=["own-port", "bridge"])
async def test_a_change_of_transport_is_told(door: Door) -> None:
    async with (
        watched(door) as (_, url),
        admin_at(url) as admin,
        polling_client(url) as (session, eio_sid),
    ):
        told, _ = await admin.hears(
            "socket_connected", lambda told, at: told["clientId"] == eio_sid
        )
        assert told["transport"] == "polling"
        address = f"{url}/socket.io/?EIO=4&transport=websocket&sid={eio_sid}"
        async with session.ws_connect(address) as ws:
            await ws.send_str("2probe")
            assert (await ws.receive_str()) == "3probe"
            await ws.send_str("5")
            updated = await admin.hears("socket_updated")
            assert updated == ({"id": told["id"], "nsp": "/", "transport": "websocket"},)


async def test_events_are_told_with_their_bytes() -> None:
    async with watched(OWN_PORT) as (_, url), connected(url) as client, admin_at(url) as admin:
        await admin.hears("all_sockets")
        await client.emit("echo", ("text", {"bytes": b"\x00\xff"}))
        _, _, event, _ = await admin.hears("event_received")
        assert event == ["echo", "text", {"bytes": b"\x00\xff"}]


# --- sessions ---


async def session_of(admin: Admin) -> str:
    (session_id,) = await admin.hears("session")
    assert isinstance(session_id, str)
    return session_id


async def test_an_admin_comes_back_with_its_session() -> None:
    async with watched(OWN_PORT, auth=[CREDENTIALS]) as (_, url):
        async with admin_at(url, auth=CREDENTIALS) as admin:
            session_id = await session_of(admin)
        async with admin_at(url, auth={"sessionId": session_id}) as admin:
            await admin.hears("config")
            assert not admin.all_of("session")
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with admin_at(url, auth={"sessionId": session_id[:-1]}):
                pass


async def test_sessions_are_forgotten_in_time_and_beyond_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin_auth, "MAX_SESSIONS", 2)
    authenticator = admin_auth.Authenticator(CREDENTIALS)
    ids = [authenticator.session_id(CREDENTIALS) for _ in range(3)]
    assert [await authenticator.admits({"sessionId": each}) for each in ids] == [False, True, True]
    monkeypatch.setattr(admin_auth, "SESSION_SECONDS", -1)
    outdated = authenticator.session_id(CREDENTIALS)
    assert not await authenticator.admits({"sessionId": outdated})


async def test_a_function_is_asked_each_time_and_gives_no_session() -> None:
    asked = []

    def decide(sent: Any) -> bool:
        asked.append(sent)
        return True

    async with watched(OWN_PORT, auth=decide) as (_, url):
        for _ in range(2):
            async with admin_at(url, auth={"a": 1}) as admin:
                await admin.hears("server_stats")
                assert not admin.all_of("session")
    assert asked == [{"a": 1}, {"a": 1}]


# --- bad input ---


async def test_a_command_that_makes_no_sense_is_not_obeyed() -> None:
    nonsense: list[tuple[Any, ...]] = [
        ("emit",),
        ("emit", {}, None, "x"),
        ("emit", "/", {"a": 1}, "x"),
        ("emit", "/", None, 7),
        ("join", "/", {"not": "a room"}),
        ("join", "/nowhere", "room"),
        ("join", "/", "room", [["nested"]]),
        ("leave", 7, "room"),
        ("_disconnect", None, None, "nobody"),
        ("_disconnect",),
    ]
    async with watched(OWN_PORT) as (_, url), connected(url) as client, admin_at(url) as admin:
        for each in nonsense:
            await admin.asks(*each)
        heard = asyncio.Event()
        client.on("still there", heard.set)
        await admin.asks("emit", "/", None, "still there")
        await heard.wait()
        assert await client.call("echo", 1) == 1

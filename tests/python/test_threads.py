"""`AsyncServer(threads=N)`: real clients whose sessions are on different threads of the engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import socketio
from conftest import BRIDGE, HANDOFF, THREADS, Door, Log, connected

import sio_native

COUNT = 3
CLIENTS = 2 * COUNT

TRANSPORTS = {
    "websocket": ["websocket"],
    "polling": ["polling"],
    "upgrade": ["polling", "websocket"],
}


@pytest.fixture(params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def transports(request: pytest.FixtureRequest) -> list[str]:
    return request.param


DOORS = {"own-port": THREADS, "handoff": HANDOFF, "bridge": BRIDGE}


@pytest.fixture(params=DOORS.values(), ids=DOORS.keys())
def door(request: pytest.FixtureRequest) -> Door:
    return request.param


def make(door: Door, **options: Any) -> sio_native.AsyncServer:
    return door.server(**{"threads": COUNT, **options})


@contextlib.asynccontextmanager
async def crowd(
    sio: sio_native.AsyncServer, url: str, transports: list[str], log: Log
) -> AsyncIterator[list[socketio.AsyncClient]]:
    """Clients, two on each thread, that log every event with their number.

    The server ends them: a polling client of python-socketio that leaves while it is sending
    waits for ever.
    """
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for number in range(CLIENTS):
            client = await stack.enter_async_context(connected(url, transports=transports))
            client.on("*", lambda event, *args, number=number: log.add(number, event, *args))
            clients.append(client)
        yield clients
        for client in clients:
            if client.connected:
                await sio.disconnect(client.get_sid())
            await client.eio.wait()


def sids(clients: list[socketio.AsyncClient]) -> list[str]:
    return [client.get_sid() for client in clients]


async def test_rooms_reach_over_threads(door: Door, transports: list[str]) -> None:
    sio, log = make(door), Log()
    async with door.open(sio) as url, crowd(sio, url, transports, log) as clients:
        everyone = sids(clients)
        await sio.emit("all", {"to": ["everyone"]})
        await log.reaches(CLIENTS)
        assert sorted(log) == [(number, "all", {"to": ["everyone"]}) for number in range(CLIENTS)]

        for sid in everyone[:4]:
            await sio.enter_room(sid, "room")
        await sio.enter_room(everyone[4], "more")
        log.clear()
        await sio.emit("news", b"bytes", room=["room", "more"], skip_sid=everyone[1])
        await sio.emit("end")
        await log.reaches(4 + CLIENTS)
        assert sorted(entry for entry in log if entry[1] == "news") == [
            (number, "news", b"bytes") for number in (0, 2, 3, 4)
        ]
        assert set(sio.rooms(everyone[0])) == {everyone[0], "room"}
        assert sorted(sid for sid, _ in sio.manager.get_participants("/", "room")) == sorted(
            everyone[:4]
        )

        await sio.leave_room(everyone[0], "room")
        await sio.close_room("more")
        log.clear()
        await sio.emit("news", room="more")
        await sio.emit("news", room="room")
        await sio.emit("end", to=everyone[0])
        await log.reaches(4)
        assert sorted(log) == [(0, "end"), (1, "news"), (2, "news"), (3, "news")]


async def test_another_clients_room_is_its_own(door: Door) -> None:
    sio, log = make(door), Log()
    async with door.open(sio) as url, crowd(sio, url, ["websocket"], log) as clients:
        for other in clients[1:]:
            with pytest.raises(ValueError, match="sid"):
                await sio.enter_room(clients[0].get_sid(), other.get_sid())
            with pytest.raises(ValueError, match="sid"):
                await sio.close_room(other.get_sid())


async def test_every_client_answers_an_emit_once(door: Door, transports: list[str]) -> None:
    sio, log = make(door), Log()
    async with door.open(sio) as url, crowd(sio, url, transports, Log()) as clients:
        for number, client in enumerate(clients):
            client.on("ask", lambda number=number: number)
            await sio.enter_room(client.get_sid(), "room")
        await sio.emit("ask", room="room", callback=lambda number: log.add(number))
        await log.reaches(CLIENTS)
        assert sorted(log) == [(number,) for number in range(CLIENTS)]
        for number, client in enumerate(clients):
            assert await sio.call("ask", to=client.get_sid()) == number
        assert len(sio._service.acks) == 0  # ended: none is waited for any more
        assert len(log) == CLIENTS


async def test_events_sessions_and_disconnects_find_their_client(
    door: Door, transports: list[str]
) -> None:
    sio, gone = make(door), Log()

    async def keep(sid: str, value: Any) -> Any:
        async with sio.session(sid) as session:
            session["value"] = value
        return sio.transport(sid), sio.get_environ(sid)["REMOTE_ADDR"]

    sio.on("keep", keep)
    sio.on("leave", sio.disconnect)
    sio.on("disconnect", lambda sid, reason: gone.add(sid, reason))
    async with door.open(sio) as url, crowd(sio, url, transports, Log()) as clients:
        last = transports[-1]
        for number, client in enumerate(clients):
            assert await client.call("keep", number) == (last, "127.0.0.1")
        for number, client in enumerate(clients):
            assert await sio.get_session(client.get_sid()) == {"value": number}
        leaving = sids(clients)
        await sio.disconnect(leaving[0])
        await clients[1].emit("leave")
        await gone.reaches(2)
        assert set(gone) == {
            (leaving[0], "server disconnect"),
            (leaving[1], "server disconnect"),
        }
    await gone.reaches(CLIENTS)
    assert sorted(sid for sid, _ in gone) == sorted(leaving)


async def test_polling_works_over_a_fresh_connection_for_every_request(door: Door) -> None:
    sio, heard = make(door), Log()
    sio.on("echo", lambda sid, data: data)
    async with (
        door.open(sio) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http,
    ):
        client_sids = []
        for _ in range(CLIENTS):
            client = socketio.AsyncClient(reconnection=False, http_session=http)
            await client.connect(url, transports=["polling"])
            client.on("news", lambda number: heard.add(number))
            client_sids.append(client.get_sid())
            for number in range(5):
                assert await client.call("echo", number) == number
        for number, sid in enumerate(client_sids):
            await sio.emit("news", number, to=sid)
        await heard.reaches(CLIENTS)
        assert sorted(heard) == [(number,) for number in range(CLIENTS)]
        for sid in client_sids:
            await sio.disconnect(sid)


async def test_the_limit_of_sessions_is_one_for_all_threads(door: Door) -> None:
    sio = make(door, max_sessions=CLIENTS)
    async with door.open(sio) as url, crowd(sio, url, ["websocket"], Log()):
        for _ in range(COUNT):
            with pytest.raises(socketio.exceptions.ConnectionError):
                await socketio.AsyncClient(reconnection=False).connect(url)


async def test_shutdown_ends_all_threads_and_the_server_starts_again() -> None:
    sio = make(THREADS)
    for _ in range(2):
        gone = Log()
        sio.on("disconnect", lambda sid, reason, gone=gone: gone.add(reason))
        host, port = sio.listen("127.0.0.1", 0)
        ended = Log()
        clients = [socketio.AsyncClient(reconnection=False) for _ in range(CLIENTS)]
        for client in clients:
            client.on("disconnect", ended.add)
            await client.connect(f"http://{host}:{port}", transports=["websocket"])
        await sio.shutdown()
        assert gone == [("server disconnect",)] * CLIENTS
        await ended.reaches(CLIENTS)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await socketio.AsyncClient(reconnection=False).connect(f"http://{host}:{port}")


async def test_many_clients_at_once_hear_the_broadcasts_in_order() -> None:
    sio, rounds = make(THREADS), 50
    heard: dict[str, list[int]] = {}
    complete = Log()

    async def join(url: str, stack: contextlib.AsyncExitStack) -> None:
        client = await stack.enter_async_context(connected(url))
        mine = heard.setdefault(client.get_sid(), [])

        def take(number: int) -> None:
            mine.append(number)
            if number == rounds - 1:
                complete.add(client.get_sid())

        client.on("news", take)

    async with THREADS.open(sio) as url, contextlib.AsyncExitStack() as stack:
        await asyncio.gather(*(join(url, stack) for _ in range(30)))
        for number in range(rounds):
            await sio.emit("news", number)
        await complete.reaches(30)
    assert list(heard.values()) == [list(range(rounds))] * 30

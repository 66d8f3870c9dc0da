"""Known frameworks' use of python-socketio, over real sockets: on sio_native and the original."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import socketio

from .limits import eventually, run
from .processes import running
from .serving import Server

PACKAGES = ["socketio", "sio_native"]

Events = asyncio.Queue[tuple[object, ...]]


@pytest.fixture(scope="module", params=PACKAGES)
def package(request: pytest.FixtureRequest) -> str:
    return request.param


def serve(name: str, package: str) -> contextlib.AbstractContextManager[Server]:
    return running(["interop.backend_scenarios", name, package], package)


@pytest.fixture(scope="module")
def reflex(package: str) -> Iterator[Server]:
    with serve("reflex", package) as server:
        yield server


@pytest.fixture(scope="module")
def nicegui(package: str) -> Iterator[Server]:
    with serve("nicegui", package) as server:
        yield server


@pytest.fixture(scope="module", params=["fastapi-socketio", "fastapi-socketio as a subclass"])
def fastapi_socketio(package: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    with serve(request.param, package) as server:
        yield server


@contextlib.asynccontextmanager
async def client(
    server: Server, path: str, query: str = "", namespace: str = "/", **options: object
) -> AsyncIterator[tuple[socketio.AsyncClient, Events]]:
    """A connected client, and every event that it gets."""
    sio = socketio.AsyncClient(reconnection=False)
    events: Events = asyncio.Queue()
    sio.on("*", lambda *event: events.put_nowait(event), namespace=namespace)
    sio.on("disconnect", lambda *_: events.put_nowait(("disconnect",)), namespace=namespace)
    url = f"{server.url}?{query}"
    await sio.connect(url, socketio_path=path, namespaces=[namespace], **options)
    try:
        yield sio, events
    finally:
        await sio.disconnect()


# --- Reflex ---

REFLEX = {"path": "/_event", "namespace": "/_event", "transports": ["websocket"]}


def test_reflex_sends_updates_that_only_its_own_json_can_write(reflex):
    async def conversation():
        headers = {"User-Agent": "a browser"}
        async with client(reflex, query="token=t1", headers=headers, **REFLEX) as (sio, events):
            event = {"token": "t1", "name": "state.click", "payload": {"n": 1, "text": "ü"}}
            await sio.emit("event", event, namespace="/_event")
            state = {
                "got": event,
                "token": "t1",
                "tokens": ["t1"],
                "agent": "a browser",
                "ip": "127.0.0.1",
                "subprotocol": None,
            }
            for final in (False, True):
                update = {"delta": {"state": state}, "events": [], "final": final}
                assert await events.get() == ("event", update)
            await sio.emit("ping", namespace="/_event")
            assert await events.get() == ("ping", "pong")

    run(conversation())


def test_reflex_gives_a_duplicated_tab_a_new_token_and_forgets_it_afterwards(reflex):
    async def tokens(sio: socketio.AsyncClient, events: Events) -> list[str]:
        await sio.emit("event", {}, namespace="/_event")
        await events.get()
        return (await events.get())[1]["delta"]["state"]["tokens"]

    async def conversation():
        async with client(reflex, query="token=t2", **REFLEX) as (first, of_first):
            async with client(reflex, query="token=t2", **REFLEX) as (_, of_second):
                assert await of_second.get() == ("new_token", "t2-new")
                assert await tokens(first, of_first) == ["t2", "t2-new"]

            async def forgotten():
                return await tokens(first, of_first) == ["t2"]

            await eventually(forgotten, "the second tab's token is forgotten")

    run(conversation())


def test_reflex_page_and_server_agree_on_a_subprotocol(reflex):
    """A browser gives up a WebSocket that asked for a subprotocol and was not given one."""

    async def conversation():
        url = f"{reflex.url}/_event/?EIO=4&transport=websocket&token=t3"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, protocols=["0.8.1"]) as websocket,
        ):
            assert websocket.protocol == "0.8.1"
            assert (await websocket.receive_str()).startswith("0{")
            await websocket.send_str("40/_event,")
            assert (await websocket.receive_str()).startswith("40/_event,{")
            await websocket.send_str('42/_event,["ping"]')
            assert await websocket.receive_str() == '42/_event,["ping","pong"]'

    run(conversation())


def test_reflex_refuses_polling(reflex):
    async def conversation():
        url = f"{reflex.url}/_event/?EIO=4&transport=polling"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == 400

    run(conversation())


# --- NiceGUI ---

NICEGUI_PATH = "/_nicegui_ws/socket.io"


async def nicegui_knows(server: Server, client_id: str) -> dict:
    url = f"{server.url}/client/{client_id}"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.json()


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
def test_nicegui_shakes_hands_and_sends_updates_from_its_outbox(nicegui, transports):
    async def conversation():
        client_id = "-".join(transports)
        query = f"client_id={client_id}"
        async with client(nicegui, NICEGUI_PATH, query, transports=transports) as (sio, events):
            assert await sio.call("handshake", {"client_id": "unknown"}) is False
            assert await sio.call("handshake", {"client_id": client_id}) is True
            for number in range(3):
                args = {"value": [1.5, None, "✓"]}
                await sio.emit("event", {"client_id": client_id, "id": number, "args": args})
                assert await events.get() == ("update", {str(number): args})
            await sio.call("ack", {"client_id": client_id, "next_message_id": 3})
            await sio.call("ack", {"client_id": "unknown", "next_message_id": 3})
            sid = sio.get_sid()

        async def left():
            return (await nicegui_knows(nicegui, client_id))["left"]

        assert await eventually(left, "the disconnect handler has run") == [sid]
        assert (await nicegui_knows(nicegui, client_id))["acked"] == 3

    run(conversation())


def test_nicegui_sets_the_heartbeat_after_the_server_was_made(nicegui):
    async def conversation():
        url = f"{nicegui.url}{NICEGUI_PATH}/?EIO=4&transport=websocket&client_id=slow"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url) as websocket,
        ):
            opened = await websocket.receive_str()
            assert '"pingInterval":4000' in opened and '"pingTimeout":2000' in opened

    run(conversation())


# --- fastapi-socketio ---


def test_fastapi_socketio_joins_leaves_and_remembers(fastapi_socketio):
    async def conversation():
        server = fastapi_socketio
        async with (
            client(server, "/socket.io") as (one, to_one),
            client(server, "/socket.io", transports=["websocket"]) as (two, to_two),
        ):
            await one.emit("join", "the room")
            assert await to_one.get() == ("lobby", "User joined")
            await two.emit("join", "the room")
            for events in (to_one, to_two):
                assert await events.get() == ("lobby", "User joined")
            assert await two.call("leave") == "the room"
            assert await to_one.get() == ("lobby", "User left")
            await one.emit("join", "the room")
            assert await to_one.get() == ("lobby", "User joined")
            assert to_two.empty()

    run(conversation())


def test_fastapi_socketio_calls_from_a_background_task(fastapi_socketio):
    async def conversation():
        async with client(fastapi_socketio, "/socket.io") as (sio, events):
            sio.on("reminder", lambda text: f"{text}, yes")
            await sio.emit("later", 0.01)
            assert await events.get() == ("message", {"answered": "now, yes"})
            await sio.emit("bye")
            assert await events.get() == ("disconnect",)

    run(conversation())


def test_fastapi_socketios_own_mount_is_found_again():
    """A wanted difference: python-socketio compares the whole path since Starlette passes it."""

    async def conversation(server: Server):
        async with client(server, "/ws/socket.io", transports=["websocket"]) as (sio, events):
            await sio.emit("join", "the room")
            assert await events.get() == ("lobby", "User joined")

    with serve("fastapi-socketio as a subclass", "sio_native") as server:
        run(conversation(server))

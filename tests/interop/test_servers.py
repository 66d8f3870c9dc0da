"""A smoke test under each ASGI server, each event loop and each way to mount."""

import pytest

from .engineio_wire import Player, PollingSession, join, receive_message
from .http_wire import fetch
from .limits import run
from .stage import Stage
from .test_engineio_upgrade import message_on, upgrade

SERVERS = [
    ("handoff", "alone"),
    ("bridge", "alone"),
    ("bridge/auto/auto/uvloop", "alone"),
    ("hypercorn", "alone"),
    ("granian", "alone"),
    ("serve", "alone"),
    ("handoff", "outer"),
    ("handoff", "ws"),
    ("handoff", "ws-short"),
    ("handoff", "sio.mount"),
    ("hypercorn", "ws"),
    ("granian", "ws"),
]
# How a WebSocket reaches the engine; those not named are bridged.
PATHS = {"handoff": "handoff", "serve": "listen"}
BESIDE_AN_APPLICATION = [chosen for chosen in SERVERS if chosen[1] != "alone"]


@pytest.fixture(params=SERVERS, ids=lambda chosen: "-".join(chosen))
def server(request, pool):
    flavour, mount = request.param
    return pool.get(flavour, mount)


def test_both_transports_and_the_upgrade_work(server):
    async def conversation():
        for transport in ("polling", "websocket"):
            async with await Player.connect(server, transport) as player:
                assert await player.call("echo", "served") == "served"
                assert await player.call("transport_of") == transport
                if transport == "websocket":
                    assert await player.call("path_of") == PATHS.get(server.flavour, "bridge")
        session = await PollingSession.open(server)
        await join(session)
        await session.send('420["echo","polling"]')
        assert await receive_message(session) == '430["polling"]'
        websocket = await upgrade(session)
        websocket.send('421["echo","websocket"]')
        assert await message_on(websocket) == '431["websocket"]'
        await websocket.close()

    run(conversation())


def test_the_python_client_is_served(server):
    async def conversation():
        stage = Stage(server, "upgrade")
        ann, bob = await stage.actor("ann"), await stage.actor("bob")
        await bob.call("enter", "red")
        await ann.call("broadcast", {"data": b"binary", "to": "red"})
        assert await bob.next_event() == ["news", "/", b"binary"]
        await stage.close()

    run(conversation())


@pytest.mark.parametrize("server", BESIDE_AN_APPLICATION, ids="-".join, indirect=True)
def test_the_rest_of_the_application_is_served_beside_it(server):
    response = run(fetch(server, "GET", "/plain"))
    assert (response.status, response.json()) == (200, {"from": "fastapi"})
    assert run(fetch(server, "GET", "/elsewhere")).status == 404

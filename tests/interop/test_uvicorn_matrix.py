"""The hand-off under every combination that uvicorn can run on."""

import pytest

from .engineio_wire import Player, PollingSession, join
from .limits import run
from .stage import Stage
from .test_engineio_upgrade import message_on, upgrade

BIG = "x" * 900_000


@pytest.fixture(params=["h11", "httptools"])
def http(request):
    return request.param


@pytest.fixture(params=["websockets", "websockets-sansio", "wsproto"])
def ws(request):
    return request.param


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request):
    return request.param


def test_websockets_are_handed_off(pool, http, ws, loop):
    server = pool.get(f"handoff/{http}/{ws}/{loop}")

    async def conversation():
        async with await Player.connect(server, "websocket") as player:
            assert await player.call("path_of") == "handoff"
            assert await player.call("echo", "text") == "text"
            assert await player.call("echo", BIG) == BIG
            await player.leave()
            await player.ended.wait()

        session = await PollingSession.open(server)
        await join(session)
        websocket = await upgrade(session)
        websocket.send('420["path_of"]')
        assert await message_on(websocket) == '430["handoff"]'
        await websocket.close()

        stage = Stage(server, "websocket")
        ann, bob = await stage.actor("ann"), await stage.actor("bob")
        assert await ann.call("echo", b"binary") == b"binary"
        await ann.call("broadcast", {"data": b"to bob", "to": bob.sid()})
        assert await bob.next_event() == ["news", "/", b"to bob"]
        await ann.call("kick", bob.sid())
        assert (await bob.next_event())[0] == "disconnect"
        await stage.close()

    run(conversation())

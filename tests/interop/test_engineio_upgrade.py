"""Engine.IO v4, Upgrade: from long-polling to WebSocket, step by step and when a step is wrong."""

import asyncio

import pytest

from .engineio_wire import (
    PollingSession,
    is_known,
    join,
    receive_message,
    undisturbed,
)
from .http_wire import fetch
from .limits import eventually, run
from .websocket_wire import ABNORMAL, ConnectionClosed, HandshakeRefused, WebSocket


def websocket_target(session: PollingSession) -> str:
    return session.target.replace("transport=polling", "transport=websocket")


async def upgrade(session: PollingSession) -> WebSocket:
    websocket = await WebSocket.open(session.server, websocket_target(session))
    websocket.send("2probe")
    assert await websocket.receive() == "3probe"
    websocket.send("5")
    return websocket


async def message_on(websocket: WebSocket) -> str | bytes:
    """The next message that is not a noop, which python-engineio sends after an upgrade."""
    while (message := await websocket.receive()) == "6":
        pass
    return message


def test_upgrade_moves_the_session_to_the_websocket(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        websocket = await upgrade(session)
        websocket.send('420["transport_of"]')
        assert await message_on(websocket) == '430["websocket"]'
        await websocket.close()

    run(conversation())


def test_probe_answers_the_parked_get_with_a_noop(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        parked = asyncio.create_task(session.poll())
        websocket = await WebSocket.open(server, websocket_target(session))
        websocket.send("2probe")
        assert await websocket.receive() == "3probe"
        answer = await parked
        assert (answer.status, answer.body) == (200, b"6")
        websocket.send("5")
        await websocket.close()

    run(conversation())


def test_packets_queued_during_the_probe_come_after_the_upgrade_in_order(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        websocket = await WebSocket.open(server, websocket_target(session))
        websocket.send("2probe")
        assert await websocket.receive() == "3probe"
        await session.send(*(f'42["numbered",{number}]' for number in range(5)))
        websocket.send("5", '42["numbered",5]')
        got = [await message_on(websocket) for _ in range(6)]
        assert got == [f'42["numbered_back",{number}]' for number in range(6)]
        await websocket.close()

    run(conversation())


def test_polling_works_on_until_the_upgrade_packet(pool, flavour):
    """A client may send by POST while it probes; nothing of it is lost."""
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        websocket = await WebSocket.open(server, websocket_target(session))
        await session.send('420["echo","before the probe"]')
        assert await receive_message(session) == '430["before the probe"]'
        websocket.send("2probe")
        assert await websocket.receive() == "3probe"
        websocket.send("5")
        websocket.send('421["echo","after it"]')
        assert await message_on(websocket) == '431["after it"]'
        await websocket.close()

    run(conversation())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_http_requests_of_an_upgraded_session_are_refused(pool, flavour, method):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        websocket = await upgrade(session)
        websocket.send('420["echo","upgraded"]')
        assert await message_on(websocket) == '430["upgraded"]'
        body = b"3" if method == "POST" else None
        response = await fetch(server, method, session.target, body)
        assert response.status == 400
        websocket.send('421["echo","unharmed"]')
        assert await message_on(websocket) == '431["unharmed"]'
        await websocket.close()

    run(conversation())


async def assert_turned_away(session: PollingSession) -> None:
    """A WebSocket for this session is refused, or accepted and closed at once."""
    try:
        websocket = await WebSocket.open(session.server, websocket_target(session))
    except HandshakeRefused as refused:
        assert refused.response.status in (400, 403)
        return
    websocket.send("2probe")
    with pytest.raises(ConnectionClosed):
        await websocket.receive()


def test_second_websocket_of_an_upgraded_session_is_turned_away(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        websocket = await upgrade(session)
        websocket.send('420["echo","upgraded"]')
        assert await message_on(websocket) == '430["upgraded"]'
        await assert_turned_away(session)
        websocket.send('421["echo","unharmed"]')
        assert await message_on(websocket) == '431["unharmed"]'
        await websocket.close()

    run(conversation())


def test_second_websocket_while_one_probes_is_turned_away(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        websocket = await WebSocket.open(server, websocket_target(session))
        websocket.send("2probe")
        assert await websocket.receive() == "3probe"
        await assert_turned_away(session)
        websocket.send("5", '420["echo","the first one"]')
        assert await message_on(websocket) == '430["the first one"]'
        await websocket.close()

    run(conversation())


@pytest.mark.parametrize("message", ["2wrong", '42["echo",1]', "abc", b"\x01"], ids=repr)
def test_wrong_first_message_closes_the_probe_and_polling_goes_on(pool, flavour, message):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            websocket = await WebSocket.open(server, websocket_target(session))
            websocket.send(message)
            await websocket.close_code()
        await session.send('420["echo","on polling"]')
        assert await receive_message(session) == '430["on polling"]'
        await session.close()

    run(conversation())


@pytest.mark.parametrize("abruptly", [True, False])
def test_probe_that_breaks_off_leaves_the_polling_session_intact(pool, flavour, abruptly):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            websocket = await WebSocket.open(server, websocket_target(session))
            websocket.send("2probe")
            assert await websocket.receive() == "3probe"
            if abruptly:
                websocket.abort()
            else:
                await websocket.close()
        await session.send('420["echo","on polling"]')
        assert await receive_message(session) == '430["on polling"]'
        # And it may try again.
        websocket = await upgrade(session)
        websocket.send('421["echo","on websocket"]')
        assert await message_on(websocket) == '431["on websocket"]'
        await websocket.close()

    run(conversation())


def test_rsv_bits_during_the_probe_close_it_and_nothing_else(pool, own_port):
    """As engine.io's CVE-2022-21676, where it ended the process."""
    server = pool.get(own_port)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            websocket = await WebSocket.open(server, websocket_target(session))
            websocket.send_frame(0x1, b"2probe", rsv=4)
            assert await websocket.close_code() == 1002
        await session.send('420["echo","on polling"]')
        assert await receive_message(session) == '430["on polling"]'
        await session.close()

    run(conversation())


def test_upgrade_is_refused_where_upgrades_are_switched_off(pool, flavour):
    server = pool.get(flavour, allow_upgrades=False)

    async def conversation():
        session = await PollingSession.open(server)
        assert session.open_packet["upgrades"] == []
        await session.close()

    run(conversation())


def test_client_that_never_upgrades_after_its_probe_is_cut_off_in_time(pool, flavour):
    server = pool.get(flavour, upgrade_timeout=0.5)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        loop = asyncio.get_running_loop()
        began = loop.time()
        websocket = await WebSocket.open(server, websocket_target(session))
        websocket.send("2probe")
        assert await websocket.receive() == "3probe"
        await websocket.close_code()
        assert 0.45 <= loop.time() - began <= 1.5
        await session.send('420["echo","on polling"]')
        assert await receive_message(session) == '430["on polling"]'
        await session.close()

    run(conversation())


def test_session_that_dies_while_it_probes_takes_the_websocket_with_it(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        websocket = await WebSocket.open(server, websocket_target(session))
        websocket.send("2probe")
        assert await websocket.receive() == "3probe"
        await session.send("1")
        assert await websocket.close_code() in (1000, 1005, ABNORMAL)

        async def gone() -> bool:
            return not await is_known(session)

        await eventually(gone, "the closed session is forgotten")

    run(conversation())

"""The scenarios, from python-socketio's own client: we are seen to do what python-socketio does."""

import asyncio
import functools

import pytest

from .differential.differences import DIFFERENCES
from .engineio_wire import join, open_session, receive_message
from .limits import run
from .scenarios import SCENARIOS
from .serving import ServerPool
from .stage import Stage


async def play(script, server, transport):
    stage = Stage(server, transport)
    try:
        return stage.normalised(await script(stage))
    finally:
        await stage.close()


@pytest.fixture(scope="module")
def transcript_of_the_reference(pool: ServerPool):
    @functools.cache
    def transcript(number: int, transport: str):
        scenario = SCENARIOS[number]
        return run(play(scenario.script, pool.get("reference", **scenario.options), transport))

    return transcript


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
@pytest.mark.parametrize(
    "number", range(len(SCENARIOS)), ids=[scenario.name for scenario in SCENARIOS]
)
def test_clients_see_what_python_socketio_shows_them(
    pool, flavour, transport, number, transcript_of_the_reference
):
    scenario = SCENARIOS[number]
    expected = scenario.ours or transcript_of_the_reference(number, transport)
    server = pool.get(flavour, **scenario.options)
    assert run(play(scenario.script, server, transport)) == expected, scenario.why
    assert not scenario.why or scenario.why in DIFFERENCES


def test_connect_handler_that_raises_refuses(pool, flavour):
    """python-socketio leaves the client without an answer."""
    server = pool.get(flavour)

    async def conversation():
        stage = Stage(server, "websocket")
        (reason,) = await stage.refused({"refuse": "with an error"})
        await stage.close()
        assert set(reason) == {"message"}
        assert "the connect handler failed" not in reason["message"]  # it stays in the log

    run(conversation())


@pytest.mark.parametrize(
    ("transport", "goodbye", "reason"),
    [
        ("websocket", "41", "client disconnect"),
        ("websocket", "1", "client disconnect"),
        ("websocket", None, "transport close"),
        ("polling", "41", "client disconnect"),
        ("polling", "1", "client disconnect"),
    ],
)
def test_disconnect_handler_is_told_how_the_client_left(pool, flavour, transport, goodbye, reason):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, transport)
        sid = await join(session)
        if goodbye is None:
            session.abort()
        else:
            await session.send(goodbye)
        stage = Stage(server, "websocket")
        witness = await stage.actor("witness")
        records = await stage.records(witness, sid, "connect", "disconnect")
        assert records[1]["reason"] == reason
        await stage.close()
        await session.close()

    run(conversation())


def test_clients_that_come_and_go_at_once_do_not_meet(pool, flavour):
    server = pool.get(flavour)

    async def one(transport: str, number: int) -> None:
        session = await open_session(server, transport)
        await join(session)
        for round_ in range(5):
            await session.send(f'42{round_}["echo",{number}]')
            assert await receive_message(session) == f"43{round_}[{number}]"
        await session.close()

    async def conversation():
        transports = ("websocket", "polling")
        await asyncio.gather(*(one(transports[number % 2], number) for number in range(60)))

    run(conversation())

"""What clients may send as JSON; and what the log says about the rest, unless it is configured."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import engineio
import pytest
import socketio
from conftest import Door, Log, connected, until


async def emit_text(client: socketio.AsyncClient, arguments: str) -> None:
    """The event "take" with arguments that are JSON already, or not quite."""
    await client.eio.send(f'2["take",{arguments}]')


def taking(door: Door) -> tuple[Any, Log]:
    sio, taken = door.server(async_mode="asgi"), Log()
    sio.on("take", lambda sid, *args: taken.add(*args))
    return sio, taken


async def test_what_json_loads_takes_beyond_the_standard_is_taken(door: Door) -> None:
    """A Python client sends float("nan") as json.dumps writes it."""
    sio, taken = taking(door)
    async with door.open(sio) as url, connected(url) as client:
        await emit_text(client, 'NaN,{"a":[Infinity,-Infinity]}')
        await emit_text(client, '"\\ud800",1e999')
        await taken.reaches(2)
    assert repr(taken[0]) == "(nan, {'a': [inf, -inf]})"
    assert taken[1] == ("\ud800", float("inf"))


@pytest.mark.parametrize("text", ["1" * 4300, "[" * 800 + "]" * 800], ids=["digits", "depth"])
async def test_what_only_json_loads_takes_is_taken(native_door: Door, text: str) -> None:
    sio, taken = taking(native_door)
    async with native_door.open(sio) as url, connected(url) as client:
        await emit_text(client, text)
        await taken.reaches(1)
    assert repr(taken[0][0]) == repr(json.loads(text))


def errors(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(
        each.getMessage() + str(each.exc_info and each.exc_info[1])
        for each in caplog.records
        if each.levelno >= logging.ERROR
    )


async def test_an_integer_that_python_refuses_is_logged_and_costs_its_event_alone(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    sio, taken = taking(native_door)
    async with native_door.open(sio) as url, connected(url) as client:
        await emit_text(client, "1" * 4301)
        await emit_text(client, "2")
        await taken.reaches(1)
    assert taken == [(2,)]
    assert "Exceeds the limit (4300" in errors(caplog)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,,2", "its event: byte 10 of 13 is not JSON"),
        ("undefined", "its event: byte 8 of 18 is not JSON"),
        ("[" * 10_000 + "]" * 10_000, "goes deeper than the 10000 levels allowed"),
        ("1," * 999 + "1", "begins one value more than the 1000 allowed"),
    ],
    ids=["comma", "undefined", "depth", "count"],
)
async def test_what_is_refused_closes_the_client_and_the_log_says_why(
    native_door: Door, caplog: pytest.LogCaptureFixture, text: str, told: str
) -> None:
    sio, taken = taking(native_door)
    left = Log()
    sio.on("disconnect", lambda sid, reason: left.add(reason))
    async with native_door.open(sio) as url, connected(url) as client:
        await emit_text(client, text)
        await left.reaches(1)
        await until(lambda: told in errors(caplog))
    assert left == [("transport error",)]
    assert taken == []
    assert "closing session" in errors(caplog)


# Of Python, not of the parser: from 3.12 on C code may go as deep as that allows.
BEYOND_PYTHON = {"digits": "1" * 4301}
if sys.version_info < (3, 12):
    BEYOND_PYTHON["depth"] = "[" * 5000 + "]" * 5000


@pytest.mark.parametrize("text", BEYOND_PYTHON.values(), ids=BEYOND_PYTHON.keys())
async def test_an_auth_that_python_cannot_have_is_refused(native_door: Door, text: str) -> None:
    sio, taken = taking(native_door)
    sio.on("connect", lambda sid, environ, auth: taken.add(sid))
    async with native_door.open(sio) as url:
        client, answers = engineio.AsyncClient(), Log()
        client.on("message", answers.add)
        await client.connect(url, transports=["websocket"], engineio_path="socket.io")
        await client.send(f'0{{"a":{text}}}')
        await answers.reaches(1)
        await client.send("0")
        await answers.reaches(2)
        await client.disconnect()
    assert answers[0] == ('4{"message":"Connection rejected by server"}',)
    assert answers[1][0].startswith('0{"sid"')
    assert len(taken) == 1

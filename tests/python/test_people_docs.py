"""The examples of docs/people.md run, and do what stands beside them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sio_native
from sio_native.testing import TestClient

DOCUMENT = Path(__file__).parents[2] / "docs" / "people.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)


def application() -> dict[str, Any]:
    names: dict[str, Any] = {
        "sio": sio_native.AsyncServer(),
        "decode_token": lambda token: {"id": token, "name": token.title()},
        "print": lambda *about: names["printed"].append(about),
        "printed": [],
    }
    for block in BLOCKS:
        exec(block, names)
    return names


async def test_the_examples_run() -> None:
    names = application()
    sio = names["sio"]
    async with TestClient(sio, auth={"token": "ann"}) as ann:
        assert names["SESSION_POOL"][ann.sid] == {"id": "ann", "name": "Ann"}
        assert names["USER_POOL"] == {"ann": [ann.sid]}
        await sio.emit("news", 1, to_user="ann")
        assert await ann.expect("news") == 1
        await ann.emit("open_document", "1")
        await ann.advance(0.1)
        state = await ann.expect("presence:state")
        assert state["topic"] == "doc:1"
        assert [each["meta"] for each in state["presences"]["ann"]] == [{"name": "Ann"}]
        await ann.emit("typing", ("1", True))
        await ann.advance(0.1)
        diff = await ann.expect("presence:diff")
        assert [each["meta"] for each in diff["joins"]["ann"]] == [{"typing": True}]
        assert names["printed"][0] == ("doc:1", ["ann"], [], 1)


def test_the_defaults_are_those_of_the_document() -> None:
    text = DOCUMENT.read_text()
    [call] = re.findall(r"`sio.presence.(configure\(.*?\))`", text, re.DOTALL)
    given = eval(f"dict{call.removeprefix('configure')}")
    assert sio_native.presence.PresenceOptions(**given) == sio_native.presence.PresenceOptions()

"""`sio.prometheus()`: one text of what a server counts."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
from conftest import OWN_PORT, connected, until
from recovering_client import Client
from yjs_editor import editor

import sio_native


def samples(text: str) -> dict[str, float]:
    """As a scraper reads it: each sample once, and of a series whose type was said before."""
    found: dict[str, float] = {}
    typed: dict[str, str] = {}
    for line in text.splitlines():
        if match := re.fullmatch(r"# TYPE (\w+) (counter|gauge)", line):
            assert match[1] not in typed
            typed[match[1]] = match[2]
        elif not line.startswith("#"):
            match = re.fullmatch(r'(\w+)(\{(?:\w+="[^"]*",?)+\})? ([\d.]+)', line)
            assert match, line
            assert (typed[match[1]] == "counter") == match[1].endswith("_total")
            assert match[1] + (match[2] or "") not in found
            found[match[1] + (match[2] or "")] = float(match[3])
    assert text == "" or text.endswith("\n")
    return found


def test_a_server_that_does_nothing_says_nothing_and_begins_nothing():
    sio = sio_native.AsyncServer()
    assert sio.prometheus() == ""
    assert not {"users", "yjs", "usage", "presence"} & vars(sio).keys()


async def test_it_has_what_was_used(native_door: Any):
    sio = native_door.server()
    sio.yjs.serve()
    sio.usage.record("llama", 3, 4)
    sio.limit("ping", "1/60s")

    @sio.event
    async def ping(sid):
        return "pong"

    async with native_door.open(sio) as url, editor(url) as ann, connected(url) as bob:
        await sio.users.bind(ann.sid, "ann")
        await ann.join()
        await ann.type("hello")
        await ann.client.emit("ydoc:document:update", {"document_id": "note:1", "update": [7]})
        assert await ann.nack() == "malformed"
        await bob.call("ping")
        await bob.call("ping")
        await until(lambda: samples(sio.prometheus())['sio_clients{namespace="/"}'] == 2)
        found = samples(sio.prometheus())
        for name, value in {
            "sio_documents_open": 1,
            "sio_document_members": 1,
            "sio_document_tail_updates": 1,
            "sio_document_updates_total": 1,
            'sio_document_refusals_total{reason="malformed"}': 1,
            'sio_document_refusals_total{reason="busy"}': 0,
            "sio_users_online": 1,
            "sio_user_clients": 1,
            "sio_events_limited_total": 1,
            'sio_tokens_total{model="llama",group="",direction="input"}': 3,
        }.items():
            assert found[name] >= value if "tokens" in name else found[name] == value, name
        assert found["sio_document_tail_bytes"] == found["sio_document_bytes"] > 0
        assert found["sio_packets_received_total"] > 0 and found["sio_sent_bytes_total"] > 0


async def test_clients_that_are_away_and_come_back_are_counted():
    sio = sio_native.AsyncServer(connection_state_recovery=True)
    assert "recovery" not in await sio.health()

    async def counted(**expected: int) -> None:
        async def now() -> dict[str, int]:
            found = (await sio.health())["recovery"]
            assert found.keys() == {"away", "bytes", "recovered", "given_up", "refused"}
            total = "recovered", "given_up", "refused"
            shown = samples(sio.prometheus())
            assert all(shown[f"sio_recovery_{name}_total"] >= found[name] for name in total)
            assert {"sio_recovery_away", "sio_recovery_kept_bytes"} <= shown.keys()
            return found

        while (found := await now()) | expected != found:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.005)

    async with OWN_PORT.open(sio) as url, aiohttp.ClientSession() as http:
        ann, stranger = Client(http, url), Client(http, url)
        await ann.connect()
        await sio.emit("first", to=ann.sid)
        await ann.reaches(1)
        assert (await sio.health())["recovery"]["bytes"] > 0
        ann.lose()
        await counted(away=1, recovered=0, given_up=0, refused=0)
        await ann.connect()
        assert ann.recovered
        await counted(away=0, recovered=1, given_up=0, refused=0)
        stranger.pid = "never-given-by-anyone"[:20]
        await stranger.connect()
        assert not stranger.recovered
        await counted(away=0, recovered=1, given_up=0, refused=1)
        ann.lose()
        await counted(away=1)
        await sio.disconnect(ann.sid)
        await counted(away=0, recovered=1, given_up=1, refused=1)
    plain = sio_native.AsyncServer()
    plain.listen("127.0.0.1", 0)
    assert "recovery" not in plain.prometheus() and "recovery" not in await plain.health()
    await plain.shutdown()

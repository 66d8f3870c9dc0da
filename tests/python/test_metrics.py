"""`sio.prometheus()`: one text of what a server counts."""

from __future__ import annotations

import re
from typing import Any

from conftest import connected, until
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

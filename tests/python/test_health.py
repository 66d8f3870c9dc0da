"""`sio.health()` without a broker; with Redis: tests/interop."""

from __future__ import annotations

import asyncio
from typing import Any

import polling_client
import pytest
from yjs_editor import editor

import sio_native


async def health(sio: Any, *, ok: bool) -> dict[str, Any]:
    while (found := await sio.health())["ok"] is not ok:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.005)
    return found


async def test_a_server_that_has_not_begun_says_so_and_begins_nothing():
    sio = sio_native.AsyncServer()
    found = await sio.health()
    assert found == {
        "ok": True,
        "problems": [],
        "server": {
            "running": False,
            "threads": 1,
            "sessions": 0,
            "clients": {},
            "queued_bytes": 0,
            "slowest": [],
        },
        "manager": None,
    }
    assert not {"users", "yjs", "usage", "presence"} & vars(sio).keys()


async def test_a_time_limit_that_cannot_be_meant_is_refused():
    for timeout in (0, -1, 61):
        with pytest.raises(ValueError, match="timeout"):
            await sio_native.AsyncServer().health(timeout=timeout)


@pytest.mark.parametrize("threads", [1, 3])
async def test_the_slowest_clients_are_named_with_what_waits_for_them(threads: int):
    """Clients that poll and do not fetch have all their packets waiting in the engine."""
    sio = sio_native.AsyncServer(threads=threads)
    async with polling_client.connected(sio, clients=8) as clients:
        for number, client in enumerate(clients[1:], 1):
            await sio.emit("news", "x" * 1000 * number, to=client.sid)
        sio._core.engine.catch_up()
        found = (await sio.health())["server"]
        sizes = [each["queued_bytes"] for each in found["slowest"]]
        assert [size // 1000 for size in sizes] == [7, 6, 5, 4, 3]
        sids = [sio.manager.eio_sid_from_sid(client.sid, "/") for client in clients]
        assert [each["eio_sid"] for each in found["slowest"]] == sids[:2:-1]
        assert 28_000 <= found["queued_bytes"] < 29_000
        assert sum(found["clients"].values()) == found["sessions"] == 8


async def test_usage_that_is_not_stored_is_told_until_it_is():
    sio = sio_native.AsyncServer()
    full = [True]

    def write(batch: Any) -> None:
        if full[0]:
            raise OSError("disk full")

    await sio.usage.store(write, interval=0.01)
    sio.usage.record("llama", 3, 4)

    found = await health(sio, ok=False)
    assert found["problems"] == ["usage is not stored: OSError: disk full"]
    assert found["usage"]["unstored"] == 1
    full[0] = False
    await sio.usage.flush()
    found = await sio.health()
    assert found["ok"] and found["usage"] == {"unstored": 0, "errors": []}
    await sio.usage.close()


async def test_documents_that_are_not_stored_are_told_until_they_are(native_door: Any):
    sio = native_door.server()
    fails = True

    class Store(sio_native.yjs.MemoryStore):  # type: ignore[name-defined]
        async def write(self, changes: Any) -> None:
            if fails:
                raise OSError("disk full")
            await super().write(changes)

    sio.yjs.serve(Store())
    async with native_door.open(sio) as url, editor(url) as ann:
        await ann.join()
        await ann.type("hello")
        found = await health(sio, ok=False)
        assert found["problems"] == ["documents are not stored: OSError: disk full"]
        assert found["documents"]["documents"] == 1
        assert found["documents"]["unstored_bytes"] > 0
        fails = False
        found = await health(sio, ok=True)
        assert found["documents"]["errors"] == []

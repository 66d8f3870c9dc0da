"""Shared documents in an SQLite file, whose server may be killed at any time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from conftest import OWN_PORT, THREADS, until
from yjs_editor import editor

from sio_native.yjs import Change, SQLiteStore, Stored

both_doors = pytest.mark.parametrize("door", [OWN_PORT, THREADS], ids=["one", "threads"])


async def test_what_is_written_is_there_and_a_snapshot_stands_for_what_was_before(tmp_path):
    store = SQLiteStore(tmp_path / "notes.db")
    assert await store.load("a") is None
    await store.write([Change("a", "e", n, bytes([n])) for n in (1, 2, 3)])
    await store.write([Change("b", "f", 1, b"other")])
    await store.write([Change("a", "e", 3, b"\3")])  # once more: its answer was lost
    assert await store.load("a") == Stored("e", 3, [b"\1", b"\2", b"\3"])
    await store.write([Change("a", "e", 2, b"1+2", is_snapshot=True), Change("a", "e", 4, b"\4")])
    await store.close()
    again = SQLiteStore(tmp_path / "notes.db", synchronous="normal")
    assert await again.load("a") == Stored("e", 4, [b"1+2", b"\3", b"\4"])
    await again.delete("a")
    assert await again.load("a") is None and await again.load("b") == Stored("f", 1, [b"other"])
    await again.close()


async def test_a_write_that_fails_leaves_nothing_and_the_file_is_opened_anew(tmp_path):
    store = SQLiteStore(tmp_path / "notes.db")
    await store.write([Change("a", "e", 1, b"\1")])
    wrong: Any = None
    with pytest.raises(sqlite3.Error):
        await store.write([Change("a", "e", 2, b"\2"), Change(wrong, "e", 3, b"\3")])
    assert await store.load("a") == Stored("e", 1, [b"\1"])
    await store.close()


def test_synchronous_is_full_or_normal():
    wrong: Any = "off"
    with pytest.raises(ValueError, match="full"):
        SQLiteStore("notes.db", synchronous=wrong)


@both_doors
@pytest.mark.parametrize("durable", [False, True])
async def test_a_server_that_starts_again_goes_on_with_what_there_was(door, durable, tmp_path):
    states = []
    for run in range(3):
        sio, store = door.server(), SQLiteStore(tmp_path / "notes.db")
        sio.yjs.serve(store, durable=durable)
        async with door.open(sio) as url, editor(url) as alice:
            states.append(await alice.join())
            assert alice.text == "run " * run
            await alice.type("run ")
        await store.close()
    assert len({each["epoch"] for each in states}) == 1


async def test_a_history_of_many_updates_is_a_snapshot_and_few_of_them(tmp_path):
    sio, store = OWN_PORT.server(), SQLiteStore(tmp_path / "notes.db")
    sio.yjs.serve(store, store_delay=0.01)
    async with OWN_PORT.open(sio) as url, editor(url) as alice:
        await alice.join()
        for _ in range(1100):
            update = alice.written(len(alice.content), "x")
            told = {"document_id": "note:1", "update": update}
            await alice.client.emit("ydoc:document:update", told)
        await until(lambda: sio.yjs.stats()["updates"] == 1100)
        await sio.yjs.flush()
    stored = await store.load("note:1")
    await store.close()
    assert stored is not None and stored.number == 1100
    assert len(stored.updates) == 1 and len(stored.updates[0]) < 2000


@contextlib.asynccontextmanager
async def process(
    path: Path, durable: bool
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    script = Path(__file__).parent / "yjs_server.py"
    kind = "durable" if durable else "not"
    server = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(path), kind, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        host, port = (await server.stdout.readline()).decode().split()
        yield f"http://{host}:{port}", server
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()


async def test_a_kill_under_load_loses_no_update_that_was_acknowledged(tmp_path):
    """Editors type until the server is killed; what it had answered is there in the next one."""
    acknowledged: list[list[int]] = []
    for _ in range(3):
        enough = asyncio.Event()
        goal = len(acknowledged) + 60

        async def work(url: str, enough: asyncio.Event = enough, goal: int = goal) -> None:
            with contextlib.suppress(Exception):  # the server is gone in the middle of it
                async with editor(url) as one:
                    await one.join()
                    while True:
                        update = one.written(len(one.content), "word ")
                        if await one.send(update) is True:
                            acknowledged.append(update)
                        if len(acknowledged) >= goal:
                            enough.set()

        async with process(tmp_path / "notes.db", durable=True) as (url, server):
            tasks = [asyncio.create_task(work(url)) for _ in range(5)]
            await enough.wait()
            server.send_signal(signal.SIGKILL)
            await server.wait()
            # Again: before Python 3.12 a cancellation that meets an answer is lost.
            while running := [task for task in tasks if not task.done()]:
                for task in running:
                    task.cancel()
                await asyncio.wait(running, timeout=0.1)

    async with process(tmp_path / "notes.db", durable=True) as (url, _), editor(url) as last:
        await last.join()
        before = last.text
        for update in acknowledged:
            last.doc.apply_update(bytes(update))
        assert last.text == before  # it had all of them
        assert before.count("word ") >= len(acknowledged) >= 180

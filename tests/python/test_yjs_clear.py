"""Documents that are cleared: `sio.yjs.clear`, and who is in them."""

from __future__ import annotations

import asyncio

import pytest
from conftest import OWN_PORT, until
from test_yjs_hooks import Slow, text_of, update_with
from yjs_editor import editor

from sio_native.yjs import MemoryStore, SQLiteStore


async def test_a_document_that_was_cleared_begins_anew_and_its_editors_are_told(native_door):
    sio = native_door.server()
    sio.yjs.serve()
    async with native_door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        epoch = (await alice.join())["epoch"]
        await alice.type("old", data={"content": "old"})
        assert await sio.yjs.members("note:1") == [alice.sid]
        assert await sio.yjs.documents_of(alice.sid) == ["note:1"]
        await sio.yjs.clear("note:1")
        assert await alice.nack() == "cleared"
        assert await sio.yjs.snapshot("note:1") == b"\0\0"
        assert await sio.yjs.members("note:1") == []
        state = await bob.join()
        assert state["state"] == [0, 0] and state["content"] is None and state["epoch"] != epoch
        await alice.client.emit("ydoc:document:update", {"document_id": "note:1", "update": [0, 0]})
        assert await alice.nack() == "not_joined"
        await bob.type("new")
        assert await sio.yjs.text("note:1") == "new"


@pytest.mark.parametrize("made", [MemoryStore, SQLiteStore], ids=["memory", "sqlite"])
async def test_a_store_forgets_what_was_cleared_and_keeps_what_comes_after(tmp_path, made):
    store = made() if made is MemoryStore else made(tmp_path / "documents.db")
    sio = OWN_PORT.server()
    sio.yjs.serve(store, durable=True)
    async with OWN_PORT.open(sio):
        await sio.yjs.apply("d", update_with("old"))
        await sio.yjs.clear("d")
        assert await store.load("d") is None
        await sio.yjs.clear("d")
        await sio.yjs.apply("d", update_with("new"))
        assert text_of(*(await store.load("d")).updates) == "new"
        assert await sio.yjs.text("d") == "new"


async def test_a_snapshot_that_is_on_its_way_does_not_bring_back_what_was_cleared():
    sio, store = OWN_PORT.server(), Slow()
    sio.yjs.serve(store, store_delay=0.01, unload_after=3600)
    async with OWN_PORT.open(sio) as url:
        async with editor(url) as alice:
            await alice.join()
            await alice.type("old")
            store.go.clear()
        # Nobody is in it any more: one snapshot takes the place of the updates, and waits.
        await until(lambda: sio.yjs._hooks.keeper._replaced)
        cleared = asyncio.create_task(sio.yjs.clear("note:1"))
        await cleared
        store.go.set()
        await sio.yjs.flush()
        await until(lambda: sio.yjs.stats()["unkept_bytes"] == 0)
        await until(lambda: store.writes and store.writes[-1].is_end)
        assert await store.load("note:1") is None


async def test_the_last_changes_are_stored_before_a_document_is_cleared():
    sio, stored = OWN_PORT.server(), []
    sio.yjs.serve(store_delay=60, store_max_wait=60)

    @sio.yjs.on_store
    async def store(document, snapshot, data):
        stored.append((document, text_of(snapshot), data))

    async with OWN_PORT.open(sio) as url, editor(url) as alice:
        await alice.join()
        await alice.type("last", data={"content": "last"})
        await sio.yjs.clear("note:1")
        await sio.yjs.flush()
    assert stored == [("note:1", "last", {"content": "last"})]


async def test_a_store_that_fails_is_not_told_of_an_empty_document_later():
    sio, stored = OWN_PORT.server(), []
    sio.yjs.serve(store_delay=60, store_max_wait=60)

    @sio.yjs.on_store
    async def store(document, snapshot, data):
        stored.append(text_of(snapshot))
        raise RuntimeError("the database is away")

    async with OWN_PORT.open(sio) as url, editor(url) as alice:
        await alice.join()
        await alice.type("last")
        await sio.yjs.clear("note:1")
        await until(lambda: stored)
        await sio.yjs.flush()
        await sio.yjs.flush()
    assert stored == ["last"]


async def test_an_update_that_waits_for_the_store_is_not_passed_on_after_a_clear():
    sio, store = OWN_PORT.server(), Slow()
    sio.yjs.serve(store, durable=True)
    async with OWN_PORT.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        store.go.clear()
        sent = asyncio.create_task(alice.type("old"))
        await until(lambda: sio.yjs.stats()["updates"] == 1)
        cleared = asyncio.create_task(sio.yjs.clear("note:1"))
        assert await alice.nack() == "cleared"
        joined = asyncio.create_task(bob.join())
        await until(lambda: sio.yjs.stats()["members"] == 1)
        store.go.set()
        assert await sent is True
        await cleared
        assert (await joined)["state"] == [0, 0]
        await bob.type("new")
        assert bob.text == "new" and await sio.yjs.text("note:1") == "new"
        assert await store.load("note:1") is not None

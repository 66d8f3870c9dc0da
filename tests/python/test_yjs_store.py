"""Stores that refuse, hang and have damaged updates; what the end of the server waits for."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from conftest import OWN_PORT, until
from test_yjs_hooks import Slow, both_doors, text_of, update_with
from yjs_editor import editor

from sio_native import yjs, yjs_keeper
from sio_native.yjs import MemoryStore, SQLiteStore, Stored
from sio_native.yjs_keeper import Keeper


class Picky(Slow):
    """A store that refuses some documents, and counts how often."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = set(refused)
        self.tries: dict[str, int] = {}

    async def write(self, changes):
        documents = {each.document for each in changes}
        for document in documents:
            self.tries[document] = self.tries.get(document, 0) + 1
        if documents & self.refused:
            raise ValueError("not these")
        await super().write(changes)


@pytest.fixture
def never_again(monkeypatch):
    """What is refused is not tried a second time before the test ends."""
    monkeypatch.setattr(yjs_keeper, "FIRST_PAUSE", 1000.0)
    monkeypatch.setattr(yjs_keeper, "LONGEST_PAUSE", 1000.0)


@pytest.fixture
def silent() -> logging.Logger:
    logger = logging.getLogger("silent")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


@both_doors
async def test_others_do_not_wait_for_a_document_that_the_store_refuses(door, never_again, silent):
    sio, store = door.server(logger=silent), Picky("bad")
    sio.yjs.serve(store, durable=True)
    async with door.open(sio) as url, editor(url, "bad") as alice, editor(url, "good") as bob:
        await alice.join()
        await bob.join()
        stuck = asyncio.create_task(alice.type("stuck"))
        await until(lambda: store.tries.get("bad"))
        for letter in "abc":
            assert await bob.type(letter) is True
        assert store.text("good") == "abc" and not stuck.done()
        assert store.tries == {"bad": 1, "good": 3}
        store.refused.clear()
        await sio.yjs.flush()  # does not wait for the pause to end
        assert await stuck is True and store.text("bad") == "stuck"


async def test_a_document_that_is_refused_again_and_again_costs_the_others_one_try_each(
    monkeypatch, silent
):
    monkeypatch.setattr(yjs_keeper, "FIRST_PAUSE", 0.001)
    store = Picky("bad", "worse")
    kept: list[tuple[str, int]] = []
    refused: list[str] = []
    keeper = Keeper(store, lambda *of: kept.append(of), refused.append, silent)
    keeper.keep("bad", "e", 1, b"x")
    keeper.keep("worse", "e", 1, b"x")
    await until(lambda: refused.count("bad") > 5 and refused.count("worse") > 5)
    for number in range(1, 4):
        keeper.keep("good", "e", number, b"x")
        await until(lambda: ("good", number) in kept)  # noqa: B023
    assert store.tries["good"] == 3
    keeper.keep("good", "e", 4, b"x")
    await keeper.abandon()
    assert [each for each in kept if each[0] != "good"] == []


async def test_what_a_document_has_for_the_store_stays_in_order_though_others_pass(silent):
    store = Picky("late")
    keeper = Keeper(store, lambda *of: None, lambda document: None, silent)
    for number in range(1, 6):
        keeper.keep("late", "e", number, bytes([number]))
        keeper.keep("soon", "e", number, bytes([number]))
        await asyncio.sleep(0)
    await until(lambda: len(store.writes) == 5)
    store.refused.clear()
    keeper.hurry()
    await until(lambda: len(store.writes) == 10)
    late = [each.number for each in store.writes if each.document == "late"]
    assert late == [1, 2, 3, 4, 5]


async def test_in_a_hurry_all_are_tried_though_the_first_ones_are_refused(never_again, silent):
    bad = [f"bad{number}" for number in range(5)]
    store = Picky(*bad, "mended")
    refused: list[str] = []
    keeper = Keeper(store, lambda *of: None, refused.append, silent)
    for document in [*bad, "mended"]:
        keeper.keep(document, "e", 1, b"x")
    await until(lambda: len(refused) == 6)
    store.refused.discard("mended")
    keeper.hurry()
    await until(lambda: len(refused) == 11)
    assert [each.document for each in store.writes] == ["mended"]
    await keeper.abandon()


async def test_a_store_that_is_down_is_not_asked_for_each_document(never_again, silent):
    store = Slow()
    calls: list[int] = []

    async def write(changes: Any) -> None:
        calls.append(len({each.document for each in changes}))
        raise OSError("down")

    store.write = write  # type: ignore[method-assign]
    refused: list[str] = []
    keeper = Keeper(store, lambda *of: None, refused.append, silent)
    for number in range(100):
        keeper.keep(f"d{number}", "e", 1, b"x")
    await until(lambda: len(refused) == 100)
    assert calls == [100, 1, 1, 1]
    keeper.keep("another", "e", 1, b"x")
    await asyncio.sleep(0)
    assert len(calls) == 4  # it waits with the others
    await keeper.abandon()


# --- the end ---


async def test_the_end_tries_what_was_refused_once_more_and_stores_the_others(never_again, silent):
    sio, store = OWN_PORT.server(logger=silent), Picky("bad", "mended")
    sio.yjs.serve(store)
    tried = []

    @sio.yjs.on_store
    async def on_store(document, snapshot, data):
        tried.append(document)
        if document == "bad":
            raise ValueError("not this one")

    async with OWN_PORT.open(sio):
        for document in ("bad", "mended"):
            await sio.yjs.apply(document, update_with(document))
        await until(lambda: len(store.tries) == 2)
        store.refused.discard("mended")
        await sio.yjs.apply("good", update_with("good"))
    assert (store.text("mended"), store.text("good"), store.text("bad")) == ("mended", "good", "")
    assert {"good", "mended"} <= set(tried)


@pytest.mark.parametrize("what", ["load", "write", "on_store"])
async def test_the_end_comes_though_what_stores_never_returns(what, monkeypatch, caplog):
    monkeypatch.setattr(yjs, "END_PATIENCE", 0.02)
    begun = asyncio.Event()

    async def never(*given: Any) -> Any:
        begun.set()
        await asyncio.get_running_loop().create_future()

    store: Any = MemoryStore()
    if what != "on_store":
        setattr(store, what, never)
    sio = OWN_PORT.server(logger=logging.getLogger("heard"))
    sio.yjs.serve(store, durable=True, store_delay=0.001)
    if what == "on_store":
        sio.yjs.on_store(never)
    async with OWN_PORT.open(sio):
        waiting = asyncio.create_task(sio.yjs.apply("d", update_with("x")))
        await begun.wait()
    if what == "on_store":
        await waiting
    else:
        with pytest.raises((RuntimeError, ValueError), match=r"shut down|not_loaded"):
            await waiting
    if what != "load":
        assert "documents are not stored" in caplog.text
    with pytest.raises(RuntimeError, match="shut down"):
        await sio.yjs.snapshot("d")


# --- what is damaged ---


class Damaged(Slow):
    """It has garbage among what is good, until it is told to forget it."""

    async def load(self, document):
        stored = await super().load(document)
        if stored is not None or any(each.is_end for each in self.writes):
            return stored
        return Stored("e", 3, [b"garbage", update_with("what is left"), b"\xff\xff"])


async def test_damaged_updates_are_counted_and_named_and_no_snapshot_takes_their_place(caplog):
    sio, store = OWN_PORT.server(logger=logging.getLogger("heard")), Damaged()
    sio.yjs.serve(store, unload_after=0.02)
    async with OWN_PORT.open(sio) as url:
        async with editor(url) as alice:
            await alice.join()
            assert alice.text == "what is left"
            await alice.type("!")
        await until(lambda: sio.yjs.stats()["documents"] == 0)
        assert sio.yjs.stats()["damaged_updates"] == 2
        lines = [each.getMessage() for each in caplog.records if "damaged" in each.getMessage()]
        assert len(lines) == 1 and "2 of 3" in lines[0] and "'note:1'" in lines[0]
        assert "sio_document_damaged_updates_total 2" in sio.prometheus()
    assert [(each.number, each.is_snapshot) for each in store.writes] == [(4, False)]


async def test_a_document_that_is_cleared_is_damaged_no_more():
    sio, store = OWN_PORT.server(logger=logging.getLogger("silent")), Damaged()
    sio.yjs.serve(store, durable=True, unload_after=0.02)
    async with OWN_PORT.open(sio) as url:
        kept = await sio.yjs.snapshot("note:1")
        await sio.yjs.clear("note:1")
        await sio.yjs.apply("note:1", kept)
        async with editor(url) as alice:
            await alice.join()
            await alice.type("!")
        await until(lambda: sio.yjs.stats()["documents"] == 0)
    assert store.text() == "what is left!" and store.writes[-1].is_snapshot


@pytest.mark.parametrize("begun", [b"garbage", update_with("x" * 3000)], ids=["none", "too much"])
async def test_what_on_load_gives_and_is_no_update_is_logged_and_the_document_not_loaded(
    begun, caplog
):
    sio = OWN_PORT.server(logger=logging.getLogger("heard"))
    sio.yjs.serve(max_document_bytes=2000)
    sio.yjs.on_load(lambda document: begun)
    async with OWN_PORT.open(sio) as url, editor(url) as alice:
        await alice.client.emit("ydoc:document:join", {"document_id": "note:1"})
        assert await alice.nack() == "not_loaded"
        with pytest.raises(LookupError, match="not_loaded"):
            await sio.yjs.snapshot("note:1")
    assert "'note:1' cannot begin with what on_load has given" in caplog.text


# --- what is a store ---


async def test_a_path_is_an_sqlite_file(tmp_path):
    for path in (tmp_path / "a.db", str(tmp_path / "a.db")):
        sio = OWN_PORT.server()
        sio.yjs.serve(path, durable=True)
        async with OWN_PORT.open(sio):
            await sio.yjs.apply("d", update_with("kept"))
    stored = await SQLiteStore(tmp_path / "a.db").load("d")
    assert stored is not None and len(text_of(*stored.updates)) == 8  # by two who typed it


@pytest.mark.parametrize("wrong", [5, object(), MemoryStore, b"documents.db"])
def test_what_is_no_store_is_refused_at_once(wrong):
    with pytest.raises(TypeError, match="a store is"):
        OWN_PORT.server().yjs.serve(wrong)

"""Shared documents and the application: who may, what a document begins with, when it is stored."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pycrdt
import pytest
import socketio
from conftest import OWN_PORT, THREADS, Log, until
from yjs_editor import editor

from sio_native.yjs import Change, MemoryStore

both_doors = pytest.mark.parametrize("door", [OWN_PORT, THREADS], ids=["one", "threads"])


def update_with(text: str) -> bytes:
    made: pycrdt.Doc[Any] = pycrdt.Doc()
    made.get("text", type=pycrdt.Text).insert(0, text)
    return made.get_update()


def text_of(*updates: bytes) -> str:
    made: pycrdt.Doc[Any] = pycrdt.Doc()
    for each in updates:
        made.apply_update(each)
    return str(made.get("text", type=pycrdt.Text))


# --- on_authorize ---


@both_doors
async def test_who_may_read_reads_and_does_not_write_and_who_may_not_hears_nothing(door):
    sio = door.server()
    sio.yjs.serve()
    asked = Log()

    @sio.yjs.on_authorize
    async def authorize(document, editor):
        asked.add(document, editor.claimed)
        await asyncio.sleep(0)
        editor.id = f"known as {editor.claimed}"
        return {"w": "write", "r": "read", "n": None, "x": "none"}[editor.claimed]

    async with (
        door.open(sio) as url,
        editor(url) as writer,
        editor(url) as reader,
        editor(url) as nobody,
    ):
        await writer.join(user_id="w")
        await reader.join(user_id="r")
        for claimed in ("n", "x", "unknown"):
            told = {"document_id": "note_1", "user_id": claimed}
            assert await nobody.client.call("ydoc:document:join", told) is None
            assert await nobody.nack() == "not_allowed"
        assert await nobody.type("x") is None and await nobody.nack() == "not_joined"
        assert await reader.type("x") is None and await reader.nack() == "read_only"
        answer = await reader.send(list(update_with("first")), initialize=True)
        assert answer is None and await reader.nack() == "read_only"
        await writer.type("written")
        told = await reader.next("ydoc:document:update")
        assert told["user_id"] == "known as w"
        assert await sio.yjs.text("note:1") == "written"
        assert {name for name, _ in nobody.events._queue} == {"ydoc:nack"}
        assert [each[0] for each in asked] == ["note:1"] * 5  # once a join, by the one name


async def test_what_a_client_does_before_the_answer_waits_for_it():
    sio = OWN_PORT.server()
    sio.yjs.serve()
    decided = asyncio.Event()

    @sio.yjs.on_authorize
    async def authorize(document, editor):
        await decided.wait()
        return "write"

    async with OWN_PORT.open(sio) as url, editor(url) as alice, editor(url) as bob:
        joins = [asyncio.create_task(each.join()) for each in (alice, bob)]
        typed = asyncio.create_task(alice.type("early"))
        leaving = asyncio.create_task(
            bob.client.call("ydoc:document:leave", {"document_id": "note:1"})
        )
        await alice.client.emit("unknown")
        await until(lambda: not sio.yjs.stats()["members"])
        decided.set()
        assert await typed is True
        await joins[0]
        joins[1].cancel(), leaving.cancel()
        await until(lambda: sio.yjs.stats()["members"] == 1)


@both_doors
async def test_whose_access_is_revoked_is_put_out_and_told(door):
    sio = door.server()
    sio.yjs.serve()
    async with door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        await sio.yjs.revoke("note_1", bob.sid)
        assert await bob.nack() == "not_allowed"
        await alice.type("secret")
        assert await bob.type("x") is None and await bob.nack() == "not_joined"
        assert bob.text == "x" and await sio.yjs.text("note:1") == "secret"


@both_doors
async def test_who_is_revoked_while_it_is_asked_about_does_not_come_in(door):
    sio = door.server()
    sio.on("behind", lambda sid: None)
    sio.yjs.serve()
    asked, answers = Log(), asyncio.Event()

    @sio.yjs.on_authorize
    async def authorize(document, editor):
        asked.add(editor.sid)
        await answers.wait()
        return "write"

    async with door.open(sio) as url, editor(url) as alice:
        await alice.client.emit("ydoc:document:join", {"document_id": "note:1"})
        typed = asyncio.create_task(alice.type("x"))
        await asyncio.create_task(alice.client.call("behind"))  # which shows that it has come
        await asked.reaches(1)
        await sio.yjs.revoke("note:1", alice.sid)
        answers.set()
        assert await alice.nack() == "not_allowed" and await alice.nack() == "not_allowed"
        assert await typed is None and await alice.type("y") is None
        assert await alice.nack() == "not_joined"
        assert await sio.yjs.members("note:1") == await sio.yjs.documents_of(alice.sid) == []
        await alice.join()  # it may ask again
        assert len(asked) == 2


@both_doors
async def test_who_is_revoked_while_the_document_loads_does_not_come_in(door):
    sio = door.server()
    sio.yjs.serve()
    loads, loaded = Log(), asyncio.Event()

    @sio.yjs.on_load
    async def load(document):
        loads.add(document)
        await loaded.wait()

    async with door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        joins = asyncio.create_task(bob.join())
        await alice.client.emit("ydoc:document:join", {"document_id": "note:1"})
        typed = asyncio.create_task(alice.type("x"))
        await loads.reaches(1)
        while not await sio.yjs.documents_of(alice.sid):
            pass  # its join is on its way
        await sio.yjs.revoke("note:1", alice.sid)
        assert await alice.nack() == "not_allowed"
        assert await typed is None
        loaded.set()
        await joins
        assert await sio.yjs.members("note:1") == [bob.sid] and await bob.type("y") is True
        assert await sio.yjs.text("note:1") == "y" and alice.text == "x"


async def test_a_knock_at_a_document_is_not_let_in_when_it_is_revoked_meanwhile():
    sio = OWN_PORT.server()
    sio.yjs.serve()
    asked, answers = Log(), asyncio.Event()

    @sio.yjs.on_authorize
    async def authorize(document, editor):
        asked.add(editor.sid)
        await answers.wait()
        return "write"

    async with OWN_PORT.open(sio) as url:
        client = socketio.AsyncClient(reconnection=False)
        knock = asyncio.create_task(client.connect(url, namespaces=["/yjs|d"]))
        await asked.reaches(1)
        await sio.yjs.revoke("d", asked[0][0])
        answers.set()
        with pytest.raises(socketio.exceptions.ConnectionError):
            await knock
        await client.disconnect()
        assert await sio.yjs.members("d") == []


async def test_a_provider_is_sent_away_when_it_is_revoked_while_the_document_loads():
    sio = OWN_PORT.server()
    sio.yjs.serve()
    loads, loaded, gone = Log(), asyncio.Event(), asyncio.Event()

    @sio.yjs.on_load
    async def load(document):
        loads.add(document)
        await loaded.wait()

    async with OWN_PORT.open(sio) as url:
        client, nacks = socketio.AsyncClient(reconnection=False), Log()
        client.on("sync-nack", nacks.add, namespace="/yjs|d")
        client.on("disconnect", lambda *why: gone.set(), namespace="/yjs|d")
        await client.connect(url, namespaces=["/yjs|d"])
        await loads.reaches(1)
        await sio.yjs.revoke("d", client.get_sid("/yjs|d"))
        await gone.wait()
        assert [each[0]["reason"] for each in nacks] == ["not_allowed"]
        loaded.set()
        assert await sio.yjs.members("d") == []
        await client.disconnect()


async def test_who_may_read_may_say_again_what_is_known_and_nothing_is_refused():
    sio = OWN_PORT.server()
    sio.yjs.serve()
    sio.yjs.on_authorize(lambda document, editor: {"w": "write", "r": "read"}[editor.claimed])
    async with OWN_PORT.open(sio) as url, editor(url) as writer, editor(url) as reader:
        await writer.join(user_id="w")
        await writer.type("known")
        await reader.join(user_id="r")
        assert await reader.send([0, 0]) is True
        assert await reader.send(await sio.yjs.snapshot("note:1")) is True
        assert sum(sio.yjs.stats()["refused"].values()) == 0
        assert await reader.type("new") is None and await reader.nack() == "read_only"
        for told in ({"initialize": True}, {"data": {"content": {"md": "mine"}}}):
            assert await reader.send([0, 0], **told) is None and await reader.nack() == "read_only"


# --- on_load, on_store ---


@both_doors
async def test_a_document_is_loaded_once_and_all_who_come_meanwhile_wait(door):
    sio = door.server()
    sio.yjs.serve()
    loads = Log()
    go = asyncio.Event()

    @sio.yjs.on_load
    async def load(document):
        loads.add(document)
        await go.wait()
        return update_with("loaded")

    async with door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        joins = [asyncio.create_task(each.join()) for each in (alice, bob)]
        await loads.reaches(1)
        go.set()
        await asyncio.gather(*joins)
        assert (alice.text, bob.text) == ("loaded", "loaded")
        assert loads == [("note:1",)]


async def test_content_is_loaded_for_the_editor_that_makes_the_first_update():
    sio = OWN_PORT.server()
    sio.yjs.serve()

    @sio.yjs.on_load
    def load(document):
        return {"md": "saved"}

    async with OWN_PORT.open(sio) as url, editor(url) as alice:
        state = await alice.join()
        assert (state["state"], state["content"]) == ([0, 0], {"md": "saved"})


async def test_who_opens_what_cannot_be_loaded_is_told_and_may_try_again():
    sio = OWN_PORT.server(logger=logging.getLogger("silent"))
    logging.getLogger("silent").setLevel(logging.CRITICAL + 1)
    sio.yjs.serve()
    tries = Log()

    @sio.yjs.on_load
    async def load(document):
        tries.add(document)
        if len(tries) == 1:
            raise OSError("the database is away")
        return update_with("there again")

    async with OWN_PORT.open(sio) as url, editor(url) as alice:
        await alice.client.emit("ydoc:document:join", {"document_id": "note:1"})
        assert await alice.nack() == "not_loaded"
        await alice.join()
        assert alice.text == "there again"


@both_doors
async def test_a_document_is_stored_once_it_rests_with_the_last_data(door):
    sio = door.server()
    sio.yjs.serve(store_delay=0.05)
    stored = Log()

    @sio.yjs.on_store
    async def store(document, snapshot, data):
        stored.add(document, text_of(snapshot), data)

    async with door.open(sio) as url, editor(url) as alice:
        await alice.join()
        for number in range(5):
            await alice.type(str(number), data={"content": {"md": str(number)}})
        # An update without data does not take the last one's away.
        await alice.type("!")
        await stored.reaches(1)
        assert stored[-1] == ("note:1", "01234!", {"content": {"md": "4"}})
        assert len(stored) <= 3


async def test_a_document_that_never_rests_is_stored_all_the_same():
    sio = OWN_PORT.server()
    with pytest.warns(UserWarning, match="store_delay"):
        sio.yjs.serve(store_delay=60, store_max_wait=0.05)
    stored = Log()

    @sio.yjs.on_store
    def store(document, snapshot, data):
        stored.add(text_of(snapshot))

    async with OWN_PORT.open(sio) as url, editor(url) as alice:
        await alice.join()
        while len(stored) < 3:
            await alice.type("x")
    assert len(stored[0][0]) < len(stored[1][0]) < len(stored[2][0])


@both_doors
async def test_what_is_typed_last_is_stored_though_everybody_leaves_and_the_server_ends(door):
    sio = door.server()
    sio.yjs.serve(store_delay=60, store_max_wait=60)
    stored = Log()

    @sio.yjs.on_store
    async def store(document, snapshot, data):
        await asyncio.sleep(0)
        stored.add(text_of(snapshot))

    async with door.open(sio) as url, editor(url) as alice:
        await alice.join()
        await alice.type("the last words")
    assert stored == [("the last words",)]


async def test_a_hook_that_fails_is_called_again_and_the_document_stays():
    sio = OWN_PORT.server(logger=logging.getLogger("silent"))
    sio.yjs.serve(store_delay=0.01, unload_after=0.01)
    tries = Log()

    @sio.yjs.on_load
    def load(document):
        return None

    @sio.yjs.on_store
    async def store(document, snapshot, data):
        tries.add(text_of(snapshot))
        if len(tries) == 1:
            raise OSError("the disk is full")

    async with OWN_PORT.open(sio) as url:
        async with editor(url) as alice:
            await alice.join()
            await alice.type("kept")
        await tries.reaches(1)
        assert sio.yjs.stats()["documents"] == 1
        await tries.reaches(2)
        assert tries[1] == ("kept",)
        await until(lambda: sio.yjs.stats()["documents"] == 0)  # and only then


# --- stores ---


class Slow(MemoryStore):
    """A store that waits, and fails, when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.go.set()
        self.down = False
        self.writes: list[Change] = []

    async def write(self, changes):
        await self.go.wait()
        if self.down:
            raise OSError("the store is down")
        self.writes += changes
        await super().write(changes)

    def text(self, document: str = "note:1") -> str:
        _, updates = self._documents.get(document, ("", {}))
        return text_of(*(updates[number] for number in sorted(updates)))


@both_doors
async def test_durable_updates_are_told_and_acknowledged_once_they_are_stored(door):
    sio, store = door.server(), Slow()
    sio.yjs.serve(store, durable=True)
    async with door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        store.go.clear()
        typed = asyncio.create_task(alice.type("a"))
        await until(lambda: sio.yjs.stats()["unkept_bytes"] > 0)
        # Neither the others nor who comes later sees it.
        async with editor(url) as late:
            await late.client.emit("ydoc:document:join", {"document_id": "note:1"})
            await late.client.emit("ydoc:awareness:update", {"document_id": "note:1"})
            await late.nack()
            assert late.text == "" and bob.text == "" and not typed.done()
            store.go.set()
            assert await typed is True and store.text() == "a"
            await bob.sees("a")
            await late.sees("a")


@both_doors
async def test_without_durable_a_store_that_is_down_holds_nobody_up_until_there_is_too_much(door):
    sio, store = door.server(logger=logging.getLogger("silent")), Slow()
    sio.yjs.serve(store, max_unstored_bytes=2000)
    async with door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        store.down = True
        await alice.type("typed while it was down")
        await bob.sees("typed while it was down")
        while await alice.type("x" * 100):
            pass
        assert await alice.nack() == "store_down"
        store.down = False
        await until(lambda: sio.yjs.stats()["unkept_bytes"] == 0)
        assert store.text() == await sio.yjs.text("note:1")


async def test_a_document_without_members_is_unloaded_and_comes_back_from_the_store():
    sio, store = OWN_PORT.server(), Slow()
    sio.yjs.serve(store, unload_after=0.02)
    async with OWN_PORT.open(sio) as url:
        async with editor(url) as alice:
            first = await alice.join()
            for letter in "abc":
                await alice.type(letter)
        await until(lambda: sio.yjs.stats()["documents"] == 0)
        assert [each.is_snapshot for each in store.writes] == [False, False, False, True]
        async with editor(url) as bob:
            again = await bob.join()
            assert (bob.text, again["epoch"]) == ("abc", first["epoch"])
            await bob.type("d")
        await until(lambda: sio.yjs.stats()["documents"] == 0)
        assert store.text() == "abcd"


async def test_of_two_that_initialize_one_store_has_one():
    sio, store = THREADS.server(), Slow()
    sio.yjs.serve(store, durable=True)
    async with THREADS.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        seeds = [list(update_with("a")), list(update_with("b"))]
        answers = await asyncio.gather(
            alice.send(seeds[0], initialize=True), bob.send(seeds[1], initialize=True)
        )
        assert answers[0] == answers[1] in seeds
        assert store.text() == text_of(bytes(answers[0]))

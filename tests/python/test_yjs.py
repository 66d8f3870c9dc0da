"""Shared documents in Open WebUI's words, in memory: real Yjs documents at both ends."""

from __future__ import annotations

import asyncio
import json
import random
import warnings
from typing import Any

import pycrdt
import pytest
from conftest import OWN_PORT, THREADS, Door, until
from yjs_editor import Editor, editor

import sio_native


def shared(door: Door, **options: Any) -> Any:
    sio = door.server()
    sio.yjs.serve(**options)
    return sio


async def test_what_one_types_the_others_read_and_so_does_who_comes_later(native_door):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        state = await alice.join(user_id="a", user_name="Alice", user_color="#123")
        assert state["state"] == [0, 0] and state["content"] is None
        assert state["sessions"] == [alice.sid]
        await bob.join(user_id="b")
        assert await alice.next("ydoc:user:joined") == {
            "document_id": "note:1",
            "user_id": "b",
            "user_name": None,
            "user_color": None,
        }
        update = alice.written(0, "hello")
        await alice.send(update)
        assert await bob.next("ydoc:document:update") == {
            "document_id": "note:1",
            "user_id": "a",
            "update": update,
            "socket_id": alice.sid,
        }
        await bob.type(" world")
        await alice.sees("hello world")
        async with editor(url) as carol:
            await carol.join()
            await carol.sees("hello world")
        assert await sio.yjs.text("note:1") == "hello world"


async def test_both_spellings_name_one_note(native_door):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.client.emit("ydoc:document:join", {"document_id": "note_1"})
        await bob.next("ydoc:document:state")
        await alice.type("one")
        await bob.sees("one")
        assert await sio.yjs.text("note_1") == "one"


async def test_who_initializes_first_wins_and_the_others_get_what_there_is(native_door):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        seeds = [alice.written(0, "by alice"), bob.written(0, "by bob")]
        answers = await asyncio.gather(
            alice.send(seeds[0], initialize=True), bob.send(seeds[1], initialize=True)
        )
        assert answers[0] == answers[1] and answers[0] in seeds
        assert await sio.yjs.snapshot("note:1") == bytes(answers[0])
        assert sio.yjs.stats()["updates"] == 1


async def test_initialize_needs_an_answer(native_door):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice:
        await alice.join()
        told = {"document_id": "note:1", "update": alice.written(0, "x"), "initialize": True}
        await alice.client.emit("ydoc:document:update", told)
        assert await alice.nack() == "malformed"
        assert await sio.yjs.snapshot("note:1") == b"\0\0"


async def test_the_state_is_sent_once_more_with_the_content_that_was_sent_last(native_door):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice:
        await alice.join()
        content = {"md": "hé", "html": "<p>hé</p>", "json": {"deep": [1, {"x": "]}"}]}}
        await alice.type("hé", data={"content": content})
        await alice.client.emit("ydoc:document:state", {"document_id": "note:1"})
        state = await alice.next("ydoc:document:state")
        assert state["content"] == content and len(state["epoch"]) == 20


async def test_an_update_may_be_an_attachment_and_is_told_as_each_has_asked_for(native_door):
    sio = shared(native_door)
    async with (
        native_door.open(sio) as url,
        editor(url) as alice,
        editor(url) as bob,
        editor(url) as carol,
    ):
        await alice.join()
        await bob.join()
        state = await carol.join(binary=True)
        assert state["state"] == b"\0\0"
        update = bytes(alice.written(0, "x"))
        assert await alice.send(update) is True
        assert (await bob.next("ydoc:document:update"))["update"] == list(update)
        assert (await carol.next("ydoc:document:update"))["update"] == update
        assert await carol.send(bytes([0, 0]), initialize=True) == update


async def test_cursors_are_told_to_the_others_and_to_who_comes_later_and_end_with_their_owner(
    native_door,
):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as bob, editor(url) as carol:
        await bob.join()
        async with editor(url) as alice:
            await alice.join(user_id="a")
            await bob.next("ydoc:user:joined")
            state = {"7": {"user": {"name": "Alice"}, "cursor": {"anchor": 1, "head": 2}}}
            said = {"document_id": "note:1", "user_id": "forged", "update": utf8(state)}
            await alice.client.emit("ydoc:awareness:update", said)
            told = await bob.next("ydoc:awareness:update")
            assert (told["user_id"], read(told)) == ("a", state)
            await carol.join()
            assert read(await carol.next("ydoc:awareness:update")) == state
        gone = {"7": {"user": {"name": "Alice"}, "cursor": None}}
        assert read(await bob.next("ydoc:awareness:update")) == gone
        assert await bob.next("ydoc:user:left") == {"document_id": "note:1", "user_id": "a"}
        async with editor(url) as dora:
            await dora.join()
            await dora.client.call("ydoc:document:state", {"document_id": "note:1"})
            assert dora.events.empty()


async def test_of_a_flood_of_cursors_the_last_one_arrives(native_door):
    sio = shared(native_door, max_awareness_rate=5)
    async with native_door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        for place in range(200):
            state = {"7": {"user": {}, "cursor": {"anchor": place}}}
            said = {"document_id": "note:1", "update": utf8(state)}
            await alice.client.emit("ydoc:awareness:update", said)
        seen = 0
        while True:
            seen += 1
            if read(await bob.next("ydoc:awareness:update"))["7"]["cursor"] == {"anchor": 199}:
                break
        assert seen <= 25 and sio.yjs.stats()["awareness_thinned"] > 150


async def test_who_leaves_is_told_to_the_others_and_may_write_no_more(native_door):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join(user_id=1)
        await bob.join()
        await alice.client.call("ydoc:document:leave", {"document_id": "note:1"})
        assert await bob.next("ydoc:user:left") == {"document_id": "note:1", "user_id": 1}
        assert await alice.type("too late") is None
        assert await alice.nack() == "not_joined"
        assert bob.text == "" and sio.rooms(alice.sid) == [alice.sid]


GARBAGE: list[tuple[Any, str]] = [
    ("not an object", "malformed"),
    ({}, "malformed"),
    ({"document_id": 1}, "malformed"),
    ({"document_id": ""}, "malformed"),
    ({"document_id": "x" * 300}, "malformed"),
    ({"document_id": "note:1"}, "malformed"),
    ({"document_id": "note:1", "update": "text"}, "malformed"),
    ({"document_id": "note:1", "update": [1, 2, 256]}, "malformed"),
    ({"document_id": "note:1", "update": [1, -1]}, "malformed"),
    ({"document_id": "note:1", "update": [1, 2, 3]}, "malformed"),
    ({"document_id": "note:1", "update": []}, "malformed"),
    ({"document_id": "note:1", "update": [0] * 2000}, "too_large"),
    ({"document_id": "note:2", "update": [0, 0]}, "not_joined"),
    ({"document_id": "note:1", "update": {"_placeholder": False, "num": 0}}, "malformed"),
]


@pytest.mark.parametrize("door", [OWN_PORT, THREADS], ids=["one", "threads"])
async def test_what_is_no_update_is_refused_by_name_and_nobody_notices(door):
    sio = shared(door, max_update_bytes=1000)
    async with door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        nacks: asyncio.Queue[Any] = asyncio.Queue()
        alice.client.on("ydoc:nack", nacks.put_nowait)
        for told, reason in GARBAGE:
            answer = await alice.client.call("ydoc:document:update", told)
            if told == {"document_id": "note:1"}:
                assert answer is True  # neither update nor data: nothing to do
                continue
            assert answer is None, told
            assert (await nacks.get())["reason"] == reason, told
        await alice.type("still here")
        await bob.sees("still here")
        counted = sio.yjs.stats()
        assert counted["updates"] == 1 and sum(counted["refused"].values()) == len(GARBAGE) - 1


@pytest.mark.parametrize("said", [b"", b"[]", b"{", b'{"x":{}}', b'{"1":5}', b"\xff", b"{}"])
async def test_what_is_no_awareness_is_refused(native_door, said):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        told = {"document_id": "note:1", "update": list(said)}
        await alice.client.emit("ydoc:awareness:update", told)
        if said != b"{}":
            assert await alice.nack() == "malformed"
        await alice.type("x")
        await bob.sees("x")
        assert sio.yjs.stats()["awareness"] == 0


async def test_a_session_may_be_in_so_many_documents(native_door):
    sio = shared(native_door, max_documents_per_session=3)
    async with native_door.open(sio) as url, editor(url, "d3") as alice:
        for number in range(4):
            await alice.client.emit("ydoc:document:join", {"document_id": f"d{number}"})
        assert await alice.nack() == "too_many_documents"
        await alice.client.emit("ydoc:document:leave", {"document_id": "d1"})
        await alice.join()


async def test_a_document_takes_no_more_than_its_bound(native_door):
    sio = shared(native_door, max_document_bytes=2000)
    async with native_door.open(sio) as url, editor(url) as alice:
        await alice.join()
        answers = [await alice.type(chr(97 + n % 26) * 300) for n in range(10)]
        assert answers[0] is True and answers[-1] is None
        assert await alice.nack() == "document_full"
        assert len(await sio.yjs.snapshot("note:1")) <= 2000


async def test_the_same_update_again_is_told_to_nobody(native_door):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        update = alice.written(0, "once")
        for _ in range(3):
            assert await alice.send(update) is True
        await alice.type("!")
        await bob.sees("once!")
        counted = sio.yjs.stats()
        assert (counted["updates"], counted["duplicates"]) == (2, 2)


async def test_the_server_reads_and_writes_documents_as_editors_do(native_door):
    sio = shared(native_door)
    async with native_door.open(sio) as url, editor(url) as alice:
        await alice.join()
        made = await sio.yjs.doc("note:1")
        made.get("text", type=pycrdt.Text).insert(0, "from the server")
        await sio.yjs.apply("note:1", made.get_update())
        await alice.sees("from the server")
        with pytest.raises(ValueError, match="malformed"):
            await sio.yjs.apply("note:1", b"garbage")


@pytest.mark.parametrize("door", [OWN_PORT, THREADS], ids=["one", "threads"])
async def test_editors_that_type_at_once_and_come_and_go_end_with_one_text(door):
    sio = shared(door)
    chance = random.Random(7)

    async def work(url: str, number: int) -> None:
        kept: Editor | None = None
        for _ in range(3):
            async with editor(url) as one:
                if kept is not None:  # a reload: what it had goes on
                    one.doc, one.content = kept.doc, kept.content
                await one.join()
                for _ in range(10):
                    place = chance.randint(0, len(one.content))
                    await one.type(f"{number}", place)
                    if len(one.content) > 4 and chance.random() < 0.3:
                        before = one.doc.get_state()
                        del one.content[0:2]
                        await one.send(list(one.doc.get_update(before)))
                kept = one

    async with door.open(sio) as url, editor(url) as witness:
        await witness.join()
        await asyncio.gather(*(work(url, number) for number in range(6)))
        await witness.sees(await sio.yjs.text("note:1"))
        async with editor(url) as late:
            await late.join()
            assert late.text == witness.text
        assert sio.yjs.stats()["members"] >= 1
        await until(lambda: sio.yjs.stats()["members"] == 1)


@pytest.mark.parametrize("door", [OWN_PORT, THREADS], ids=["one", "threads"])
async def test_a_rendering_that_is_too_large_is_left_out_and_the_edit_taken(door):
    sio = shared(door, max_data_bytes=100)
    async with door.open(sio) as url, editor(url) as alice, editor(url) as bob:
        await alice.join()
        await bob.join()
        assert await alice.type("a", data={"content": {"md": "a"}}) is True
        assert await alice.type("b", data={"content": {"md": "y" * 200}}) is True
        assert await alice.type("c") is True
        await bob.sees("abc")
        assert (await bob.join())["content"] == {"md": "a"}
        counted = sio.yjs.stats()
        assert counted["data_dropped"] == 1 and sum(counted["refused"].values()) == 0


async def test_a_nack_names_the_document_though_its_name_comes_last():
    sio = shared(OWN_PORT, max_update_bytes=2)
    async with OWN_PORT.open(sio) as url, editor(url) as alice:
        await alice.join()
        told = {"update": [1, 2, 3], "document_id": "note_1"}
        await alice.client.emit("ydoc:document:update", told)
        assert await alice.nack() == "too_large"  # of this document, or it would not be heard


async def test_documents_have_no_more_together_than_their_bound():
    sio = shared(OWN_PORT, max_total_bytes=2000, max_document_bytes=2000)
    async with OWN_PORT.open(sio) as url, editor(url, "a") as alice, editor(url, "b") as bob:
        await alice.join()
        await bob.join()
        await sio.yjs.apply("nobody's", update_of("x" * 800))
        assert await alice.type("x" * 900) is True
        assert await bob.type("y" * 900) is True  # for which the one that nobody is in has gone
        assert sio.yjs.stats()["documents"] == 2
        assert await bob.type("y" * 900) is None and await bob.nack() == "server_full"
        with pytest.raises(ValueError, match="server_full"):
            await sio.yjs.apply("c", update_of("x" * 900))
        counted = sio.yjs.stats()
        assert counted["refused"]["server_full"] == 1 and counted["bytes"] <= 2000
        await alice.client.call("ydoc:document:leave", {"document_id": "a"})
        assert await bob.type("y" * 900) is True


async def test_what_is_no_update_document_or_sid_is_said_at_the_call():
    sio = shared(OWN_PORT)
    async with OWN_PORT.open(sio):
        wrong: Any
        for wrong in (10**9, [0, 0], "text", None):
            with pytest.raises(TypeError, match="an update is bytes"):
                await sio.yjs.apply("d", wrong)
        for wrong in (None, 5, b"sid"):
            with pytest.raises(TypeError, match="a sid is a str"):
                await sio.yjs.revoke("d", wrong)
            with pytest.raises(TypeError, match="a sid is a str"):
                await sio.yjs.documents_of(wrong)
            with pytest.raises(ValueError, match="a document's name"):
                await sio.yjs.revoke(wrong, "sid")
        await sio.yjs.apply("d", bytearray(b"\0\0"))
        await sio.yjs.revoke("d", "nobody")
    with pytest.raises(RuntimeError, match="call serve"):
        await sio_native.AsyncServer().yjs.revoke("d", "nobody")


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"max_update_bytes": 9 << 20, "max_document_bytes": 64 << 20}, "as a list of integers"),
    ({"max_update_bytes": 2_000_000, "dialects": ["y-socket.io"]}, "max_http_buffer_size"),
    ({"max_update_bytes": 2000, "max_document_bytes": 1000}, "max_document_bytes only 1000"),
    ({"max_awareness_bytes": 1 << 21}, "max_awareness_bytes is 2097152"),
    ({"max_data_bytes": 64 << 20}, "max_data_bytes is 67108864"),
    ({"max_total_bytes": 1000}, "max_total_bytes only 1000"),
    ({"store_delay": 10, "store_max_wait": 1}, "store_delay is 10 s"),
    ({"store": "x.db", "max_update_bytes": 20, "max_unstored_bytes": 10}, "max_unstored_bytes"),
]


@pytest.mark.parametrize(("options", "said"), CONTRADICTIONS)
def test_bounds_that_contradict_each_other_are_warned_of(options, said):
    with pytest.warns(UserWarning) as warned:
        sio_native.AsyncServer().yjs.serve(**options)
    assert [said in str(each.message) for each in warned] == [True]
    assert warned[0].filename == __file__  # at the call


@pytest.mark.parametrize(
    "options", [{}, {"max_document_bytes": 1000}, {"max_unstored_bytes": 10, "store": "x.db"}]
)
def test_bounds_that_are_not_given_contradict_none(options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sio_native.AsyncServer().yjs.serve(**options)
        sio_native.AsyncServer(max_http_buffer_size=10_000).yjs.serve(**options)


def test_serving_says_what_is_wrong_at_once():
    sio = sio_native.AsyncServer()
    for wrong in (
        {"dialects": "open-webui"},
        {"dialects": ["hocuspocus"]},
        {"dialects": 5},
        {"dialects": [[]]},
        {"store": ""},
        {"max_documents": 1.5},
        {"durable": True},
        {"store_delay": 0},
        {"max_update_bytes": 0},
    ):
        with pytest.raises(ValueError):
            sio.yjs.serve(**wrong)
    for wrong in ({"keep_deleted": "no"}, {"durable": 1, "store": "x.db"}):
        with pytest.raises(TypeError):
            sio.yjs.serve(**wrong)
    sio.yjs.serve()
    with pytest.raises(RuntimeError):
        sio.yjs.serve()
    with pytest.raises(ValueError, match="JSON"):
        sio_native.AsyncServer(serializer="msgpack").yjs.serve()


def update_of(text: str) -> bytes:
    made: pycrdt.Doc[Any] = pycrdt.Doc()
    made.get("text", type=pycrdt.Text).insert(0, text)
    return made.get_update()


def utf8(state: Any) -> list[int]:
    return list(json.dumps(state).encode())


def read(told: Any) -> Any:
    return json.loads(bytes(told["update"]))

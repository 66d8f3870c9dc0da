"""`YdocManager` beside the original, in one process and without Redis: what the one does, the other
does too. The handlers that call it are in test_documents.py."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pycrdt
import pytest

import sio_native
from sio_native.open_webui import YdocManager
from sio_native.yjs import MemoryStore

from .stage import FETCHED, TESTS

Made = Callable[[], AbstractAsyncContextManager[Any]]


@asynccontextmanager
async def native(**options: Any) -> AsyncIterator[YdocManager]:
    sio = sio_native.AsyncServer(logger=False)
    sio.yjs.serve(dialects=[], **options)
    sio.listen("127.0.0.1", 0)
    try:
        yield YdocManager(sio)
    finally:
        await sio.shutdown()


@pytest.fixture(params=["original", "native", "native-stored"])
def manager(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Made:
    if request.param == "native":
        return native
    if request.param == "native-stored":
        return lambda: native(store=MemoryStore(), durable=True)
    for path in (TESTS / "openwebui" / "stubs", FETCHED / "backend"):
        monkeypatch.syspath_prepend(str(path))
    try:
        utils = importlib.import_module("open_webui.socket.utils")
    finally:
        for name in [each for each in sys.modules if each.partition(".")[0] == "open_webui"]:
            monkeypatch.delitem(sys.modules, name)

    @asynccontextmanager
    async def original() -> AsyncIterator[Any]:
        yield utils.YdocManager()

    return original


class Typist:
    def __init__(self) -> None:
        self.document: pycrdt.Doc[Any] = pycrdt.Doc()
        self.text: pycrdt.Text = self.document.get("text", type=pycrdt.Text)

    def types(self, text: str) -> list[int]:
        before = self.document.get_state()
        self.text.insert(len(self.text), text)
        return list(self.document.get_update(before))


def text_of(updates: list[bytes]) -> str:
    document: pycrdt.Doc[Any] = pycrdt.Doc()
    text = document.get("text", type=pycrdt.Text)
    for update in updates:
        document.apply_update(bytes(update))
    return str(text)


async def test_what_was_appended_is_there(manager: Made) -> None:
    typist = Typist()
    async with manager() as documents:
        assert not await documents.document_exists("note:1")
        assert await documents.get_updates("note:1") == []
        for letter in "abc":
            assert await documents.append_to_updates("note:1", typist.types(letter)) is True
        assert await documents.document_exists("note:1")
        assert not await documents.document_exists("note:2")
        assert text_of(await documents.get_updates("note:1")) == "abc"


@pytest.mark.parametrize(
    "update", [[1, 2, 3], [], [256], [-1], ["a"], None, "text", {"0": 1}, [0.5]], ids=repr
)
async def test_what_is_no_update_is_not_taken(manager: Made, update: Any) -> None:
    async with manager() as documents:
        assert await documents.append_to_updates("note:1", update) is False
        assert not await documents.document_exists("note:1")


async def test_an_update_that_is_too_large_is_not_taken(manager: Made) -> None:
    async with manager() as documents:
        update = Typist().types("x" * 2 * 1024 * 1024)
        assert await documents.append_to_updates("note:1", update) is False
        assert not await documents.document_exists("note:1")


async def test_users_come_and_go(manager: Made) -> None:
    async with manager() as documents:
        for sid in ("s1", "s2", "s1"):
            await documents.add_user("note:1", sid)
        await documents.add_user("note:2", "s1")
        assert sorted(await documents.get_users("note:1")) == ["s1", "s2"]
        assert await documents.count_documents_for_user("s1") == 2
        assert await documents.count_documents_for_user("nobody") == 0
        await documents.remove_user("note:1", "s1")
        await documents.remove_user("note:1", "nobody")
        await documents.remove_user("note:3", "s1")
        assert list(await documents.get_users("note:1")) == ["s2"]
        assert await documents.count_documents_for_user("s1") == 1


async def test_documents_that_nobody_is_in_any_more_are_cleared(manager: Made) -> None:
    async with manager() as documents:
        for document in ("note:1", "note:2"):
            await documents.append_to_updates(document, Typist().types("x"))
            await documents.add_user(document, "s1")
        await documents.add_user("note:2", "s2")
        await documents.remove_user_from_all_documents("s1")
        assert not await documents.document_exists("note:1")
        assert await documents.document_exists("note:2")
        assert not await documents.get_users("note:1")
        assert list(await documents.get_users("note:2")) == ["s2"]
        await documents.remove_user_from_all_documents("s1")
        assert await documents.document_exists("note:2")


async def test_a_document_that_was_cleared_begins_anew(manager: Made) -> None:
    async with manager() as documents:
        await documents.append_to_updates("note:1", Typist().types("old"))
        await documents.add_user("note:1", "s1")
        await documents.clear_document("note:1")
        await documents.clear_document("note:2")
        assert not await documents.document_exists("note:1")
        assert not await documents.get_users("note:1")
        await documents.append_to_updates("note:1", Typist().types("new"))
        assert text_of(await documents.get_updates("note:1")) == "new"


async def test_one_at_a_time_has_the_lock_in_the_order_in_which_they_ask(manager: Made) -> None:
    done: list[str] = []

    async def work(name: str) -> None:
        async with documents.lock("note:1"):
            done.append(f"{name} begins")
            await asyncio.sleep(0)
            done.append(f"{name} ends")

    async with manager() as documents:
        await asyncio.gather(*map(work, "abc"))
        async with documents.lock("note:1"), documents.lock("note:2"):
            pass
    assert done == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]


async def test_thousands_of_updates_are_one_document(manager: Made) -> None:
    typist = Typist()
    async with manager() as documents:
        for number in range(1_200):
            assert await documents.append_to_updates("note:1", typist.types(str(number % 10)))
        assert text_of(await documents.get_updates("note:1")) == str(typist.text)
        assert len(await documents.get_updates("note:1")) <= documents.COMPACTION_THRESHOLD


async def test_what_is_busy_is_not_cleared() -> None:
    async def is_busy(document: str) -> bool:
        return document == "note:1"

    async with native() as made:
        documents = YdocManager(made._documents._sio, is_busy=is_busy)
        for document in ("note:1", "note:2"):
            await documents.append_to_updates(document, Typist().types("x"))
            await documents.add_user(document, "s1")
        await documents.remove_user_from_all_documents("s1")
        assert await documents.document_exists("note:1")
        assert not await documents.document_exists("note:2")


async def test_a_note_has_two_spellings() -> None:
    async with native() as documents:
        await documents.add_user("note_1", "s1")
        await documents.append_to_updates("note_1", Typist().types("x"))
        assert await documents.get_users("note:1") == ["s1"]
        assert await documents.document_exists("note:1")

"""Emitters and callers as requests use them, with real clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio

import sio_native
from sio_native.open_webui import Events

LIMIT = 10.0
INFO = {"user_id": "ann", "chat_id": "c1", "message_id": "m1"}


class Site:
    """A server whose clients say who they are, and what they got."""

    def __init__(self, sio: sio_native.AsyncServer | None = None) -> None:
        self.sio = sio or sio_native.AsyncServer(logger=False)
        self.bound = asyncio.Event()
        self.url = ""

        @self.sio.event
        async def connect(sid: str, environ: Any, auth: dict[str, Any]) -> None:
            await self.sio.users.bind(sid, auth["user"], {"chat_ids": auth.get("chat_ids", [])})

    @asynccontextmanager
    async def tab(self, user: str, **auth: Any) -> AsyncIterator[Tab]:
        tab = Tab()
        await tab.client.connect(self.url, auth={"user": user, **auth})
        try:
            yield tab
        finally:
            await tab.client.disconnect()


class Tab:
    def __init__(self, answer: Any = None) -> None:
        self.client = socketio.AsyncClient()
        self.got: asyncio.Queue[Any] = asyncio.Queue()
        self.answers: asyncio.Queue[Any] = asyncio.Queue()

        @self.client.event
        async def events(data: Any) -> Any:
            await self.got.put(data)
            if data["data"].get("type") == "input":
                return await self.answers.get()
            return None

    @property
    def sid(self) -> str:
        return str(self.client.get_sid())

    async def next(self) -> Any:
        return await asyncio.wait_for(self.got.get(), LIMIT)


@asynccontextmanager
async def site(sio: sio_native.AsyncServer | None = None) -> AsyncIterator[Site]:
    made = Site(sio)
    host, port = made.sio.listen("127.0.0.1", 0)
    made.url = f"http://{host}:{port}"
    try:
        yield made
    finally:
        await made.sio.shutdown()


async def test_ten_thousand_deltas_reach_all_tabs_of_the_user_in_order() -> None:
    async with site() as s, s.tab("ann") as one, s.tab("ann") as two, s.tab("bob") as other:
        emit = Events(s.sio).get_event_emitter(INFO)
        assert emit is not None
        for number in range(10_000):
            await emit({"type": "chat:message:delta", "data": {"content": str(number)}})
        for tab in (one, two):
            for number in range(10_000):
                assert await tab.next() == {
                    "chat_id": "c1",
                    "message_id": "m1",
                    "data": {"type": "chat:message:delta", "data": {"content": str(number)}},
                }
        await s.sio.emit("events", {"data": {"type": "last"}})
        assert await other.next() == {"data": {"type": "last"}}


async def test_what_should_last_is_persisted_behind_each_event() -> None:
    stored: list[Any] = []

    async def persist(info: Any, data: Any) -> None:
        stored.append((info["message_id"], data["type"]))

    async with site() as s, s.tab("ann") as tab:
        emit = Events(s.sio).get_event_emitter(INFO, persist)
        assert emit is not None
        await emit({"type": "status"})
        assert stored == [("m1", "status")]
        await tab.next()


async def test_a_tab_is_asked_and_answers() -> None:
    async with site() as s, s.tab("ann") as tab, s.tab("ann") as other:
        call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid})
        assert call is not None
        tab.answers.put_nowait({"value": 42})
        assert await call({"type": "input"}) == {"value": 42}
        assert other.got.empty()


async def test_a_call_ends_at_once_when_its_tab_goes_and_nobody_may_follow() -> None:
    async with site() as s, s.tab("ann"):
        async with s.tab("ann") as tab:
            call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid}, follow=0)
            assert call is not None
            asked = asyncio.create_task(call({"type": "input"}))
            await tab.next()
        assert await asyncio.wait_for(asked, LIMIT) == {"error": "Client session disconnected."}


async def test_a_call_follows_its_tab_to_the_next_connection() -> None:
    async with site() as s, s.tab("ann") as bystander:
        async with s.tab("ann", chat_ids=["c1"]) as tab:
            call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid})
            assert call is not None
            asked = asyncio.create_task(call({"type": "input"}))
            await tab.next()
        async with s.tab("ann", chat_ids=["c1"]) as again:
            assert (await again.next())["data"] == {"type": "input"}
            again.answers.put_nowait("here")
            assert await asyncio.wait_for(asked, LIMIT) == "here"
        assert bystander.got.empty()


async def test_a_call_goes_on_in_a_tab_that_comes_to_show_the_chat() -> None:
    async with site() as s, s.tab("ann") as bystander:
        async with s.tab("ann", chat_ids=["c1"]) as tab:
            call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid})
            assert call is not None
            asked = asyncio.create_task(call({"type": "input"}))
            await tab.next()
        while not s.sio.users._table._waiting:  # noqa: ASYNC110 - its call waits for the next
            await asyncio.sleep(0.005)
        await s.sio.users.bind(bystander.sid, "ann", {"chat_ids": ["other"]})
        await s.sio.users.bind(bystander.sid, "ann", {"chat_ids": ["c1"]})
        assert (await bystander.next())["data"] == {"type": "input"}
        bystander.answers.put_nowait("here")
        assert await asyncio.wait_for(asked, LIMIT) == "here"
        assert not s.sio.users._table._waiting


async def test_a_tab_that_is_leaving_is_asked_once() -> None:
    """Its disconnect handler still runs, and it is bound meanwhile, to the chat too."""
    asked = 0
    may_end = asyncio.Event()

    class Server(sio_native.AsyncServer):
        async def call(self, *args: Any, **options: Any) -> Any:
            nonlocal asked
            asked += 1
            return await super().call(*args, **options)

    async with site(Server(logger=False)) as s:

        @s.sio.event
        async def disconnect(sid: str, reason: str) -> None:
            await may_end.wait()

        async with s.tab("ann", chat_ids=["c1"]) as tab:
            call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid}, follow=0.2)
            assert call is not None
            answer = asyncio.create_task(call({"type": "input"}))
            await tab.next()
        assert await asyncio.wait_for(answer, LIMIT) == {"error": "Client session disconnected."}
        may_end.set()
        assert asked == 1


async def test_a_tab_that_left_just_before_the_call_is_followed_too() -> None:
    async with site() as s:
        async with s.tab("ann", chat_ids=["c1"]) as tab:
            sid = tab.sid
        while s.sio.users.sids("ann"):  # noqa: ASYNC110 - its disconnect handler has ended
            await asyncio.sleep(0.005)
        call = Events(s.sio).get_event_call({**INFO, "session_id": sid})
        assert call is not None
        asked = asyncio.create_task(call({"type": "input"}))
        async with s.tab("ann") as again:
            await again.next()
            again.answers.put_nowait("here")
            assert await asyncio.wait_for(asked, LIMIT) == "here"


async def test_a_request_without_a_tab_is_answered_at_once() -> None:
    async with site() as s, s.tab("ann", chat_ids=["c1"]) as tab:
        call = Events(s.sio).get_event_call({**INFO, "session_id": None})
        assert call is not None
        assert await call({"type": "input"}) == {"error": "Client session disconnected."}
        assert tab.got.empty()


async def test_nobody_waits_for_tabs_longer_than_asked_to() -> None:
    async with site() as s, s.tab("ann"):
        async with s.tab("ann") as tab:
            call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid}, follow=0.05)
            assert call is not None
            asked = asyncio.create_task(call({"type": "input"}))
            await tab.next()
        assert await asyncio.wait_for(asked, LIMIT) == {"error": "Client session disconnected."}
        assert not s.sio.users._table._waiting


async def test_another_users_tab_is_not_asked() -> None:
    async with site() as s, s.tab("bob") as tab:
        call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid}, follow=0.05)
        assert call is not None
        assert await call({"type": "input"}) == {"error": "Client session disconnected."}
        assert tab.got.empty()


async def test_no_answer_in_time_is_said() -> None:
    async with site() as s, s.tab("ann") as tab:
        call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid}, timeout=0.05)
        assert call is not None
        assert "timed out" in (await call({"type": "input"}))["error"]
        tab.answers.put_nowait(None)


async def test_a_call_that_is_cancelled_waits_for_nothing() -> None:
    async with site() as s, s.tab("ann") as tab:
        call = Events(s.sio).get_event_call({**INFO, "session_id": tab.sid})
        assert call is not None
        asked = asyncio.create_task(call({"type": "input"}))
        await tab.next()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert len(s.sio._service.acks) == 0
        tab.answers.put_nowait(None)


def test_what_lacks_a_request_has_none() -> None:
    events = Events(sio_native.AsyncServer())
    assert events.get_event_emitter({"user_id": "ann"}) is None
    assert events.get_event_call(INFO) is None


def test_what_is_for_no_user_has_none() -> None:
    events = Events(sio_native.AsyncServer())
    for nobody in (None, "", 7, ["ann"]):
        info = {**INFO, "user_id": nobody, "session_id": "s1"}
        assert events.get_event_emitter(info) is None
        assert events.get_event_call(info) is None

"""Texts that grow: in order, complete, resumed and cancelled."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio
from conftest import NATIVE, Door, Log, connected

from sio_native.text_stream import StreamCancelled


class Reader:
    """What a client has to do to read a stream."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("token", self.token)
        self.text, self.seq, self.events = "", 0, 0
        self.stream: str | None = None
        self.done = asyncio.Event()
        self.end: dict[str, Any] = {}
        self.begun = asyncio.Event()

    def token(self, data: dict[str, Any]) -> None:
        self.events += 1
        self.stream = data["stream"]
        if data["after"] == self.seq:
            self.text += data["text"]
            self.seq = data["seq"]
        self.begun.set()
        if data.get("done"):
            self.end = data
            self.done.set()


async def test_ten_thousand_deltas_arrive_in_order_and_complete(native_door: Door) -> None:
    sio = native_door.server()
    async with native_door.open(sio) as url:
        readers = [Reader() for _ in range(3)]
        for each in readers:
            await each.client.connect(url, transports=["websocket"])
            await sio.enter_room(each.client.get_sid(), "user:1")
        deltas = [f'{i} "ä😀\n' for i in range(10_000)]
        async with sio.stream("user:1", "token") as stream:
            for i, delta in enumerate(deltas):
                stream.append(delta)
                if i % 500 == 0:
                    await asyncio.sleep(0)
        for each in readers:
            await each.done.wait()
            assert each.text == "".join(deltas)
            assert each.events < 1000
            assert "error" not in each.end
            await each.client.disconnect()


async def test_a_client_that_reconnects_reads_on(native_door: Door) -> None:
    sio = native_door.server()
    async with native_door.open(sio) as url:
        first, second = Reader(), Reader()
        await first.client.connect(url, transports=["websocket"])
        async with sio.stream(first.client.get_sid(), "token", window=0.02) as stream:
            stream.append("one ")
            await first.begun.wait()
            await first.client.disconnect()
            stream.append("two ")
            second.text, second.seq = first.text, first.seq
            await second.client.connect(url, transports=["websocket"])
            where = {"stream": first.stream, "seq": first.seq}
            assert await second.client.call("stream:resume", where) == {"ok": True}
            stream.append("three")
        await second.done.wait()
        assert second.text == "one two three"
        late = Reader()
        await late.client.connect(url, transports=["websocket"])
        await late.client.emit("stream:resume", {"stream": first.stream})
        await late.done.wait()
        assert late.text == second.text
        refused = await late.client.call("stream:resume", {"stream": "unknown"})
        assert not refused["ok"]
        for each in (second, late):
            await each.client.disconnect()


async def test_a_client_cancels_and_the_block_ends_quietly(native_door: Door) -> None:
    sio = native_door.server()
    async with native_door.open(sio) as url:
        reader = Reader()
        await reader.client.connect(url, transports=["websocket"])
        appended = 0
        async with sio.stream(None, "token") as stream:
            stream.append("a")
            await reader.begun.wait()
            await reader.client.emit("stream:cancel", {"stream": reader.stream})
            await stream.wait_cancelled()
            assert stream.cancelled
            stream.append("b")
            appended += 1
        assert appended == 0
        await reader.done.wait()
        assert reader.end["error"] == "cancelled"
        assert reader.text == "a"
        await reader.client.disconnect()


async def test_a_block_that_fails_says_so_and_no_more() -> None:
    door = NATIVE["own-port"]
    sio = door.server()
    async with door.open(sio) as url:
        reader = Reader()
        await reader.client.connect(url, transports=["websocket"])
        with pytest.raises(RuntimeError, match="secret"):
            async with sio.stream(None, "token") as stream:
                raise RuntimeError("secret")
        await reader.done.wait()
        assert reader.end["error"] == "failed"
        with pytest.raises(ValueError, match="open"):
            stream.append("late")
        with pytest.raises(StreamCancelled):
            async with sio.stream(None, "token"):
                raise StreamCancelled("of another one")
        await reader.client.disconnect()


async def test_any_name_of_an_event_arrives_as_that_of_an_emit() -> None:
    door = NATIVE["own-port"]
    sio = door.server()
    async with door.open(sio) as url, connected(url) as client:
        log = Log()
        client.on("*", lambda event, *args: log.add(event))
        for name in ("\ud800", "\u2603", '"\\\n', ""):
            await sio.emit(name)
            async with sio.stream(client.get_sid(), name) as stream:
                stream.append("text")
            await log.reaches(3)
            assert log == [(name,)] * 3
            log.clear()


async def test_what_no_text_is_is_refused() -> None:
    door = NATIVE["own-port"]
    sio = door.server()
    with pytest.raises(ValueError, match="window"):
        sio.stream(None, "token", window=0)
    async with door.open(sio) as url, connected(url), sio.stream(None, "token") as stream:
        with pytest.raises(ValueError, match="text"):
            stream.append("\ud800")
        with pytest.raises(TypeError, match="text must be a str"):
            stream.append(5)  # type: ignore[arg-type]

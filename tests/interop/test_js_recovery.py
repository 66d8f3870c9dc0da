"""The JavaScript client through a network that breaks 200 times: every event arrives exactly once.

The checks are in js/recovery.mjs: numbers without a gap and in order, `recovered` and the same id
at each connect but the first.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

import sio_native

from .flaky_proxy import WAYS, FlakyProxy

SCRIPT = Path(__file__).resolve().parent / "js" / "recovery.mjs"
LIMIT = 120.0
EVENTS_A_SECOND = 100


class Stream:
    """A server, and events on their way to its one client by each of the ways there are."""

    def __init__(self, **options: Any) -> None:
        self.sio = sio = sio_native.AsyncServer(
            connection_state_recovery=True,
            **options,
            ping_interval=0.05,  # so that pongs confirm events between two breaks
            ping_timeout=20,
        )
        self.sid = ""
        self.connected = asyncio.Event()
        self.heard: list[str] = []  # by handlers
        self.sent = 0

        @sio.event
        async def connect(sid, environ, auth):
            self.heard.append("connect")
            assert sio.recovered(sid) == bool(self.sid)
            if not self.sid:
                self.sid = sid
                await sio.enter_room(sid, "x")

        @sio.event
        async def disconnect(sid, reason):
            self.heard.append("disconnect")
            assert sid == self.sid

        @sio.event
        async def connected(sid, count):
            self.connected.set()

    async def is_connected(self) -> None:
        """It is back. A break between two requests of a polling client is none for it."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.connected.wait(), 5)

    async def send_until(self, ended: asyncio.Future[None]) -> None:
        await self.connected.wait()
        clock = asyncio.get_running_loop()
        began = clock.time()
        while not ended.done():
            while self.sent < (clock.time() - began) * EVENTS_A_SECOND:
                await self._send(self.sent)
                self.sent += 1
            await asyncio.sleep(0.01)
        await self.sio.emit("end", self.sent, to="x")

    async def _send(self, number: int) -> None:
        emit = self.sio.emit
        if number % 4 == 0:
            await emit("number", (number, "text"), to="x")
        elif number % 4 == 1:
            await emit("number", number, to=self.sid)
        elif number % 4 == 2:
            await emit("number", (number, bytes([number & 255, number >> 8])), to=["x", self.sid])
        else:
            await emit("number", (number, None, {"all": []}))
        if number % 7 == 0:  # what is not kept must not disturb the rest
            await self.sio.volatile.emit("volatile", "now or never")
            await emit("question", to="x", callback=lambda *answer: None)
            await emit("number", -1, skip_sid=self.sid)
            await emit("number", -1, to="nobody")


@pytest.mark.parametrize(
    "transports, breaks", [(["websocket"], 200), (["polling", "websocket"], 25), (["polling"], 20)]
)
def test_every_event_arrives_once_and_in_order(transports, breaks):
    converse_while_it_breaks(transports, breaks)


@pytest.mark.parametrize("transports", [["websocket"], ["polling", "websocket"]])
def test_in_msgpack_as_well(transports):
    converse_while_it_breaks(transports, 20, serializer="msgpack")


@pytest.mark.parametrize(
    "transports, breaks", [(["websocket"], 60), (["polling", "websocket"], 15), (["polling"], 10)]
)
def test_with_several_threads_as_well(transports, breaks):
    converse_while_it_breaks(transports, breaks, threads=2)


def converse_while_it_breaks(
    transports: list[str], breaks: int, serializer: str = "default", **options: Any
) -> None:
    node = shutil.which("node")
    assert node, "node is needed: the Makefile's `test` says how to install it"

    async def converse() -> None:
        stream = Stream(serializer=serializer, **options)
        host, port = stream.sio.listen("127.0.0.1", 0)
        proxy = FlakyProxy(host, port)
        async with proxy.open() as url:
            client = await asyncio.create_subprocess_exec(
                node,
                str(SCRIPT),
                url,
                "/socket.io",
                serializer,
                *transports,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            breaking: asyncio.Task[None] | None = None
            sending: asyncio.Task[None] | None = None
            try:
                ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

                async def broken_network() -> None:
                    await stream.connected.wait()
                    chance = random.Random(7)
                    for number in range(breaks):
                        if number % 5 != 4:  # every fifth may hit a handshake
                            await stream.is_connected()
                        await asyncio.sleep(chance.uniform(0.005, 0.1))
                        stream.connected.clear()
                        await proxy.break_connections(WAYS[number % len(WAYS)])
                    ended.set_result(None)

                breaking = asyncio.create_task(broken_network())
                sending = asyncio.create_task(stream.send_until(ended))
                said, _ = await asyncio.wait_for(client.communicate(), LIMIT)
            finally:
                for task in (breaking, sending):
                    if task is not None:
                        task.cancel()
                if client.returncode is None:
                    client.kill()
                await stream.sio.shutdown()
        assert client.returncode == 0, said.decode()
        result = json.loads(said)
        assert result["had"] == stream.sent
        if transports == ["websocket"]:
            assert result["connects"] > breaks * 3 / 4
        assert result["connects"] > 1
        assert stream.heard.count("connect") == stream.heard.count("disconnect")
        assert stream.heard == ["connect", "disconnect"] * (len(stream.heard) // 2)

    asyncio.run(converse())

"""Servers of both packages on one Redis: what one does reaches the clients of the other."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis_library
import socketio

from sio_native.async_redis_manager import AsyncRedisManager

from .limits import eventually, run
from .redis_server import RedisServer, running_redis
from .serving import START_LIMIT, TEST_ROOT, Server, _read_port

PAIRS = [
    ("native", "reference"),
    ("reference", "native"),
    ("native", "native"),
    ("adopted", "reference"),
]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@contextlib.contextmanager
def running(flavour: str, url: str, channel: str, module: str = "redis_app") -> Iterator[Server]:
    handle, name = tempfile.mkstemp(prefix="interop-stderr-")
    search_path = os.pathsep.join(filter(None, [str(TEST_ROOT), os.environ.get("PYTHONPATH")]))
    with os.fdopen(handle, "wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.{module}", flavour, url, channel],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": search_path},
        )
    server = Server(flavour, 0, process, Path(name))
    try:
        server.port = _read_port(process, time.monotonic() + START_LIMIT)
        yield server
    except EOFError:
        raise RuntimeError(server.stderr()) from None
    finally:
        server.stop()
        Path(name).unlink()


@dataclass
class Arrangement:
    """Two servers on one channel."""

    url: str
    channel: str
    servers: list[Server]


@pytest.fixture(scope="module", params=PAIRS, ids=["-".join(pair) for pair in PAIRS])
def arrangement(request: pytest.FixtureRequest, redis: RedisServer) -> Iterator[Arrangement]:
    channel = f"channel-{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(running(flavour, redis.url, channel)) for flavour in request.param
        ]
        yield Arrangement(redis.url, channel, servers)


@dataclass
class Client:
    """A client of one server, what it has heard, and how it has the server do things."""

    io: socketio.AsyncClient
    heard: list[Any] = field(default_factory=list)

    @property
    def sid(self) -> str:
        return str(self.io.get_sid())

    async def do(self, method: str, **options: Any) -> Any:
        return await self.io.call("do", (method, options), timeout=20)

    async def hears(self, *expected: Any) -> None:
        async def enough() -> bool:
            return len(self.heard) >= len(expected)

        await eventually(enough, f"{expected}, but {self.heard}")
        assert self.heard == list(expected)


@contextlib.asynccontextmanager
async def clients(of: Arrangement, *, namespaces: Any = None) -> AsyncIterator[list[Client]]:
    """One client at each server; both servers listen to Redis."""
    made = []
    try:
        for server in of.servers:
            client = Client(socketio.AsyncClient(reconnection=False))
            made.append(client)
            client.io.on("*", lambda event, *args, to=client: to.heard.append((event, *args)))
            client.io.on("ask", lambda *args: ("answer", *args))
            await client.io.connect(
                server.url, transports=["websocket"], namespaces=namespaces or ["/"]
            )
        await listened_to(of, len(of.servers))
        yield made
    finally:
        for client in made:
            await client.io.disconnect()


async def listened_to(of: Arrangement, listeners: int) -> None:
    async with redis_library.Redis.from_url(of.url) as connection:

        async def ready() -> bool:
            ((_, count),) = await connection.pubsub_numsub(of.channel)
            return bool(count >= listeners)

        await eventually(ready, f"{listeners} servers listen", START_LIMIT)


def test_of_conflated_emits_the_clients_of_both_get_the_first_and_the_last(arrangement):
    ours = [server.flavour != "reference" for server in arrangement.servers].index(True)

    async def conversation():
        async with clients(arrangement) as both:
            options = {"conflate": "job", "interval": 1}
            values = [*range(500), {"last": b"\x00"}]
            await both[ours].io.call("progress", (options, values))
            for each in both:
                await each.hears(("progress", 0), ("progress", {"last": b"\x00"}))

    run(conversation())


def test_emits_reach_the_clients_of_both(arrangement):
    async def conversation():
        async with clients(arrangement) as (here, there):
            await here.do("emit", event="all", data={"a": [1, None, "ü"]})
            await here.do("emit", event="binary", data={"b": [b"\x00\xff", b""]})
            await here.do("emit", event="to", to=there.sid)
            await here.do("emit", event="skipped", skip_sid=[there.sid])
            common = [("all", {"a": [1, None, "ü"]}), ("binary", {"b": [b"\x00\xff", b""]})]
            await there.hears(*common, ("to",))
            await there.do("emit", event="back", data=[1, 2])
            await there.hears(*common, ("to",), ("back", [1, 2]))
            await here.hears(*common, ("skipped",), ("back", [1, 2]))

    run(conversation())


def test_namespaces(arrangement):
    async def conversation():
        async with clients(arrangement, namespaces=["/", "/other"]) as (here, there):
            there.io.on("*", lambda *args: there.heard.append(args), namespace="/other")
            await here.do("emit", event="other", data=1, namespace="/other")
            await there.hears(("other", 1))

    run(conversation())


def test_rooms_of_a_client_of_the_other_server(arrangement):
    async def conversation():
        async with clients(arrangement) as (here, there):

            async def rooms_there(*expected: Any) -> None:
                async def are() -> bool:
                    return set(await there.do("rooms", sid=there.sid)) == {there.sid, *expected}

                await eventually(are, f"rooms {expected}")

            await here.do("enter_room", sid=there.sid, room="r")
            await here.do("enter_room", sid=there.sid, room=7)
            await rooms_there("r", 7)
            await here.do("emit", event="room", data=1, room=["r", 7])
            await here.do("leave_room", sid=there.sid, room="r")
            await rooms_there(7)
            await here.do("close_room", room=7)
            await rooms_there()
            await there.hears(("room", 1))

    run(conversation())


def test_answers_come_back(arrangement):
    async def conversation():
        async with clients(arrangement) as (here, there):
            call = {"event": "ask", "data": "now", "timeout": 10}
            assert await here.do("call", **call, to=there.sid) == ["answer", "now"]
            assert await here.do("call", **call, to=here.sid) == ["answer", "now"]
            emit = {"event": "ask", "data": "back", "to": there.sid}
            assert await here.io.call("ask_back", emit) == ["answer", "back"]
            await there.do("enter_room", sid=there.sid, room="one")
            assert await here.do("call", **call, to="one") == ["answer", "now"]
            failed = await here.do("call", event="ask", to="nobody", timeout=0.05)
            assert failed.startswith("TimeoutError")

    run(conversation())


def test_a_client_of_the_other_server_is_disconnected(arrangement):
    async def conversation():
        async with clients(arrangement) as (here, there):
            sid = there.sid
            gone = asyncio.Event()
            there.io.on("disconnect", gone.set)
            await here.do("disconnect", sid=sid)
            await gone.wait()
        async with clients(arrangement) as (here, there):

            async def is_told() -> bool:
                return [sid, "server disconnect"] in await there.io.call("who_left")

            await eventually(is_told, "the disconnect handler has run")

    run(conversation())


SCRIPT = """
import sys, socketio
url, channel, room = sys.argv[1:]
emitter = socketio.RedisManager(url, channel, write_only=True)
emitter.emit("ext", {"from": "a worker"}, "/", room=room)
emitter.emit("ext", {"blob": b"\\x01\\x02"}, "/", room=room)
emitter.emit("ext", ("several", 2), "/", room=[room, "another"])
emitter.emit("ext", "for others", "/", room="others")
"""


def test_a_worker_that_only_emits(arrangement):
    async def conversation():
        async with clients(arrangement) as both:
            for client in both:
                await client.do("enter_room", sid=client.sid, room="r")
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", SCRIPT, arrangement.url, arrangement.channel, "r")
            )
            assert await worker.wait() == 0
            for client in both:
                await client.hears(
                    ("ext", {"from": "a worker"}),
                    ("ext", {"blob": b"\x01\x02"}),
                    ("ext", "several", 2),
                )

    run(conversation())


@pytest.mark.parametrize("kind", [socketio.AsyncRedisManager, AsyncRedisManager])
def test_an_asyncio_process_that_only_emits(arrangement, kind):
    async def conversation():
        async with clients(arrangement) as both:
            sids = [client.sid for client in both]
            emitter = kind(arrangement.url, arrangement.channel, write_only=True)
            await emitter.emit("ext", {"blob": b"\x01\x02"}, namespace="/")
            for sid in sids:
                await emitter.enter_room(sid, "/", "r")
            await emitter.emit("room", ("several", 2), namespace="/", room="r")
            await emitter.emit("one", 1, namespace="/", to=sids[0])
            await emitter.close_room("r", "/")
            await emitter.emit("room", "nobody", namespace="/", room="r")
            await emitter.emit("end", namespace="/", data=None)
            common = [("ext", {"blob": b"\x01\x02"}), ("room", "several", 2)]
            await both[0].hears(*common, ("one", 1), ("end",))
            await both[1].hears(*common, ("end",))
            for sid in sids:
                await emitter.can_disconnect(sid, "/")

            async def are_gone() -> bool:
                return not any(client.io.connected for client in both)

            await eventually(are_gone, "both are disconnected")
            await emitter.redis.aclose()

    run(conversation())


@pytest.mark.parametrize("flavour", ["native", "adopted"])
def test_a_server_comes_back_when_redis_does(flavour):
    """Redis is away for a while: clients stay, emits reach those here, and then all again."""

    async def conversation(redis: RedisServer, of: Arrangement):
        async with clients(of) as (here, there):
            redis.stop()
            await here.do("emit", event="alone", data=1)
            await here.hears(("alone", 1))
            redis.start()
            await listened_to(of, 2)
            await here.do("emit", event="together", data=2)
            await here.hears(("alone", 1), ("together", 2))
            await there.hears(("together", 2))
            assert here.io.connected and there.io.connected

    with running_redis() as redis, contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(running(each, redis.url, "away")) for each in (flavour, "native")
        ]
        run(conversation(redis, Arrangement(redis.url, "away", servers)), 60)

"""Workers that emit through Redis without a server: to servers of both packages."""

import asyncio
import contextlib
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis.asyncio as redis_library
import socketio

import sio_native
from sio_native import AsyncEmitter, Emitter
from sio_native.testing import TestClient

from .limits import eventually, run
from .redis_server import RedisServer, running_redis
from .test_redis import Arrangement, clients, running

CHUNKS = 10_000


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def both(redis: RedisServer) -> Iterator[Arrangement]:
    """A server of ours and one of python-socketio's, on one channel."""
    channel = f"channel-{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(running(flavour, redis.url, channel))
            for flavour in ("native", "reference")
        ]
        yield Arrangement(redis.url, channel, servers)


class InThreads:
    """An Emitter as an AsyncEmitter: each call from a thread, where no loop runs."""

    def __init__(self, url: str, channel: str) -> None:
        self._emitter = Emitter(url, channel)

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **options: Any) -> Any:
            return await asyncio.to_thread(getattr(self._emitter, name), *args, **options)

        return call

    async def aclose(self) -> None:
        self._emitter.close()


@contextlib.asynccontextmanager
async def emitting(kind: Any, of: Arrangement) -> AsyncIterator[Any]:
    emitter = kind(of.url, of.channel)
    try:
        yield emitter
    finally:
        await emitter.aclose()


KINDS = pytest.mark.parametrize("kind", [InThreads, AsyncEmitter], ids=["sync", "async"])


@KINDS
def test_what_an_emitter_says_reaches_the_clients_of_both_packages(both, kind):
    async def conversation():
        async with clients(both) as (ours, theirs), emitting(kind, both) as emitter:
            sids = [ours.sid, theirs.sid]
            assert await emitter.emit("job", {"blob": b"\x01\x02", "n": 1}) == 2  # listeners
            assert await emitter.subscribers() == 2
            await emitter.send("hello")
            for sid in sids:
                await emitter.enter_room(sid, "r")
            await emitter.emit("room", ("several", 2), to="r", skip_sid=sids[0])
            await emitter.emit("room", None, room=["r", "another"], skip_sid={sids[1]})
            await emitter.leave_room(sids[0], "r")
            await emitter.emit("left", 1, room="r")
            await emitter.close_room("r")
            await emitter.emit("left", 2, room="r")
            await emitter.emit("elsewhere", 3, namespace="/other")
            await emitter.emit("end")
            common = ("job", {"blob": b"\x01\x02", "n": 1}), ("message", "hello")
            await ours.hears(*common, ("room",), ("end",))
            await theirs.hears(*common, ("room", "several", 2), ("left", 1), ("end",))
            for sid in sids:
                await emitter.disconnect(sid)

            async def are_gone() -> bool:
                return not (ours.io.connected or theirs.io.connected)

            await eventually(are_gone, "both are disconnected")

    run(conversation())


@pytest.mark.parametrize("way", ["sync", "async", "threads"])
def test_ten_thousand_chunks_of_a_job_arrive_in_their_order(redis, way):
    """With several workers on one channel, each with a job of its own."""
    jobs = ["a", "b"] if way == "threads" else ["a"]

    async def conversation():
        channel = uuid.uuid4().hex
        manager = sio_native.AsyncRedisManager(redis.url, channel)
        sio = sio_native.AsyncServer(client_manager=manager)
        host, port = sio.listen("127.0.0.1", 0)
        client = socketio.AsyncClient(reconnection=False)
        heard: dict[str, list[int]] = {job: [] for job in jobs}
        complete = asyncio.Event()
        done: list[str] = []

        @client.on("model:chunk")
        def chunk(data: Any) -> None:
            heard[data["jobId"]].append(data["index"])

        @client.on("model:complete")
        def ended(data: Any) -> None:
            done.append(data["jobId"])
            if len(done) == len(jobs):
                complete.set()

        await client.connect(f"http://{host}:{port}", transports=["websocket"])
        await sio.enter_room(client.get_sid(), "user:1")

        async def listens() -> bool:
            async with redis_library.Redis.from_url(redis.url) as connection:
                return bool((await connection.pubsub_numsub(channel))[0][1])

        await eventually(listens, "the server listens")

        def work(job: str, emitter: Emitter) -> None:
            for index in range(CHUNKS):
                data = {"jobId": job, "chunk": "token", "index": index, "total": CHUNKS}
                emitter.emit("model:chunk", data, room="user:1")
            emitter.emit("model:complete", {"jobId": job}, room="user:1")

        if way == "async":
            async with AsyncEmitter(redis.url, channel) as emitter:
                for index in range(CHUNKS):
                    data = {"jobId": "a", "chunk": "token", "index": index, "total": CHUNKS}
                    await emitter.emit("model:chunk", data, room="user:1")
                await emitter.emit("model:complete", {"jobId": "a"}, room="user:1")
        else:
            with Emitter(redis.url, channel) as emitter:  # one for all threads
                await asyncio.gather(*(asyncio.to_thread(work, job, emitter) for job in jobs))
        await complete.wait()
        assert heard == {job: list(range(CHUNKS)) for job in jobs}
        await client.disconnect()
        await sio.shutdown()

    run(conversation(), 120)


def test_a_user_has_clients_at_our_servers_only(both):
    """A server of python-socketio takes a user's room for one that nobody is in."""

    async def conversation():
        manager = sio_native.AsyncRedisManager(both.url, both.channel)
        sio = sio_native.AsyncServer(client_manager=manager)
        async with clients(both) as (_, theirs), TestClient(sio) as ann, TestClient(sio) as bob:
            await sio.users.bind(ann.sid, "ann")
            await sio.enter_room(bob.sid, "r")
            async with emitting(AsyncEmitter, both) as emitter:

                async def all_listen() -> bool:
                    return await emitter.subscribers() == 3

                await eventually(all_listen, "all three listen")
                await emitter.emit("mine", 1, to_user="ann")
                await emitter.emit("nobodys", 2, to_user=[])
                await emitter.emit("both", 3, room="r", to_user=["ann", "nobody"])
                await emitter.emit("end")
            assert await ann.expect("mine") == 1
            assert await ann.expect("both") == 3
            assert await ann.expect("end") is None
            assert await bob.expect("both") == 3
            assert await bob.expect("end") is None
            await theirs.hears(("end",))
        await sio.shutdown()

    run(conversation())


@KINDS
def test_redis_that_is_not_there_is_an_error_at_the_call(kind):
    async def conversation():
        with running_redis() as server:
            arrangement = Arrangement(server.url, "c", [])
            async with emitting(kind, arrangement) as emitter:
                assert await emitter.emit("job", 1) == 0  # nobody listens
                server.stop()
                for attempt in (emitter.emit("job", 1), emitter.subscribers()):
                    with pytest.raises(ConnectionError, match="cannot publish to redis://"):
                        await attempt
                server.start()
                assert await emitter.emit("job", 1) == 0  # and goes on when it is back

    run(conversation())


@KINDS
def test_data_that_cannot_be_sent_is_an_error_before_redis_is_asked(kind):
    async def conversation():
        emitter = kind("redis://127.0.0.1:1/0", "c")
        with pytest.raises(TypeError, match="JSON serializable"):
            await emitter.emit("job", {1, 2})
        with pytest.raises(TypeError, match="id of a user"):
            await emitter.emit("job", 1, to_user=[7])
        with pytest.raises(TypeError, match="to_user"):  # it would be everybody
            await emitter.emit("job", 1, to_user=None)
        with pytest.raises(TypeError, match="to_user"):  # it would be everybody
            await emitter.send(1, room="r", to_user=None)

    run(conversation())


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_an_event_that_clients_have_of_their_own_is_not_emitted(kind):
    with pytest.raises(ValueError, match="event of clients"):
        kind("redis://127.0.0.1:1/0", "c").to("r").emit("connect")


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_wrong_arguments_are_told_by_the_constructor(kind):
    with pytest.raises(ValueError, match="Unsupported Redis URL scheme: http"):
        kind("http://localhost")


def test_a_password_is_not_in_the_error():
    emitter = Emitter("redis://user:secret@127.0.0.1:1/0")
    with pytest.raises(ConnectionError) as failed:
        emitter.emit("job")
    assert "secret" not in str(failed.value) and "127.0.0.1:1" in str(failed.value)


def test_a_worker_that_runs_a_loop_for_each_job_emits_each_once(redis):
    async def conversation():
        channel = uuid.uuid4().hex
        heard: list[Any] = []
        async with redis_library.Redis.from_url(redis.url) as connection:
            listener = connection.pubsub(ignore_subscribe_messages=True)
            await listener.subscribe(channel)
            emitter = AsyncEmitter(redis.url, channel)

            def work() -> None:
                for job in range(3):
                    asyncio.run(emitter.emit("job", job))

            await listener.get_message(timeout=5)
            thread = threading.Thread(target=work)
            thread.start()
            await asyncio.to_thread(thread.join)
            while (message := await listener.get_message(timeout=0.2)) or len(heard) < 3:
                if message:
                    heard.append(message["data"])
            assert len(heard) == 3

    run(conversation())

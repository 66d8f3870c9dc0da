"""Two servers of ours and one of python-socketio's on one Redis: ours ask each other."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import socketio

from sio_native import AsyncEmitter, AsyncRedisManager, AsyncServer, Emitter, exceptions

from .limits import eventually, run
from .redis_server import RedisServer, running_redis
from .test_redis import Arrangement, Client, clients, running


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def three(redis: RedisServer) -> Iterator[Arrangement]:
    channel = f"cluster-{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        flavours = ("native", "native", "reference")
        servers = [stack.enter_context(running(each, redis.url, channel)) for each in flavours]
        yield Arrangement(redis.url, channel, servers)


@contextlib.asynccontextmanager
async def conversing(with_all: Arrangement) -> AsyncIterator[list[Client]]:
    async with clients(with_all) as made:
        for each in made[:2]:
            await eventually(
                lambda asking=each: agree(choose(asking, ["server_count"]), 2), "two servers"
            )
        yield made


async def agree(asked: Any, wanted: Any) -> bool:
    return bool(await asked == wanted)


async def choose(asker: Client, *steps: list[Any]) -> Any:
    return await asker.io.call("choose", list(steps), timeout=20)


def test_clients_of_the_other_server_are_listed_moved_and_described(three):
    async def conversation():
        async with conversing(three) as (here, there, _reference):
            assert await choose(here, ["all_sockets"]) == sorted([here.sid, there.sid])
            assert await choose(here, ["local"], ["all_sockets"]) == [here.sid]
            await choose(here, ["to", there.sid], ["sockets_join", "r", 7])
            # On one connection each: what is asked next, is asked behind.
            (found,) = await choose(here, ["in_", "r"], ["fetch_sockets"])
            assert found[:3] == [there.sid, sorted(["r", "7", there.sid]), {}]
            assert "aiohttp" in found[3]
            await choose(here, ["to", 7], ["except_", "nobody"], ["emit", "seven", 1, b"\x02"])
            await choose(here, ["to", "r"], ["sockets_leave", 7])
            assert await choose(here, ["to", 7], ["all_sockets"]) == []
            await there.hears(("seven", 1, b"\x02"))

    run(conversation())


def test_all_but_the_sender_hear_it_whatever_server_they_are_at(three):
    async def conversation():
        async with conversing(three) as (here, there, reference):
            for sender, others in ((here, (there, reference)), (there, (here, reference))):
                await choose(sender, ["except_", sender.sid], ["emit", "metrics", 42])
                await choose(sender, ["to", sender.sid], ["emit", "end"])
                for each in others:
                    await each.hears(("metrics", 42))
                await sender.hears(("end",))
                for each in (here, there, reference):
                    each.heard.clear()

    run(conversation())


def test_clients_of_both_answer_and_a_missing_one_is_named_by_its_absence(three):
    async def conversation():
        async with conversing(three) as (here, there, reference):
            answers = await choose(here, ["timeout", 10], ["emit_with_ack", "ask", 1, b"\x02"])
            answer = ["answer", 1, b"\x02"]
            assert answers == {here.sid: answer, there.sid: answer}
            there.io.on("ask", asyncio.Event().wait)
            error, came = await choose(here, ["timeout", 0.5], ["emit_with_ack", "ask"])
            assert error.startswith("AckTimeoutError: not everybody has answered 'ask'")
            assert came == {here.sid: "answer"}
            assert reference.heard == [], "python-socketio's servers are not asked"

    run(conversation())


def test_servers_emit_to_each_other(three):
    async def conversation():
        async with conversing(three) as (here, there, _reference):
            answers = await choose(here, ["server_side_emit_with_ack", "add", 1, 2])
            assert answers == [{"sum": 3, "blob": b"\x00"}]
            await choose(here, ["server_side_emit", "tell", "first"])
            await choose(here, ["server_side_emit_with_ack", "tell", "second"])
            assert await there.io.call("told") == [["first"], ["second"]]
            assert await here.io.call("told") == []
            error, _ = await choose(here, ["server_side_emit", "connection"])
            assert error == "ValueError: 'connection' is a reserved name"

    run(conversation())


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_a_worker_moves_and_disconnects_the_clients_of_all(three, kind):
    async def conversation():
        async with conversing(three) as (here, there, reference):
            emitter = kind(three.url, three.channel)

            async def told(result: Any) -> None:
                heard = await result if kind is AsyncEmitter else result
                assert heard == 3

            await told(emitter.to(here.sid, there.sid).sockets_join("r", "s"))
            await told(emitter.in_("r").except_(here.sid).sockets_leave("s"))
            await told(emitter.to("s").emit("in s", 1))
            await told(emitter.except_("s").volatile.emit("not in s", 2))
            await told(emitter.of("/").server_side_emit("tell", kind.__name__))
            await here.hears(("in s", 1))
            await there.hears(("not in s", 2))

            async def heard_it() -> bool:
                return [kind.__name__] in await here.io.call("told")

            await eventually(heard_it, "the servers' handlers run")
            gone = [asyncio.Event(), asyncio.Event()]
            for each, event in zip((here, there), gone, strict=True):
                each.io.on("disconnect", lambda *_, event=event: event.set())
            await told(emitter.disconnect_sockets(close=True))
            for event in gone:
                await event.wait()
            assert reference.io.connected
            for wrong in (emitter.to, emitter.sockets_join):
                with pytest.raises(ValueError, match="room cannot be"):
                    wrong("")
            with pytest.raises(ValueError, match="reserved"):
                emitter.server_side_emit("connect")
            await (emitter.aclose() if kind is AsyncEmitter else asyncio.to_thread(emitter.close))

    run(conversation())


def test_a_listener_for_what_is_sent_hears_what_other_servers_emit(three):
    async def conversation():
        async with conversing(three) as (here, *_):
            sio = AsyncServer(client_manager=AsyncRedisManager(three.url, three.channel))
            host, port = sio.listen("127.0.0.1", 0)
            client = socketio.AsyncClient(reconnection=False)
            await client.connect(f"http://{host}:{port}", transports=["websocket"])
            heard = []
            socket = sio.socket(client.get_sid())
            socket.on_any_outgoing(lambda *event: heard.append(event))
            await socket.join("r")
            await eventually(lambda: agree(sio.server_count(), 3), "all servers")
            async with AsyncEmitter(three.url, three.channel) as emitter:
                await emitter.emit("from a worker", {"n": 1}, room="r")
                await emitter.to("r", "s").except_("r").emit("for others")
                await emitter.to("r", "s").emit("chosen", 1, b"2")
            await choose(here, ["to", client.get_sid()], ["emit", "from a server", 3])
            await eventually(lambda: agree(counted(heard), 3), "all events")
            expected = [("from a worker", {"n": 1}), ("chosen", 1, b"2"), ("from a server", 3)]
            assert heard == expected
            await client.disconnect()
            await sio.shutdown()

    async def counted(events: list[Any]) -> int:
        return len(events)

    run(conversation())


def test_without_redis_what_is_asked_fails_and_afterwards_it_does_not(redis):
    async def conversation():
        channel = f"away-{uuid.uuid4().hex}"
        manager = AsyncRedisManager(redis.url, channel, requests_timeout=3)
        sio = AsyncServer(client_manager=manager)
        sio.listen("127.0.0.1", 0)
        assert await sio.server_side_emit_with_ack("x") == []
        redis.stop()
        manager._cluster._members._echo_at -= 5  # it has not heard itself for so many seconds
        with pytest.raises(exceptions.ServersTimeoutError, match="does not hear its channel"):
            await sio.server_side_emit_with_ack("x", timeout=0.3)
        redis.start()

        async def works() -> bool:
            with contextlib.suppress(exceptions.ServersTimeoutError):
                return await sio.server_count() == 1
            return False

        await eventually(works, "it hears again", 20)
        await sio.shutdown()

    run(conversation(), 60)

"""Loops, threads, forks and ends: what a server lives through."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio
from conftest import HANDOFF, LIMIT, Door, Log, connected, until

import sio_native
from sio_native.dispatcher import BATCH, Dispatcher


def thread_count() -> int:
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0


def descriptor_count() -> int:
    return len(os.listdir("/dev/fd"))


# --- shutdown ---


async def test_shutdown_disconnects_everybody_while_handlers_can_still_ask(
    native_door: Door,
) -> None:
    sio, log = native_door.server(), Log()

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        log.add(reason, set(sio.rooms(sid)), await sio.get_session(sid))

    async with native_door.open(sio) as url:
        client = socketio.AsyncClient(reconnection=False)
        async with connected(url, client=client), connected(url, transports=["polling"]) as other:
            told = asyncio.Event()
            client.on("disconnect", lambda *reason: told.set())
            for each in (client, other):
                await sio.enter_room(each.get_sid(), "r")
                await sio.save_session(each.get_sid(), {"user": 1})
            sids = [client.get_sid(), other.get_sid()]
            await sio.shutdown()
            assert sorted(log, key=str) == sorted(
                [("server disconnect", {sid, "r"}, {"user": 1}) for sid in sids], key=str
            )
            await told.wait()
    assert not sio.environ


async def test_a_server_can_be_used_again_after_shutdown(native_door: Door) -> None:
    sio = native_door.server()
    sio.on("echo", lambda sid, x: x)
    for turn in range(3):
        async with native_door.open(sio) as url, connected(url) as client:
            assert await client.call("echo", turn) == turn
            await sio.shutdown()
            await sio.shutdown()  # there is nothing left to shut down
            assert not sio._core.started


async def test_those_who_wait_are_released_by_shutdown(native_door: Door) -> None:
    sio = native_door.server()
    async with native_door.open(sio) as url, connected(url) as client:
        asked = asyncio.Event()
        client.on("ask", asked.set)
        release = asyncio.get_running_loop().create_future()
        sio.on("disconnect", lambda sid: release)  # a handler that hangs
        call = asyncio.create_task(sio.call("ask2", to=client.get_sid(), timeout=None))
        client.on("ask2", lambda: asyncio.get_running_loop().create_future())
        await sio.emit("ask", to=client.get_sid())
        await asked.wait()
        leaving = asyncio.create_task(sio.disconnect(client.get_sid()))
        await asyncio.gather(sio.shutdown(), sio.shutdown())  # both wait for the same end
        await leaving
        with pytest.raises(sio_native.exceptions.TimeoutError):
            await call
        release.cancel()


async def test_requests_during_shutdown_are_turned_away() -> None:
    sio = sio_native.AsyncServer()
    release = asyncio.Event()

    @sio.event
    async def disconnect(sid: str) -> None:
        await release.wait()

    async with HANDOFF.open(sio) as url, connected(url):
        ending = asyncio.create_task(sio.shutdown())
        await asyncio.sleep(0)
        late = socketio.AsyncClient(reconnection=False)
        for transport in ("polling", "websocket"):
            with pytest.raises(socketio.exceptions.ConnectionError):
                await late.connect(url, transports=[transport])
        release.set()
        await ending


async def test_nothing_is_left_when_a_server_has_gone(native_door: Door) -> None:
    async def visit() -> None:
        sio = native_door.server()
        async with native_door.open(sio) as url, connected(url) as client:
            await sio.call("echo", to=client.get_sid())

    await visit()  # executors and the like come once
    gc.collect()
    threads, descriptors = thread_count(), descriptor_count()
    for _ in range(3):
        await visit()
    gc.collect()  # a server's parts know each other
    await until(lambda: thread_count() <= threads and descriptor_count() <= descriptors)


async def test_serve_listens_until_it_is_cancelled() -> None:
    sio, log = sio_native.AsyncServer(), Log()
    sio.on("disconnect", lambda sid, reason: log.add(reason))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = asyncio.create_task(sio.serve(port=port))
    await asyncio.sleep(0)
    async with connected(f"http://127.0.0.1:{port}"):
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
    assert log == [("server disconnect",)]


# --- listen ---


async def test_listen_returns_the_address_it_has(native_door: Door) -> None:
    sio, other = sio_native.AsyncServer(), sio_native.AsyncServer()
    try:
        host, port = sio.listen("127.0.0.1", 0, path="/other/path")
        assert (host, port > 0) == ("127.0.0.1", True)
        async with connected(f"http://127.0.0.1:{port}", socketio_path="other/path"):
            pass
        with pytest.raises(OSError, match="in use"):
            other.listen("127.0.0.1", port)
    finally:
        await sio.shutdown()
        await other.shutdown()


def test_listen_needs_a_running_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        sio_native.AsyncServer().listen("127.0.0.1", 0)


async def test_listen_cannot_ask_a_callable_about_the_cookie() -> None:
    sio = sio_native.AsyncServer(cookie={"expires": lambda: "now"})
    with pytest.raises(ValueError, match="under ASGI only"):
        sio.listen("127.0.0.1", 0)


async def test_a_client_at_a_wrong_path_of_the_own_port_is_explained_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sio = sio_native.AsyncServer()
    host, port = sio.listen("127.0.0.1", 0, "/ws/socket.io")
    async with aiohttp.ClientSession() as client:
        for path in ("/favicon.ico", "/socket.io/?EIO=4&transport=polling", "/x/?EIO=4"):
            async with client.get(f"http://{host}:{port}{path}") as answer:
                assert answer.status == 404
        await until(lambda: caplog.records)
    await sio.shutdown()
    assert [record.getMessage() for record in caplog.records] == [
        'a Socket.IO client asks for "/socket.io/", but the path is "/ws/socket.io"'
    ]


# --- loops ---


@pytest.mark.parametrize("async_handlers", [True, False])
def test_a_server_moves_to_the_next_loop_when_its_own_is_closed(async_handlers: bool) -> None:
    sio = sio_native.AsyncServer(async_handlers=async_handlers)
    left_behind: list[str] = []

    @sio.event
    async def hang(sid: str) -> None:
        left_behind.append(sid)
        await asyncio.get_running_loop().create_future()

    sio.on("echo", lambda sid, x: x)

    async def first() -> None:
        # Ends without a word: as a test runner does, or a reload.
        _, port = sio.listen("127.0.0.1", 0)
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
        await client.emit("hang")
        await client.emit("hang")
        await until(lambda: left_behind)

    async def second() -> None:
        _, port = sio.listen("127.0.0.1", 0)
        async with connected(f"http://127.0.0.1:{port}") as client:
            assert await client.call("echo", 5) == 5
            if async_handlers:
                assert await sio.call("anything", to=client.get_sid()) is None
        await sio.shutdown()

    asyncio.run(asyncio.wait_for(first(), LIMIT))
    asyncio.run(asyncio.wait_for(second(), LIMIT))
    assert not sio._service.runner._tasks


def test_a_client_whose_connect_handler_died_with_its_loop_is_not_let_in() -> None:
    sio = sio_native.AsyncServer()
    asked: list[str] = []

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        asked.append(sid)
        await asyncio.get_running_loop().create_future()

    async def first() -> None:
        _, port = sio.listen("127.0.0.1", 0)
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(f"http://127.0.0.1:{port}", transports=["websocket"], wait=False)
        await until(lambda: asked)

    async def second() -> None:
        sio.listen("127.0.0.1", 0)
        assert not sio.manager.is_connected(asked[0], "/")
        assert not list(sio.manager.get_participants("/", None))
        await sio.shutdown()

    asyncio.run(asyncio.wait_for(first(), LIMIT))
    asyncio.run(asyncio.wait_for(second(), LIMIT))


def test_a_server_whose_loop_is_closed_can_be_shut_down_on_another() -> None:
    sio = sio_native.AsyncServer()
    told: list[str] = []

    @sio.event
    async def connect(sid: str, environ: Any) -> None:
        told.append("connecting")
        if len(told) > 1:
            await asyncio.get_running_loop().create_future()

    sio.on("disconnect", lambda sid, reason: told.append(reason))

    async def first() -> None:
        _, port = sio.listen("127.0.0.1", 0)
        for connected_so_far in (1, 2):
            client = socketio.AsyncClient(reconnection=False)
            await client.connect(f"http://127.0.0.1:{port}", transports=["websocket"], wait=False)
            await until(lambda count=connected_so_far: len(told) == count)

    asyncio.run(asyncio.wait_for(first(), LIMIT))
    asyncio.run(asyncio.wait_for(sio.shutdown(), LIMIT))
    # The one that was let in has left: by the shutdown, or with its loop.
    assert told[:2] == ["connecting", "connecting"]
    assert len(told) == 3
    assert not sio._service.runner.connecting
    assert not sio._core.started


async def test_a_second_live_loop_is_refused_and_the_first_goes_on() -> None:
    sio = sio_native.AsyncServer()
    sio.on("echo", lambda sid, x: x)
    _, port = sio.listen("127.0.0.1", 0)

    def in_another_loop() -> None:
        async def use() -> None:
            with pytest.raises(RuntimeError, match="serves another event loop"):
                sio.listen("127.0.0.1", 0)
            with pytest.raises(RuntimeError, match="serves another event loop"):
                await sio.call("ask", to="sid")
            with pytest.raises(RuntimeError, match="serves another event loop"):
                await sio.shutdown()
            await sio.emit("news")  # needs no loop

        asyncio.run(use())

    async with connected(f"http://127.0.0.1:{port}") as client:
        await asyncio.to_thread(in_another_loop)
        assert await client.call("echo", 1) == 1
    await sio.shutdown()


async def test_disconnect_from_another_loop_does_not_wait() -> None:
    sio, log = sio_native.AsyncServer(), Log()
    sio.on("disconnect", lambda sid: log.add(threading.current_thread().name))
    _, port = sio.listen("127.0.0.1", 0)
    async with connected(f"http://127.0.0.1:{port}") as client:
        sid = client.get_sid()
        await asyncio.to_thread(lambda: asyncio.run(sio.disconnect(sid)))
        await log.reaches(1)
    assert log == [("MainThread",)]
    await sio.shutdown()


def inherited() -> list[str]:
    """The sockets and polls that a child process gets along."""
    shown = subprocess.run(
        ["ls", "-l", "/proc/self/fd"], close_fds=False, capture_output=True, text=True, check=True
    )
    return sorted(re.findall(r"(?:socket|anon_inode):\S+", shown.stdout))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
async def test_a_child_process_keeps_neither_the_port_nor_a_connection(native_door: Door) -> None:
    before = inherited()
    sio = native_door.server()
    async with native_door.open(sio) as url, connected(url), connected(url, transports=["polling"]):
        assert inherited() == before


async def test_handlers_do_not_inherit_the_context_of_the_first_request(native_door: Door) -> None:
    request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")
    sio = native_door.server()
    sio.on("ask", lambda sid: request.get())
    request.set("of the test")
    async with native_door.open(sio) as url, connected(url) as client:
        assert await client.call("ask") == "none"


class ManyEvents:
    """An engine with more to tell than one batch."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.readable, self.writable = os.pipe()
        os.write(self.writable, b"x")
        self.log = sio_native.core.Loggers(None, None)  # type: ignore[attr-defined, arg-type]
        self.engine = self

    def start(self) -> None: ...

    def fileno(self) -> int:
        return self.readable

    def on_turn_end(self, at_end: object) -> None: ...
    def end_turn(self) -> None: ...
    def drain(self, limit: int, handlers: None) -> list[tuple[int]]:
        taken = min(limit, self.left)
        self.left -= taken
        if not self.left:
            os.read(self.readable, 1)
        return [(1,)] * taken


async def test_a_flood_of_events_leaves_the_loop_to_others() -> None:
    flood, told, turns = ManyEvents(10 * BATCH), Log(), Log()

    def turn() -> None:
        turns.add(len(told))
        if len(told) < 10 * BATCH:
            asyncio.get_running_loop().call_soon(turn)

    dispatcher = Dispatcher(flood, lambda rebound: None, {1: told.add})  # type: ignore[arg-type]
    dispatcher.bind()
    turn()
    await told.reaches(10 * BATCH)
    dispatcher.release()
    os.close(flood.readable)
    os.close(flood.writable)
    seen = [count for (count,) in turns]
    assert max(later - earlier for earlier, later in itertools.pairwise(seen)) <= BATCH


async def test_a_plain_handler_that_raises_cancelled_loses_no_other_event(
    native_door: Door,
) -> None:
    sio = native_door.server()

    @sio.event
    def cancel(sid: str) -> None:
        raise asyncio.CancelledError

    sio.on("echo", lambda sid, x: x)
    async with native_door.open(sio) as url, connected(url) as client:
        for _ in range(3):
            await client.emit("cancel")
        assert await client.call("echo", 1) == 1


# --- processes ---


def run_script(script: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(sio_native.__file__).parents[1])}
    return subprocess.run(
        # CPython 3.12 and newer warn of a fork in a process with threads, which is what is tested.
        [
            sys.executable,
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            textwrap.dedent(script),
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env=environment,
        **options,
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_a_forked_child_is_told_why_it_cannot_use_its_parents_server(threads: int) -> None:
    ended = run_script(
        """
        import asyncio, atexit, os, sys
        import sio_native
        sio = sio_native.AsyncServer(threads=int(sys.argv[1]))

        def attempt(use):
            try:
                use()
            except RuntimeError as error:
                print(error, flush=True)

        async def listen():
            sio.listen("127.0.0.1", 0)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(listen())
        child = os.fork()
        if child == 0:
            attempt(lambda: sio.emit_nowait("news"))
            attempt(lambda: sio.rooms("sid"))
            attempt(lambda: asyncio.run(listen()))
            attempt(lambda: asyncio.run(sio.shutdown()))
            atexit._run_exitfuncs()  # they must not wait for the parent's thread
            os._exit(0)  # an orderly exit would take the parent's loop apart: they share its epoll
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0, status
        assert sio.rooms("sid") == []  # the parent goes on
        loop.run_until_complete(sio.shutdown())
        """,
        str(threads),
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert len(lines) == 4
    assert all("before the process forked" in line for line in lines)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_server_made_before_a_fork_serves_in_each_process(threads: int) -> None:
    # As under gunicorn with preload: the two must not wake each other.
    ended = run_script(
        """
        import asyncio, os, sys
        import sio_native
        sio = sio_native.AsyncServer(threads=int(sys.argv[1]))
        before = sio._core.engine.fileno()
        child = os.fork()
        if child == 0:
            import socketio
            sio.on("echo", lambda sid, x: x)
            async def main():
                _, port = sio.listen("127.0.0.1", 0)
                client = socketio.AsyncClient()
                await client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
                assert await client.call("echo", 5) == 5
                await client.disconnect()
                await sio.shutdown()
            asyncio.run(asyncio.wait_for(main(), 10))
        else:
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 0, status
            import select
            assert not select.select([before], [], [], 0)[0], "woken by the child"
        """,
        str(threads),
    )
    assert (ended.returncode, ended.stderr) == (0, "")


SERVER_SCRIPT = """
import asyncio, sys
import sio_native
sio = sio_native.AsyncServer()
async def main():
    print(sio.listen("127.0.0.1", 0)[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["returns", "is interrupted"])
async def test_a_process_that_ends_without_shutdown_closes_its_clients(end: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(sio_native.__file__).parents[1])}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVER_SCRIPT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdin and process.stdout
    port = int(await process.stdout.readline())
    told = asyncio.Event()
    client = socketio.AsyncClient(reconnection=False)
    client.on("disconnect", lambda *reason: told.set())
    async with connected(f"http://127.0.0.1:{port}", client=client):
        if end == "returns":
            process.stdin.write(b"\n")
        else:
            process.send_signal(signal.SIGINT)
            process.stdin.write(b"\n")  # the executor's thread reads on
        await told.wait()
    _, errors = await process.communicate()
    if end == "returns":
        assert (process.returncode, errors) == (0, b"")
    else:
        assert process.returncode in (1, 130, -signal.SIGINT)

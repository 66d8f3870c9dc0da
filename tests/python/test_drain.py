"""How a server ends: `close`, `drain`, and SIGTERM. See docs/shutdown.md."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import fastapi
import pytest
import socketio
from conftest import BRIDGE, HANDOFF, OWN_PORT, Door, Log, connected, under_uvicorn, until

import sio_native
from sio_native.draining import Drained, Plan, _waves

ROOT = Path(__file__).parents[2]
NOTICE = {"message": "Server maintenance", "reconnectIn": 30000}


async def status(url: str, query: str = "") -> int:
    """Of a request for a new session, or for the one of the query."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{url}/socket.io/?EIO=4&transport=polling{query}") as answer,
    ):
        return answer.status


def listening(door: Door, **options: Any) -> tuple[Any, Log]:
    sio, log = door.server(**options), Log()
    sio.on("disconnect", lambda sid, reason: log.add(reason, reason.detail))
    return sio, log


SHUT_DOWN = ("server disconnect", "server shutting down")


# --- close ---


async def test_close_disconnects_everybody_and_opens_for_nobody(native_door: Door) -> None:
    sio, log = listening(native_door)
    async with native_door.open(sio) as url, connected(url), connected(url, transports=["polling"]):
        await sio.close()
        assert log == [SHUT_DOWN] * 2
        assert not sio._core.started
        if native_door.own_port:
            with pytest.raises(aiohttp.ClientConnectorError):
                await status(url)
        else:
            assert await status(url) == 503
            with pytest.raises(socketio.exceptions.ConnectionError):
                async with connected(url):
                    pass
        await sio.close()
        assert (await sio.health())["problems"]


async def test_close_of_a_server_that_was_never_started_does_nothing() -> None:
    sio = sio_native.AsyncServer()
    await sio.close()
    assert await sio.drain(notify="bye") == Drained(0, 0, pytest.approx(0, abs=20))
    assert not sio._core.started


async def test_a_closed_server_opens_again_when_it_listens() -> None:
    sio = sio_native.AsyncServer()
    for _ in range(2):
        async with OWN_PORT.open(sio) as url, connected(url):
            await sio.close()


async def test_a_closed_server_opens_again_with_its_application() -> None:
    sio = sio_native.AsyncServer()
    app = sio_native.ASGIApp(sio)
    for _ in range(2):
        async with under_uvicorn(app) as url, connected(url):
            await sio.close()


async def test_close_ends_the_manager() -> None:
    ended = Log()

    class Manager(sio_native.AsyncManager):
        async def _end(self) -> None:
            ended.add("ended")

    sio = sio_native.AsyncServer(client_manager=Manager())
    sio.listen("127.0.0.1", 0)
    await sio.close()
    assert ended == [("ended",)]


# --- drain ---


async def test_clients_are_told_in_each_namespace_and_then_closed(native_door: Door) -> None:
    sio, log = listening(native_door, namespaces=["/", "/b"])
    heard = Log()
    async with (
        native_door.open(sio) as url,
        connected(url, namespaces=["/", "/b"]) as one,
        connected(url, transports=["polling"]) as other,
    ):
        for client, namespace in ((one, "/"), (one, "/b"), (other, "/")):
            client.on("server-shutting-down", heard.add, namespace=namespace)
        drained = await sio.drain(notify=NOTICE, deadline=15)
        await heard.reaches(3)
        await one.wait()
    assert heard == [(NOTICE,)] * 3
    assert log == [SHUT_DOWN] * 2
    assert (drained.clients, drained.late) == (2, 0)
    assert drained.seconds < 15


async def open_polling(url: str, http: aiohttp.ClientSession) -> str:
    """A polling client that has joined "/" and does not poll; gives its address."""
    address = f"{url}/socket.io/?EIO=4&transport=polling"
    async with http.get(address) as opened:
        address += "&sid=" + json.loads((await opened.text())[1:])["sid"]
    async with http.post(address, data="40"):
        pass
    async with http.get(address) as answer:
        assert (await answer.text())[:3] == "40{"
    return address


async def test_open_sessions_go_on_while_new_ones_are_refused(native_door: Door) -> None:
    sio, log = listening(native_door)
    got = Log()
    sio.on("last", lambda sid, data: got.add(data))
    async with native_door.open(sio) as url, aiohttp.ClientSession() as http:
        address = await open_polling(url, http)
        draining = asyncio.create_task(sio.drain(notify=("bye", {"x": 1}), deadline=15))
        await until(lambda: sio._service.draining)
        assert await status(url) == 503
        assert (await sio.health())["ok"] is False
        async with http.post(address, data='42["last",1]') as answer:
            assert answer.status == 200
        await got.reaches(1)
        assert log == []  # it has not been sent what waits for it
        async with http.get(address) as answer:
            assert await answer.text() == '42["bye",{"x":1}]'
        async with http.get(address) as answer:
            assert await answer.text() == "1"
        drained = await draining
    assert (drained.clients, drained.late, log) == (1, 0, [SHUT_DOWN])


async def test_the_deadline_cuts_off_who_does_not_read(native_door: Door) -> None:
    sio, log = listening(native_door)
    async with native_door.open(sio) as url, aiohttp.ClientSession() as http, connected(url):
        await open_polling(url, http)
        drained = await sio.drain(deadline=0.3)
    assert (drained.clients, drained.late, log) == (2, 1, [SHUT_DOWN] * 2)
    assert drained.seconds >= 0.3


async def test_clients_leave_in_waves() -> None:
    sio, log = listening(OWN_PORT)
    async with OWN_PORT.open(sio) as url, contextlib.AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(connected(url))
        draining = asyncio.create_task(sio.drain(deadline=1, wave=1))
        await log.reaches(1)
        assert len(log) < 4  # the last one's turn is half a second away
        assert (await draining).late == 0
    assert log == [SHUT_DOWN] * 4


@pytest.mark.parametrize(("clients", "wave"), [(0, 5), (1, 5), (5, 5), (11, 5), (1000, 1)])
def test_waves_are_spread_over_four_fifths_of_the_deadline(clients: int, wave: int) -> None:
    sids = [str(number) for number in range(clients)]
    waves = list(_waves(sids, Plan.of(deadline=10, wave=wave)))
    times = [begin for begin, _ in waves]
    assert [sid for _, each in waves for sid in each] == sids
    assert all(len(each) == wave for _, each in waves[:-1])
    assert times[:1] == [0][:clients]
    assert times == sorted(times)
    assert all(0 <= begin < 8 for begin in times)


async def test_a_cancelled_drain_leaves_clients_alone_and_can_be_gone_on_with() -> None:
    sio, log = listening(OWN_PORT)
    sio.on("echo", lambda sid, data: data)
    async with OWN_PORT.open(sio) as url, connected(url) as one, connected(url) as other:
        draining = asyncio.create_task(sio.drain(deadline=60, wave=1))
        await log.reaches(1)
        draining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await draining
        left = next(each for each in (one, other) if sio.manager.is_connected(each.get_sid(), "/"))
        assert await left.call("echo", 1) == 1
        assert await status(url) == 503
        assert (await sio.drain(deadline=5)).clients == 1
    assert log == [SHUT_DOWN] * 2


async def test_close_on_another_loop_is_refused_and_closes_nothing() -> None:
    sio = sio_native.AsyncServer()
    async with OWN_PORT.open(sio) as url:
        with pytest.raises(RuntimeError, match="loop"):
            await asyncio.to_thread(asyncio.run, sio.drain())
        async with connected(url):
            pass


async def test_two_drains_at_once_both_end() -> None:
    sio, log = listening(OWN_PORT)
    async with OWN_PORT.open(sio) as url, connected(url), connected(url):
        both = await asyncio.gather(sio.drain(deadline=10, wave=1), sio.drain(deadline=10))
    assert [(each.clients, each.late) for each in both] == [(2, 0)] * 2
    assert log == [SHUT_DOWN] * 2


async def test_shutdown_while_it_drains_ends_it(native_door: Door) -> None:
    sio, log = listening(native_door)
    async with native_door.open(sio) as url, connected(url), connected(url):
        draining = asyncio.create_task(sio.drain(deadline=60, wave=1))
        await log.reaches(1)
        await sio.shutdown()
        assert (await draining).late == 0
    assert log == [SHUT_DOWN] * 2


async def test_only_the_clients_of_this_server_are_told() -> None:
    published = Log()

    class Manager(sio_native.async_pubsub_manager.AsyncPubSubManager):  # type: ignore[misc]
        async def _publish(self, data: Any) -> None:
            published.add(data["method"])

        async def _listen(self) -> Any:
            await asyncio.Event().wait()
            yield

    sio, heard = sio_native.AsyncServer(client_manager=Manager()), Log()
    async with OWN_PORT.open(sio) as url, connected(url) as client:
        client.on("bye", lambda: heard.add("bye"))
        await sio.drain(notify="bye", deadline=15)
        await heard.reaches(1)
    assert ("emit",) not in published


WRONG = {
    "notify of a number": ({"notify": 5}, TypeError),
    "notify of a list": ({"notify": ["e", 1]}, TypeError),
    "notify of no event": ({"notify": ""}, ValueError),
    "notify of an event of the protocol": ({"notify": ("disconnect", 1)}, ValueError),
    "notify of three": ({"notify": ("e", 1, 2)}, ValueError),
    "notify of what cannot be sent": ({"notify": ("e", {1, 2})}, TypeError),
    "deadline of a text": ({"deadline": "5"}, TypeError),
    "deadline of a truth": ({"deadline": True}, TypeError),
    "deadline before now": ({"deadline": -1}, ValueError),
    "deadline never": ({"deadline": float("inf")}, ValueError),
    "deadline of no number": ({"deadline": float("nan")}, ValueError),
    "wave of nobody": ({"wave": 0}, ValueError),
    "wave of a fraction": ({"wave": 0.5}, TypeError),
    "wave of a truth": ({"wave": True}, TypeError),
    "unknown": ({"patience": 3}, TypeError),
}


@pytest.mark.parametrize("case", WRONG)
async def test_wrong_arguments_are_refused_and_nothing_is_done(case: str) -> None:
    arguments, error = WRONG[case]
    sio = sio_native.AsyncServer()
    async with OWN_PORT.open(sio) as url, connected(url) as client:
        with pytest.raises(error):
            await sio.drain(**arguments)
        assert sio.manager.is_connected(client.get_sid(), "/")
        assert await status(url) == 200


@pytest.mark.parametrize("drain", [5, "fast", [1]])
def test_the_option_must_be_a_mapping(drain: Any) -> None:
    with pytest.raises(TypeError, match="drain"):
        sio_native.AsyncServer(drain=drain)


def test_the_options_values_are_looked_at_by_the_constructor() -> None:
    with pytest.raises(ValueError, match="wave"):
        sio_native.AsyncServer(drain={"wave": 0})
    with pytest.raises(TypeError):
        sio_native.AsyncServer(drain={"patience": 3})


# --- with an application ---


def as_asgi_app(sio: Any) -> Any:
    return sio_native.ASGIApp(sio)


def in_front_of_fastapi(sio: Any) -> Any:
    return sio_native.ASGIApp(sio, fastapi.FastAPI())


def mounted(sio: Any) -> Any:
    app = fastapi.FastAPI()
    sio.mount(app)
    return app


def around_the_lifespan(sio: Any) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
        async with sio.draining(notify=NOTICE, deadline=5):
            yield

    app = fastapi.FastAPI(lifespan=lifespan)
    app.mount("/", sio_native.ASGIApp(sio))
    return app


@pytest.mark.parametrize("make", [as_asgi_app, in_front_of_fastapi, mounted, around_the_lifespan])
async def test_clients_are_told_when_the_application_ends(make: Any) -> None:
    options = {} if make is around_the_lifespan else {"drain": {"notify": NOTICE, "deadline": 5}}
    sio, log = listening(HANDOFF, **options)
    heard = Log()
    app = make(sio)
    for _ in range(2):  # the same application may be started again
        async with contextlib.AsyncExitStack() as clients:
            async with under_uvicorn(app, timeout_graceful_shutdown=None) as url:
                client = await clients.enter_async_context(connected(url))
                client.on("server-shutting-down", heard.add)
            await client.wait()
    assert heard == [(NOTICE,)] * 2
    assert log == [SHUT_DOWN] * 2


async def test_an_application_that_ends_twice_at_one_time_tells_its_clients_once() -> None:
    sio, log = listening(OWN_PORT, drain={"notify": "bye", "deadline": 10})
    heard = Log()
    async with OWN_PORT.open(sio) as url, connected(url) as client:
        client.on("bye", lambda: heard.add("bye"))
        await asyncio.gather(sio._end_serving(), sio._end_serving())
        await client.wait()
    assert (heard, log) == ([("bye",)], [SHUT_DOWN])


# --- SIGTERM ---


@pytest.fixture
def handler_of_sigterm() -> Iterator[list[int]]:
    """Somebody handles it, as uvicorn does; gives what he has heard."""
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
    yield told
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("make", [mounted, around_the_lifespan])
async def test_bridged_clients_are_told_before_uvicorn_hears_of_sigterm(
    make: Any, handler_of_sigterm: list[int]
) -> None:
    options = {} if make is around_the_lifespan else {"drain": {"notify": NOTICE}}
    sio, log = listening(BRIDGE, **options)
    heard = Log()
    async with contextlib.AsyncExitStack() as clients, under_uvicorn(make(sio)) as url:
        client = await clients.enter_async_context(connected(url))
        client.on("server-shutting-down", heard.add)
        signal.raise_signal(signal.SIGTERM)
        assert handler_of_sigterm == []
        await until(lambda: handler_of_sigterm)
        assert log == [SHUT_DOWN]
        await heard.reaches(1)
        signal.raise_signal(signal.SIGTERM)
        assert handler_of_sigterm == [signal.SIGTERM] * 2
    assert heard == [(NOTICE,)]


async def test_the_handler_of_sigterm_is_as_before_when_the_application_has_ended(
    handler_of_sigterm: list[int],
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    sio = sio_native.AsyncServer(drain={})
    async with under_uvicorn(sio_native.ASGIApp(sio)):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
    async with under_uvicorn(sio_native.ASGIApp(sio_native.AsyncServer())):
        assert signal.getsignal(signal.SIGTERM) == before  # nobody has asked


async def test_a_second_sigterm_is_passed_on_at_once(handler_of_sigterm: list[int]) -> None:
    sio, log = listening(OWN_PORT)
    async with (
        OWN_PORT.open(sio) as url,
        aiohttp.ClientSession() as http,
        sio.draining(deadline=60),
    ):
        address = await open_polling(url, http)
        signal.raise_signal(signal.SIGTERM)
        await until(lambda: sio._service.draining)
        assert (handler_of_sigterm, log) == ([], [])  # it waits for a poll
        signal.raise_signal(signal.SIGTERM)
        assert handler_of_sigterm == [signal.SIGTERM]
        async with http.get(address) as answer:
            assert await answer.text() == "1"
    assert log == [SHUT_DOWN]


async def test_sigterm_is_passed_on_also_when_the_drain_fails(
    handler_of_sigterm: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sio = sio_native.AsyncServer()
    async with OWN_PORT.open(sio), sio.draining():
        with monkeypatch.context() as broken:
            broken.setattr(sio, "drain", None)
            signal.raise_signal(signal.SIGTERM)
            await until(lambda: handler_of_sigterm)


@pytest.mark.filterwarnings("ignore:.*fork")  # of CPython, which is not fond of threads there
async def test_a_forked_child_ends_at_sigterm_as_ever(handler_of_sigterm: list[int]) -> None:
    sio = sio_native.AsyncServer()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    async with sio.draining():
        child = os.fork()
        if child == 0:
            signal.raise_signal(signal.SIGTERM)
            os._exit(0)
        _, ended = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(ended) == -signal.SIGTERM


UNDER_UVICORN = """
import socket, sys, uvicorn
from app import app

server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""

ON_ITS_OWN_PORT = """
import asyncio
from app import sio

async def main():
    print(sio.listen("127.0.0.1", 0)[1], flush=True)
    await sio.serve("127.0.0.1", 0)

asyncio.run(main())
"""


def sample(options: str = "") -> str:
    (code,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/shutdown.md").read_text(), re.M | re.S
    )
    changed = code.replace("AsyncServer(\n", f"AsyncServer({options}\n")
    assert (changed == code) is not bool(options)
    return changed


@contextlib.asynccontextmanager
async def running(
    folder: Path, code: str, run: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """The process of a server, and its port: the one it is given, unless it prints another."""
    (folder / "app.py").write_text(code)
    (folder / "run.py").write_text(run)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "run.py",
            str(listener.fileno()),
            cwd=folder,
            pass_fds=[listener.fileno()],
            stdout=asyncio.subprocess.PIPE,
        )
        port = listener.getsockname()[1]
    try:
        if run is ON_ITS_OWN_PORT:
            assert process.stdout is not None
            port = int(await process.stdout.readline())
        yield process, port
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def join(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket that is in the namespace "/"."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n"
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.write(masked(0x81, b"40"))
    await reader.readuntil(b"40{")
    return reader, writer


def masked(head: int, payload: bytes) -> bytes:
    return bytes([head, 0x80 | len(payload), 0, 0, 0, 0]) + payload


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """All that it is sent up to the close frame, which it answers as the protocol wants."""
    got = await reader.readuntil(b"\x03\xf4")  # 1012
    writer.write(masked(0x88, b"\x03\xf4"))
    with contextlib.suppress(ConnectionResetError):  # uvicorn may be gone before it reads that
        got += await reader.read()
    writer.close()
    return got


async def sigterm(process: asyncio.subprocess.Process, port: int, count: int) -> float:
    """The seconds that a server takes to end, with so many clients."""
    free = asyncio.Semaphore(64)

    async def joined() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with free:
            return await join(port)

    clients = await asyncio.gather(*(joined() for _ in range(count)))
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    told, *ends = await asyncio.gather(process.stdout.read(), *(leave(*each) for each in clients))
    await process.wait()
    took = time.perf_counter() - began
    notice = json.dumps(["server-shutting-down", NOTICE], separators=(",", ":")).encode()
    assert all(b"42" + notice in each for each in ends)
    assert told.count(b"server shutting down") == count
    return took


def ends_at_sigterm(folder: Path, code: str, run: str, count: int) -> int | None:
    """Gives the status of the process."""

    async def play() -> int | None:
        async with running(folder, code, run) as (process, port):
            took = await sigterm(process, port, count)
        print(f"{count} clients: {took:.2f} s")
        assert took < 20
        return process.returncode

    return asyncio.run(asyncio.wait_for(play(), 60))


@pytest.mark.parametrize(("options", "count"), [("", 1000), ("handoff=False,", 300)])
def test_uvicorn_ends_by_itself_at_sigterm_with_all_clients_told(
    options: str, count: int, tmp_path: Path
) -> None:
    status = ends_at_sigterm(tmp_path, sample(options), UNDER_UVICORN, count)
    assert status == -signal.SIGTERM  # as uvicorn always ends then


def test_the_own_port_ends_by_itself_at_sigterm_with_all_clients_told(tmp_path: Path) -> None:
    assert ends_at_sigterm(tmp_path, sample(), ON_ITS_OWN_PORT, 1000) == 0

"""Servers started by their own commands, with worker processes: who serves, and how it ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .engineio_wire import WebSocketSession, join, receive_message
from .limits import eventually, run
from .server_app import HOST, free_socket
from .serving import START_LIMIT, STOP_LIMIT, TEST_ROOT, Server, _await_listening
from .websocket_wire import ABNORMAL

CLIENTS = 6
UVICORN = ["uvicorn", "--host={host}", "--port={port}", "--timeout-graceful-shutdown=3"]
GUNICORN = ["gunicorn", "--bind={host}:{port}", "--graceful-timeout=3"]
COMMANDS = {
    "uvicorn": [*UVICORN, "{app}:mounted"],
    "uvicorn without lifespan": [*UVICORN, "{app}:silent"],
    "uvicorn with 2 workers": [*UVICORN, "--workers=2", "{app}:silent"],
    "gunicorn": [*GUNICORN, "--workers=2", "-k=uvicorn.workers.UvicornWorker", "{app}:mounted"],
    "gunicorn with preload": [
        *GUNICORN,
        "--workers=2",
        "--preload",
        "-k=uvicorn_worker.UvicornWorker",
        "{app}:mounted",
    ],
}


def start(command: list[str], folder: str) -> Server:
    with free_socket() as probe:
        port = probe.getsockname()[1]
    app = f"{__package__}.worker_app"
    module, *arguments = [part.format(host=HOST, port=port, app=app) for part in command]
    search_path = os.pathsep.join(filter(None, [str(TEST_ROOT), os.environ.get("PYTHONPATH")]))
    log = Path(folder, f"log-{port}")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=output,
            stderr=output,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": search_path},
        )
    return Server("handoff", port, process, log, path="/ws/socket.io/")


@contextlib.contextmanager
def running(command: list[str]) -> Iterator[Server]:
    deadline = time.monotonic() + START_LIMIT
    with tempfile.TemporaryDirectory() as folder:
        while True:
            server = start(command, folder)
            try:
                _await_listening(server, deadline)
                break
            except EOFError:  # its port was free, and has been taken since
                assert "already in use" in server.stderr(), server.stderr()
        try:
            yield server
        finally:
            server.stop()


async def ask(session: WebSocketSession, event: str) -> object:
    await session.send(f"421{json.dumps([event])}")
    answer = await receive_message(session)
    assert isinstance(answer, str) and answer.startswith("431"), answer
    return json.loads(answer[3:])[0]


async def open_in_all(server: Server, door: str, workers: int) -> list[WebSocketSession]:
    """Sessions in all processes of a server."""
    sessions, processes = [], set()

    async def all_serve() -> bool:
        session = await WebSocketSession.open(server)
        await join(session)
        assert await ask(session, "path_of") == door
        processes.add(await ask(session, "process"))
        sessions.append(session)
        return len(sessions) >= CLIENTS and len(processes) == workers

    await eventually(all_serve, f"{workers} processes serve")
    assert (server.pid in processes) is (workers == 1)
    return sessions


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_each_worker_serves_and_closes_its_clients_when_told_to_stop(command):
    workers = 2 if any("workers" in part for part in command[:-1]) else 1

    async def conversation(server: Server):
        sessions = await open_in_all(server, "handoff", workers)
        server.process.send_signal(signal.SIGTERM)
        for session in sessions:
            assert await session.websocket.close_code() not in (ABNORMAL, 1005)
            await session.close()

    with running(command) as server:
        run(conversation(server))
        server.process.wait(STOP_LIMIT)
        said = server.stderr()
    assert said.count("WebSockets are handed over to the engine") == workers
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["uvicorn with 2 workers", "gunicorn"])
def test_each_worker_that_drains_tells_its_clients_before_it_closes_them(command):
    async def conversation(server: Server):
        sessions = await open_in_all(server, "bridge", 2)
        server.process.send_signal(signal.SIGTERM)
        for session in sessions:
            assert await receive_message(session) == '42["server-shutting-down",{"reconnectIn":1}]'
            assert await session.websocket.close_code() == 1012
            await session.close()

    with running([*COMMANDS[command][:-1], "{app}:draining"]) as server:
        run(conversation(server))
        server.process.wait(STOP_LIMIT)
        said = server.stderr()
    assert "Traceback" not in said

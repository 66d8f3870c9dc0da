"""The Admin UI's own client library in node, as an admin; the checks are in js/admin.mjs.

Judged by python-socketio's server, which has to pass too.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio
import uvicorn

import sio_native

from .server_app import HOST, free_socket

HERE = Path(__file__).resolve().parent
LIMIT = 60.0
AUTH = {"username": "admin", "password": "secret"}


@contextlib.asynccontextmanager
async def instrumented(package: Any, own_port: bool) -> AsyncIterator[str]:
    """A server that has no other clients, and its address."""
    sio = package.AsyncServer(async_mode="asgi")
    sio.on("connect", lambda sid, environ: None)
    sio.on("echo", lambda sid, *args: args)
    admin = sio.instrument(auth=AUTH, server_stats_interval=0.2)
    if own_port:
        host, port = sio.listen(HOST, 0)
        yield f"http://{host}:{port}"
        await sio.shutdown()
        return
    listening = free_socket()
    config = uvicorn.Config(package.ASGIApp(sio), log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://{HOST}:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving
    if package is socketio:
        await admin.shutdown()
        admin.uninstrument()  # it has changed classes of the package


async def run_script(package: Any, own_port: bool, transport: str) -> None:
    async with instrumented(package, own_port) as url:
        node = await asyncio.create_subprocess_exec(
            shutil.which("node") or "node",
            str(HERE / "js/admin.mjs"),
            *(url, "/socket.io/", transport),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "NODE_ENV": "test"},
        )
        try:
            said, _ = await asyncio.wait_for(node.communicate(), LIMIT)
        finally:
            if node.returncode is None:
                node.kill()
                await node.wait()
    assert node.returncode == 0, said.decode()


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
@pytest.mark.parametrize("own_port", [True, False], ids=["own-port", "uvicorn"])
def test_the_admin_uis_client_is_served(own_port: bool, transport: str) -> None:
    asyncio.run(run_script(sio_native, own_port, transport))


def test_so_it_is_by_python_socketio() -> None:
    asyncio.run(run_script(socketio, own_port=False, transport="websocket"))

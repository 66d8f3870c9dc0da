"""Serves an ASGI application with uvicorn on the loop of a test."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield  # they are pytest's


@contextlib.asynccontextmanager
async def under_uvicorn(app: Any) -> AsyncIterator[str]:
    """Gives the address. It takes connections at once: the socket listens already."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield "http://127.0.0.1:{1}".format(*listening.getsockname())
    finally:
        server.should_exit = True
        await serving

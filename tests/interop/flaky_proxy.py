"""A TCP proxy that breaks the connections which go through it, in three ways."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

# What the two ends see: "close": the end of the stream; "reset": an error; "half-open": the client
# an error and the server nothing at all, as after a change of networks.
WAYS = ("close", "reset", "half-open")


class FlakyProxy:
    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._open: set[_Connection] = set()
        self._deaf: list[asyncio.StreamWriter] = []  # held open towards the server
        self._accepted = asyncio.Event()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        try:
            yield f"http://{host}:{port}"
        finally:
            server.close()
            for each in [*self._open]:
                each.end("reset")
            for writer in self._deaf:
                writer.transport.abort()

    async def break_connections(self, way: str) -> None:
        """All there are; waits for one if there is none."""
        while not self._open:
            self._accepted.clear()
            await self._accepted.wait()
        for each in [*self._open]:
            self._deaf += each.end(way)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection((reader, writer), there)
        self._open.add(connection)
        self._accepted.set()
        try:
            await connection.relay()
        finally:
            self._open.discard(connection)


class _Connection:
    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._client, self._server = client, server
        self._tasks: list[asyncio.Task[None]] = []

    async def relay(self) -> None:
        (client_in, client_out), (server_in, server_out) = self._client, self._server
        self._tasks = [
            asyncio.create_task(_pump(client_in, server_out)),
            asyncio.create_task(_pump(server_in, client_out)),
        ]
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        if not any(each.cancelled() for each in self._tasks):
            self.end("close")

    def end(self, way: str) -> list[asyncio.StreamWriter]:
        """Returns what has to stay open."""
        for each in self._tasks:
            each.cancel()
        client, server = self._client[1], self._server[1]
        if way == "close":
            client.close()
            server.close()
        elif way == "reset":
            _reset(client)
            _reset(server)
        else:
            _reset(client)
            server.transport.pause_reading()
            return [server]
        return []


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    made = writer.get_extra_info("socket")
    if made is not None and made.fileno() >= 0:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

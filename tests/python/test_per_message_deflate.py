"""permessage-deflate: what is agreed on, what goes over the wire compressed, and what may not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from conftest import HANDOFF, OWN_PORT, THREADS, Door

import sio_native

OFFER = "permessage-deflate; client_max_window_bits"
TARGET = "/socket.io/?EIO=4&transport=websocket"
ROW = {"id": 12345, "name": "a name", "tags": ["one", "two"]}
LONG = [ROW] * 100

# The server behind the bridge is uvicorn's, and so are its extensions.
doors = pytest.mark.parametrize(
    "door", [OWN_PORT, HANDOFF, THREADS], ids=["own-port", "handoff", "threads"]
)


@dataclass
class Raw:
    """A client that sees frames as they are."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    extensions: str | None

    async def frame(self) -> tuple[int, bytes]:
        """The first byte and the payload of the next frame."""
        first, length = await self.reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first, await self.reader.readexactly(length)

    def send(self, first: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes([first, 0x80 | min(size, 126)]) if size < 1 << 16 else bytes([first, 0xFF])
        if size >= 126:
            head += struct.pack("!H" if size < 1 << 16 else "!Q", size)
        self.writer.write(head + bytes(4) + payload)  # a mask of zeros masks nothing


@contextlib.asynccontextmanager
async def raw_client(url: str, offer: str | None = OFFER) -> AsyncIterator[Raw]:
    """Joined to the main namespace."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    extension = "" if offer is None else f"Sec-WebSocket-Extensions: {offer}\r\n"
    writer.write(
        f"GET {TARGET} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"{extension}\r\n".encode()
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    assert " 101 " in head[0]
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
    client = Raw(reader, writer, fields.get("sec-websocket-extensions"))
    try:
        assert (await client.frame())[1].startswith(b"0{")
        client.send(0x81, b"40")
        assert (await client.frame())[1].startswith(b"40{")
        yield client
    finally:
        writer.close()


def inflate(payload: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")


def deflate(payload: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return (stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH)).removesuffix(
        b"\0\0\xff\xff"
    )


@doors
async def test_it_is_off_unless_asked_for(door: Door) -> None:
    sio = door.server()
    async with door.open(sio) as url, raw_client(url) as client:
        assert client.extensions is None
        await sio.emit("rows", LONG)
        assert (await client.frame())[0] == 0x81
        client.send(0xC1, deflate(b'42["x"]'))
        first, payload = await client.frame()
        assert (first, payload[:2]) == (0x88, struct.pack("!H", 1002))


@doors
async def test_messages_above_the_threshold_are_compressed_for_who_offers_it(door: Door) -> None:
    sio = door.server(per_message_deflate=True)
    async with (
        door.open(sio) as url,
        raw_client(url) as client,
        raw_client(url, None) as without,
    ):
        assert client.extensions == (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        )
        assert without.extensions is None
        await sio.emit("rows", LONG)
        await sio.emit("row", ROW)
        await sio.emit("bytes", b"y" * 5000)
        expected = b'42["rows",' + json.dumps(LONG, separators=(",", ":")).encode() + b"]"
        first, payload = await client.frame()
        assert (first, inflate(payload)) == (0xC1, expected)
        assert len(payload) < len(expected) / 5
        assert await without.frame() == (0x81, expected)
        for each in client, without:
            assert (await each.frame())[0] == 0x81  # too short
            assert (await each.frame())[0] == 0x81  # the event of the attachment
        first, payload = await client.frame()
        assert (first, inflate(payload)) == (0xC2, b"y" * 5000)
        assert await without.frame() == (0x82, b"y" * 5000)


@doors
async def test_compressed_messages_of_a_client_are_read(door: Door) -> None:
    sio = door.server(per_message_deflate=True)

    @sio.event
    async def rows(sid: str, data: Any) -> int:
        return len(data)

    async with door.open(sio) as url, raw_client(url) as client:
        message = f'421["rows",{json.dumps(LONG)}]'.encode()
        payload = deflate(message)
        client.send(0xC1, payload)
        assert await client.frame() == (0x81, b"431[100]")
        client.send(0x41, payload[:20])  # in two fragments
        client.send(0x80, payload[20:])
        assert await client.frame() == (0x81, b"431[100]")
        client.send(0x81, message)  # a client need not compress
        assert await client.frame() == (0x81, b"431[100]")


async def test_a_bomb_is_stopped_at_the_longest_message() -> None:
    sio = OWN_PORT.server(per_message_deflate=True, max_http_buffer_size=100_000)
    async with OWN_PORT.open(sio) as url, raw_client(url) as client, raw_client(url) as other:
        client.send(0xC1, deflate(b"4" + b"x" * 50_000_000))
        first, payload = await client.frame()
        assert (first, payload[:2]) == (0x88, struct.pack("!H", 1009))
        await sio.emit("alive")
        assert await other.frame() == (0x81, b'42["alive"]')


async def test_garbage_closes_its_own_connection_only() -> None:
    sio = OWN_PORT.server(per_message_deflate=True)
    async with OWN_PORT.open(sio) as url, raw_client(url) as client, raw_client(url) as other:
        client.send(0xC1, os.urandom(500))
        first, payload = await client.frame()
        assert first == 0x88
        assert struct.unpack("!H", payload[:2])[0] in (1002, 1007)
        await sio.emit("alive")
        assert await other.frame() == (0x81, b'42["alive"]')


async def test_compress_false_sends_an_event_as_it_is() -> None:
    sio = OWN_PORT.server(per_message_deflate=True)
    async with OWN_PORT.open(sio) as url, raw_client(url) as client:
        (sid,) = await sio.all_sockets()
        for chosen in sio.compress(False), sio.to(sid).compress(False), sio.local.compress(False):
            await chosen.emit("rows", LONG)
            assert (await client.frame())[0] == 0x81
        await sio.socket(sid).compress(False).emit("rows", b"y" * 5000)
        assert [(await client.frame())[0], (await client.frame())[0]] == [0x81, 0x82]
        await sio.compress(False).compress(True).emit("rows", LONG)
        assert (await client.frame())[0] == 0xC1
    with pytest.raises(TypeError, match="True or False"):
        sio.compress("no")


async def test_compress_false_leaves_a_response_to_a_poll_as_it_is() -> None:
    sio = OWN_PORT.server()
    async with OWN_PORT.open(sio) as url, aiohttp.ClientSession(auto_decompress=False) as http:
        address = f"{url}/socket.io/?EIO=4&transport=polling"
        async with http.get(address) as answer:
            address += "&sid=" + json.loads((await answer.text())[1:])["sid"]
        async with http.post(address, data="40"), http.get(address):
            pass
        for compress, encoding in (True, "gzip"), (False, None):
            await sio.compress(compress).emit("rows", LONG)
            async with http.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
                assert answer.headers.get("Content-Encoding") == encoding


async def test_threshold_and_level_can_be_chosen() -> None:
    sio = OWN_PORT.server(per_message_deflate={"threshold": 0, "level": 9})
    async with OWN_PORT.open(sio) as url, raw_client(url) as client:
        await sio.emit("row", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
        assert (await client.frame())[0] == 0xC1


async def test_a_client_library_talks_compressed_both_ways() -> None:
    sio = OWN_PORT.server(per_message_deflate=True)

    @sio.event
    async def rows(sid: str, data: Any) -> Any:
        return data

    async with (
        OWN_PORT.open(sio) as url,
        aiohttp.ClientSession() as http,
        http.ws_connect(url.replace("http", "ws") + TARGET, compress=15) as client,
    ):
        assert client.compress == 15
        await client.receive_str()
        await client.send_str("40")
        await client.receive_str()
        for _ in range(3):
            await client.send_str(f'427["rows",{json.dumps(LONG)}]')
            assert json.loads((await client.receive_str())[3:]) == [LONG]


@pytest.mark.parametrize(
    "value",
    [
        "yes",
        1,
        {"treshold": 1},
        {"threshold": -1},
        {"threshold": "1"},
        {"level": 0},
        {"level": 10},
        {"level": True},
    ],
)
def test_wrong_values_are_told(value: Any) -> None:
    with pytest.raises(ValueError, match="per_message_deflate"):
        sio_native.AsyncServer(per_message_deflate=value)

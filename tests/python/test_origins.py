"""A callable that decides about origins, asked by the engine's own port as under ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

import sio_native

A = {"Origin": "http://a"}
B = {"Origin": "http://b"}


@contextlib.asynccontextmanager
async def serving(check: Any, **options: Any) -> AsyncIterator[tuple[str, Any]]:
    """The URL of a handshake on the own port, and a client for it."""
    sio = sio_native.AsyncServer(cors_allowed_origins=check, **options)
    host, port = sio.listen("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as client:
            yield f"http://{host}:{port}/socket.io/?EIO=4&transport=polling", client
    finally:
        await sio.shutdown()


async def status(client: Any, url: str, headers: dict[str, str], method: str = "GET") -> int:
    async with client.request(method, url, headers=headers) as answer:
        return int(answer.status)


@pytest.mark.parametrize("threads", [1, 3])
async def test_each_request_with_an_origin_is_judged(threads: int) -> None:
    asked: list[tuple[str, str]] = []

    def check(origin: str, environ: Any) -> bool:
        asked.append((origin, environ["QUERY_STRING"].partition("&sid")[0]))
        return origin == "http://a"

    async with serving(check, threads=threads) as (url, client):
        for _ in range(2 * threads):
            async with client.get(url, headers=A) as answer:
                assert answer.status == 200
                assert answer.headers["Access-Control-Allow-Origin"] == "http://a"
                sid = (await answer.text()).split('"')[3]
            async with client.post(f"{url}&sid={sid}", data="40", headers=A) as answer:
                assert answer.status == 200
            assert await status(client, f"{url}&sid={sid}", B) == 403
        assert await status(client, url, B) == 403
        assert await status(client, url, B, "OPTIONS") == 403
        assert await status(client, url, {}) == 200
    assert len(asked) == 6 * threads + 2
    assert asked[0] == ("http://a", "EIO=4&transport=polling")


async def test_a_websocket_of_a_stranger_is_refused() -> None:
    async with serving(lambda origin: origin == "http://a") as (url, client):
        url = url.replace("polling", "websocket")
        async with client.ws_connect(url, headers=A) as websocket:
            assert (await websocket.receive_str()).startswith("0{")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(url, headers=B)
        assert refused.value.status == 403


@pytest.mark.parametrize("check", [lambda origin: 1 / 0, lambda: True])
async def test_a_callable_that_fails_refuses(check: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(check) as (url, client):
        assert await status(client, url, A) == 403
    assert "cors_allowed_origins failed for http://a" in caplog.text


async def test_a_coroutine_is_no_verdict(caplog: pytest.LogCaptureFixture) -> None:
    async def check(origin: str, environ: Any) -> bool:
        return True

    async with serving(check) as (url, client):
        assert await status(client, url, A) == 403
    assert "no coroutine" in caplog.text


async def test_a_peer_that_leaves_before_the_verdict_harms_nobody() -> None:
    judged = 0

    def check(origin: str) -> bool:
        nonlocal judged
        judged += 1
        return True

    async with serving(check) as (url, client):
        address = ("127.0.0.1", int(url.split(":")[2].split("/")[0]))
        target = b"/socket.io/?EIO=4&transport=polling"
        request = b"GET %s HTTP/1.1\r\nHost: a\r\nOrigin: b\r\n\r\n" % target
        for _ in range(20):  # without a turn of the loop that judges
            with socket.create_connection(address) as leaving:
                leaving.sendall(request)
        assert await status(client, url, A) == 200
        assert judged >= 1


async def test_requests_that_wait_behind_a_verdict_keep_their_order() -> None:
    async with serving(lambda origin: origin == "a") as (url, _):
        port = int(url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        target = url[url.index("/socket.io") :]
        for origin in ("a", "b", "a"):
            writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n\r\n".encode())
        statuses = []
        for _ in range(3):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            statuses.append(int(head.split()[1]))
            length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
            await reader.readexactly(length)
        assert statuses == [200, 403, 200]
        writer.close()

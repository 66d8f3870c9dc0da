"""Shared documents with real Yjs clients in Node: Open WebUI's words, and npm's y-socket.io."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import sio_native

from .scripts import run_script

JS = Path(__file__).resolve().parent / "js"
LIMIT = 60.0


class Script:
    """One editor in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    async def has(self, command: str = "look") -> list[Any]:
        """Its text, and whose cursors it knows if it has any."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        return json.loads(await self.line())

    async def has_in_the_end(self, expected: list[Any]) -> None:
        while (seen := await self.has()) != expected:
            assert len(seen) == len(expected)


@contextlib.asynccontextmanager
async def script(name: str, url: str, *arguments: Any) -> AsyncIterator[Script]:
    node = shutil.which("node")
    assert node, "node is needed: the Makefile's `test` says how to install it"
    process = await asyncio.create_subprocess_exec(
        node,
        str(JS / f"{name}.mjs"),
        url,
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Script(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def served(sio: sio_native.AsyncServer) -> AsyncIterator[str]:
    host, port = sio.listen("127.0.0.1", 0)
    try:
        yield f"http://{host}:{port}"
    finally:
        await sio.shutdown()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "dialects",
    [["ydoc"] * 4, ["y_socket_io"] * 4, ["ydoc", "y_socket_io"] * 2],
    ids=["open-webui", "y-socket.io", "both"],
)
def test_editors_that_type_at_once_and_come_back_end_with_one_text(dialects, threads):
    async def work() -> None:
        sio = sio_native.AsyncServer(threads=threads)
        sio.yjs.serve()
        async with served(sio) as url, contextlib.AsyncExitStack() as stack:
            editors = [
                await stack.enter_async_context(script(name, url, "note:1", number, 60))
                for number, name in enumerate(dialects)
            ]
            for each in editors:
                assert await each.line() == "edited"
            text = await sio.yjs.text("note:1")
            names = sorted(f"u{n}" for n, name in enumerate(dialects) if name == "y_socket_io")
            for each, name in zip(editors, dialects, strict=True):
                await each.has_in_the_end([text, names] if name == "y_socket_io" else [text])
            assert len(text) > 50
            if dialects[0] == "y_socket_io":  # who leaves takes its cursor along
                await editors[0].has("end")
                await editors[1].has_in_the_end([text, names[1:]])
            counted = sio.yjs.stats()
            assert not any(counted["refused"].values()) and not counted["failed_compactions"]

    asyncio.run(asyncio.wait_for(work(), LIMIT))


def test_a_provider_is_let_in_by_the_token_that_it_sends_and_may_only_read():
    async def work() -> None:
        sio = sio_native.AsyncServer()
        sio.yjs.serve(dialects=["y-socket.io"])

        @sio.yjs.on_authorize
        async def authorize(document, editor):
            await asyncio.sleep(0)
            return {"w": "write", "r": "read"}.get(editor.auth["token"])

        async with (
            served(sio) as url,
            script("y_socket_io", url, "doc", 0, 5, "w") as writer,
            script("y_socket_io", url, "doc", 1, 1, "r") as reader,
            script("y_socket_io", url, "doc", 2, 1, "wrong") as stranger,
        ):
            assert await stranger.line() == "refused Unauthorized"
            while (line := await writer.line()) != "edited":
                raise AssertionError(line)
            assert json.loads((await reader.line()).removeprefix("nack "))["reason"] == "read_only"
            text = await sio.yjs.text("doc")
            assert "0" in text and "1" not in text

    asyncio.run(asyncio.wait_for(work(), LIMIT))


def test_a_provider_that_only_reads_is_refused_nothing():
    async def work() -> None:
        sio = sio_native.AsyncServer()
        sio.yjs.serve(dialects=["y-socket.io"])
        sio.yjs.on_authorize(lambda document, editor: "read")
        async with served(sio) as url, script("y_socket_io", url, "doc", 0, 0, "r") as reader:
            # What it answers to the server's first step has nothing new.
            assert await reader.line() == "edited"
            assert sio.yjs.stats()["refused"]["read_only"] == 0

    asyncio.run(asyncio.wait_for(work(), LIMIT))


def test_a_note_has_no_second_name_among_namespaces():
    async def work() -> None:
        sio = sio_native.AsyncServer()
        sio.yjs.serve()
        async with served(sio) as url, script("y_socket_io", url, "note_1", 0, 1) as editor:
            assert (await editor.line()).startswith("refused")

    asyncio.run(asyncio.wait_for(work(), LIMIT))


def test_a_cursor_that_ends_leaves_nothing_behind_in_open_webuis_editor():
    def make() -> sio_native.AsyncServer:
        sio = sio_native.AsyncServer()
        sio.yjs.serve()
        return sio

    run_script("open_webui_cursors.mjs", make, "websocket")

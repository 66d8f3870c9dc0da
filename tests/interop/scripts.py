"""Runs a script of the JavaScript client against a server on its own port."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import sio_native

HERE = Path(__file__).resolve().parent
LIMIT = 60.0


def run_script(name: str, make: Callable[[], sio_native.AsyncServer], transport: str) -> None:
    """`make` gives the server. If a check of the script fails, so does the test, and says it."""
    node = shutil.which("node")
    assert node, "node is needed: the Makefile's `test` says how to install it"

    async def converse() -> None:
        sio = make()
        host, port = sio.listen("127.0.0.1", 0)
        script = await asyncio.create_subprocess_exec(
            node,
            str(HERE / "js" / name),
            f"http://{host}:{port}",
            "/socket.io",
            transport,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(script.communicate(), LIMIT)
        finally:
            if script.returncode is None:
                script.kill()
            await sio.shutdown()
        assert script.returncode == 0, said.decode()

    asyncio.run(converse())

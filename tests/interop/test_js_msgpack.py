"""The JavaScript client with its msgpack parser; the checks are in js/msgpack.mjs."""

import asyncio
import shutil
from pathlib import Path

import pytest

import sio_native

HERE = Path(__file__).resolve().parent
LIMIT = 60.0


def server() -> sio_native.AsyncServer:
    sio = sio_native.AsyncServer(serializer="msgpack")

    @sio.event
    async def connect(sid, environ, auth):
        await sio.save_session(sid, auth)

    @sio.event
    async def auth(sid):
        return await sio.get_session(sid)

    @sio.event
    def echo(sid, *args):
        return args

    @sio.event
    async def ask_back(sid, data):
        number, raw = await sio.call("question", data, to=sid)
        return number, raw[0]

    @sio.event
    async def disconnect_me(sid):
        await sio.disconnect(sid)

    @sio.on("connect", namespace="/closed")
    def refuse(sid, environ):
        raise sio_native.exceptions.ConnectionRefusedError("not today", {"again": 60})

    return sio


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_javascript_client_speaks_msgpack(transport):
    node = shutil.which("node")
    assert node, "node is needed: the Makefile's `test` says how to install it"

    async def converse():
        sio = server()
        host, port = sio.listen("127.0.0.1", 0)
        script = await asyncio.create_subprocess_exec(
            node,
            str(HERE / "js" / "msgpack.mjs"),
            f"http://{host}:{port}",
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

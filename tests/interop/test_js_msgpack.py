"""The JavaScript client with its msgpack parser; the checks are in js/msgpack.mjs."""

import pytest

import sio_native

from .scripts import run_script


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
    run_script("msgpack.mjs", server, transport)

"""Volatile events, as the JavaScript server's own tests have them; see reference_server.md.

A client on WebSocket is ready when nothing waits to be sent to it; one that polls, when its request
for events has come.
"""

import asyncio

import pytest

import sio_native

from .js_driver import GO_ON, HOLD

BINARY = b"\1\2\3"


def lost(sio):
    return sio.flow_stats()["volatile"]


@pytest.mark.parametrize("data", ["data", BINARY], ids=["text", "binary"])
@pytest.mark.parametrize("namespace", ["/", "/chat"])
async def test_a_volatile_event_reaches_a_client_on_websocket(js, namespace, data):
    sio = sio_native.AsyncServer(namespaces=["/", "/chat"])
    async with js.serving(sio) as connect:
        client = await connect(namespace)
        await sio.socket(client.sid, namespace).volatile.emit("ev", data)
        assert await client.heard() == [("ev", data)]
        assert lost(sio) == 0


async def test_a_volatile_event_reaches_a_client_that_polls(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect(transports=["polling"])
        tried = 0
        while ("ev", tried) not in client.log:
            tried += 1
            await asyncio.sleep(0.01 * tried)  # its request may not have come yet
            await sio.volatile.emit("ev", tried)
            await client.heard()
        assert lost(sio) == tried - 1


@pytest.mark.parametrize("data", ["data", BINARY], ids=["text", "binary"])
async def test_a_volatile_event_is_lost_while_a_client_does_not_poll(js, data):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect(transports=["polling"])
        await client.run(HOLD)
        await sio.emit("ev", "regular")
        assert await client.next("ev") == ("regular",)
        for _ in range(2):
            await sio.volatile.emit("ev", data)
        await sio.emit("ev", "regular, too")
        await client.run(GO_ON)
        assert await client.heard() == [("ev", "regular"), ("ev", "regular, too")]
        assert lost(sio) == 2


@pytest.mark.parametrize("of", ["socket", "server"])
async def test_a_volatile_event_is_lost_while_others_wait(js, of):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        volatile = (sio.socket(client.sid) if of == "socket" else sio).volatile
        await client.run("socket.io.engine.transport.ws._socket.pause()")
        waiting = 0
        while not lost(sio):  # until the system's buffers are full
            waiting += 1
            await sio.emit("big", "x" * 100_000)
            await volatile.emit("ev", waiting)
        for number in range(10):
            await volatile.emit("ev", f"lost {number}")
        await sio.emit("regular")
        await client.run("socket.io.engine.transport.ws._socket.resume()")
        heard = await client.heard()
        assert [each for each in heard if each[0] == "ev"] == [
            ("ev", number) for number in range(1, waiting)
        ]
        assert sum(each[0] == "big" for each in heard) == waiting
        assert ("regular",) in heard
        assert lost(sio) == 11


async def test_a_volatile_event_is_not_lost_for_others(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        deaf, reads = await connect(transports=["polling"]), await connect()
        await deaf.run(HOLD)
        await sio.emit("ev", 1)
        await deaf.next("ev")
        await sio.volatile.emit("ev", 2)
        assert await reads.heard() == [("ev", 1), ("ev", 2)]
        await deaf.run(GO_ON)
        assert await deaf.heard() == [("ev", 1)]

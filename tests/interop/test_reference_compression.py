"""Which messages are compressed, as socket.io-client gets them; see reference_server.md."""

import pytest

import sio_native

TEXT = "the same again " * 2_000
AGREED = "return socket.io.engine.transport.ws.extensions"
ARRIVED = "return socket.io.engine.transport.ws._socket.bytesRead"


async def arrived(client, sending):
    """The bytes on the wire, until the event has come."""
    before = await client.run(ARRIVED)
    await sending
    assert await client.next("text") == (TEXT,)
    return await client.run(ARRIVED) - before


@pytest.mark.parametrize("namespace", ["/", "/chat"])
async def test_events_are_compressed_unless_they_are_told_not_to_be(js, namespace):
    sio = sio_native.AsyncServer(per_message_deflate=True, namespaces=["/", "/chat"])
    async with js.serving(sio) as connect:
        client = await connect(namespace)
        assert "permessage-deflate" in await client.run(AGREED)
        socket = sio.socket(client.sid, namespace)
        room = sio.of(namespace).to(client.sid)
        for each in (socket, room):
            assert await arrived(client, each.emit("text", TEXT)) < len(TEXT) / 10
            assert await arrived(client, each.compress(False).emit("text", TEXT)) > len(TEXT)
            assert await arrived(client, each.compress(True).emit("text", TEXT)) < len(TEXT) / 10


async def test_it_is_off_by_default(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        assert await client.run(AGREED) == ""
        assert await arrived(client, sio.emit("text", TEXT)) > len(TEXT)


async def test_what_the_client_compresses_is_read(js):
    sio = sio_native.AsyncServer(per_message_deflate=True)
    sio.on("size", lambda sid, text, data: [len(text), len(data)])
    async with js.serving(sio) as connect:
        client = await connect(perMessageDeflate={"threshold": 0})
        assert await client.ask("size", TEXT, bytes(9_999)) == [len(TEXT), 9_999]

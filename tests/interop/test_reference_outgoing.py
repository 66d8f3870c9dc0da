"""What a socket sends, what carries it and how it ends, as JavaScript's server is tested for it.

See reference_server.md.
"""

import asyncio

import pytest

import sio_native
from sio_native.exceptions import TimeoutError as NoAnswer


@pytest.mark.parametrize("args", [("123",), (b"\1\2\3",), ()], ids=["text", "binary", "nothing"])
async def test_listeners_hear_what_the_socket_sends(js, args):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        client.answers("asked", lambda *_: "answer")
        socket = sio.socket(client.sid)
        sent = []
        socket.on_any_outgoing(lambda *event: sent.append(event))
        await socket.emit("my-event", *args)
        await socket.volatile.emit("may be lost", *args)
        await socket.send(*args)
        assert await socket.emit_with_ack("asked", *args) == "answer"
        expected = [(name, *args) for name in ("my-event", "may be lost", "message", "asked")]
        assert sent == expected
        assert await client.heard() == expected


@pytest.mark.parametrize("args", [("123",), (b"\1\2\3",)], ids=["text", "binary"])
async def test_listeners_hear_what_is_sent_to_many(js, args):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        ann, bob = await connect(), await connect()
        sent = {}
        for client in (ann, bob):
            heard = sent[client] = []
            sio.socket(client.sid).on_any_outgoing(lambda *event, heard=heard: heard.append(event))
        await sio.socket(ann.sid).join("room1", "room2")
        await sio.emit("to all", args)
        await sio.to("room1", "room2").emit("to rooms", *args)
        await sio.socket(ann.sid).broadcast.emit("to others", *args)
        await sio.emit("to one", args, to=ann.sid)
        assert [event for event, *_ in sent[ann]] == ["to all", "to rooms", "to one"]
        assert [event for event, *_ in sent[bob]] == ["to all", "to others"]
        for client in (ann, bob):
            expected = list(sent[client])
            assert all(given == list(args) for _, *given in expected)
            assert await client.heard() == expected


async def test_listeners_for_what_is_sent_are_put_in_front_and_taken_away(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        socket = sio.socket(client.sid)
        order = []
        never = socket.on_any_outgoing(lambda *event: order.append("never"))
        socket.on_any_outgoing(lambda *event: order.append(3))
        socket.prepend_any_outgoing(lambda *event: order.append(2))
        socket.prepend_any_outgoing(lambda *event: order.append(1))
        socket.off_any_outgoing(never)
        assert len(socket.listeners_any_outgoing()) == 3
        await socket.emit("my-event", "123")
        assert order == [1, 2, 3]
        socket.off_any_outgoing()
        await socket.emit("my-event", "123")
        assert order == [1, 2, 3]
        assert await client.heard() == [("my-event", "123")] * 2


async def test_listeners_for_any_event_are_put_in_front(js):
    sio = sio_native.AsyncServer()
    order = []

    @sio.on_connection
    def came(socket):
        socket.on_any(lambda event, *args: order.append((3, *args)))
        socket.prepend_any(lambda event, *args: order.append((2, *args)))
        socket.prepend_any(lambda event, *args: order.append((1, *args)))
        socket.on("my-event", lambda *args: len(socket.listeners_any()))

    async with js.serving(sio) as connect:
        client = await connect()
        assert await client.ask("my-event", "123") == 3
        assert order == [(1, "123"), (2, "123"), (3, "123")]


async def test_a_timeout_stands_in_front_of_what_is_asked(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        client.answers("echo", lambda value: value)
        socket = sio.socket(client.sid)
        with pytest.raises(NoAnswer):
            await socket.timeout(0.05).emit_with_ack("unknown")
        assert await socket.timeout(10).emit_with_ack("echo", 42) == 42
        for wrong in (0, -1, "1", None, float("inf")):
            with pytest.raises(ValueError, match="timeout"):
                socket.timeout(wrong)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_socket_knows_the_connection_that_carries_it(js, transport):
    sio = sio_native.AsyncServer(namespaces=["/", "/other"])
    async with js.serving(sio) as connect:
        client = await connect(transports=[transport])
        other = await connect.beside(client, "/other")
        conn = sio.socket(client.sid).conn
        assert conn.id == await client.run("return socket.io.engine.id")
        assert (conn.transport, conn.protocol, conn.remote_address) == (transport, 4, "127.0.0.1")
        assert sio.socket(other.sid, "/other").conn.id == conn.id


async def test_who_leaves_is_told_in_its_rooms_and_then_out_of_the_way(js):
    sio = sio_native.AsyncServer()
    steps = asyncio.Queue()

    @sio.event
    def disconnect(sid, reason):
        steps.put_nowait(("handler", sorted(sio.rooms(sid))))

    @sio.on_connection
    async def came(socket):
        await socket.join("a")
        for event in ("disconnect", "disconnecting"):
            socket.on(event, lambda reason, event=event: steps.put_nowait((event, reason)))

    async with js.serving(sio) as connect:
        client = await connect()
        await client.heard()
        await client.disconnect()
        assert await steps.get() == ("disconnecting", "client disconnect")
        assert await steps.get() == ("handler", sorted(["a", client.sid]))
        assert await steps.get() == ("disconnect", "client disconnect")


async def test_an_error_of_a_listener_goes_to_the_socket_and_else_to_the_server(js):
    sio = sio_native.AsyncServer()
    heard = asyncio.Queue()

    @sio.on_error
    def everywhere(error, context):
        heard.put_nowait(("server", context.event, str(error)))
        return {"error": str(error)}

    @sio.on_connection
    def came(socket):
        if socket.handshake.query.get("listens"):
            socket.on("error", lambda error: heard.put_nowait(("socket", str(error))))

        @socket.on("fails")
        def fails(data):
            raise ValueError(data)

    async with js.serving(sio) as connect:
        listens, plain = await connect(query={"listens": "1"}), await connect()
        await listens.emit("fails", 1)
        assert await heard.get() == ("socket", "1")
        assert await plain.ask("fails", 2) == {"error": "2"}
        assert await heard.get() == ("server", "fails", "2")
        assert await listens.heard() == []

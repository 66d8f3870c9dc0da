"""Ends of connections and of the server, as the JavaScript server's own tests have them.

See reference_server.md.
"""

import asyncio
import contextlib
import socket as sockets

import pytest

import sio_native
from sio_native.exceptions import DisconnectedError


async def test_the_server_that_is_shut_down_leaves_its_port_and_its_clients(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client, polls = await connect(), await connect(transports=["polling"])
        port = int(connect.url.rsplit(":", 1)[1])
        await sio.shutdown()
        assert (await client.next("disconnect"))[0] == "transport close"
        # Between two requests it finds nobody there.
        assert (await polls.next("disconnect"))[0] in ("transport close", "transport error")
        sockets.create_server(("127.0.0.1", port)).close()


async def test_a_server_that_never_served_can_be_shut_down():
    await sio_native.AsyncServer().shutdown()


async def test_a_client_comes_back_to_a_server_of_the_same_port(js):
    first, second = sio_native.AsyncServer(), sio_native.AsyncServer()
    received = asyncio.Queue()

    @second.on_connection
    def came(socket):
        socket.on("ev", received.put)

    async with js.serving(first) as connect:
        client = await connect(reconnection=True, reconnectionDelay=10, reconnectionDelayMax=50)
        port = int(connect.url.rsplit(":", 1)[1])
        await first.shutdown()
        await client.next("disconnect")
        await client.emit("ev", "payload")
        second.listen("127.0.0.1", port)
        try:
            await client.next("connect")  # behind some connect_error
            assert await received.get() == "payload"
        finally:
            await second.shutdown()


async def test_a_client_gives_up_once_when_the_server_has_gone(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect(
            reconnection=True, reconnectionAttempts=3, reconnectionDelay=5, reconnectionDelayMax=5
        )
        failing = asyncio.create_task(
            client.run("""
            let failed = 0;
            socket.io.on("reconnect_failed", () => failed++);
            await new Promise((resolve) => socket.io.once("reconnect_failed", resolve));
            return failed;
        """)
        )
        await client.run("")
        await sio.shutdown()
        assert await failing == 1


async def test_a_client_that_connects_again_is_connected_once(js):
    sio = sio_native.AsyncServer()
    came = []
    sio.on_connection(came.append)
    async with js.serving(sio) as connect:
        client = await connect()
        first = client.sid
        await client.run("socket.io.engine.close()")
        await client.next("disconnect")
        await client.run("socket.connect()")
        await client.connected()
        assert client.sid != first
        await client.heard()
        assert [each.id for each in came] == [first, client.sid]
        assert [each[0] for each in client.log].count("connect") == 2


async def test_a_client_that_is_disconnected_before_its_upgrade_stays_so(js):
    sio = sio_native.AsyncServer()
    sio.on_connection(lambda socket: socket.disconnect())
    async with js.serving(sio) as connect:
        client = await connect(transports=["polling", "websocket"])
        assert (await client.next("disconnect"))[0] == "io server disconnect"
        assert await sio.local.all_sockets() == set()


async def test_events_behind_a_disconnect_are_ignored(js):
    sio = sio_native.AsyncServer()
    heard, left = [], asyncio.Event()

    @sio.on_connection
    def came(socket):
        socket.on("test", heard.append)
        socket.on("disconnect", lambda reason: left.set())

    async with js.serving(sio) as connect:
        client = await connect()
        await client.run("""
            socket.emit("test", "before");
            const late = { type: 2, data: ["test", "behind"], options: { compress: true } };
            socket.disconnect = () => {};
            socket.packet({ type: 1 });
            socket.packet(late);
        """)
        await left.wait()
        other = await connect()
        await other.heard()
        assert heard == ["before"]


async def test_who_has_left_joins_no_room(js):
    sio = sio_native.AsyncServer()
    joined = asyncio.Queue()

    @sio.on_connection
    async def came(socket):
        await socket.disconnect()
        with contextlib.suppress(DisconnectedError):
            await socket.join("room1")
        await joined.put(socket.rooms)

    async with js.serving(sio) as connect:
        client = await connect()
        await client.next("disconnect")
        assert await joined.get() == set()
        assert await sio.to("room1").all_sockets() == set()


# --- what breaks the protocol ends its client, and no other ---


@pytest.mark.parametrize(
    "packet",
    [
        "0",
        '4["handle me please"]',
        "5woooot",
        "5",
        "abc",
        "2",
        '2{"no":"array"}',
        "2[]",
        '51-["a",{"_placeholder":true}]',
    ],
)
async def test_a_packet_that_is_none_closes_the_connection(js, packet):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        bad, good = await connect(), await connect()
        await bad.write(packet)
        if packet.startswith("51-"):
            await bad.write("2[]")
        assert (await bad.next("disconnect"))[0] == "transport close"
        assert await good.heard() == []
        assert await sio.local.all_sockets() == {good.sid}


async def test_an_event_of_who_joined_nothing_closes_the_connection(js):
    async with js.serving(sio_native.AsyncServer()) as connect:
        code = """
            const made = new Manager(given[0], { reconnection: false, transports: ["websocket"] });
            made.once("open", () => made.engine.write('2["some event"]'));
            return await new Promise((resolve) => made.once("close", resolve));
        """
        assert await connect.run(code, connect.url) == "transport close"


async def test_binary_data_that_belongs_to_nothing_closes_the_connection(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        bad, good = await connect(), await connect()
        await bad.run("socket.io.engine.write(Buffer.from([1, 2, 3]))")
        assert (await bad.next("disconnect"))[0] == "transport close"
        assert await good.heard() == []

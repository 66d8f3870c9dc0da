"""Connection state recovery, as the JavaScript server's own tests have it; see reference_server.md.

What comes back under load, and how often: test_js_recovery.py.
"""

import asyncio

import pytest

import sio_native

from .limits import eventually

QUICK = {"reconnection": True, "reconnectionDelay": 10, "reconnectionDelayMax": 20}
LATER = {"reconnection": False}  # comes back when told to


def server(**options):
    return sio_native.AsyncServer(connection_state_recovery=options or True)


async def gone(sio, client):
    """Until the server knows that its connection has broken."""
    await client.drop()
    await client.next("disconnect")

    async def left():
        return client.sid not in await sio.local.all_sockets()

    await eventually(left, "it has left")


async def back(client):
    """Whether it is recovered."""
    await client.run("socket.connect()")
    return bool((await client.next("connect"))[0])


async def heard(client):
    """What the client's handlers are called with, less the offset, which is the last argument."""
    return [each[:-1] for each in await client.heard()]


async def test_the_session_comes_back_with_all_that_was_missed(js):
    sio = server()
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        sid = client.sid
        socket = sio.socket(sid)
        await socket.join("room1")
        await socket.emit("first")
        await client.next("first")
        await gone(sio, client)
        await sio.emit("hello1", 1)
        await sio.to("room1").emit("hello2", b"2")
        await sio.to(sid).emit("hello3", [3])
        assert await back(client) is True
        assert client.sid == sid
        assert await heard(client) == [
            ("first",),
            ("hello1", 1),
            ("hello2", b"2"),
            ("hello3", [3]),
        ]


async def test_rooms_and_data_come_back(js):
    sio = server()
    came = asyncio.Queue()
    sio.on_connection(came.put)
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        socket = await came.get()
        assert socket.recovered is False
        await socket.join(["room1", "room2"])
        socket.data["foo"] = "bar"
        await gone(sio, client)
        assert await back(client) is True
        socket = await came.get()
        assert (socket.id, socket.recovered) == (client.sid, True)
        assert socket.rooms == {client.sid, "room1", "room2"}
        assert socket.data == {"foo": "bar"}


@pytest.mark.parametrize("missed", [False, True])
async def test_a_client_that_had_no_event_yet_comes_back(js, missed):
    sio = server()
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        sid = client.sid
        await sio.socket(sid).join("room1")
        await gone(sio, client)
        if missed:
            await sio.to("room1").emit("hello", "world")
            await sio.emit("broadcast")
        assert await back(client) is True
        assert client.sid == sid
        expected = [("hello", "world"), ("broadcast",)] if missed else []
        assert await heard(client) == expected


async def test_it_comes_back_by_itself(js):
    sio = server()
    async with js.serving(sio) as connect:
        client = await connect(**QUICK)
        sid = client.sid
        for _ in range(3):
            await client.drop()
            await client.next("disconnect")
            while (await client._take("connect", "connect_error"))[0] != "connect":
                pass
            assert client.log[client._taken - 1] == ("connect", True)
            assert client.sid == sid


FORGED = [
    "socket._lastOffset = 123",
    "socket._lastOffset = {}",
    "socket._lastOffset = 'unknown'",
    "socket._lastOffset = ''",
    "socket._lastOffset = 'x'.repeat(100000)",
    "socket._lastOffset += 'x'",
    "socket._pid = 'unknown'",
    "socket._pid = 123",
    "socket._pid = socket.id",
    "socket._pid += 'x'",
    "socket._pid = ''",
]


@pytest.mark.parametrize("forging", FORGED)
async def test_what_is_forged_is_a_new_session(js, forging):
    sio = server()
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        sid = client.sid
        await sio.socket(sid).join("room1")
        await sio.emit("first")
        await client.next("first")
        await gone(sio, client)
        await client.run(forging)
        assert await back(client) is False
        assert client.sid != sid
        socket = sio.socket(client.sid)
        assert socket.recovered is False
        assert socket.rooms == {client.sid}


async def test_who_has_missed_more_than_is_kept_is_a_new_session(js):
    sio = server(max_bytes=2_000)
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        sid = client.sid
        await sio.emit("first")
        await client.next("first")
        await gone(sio, client)
        for number in range(100):
            await sio.emit("many", ("x" * 100, number))
        assert await back(client) is False
        assert client.sid != sid
        assert await heard(client) == [("first",)], "they were for the client that is no more"


async def test_who_was_away_for_too_long_is_a_new_session(js):
    sio = server(max_disconnection_duration=0.05)
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        sid = client.sid
        await gone(sio, client)
        await asyncio.sleep(0.3)  # what must happen is that time passes
        assert await back(client) is False
        assert client.sid != sid


@pytest.mark.parametrize("how", ["the client", "the server"])
async def test_who_was_disconnected_on_purpose_is_a_new_session(js, how):
    sio = server()
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        sid = client.sid
        if how == "the client":
            await client.disconnect()
        else:
            await sio.socket(sid).disconnect()
            await client.next("disconnect")
        assert await back(client) is False
        assert client.sid != sid


@pytest.mark.parametrize("skip", [True, False])
async def test_middleware_is_left_out_only_when_asked_for(js, skip):
    sio = server(skip_middlewares=skip)
    asked = []

    @sio.use
    def look(socket):
        asked.append(socket.id)

    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        await gone(sio, client)
        assert await back(client) is True
        assert asked == [client.sid] * (1 if skip else 2)


async def test_it_is_off_by_default(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        sid = client.sid
        await sio.emit("one argument", 1)
        assert await client.next("one argument") == (1,)
        assert await client.run("return socket._pid ?? null") is None
        await gone(sio, client)
        await client.run("socket._pid = 'foo'; socket._lastOffset = 'bar'")
        assert await back(client) is False
        assert client.sid != sid


async def test_each_namespace_of_a_connection_comes_back(js):
    sio = server()
    names = ("/", "/chat", "/news")
    for name in names:
        sio.of(name)
    async with js.serving(sio) as connect:
        main = await connect(**LATER)
        clients = [main, *[await connect.beside(main, name) for name in names[1:]]]
        sids = [each.sid for each in clients]
        await gone(sio, main)
        for client in clients[1:]:
            await client.next("disconnect")
        for name in names:
            await sio.emit("missed", name, namespace=name)
        # One that connects brings the others of its connection along. Told to connect, too,
        # while their answers are under way they would ask twice, which closes it.
        assert await back(main) is True
        for client in clients[1:]:
            assert await client.next("connect") == (True,)
        assert [each.sid for each in clients] == sids
        for name, client in zip(names, clients, strict=True):
            assert await heard(client) == [("missed", name)]


async def test_a_client_that_polls_comes_back(js):
    sio = server()
    async with js.serving(sio) as connect:
        client = await connect(transports=["polling"], **LATER)
        sid = client.sid
        await sio.emit("first")
        await client.next("first")
        # Its requests stop, and the next client is there before the server has missed it.
        await client.run("""
            socket.io.engine.transport._poll = () => {};
            socket.io.engine.transport.doClose = () => {};
            socket.io.engine.close();
        """)
        await client.next("disconnect")
        await sio.emit("missed")
        assert await back(client) is True
        assert client.sid == sid
        assert await heard(client) == [("first",), ("missed",)]


HALF_OPEN = """
    const { engine } = socket.io;
    engine.transport.ws._socket.pause();
    engine.transport.doClose = () => {};
    engine._onClose("transport close");
"""


async def test_a_client_whose_old_connection_seems_alive_takes_over_its_session(js):
    sio = server()
    left = []
    sio.on("disconnect", lambda sid, reason: left.append(sid))
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        sid = client.sid
        for round in (1, 2, 3):
            await sio.emit("read", round)
            assert (await client.next("read"))[0] == round
            await client.run(HALF_OPEN)
            await client.next("disconnect")
            await sio.emit("not read", round)
            assert await sio.all_sockets() == {sid}
            assert left == [sid] * (round - 1)
            assert await back(client) is True
            assert client.sid == sid
        expected = [(name, round) for round in (1, 2, 3) for name in ("read", "not read")]
        assert await heard(client) == expected
        assert left == [sid] * 3


async def test_what_may_be_lost_is_not_kept(js):
    sio = server()
    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        await gone(sio, client)
        await sio.volatile.emit("may be lost")
        await sio.emit("kept")
        assert await back(client) is True
        assert await heard(client) == [("kept",)]


async def test_what_the_client_has_said_meanwhile_comes_when_it_is_back(js):
    sio = server()
    said = asyncio.Queue()

    @sio.on_connection
    def came(socket):
        socket.on("say", lambda *args: said.put_nowait((socket.recovered, *args)))

    async with js.serving(sio) as connect:
        client = await connect(**LATER)
        await client.emit("say", 0)
        assert await said.get() == (False, 0)
        await gone(sio, client)
        for number in (1, 2, 3):
            await client.emit("say", number)
        assert await back(client) is True
        assert [await said.get() for _ in range(3)] == [(True, n) for n in (1, 2, 3)]

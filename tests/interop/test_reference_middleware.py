"""Middleware of namespaces and of sockets, as the JavaScript server's own tests have it.

See reference_server.md.
"""

import asyncio

import pytest

import sio_native

from .limits import eventually


async def test_all_middleware_is_asked_in_its_order_before_the_client_is_in(js):
    sio = sio_native.AsyncServer()
    asked = []

    @sio.use
    def elsewhere(socket):
        asked.append("never")

    for number in (1, 2, 3):

        @sio.use(namespace="/chat")
        async def lengthy(socket, number=number):
            await asyncio.sleep(0)
            asked.append((number, socket.id, socket.connected))

    @sio.on_connection(namespace="/chat")
    def came(socket):
        asked.append(("came", socket.id, socket.connected))

    async with js.serving(sio) as connect:
        client = await connect("/chat")
        await client.heard()
        steps = [(number, client.sid, False) for number in (1, 2, 3)]
        assert asked == [*steps, ("came", client.sid, True)]


async def test_an_error_refuses_and_nobody_else_is_asked(js):
    sio = sio_native.AsyncServer()
    asked = []

    @sio.use
    def first(socket):
        raise ValueError("Authentication error")

    sio.use(asked.append)
    sio.on_connection(asked.append)

    async with js.serving(sio) as connect:
        refused = await connect.refused()
        assert (refused.message, refused.data) == ("Authentication error", None)
        assert asked == []


@pytest.mark.parametrize("data", [{"a": "b", "c": 3}, "a text", [1, None], 0, False])
async def test_an_error_takes_data_along(js, data):
    sio = sio_native.AsyncServer()

    @sio.use
    async def refuse(socket):
        error = PermissionError("Authentication error")
        error.data = data
        raise error

    async with js.serving(sio) as connect:
        refused = await connect.refused()
        assert (refused.message, refused.data) == ("Authentication error", data)


async def test_an_error_whose_data_cannot_be_sent_still_refuses(js):
    sio = sio_native.AsyncServer()

    @sio.use
    def refuse(socket):
        error = PermissionError("no")
        error.data = object()
        raise error

    async with js.serving(sio) as connect:
        assert await connect.refused()
        assert await sio.local.all_sockets() == set()


async def test_what_middleware_notes_is_there_when_the_client_is_in(js):
    sio = sio_native.AsyncServer()
    names = asyncio.Queue()

    @sio.use
    def name(socket):
        socket.data["name"] = "guillermo"

    @sio.on_connection
    async def came(socket):
        await names.put(socket.data["name"])

    async with js.serving(sio) as connect:
        await connect()
        assert await names.get() == "guillermo"


async def test_a_client_that_goes_while_it_is_looked_at_never_came(js):
    sio = sio_native.AsyncServer()
    asked, gone = asyncio.Event(), asyncio.Event()
    came = []

    @sio.use
    async def lengthy(socket):
        if socket.handshake.query.get("goes"):
            asked.set()
            await gone.wait()

    async def nobody_left():
        return (await sio.health())["server"]["sessions"] == 0

    sio.on_connection(came.append)
    async with js.serving(sio) as connect:
        goes = await connect(wait=False, query={"goes": "1"})
        await asked.wait()
        await goes.run("socket.io.engine.close()")
        await eventually(nobody_left, "the server knows that it has gone")
        stays = await connect()
        gone.set()
        await stays.heard()
        assert [each.id for each in came] == [stays.sid]


async def test_a_namespace_is_opened_by_its_middleware(js):
    sio = sio_native.AsyncServer()
    sio.use(namespace="/chat")(lambda socket: None)
    async with js.serving(sio) as connect:
        main = await connect()
        assert (await connect.beside(main, "/chat")).sid


async def test_rooms_of_middleware_that_lets_a_client_in_are_kept(js):
    sio = sio_native.AsyncServer()

    @sio.use
    async def into_a_room(socket):
        await socket.join("test")

    async with js.serving(sio) as connect:
        clients = [await connect(), await connect(transports=["polling"])]
        await sio.to("test").emit("hello")
        for each in clients:
            assert await each.heard() == [("hello",)]


async def test_rooms_of_middleware_that_refuses_are_left(js):
    sio = sio_native.AsyncServer()

    @sio.use
    async def into_a_room(socket):
        await socket.join("room1")
        raise ValueError("nope")

    async with js.serving(sio) as connect:
        assert (await connect.refused()).message == "nope"
        assert await sio.to("room1").all_sockets() == set()
        assert not sio.manager.rooms.get("/")


# --- middleware of a socket ---


async def test_middleware_of_a_socket_sees_each_event_and_may_change_it(js):
    sio = sio_native.AsyncServer()
    seen = []

    @sio.on_connection
    def came(socket):
        @socket.use
        async def first(event, args):
            seen.append((event, *args))
            args.insert(0, "wrap")

        @socket.use
        def second(event, args):
            seen.append((event, *args))

        socket.on("join", lambda *args: args)

    async with js.serving(sio) as connect:
        client = await connect()
        assert await client.ask("join", "woot") == ("wrap", "woot")
        assert seen == [("join", "woot"), ("join", "wrap", "woot")]


async def test_an_error_in_middleware_of_a_socket_goes_to_its_error_handlers(js):
    sio = sio_native.AsyncServer()
    errors = asyncio.Queue()
    never = []

    @sio.on_connection
    def came(socket):
        @socket.use
        def refuse(event, args):
            if event == "join":
                raise PermissionError("Authentication error")

        socket.use(lambda event, args: never.append(event) if event == "join" else None)
        socket.on("join", never.append)
        socket.on("error", errors.put)

    async with js.serving(sio) as connect:
        client = await connect()
        await client.emit("join", "woot")
        error = await errors.get()
        assert (type(error), str(error)) == (PermissionError, "Authentication error")
        assert await client.heard() == []
        assert never == []

"""Namespaces, as the JavaScript server's own tests have them; see reference_server.md."""

import asyncio

import pytest

import sio_native

from .js_driver import GO_ON, HOLD


def server(*namespaces, **options):
    """With these namespaces, whose clients are let in; `came` gets their sockets."""
    sio = sio_native.AsyncServer(**options)
    came = asyncio.Queue()
    for namespace in namespaces:
        sio.on_connection(came.put, namespace=namespace)
    return sio, came


async def test_on_connection_is_called_with_the_socket_of_a_client(js):
    sio, came = server("/")
    async with js.serving(sio) as connect:
        client = await connect()
        assert await came.get() is sio.socket(client.sid)


async def test_several_functions_may_wait_for_connections(js):
    sio, came = server("/", "/")
    async with js.serving(sio) as connect:
        client = await connect()
        assert [(await came.get()).id, (await came.get()).id] == [client.sid] * 2


async def test_two_namespaces_share_a_connection(js):
    sio, came = server("/chat", "/news")
    async with js.serving(sio) as connect:
        chat = await connect("/chat")
        news = await connect.beside(chat, "/news")
        assert {(await came.get()).id, (await came.get()).id} == {chat.sid, news.sid}
        await sio.emit("to news", namespace="/news")
        assert await news.heard() == [("to news",)]
        assert await chat.heard() == []


async def test_an_empty_name_is_the_main_namespace_for_the_client(js):
    sio, came = server("/")
    async with js.serving(sio) as connect:
        client = await connect("")
        assert (await came.get()).nsp == "/"
        assert sio.socket(client.sid).nsp == "/"


async def test_each_connection_has_a_client_of_its_own_in_a_namespace(js):
    sio, came = server("/")
    async with js.serving(sio) as connect:
        one, two = await connect(), await connect()
        assert {(await came.get()).id, (await came.get()).id} == {one.sid, two.sid}
        assert one.sid != two.sid


@pytest.mark.parametrize("carrier", ["websocket", "polling", "polling, between two requests"])
async def test_closing_a_connection_disconnects_all_its_namespaces_for_good(js, carrier):
    names = ("/", "/foo", "/bar")
    sio, _ = server(*names)
    left = asyncio.Queue()

    async def watch(socket):
        socket.on("disconnect", lambda reason: left.put_nowait((socket.nsp, reason)))

    for namespace in names:
        sio.on_connection(watch, namespace=namespace)
    async with js.serving(sio) as connect:
        options = {"reconnection": True, "reconnectionDelay": 1, "reconnectionDelayMax": 1}
        main = await connect(transports=[carrier.split(",")[0]], **options)
        clients = [main, *[await connect.beside(main, name) for name in names[1:]]]
        for client in clients:
            await client.heard()
        if "between" in carrier:
            await main.run(HOLD)
            await sio.emit("last", to=main.sid)
            await main.next("last")
        await sio.socket(clients[2].sid, "/bar").disconnect(True)
        expected = {(name, "server disconnect") for name in names}
        assert {await left.get() for _ in names} == expected
        if "between" in carrier:
            await main.run(GO_ON)
        for client in clients:
            assert (await client.next("disconnect"))[0] == "io server disconnect"
        if await main.run("return socket.io._readyState") != "closed":
            await main.run("await new Promise((resolve) => socket.io.once('close', resolve))")
        assert await main.run("return [socket.active, socket.io._reconnecting]") == [False, False]


async def test_leaving_a_namespace_leaves_the_others_alone(js):
    sio, _ = server("/", "/foo")
    async with js.serving(sio) as connect:
        main = await connect()
        foo = await connect.beside(main, "/foo")
        await sio.socket(foo.sid, "/foo").disconnect()
        assert (await foo.next("disconnect"))[0] == "io server disconnect"
        assert await main.heard() == []


async def test_a_client_that_leaves_is_still_in_its_rooms_for_its_handlers(js):
    sio, came = server("/")
    seen = asyncio.Queue()

    @sio.on_connection
    async def watch(socket):
        await socket.join("a")
        socket.on("disconnect", lambda reason: seen.put_nowait(socket.rooms))
        await socket.disconnect()

    async with js.serving(sio) as connect:
        client = await connect()
        await client.next("disconnect")
        assert await seen.get() == {client.sid, "a"}
        socket = await came.get()
        assert (socket.rooms, socket.connected) == (set(), False)


async def test_an_unknown_namespace_is_refused(js):
    sio, _ = server("/chat")
    async with js.serving(sio) as connect:
        chat = await connect("/chat")
        refused = await connect.refused("/doesnotexist")
        assert refused.data is None
        assert await chat.heard() == []


async def test_names_that_clients_choose_leave_nothing_behind(js):
    sio = sio_native.AsyncServer(namespaces="*")

    @sio.on_connection(namespace="*")
    def came(socket):
        socket.on("where", lambda: socket.nsp)

    async with js.serving(sio) as connect:
        for number in range(10):
            client = await connect(f"/of-client-{number}")
            assert await client.ask("where") == f"/of-client-{number}"
            await client.run("socket.disconnect()")
        assert list(sio._registry.routers) == ["*"]


async def chat_and_other(connect, sio):
    """Two clients in /chat, of rooms foo and bar; one in /other, of a room foo."""
    foo, bar, other = await connect("/chat"), await connect("/chat"), await connect("/other")
    await sio.socket(foo.sid, "/chat").join("foo")
    await sio.socket(bar.sid, "/chat").join("bar")
    await sio.socket(other.sid, "/other").join("foo")
    return foo, bar, other


async def test_the_clients_of_a_namespace_are_found(js):
    sio, _ = server("/chat", "/other")
    async with js.serving(sio) as connect:
        foo, bar, other = await chat_and_other(connect, sio)
        chat = sio.socket(foo.sid, "/chat")
        assert await chat.broadcast.all_sockets() == {bar.sid}
        assert await chat.broadcast.except_("bar").all_sockets() == set()
        assert await sio.socket(other.sid, "/other").broadcast.all_sockets() == set()


async def test_the_clients_of_a_room_are_those_of_its_namespace(js):
    sio, _ = server("/chat", "/other")
    async with js.serving(sio) as connect:
        foo, bar, _ = await chat_and_other(connect, sio)
        chat = sio.socket(bar.sid, "/chat")
        assert await chat.to("foo").all_sockets() == {foo.sid}
        await chat.to("foo").emit("to foo")
        assert await foo.heard() == [("to foo",)]


@pytest.mark.parametrize("namespace", ["/", "/nsp"])
@pytest.mark.parametrize("by", ["sid", "room"])
async def test_a_client_or_a_room_is_left_out(js, namespace, by):
    sio, _ = server(namespace)

    class Emitting(sio_native.AsyncNamespace):
        async def on_broadcast(self, sid):
            await self.enter_room(sid, "room1")
            await self.except_(sid if by == "sid" else "room1").emit("a")

    sio.register_namespace(Emitting(namespace))
    async with js.serving(sio) as connect:
        one, two = await connect(namespace), await connect(namespace)
        await two.ask("broadcast")
        assert await one.heard() == [("a",)]
        assert await two.heard() == []

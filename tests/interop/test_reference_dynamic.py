"""Namespaces as objects, and those that come and go, as the tests of JavaScript's server have them.

See reference_server.md.
"""

import asyncio
import re

import pytest

import sio_native

from .limits import eventually

DYNAMIC = re.compile(r"^/dynamic-\d+$")


async def children(parent, *names):
    """Until the parent has these, and no others."""

    async def there():
        return sorted(each.name for each in parent.children) == sorted(names)

    await eventually(there, f"{parent.children} are {names}")


async def test_a_namespace_is_the_same_with_and_without_its_slash(js):
    sio = sio_native.AsyncServer()
    came = asyncio.Queue()
    for name in ("", "abc"):
        sio.of(name).on_connection(came.put)
    assert sio.of("abc") is sio.of("/abc")
    async with js.serving(sio) as connect:
        main = await connect("/")
        await connect.beside(main, "/abc")
        assert {(await came.get()).nsp, (await came.get()).nsp} == {"/", "/abc"}


async def test_a_namespace_has_middleware_connections_and_events_of_its_own(js):
    sio = sio_native.AsyncServer()
    steps = []
    chat = sio.of("/chat")

    @chat.use
    async def asked(socket):
        steps.append("asked")

    @chat.on_connection
    def came(socket):
        steps.append("came")
        socket.on("hi", lambda: [each.id for each in chat.sockets.values()])

    @chat.on("old")
    async def old(sid, data):
        await chat.emit("told", sid, data)

    async with js.serving(sio) as connect:
        client, other = await connect("/chat"), await connect()
        assert await client.ask("hi") == [client.sid]
        await client.emit("old", 7)
        assert await client.next("told") == (client.sid, 7)
        assert steps == ["asked", "came"]
        assert await other.heard() == []


async def test_an_operator_of_a_namespace_chooses_its_clients(js):
    sio = sio_native.AsyncServer()
    chat = sio.of("chat")
    async with js.serving(sio) as connect:
        clients = [await connect("/chat") for _ in range(3)]
        other = await connect("/")
        one, two, three = (each.sid for each in clients)
        await chat.to(one, two).sockets_join("room1")
        await chat.except_("room1").emit("a")
        await chat.in_("room1").except_(one).emit("b")
        assert [await each.heard() for each in (*clients, other)] == [[], [("b",)], [("a",)], []]
        assert await chat.to("room1").all_sockets() == {one, two}
        assert set(chat.sockets) == {one, two, three}
        assert set(chat.adapter.rooms["room1"]) == {one, two}


async def test_a_new_namespace_is_told_once(js):
    sio = sio_native.AsyncServer()
    told = []
    sio.on_new_namespace(lambda namespace: told.append(namespace.name))
    parent = sio.of(DYNAMIC)
    sio.of("/nsp")
    sio.of("/nsp")
    async with js.serving(sio) as connect:
        for _ in range(2):
            await connect("/dynamic-101")
        assert told == ["/nsp", "/dynamic-101"]
        await children(parent, "/dynamic-101")


# --- which come and go ---


@pytest.mark.parametrize("room", [None, "some-room"])
async def test_a_pattern_opens_namespaces_and_what_is_sent_to_it_goes_to_all(js, room):
    sio = sio_native.AsyncServer()
    dynamic = sio.of(DYNAMIC)
    asked = []

    @dynamic.use
    def look(socket):
        asked.append(socket.nsp)

    @dynamic.on_connection
    async def came(socket):
        await socket.join("some-room")

    async with js.serving(sio) as connect:
        one, two = await connect("/dynamic-101"), await connect("/dynamic-102")
        await one.heard(), await two.heard()
        whom = dynamic if room is None else dynamic.to(room)
        await whom.emit("hello", 1, "2", {"3": b"4"})
        for each in (one, two):
            assert (await each.heard())[-1] == ("hello", 1, "2", {"3": b"4"})
        assert asked == ["/dynamic-101", "/dynamic-102"]


@pytest.mark.parametrize("awaits", [False, True])
async def test_a_function_opens_namespaces_by_name_and_auth(js, awaits):
    sio = sio_native.AsyncServer()

    def admits(name, auth):
        return name == "/dynamic-101" and auth == {"token": "good"}

    async def later(name, auth):
        await asyncio.sleep(0)
        return admits(name, auth)

    sio.of(later if awaits else admits)
    async with js.serving(sio) as connect:
        assert (await connect("/dynamic-101", auth={"token": "good"})).sid
        await connect.refused("/dynamic-101x", auth={"token": "good"})


async def test_a_name_that_nothing_matches_is_refused(js):
    sio = sio_native.AsyncServer()
    sio.of(DYNAMIC)
    sio.of(lambda name: name == "/dynamic-abc")
    async with js.serving(sio) as connect:
        assert await connect.refused("/abc")
        assert (await connect("/dynamic-abc")).sid


async def test_two_who_ask_at_once_come_into_one_namespace(js):
    sio = sio_native.AsyncServer()
    made, asked = [], asyncio.Semaphore(0)
    both = asyncio.Event()
    sio.on_new_namespace(lambda namespace: made.append(namespace.name))

    async def admits(name):
        asked.release()
        await both.wait()
        return True

    sio.of(admits)
    async with js.serving(sio) as connect:
        clients = [await connect("/dynamic-101", wait=False) for _ in range(2)]
        for _ in clients:
            await asked.acquire()
        both.set()
        for each in clients:
            await each.connected()
        assert made == ["/dynamic-101"]
        await sio.of("/dynamic-101").emit("message")
        assert [await each.heard() for each in clients] == [[("message",)]] * 2


async def test_a_namespace_made_by_name_belongs_to_the_pattern_it_matches(js):
    sio = sio_native.AsyncServer()
    parent = sio.of(DYNAMIC)
    child = sio.of("/dynamic-101")
    assert parent.children == [child]
    async with js.serving(sio) as connect:
        client = await connect("/dynamic-101")
        await parent.emit("hello")
        assert await client.heard() == [("hello",)]


async def test_an_empty_namespace_goes_when_asked_for_and_can_be_joined_again(js):
    sio = sio_native.AsyncServer(cleanup_empty_child_namespaces=True)
    parent = sio.of(DYNAMIC)
    async with js.serving(sio) as connect:
        for _ in range(2):
            client = await connect("/dynamic-101")
            await children(parent, "/dynamic-101")
            await client.disconnect()
            await children(parent)


async def test_an_empty_namespace_stays_by_default(js):
    sio = sio_native.AsyncServer()
    parent = sio.of(DYNAMIC)
    async with js.serving(sio) as connect:
        client = await connect("/dynamic-101")
        await client.disconnect()

        async def empty():
            return not await parent.all_sockets()

        await eventually(empty, "it has left")
        await children(parent, "/dynamic-101")


async def test_a_namespace_with_a_name_stays_when_it_is_empty(js):
    sio = sio_native.AsyncServer(cleanup_empty_child_namespaces=True)
    chat = sio.of("/chat")
    async with js.serving(sio) as connect:
        for _ in range(2):
            client = await connect("/chat")
            await client.disconnect()
        assert sio.of("/chat") is chat


@pytest.mark.parametrize("cleans_up", [True, False])
async def test_a_client_that_is_refused_leaves_its_namespace_behind_unless_it_is_cleaned_up(
    js, cleans_up
):
    sio = sio_native.AsyncServer(cleanup_empty_child_namespaces=cleans_up)
    parent = sio.of(DYNAMIC)

    @parent.use
    def refuse(socket):
        if socket.handshake.auth != {"token": "good"}:
            raise PermissionError("You shall not pass!")

    async with js.serving(sio) as connect:
        assert (await connect.refused("/dynamic-101")).message == "You shall not pass!"
        await children(parent, *([] if cleans_up else ["/dynamic-101"]))
        assert (await connect("/dynamic-101", auth={"token": "good"})).sid
        assert await connect.refused("/dynamic-101")
        await children(parent, "/dynamic-101")
        assert len(await parent.all_sockets()) == 1

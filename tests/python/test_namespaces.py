"""`sio.of(...)`: namespaces as objects, and those that are made when a client asks for them."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest
import socketio
from conftest import OWN_PORT, Door, Log, connected, until
from recovering_client import Client

import sio_native
from sio_native.server_namespace import ServerNamespace

DYNAMIC = re.compile(r"^/dynamic-\d+$")


async def refused(url: str, namespace: str, **options: Any) -> Any:
    """What a client hears that may not join."""
    said = Log()
    client = socketio.AsyncClient(reconnection=False)
    client.on("connect_error", lambda data: said.add(data), namespace=namespace)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(url, namespaces=[namespace], transports=["websocket"], **options)
    await client.disconnect()
    return said[0][0]


async def test_a_namespace_is_an_object_with_handlers_emits_and_rooms(native_door: Door) -> None:
    sio = native_door.server()
    chat = sio.of("chat")
    assert chat is sio.of("/chat")
    assert chat.name == "/chat"
    chat.on("echo", lambda sid, *args: list(args))

    @chat.event
    async def enter(sid: str, room: str) -> None:
        await chat.sockets[sid].join(room)

    async with (
        native_door.open(sio) as url,
        connected(url, namespaces=["/chat", "/"]) as one,
        connected(url, namespaces=["/chat"]) as two,
    ):
        heard = Log()
        for name, client in (("one", one), ("two", two)):
            client.on("news", lambda *a, name=name: heard.add(name, *a), namespace="/chat")
        one.on("news", lambda *a: heard.add("main", *a))
        assert await one.call("echo", (1, 2), namespace="/chat") == [1, 2]
        await one.call("enter", "r", namespace="/chat")
        sid, other = one.get_sid("/chat"), two.get_sid("/chat")
        assert set(chat.sockets) == {sid, other}
        assert len(chat.sockets) == 2
        assert "r" in chat.adapter.rooms
        assert "s" not in chat.adapter.rooms
        assert set(chat.adapter.rooms) == {"r", sid, other}
        assert list(chat.adapter.rooms["r"]) == [sid]
        assert chat.adapter.sids[sid] == {"r", sid}
        assert dict(chat.adapter.sids) == {sid: {"r", sid}, other: {other}}
        assert None not in chat.adapter.rooms
        await chat.emit("news", 1, "a")
        await heard.reaches(2)
        assert sorted(heard) == [("one", 1, "a"), ("two", 1, "a")]
        heard.clear()
        await chat.to("r").emit("news", 2)
        await chat.except_("r").emit("news", 3)
        await heard.reaches(2)
        assert sorted(heard) == [("one", 2), ("two", 3)]
        assert await chat.all_sockets() == {sid, other}
        assert {each.id for each in await chat.fetch_sockets()} == {sid, other}
        assert len(await sio.fetch_sockets()) == 1
        await chat.sockets_join("s")
        assert len(chat.adapter.rooms["s"]) == 2
        await chat.disconnect_sockets()
        await until(lambda: not chat.adapter.rooms)


async def test_names_that_match_a_pattern_are_namespaces_of_their_own(native_door: Door) -> None:
    sio = native_door.server()
    dynamic = sio.of(DYNAMIC)
    came, heard = Log(), Log()
    dynamic.on_connection(lambda socket: came.add(socket.nsp))
    dynamic.on("where", lambda sid: "parent")

    @dynamic.on("disconnect")
    def left(sid: str, reason: str) -> None:
        heard.add("left", reason)

    @dynamic.on("*")
    async def other(event: str, sid: str, *args: Any) -> list[Any]:
        return [event, *args]

    async with native_door.open(sio) as url:
        async with (
            connected(url, namespaces=["/dynamic-1", "/dynamic-2"]) as one,
            connected(url, namespaces=["/dynamic-2"]) as two,
        ):
            await came.reaches(3)
            assert sorted(came) == [("/dynamic-1",), ("/dynamic-2",), ("/dynamic-2",)]
            assert await one.call("where", namespace="/dynamic-1") == "parent"
            assert await two.call("else", 1, namespace="/dynamic-2") == ["else", 1]
            for name, client in (("one", one), ("two", two)):
                for nsp in ("/dynamic-1", "/dynamic-2"):
                    client.on(
                        "n", lambda *a, name=name, nsp=nsp: heard.add(name, nsp, *a), namespace=nsp
                    )
            await dynamic.emit("n", 7)
            await heard.reaches(3)
            assert sorted(heard) == [
                ("one", "/dynamic-1", 7),
                ("one", "/dynamic-2", 7),
                ("two", "/dynamic-2", 7),
            ]
            heard.clear()
            await sio.of("/dynamic-2").emit("n", 8)
            await heard.reaches(2)
            assert len(await dynamic.fetch_sockets()) == 3
            assert {each.name for each in dynamic.children} == {"/dynamic-1", "/dynamic-2"}
            # What is registered later is for those that are there, too.
            dynamic.on("where", lambda sid: "later")
            sio.of("/dynamic-1").on("where", lambda sid: "own")
            assert await one.call("where", namespace="/dynamic-1") == "own"
            assert await two.call("where", namespace="/dynamic-2") == "later"
            with pytest.raises(RuntimeError, match="children"):
                await dynamic.emit_with_ack("n")
            with pytest.raises(RuntimeError, match="children"):
                await dynamic.server_side_emit("n")
            heard.clear()
        await heard.reaches(3)
        assert await refused(url, "/dynamic-x") == "Unable to connect"
        assert await refused(url, "/dynamic-1x") == "Unable to connect"
        assert await refused(url, "/dynamic-" + "1" * 300) == "Unable to connect"


async def test_a_predicate_is_asked_with_auth_and_handshake(native_door: Door) -> None:
    sio = native_door.server()
    asked = Log()

    @sio.of
    async def of_users(name: str, auth: Any, handshake: Any) -> bool:
        asked.add(name, auth, handshake.query["who"])
        return auth == {"for": name}

    def broken(name: str) -> bool:
        raise LookupError(name)

    sio.of(broken)
    last = sio.of(lambda name, auth: name == "/last")
    last.use(lambda socket: None)
    async with native_door.open(sio) as url:
        url = f"{url}?who=ann"
        async with (
            connected(url, namespaces=["/a"], auth={"for": "/a"}),
            connected(url, namespaces=["/last"]),
        ):
            assert [each.name for each in last.children] == ["/last"]
        assert ("/a", {"for": "/a"}, "ann") in asked
        assert await refused(url, "/b", auth={"for": "/a"}) == "Unable to connect"
    with pytest.raises(TypeError, match="auth and handshake"):
        sio.of(lambda: True)
    with pytest.raises(TypeError, match="str"):
        sio.of(re.compile(b"x"))
    with pytest.raises(TypeError, match="of\\(\\) needs"):
        sio.of(1)
    with pytest.raises(ValueError, match="pattern"):
        sio.of("*")


async def test_empty_children_are_forgotten_if_that_is_asked_for(native_door: Door) -> None:
    sio = native_door.server(cleanup_empty_child_namespaces=True)
    dynamic = sio.of(DYNAMIC)
    made = Log()

    @sio.on_new_namespace
    def new(namespace: ServerNamespace) -> None:
        made.add(namespace.name)
        number = len(made)
        namespace.on("which", lambda sid: number)

    sio.of("/static")

    @dynamic.use
    async def guard(socket: Any) -> None:
        if "no" in (socket.handshake.auth or {}):
            raise RuntimeError("not you")

    async with native_door.open(sio) as url:
        async with connected(url, namespaces=["/dynamic-1"]) as one:
            assert await one.call("which", namespace="/dynamic-1") == 2
            assert await refused(url, "/dynamic-1", auth={"no": 1}) == {"message": "not you"}
            assert [each.name for each in dynamic.children] == ["/dynamic-1"]
        await until(lambda: not dynamic.children)
        async with connected(url, namespaces=["/dynamic-1"]) as one:
            assert await one.call("which", namespace="/dynamic-1") == 3
        assert await refused(url, "/dynamic-2", auth={"no": 1}) == {"message": "not you"}
        await until(lambda: not dynamic.children)
        assert made == [("/static",), ("/dynamic-1",), ("/dynamic-1",), ("/dynamic-2",)]


async def test_clients_cannot_make_more_than_is_allowed(native_door: Door) -> None:
    sio = native_door.server(max_child_namespaces=2)
    dynamic = sio.of(re.compile("."))
    async with native_door.open(sio) as url:
        async with connected(url, namespaces=["/a", "/b"]):
            assert await refused(url, "/c") == "Unable to connect"
        assert {each.name for each in dynamic.children} == {"/a", "/b"}
        async with connected(url, namespaces=["/a", "/"]):
            pass
    assert sio_native.AsyncServer().of(re.compile("x")).children == []
    with pytest.raises(ValueError, match="max_child_namespaces"):
        sio_native.AsyncServer(max_child_namespaces=-1)


async def test_a_name_that_matches_belongs_to_the_pattern(native_door: Door) -> None:
    sio = native_door.server()
    dynamic = sio.of(DYNAMIC)
    dynamic.on("who", lambda sid: "parent")
    child = sio.of("dynamic-9")
    assert child.parent is dynamic
    static = sio.of("/other")
    assert static.parent is None
    async with (
        native_door.open(sio) as url,
        connected(url, namespaces=["/dynamic-9", "/other"]) as one,
    ):
        assert await one.call("who", namespace="/dynamic-9") == "parent"
        assert list(child.sockets) == [one.get_sid("/dynamic-9")]
        socket = child.sockets[one.get_sid("/dynamic-9")]
        socket.on("who", lambda: "its own")
        assert await one.call("who", namespace="/dynamic-9") == "parent"
        socket.on("mine", lambda: "its own")
        assert await one.call("mine", namespace="/dynamic-9") == "its own"


async def test_middleware_of_a_parent_and_of_a_child_are_asked_in_this_order(
    native_door: Door,
) -> None:
    sio = native_door.server()
    asked = Log()
    dynamic = sio.of(DYNAMIC)
    sio.use(lambda socket: asked.add("main", socket.nsp))

    @dynamic.use
    async def first(socket: Any) -> None:
        asked.add("first")

    @dynamic.use
    def second(socket: Any) -> None:
        asked.add("second")
        if socket.handshake.auth == {"bad": True}:
            raise sio_native.exceptions.ConnectionRefusedError("refused", {"code": 7})

    @sio.on_new_namespace
    def new(namespace: ServerNamespace) -> None:
        namespace.use(lambda socket: asked.add("child", socket.nsp))

    async with native_door.open(sio) as url:
        async with connected(url, namespaces=["/dynamic-1"]):
            pass
        assert asked == [("first",), ("second",), ("child", "/dynamic-1")]
        asked.clear()
        said = await refused(url, "/dynamic-1", auth={"bad": True})
        assert said == {"message": "refused", "data": {"code": 7}}
        assert asked == [("first",), ("second",)]
        asked.clear()
        async with connected(url):
            pass
        assert asked == [("main", "/")]
    with pytest.raises(TypeError, match="callable"):
        dynamic.use(1)
    with pytest.raises(TypeError, match="plain function"):
        sio.on_new_namespace(first)


async def test_a_client_comes_back_to_a_namespace_that_came_with_it() -> None:
    sio = OWN_PORT.server(
        cleanup_empty_child_namespaces=True,
        connection_state_recovery={"max_sessions": 1},
    )
    dynamic = sio.of(DYNAMIC)
    dynamic.on("say", lambda sid, text: sio.of("/dynamic-1").emit("said", text))
    async with OWN_PORT.open(sio) as url, aiohttp.ClientSession() as http:
        client = await Client(http, url, "/dynamic-1").connect()
        await client.send('42/dynamic-1,["say","one"]')
        await client.reaches(1)
        child = sio.of("/dynamic-1")
        client.lose()
        await until(lambda: not child.sockets)
        await child.emit("said", "two")
        await dynamic.emit("said", "three")
        await client.connect()
        assert client.recovered
        assert await client.reaches(3) == [["said", "one"], ["said", "two"], ["said", "three"]]
        assert dynamic.children == [child]
        client.lose()
        await until(lambda: not child.sockets)
        other = await Client(http, url, "/dynamic-2").connect()
        other.lose()  # one too many
        await until(lambda: [each.name for each in dynamic.children] == ["/dynamic-2"])

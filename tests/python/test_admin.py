"""The Admin UI's protocol: what admins are told and may do, as with python-socketio's server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio
from admin_client import Admin, admin_at, polling_client, watched
from conftest import OWN_PORT, REFERENCE, Door, Log, connected, until

COMMANDS = ["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"]
CREDENTIALS = {"username": "admin", "password": "secret"}


def shape(value: Any) -> Any:
    """What a payload is made of, whatever it says."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return sorted({repr(shape(item)) for item in value})
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, (int, float)) else type(value).__name__


# --- who may look ---


@pytest.mark.parametrize("door", [OWN_PORT, REFERENCE], ids=["native", "python-socketio"])
def test_auth_must_be_given(door: Door) -> None:
    with pytest.raises(ValueError, match="auth must be specified"):
        door.server().instrument()


def decide(sent: Any) -> bool:
    return bool(sent) and sent.get("token") == "right"


async def decide_later(sent: Any) -> bool:
    await asyncio.sleep(0)
    return decide(sent)


AUTH = {
    "dict": (CREDENTIALS, CREDENTIALS, True),
    "dict, wrong": (CREDENTIALS, {**CREDENTIALS, "password": "x"}, False),
    "dict, nothing sent": (CREDENTIALS, None, False),
    "dict, unknown session": (CREDENTIALS, {"sessionId": "x"}, False),
    "dict, session of another type": (CREDENTIALS, {"sessionId": ["x"]}, False),
    "list": ([{"a": 1}, CREDENTIALS], CREDENTIALS, True),
    "list, wrong": ([{"a": 1}, CREDENTIALS], {"a": 2}, False),
    "function": (decide, {"token": "right"}, True),
    "function, wrong": (decide, {"token": "wrong"}, False),
    "function, nothing sent": (decide, None, False),
    "coroutine": (decide_later, {"token": "right"}, True),
    "coroutine, wrong": (decide_later, {"token": "wrong"}, False),
    "anyone": (False, None, True),
    "anyone with something": (False, {"x": 1}, True),
}


@pytest.mark.parametrize("case", AUTH.values(), ids=AUTH.keys())
@pytest.mark.parametrize("door", [OWN_PORT, REFERENCE], ids=["native", "python-socketio"])
async def test_who_is_let_in(door: Door, case: tuple[Any, Any, bool]) -> None:
    auth, sent, admitted = case
    async with watched(door, auth=auth, mode="production") as (_, url):
        client = socketio.AsyncClient(reconnection=False)
        refusals = Log()
        client.on("connect_error", lambda *why: refusals.add(*why), namespace="/admin")
        try:
            async with connected(url, client=client, namespaces=["/admin"], auth=sent):
                assert admitted
        except socketio.exceptions.ConnectionError:
            assert not admitted
            await refusals.reaches(1)
            assert refusals == [({"message": "authentication failed"},)]


# --- what is told to whom has just come ---


@pytest.mark.parametrize("read_only", [False, True], ids=["commands", "read-only"])
@pytest.mark.parametrize("mode", ["development", "production"])
async def test_an_admin_is_told_what_it_may_do(door: Door, mode: str, read_only: bool) -> None:
    async with watched(door, mode=mode, read_only=read_only) as (_, url), admin_at(url) as admin:
        expected = ["AGGREGATED_EVENTS"]
        expected += [] if read_only else COMMANDS
        expected += ["ALL_EVENTS"] if mode == "development" else []
        assert await admin.hears("config") == ({"supportedFeatures": expected},)
        await admin.hears("all_sockets" if mode == "development" else "server_stats")
        await fence(admin)
        assert bool(admin.all_of("all_sockets")) == (mode == "development")


async def test_an_admin_is_told_who_is_there(door: Door) -> None:
    async with watched(door) as (sio, url), connected(url) as client:
        await sio.enter_room(client.get_sid(), "room")
        async with admin_at(url) as admin:
            (sockets,) = await admin.hears("all_sockets")
            by_sid = {each["id"]: each for each in sockets}
            assert by_sid.keys() == {client.get_sid(), admin.sid}
            told = by_sid[client.get_sid()]
            assert told["nsp"] == "/"
            assert told["clientId"] == client.eio.sid
            assert told["transport"] == "websocket"
            assert sorted(told["rooms"]) == sorted([client.get_sid(), "room"])
            assert told["handshake"]["query"]["transport"] == "websocket"
            assert told["handshake"]["headers"]["upgrade"] == "websocket"
            assert told["handshake"]["secure"] is False
            assert told["handshake"]["url"] == "/socket.io/"
            assert by_sid[admin.sid]["nsp"] == "/admin"


async def test_stats_count_clients_by_transport_and_namespace(door: Door) -> None:
    async with (
        watched(door, mode="production", server_id="the server") as (_, url),
        connected(url),
        polling_client(url),
        admin_at(url) as admin,
    ):
        (stats,) = await admin.hears("server_stats")
        assert stats["serverId"] == "the server"
        assert stats["clientsCount"] == 3
        assert stats["pollingClientsCount"] == 1
        assert stats["namespaces"] == [
            {"name": "/", "socketsCount": 2},
            {"name": "/admin", "socketsCount": 1},
        ]
        async with connected(url):
            (stats,) = await admin.hears("server_stats", lambda stats: stats["clientsCount"] == 4)
            assert stats["namespaces"][0]["socketsCount"] == 3


async def test_every_payload_has_the_shape_of_python_socketios(native_door: Door) -> None:
    assert await payloads(native_door) == await payloads(REFERENCE)


KINDS = (
    "config",
    "all_sockets",
    "server_stats",
    "socket_connected",
    "socket_disconnected",
    "room_joined",
    "room_left",
    "event_received",
    "event_sent",
)


async def payloads(door: Door) -> dict[str, Any]:
    """The shape of each kind of message that one and the same conversation makes."""
    async with watched(door) as (sio, url), connected(url), admin_at(url) as admin:
        await admin.hears("all_sockets")
        async with connected(url) as client:
            sid = client.get_sid()
            await admin.hears("socket_connected", lambda told, at: told["id"] == sid)
            await client.call("echo", {"x": [1, "two", None]})
            await sio.enter_room(sid, "room")
            await sio.emit("news", ({"n": 1}, "two"), to="room")
            await sio.leave_room(sid, "room")
            await admin.hears("room_left", lambda nsp, room, *_: room == "room")
        of_client = {
            "socket_connected": lambda told, at: told["id"] == sid,
            "event_received": lambda nsp, who, *_: who == sid,
            "server_stats": lambda stats: stats["aggregatedEvents"],
        }
        return {kind: shape(await admin.hears(kind, *some(of_client, kind))) for kind in KINDS}


def some(table: dict[str, Any], key: str) -> list[Any]:
    return [table[key]] if key in table else []


# --- what is told of what happens ---


async def test_clients_are_followed_from_their_coming_to_their_going(door: Door) -> None:
    async with watched(door) as (sio, url), admin_at(url) as admin:
        await admin.hears("all_sockets")
        async with connected(url) as client:
            sid = client.get_sid()
            told, _ = await admin.hears("socket_connected", lambda told, at: told["id"] == sid)
            assert (told["nsp"], told["transport"], told["rooms"]) == ("/", "websocket", [sid])
            await sio.enter_room(sid, "room")
            await sio.leave_room(sid, "room")
            await sio.enter_room(sid, "closed")
            await sio.close_room("closed")
        await admin.hears("room_left", lambda nsp, room, who, at: room == sid)
        (gone,) = [args for args in admin.all_of("socket_disconnected") if args[1] == sid]
        assert gone[:2] == ("/", sid)
        assert gone[2] in ("client disconnect", "transport close")  # whichever is read first
        joined = [args[:2] for args in admin.all_of("room_joined") if args[2] == sid]
        assert joined == [("/", sid), ("/", "room"), ("/", "closed")]
        left = [args[:2] for args in admin.all_of("room_left") if args[2] == sid]
        assert left == [("/", "room"), ("/", "closed"), ("/", sid)]


async def test_events_are_told_both_ways_with_what_they_carry(door: Door) -> None:
    async with (
        watched(door) as (sio, url),
        connected(url) as ann,
        connected(url) as bob,
        admin_at(url) as admin,
    ):
        await admin.hears("all_sockets")
        await ann.call("echo", ("text", {"list": [1, None]}))
        namespace, sid, event, _ = await admin.hears("event_received")
        assert (namespace, sid) == ("/", ann.get_sid())
        assert event == ["echo", "text", {"list": [1, None]}]
        await ann.emit("nobody handles it")
        await admin.hears("event_received", lambda nsp, sid, event, at: "nobody" in event[0])

        await sio.emit("one", 1, to=ann.get_sid())
        await sio.emit("two", (1, 2), skip_sid=ann.get_sid())
        await sio.emit("nothing", to=[ann.get_sid(), bob.get_sid()])
        await sio.emit("elsewhere", namespace="/admin")
        await sio.emit("last", to=bob.get_sid())
        await admin.hears("event_sent", lambda nsp, sid, event, at: event[0] == "last")
        sent = sorted((args[1], args[2]) for args in admin.all_of("event_sent"))
        assert sent == sorted(
            [
                (ann.get_sid(), ["one", 1]),
                (bob.get_sid(), ["two", 1, 2]),
                (ann.get_sid(), ["nothing", None]),
                (bob.get_sid(), ["nothing", None]),
                (bob.get_sid(), ["last", None]),
            ]
        )


async def test_in_production_no_single_client_is_told_of(door: Door) -> None:
    async with watched(door, mode="production") as (sio, url), admin_at(url) as admin:
        await admin.hears("config")
        async with connected(url) as client:
            await client.call("echo", 1)
            await sio.enter_room(client.get_sid(), "room")
            await sio.emit("news", 1)
            await admin.hears("server_stats", lambda stats: stats["clientsCount"] == 2)
        await admin.hears("server_stats", lambda stats: stats["clientsCount"] == 1)
        told = {event for event, *_ in admin.told}
        assert told <= {"config", "server_stats", "session"}


# --- what admins may do ---


async def test_an_admin_emits_moves_and_disconnects_clients(door: Door) -> None:
    async with watched(door) as (sio, url), connected(url) as ann, connected(url) as bob:
        heard = Log()
        for name, each in (("ann", ann), ("bob", bob)):
            each.on("*", lambda event, *args, name=name: heard.add(name, event, *args))
        gone = asyncio.Event()
        bob.on("disconnect", gone.set)
        async with admin_at(url) as admin:

            def rooms(of: socketio.AsyncClient) -> set[Any]:
                return set(sio.rooms(of.get_sid())) - {of.get_sid()}

            await admin.hears("config")
            await admin.asks("join", "/", "one", ann.get_sid())
            await admin.asks("join", "/", "both")
            await until(lambda: "one" in rooms(ann) and "both" in rooms(bob))
            await admin.asks("join", "/", "also", "one")
            await admin.asks("leave", "/", "both", bob.get_sid())
            await until(lambda: "also" in rooms(ann) and "both" not in rooms(bob))
            await admin.asks("emit", "/", "both", "hello", 1, {"two": 2})
            await admin.asks("emit", "/", None, "all")
            await heard.reaches(3)
            assert sorted(heard) == [
                ("ann", "all"),
                ("ann", "hello", 1, {"two": 2}),
                ("bob", "all"),
            ]
            assert rooms(ann) == {"one", "both", "also"}
            assert rooms(bob) == set()
            await admin.asks("_disconnect", "/", False, bob.get_sid())
            await gone.wait()
            assert ann.connected


@pytest.mark.parametrize(
    "options", [{"read_only": True}, {"mode": "production"}], ids=["read-only", "production"]
)
async def test_commands_are_not_obeyed_where_admins_may_only_look(
    door: Door, options: dict[str, Any]
) -> None:
    async with watched(door, **options) as (sio, url), connected(url) as client:
        heard = Log()
        client.on("*", lambda event, *args: heard.add(event, *args))
        async with admin_at(url) as admin:
            await admin.hears("config")
            await admin.asks("join", "/", "room")
            await admin.asks("emit", "/", None, "from the admin")
            await admin.asks("_disconnect", "/", False)
            await fence(admin)
            await sio.emit("from the server")
            await heard.reaches(1)
            assert heard == [("from the server",)]
            assert sio.rooms(client.get_sid()) == [client.get_sid()]


async def fence(admin: Admin) -> None:
    """What the admin has asked for before has been dealt with: two rounds of statistics later."""
    for _ in range(2):
        count = len(admin.all_of("server_stats"))
        while len(admin.all_of("server_stats")) == count:
            await admin.told.reaches(len(admin.told) + 1)

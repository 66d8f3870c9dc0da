"""Rooms, and the questions about them."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

from .play import Play
from .table import scenario


def by_text(rooms: Any) -> list[Any]:
    return sorted(rooms, key=repr)


@scenario()
async def rooms_are_entered_and_left(play: Play) -> Any:
    ann = await play.client()
    enter, leave = play.sio.enter_room, play.sio.leave_room
    seen = [by_text(play.sio.rooms(ann.sid))]
    for call, room in ((enter, "a"), (enter, "b"), (enter, "a"), (leave, "a"), (leave, "never")):
        seen.append([await call(ann.sid, room), len(play.sio.rooms(ann.sid))])
    return [seen, set(play.sio.rooms(ann.sid)) == {ann.sid, "b"}]


@scenario()
async def any_hashable_names_a_room(play: Play) -> Any:
    ann = await play.client()
    rooms = (1, "1", 1.5, ("a", 1), frozenset({1}), "", "é", "with space", b"bytes")
    for room in rooms:
        await play.sio.enter_room(ann.sid, room)
    entered = set(play.sio.rooms(ann.sid)) - {ann.sid}
    for room in (1, "1", "", "é"):
        await play.sio.emit("to", repr(room), room=room)
    await play.sio.leave_room(ann.sid, 1)
    left = set(play.sio.rooms(ann.sid)) - {ann.sid}
    return [entered == set(rooms), by_text(entered - left)]


@scenario()
async def room_calls_about_nobody(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    sio = play.sio
    return [
        await play.outcome(sio.enter_room, "unknown", "room"),
        await play.outcome(sio.enter_room, ann.sid, "room", namespace="/unknown"),
        await play.outcome(sio.enter_room, None, "room"),
        await play.outcome(sio.enter_room, "unknown", bob.sid),
        await play.outcome(sio.leave_room, "unknown", "room"),
        await play.outcome(sio.leave_room, ann.sid, "room", namespace="/unknown"),
        await play.outcome(sio.close_room, "unknown"),
        await play.outcome(sio.close_room, "room", namespace="/unknown"),
        await play.outcome(sio.rooms, "unknown"),
        await play.outcome(sio.rooms, ann.sid, "/unknown"),
    ]


@scenario()
async def room_of_a_client_is_its_own(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    sio = play.sio
    return [
        await play.outcome(sio.enter_room, ann.sid, bob.sid),
        await play.outcome(sio.enter_room, ann.sid, ann.sid),
        await play.outcome(sio.close_room, bob.sid),
        await play.outcome(sio.leave_room, ann.sid, bob.sid),
        sio.manager.is_sid_room("/", ann.sid),
        sio.manager.is_sid_room("/", "room"),
        sio.manager.is_sid_room("/unknown", ann.sid),
    ]


@scenario()
async def what_cannot_be_hashed_names_no_room(play: Play) -> Any:
    ann = await play.client()
    return [
        await play.outcome(play.sio.enter_room, ann.sid, []),
        await play.outcome(play.sio.enter_room, ann.sid, {"a": 1}),
    ]


@scenario()
async def closed_room_is_empty(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    for each in (ann, bob):
        await play.sio.enter_room(each.sid, "room")
    result = await play.sio.close_room("room")
    await play.sio.emit("news", room="room")
    return [
        result,
        "room" in play.sio.manager.rooms["/"],
        [len(play.sio.rooms(each.sid)) for each in (ann, bob)],
    ]


@scenario()
async def rooms_of_namespaces_do_not_mix(play: Play) -> Any:
    play.sio.on("take", lambda sid: None, namespace="/chat")
    ann = await play.client()
    await ann.join("/chat")
    await play.sio.enter_room(ann.sids["/chat"], "room", namespace="/chat")
    await play.sio.emit("news", 1, room="room")
    await play.sio.emit("news", 2, room="room", namespace="/chat")
    return [
        len(play.sio.rooms(ann.sid)),
        len(play.sio.rooms(ann.sids["/chat"], "/chat")),
        await play.outcome(play.sio.enter_room, ann.sid, "room", namespace="/chat"),
    ]


@scenario()
async def participants_are_pairs_of_ids(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    for room, *members in (("one", ann), ("two", ann, bob)):
        for each in members:
            await play.sio.enter_room(each.sid, room)
    names = {each.sid: name for name, each in play.wires.items()}

    def members(room: Any, namespace: str = "/") -> list[str]:
        return sorted(names[sid] for sid, _ in play.sio.manager.get_participants(namespace, room))

    pairs = list(play.sio.manager.get_participants("/", "one"))
    return [
        pairs == [(ann.sid, ann.session.sid)],
        members(None),
        members("two"),
        members(["one", "two"]),
        members(["one", "nobody"]),
        members(["nobody", "two"]),
        members("nobody"),
        members(bob.sid),
        members(None, "/unknown"),
    ]


@scenario()
async def tables_of_the_manager_are_live(play: Play) -> Any:
    ann = await play.client()
    rooms = play.sio.manager.rooms
    seen = [
        by_text(rooms.get("/", {}).get("room", {})),
        "room" in rooms["/"],
        rooms.get("/unknown", "none"),
        list(rooms),
        len(rooms["/"]),
        None in rooms["/"],
        ann.sid in rooms["/"][None],
        rooms["/"][None][ann.sid] == ann.session.sid,
    ]
    await play.sio.enter_room(ann.sid, "room")
    return [
        seen,
        list(rooms["/"]["room"]) == [ann.sid],
        ann.sid in rooms["/"]["room"],
        sorted(len(members) for _, members in rooms["/"].items()),
        dict(rooms["/"].get("room", {})) == {ann.sid: ann.session.sid},
        set(rooms["/"]) == {None, ann.sid, "room"},
    ]


@scenario()
async def views_may_be_changed(play: Play) -> Any:
    ann = await play.client()
    eio_sid = play.sio.manager.eio_sid_from_sid(ann.sid, "/")

    def put_into_a_room() -> None:
        play.sio.manager.rooms["/"]["room"] = {}

    def change_the_environs() -> None:
        play.sio.environ[eio_sid + "x"] = {}

    return [await play.outcome(each) for each in (put_into_a_room, change_the_environs)]


@scenario()
async def room_of_everybody(play: Play) -> Any:
    ann = await play.client()
    return [
        await play.outcome(play.sio.enter_room, ann.sid, None),
        await play.outcome(play.sio.enter_room, "unknown", None),
        len(play.sio.rooms(ann.sid)),
    ]


@scenario()
async def questions_before_the_first_client(play: Play) -> Any:
    sio, manager = play.sio, play.sio.manager
    return [
        await play.outcome(sio.rooms, "x"),
        await play.outcome(sio.get_environ, "x"),
        await play.outcome(sio.transport, "x"),
        await play.outcome(sio.get_session, "x"),
        await play.outcome(sio.save_session, "x", {}),
        await play.outcome(sio.enter_room, "x", "room"),
        await play.outcome(sio.leave_room, "x", "room"),
        await play.outcome(sio.close_room, "room"),
        await play.outcome(sio.disconnect, "x"),
        await play.outcome(sio.emit, "news", 1),
        await play.outcome(sio.emit, "news", 1, callback=print),
        list(manager.get_participants("/", None)),
        list(manager.get_namespaces()),
        dict(manager.rooms),
        manager.is_connected("x", "/"),
        dict(sio.environ),
    ]


@scenario(served=False)
async def manager_may_be_given_later(play: Play) -> Any:
    class Manager(play.package.AsyncManager):  # type: ignore[misc]
        async def connect(self, sid: str, namespace: str) -> Any:
            play.note("connect", namespace)
            return await super().connect(sid, namespace)

        async def enter_room(self, sid: str, namespace: str, room: Any, **kwargs: Any) -> None:
            play.note("enter", room)
            await super().enter_room(sid, namespace, room, **kwargs)

    sio = play.server()
    sio.manager = Manager()
    sio.manager.set_server(sio)
    async with play.serving(sio):
        ann, bob = await play.client("ann"), await play.client("bob")
        await sio.enter_room(ann.sid, "room")
        await sio.emit("news", room="room")
        for wire in (ann, bob):
            await wire.fence(sio)
        return [
            len(sio.rooms(ann.sid)),
            "room" in sio.manager.rooms["/"],
            sio.manager.server is sio,
        ]


@scenario(served=False)
async def manager_may_be_a_stand_in(play: Play) -> Any:
    sio = play.server()
    manager = sio.manager
    sio.manager = MagicMock()
    sio.manager.get_rooms.return_value = ["room"]
    rooms = sio.rooms("anybody")
    sio.manager = manager
    return [rooms, sio.rooms("anybody"), sio.manager is manager]


@scenario()
async def namespace_that_is_no_text_is_one_of_nobody(play: Play) -> Any:
    ann = await play.client()
    sio, manager = play.sio, play.sio.manager
    outcomes = []
    for namespace in (5, b"/", ("/",), True):
        calls: list[tuple[Any, ...]] = [
            (sio.rooms, ann.sid, namespace),
            (sio.get_environ, ann.sid, namespace),
            (sio.transport, ann.sid, namespace),
            (sio.get_session, ann.sid, namespace),
            (sio.save_session, ann.sid, {}, namespace),
            (sio.disconnect, ann.sid, namespace),
            (sio.enter_room, ann.sid, "room", namespace),
            (sio.leave_room, ann.sid, "room", namespace),
            (sio.close_room, "room", namespace),
            (sio.emit, "news", 1, ann.sid, None, None, namespace),
            (manager.is_connected, ann.sid, namespace),
            (manager.is_pre_connected, ann.sid, namespace),
            (manager.is_sid_room, namespace, ann.sid),
            (manager.pre_disconnect, ann.sid, namespace),
            (manager.basic_disconnect, ann.sid, namespace),
            (manager.rooms.get, namespace),
        ]
        outcomes += [await play.outcome(*call) for call in calls]
        outcomes.append(list(manager.get_participants(namespace, None)))
        outcomes.append(await play.outcome(sio.eio.transport, namespace))
        outcomes.append([namespace in sio.eio.sockets, namespace in sio.environ])
    return [outcomes, len(sio.rooms(ann.sid))]

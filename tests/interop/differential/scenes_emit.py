"""Emitting: whom it reaches, in which form, and what raises."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
from typing import Any

from .play import Play
from .table import scenario
from .wire import Wire


class Colour(str, enum.Enum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


class Text(str):
    pass


async def three(play: Play) -> tuple[Wire, Wire, Wire]:
    """Ann and Bob in the room `red`, Bob and Eve in `blue`."""
    ann, bob, eve = [await play.client(name) for name in ("ann", "bob", "eve")]
    for room, members in (("red", (ann, bob)), ("blue", (bob, eve))):
        for each in members:
            await play.sio.enter_room(each.sid, room)
    return ann, bob, eve


@scenario()
async def data_becomes_arguments(play: Play) -> Any:
    await play.client()
    forms: tuple[Any, ...] = (None, "text", "", 0, False, 1.5, [], [1, [2]], {}, {"k": [None]})
    for data in (*forms, (), (1,), (1, "two", [3]), (None,), ((1, 2), [(3,)])):
        await play.sio.emit("news", data)


@scenario()
async def bytes_become_attachments(play: Play) -> Any:
    await play.client()
    forms: tuple[Any, ...] = (
        b"bytes",
        b"",
        (b"one", "text", b"two"),
        {"a": [b"deep", {"b": b"deeper"}], "c": 1},
        [b"same", b"same"],
    )
    for data in forms:
        await play.sio.emit("news", data)


@scenario()
async def bytearray_becomes_an_attachment(play: Play) -> Any:
    ann = await play.client()
    await play.sio.emit("news", bytearray(b"array"))
    await ann.next("BINARY_EVENT")
    return await ann.next()


@scenario()
async def attachments_travel_by_polling(play: Play) -> Any:
    await play.client(transport="polling")
    await play.sio.emit("news", (b"\x00\xff", {"b": bytearray(b"more")}))
    await play.sio.emit("news", "behind it")


@scenario()
async def values_become_json_as_json_dumps_has_them(play: Play) -> Any:
    await play.client()
    values: tuple[Any, ...] = (
        {1: "int", False: "bool", None: "none", 1.5: "float"},
        [Colour.RED, Number.ONE, Text("text")],
        collections.OrderedDict(z=1, a=2),
        collections.Counter(a=1),
        collections.defaultdict(list, {"k": [1]}),
        [10**30, -(2**63), 1e300, 5e-324, -0.0, 0.1, 1e16, 123456789.123],
        'é\u2028😀\x00\x1f"\\/\x7f',
        {"": {"": {"": []}}},
        [float("inf"), float("-inf")],
        "\ud800",
        {"nested": ({"tuple": (1, 2)},)},
    )
    for value in values:
        await play.sio.emit("news", value)


class Thing:
    def __repr__(self) -> str:
        return "Thing()"


@scenario()
async def data_that_json_cannot_carry_raises(play: Play) -> Any:
    await play.client()
    values: tuple[Any, ...] = (
        {1, 2},
        Thing(),
        [Thing()],
        {"k": datetime.date(2020, 1, 1)},
        decimal.Decimal("1.5"),
        1j,
        (value for value in ()),
        memoryview(b"view"),
        {(1, 2): "tuple as key"},
        {b"bytes": "as key"},
        ("fine", {3}),
        range(3),
        Thing,
    )
    return [await play.outcome(play.sio.emit, "news", value) for value in values]


@scenario()
async def bytes_in_a_nested_tuple(play: Play) -> Any:
    await play.client()
    return await play.outcome(play.sio.emit, "news", [("in a tuple", b"bytes")])


@scenario()
async def circular_data_raises(play: Play) -> Any:
    await play.client()
    circle: list[Any] = []
    circle.append(circle)
    return (await play.outcome(play.sio.emit, "news", circle))[0]


@scenario()
async def data_that_nobody_would_get_is_not_looked_at(play: Play) -> Any:
    await play.client()
    return [
        await play.outcome(play.sio.emit, "news", Thing(), room="nobody is here"),
        await play.outcome(play.sio.emit, "news", Thing(), namespace="/nobody"),
    ]


@scenario()
async def emit_reaches_whom_it_names(play: Play) -> Any:
    ann, bob, _ = await three(play)
    emit = play.sio.emit
    results = [
        await emit("news", "everybody"),
        await emit("news", "ann", to=ann.sid),
        await emit("news", "bob", room=bob.sid),
        await emit("news", "red", to="red"),
        await emit("news", "blue", room="blue"),
        await emit("news", "red and blue", to=["red", "blue"]),
        await emit("news", "ann and blue", room=[ann.sid, "blue", "blue"]),
        await emit("news", "as a tuple", room=("red", "nobody")),
        await emit("news", "nobody", to="nobody"),
        await emit("news", "none of them", to=["nobody", "neither"]),
    ]
    return results


@scenario()
async def skipped_clients_get_nothing(play: Play) -> Any:
    ann, bob, eve = await three(play)
    emit = play.sio.emit
    await emit("news", "not ann", skip_sid=ann.sid)
    await emit("news", "only eve", skip_sid=[ann.sid, bob.sid])
    await emit("news", "all but an unknown one", skip_sid="unknown")
    await emit("news", "red without bob", room="red", skip_sid=bob.sid)
    await emit("news", "nobody", to=eve.sid, skip_sid=[eve.sid])
    await emit("news", "none skipped", skip_sid=[])
    await emit("news", "None skipped", skip_sid=[None])


@scenario()
async def skipped_clients_in_a_tuple(play: Play) -> Any:
    ann, _, _ = await three(play)
    await play.sio.emit("news", "not ann", skip_sid=(ann.sid,))


@scenario()
async def to_goes_before_room(play: Play) -> Any:
    await three(play)
    await play.sio.emit("news", 1, to="red", room="blue")
    await play.sio.emit("news", 2, to=None, room="blue")
    await play.sio.emit("news", 3, to="", room="blue")


@scenario()
async def no_target_is_everybody(play: Play) -> Any:
    await three(play)
    await play.sio.emit("news", 1, to="")
    await play.sio.emit("news", 2, to=[])
    await play.sio.emit("news", 3, to=None, room=None)


@scenario()
async def empty_list_of_rooms(play: Play) -> Any:
    await three(play)
    return await play.outcome(play.sio.emit, "news", 1, room=[])


@scenario()
async def set_of_rooms(play: Play) -> Any:
    await three(play)
    return await play.outcome(play.sio.emit, "news", 1, room={"red"})


@scenario(namespaces=["/", "/chat"])
async def emit_stays_in_its_namespace(play: Play) -> Any:
    ann = await play.client("ann")
    await ann.join("/chat")
    await play.client("bob", namespace="/chat")
    await play.sio.emit("news", 1)
    await play.sio.emit("news", 2, namespace="/chat")
    await play.sio.emit("news", (b"3", 3), namespace="/chat")
    await play.sio.emit("news", 4, namespace=None)
    await play.sio.emit("news", 5, namespace="")
    await play.sio.emit("news", 6, namespace="chat")
    await play.sio.emit("news", 7, namespace="/unknown")
    await play.sio.emit("news", 8, to=ann.sid, namespace="/chat")


@scenario()
async def send_is_the_event_message(play: Play) -> Any:
    ann, _, _ = await three(play)
    await play.sio.send("text")
    await play.sio.send({"k": 1}, room="blue")
    await play.sio.send(("several", 1), to=ann.sid)
    await play.sio.send([b"bytes"], skip_sid=ann.sid)
    await play.sio.send("asked", to=ann.sid, callback=play.note)
    await ann.answer(await _with_id(ann), "answer")
    await play.noted(1)


async def _with_id(wire: Wire) -> Any:
    while (event := await wire.next("EVENT"))[2] is None:
        pass
    return event


@scenario()
async def subclass_hears_of_each_message_by_emit(play: Play) -> Any:
    class Server(play.package.AsyncServer):  # type: ignore[misc, name-defined]
        async def emit(self, event: str, *args: Any, **kwargs: Any) -> None:
            play.note(event, list(args), sorted(kwargs))

    await Server(async_mode="asgi").send("data", to="room")


@scenario()
async def order_is_kept(play: Play) -> Any:
    ann, _, _ = await three(play)
    for number in range(10):
        await play.sio.emit("news", number)
        await play.sio.emit("news", (number, b"bytes"), to=ann.sid)
        await play.sio.send(number, room="red")


@scenario()
async def event_names_may_be_odd(play: Play) -> Any:
    await play.client()
    for event in ("", "a b", "é😀", "connect", "disconnect", "message", "connect_error", '"'):
        await play.sio.emit(event, 1)


@scenario()
async def event_name_that_is_no_text(play: Play) -> Any:
    await play.client()
    return [await play.outcome(play.sio.emit, event, 1) for event in (5, None)]


@scenario()
async def queue_that_is_not_there_may_be_ignored(play: Play) -> Any:
    ann = await play.client()
    await play.sio.emit("news", 1, ignore_queue=True)
    await play.sio.send(2, to=ann.sid, ignore_queue=True)


@scenario()
async def client_that_has_left_gets_nothing(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    await play.sio.disconnect(ann.sid)
    await play.sio.emit("news", 1)
    await play.sio.emit("news", 2, to=ann.sid)
    await play.sio.emit("news", 3, to=[ann.sid, bob.sid])


@scenario()
async def manager_emits_too(play: Play) -> Any:
    ann, bob, _ = await three(play)
    manager = play.sio.manager
    await manager.emit("news", 1, "/")
    await manager.emit("news", (2, 3), "/", room="red", skip_sid=bob.sid)
    await manager.emit("news", 4, "/", to=ann.sid)
    await manager.emit("news", 5, "/unknown")


@scenario()
async def list_with_the_room_of_everybody(play: Play) -> Any:
    ann, bob, _ = await three(play)
    await play.sio.enter_room(ann.sid, "room")
    await play.sio.emit("news", 1, room=[None])
    await play.sio.emit("news", 2, to=["room", None], skip_sid=bob.sid)
    return len(list(play.sio.manager.get_participants("/", ["room", None])))

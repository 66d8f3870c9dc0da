"""What servers tell each other: the messages of python-socketio, byte for byte in meaning."""

from __future__ import annotations

import contextlib
import json
import logging
from types import ModuleType
from typing import Any

import pytest
import socketio
from brokers import ADOPTED, NATIVE, REFERENCE, Bus, broker, module, node

import sio_native
from sio_native.pubsub_wire import emit_data, emit_message

EMITS: dict[str, dict[str, Any]] = {
    "no data": {"data": None},
    "a text": {"data": 'grüß 🎉 \u2028 "q"'},
    "a dictionary": {"data": {"hello": "world", "f": 1.5, "z": None, "t": True}},
    "a list": {"data": [1, 2, 3]},
    "several": {"data": ("one", 2, {"three": 3})},
    "an empty tuple": {"data": ()},
    "bytes": {"data": b"\x00\x01\xfe\xff"},
    "nested bytes": {"data": {"a": b"one", "l": [b"two", {"x": bytearray(b"three")}]}},
    "several bytes": {"data": (b"one", "x", b"two")},
    "empty bytes": {"data": b""},
    "a placeholder of the user's": {"data": {"_placeholder": True, "num": 0}},
    "a room": {"data": 1, "room": "r"},
    "a list of rooms": {"data": 1, "room": ["r", 7]},
    "skipped": {"data": 1, "skip_sid": "sid"},
    "a list of skipped": {"data": 1, "skip_sid": ["a", "b"]},
    "a namespace": {"data": 1, "namespace": "/x"},
    "not a number": {"data": [float("inf"), 2**70]},
}


async def published(package: ModuleType, name: str, *args: Any, **options: Any) -> list[Any]:
    """What a process that only emits puts on the channel."""
    bus = Bus()
    manager = broker(package, bus, write_only=True)
    await getattr(manager, name)(*args, **options)
    assert all(message.pop("host_id") == manager.host_id for message in bus.messages)
    return bus.messages


@pytest.mark.parametrize("options", EMITS.values(), ids=EMITS)
async def test_an_emit_is_published_as_by_python_socketio(options: dict[str, Any]) -> None:
    options = {"namespace": "/", **options}
    ours = await published(sio_native, "emit", "news", **options)
    assert ours == await published(socketio, "emit", "news", **options)
    assert list(ours[0]) == [
        *("method", "event", "data", "binary", "namespace", "room", "skip_sid", "callback")
    ]


@pytest.mark.parametrize("data", [each["data"] for each in EMITS.values()], ids=EMITS)
def test_an_emit_arrives_as_it_was(data: Any) -> None:
    message = emit_message("news", data, "/", None, None, None, "host")
    received = emit_data(json.loads(json.dumps(message)))
    if isinstance(data, tuple) and len(data) == 1:
        data = data[0]
    assert received == data


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("enter_room", ("sid", "/", "r")),
        ("leave_room", ("sid", "/x", 7)),
        ("close_room", ("r", "/")),
        ("close_room", ("r",)),
        ("can_disconnect", ("sid", "/")),
    ],
)
async def test_commands_are_published_as_by_python_socketio(
    name: str, args: tuple[Any, ...]
) -> None:
    ours = await published(sio_native, name, *args)
    assert ours == await published(socketio, name, *args)
    assert len(ours) == 1


async def test_a_process_that_only_emits_may_disconnect() -> None:
    # python-socketio's raises an AttributeError: it asks a server that it does not have.
    assert await published(sio_native, "disconnect", "sid", "/") == [
        {"method": "disconnect", "sid": "sid", "namespace": "/"}
    ]


async def test_sets_of_rooms_travel_as_lists() -> None:
    (message,) = await published(sio_native, "emit", "news", 1, room={"r"}, skip_sid=("a", "b"))
    assert message["room"] == ["r"]
    assert message["skip_sid"] == ["a", "b"]


@pytest.mark.parametrize("write_only", [True, False])
@pytest.mark.parametrize("data", [object(), {"a": {1, 2}}, ("a", 1j), {b"key": 1}])
async def test_data_that_cannot_be_serialised_raises_at_the_call(
    data: Any, write_only: bool
) -> None:
    bus = Bus()
    manager = broker(sio_native, bus, write_only=write_only)
    with pytest.raises(TypeError):
        await manager.emit("news", data, "/")
    sio = sio_native.AsyncServer(client_manager=manager)
    with pytest.raises(TypeError):
        await sio.emit("news", data)
    assert bus.messages == []


async def test_a_broker_that_loses_errors_loses_none_of_these() -> None:
    class Careless(module(sio_native, "async_pubsub_manager").AsyncPubSubManager):
        async def _publish(self, data: Any) -> None:
            with contextlib.suppress(Exception):
                json.dumps(data)

    with pytest.raises(TypeError):
        await Careless(write_only=True).emit("news", object(), "/")
    async with node(NATIVE, Bus()) as here:
        here.sio.manager._publish = Careless()._publish
        with pytest.raises(TypeError):
            await here.sio.emit("news", object())


async def test_callbacks_need_a_server_and_a_room() -> None:
    for package in (sio_native, socketio):
        manager = broker(package, Bus(), write_only=True)
        with pytest.raises(RuntimeError, match="from the context of a server"):
            await manager.emit("news", 1, "/", room="r", callback=print)
        package.AsyncServer(client_manager=manager, async_mode="asgi")
        with pytest.raises(ValueError, match="Cannot use callback without a room set"):
            await manager.emit("news", 1, "/", callback=print)


# --- what comes from other publishers ---

EMIT = {
    "method": "emit",
    "event": "e",
    "data": [1],
    "binary": False,
    "namespace": "/",
    "room": None,
    "skip_sid": None,
    "callback": None,
    "host_id": "another",
}

HEARD: dict[str, tuple[dict[str, Any], list[Any] | None]] = {
    "as usual": (EMIT, [1]),
    "fields of the future": ({**EMIT, "sn": {"off": 3}}, [1]),
    "the least": ({"method": "emit", "event": "e", "data": [1], "namespace": "/"}, [1]),
    "one argument, as up to 5.14": ({**EMIT, "data": {"a": 1}}, [{"a": 1}]),
    "arguments": ({**EMIT, "data": [1, [2], 3]}, [1, [2], 3]),
    "no arguments": ({**EMIT, "data": []}, []),
    "a null": ({**EMIT, "data": [None]}, []),
    "two nulls": ({**EMIT, "data": [None, None]}, [None, None]),
    "rooms": ({**EMIT, "room": ["r", "s", "r"]}, [1]),
    "binary": (
        {
            **EMIT,
            "binary": True,
            "data": [
                [{"_placeholder": True, "num": 0}, {"k": {"_placeholder": True, "num": 1}}],
                "AAE=",
                "Ag==",
            ],
        },
        [b"\x00\x01", {"k": b"\x02"}],
    ),
    "another namespace": ({**EMIT, "namespace": "/nope"}, None),
    "another room": ({**EMIT, "room": "nobody's"}, None),
    "an unknown method": ({"method": "heartbeat", "host_id": "another"}, None),
    "no data": ({"method": "emit", "event": "e"}, None),
    "a room that is none": ({**EMIT, "room": {"a": 1}}, None),
    "an attachment that is missing": (
        {**EMIT, "binary": True, "data": [[{"_placeholder": True, "num": 5}]]},
        None,
    ),
    "a binary that is no list": ({**EMIT, "binary": True, "data": 7}, None),
    "a callback that is none": ({"method": "callback", "host_id": "another"}, None),
    "a client that is not here": (
        {"method": "disconnect", "sid": "nobody", "namespace": "/", "host_id": "another"},
        None,
    ),
    "a client that is none": ({"method": "enter_room", "sid": 5, "namespace": None}, None),
}


@pytest.mark.parametrize("kind", [NATIVE, ADOPTED, REFERENCE], ids=["native", "adopted", "theirs"])
async def test_messages_of_any_publisher(
    kind: tuple[ModuleType, ModuleType], caplog: pytest.LogCaptureFixture
) -> None:
    bus = Bus()
    async with node(kind, bus) as here:
        for room in ("r", "s"):
            await here.sio.enter_room(here.sid, room)
        for name, (message, expected) in HEARD.items():
            here.heard.clear()
            with caplog.at_level(logging.CRITICAL, "socketio.server"):
                bus.publish(json.dumps(message))
                bus.publish(json.dumps({**EMIT, "event": "end"}))
                while ("end", 1) not in here.heard:
                    await here.heard.reaches(len(here.heard) + 1)
            wanted = [] if expected is None else [("e", *expected)]
            assert here.heard == [*wanted, ("end", 1)], name


GARBAGE = [
    *("", "garbage", "[]", "7", "null", '"method"', '["method"]', "{}", '{"method": []}'),
    *(b"\x80\x04\x95pickle", b"\xff\xfe", 7, None, [], ["method"], object()),
    '{"method": {"emit": 1}}',
    '{"method": "callback", "host_id": 1, "sid": [], "id": {}, "args": 5}',
]


async def test_a_listener_outlives_what_makes_no_sense() -> None:
    bus = Bus()
    async with node(NATIVE, bus) as here:
        ours = json.dumps(
            {
                "method": "callback",
                "host_id": here.sio.manager.host_id,
                "sid": [],
                "id": 0,
                "args": 5,
            }
        )
        for garbage in (*GARBAGE, ours):
            bus.publish(garbage)
        bus.publish(json.dumps(EMIT))
        await here.heard.reaches(1)
        assert here.heard == [("e", 1)]


async def test_what_is_no_json_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus()
    async with node(NATIVE, bus) as here:
        with caplog.at_level(logging.WARNING, "socketio.server"):
            for _ in range(3):
                bus.publish(b"\x80\x04\x95pickle")
            bus.publish(json.dumps(EMIT))
            await here.heard.reaches(1)
    assert len([each for each in caplog.messages if "python-socketio before 5.14" in each]) == 1

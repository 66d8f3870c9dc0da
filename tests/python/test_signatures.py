"""Every public callable of an asyncio server can be called as python-socketio's."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import sio_native.exceptions

CLASSES = (
    "socketio.ASGIApp",
    "socketio.AsyncAioPikaManager",
    "socketio.AsyncManager",
    "socketio.AsyncNamespace",
    "socketio.AsyncRedisManager",
    "socketio.AsyncServer",
    "socketio.async_admin.InstrumentedAsyncServer",
    "socketio.async_pubsub_manager.AsyncPubSubManager",
    "socketio.base_namespace.BaseNamespace",
    "socketio.base_namespace.BaseServerNamespace",
    "socketio.msgpack_packet.MsgPackPacket",
    "socketio.packet.Packet",
    *(f"socketio.exceptions.{name}" for name in sio_native.exceptions.__all__),
    "engineio.ASGIApp",
    "engineio.AsyncServer",
    "engineio.packet.Packet",
    "engineio.payload.Payload",
)
FUNCTIONS = (
    "engineio.json.loads",
    "engineio.static_files.get_static_file",
)

OURS = {"socketio": "sio_native", "engineio": "sio_native.engineio"}

# Parameters that only we have, and why.
_TO_USER = {"to_user": "to all clients of a user, who are bound with users.bind"}
EXTRA: dict[str, dict[str, str]] = {
    f"socketio.{cls}.{method}": _TO_USER
    for cls in ("AsyncServer", "AsyncNamespace")
    for method in ("emit", "send")
}
for _cls in ("AsyncServer", "AsyncNamespace"):
    EXTRA[f"socketio.{_cls}.emit"] = {
        **_TO_USER,
        "conflate": "the key of values of which the latest counts",
        "interval": "between two of them, in seconds",
    }
for _cls in ("AsyncAioPikaManager", "AsyncRedisManager", "async_pubsub_manager.AsyncPubSubManager"):
    EXTRA[f"socketio.{_cls}.__init__"] = {
        "requests_timeout": "how long other servers are waited for, in seconds"
    }

# What is not the same, and why.
_ASGI = "theirs takes anything, for all its async modes; ASGI's arguments are these three"
_HANDLER = "theirs calls the sid _; a handler is called by position"
DIFFERENT: dict[str, str] = {
    "engineio.AsyncServer.handle_request": _ASGI,
    "socketio.AsyncServer.handle_request": _ASGI,
    "socketio.async_admin.InstrumentedAsyncServer.admin_disconnect": _HANDLER,
    "socketio.async_admin.InstrumentedAsyncServer.admin_emit": _HANDLER,
    "socketio.async_admin.InstrumentedAsyncServer.admin_enter_room": _HANDLER,
    "socketio.async_admin.InstrumentedAsyncServer.admin_leave_room": _HANDLER,
}


def find(path: str, packages: dict[str, str] | None = None) -> Any:
    package, _, rest = path.partition(".")
    module_name, _, name = f"{(packages or {}).get(package, package)}.{rest}".rpartition(".")
    return getattr(importlib.import_module(module_name), name)


def is_there(path: str) -> bool:
    """Not for what needs a package that these tests can do without."""
    return "msgpack" not in path or importlib.util.find_spec("msgpack") is not None


def callables() -> Iterator[str]:
    """Paths of functions, and of the public methods of classes, in python-socketio."""
    yield from FUNCTIONS
    for path in filter(is_there, CLASSES):
        for name, member in inspect.getmembers(find(path)):
            in_python = inspect.isfunction(member) or inspect.ismethod(member)
            if in_python and (name[0] != "_" or name in ("__init__", "__call__")):
                yield f"{path}.{name}"


def pair(path: str) -> tuple[Any, Any]:
    if path in FUNCTIONS:
        return find(path), find(path, OURS)
    cls, _, name = path.rpartition(".")
    return getattr(find(cls), name), getattr(find(cls, OURS), name)


def positional(signature: inspect.Signature) -> list[tuple[str, Any, Any]]:
    return [
        (each.name, each.kind, each.default)
        for each in signature.parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]


def others(signature: inspect.Signature) -> dict[str, Any]:
    """Those given by keyword alone, with their defaults, and *args and **kwargs by their kinds."""
    return {
        each.name if each.kind is each.KEYWORD_ONLY else each.kind.name: each.default
        for each in signature.parameters.values()
        if each.kind in (each.KEYWORD_ONLY, each.VAR_POSITIONAL, each.VAR_KEYWORD)
    }


@pytest.mark.parametrize("path", sorted(set(callables()) - set(DIFFERENT)))
def test_parameters_are_the_same(path: str) -> None:
    theirs, ours = pair(path)
    their_signature, our_signature = inspect.signature(theirs), inspect.signature(ours)
    wanted, given = positional(their_signature), positional(our_signature)
    assert given[: len(wanted)] == wanted, our_signature

    wanted_others, given_others = others(their_signature), others(our_signature)
    assert wanted_others.items() <= given_others.items(), our_signature
    extra = {name for name, *_ in given[len(wanted) :]}
    extra |= given_others.keys() - wanted_others.keys()
    assert extra == EXTRA.get(path, {}).keys(), our_signature

    assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs)


@pytest.mark.parametrize("package", OURS)
def test_no_class_of_ours_is_left_out(package: str) -> None:
    ours = importlib.import_module(OURS[package])
    own = {
        f"{package}.{name}"
        for name in importlib.import_module(package).__all__
        if inspect.isclass(member := getattr(ours, name))
        and member.__module__.startswith("sio_native")
    }
    assert own and own <= set(CLASSES)


def test_the_tables_of_exceptions_are_up_to_date() -> None:
    assert {*EXTRA, *DIFFERENT} <= set(callables())
    for path in DIFFERENT:
        theirs, ours = pair(path)
        assert positional(inspect.signature(theirs)) != positional(inspect.signature(ours))

"""handlers.py: who handles what, and what the engine is told about it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

import sio_native
from sio_native.handlers import Registry, call_either


def registry(namespaces: Any = None) -> Registry:
    return Registry(namespaces, lambda: None)


def handler(*args: Any) -> None: ...


# The handlers registered, the event of a client with sid S in a namespace, who is called with what.
# N, E: the names of the namespace and the event, in the order python-socketio gives them.
LOOKUPS: list[tuple[list[tuple[str, str]], str, str, tuple[str, str] | None, tuple[str, ...]]] = [
    ([("/", "hi")], "/", "hi", ("/", "hi"), ("S",)),
    ([("/", "hi")], "/", "ho", None, ()),
    ([("/", "hi")], "/x", "hi", None, ()),
    ([("/", "*")], "/", "hi", ("/", "*"), ("hi", "S")),
    ([("*", "hi")], "/x", "hi", ("*", "hi"), ("/x", "S")),
    ([("*", "*")], "/x", "hi", ("*", "*"), ("hi", "/x", "S")),
    ([("/", "hi"), ("/", "*"), ("*", "hi"), ("*", "*")], "/", "hi", ("/", "hi"), ("S",)),
    ([("/", "*"), ("*", "hi"), ("*", "*")], "/", "hi", ("/", "*"), ("hi", "S")),
    ([("*", "hi"), ("*", "*")], "/", "hi", ("*", "hi"), ("/", "S")),
    ([("/", "*"), ("*", "*")], "/", "connect", None, ()),
    ([("/", "*"), ("*", "*")], "/", "disconnect", None, ()),
    ([("*", "connect")], "/x", "connect", ("*", "connect"), ("/x", "S")),
    ([("/", "*")], "/", "*", ("/", "*"), ("*", "S")),
]


@pytest.mark.parametrize(("registered", "namespace", "event", "found", "args"), LOOKUPS)
def test_the_nearest_handler_is_called_with_the_names_it_cannot_know(
    registered: list[tuple[str, str]],
    namespace: str,
    event: str,
    found: tuple[str, str] | None,
    args: tuple[str, ...],
) -> None:
    handlers = registry()
    functions = {place: functools.partial(handler) for place in registered}
    for (name, each), function in functions.items():
        handlers.add(name, each, function)
    invocation = handlers.resolve(event, namespace, ("S",))
    if found is None:
        assert invocation is None
    else:
        assert invocation == (functions[found], args)


class Chat(sio_native.AsyncNamespace):
    def on_hi(self, *args: Any) -> str:
        return "hi"


class Router(sio_native.AsyncNamespace):
    async def trigger_event(self, event: str, *args: Any) -> Any:
        return event, args


def test_a_class_handles_what_no_function_does() -> None:
    handlers, chat = registry(), Chat("/chat")
    handlers.add_class(chat)
    handlers.add("/chat", "ho", handler)
    assert handlers.resolve("hi", "/chat", ("S",)) == (chat.on_hi, ("S",))
    assert handlers.resolve("ho", "/chat", ("S",)) == (handler, ("S",))
    assert handlers.resolve("hi", "/", ("S",)) is None


def test_an_event_without_a_method_is_handled_with_an_empty_answer() -> None:
    handlers = registry()
    handlers.add_class(Chat("/chat"))
    invocation = handlers.resolve("other", "/chat", ("S",))
    assert invocation is not None
    assert invocation[0](*invocation[1]) is None


def test_a_class_for_any_namespace_is_told_which() -> None:
    handlers, chat = registry(), Chat("*")
    handlers.add_class(chat)
    assert handlers.resolve("hi", "/x", ("S",)) == (chat.on_hi, ("/x", "S"))


def test_a_class_with_a_router_of_its_own_gets_every_event_through_it() -> None:
    handlers, router = registry(), Router("/r")
    handlers.add_class(router)
    assert handlers.resolve("any", "/r", ("S",)) == (router.trigger_event, ("any", "S"))


def test_registering_is_told_at_once() -> None:
    changes: list[int] = []
    handlers = Registry(None, lambda: changes.append(1))
    handlers.add("/", "hi", handler)
    handlers.add_class(Chat("/chat"))
    handlers.namespaces = ["/more"]
    handlers.expose()
    assert len(changes) == 4


@pytest.mark.parametrize(
    ("namespaces", "joinable"),
    [
        (None, ["/"]),
        ([], ["/"]),
        (["/a", "/b"], ["/a", "/b"]),
        ("/a", ["/a"]),
        ("*", None),
    ],
)
def test_the_namespaces_that_a_client_may_join(namespaces: Any, joinable: Any) -> None:
    handlers = registry(namespaces)
    assert handlers.interest().namespaces == joinable
    for name in ("/", "/a", "/b", "/c"):
        assert handlers.accepts(name) is (joinable is None or name in joinable)


def test_handlers_open_their_namespace_but_a_catch_all_opens_none() -> None:
    handlers = registry()
    handlers.add("/a", "hi", handler)
    handlers.add("*", "hi", handler)
    handlers.add_class(Chat("/b"))
    handlers.add_class(Chat("*"))
    assert handlers.interest().namespaces == ["/", "/a", "/b"]
    assert not handlers.accepts("/c")


def test_the_engine_delivers_what_is_handled_and_no_more() -> None:
    handlers = registry()
    assert handlers.interest().handlers == []
    handlers.add("/", "hi", handler)
    handlers.add("/x", "*", handler)
    handlers.add_class(Chat("/chat"))
    _, pairs, everything = handlers.interest()
    assert not everything
    assert pairs == [("/", "hi"), ("/chat", "*"), ("/chat", "connect"), ("/x", "*")]


def test_a_disconnect_handler_asks_for_connects_so_that_it_has_an_environ() -> None:
    handlers = registry()
    handlers.add("/", "disconnect", handler)
    assert ("/", "connect") in handlers.interest().handlers


def test_tables_that_the_application_can_edit_are_always_asked() -> None:
    sio = sio_native.AsyncServer()
    assert not sio._registry.interest().everything
    sio.handlers["/new"] = {"hi": handler}
    assert sio._registry.interest() == (None, [], True)
    assert sio._registry.accepts("/new")
    assert not sio._registry.accepts("/other")


def test_a_server_with_a_router_of_its_own_gets_everything() -> None:
    class Routed(sio_native.AsyncServer):
        async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any: ...

    assert Routed()._registry.interest() == (["/"], [], True)


def test_decorators_give_the_function_back() -> None:
    sio = sio_native.AsyncServer()
    assert sio.on("a")(handler) is handler
    assert sio.event(handler) is handler
    assert sio.event(namespace="/x")(handler) is handler
    assert sio.on("b", handler, namespace="/x") is None
    assert sio.handlers == {
        "/": {"a": handler, "handler": handler},
        "/x": {"handler": handler, "b": handler},
    }


def test_what_is_no_handler_is_refused() -> None:
    sio = sio_native.AsyncServer()
    with pytest.raises(TypeError, match="the handler of 'hi' must be callable, not 5"):
        sio.on("hi", 5)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="Not a namespace instance"):
        sio.register_namespace(Chat)  # type: ignore[arg-type]

    class Sync(sio_native.AsyncNamespace):
        def is_asyncio_based(self) -> bool:
            return False

    with pytest.raises(ValueError, match="Not a valid namespace class for this server"):
        sio.register_namespace(Sync())


def old(sid: str) -> Any:
    return [sid]


def new(sid: str, reason: str) -> Any:
    return [sid, reason]


async def old_coroutine(sid: str) -> Any:
    return [sid]


def optional(sid: str, reason: str = "none") -> Any:
    return [sid, reason]


def behind_wrapper(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


@pytest.mark.parametrize(
    ("function", "result"),
    [
        (new, ["S", "why"]),
        (old, ["S"]),
        (old_coroutine, ["S"]),
        (optional, ["S", "why"]),
        (behind_wrapper(new), ["S", "why"]),
        (behind_wrapper(old), ["S"]),
        (behind_wrapper(old_coroutine), ["S"]),
        (functools.partial(new, reason="bound"), ["S", "bound"]),
    ],
)
async def test_handlers_of_the_older_kind_get_fewer_arguments(
    function: Callable[..., Any], result: list[str]
) -> None:
    assert await call_either(function, ("S", "why"), ("S",)) == result


async def test_a_type_error_of_the_handler_itself_does_not_run_it_twice() -> None:
    runs: list[str] = []

    def broken(sid: str, reason: str = "") -> None:
        runs.append(reason)
        raise TypeError("of its own")

    with pytest.raises(TypeError, match="of its own"):
        await call_either(broken, ("S", "why"), ("S",))
    assert runs == ["why"]


async def test_the_first_error_is_raised_when_neither_form_fits() -> None:
    def wrapper(*args: Any) -> None:
        raise TypeError(f"{len(args)} arguments")

    with pytest.raises(TypeError, match="2 arguments"):
        await call_either(wrapper, ("S", "why"), ("S",))
    with pytest.raises(TypeError, match="missing 1 required"):
        await call_either(lambda a, b, c: None, ("S", "why"), ("S",))

"""What `AsyncServer` has of the adapter: other servers, and rooms that come and go."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, overload

from .handlers import call
from .types import Handler

if TYPE_CHECKING:
    from .adapter import Adapter
    from .adapter_events import AdapterEvents
    from .async_server import AsyncServer

F = TypeVar("F", bound=Handler)

# As in JavaScript, where a namespace tells these itself.
RESERVED_SERVER_EVENTS: Final = frozenset({"connect", "connection", "new_namespace"})


class ClusterMethods:
    """See docs/operators.md."""

    @overload
    def on_server_event(self, event: str, handler: F, *, namespace: str = "/") -> F: ...
    @overload
    def on_server_event(self, event: str, *, namespace: str = "/") -> Callable[[F], F]: ...
    def on_server_event(self, event: str, handler: Any = None, *, namespace: str = "/") -> Any:
        """Call a function when another server has said `server_side_emit(event, *args)`.

        It gets these arguments. What it returns, with `server_side_emit_with_ack`, is the answer;
        a server without a handler answers None. `ValueError` for a reserved name.
        """
        check_server_event(event)

        def register(function: F) -> F:
            self._server_events[namespace, event] = as_handler(function)
            return function

        return register if handler is None else register(handler)

    @overload
    def on_adapter(self, event: str, handler: F, *, namespace: str = "/") -> F: ...
    @overload
    def on_adapter(self, event: str, *, namespace: str = "/") -> Callable[[F], F]: ...
    def on_adapter(self, event: str, handler: Any = None, *, namespace: str = "/") -> Any:
        """Call a function when a room of this server comes or goes, or a client in it.

        `event` is "create_room" or "delete_room", with the room, or "join_room" or "leave_room",
        with the room and the sid; "create-room" and so on will do. With the namespace "*" it is of
        any, and its name comes first. A client's own room, named by its sid, is among them. Rooms
        are told of clients that are connected: what a connect handler does is told when it has
        accepted, and that a client leaves its rooms when it leaves. Nobody waits for the function:
        a disconnect handler may begin before it. `ValueError` for another event.
        """

        handlers = self._adapter_events.handlers(event, namespace)

        def register(function: F) -> F:
            handlers.append(as_handler(function))
            return function

        return register if handler is None else register(handler)

    @cached_property
    def _adapter_events(self) -> AdapterEvents:
        from .adapter_events import AdapterEvents  # only for those who use it

        return AdapterEvents(cast("AsyncServer", self))

    async def server_count(self) -> int:
        """How many servers share their clients by the client manager, this one included."""
        manager: Adapter = cast("AsyncServer", self).manager
        return await manager.server_count()

    @cached_property
    def _server_events(self) -> dict[tuple[str, str], Handler]:
        return {}

    async def _server_event(self, namespace: str, event: str, args: tuple[Any, ...]) -> Any:
        """What another server emits here."""
        handler = self._server_events.get((namespace, event))
        return None if handler is None else await call(handler, *args)


def as_handler(given: F) -> F:
    """`TypeError` for what cannot be called."""
    if not callable(given):
        raise TypeError(f"a handler must be callable, not {given!r}")
    return given


def check_server_event(event: object) -> None:
    if not isinstance(event, str):
        raise TypeError(f"the name of an event must be a str, not {event!r}")
    if event in RESERVED_SERVER_EVENTS:
        raise ValueError(f"{event!r} is a reserved name")

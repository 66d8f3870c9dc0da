"""`sio.of(...)`: a namespace as an object, and one whose namespaces come and go with clients."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from re import Pattern
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from .adapters import for_children, for_connection, for_server
from .broadcast_operator import BroadcastOperator, Operators
from .handlers import call
from .handshake import Handshake
from .remote_socket import RemoteSocket
from .room_views import RoomsView
from .selection import Selection, as_close
from .sockets import Rules
from .types import Handler, Room

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .namespaces import Namespaces
    from .socket import Socket

F = TypeVar("F", bound=Handler)

# A predicate is given the name, and if it takes them what the client authenticates with and its
# handshake.
Predicate: TypeAlias = Callable[..., bool | Awaitable[bool]]


class Registering(Operators):
    """What both kinds have."""

    _sio: AsyncServer

    def _register(self, event: str, handler: Handler) -> None:
        raise NotImplementedError

    def _on_connection(self, handler: Handler) -> None:
        raise NotImplementedError

    def _use(self, middleware: Handler) -> None:
        raise NotImplementedError

    async def emit(self, event: str, *args: Any) -> None:
        """Send everybody there an event. An argument that cannot be serialised: `TypeError`."""
        await self._operator().emit(event, *args)

    async def send(self, *args: Any) -> None:
        """`emit` the event "message"."""
        await self._operator().send(*args)

    @overload
    def on(self, event: str, handler: None = None) -> Callable[[F], F]: ...
    @overload
    def on(self, event: str, handler: F) -> F: ...
    def on(self, event: str, handler: F | None = None) -> F | Callable[[F], F]:
        """`AsyncServer.on` in this namespace: the handler of an event, with a sid."""

        def register(function: F) -> F:
            if not callable(function):
                raise TypeError(f"the handler of {event!r} must be callable, not {function!r}")
            self._register(event, function)
            return function

        return register if handler is None else register(handler)

    def event(self, handler: F) -> F:
        """Register a function as the handler of the event of its name."""
        return self.on(handler.__name__, handler)

    def on_connection(self, handler: F) -> F:
        """Call a function with the `Socket` of each client that has been let in."""
        self._on_connection(handler)
        return handler

    def use(self, middleware: F) -> F:
        """Ask a function for each client that wants to come in: see docs/middleware.md."""
        self._use(middleware)
        return middleware


class ServerNamespace(Registering):
    """One namespace. The same object each time, and good for what it may be long."""

    def __init__(self, sio: AsyncServer, name: str, parent: ParentNamespace | None = None) -> None:
        self._sio = sio
        self.name = name
        self.parent = parent  # None unless it was made because a client, or `of`, has asked for it
        # Of clients of a parent's: also of those not yet let in, and those that may come back.
        self._sids: set[str] = set()

    def __repr__(self) -> str:
        return f"<ServerNamespace {self.name}>"

    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self._sio, Selection(self.name))

    def _register(self, event: str, handler: Handler) -> None:
        called = for_server(handler, self._sio, self.name, event)
        self._sio._registry.add(self.name, event, handler, called)

    def _on_connection(self, handler: Handler) -> None:
        self._sio._sockets.on_connection(self.name, handler)

    def _use(self, middleware: Handler) -> None:
        self._sio._sockets.use(self.name, middleware)

    def on_server_event(self, event: str) -> Callable[[F], F]:
        """`AsyncServer.on_server_event` of this namespace."""
        return self._sio.on_server_event(event, namespace=self.name)

    def on_adapter(self, event: str) -> Callable[[F], F]:
        """`AsyncServer.on_adapter` of this namespace."""
        return self._sio.on_adapter(event, namespace=self.name)

    @property
    def sockets(self) -> Mapping[str, Socket]:
        """Its clients on this server by sid: live, read only."""
        return SocketsView(self._sio, self.name)

    @property
    def adapter(self) -> AdapterView:
        """Its rooms on this server, as the JavaScript server's adapter shows them."""
        return AdapterView(self._sio, self.name)


class ParentNamespace(Registering):
    """Namespaces whose names match. Each is made when a client first asks for it.

    What is registered here is for all of them, those that are there already too; what is sent goes
    to those that are there, on this server or, with a client manager that publishes, on others of
    the same names. `emit_with_ack` is not for several namespaces: `RuntimeError`.
    """

    def __init__(self, sio: AsyncServer, all_: Namespaces, admits: Pattern[str] | Predicate):
        self._sio = sio
        self._all = all_
        self._pattern = admits if isinstance(admits, Pattern) else None
        self._admits = _predicate(admits)
        self._handlers: dict[str, Handler] = {}
        self._rules = Rules()

    def __repr__(self) -> str:
        return f"<ParentNamespace of {len(self.children)}>"

    @property
    def children(self) -> list[ServerNamespace]:
        """Those that are there."""
        return self._all.children_of(self)

    def matches(self, name: str) -> bool:
        """Has it a pattern that the name matches?"""
        return self._pattern is not None and self._pattern.search(name) is not None

    async def admits(self, name: str, auth: Any, handshake: Callable[[], Handshake]) -> bool:
        """May a client make a namespace of this name?"""
        return bool(await call(self._admits, name, auth, handshake))

    def _operator(self) -> ParentOperator:
        return ParentOperator(self)

    async def server_side_emit(self, event: str, *args: Any) -> None:
        """Not supported: `RuntimeError`."""
        raise RuntimeError("server_side_emit() is for one namespace: use the children of this one")

    async def server_side_emit_with_ack(
        self, event: str, *args: Any, timeout: float | None = None
    ) -> list[Any]:
        """Not supported: `RuntimeError`."""
        raise RuntimeError("server_side_emit() is for one namespace: use the children of this one")

    def _register(self, event: str, handler: Handler) -> None:
        for_children(handler, self._sio, self._rules, event)
        self._handlers[event] = handler
        self._sio._registry.changed()

    def _on_connection(self, handler: Handler) -> None:
        called = for_connection(handler, self._sio) if callable(handler) else None
        self._rules.on_connection.add(handler, called=called)
        self._sio._sockets.watch()

    def _use(self, middleware: Handler) -> None:
        self._rules.use(middleware, self._sio)
        self._sio._sockets.watch()


def _predicate(given: Pattern[str] | Predicate) -> Callable[..., Any]:
    """With three arguments, the last of which makes a handshake."""
    if isinstance(given, Pattern):
        if not isinstance(given.pattern, str):
            raise TypeError(f"a namespace's pattern must be of str, not {given!r}")
        return lambda name, auth, handshake: given.search(name) is not None
    try:
        signature = inspect.signature(given)
    except (TypeError, ValueError):
        return lambda name, auth, handshake: given(name)
    for count in (3, 2, 1):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        if count == 3:
            return lambda name, auth, handshake: given(name, auth, handshake())
        return lambda name, auth, handshake: given(*(name, auth)[:count])
    raise TypeError(f"{given!r} must take a name, and may take auth and handshake behind it")


class ParentOperator(BroadcastOperator):
    """An operator for the clients of all of a parent's namespaces."""

    __slots__ = ("_parent",)

    def __init__(
        self,
        parent: ParentNamespace,
        whom: Selection | None = None,
        timeout: float | None = None,
    ) -> None:
        super().__init__(parent._sio, whom or Selection(), timeout)
        self._parent = parent

    def _again(self, whom: Selection, timeout: float | None) -> BroadcastOperator:
        return ParentOperator(self._parent, whom, timeout)

    def _each(self) -> Iterator[BroadcastOperator]:
        for child in self._parent.children:
            whom = replace(self._whom, namespace=child.name)
            yield BroadcastOperator(self._sio, whom, self._timeout)

    async def emit(self, event: str, *args: Any) -> None:
        for each in self._each():
            await each.emit(event, *args)

    async def emit_with_ack(self, event: str, *args: Any) -> dict[str, Any]:
        raise RuntimeError("emit_with_ack() is for one namespace: use the children of this one")

    async def all_sockets(self) -> set[str]:
        return {sid for each in self._each() for sid in await each.all_sockets()}

    async def fetch_sockets(self) -> list[RemoteSocket]:
        return [socket for each in self._each() for socket in await each.fetch_sockets()]

    async def sockets_join(self, *rooms: Any) -> None:
        for each in self._each():
            await each.sockets_join(*rooms)

    async def sockets_leave(self, *rooms: Any) -> None:
        for each in self._each():
            await each.sockets_leave(*rooms)

    async def disconnect_sockets(self, close: bool = False) -> None:
        as_close(close)
        for each in self._each():
            await each.disconnect_sockets(close)


# --- views ---


class SocketsView(Mapping[str, "Socket"]):
    """The clients of a namespace: each look asks the engine."""

    def __init__(self, sio: AsyncServer, namespace: str) -> None:
        self._sio = sio
        self._namespace = namespace

    def __getitem__(self, sid: str) -> Socket:
        return self._sio.socket(sid, self._namespace)

    def __iter__(self) -> Iterator[str]:
        return iter([sid for sid, _ in self._sio._core.engine.participants(self._namespace, None)])

    def __len__(self) -> int:
        return self._sio._core.engine.room_size(self._namespace, None)


class AdapterView:
    """Rooms and clients of a namespace on this server: live, read only."""

    def __init__(self, sio: AsyncServer, namespace: str) -> None:
        self._sio = sio
        self._namespace = namespace

    @property
    def rooms(self) -> Mapping[Room, Any]:
        """By name, the members: `"news" in rooms`, `len(rooms["news"])`, `sid in rooms["news"]`."""
        return _Rooms(self._sio.manager, self._namespace)

    @property
    def sids(self) -> Mapping[str, set[Room]]:
        """By sid, the rooms."""
        return _Sids(self._sio, self._namespace)


class _Rooms(RoomsView):
    """Without the room None, which is everybody."""

    def __getitem__(self, room: Room) -> Any:
        if room is None:
            raise KeyError(room)
        return super().__getitem__(room)

    def _all(self) -> list[Room]:
        return [room for room in super()._all() if room is not None]


class _Sids(Mapping[str, "set[Room]"]):
    def __init__(self, sio: AsyncServer, namespace: str) -> None:
        self._sio = sio
        self._namespace = namespace
        self._sockets = SocketsView(sio, namespace)

    def __getitem__(self, sid: str) -> set[Room]:
        rooms = self._sio.rooms(sid, self._namespace)
        if not rooms:
            raise KeyError(sid)
        return set(rooms)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sockets)

    def __len__(self) -> int:
        return len(self._sockets)

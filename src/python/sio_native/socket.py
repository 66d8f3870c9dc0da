"""One client of one namespace, as an object: what `socket` is in JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .broadcast_operator import BroadcastOperator, check_emitted
from .exceptions import DisconnectedError
from .handlers import RESERVED_EVENTS, Invocation, call, call_either
from .handshake import Handshake
from .listeners import Listeners
from .selection import Selection, rooms_of
from .types import Data, Handler, Room, Session

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .sockets import Sockets

F = TypeVar("F", bound=Handler)


class Socket:
    """A client. `sio.socket(sid)` finds it, and functions of `@sio.on_connection` are given it.

    It is the same object until its disconnect handlers have ended. What is registered here is for
    this client alone, and goes with it. An event's arguments stand one by one behind its name.
    """

    def __init__(
        self, sio: AsyncServer, sockets: Sockets, sid: str, namespace: str, auth: Any = None
    ) -> None:
        self.id = sid
        self.nsp = namespace
        self._sio = sio
        self._sockets = sockets
        self._auth = auth
        self._listeners: dict[str, Listeners] = {}
        self._any = Listeners()
        self._middleware: list[Handler] = []
        self._client = BroadcastOperator(sio, Selection(namespace, (sid,)))

    def __repr__(self) -> str:
        return f"<Socket {self.id} [{self.nsp}]>"

    # --- what it is ---

    @property
    def connected(self) -> bool:
        """False once it is about to leave."""
        return self._sio.manager.is_connected(self.id, self.nsp)

    @property
    def recovered(self) -> bool:
        """It has come back as the one it was, with rooms and data, and has missed nothing."""
        return self._sio.recovered(self.id, self.nsp)

    @property
    def rooms(self) -> set[Room]:
        """Its rooms, its own among them; empty when it has left."""
        return set(self._sio.rooms(self.id, self.nsp))

    @property
    def data(self) -> Session:
        """Its user session: the dictionary of `sio.get_session`."""
        return self._sio._service.sessions.get(self.id, self.nsp)

    @cached_property
    def handshake(self) -> Handshake:
        """The request that opened its session. `exceptions.DisconnectedError` when it has left."""
        for _, _, _, _, head, age in self._sio._core.engine.describe(self.nsp, [self.id]):
            return Handshake.of(head, age, self._auth)
        raise DisconnectedError(f"{self.id} has left")

    # --- to it ---

    async def emit(self, event: str, *args: Any) -> None:
        """Send it an event. `TypeError` for an argument that cannot be serialised."""
        await self._client.emit(event, *args)

    async def send(self, *args: Any) -> None:
        """`emit` the event "message"."""
        await self._client.send(*args)

    async def emit_with_ack(self, event: str, *args: Any, timeout: float | None = 60) -> Data:
        """Send it an event and wait for its answer: None, one value, or a tuple of several.

        `exceptions.TimeoutError` if there is none within so many seconds, or when it leaves.
        """
        check_emitted(event)
        return await self._sio.call(event, args, to=self.id, namespace=self.nsp, timeout=timeout)

    @property
    def volatile(self) -> BroadcastOperator:
        """Itself, if it has read what it was sent: else the event is lost."""
        return self._client.volatile

    def compress(self, compress: bool) -> BroadcastOperator:
        """Itself, with what it is sent compressed or not: see `BroadcastOperator.compress`."""
        return self._client.compress(compress)

    async def join(self, *rooms: Any) -> None:
        """Come into rooms."""
        for room in rooms_of(rooms):
            await self._sio.enter_room(self.id, room, self.nsp)

    async def leave(self, *rooms: Any) -> None:
        """Leave rooms."""
        for room in rooms_of(rooms):
            await self._sio.leave_room(self.id, room, self.nsp)

    async def disconnect(self, close: bool = False) -> None:
        """Disconnect it from its namespace; with `close` end its session, with all namespaces."""
        await self._client.local.disconnect_sockets(close)

    # --- to others ---

    @property
    def broadcast(self) -> BroadcastOperator:
        """All others in its namespace."""
        return BroadcastOperator(self._sio, Selection(self.nsp, except_rooms=(self.id,)))

    @property
    def local(self) -> BroadcastOperator:
        """All others on this server."""
        return self.broadcast.local

    def to(self, *rooms: Any) -> BroadcastOperator:
        """The others in these rooms."""
        return self.broadcast.to(*rooms)

    in_ = to

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """All others but the members of these rooms."""
        return self.broadcast.except_(*rooms)

    # --- from it ---

    @overload
    def on(self, event: str, handler: None = None) -> Callable[[F], F]: ...
    @overload
    def on(self, event: str, handler: F) -> F: ...
    def on(self, event: str, handler: F | None = None) -> F | Callable[[F], F]:
        """Call a function or coroutine function with the arguments of each such event, behind the
        server's own handler for it. As a decorator or with `handler`.

        Several are called in the order of their registration; the ack is the first result that is
        not None. "disconnect" has the reason as its argument. `ValueError` for "connect".
        """
        return self._add(event, handler, once=False)

    @overload
    def once(self, event: str, handler: None = None) -> Callable[[F], F]: ...
    @overload
    def once(self, event: str, handler: F) -> F: ...
    def once(self, event: str, handler: F | None = None) -> F | Callable[[F], F]:
        """`on`, for the next such event alone."""
        return self._add(event, handler, once=True)

    def _add(self, event: str, handler: F | None, once: bool) -> F | Callable[[F], F]:
        if event == "connect":
            raise ValueError("it is connected: on_connection is called for each client")

        def register(function: F) -> F:
            self._listeners.setdefault(event, Listeners()).add(function, once)
            self._sockets.listens(self.nsp)
            return function

        return register if handler is None else register(handler)

    def off(self, event: str | None = None, handler: Handler | None = None) -> None:
        """Remove a handler of an event, all of it, or all. No-op for what is not registered."""
        if event is None:
            self._listeners.clear()
        elif handler is None:
            self._listeners.pop(event, None)
        elif event in self._listeners:
            self._listeners[event].remove(handler)

    def on_any(self, handler: F) -> F:
        """Call it with the name and the arguments of each event, before its handlers."""
        self._any.add(handler)
        self._sockets.listens(self.nsp)
        return handler

    def off_any(self, handler: Handler | None = None) -> None:
        """Remove what `on_any` has registered, or all of it."""
        self._any.remove(handler)

    def use(self, middleware: F) -> F:
        """Call it with the name and the list of arguments of each event, before anything else.

        It may change the list. When it raises nothing else is called, and handlers of the event
        "error" get the exception; without one it is logged.
        """
        if not callable(middleware):
            raise TypeError(f"a middleware must be callable, not {middleware!r}")
        self._middleware.append(middleware)
        self._sockets.listens(self.nsp)
        return middleware

    # --- for `Sockets` ---

    def _wants(self, event: str) -> bool:
        if event in self._listeners:
            return True
        return event not in RESERVED_EVENTS and bool(self._middleware or self._any)

    async def _handle(self, found: Invocation | None, event: str, *given: Any) -> Any:
        """An event of this client, which the server has a handler for if `found`."""
        args = list(given)
        if event not in RESERVED_EVENTS:
            try:
                for each in self._middleware:
                    await call(each, event, args)
            except Exception as error:
                await self._failed(error)
                return self._sio.not_handled
            await self._any.call_all(event, *args)
        results = []
        if found is not None:
            handler, arguments = found
            if event == "disconnect":
                await call_either(handler, arguments, arguments[:-1])
            else:
                results.append(await call(handler, *arguments[: -len(given) or None], *args))
        if event in self._listeners:
            results += await self._listeners[event].call_all(*args)
        if not results:
            return self._sio.not_handled
        return next((each for each in results if each is not None), None)

    async def _failed(self, error: Exception) -> None:
        if "error" not in self._listeners:
            raise error
        await self._listeners["error"].call_all(error)

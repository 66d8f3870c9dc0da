"""Class-based namespaces: one method for each event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from . import upstream
from .adapters import for_server
from .base_namespace import BaseServerNamespace
from .broadcast_operator import BroadcastOperator, Operators
from .handlers import Entry, call, call_either, ignore
from .rooms import with_users
from .selection import Selection
from .session import SessionContext
from .types import NOT_GIVEN, AckCallback, Data, Handler, NotGiven, Room, Rooms, Session

if TYPE_CHECKING:
    from socketio.async_namespace import AsyncClientNamespace as AsyncClientNamespace

else:

    def __getattr__(name: str) -> Any:
        if name == "AsyncClientNamespace":
            return upstream.attribute(name, of="socketio.async_namespace")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class AsyncNamespace(Operators, BaseServerNamespace):
    """The handlers of one namespace: methods `on_connect`, `on_disconnect`, `on_<event>`.

    They may be coroutines or plain functions. Register with `AsyncServer.register_namespace`.
    """

    # By event: who is called in the place of a method, see `adapters`.
    _adapted: Mapping[str, Handler] = MappingProxyType({})

    def is_asyncio_based(self) -> bool:
        return True

    def _look_what_is_asked(self) -> None:
        """Of the methods that there are when it is registered."""
        names = [name for name in dir(type(self)) if name.startswith("on_")]
        adapted = {
            name[3:]: for_server(getattr(self, name), self.server, self.namespace, name[3:])
            for name in names
        }
        self._adapted = {event: called for event, called in adapted.items() if called is not None}

    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self.server, Selection(self.namespace))

    def _entry(self, event: str) -> Entry:
        """Whom to call for an event: the method at once, unless a subclass routes by itself."""
        if type(self).trigger_event is AsyncNamespace.trigger_event:
            called = self._adapted.get(event)
            return (self, f"on_{event}", ()) if called is None else (called, None, ())
        return self, "trigger_event", (event,)

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Call the method for an event. May be overridden, to route by other rules."""
        handler: Handler = (
            self._adapted[event] if event in self._adapted else getattr(self, f"on_{event}", ignore)
        )
        if event == "disconnect":
            return await call_either(handler, args, args[:-1])
        return await call(handler, *args)

    async def emit(
        self,
        event: str,
        data: Data = None,
        to: Rooms = None,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        namespace: str | None = None,
        callback: AckCallback | None = None,
        ignore_queue: bool = False,
        *,
        conflate: str | None = None,
        interval: float = 0.2,
        to_user: str | Iterable[str] | NotGiven = NOT_GIVEN,
    ) -> None:
        """As `AsyncServer.emit`, in this namespace."""
        if to_user is not NOT_GIVEN:
            to, room = with_users(to or room, to_user), None
        # A server may be of a subclass that knows python-socketio's arguments alone.
        more = {} if conflate is None else {"conflate": conflate, "interval": interval}
        await self.server.emit(
            event,
            data=data,
            to=to,
            room=room,
            skip_sid=skip_sid,
            namespace=namespace or self.namespace,
            callback=callback,
            ignore_queue=ignore_queue,
            **more,  # type: ignore[arg-type]
        )

    async def send(
        self,
        data: Data,
        to: Rooms = None,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        namespace: str | None = None,
        callback: AckCallback | None = None,
        ignore_queue: bool = False,
        *,
        to_user: str | Iterable[str] | NotGiven = NOT_GIVEN,
    ) -> None:
        """As `AsyncServer.send`, in this namespace."""
        if to_user is not NOT_GIVEN:
            to, room = with_users(to or room, to_user), None
        await self.server.send(
            data,
            to=to,
            room=room,
            skip_sid=skip_sid,
            namespace=namespace or self.namespace,
            callback=callback,
            ignore_queue=ignore_queue,
        )

    async def call(
        self,
        event: str,
        data: Data = None,
        to: Room | None = None,
        sid: Room | None = None,
        namespace: str | None = None,
        timeout: float | None = None,
        ignore_queue: bool = False,
    ) -> Any:
        """As `AsyncServer.call`, in this namespace; waits without a limit unless one is given."""
        return await self.server.call(
            event,
            data=data,
            to=to,
            sid=sid,
            namespace=namespace or self.namespace,
            timeout=timeout,
            ignore_queue=ignore_queue,
        )

    async def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """As `AsyncServer.enter_room`, in this namespace."""
        await self.server.enter_room(sid, room, namespace=namespace or self.namespace)

    async def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """As `AsyncServer.leave_room`, in this namespace."""
        await self.server.leave_room(sid, room, namespace=namespace or self.namespace)

    async def close_room(self, room: Room, namespace: str | None = None) -> None:
        """As `AsyncServer.close_room`, in this namespace."""
        await self.server.close_room(room, namespace=namespace or self.namespace)

    async def get_session(self, sid: str, namespace: str | None = None) -> Session:
        """As `AsyncServer.get_session`, in this namespace."""
        return await self.server.get_session(sid, namespace=namespace or self.namespace)

    async def save_session(self, sid: str, session: Session, namespace: str | None = None) -> None:
        """As `AsyncServer.save_session`, in this namespace."""
        await self.server.save_session(sid, session, namespace=namespace or self.namespace)

    def session(self, sid: str, namespace: str | None = None) -> SessionContext:
        """As `AsyncServer.session`, in this namespace."""
        return self.server.session(sid, namespace=namespace or self.namespace)

    async def disconnect(self, sid: str, namespace: str | None = None) -> None:
        """As `AsyncServer.disconnect`, in this namespace."""
        await self.server.disconnect(sid, namespace=namespace or self.namespace)


def check_namespace(given: object) -> None:
    """`ValueError` for what no server for asyncio can have as a namespace."""
    if isinstance(given, AsyncNamespace) and given.is_asyncio_based():
        return
    # python-socketio has a synchronous one, which its own package brings along.
    bases = {each.__name__ for each in type(given).__mro__}
    if isinstance(given, AsyncNamespace) or "BaseServerNamespace" in bases:
        raise ValueError("Not a valid namespace class for this server")
    raise ValueError("Not a namespace instance")

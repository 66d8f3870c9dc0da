"""What `AsyncServer` has of sockets: clients as objects, and who lets them in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from .types import Handler

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .socket import Socket
    from .sockets import Sockets

F = TypeVar("F", bound=Handler)


class SocketMethods:
    """See docs/socket.md."""

    def socket(self, sid: str, namespace: str | None = None) -> Socket:
        """A client as an object, the same one each time. `KeyError` for an unknown sid."""
        return self._sockets.get(sid, namespace or "/")

    def recovered(self, sid: str, namespace: str | None = None) -> bool:
        """Whether a client has come back as the one it was, and has missed no event.

        Known from its connect handler on until it has left; see docs/recovery.md.
        """
        recovery = cast("AsyncServer", self)._service.recovery
        return recovery is not None and recovery.is_recovered((namespace or "/", sid))

    def recoverable(self, sid: str, namespace: str | None = None) -> bool:
        """For disconnect handlers: whether the client that leaves may come back as the one it is.

        Then either it does, or `on_session_expired` follows; see docs/recovery.md.
        """
        recovery = cast("AsyncServer", self)._service.recovery
        return recovery is not None and recovery.is_recoverable((namespace or "/", sid))

    @overload
    def on_session_expired(self, handler: F) -> F: ...
    @overload
    def on_session_expired(self, *, namespace: str) -> Callable[[F], F]: ...
    def on_session_expired(self, handler: Any = None, *, namespace: str = "/") -> Any:
        """Call a function with the sid and the user session of each client that does not come back.

        Of those that were `recoverable`, when their time is over, when they were given up for
        others, refused, or came too late. `@sio.on_session_expired`, or with `(namespace="/chat")`;
        "*" is any. `ValueError` without `connection_state_recovery`.
        """
        recovery = cast("AsyncServer", self)._service.recovery
        if recovery is None:
            raise ValueError("sessions expire where connection_state_recovery is on")

        def register(function: F) -> F:
            recovery.when_expired(namespace, function)
            return function

        return register if handler is None else register(handler)

    @overload
    def on_connection(self, handler: F) -> F: ...
    @overload
    def on_connection(self, *, namespace: str) -> Callable[[F], F]: ...
    def on_connection(self, handler: Any = None, *, namespace: str = "/") -> Any:
        """Call a function with the `Socket` of each client that has been let into a namespace.

        `@sio.on_connection`, or `@sio.on_connection(namespace="/chat")`; "*" is any.
        """

        def register(function: F) -> F:
            self._sockets.on_connection(namespace, function)
            return function

        return register if handler is None else register(handler)

    @overload
    def use(self, middleware: F) -> F: ...
    @overload
    def use(self, *, namespace: str) -> Callable[[F], F]: ...
    def use(self, middleware: Any = None, *, namespace: str = "/") -> Any:
        """Ask a function for each client that wants to join a namespace, before connect handlers.

        It is called with the `Socket`, and refuses the client by an exception, whose text the
        client gets as `message`, and its attribute `data`, if there is one, as `data`. `@sio.use`,
        or `@sio.use(namespace="/chat")`; "*" is any. Several are called one after another.
        """

        def register(function: F) -> F:
            self._sockets.use(namespace, function)
            return function

        return register if middleware is None else register(middleware)

    @cached_property
    def _sockets(self) -> Sockets:
        from .sockets import Sockets  # only for those who use it

        return Sockets(cast("AsyncServer", self))

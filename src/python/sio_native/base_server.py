"""What python-socketio's servers have in common, as far as its users see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, overload

from .adapters import for_server
from .async_namespace import AsyncNamespace, check_namespace
from .engineio.face import reason
from .handlers import RESERVED_EVENTS, NamespaceHandler, Registry
from .types import Environ, Handler, Room

if TYPE_CHECKING:
    from .async_manager import AsyncManager
    from .async_server import AsyncServer
    from .core import Core
    from .options import Options
    from .service import Service

F = TypeVar("F", bound=Handler)


class BaseServer:
    """The base of `AsyncServer`: handlers, and questions that need no coroutine."""

    reserved_events: Final = list(RESERVED_EVENTS)

    reason = reason

    # What `AsyncServer` makes.
    manager: AsyncManager
    _core: Core
    _options: Options
    _registry: Registry
    _service: Service

    # --- handlers ---

    @property
    def handlers(self) -> dict[str, dict[str, Handler]]:
        """Functions by namespace and event. May be changed: once read, every event is delivered."""
        self._registry.expose()
        return self._registry.functions

    @handlers.setter
    def handlers(self, functions: dict[str, dict[str, Handler]]) -> None:
        self._registry.functions = functions
        self._registry.expose()

    @property
    def namespace_handlers(self) -> dict[str, NamespaceHandler]:
        """Class-based namespaces by name; read with the same effect as `handlers`."""
        self._registry.expose()
        return self._registry.classes

    @namespace_handlers.setter
    def namespace_handlers(self, classes: dict[str, NamespaceHandler]) -> None:
        self._registry.classes = classes
        self._registry.expose()

    @property
    def namespaces(self) -> str | list[str]:
        """The namespaces accepted in addition to those with handlers; "*": any."""
        return self._registry.namespaces

    @namespaces.setter
    def namespaces(self, accepted: str | Iterable[str] | None) -> None:
        self._registry.namespaces = accepted

    @property
    def async_handlers(self) -> bool:
        """False: what one client does is handled in order, one thing after the other.

        Can be set until the server serves; `RuntimeError` from then on.
        """
        return not self._service.runner.serial

    @async_handlers.setter
    def async_handlers(self, wanted: bool) -> None:
        if self._core.started and wanted != self.async_handlers:
            raise RuntimeError(
                "async_handlers can be set before the server serves, and not any more"
            )
        self._service.runner.serial = not wanted

    @property
    def always_connect(self) -> bool:
        """True: clients are told that they are connected before the connect handler decides."""
        return self._options.always_connect

    @overload
    def on(
        self, event: str, handler: None = None, namespace: str | None = None
    ) -> Callable[[F], F]: ...
    @overload
    def on(self, event: str, handler: Handler, namespace: str | None = None) -> None: ...
    def on(
        self, event: str, handler: Handler | None = None, namespace: str | None = None
    ) -> Callable[[F], F] | None:
        """Register the handler of an event, as a decorator or with `handler`.

        The event "*" catches those without a handler, the namespace "*" those of any namespace.
        The last registration counts.
        """

        def register(function: F) -> F:
            if not callable(function):
                raise TypeError(f"the handler of {event!r} must be callable, not {function!r}")
            where = namespace or "/"
            called = for_server(function, cast("AsyncServer", self), where, event)
            self._registry.add(where, event, function, called)
            return function

        if handler is None:
            return register
        register(handler)
        return None

    @overload
    def event(self, handler: F, /) -> F: ...
    @overload
    def event(self, *, namespace: str | None = None) -> Callable[[F], F]: ...
    def event(self, *args: Any, **kwargs: Any) -> Any:
        """Register a function as the handler of the event of its name.

        `@sio.event`, or `@sio.event(namespace="/chat")`.
        """
        if len(args) == 1 and not kwargs and callable(args[0]):
            return self.on(args[0].__name__)(args[0])

        if args:
            raise TypeError(f"event() needs a function or nothing, not {args[0]!r}")

        def register(function: F) -> F:
            decorate: Callable[[F], F] = self.on(function.__name__, **kwargs)
            return decorate(function)

        return register

    def register_namespace(self, namespace_handler: AsyncNamespace) -> None:
        """Register a class-based namespace."""
        check_namespace(namespace_handler)
        namespace_handler._set_server(cast("AsyncServer", self))
        namespace_handler._look_what_is_asked()
        self._registry.add_class(namespace_handler)

    # --- clients ---

    def rooms(self, sid: str, namespace: str | None = None) -> list[Room]:
        """The rooms of a client, its own among them; empty for an unknown sid."""
        return self.manager.get_rooms(sid, namespace or "/")

    def transport(self, sid: str, namespace: str | None = None) -> str:
        """The transport of a client, "polling" or "websocket". `KeyError` for an unknown sid."""
        eio_sid = self.manager.eio_sid_from_sid(sid, namespace or "/")
        name = eio_sid and self._core.engine.transport(eio_sid)
        if not name:
            raise KeyError("Session not found")
        return name

    def transport_path(self, sid: str, namespace: str | None = None) -> str:
        """How the client's transport reaches the engine. `KeyError` for an unknown sid.

        "listen": on its own port. "handoff": accepted by uvicorn, which has given the connection
        away. "bridge": an ASGI server carries each message.
        """
        eio_sid = self.manager.eio_sid_from_sid(sid, namespace or "/")
        path = eio_sid and self._core.engine.transport_path(eio_sid)
        if not path:
            raise KeyError("Session not found")
        return path

    @property
    def environ(self) -> MutableMapping[str, Any]:
        """The environ of each session, by Engine.IO sid, and what the application puts here."""
        return self._service.environs

    def get_environ(self, sid: str, namespace: str | None = None) -> Environ | None:
        """The request that opened the client's session, with WSGI's keys and `asgi.scope`.

        The same dictionary each time; None for an unknown sid.
        """
        eio_sid = self.manager.eio_sid_from_sid(sid, namespace or "/")
        return None if eio_sid is None else self._service.environs.get(eio_sid)

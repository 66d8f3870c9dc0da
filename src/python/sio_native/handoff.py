"""Takes accepted WebSockets over from uvicorn: their sockets go to the engine's own thread."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from .core import Core
from .environs import Environs
from .scope_extras import ExtrasTable, ScopeExtras
from .types import Receive, RequestHead, Scope

# Where an ASGI server says what its user sees without having configured anything.
SERVER_LOGGERS = {
    "uvicorn": "uvicorn.error",
    "hypercorn": "hypercorn.error",
    "granian": "_granian",
    "daphne": "daphne.server",
}
PROTOCOLS = "uvicorn.protocols.websockets."
LIFESPAN = "uvicorn.lifespan."

ACTIVE = "Socket.IO: WebSockets are handed over to the engine"
INACTIVE = "Socket.IO: WebSockets stay with the ASGI server: %s"
SWITCHED_OFF = "handoff=False"
TLS = "they are encrypted, which the engine does not do"
NO_SOCKET = "uvicorn's transport has no socket"


class Awaited(NamedTuple):
    """What becomes of a connection when the engine has answered its handshake."""

    extras: ScopeExtras | None
    access: tuple[str, str] | None  # the peer and the path of uvicorn's log line


class Handoff:
    """The hand-off of one server. On the loop's thread alone.

    It works by features of uvicorn's objects, and nothing of uvicorn's is replaced. A connection
    that lacks one of the features is left to the bridge, and the log says why, once.
    """

    def __init__(
        self,
        core: Core,
        environs: Environs,
        enabled: bool,
        shut_down: Callable[[], Awaitable[None]],
    ) -> None:
        self._core = core
        self._environs = environs
        self._enabled = enabled
        self._shut_down = shut_down
        self._extras = ExtrasTable()
        self._awaited: dict[int, Awaited] = {}
        self._told: set[str] = set()
        self._farewell: Farewell | None = None

    # --- may it be done? ---

    def announce(self, lifespan_receive: Receive) -> None:
        """At startup: say what will be done with WebSockets, if that can be known already."""
        lifespan = getattr(lifespan_receive, "__self__", None)
        if lifespan is None or _package(lifespan) not in SERVER_LOGGERS:
            return
        obstacle = None
        if not self._enabled:
            obstacle = SWITCHED_OFF
        elif not type(lifespan).__module__.startswith(LIFESPAN):
            obstacle = _not_uvicorns(lifespan_receive)
        elif lifespan.config.is_ssl:
            obstacle = TLS
        self._tell(obstacle, lifespan_receive)

    def protocol(self, receive: Receive) -> Any:
        """Uvicorn's protocol object behind `receive` if its connection can be taken over."""
        protocol: Any = getattr(receive, "__self__", None)
        obstacle = self._obstacle(receive, protocol)
        if obstacle is None and not _is_idle(protocol.transport):
            return None  # it is about to end, which is nobody's fault
        self._tell(obstacle, receive)
        return protocol if obstacle is None else None

    def _obstacle(self, receive: Receive, protocol: Any) -> str | None:
        if not self._enabled:
            return SWITCHED_OFF
        if not type(protocol).__module__.startswith(PROTOCOLS):
            return _not_uvicorns(receive)
        transport = protocol.transport
        if transport.get_extra_info("sslcontext") is not None:
            return TLS
        socket = transport.get_extra_info("socket")
        return None if socket is not None and socket.fileno() >= 0 else NO_SOCKET

    def _tell(self, obstacle: str | None, receive: Receive) -> None:
        text = ACTIVE if obstacle is None else INACTIVE % obstacle
        if text not in self._told:
            self._told.add(text)
            (_server_logger(receive) or self._core.log.engineio).info(text)

    # --- it is done ---

    async def take(self, protocol: Any, scope: Scope, receive: Receive, head: RequestHead) -> bool:
        """Give the connection to the engine. False: it stays where it is.

        Called with a protocol that `protocol()` has just returned, after `websocket.connect`.
        """
        transport = protocol.transport
        # From here on what the client sends stays in the socket; it sends nothing before it has
        # the answer to its handshake (RFC 6455, 4.1).
        transport.pause_reading()
        try:
            descriptor = os.dup(transport.get_extra_info("socket").fileno())
        except OSError as error:  # out of descriptors
            transport.resume_reading()
            self._core.log.engineio.error("a WebSocket stays with the ASGI server: %s", error)
            return False
        try:
            try:
                transport.abort()  # closes the server's descriptor; the connection lives on in ours
                message = await receive()
                if message["type"] != "websocket.disconnect":
                    raise RuntimeError("its client sent before its handshake was answered")
                awaited = self._awaits(scope)
            except BaseException:
                os.close(descriptor)
                raise
            # From this call on the descriptor is the engine's, also if it raises.
            connection = self._core.engine.adopt(descriptor, head, awaited is not None)
            if connection and awaited is not None:
                self._awaited[connection] = awaited
        except Exception as error:
            self._core.log.engineio.error("closing a WebSocket, not handed over: %s", error)
        self._say_farewell_with(protocol)
        _let_go(protocol)
        return True

    def _awaits(self, scope: Scope) -> Awaited | None:
        # An upgrade's session has its own scope already.
        extras = None if is_upgrade(scope) else self._extras.of(scope)
        access = _access(scope)
        return None if extras is None and access is None else Awaited(extras, access)

    def extras(self, scope: Scope) -> ScopeExtras | None:
        return self._extras.of(scope)

    def adopted(self, connection: int, eio_sid: str | None, status: int) -> None:
        """Notification ADOPTED."""
        awaited = self._awaited.pop(connection, None)
        if awaited is None:
            return
        if eio_sid is not None:
            self._environs.opened(eio_sid, awaited.extras)
        if awaited.access is not None and status != 0:
            outcome = "[accepted]" if status == 101 else status
            _uvicorns_logger().info('%s - "WebSocket %s" %s', *awaited.access, outcome)

    def end(self) -> None:
        """The engine has ended."""
        self._awaited.clear()

    def _say_farewell_with(self, protocol: Any) -> None:
        connections = getattr(protocol, "connections", None)
        if not isinstance(connections, set):
            return
        if self._farewell is None or self._farewell not in connections:
            self._farewell = Farewell(connections, self._shut_down)


class Farewell:
    """Stands for what was handed over, among the connections that uvicorn closes when it stops.

    So clients get a proper close also where no lifespan tells of the end: uvicorn shuts down each
    of its connections, and waits for them, before it ends the process.
    """

    def __init__(self, connections: set[Any], shut_down: Callable[[], Awaitable[None]]) -> None:
        self._connections = connections
        self._shut_down = shut_down
        self._task: asyncio.Future[None] | None = None
        connections.add(self)

    def shutdown(self) -> None:
        self._task = asyncio.ensure_future(self._shut_down())
        self._task.add_done_callback(lambda _: self._connections.discard(self))


def is_upgrade(scope: Scope) -> bool:
    """Does a WebSocket take over a session that polling has opened?"""
    query: bytes = scope.get("query_string") or b""
    return any(part.startswith(b"sid=") for part in query.split(b"&"))


def _is_idle(transport: asyncio.Transport) -> bool:
    return not transport.is_closing() and transport.get_write_buffer_size() == 0


def _package(thing: object) -> str:
    return type(thing).__module__.partition(".")[0]


def _not_uvicorns(receive: Receive) -> str:
    owner = getattr(receive, "__self__", None)
    if owner is not None and _package(owner) in SERVER_LOGGERS.keys() - {"uvicorn"}:
        return f"{_package(owner)} does not let go of them, uvicorn would"
    name = getattr(receive, "__qualname__", type(receive).__qualname__)
    module = getattr(receive, "__module__", type(receive).__module__)
    return (
        f"receive() is {module}.{name}, not uvicorn's own: another ASGI server, or a middleware "
        "that wraps it"
    )


def _let_go(protocol: Any) -> None:
    """Let uvicorn's side end as one whose application has returned after the connection's end.

    By a return, and not by the exception that uvicorn takes quietly: middleware that reports
    exceptions would report one for each client.
    """
    handler = getattr(protocol, "handler_task", None)
    started = getattr(protocol, "handshake_started_event", None)
    if handler is not None and started is not None:
        # websockets_impl: its handshake waits in a task of its own, for us or for ten seconds.
        handler.cancel()
        started.set()
    elif not getattr(protocol, "handshake_complete", False):
        from uvicorn.protocols.utils import ClientDisconnected

        raise ClientDisconnected


def _uvicorns_logger() -> logging.Logger:
    return logging.getLogger("uvicorn.error")


def _access(scope: Scope) -> tuple[str, str] | None:
    """What uvicorn logs about a WebSocket, if it does."""
    if not _uvicorns_logger().isEnabledFor(logging.INFO):
        return None
    from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

    return get_client_addr(scope), get_path_with_query_string(scope)  # type: ignore[arg-type]


def _server_logger(receive: Receive) -> logging.Logger | None:
    """The ASGI server's, where its user reads it."""
    package = _package(getattr(receive, "__self__", None))
    if package in SERVER_LOGGERS:
        return logging.getLogger(SERVER_LOGGERS[package])
    known = logging.root.manager.loggerDict  # receive() is wrapped: which server has set one up?
    for package, name in SERVER_LOGGERS.items():
        if any(logging.getLogger(each).handlers for each in (package, name) if each in known):
            return logging.getLogger(name)
    return None

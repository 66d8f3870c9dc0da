"""Takes accepted WebSockets over from uvicorn: their sockets go to the engine's own thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from .asgi_server import callers, logger_of, owner_of, package_of
from .core import Core
from .environs import Environs
from .farewell import Farewells
from .scope_extras import ExtrasTable, ScopeExtras
from .types import Receive, RequestHead, Scope

PROTOCOLS = "uvicorn.protocols.websockets."
HTTP_PROTOCOLS = "uvicorn.protocols.http."

NOT_YET = 100  # the status of a handshake that waits for the application's verdict

ACTIVE = "Socket.IO: WebSockets are handed over to the engine"
INACTIVE = "Socket.IO: WebSockets stay with the ASGI server: %s"
UNCOUNTED = (
    "Socket.IO: max_connections=%d counts the engine's own connections alone, and not what stays "
    "with the ASGI server; max_sessions counts all clients"
)
SWITCHED_OFF = "handoff=False"
NOT_UVICORN = "%s does not let go of them, uvicorn would"
TLS = "they are encrypted, which the engine does not do"
NO_SOCKET = "uvicorn's transport has no socket"
NO_LIBRARY = "uvicorn has found no library for them; pip install websockets"
NOT_WANTED = "uvicorn has been told to take none"


class Awaited(NamedTuple):
    """What becomes of a connection when the engine has answered its handshake."""

    extras: ScopeExtras | None
    opens: bool  # a session, which has the extras then; an upgrade's has its own scope already
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
        max_connections: int,
        shut_down: Callable[[], Awaitable[None]],
    ) -> None:
        self._core = core
        self._environs = environs
        self._enabled = enabled
        self._max_connections = max_connections
        self._farewells = Farewells(shut_down)
        self._extras = ExtrasTable()
        self._awaited: dict[int, Awaited] = {}
        self._told: set[str] = set()
        self.upgrades_have_extras = False  # somebody is asked about each request, and may look

    # --- may it be done? ---

    def announce(self, receive: Receive | None = None) -> None:
        """Say what will be done with WebSockets, before there is one, if that can be known.

        From the receive() of a lifespan or of a request; without one, from who is calling.
        """
        for server in callers() if receive is None else [owner_of(receive)]:
            if package_of(server) is not None:
                with contextlib.suppress(AttributeError):  # not every object of uvicorn's can tell
                    self._tell(self._foreseen(server), server)
                    return

    def _foreseen(self, server: object) -> str | None:
        if not self._enabled:
            return SWITCHED_OFF
        package = package_of(server)
        return _foreseen(server) if package == "uvicorn" else NOT_UVICORN % package

    def protocol(self, receive: Receive) -> Any:
        """Uvicorn's protocol object behind `receive` if its connection can be taken over."""
        protocol: Any = owner_of(receive)
        obstacle = self._obstacle(receive, protocol)
        if obstacle is None and not _is_idle(protocol.transport):
            return None  # it is about to end, which is nobody's fault
        self._tell(obstacle, protocol)
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

    def _tell(self, obstacle: str | None, server: object) -> None:
        log = logger_of(server) or self._core.log.engineio
        text = ACTIVE if obstacle is None else INACTIVE % obstacle
        # Where nobody hears it yet, as in hypercorn while it starts, it is said again.
        if text not in self._told and getattr(log, "isEnabledFor", bool)(logging.INFO):
            self._told.add(text)
            log.info(text)
        if obstacle is not None and self._max_connections and UNCOUNTED not in self._told:
            self._told.add(UNCOUNTED)
            log.warning(UNCOUNTED, self._max_connections)

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
        self._farewells.among(protocol)
        _let_go(protocol)
        return True

    def _awaits(self, scope: Scope) -> Awaited | None:
        opens = not is_upgrade(scope)
        extras = self._extras.of(scope) if opens or self.upgrades_have_extras else None
        access = _access(scope)
        return None if extras is None and access is None else Awaited(extras, opens, access)

    def serves_polling(self, receive: Receive) -> None:
        """Uvicorn, if it is uvicorn, will have to tell of its end: a poll may be parked then."""
        transport = getattr(owner_of(receive), "transport", None)
        if transport is not None and hasattr(transport, "get_protocol"):
            protocol = transport.get_protocol()
            if type(protocol).__module__.startswith(HTTP_PROTOCOLS):
                self._farewells.among(protocol)

    def extras(self, scope: Scope) -> ScopeExtras | None:
        return self._extras.of(scope)

    def adopted(self, connection: int, eio_sid: str | None, status: int) -> None:
        """Notification ADOPTED."""
        awaited = self._awaited.get(connection)
        if awaited is None:
            return
        if status != NOT_YET:
            del self._awaited[connection]
        if eio_sid is not None and (awaited.opens or status == NOT_YET):
            self._environs.opened(eio_sid, awaited.extras)
        if awaited.access is not None and status not in (0, NOT_YET):
            outcome = "[accepted]" if status == 101 else status
            _uvicorns_logger().info('%s - "WebSocket %s" %s', *awaited.access, outcome)

    def end(self) -> None:
        """The engine has ended."""
        self._awaited.clear()


def is_upgrade(scope: Scope) -> bool:
    """Does a WebSocket take over a session that polling has opened?"""
    query: bytes = scope.get("query_string") or b""
    return any(part.startswith(b"sid=") for part in query.split(b"&"))


def _is_idle(transport: asyncio.Transport) -> bool:
    return not transport.is_closing() and transport.get_write_buffer_size() == 0


def _foreseen(server: Any) -> str | None:
    """What an object of uvicorn's has to say: a configuration, what has one, or a request."""
    config = getattr(server, "config", server)
    if not hasattr(config, "is_ssl"):
        config = server.transport.get_protocol().config
    if config.is_ssl:
        return TLS
    if getattr(config, "ws", ...) in (None, "none"):
        return NOT_WANTED
    return NO_LIBRARY if _websocket_protocol(config) is None else None


def _websocket_protocol(config: Any) -> Any:
    """The class of uvicorn's for WebSockets; None if it has found no library for them."""
    if not hasattr(config, "ws_protocol_class") and getattr(config, "ws", ...) == "auto":
        # Uvicorn imports the application first, and then loads its configuration.
        from uvicorn.protocols.websockets import auto

        return auto.AutoWebSocketsProtocol
    return getattr(config, "ws_protocol_class", ...)


def _not_uvicorns(receive: Receive) -> str:
    package = package_of(owner_of(receive))
    if package is not None and package != "uvicorn":
        return NOT_UVICORN % package
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

"""AsyncServer: python-engineio's names, over an engine without Socket.IO."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, cast, overload

from ..core import Core, Loggers, make_logger
from ..options import Interval, Options, Origins, read_options
from ..types import Handler, Receive, Scope, Send, Session
from .face import EngineFace
from .packet import Packet
from .payload import Payload
from .runner import NAMESPACE
from .service import EngineService
from .sockets import State

F = TypeVar("F", bound=Handler)

# Of `options.Options`, but Socket.IO's.
_NOT_OURS = frozenset(
    (
        "allow_request",
        "always_connect",
        "cleanup_empty_child_namespaces",
        "dispatch",
        "engineio_logger",
        "max_attachments",
        "max_child_namespaces",
        "path",
        "serializer",
    )
)
_MOST_PACKETS = 1_000  # of one polling body


class AsyncServer(EngineFace):
    """An Engine.IO server for asyncio; arguments and methods as `engineio.AsyncServer`.

    Its sessions live on the engine's thread. Handlers run on the event loop of the first request
    or `listen`. `json`, a module with `dumps` and `loads`, is this server's alone. Further options
    are those of `options.Options`: `connect_timeout`, of a connect handler, `max_sessions`,
    `handoff` and others. Raises `ValueError` for what cannot be meant.
    """

    def __init__(
        self,
        async_mode: str | None = None,
        ping_interval: Interval = 25,
        ping_timeout: float = 20,
        max_http_buffer_size: int = 1_000_000,
        allow_upgrades: bool = True,
        http_compression: bool = True,
        compression_threshold: int = 1024,
        cookie: str | Mapping[str, Any] | None = None,
        cors_allowed_origins: Origins = None,
        cors_credentials: bool = True,
        logger: Any = False,
        json: Any = None,
        async_handlers: bool = True,
        monitor_clients: bool | None = None,
        transports: str | Collection[str] | None = None,
        **kwargs: Any,
    ) -> None:
        options = _options(
            {
                "async_mode": async_mode,
                "ping_interval": ping_interval,
                "ping_timeout": ping_timeout,
                "max_http_buffer_size": max_http_buffer_size,
                "allow_upgrades": allow_upgrades,
                "http_compression": http_compression,
                "compression_threshold": compression_threshold,
                "cookie": cookie,
                "cors_allowed_origins": cors_allowed_origins,
                "cors_credentials": cors_credentials,
                "monitor_clients": monitor_clients,
                "transports": transports,
            },
            kwargs,
        )
        log = make_logger(logger, "engineio.server")
        super().__init__(Core(self._for_engine(options), Loggers(log, log)), options)
        if json is not None:
            self.packet_class = cast("type[Packet]", type("Packet", (Packet,), {"json": json}))
        self._service = EngineService(
            self._core, options, lambda: self.packet_class, serial=not async_handlers
        )
        if type(self).generate_id is not EngineFace.generate_id:
            self._use_generated_ids()
        self.logger.info("Server initialized for %s.", self.async_mode)

    @staticmethod
    def _for_engine(options: Options) -> dict[str, Any]:
        most = max(_MOST_PACKETS, Payload.max_decode_packets)
        return {**options.for_engine(), "raw": True, "max_payload_packets": most}

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "generate_id":
            self._use_generated_ids()
        super().__setattr__(name, value)

    def _use_generated_ids(self) -> None:
        if self._options.threads > 1:
            # An id of the engine's says on which of its threads the session is.
            raise ValueError("generate_id() can only be overridden with threads=1")
        self._service.names.generate = lambda: self.generate_id()
        self._service.interest_changed()

    # --- handlers ---

    @property
    def handlers(self) -> dict[str, Handler]:
        """Functions by event. May be changed: once read, every event is delivered."""
        if not self._service.exposed:
            self._service.exposed = True
            self._service.interest_changed()
        return self._service.handlers

    @property
    def async_handlers(self) -> bool:
        """False: a client's messages are handled one after the other."""
        return not self._service.runner.serial

    @overload
    def on(self, event: str, handler: None = None) -> Callable[[F], F]: ...
    @overload
    def on(self, event: str, handler: Handler) -> None: ...
    def on(self, event: str, handler: Handler | None = None) -> Callable[[F], F] | None:
        """Register the handler of "connect", "message" or "disconnect", or a decorator for it.

        `connect(sid, environ)` lets the client in with None or True. Anything else refuses it: a
        str, or what JSON carries, is the answer that it gets, with status 401. The client waits
        for `connect_timeout` seconds at most. `message(sid, data)` gets a str, bytes, or the value
        of a text that is JSON. `disconnect(sid, reason)` may also be without the reason.

        Raises `ValueError` for another event.
        """
        if event not in self.event_names:
            raise ValueError("Invalid event")

        def register(function: F) -> F:
            self._service.handlers[event] = function
            self._service.interest_changed()
            return function

        if handler is None:
            return register
        register(handler)
        return None

    # --- sessions ---

    def session_ids(self) -> list[str]:
        return self._service.session_ids()

    def state_of(self, sid: str) -> State | None:
        return self._service.state_of(sid)

    def transport_of(self, sid: str) -> str | None:
        return self._service.transport_of(sid)

    def eio_sid_of(self, sid: str) -> str:
        return self._service.names.eio_sid(sid)

    async def get_session(self, sid: str) -> Session:
        return self._service.sessions.get(sid, NAMESPACE)

    async def save_session(self, sid: str, session: Session) -> None:
        self._service.sessions.save(sid, NAMESPACE, session)

    async def disconnect(self, sid: str | None = None) -> None:
        """Disconnect a client, or all; returns when their disconnect handlers have ended.

        A client whose connect handler runs is disconnected when that has let it in. Nothing
        happens for an unknown sid.
        """
        if sid is None:
            await asyncio.gather(*(self.disconnect(each) for each in self.session_ids()))
        elif self.state_of(sid) is None:
            return
        elif self._service.on_its_loop():
            await self._service.runner.disconnect(sid)
        else:
            self._core.engine.close_session(self._service.names.eio_sid(sid))

    # --- serving ---

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI request or WebSocket."""
        await self._service.handle_request(scope, receive, send)

    def handle_startup(self, receive: Receive | None = None) -> None:
        """The ASGI server starts: log what will be done with WebSockets, if that can be seen."""
        self._service.handoff.announce(receive)

    def listen(self, host: str, port: int, path: str = "/engine.io") -> tuple[str, int]:
        """Serve clients on a port of the engine's own; returns the address it is bound to.

        Needs a running loop, for the handlers. Port 0 takes a free one. Raises `OSError` if the
        address cannot be had, `ValueError` if the `cookie` has callables: the engine cannot ask
        them.
        """
        if not isinstance(port, int) or not 0 <= port <= 65535:
            raise ValueError(f"listen() needs a port from 0 to 65535, not {port!r}")
        self._options.check_own_port()
        self._service.bind()
        return self._core.engine.listen(host, port, path)

    async def shutdown(self) -> None:
        """Disconnect every client ("server disconnect"), stop listening, end the engine's thread.

        Waits up to two seconds for disconnect handlers, and two for bytes under way. The server
        can be used again afterwards.
        """
        self.logger.info("Socket.IO is shutting down")
        await self._service.end()


def _options(named: dict[str, Any], others: dict[str, Any]) -> Options:
    """Warnings name the line that constructs the server."""
    wanted = {key: value for key, value in others.items() if key not in _NOT_OURS}
    if len(wanted) < len(others):
        left_out = ", ".join(sorted(others.keys() - wanted.keys()))
        warnings.warn(f"AsyncServer ignores options of Socket.IO: {left_out}", stacklevel=3)
    return read_options({**named, **wanted}, stacklevel=4)

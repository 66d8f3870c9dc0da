"""`AsyncServer.eio` of a Socket.IO server: what applications read and call of the engine below."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ..core import Core
from ..options import Options
from ..session import SessionStore
from ..types import Receive, Scope, Send, Session, as_sid
from .face import EngineFace
from .sockets import State

if TYPE_CHECKING:
    from ..engine_hooks import EngineHooks

F = TypeVar("F")

_SOCKETIO_HANDLES = (
    "Socket.IO itself handles what its Engine.IO sessions do: use the Socket.IO server's events, "
    "or sio_native.engineio.AsyncServer for Engine.IO alone"
)
# Events, and the methods of `EngineHooks` for them.
_HOOKS = {
    "connection_error": "on_error",
    "initial_headers": "on_initial_headers",
    "headers": "on_headers",
}


class SocketIOEngine(EngineFace):
    """The sessions under a Socket.IO server, by Engine.IO sid.

    Messages of an application's own are no Socket.IO packets: its clients close the connection.
    """

    def __init__(
        self,
        core: Core,
        options: Options,
        sessions: SessionStore,
        handle_request: Callable[[Scope, Receive, Send], Awaitable[None]],
        shutdown: Callable[[], Awaitable[None]],
        hooks: Callable[[], EngineHooks],
    ) -> None:
        super().__init__(core, options)
        self._sessions = sessions
        self._handle_request = handle_request
        self._shutdown = shutdown
        self._hooks = hooks

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "generate_id":
            raise AttributeError("sio_native makes the ids of Socket.IO clients itself")
        super().__setattr__(name, value)

    @property
    def handlers(self) -> Any:
        """Not supported: `AttributeError`."""
        raise AttributeError(_SOCKETIO_HANDLES)

    def on(self, event: str, handler: Any = None) -> Any:
        """Register a hook, as a decorator or with `handler`: see docs/middleware.md.

        "connection_error" is called with a `ConnectionFailure`; "initial_headers" with a dictionary
        of the headers of the answer that opens a session, to be changed, and the `EngineRequest`;
        "headers" with the same of each answer of a session: that one, those to polls and POSTs, and
        the 101 of each WebSocket. `RuntimeError` for the events of sessions, which are Socket.IO's.
        """
        if event not in (*self.event_names, *_HOOKS):
            raise ValueError("Invalid event")
        if event in self.event_names:
            raise RuntimeError(_SOCKETIO_HANDLES)

        def register(function: F) -> F:
            getattr(self._hooks(), _HOOKS[event])(function)
            return function

        return register if handler is None else register(handler)

    def use(self, middleware: Any) -> Any:
        """Add a middleware: a function or coroutine function of each `EngineRequest`, be it for a
        session or of one, and a dictionary of headers of its answer, to be changed. It refuses the
        request by a `ConnectionRefusedError`.

        Or a mapping, of headers that every response has from now on; `RuntimeError` once the
        server serves.
        """
        if isinstance(middleware, Mapping):
            self.change("headers", {**(self._options.headers or {}), **middleware})
        else:
            self._hooks().use(middleware)
        return middleware

    def session_ids(self) -> list[str]:
        return self._core.engine.sessions()

    def state_of(self, sid: str) -> State | None:
        if self.transport_of(sid) is not None:
            return "open"
        return None if self._core.engine.request_head(as_sid(sid)) is None else "closing"

    def transport_of(self, sid: str) -> str | None:
        return self._core.engine.transport(as_sid(sid))

    def eio_sid_of(self, sid: str) -> str:
        return sid

    async def get_session(self, sid: str) -> Session:
        """The user sessions of a client by namespace, and what else has been saved for it.

        Raises `KeyError` for an unknown sid. What is added is kept when it is saved.
        """
        return self._sessions.get_all(sid, self._joined(sid))

    async def save_session(self, sid: str, session: Session) -> None:
        self._sessions.save_all(sid, self._joined(sid), session)

    def _joined(self, eio_sid: str) -> dict[str, str]:
        """The sids of a client by namespace."""
        if self.state_of(eio_sid) is None:
            raise KeyError("Session not found")
        engine = self._core.engine
        sids = {name: engine.sid(eio_sid, name) for name in engine.namespaces()}
        return {name: sid for name, sid in sids.items() if sid is not None}

    async def disconnect(self, sid: str | None = None) -> None:
        """Close a client's connection, or all. Disconnect handlers run after this has returned.

        Nothing happens for an unknown sid.
        """
        for each in self.session_ids() if sid is None else [sid]:
            self._core.engine.close_session(as_sid(each))
        await asyncio.sleep(0)

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI request or WebSocket."""
        await self._handle_request(scope, receive, send)

    async def shutdown(self) -> None:
        """As the Socket.IO server's."""
        await self._shutdown()

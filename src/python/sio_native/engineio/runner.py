"""Runs the handlers of a raw Engine.IO server. On the loop's thread alone."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .. import _core
from ..core import Core
from ..disconnect_reason import REASONS
from ..environs import Environs
from ..handlers import call, start_either
from ..session import SessionStore
from ..session_tasks import SessionTasks
from ..types import Handler
from .names import Names
from .packet import Packet

NAMESPACE = ""  # of user sessions: there are no namespaces
REFUSED = 401
FAILED = 500


class EngineRunner(SessionTasks):
    """From a notification to the handler, and from a connect handler's result to the verdict.

    Without `serial` each message is handled in a task made for it. With it a message of a client
    waits for the end of the one before.
    """

    def __init__(
        self,
        core: Core,
        handlers: Mapping[str, Handler],
        packet_class: Callable[[], type[Packet]],
        environs: Environs,
        sessions: SessionStore,
        names: Names,
        serial: bool,
    ) -> None:
        super().__init__(core, serial)
        self._handlers = handlers
        self._packet_class = packet_class
        self._environs = environs
        self._sessions = sessions
        self._names = names
        # Transports, by sid: of those whose connect handler has not decided, and of those that
        # have closed and whose disconnect handler has not ended.
        self.connecting: dict[str, str] = {}
        self.closing: dict[str, str] = {}
        self._to_be_closed: set[str] = set()  # when the connect handler has let them in
        self._leaving: dict[str, asyncio.Future[None]] = {}  # disconnect() waits for these
        self._log = core.log.engineio

    # --- connect ---

    def opened(self, eio_sid: str, transport: str) -> None:
        """Notification EIO_OPEN: the client waits until it is admitted or refused."""
        try:
            sid = self._names.new(eio_sid)
        except Exception:
            self._log.exception("a client gets no session id")
            self._refuse(eio_sid, "Internal server error", FAILED)
            self._environs.closed(eio_sid)
            return
        self.connecting[sid] = transport
        environ = self._environs.make(eio_sid)
        self._run(
            eio_sid,
            lambda: self._start_connect(sid, eio_sid, environ),
            lambda: self._connect_ended(sid, eio_sid),
        )

    def _connect_ended(self, sid: str, eio_sid: str) -> None:
        # Undecided when the handler was cancelled: who was not let in stays out.
        self._decide(sid, eio_sid, False)
        self._environs.decided(eio_sid)

    def _start_connect(self, sid: str, eio_sid: str, environ: Any) -> Awaitable[None] | None:
        handler = self._handlers.get("connect")
        verdict = None
        if handler is not None:
            try:
                verdict = handler(sid, environ)
            except Exception:
                self._log.exception("connect handler error")
                verdict = False
            if inspect.isawaitable(verdict):
                return self._finish_connect(verdict, sid, eio_sid)
        self._decide(sid, eio_sid, verdict)
        return None

    async def _finish_connect(self, result: Awaitable[Any], sid: str, eio_sid: str) -> None:
        try:
            verdict = await result
        except Exception:
            self._log.exception("connect async handler error")
            verdict = False
        self._decide(sid, eio_sid, verdict)

    def _decide(self, sid: str, eio_sid: str, verdict: Any) -> None:
        transport = self.connecting.pop(sid, None)
        if transport is None:
            return  # decided already
        if verdict is not None and verdict is not True:
            self._log.warning("Application rejected connection")
            self._environs.decided(eio_sid)  # while its request is there
            self._refuse(eio_sid, verdict or "Unauthorized", REFUSED)
            self._to_be_closed.discard(sid)
            self._forget(sid, eio_sid)
            return
        closes = sid in self._to_be_closed
        self._to_be_closed.discard(sid)
        self._core.engine.admit_session(eio_sid, "" if sid == eio_sid else sid, closes)
        if not self._core.engine.running:  # and will tell of no end
            self.closed(eio_sid, _core.SERVER_SHUTDOWN, transport)

    def _refuse(self, eio_sid: str, message: Any, status: int) -> None:
        try:
            body = self._packet_class().json.dumps(message)
        except Exception:
            self._log.exception("a refusal cannot be sent as JSON")
            body = '"Unauthorized"'
        text = body if isinstance(body, str) else body.decode()
        self._core.engine.refuse_session(eio_sid, status, text)

    # --- messages ---

    def message(self, eio_sid: str, data: str | bytes) -> None:
        """Notification EIO_MESSAGE."""
        sid = self._names.sid(eio_sid)
        value = self._packet_class().decode_text(data) if isinstance(data, str) else data
        self._run(eio_sid, lambda: self._handle_message(sid, value), lambda: self._count(eio_sid))

    async def _handle_message(self, sid: str, value: Any) -> None:
        handler = self._handlers.get("message")
        if handler is None:
            return
        try:
            await call(handler, sid, value)
        except Exception:
            self._log.exception("message handler error")

    # --- disconnect ---

    def closed(self, eio_sid: str, reason: int, transport: str) -> None:
        """Notification EIO_CLOSE."""
        sid = self._names.sid(eio_sid)
        self.closing[sid] = transport
        left = self._leaving.get(sid)
        if left is None:
            self._run(
                eio_sid,
                lambda: self._handle_disconnect(sid, REASONS[reason]),
                lambda: self._left(sid, eio_sid),
            )
        else:
            # disconnect() waits for it, perhaps in the very handler that the queue would wait for.
            self.spawn(
                self._handle_disconnect(sid, REASONS[reason]), lambda: self._left(sid, eio_sid)
            )

    async def _handle_disconnect(self, sid: str, reason: str) -> None:
        handler = self._handlers.get("disconnect")
        if handler is None:
            return
        try:
            result = start_either(handler, (sid, reason), (sid,))
            if inspect.isawaitable(result):
                await result
        except Exception:
            self._log.exception("disconnect handler error")

    def _left(self, sid: str, eio_sid: str) -> None:
        self.closing.pop(sid, None)
        self._forget(sid, eio_sid)
        waiting = self._leaving.pop(sid, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _forget(self, sid: str, eio_sid: str) -> None:
        self._sessions.drop((NAMESPACE, sid))
        self._names.drop(eio_sid)
        self._environs.closed(eio_sid)

    async def disconnect(self, sid: str) -> None:
        """Close an open session; returns when its disconnect handler has ended.

        At once for one that is closing, and for one whose connect handler runs: it is closed when
        that has let it in.
        """
        if sid in self.connecting:
            self._to_be_closed.add(sid)
        elif sid not in self.closing:
            left = self._leaving.get(sid)
            if left is None:
                left = self._leaving[sid] = asyncio.get_running_loop().create_future()
                self._core.engine.close_session(self._names.eio_sid(sid))
            await asyncio.shield(left)

    def release_waiting(self) -> None:
        waiting, self._leaving = self._leaving, {}
        for left in waiting.values():
            if not left.done() and not left.get_loop().is_closed():
                left.set_result(None)

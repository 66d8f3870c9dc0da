"""Runs the application's handlers for clients that come and go. On the loop's thread alone."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from . import _core, exceptions
from .client_hooks import ClientHooks, Decide
from .core import Core
from .disconnect_reason import REASONS
from .environs import Environs
from .event_runner import EventRunner, FindEntry, Resolve
from .handlers import start_either
from .session import SessionStore
from .session_tasks import Finish, Step, begin
from .types import Key

if TYPE_CHECKING:
    from .recovery import Recovery

REJECTED = {"message": "Connection rejected by server"}

UNKNOWN_NAMESPACE = "Unable to connect"

Ask: TypeAlias = Callable[[], Awaitable[bool]]


class HandlerRunner(EventRunner):
    """From a notification to the handler: who may come in, and who has left."""

    def __init__(
        self,
        core: Core,
        resolve: Resolve,
        entry: FindEntry,
        accepts: Callable[[str], bool],
        environs: Environs,
        sessions: SessionStore,
        serial: bool,
        own_tasks: bool,
    ) -> None:
        super().__init__(core, resolve, entry, serial, own_tasks)
        self._accepts = accepts
        self._environs = environs
        self._sessions = sessions
        # Clients whose connect handler has not decided; a disconnect that came meanwhile.
        self.connecting: dict[Key, Callable[[bool], None] | None] = {}
        self.departing: set[Key] = set()  # whose disconnect handler has not ended
        # Sid, namespace, auth: what must end well before the connect handler is asked.
        self.when_joining: Callable[[str, str, Any], Awaitable[None] | None] | None = None
        # Sid, namespace, auth: may it be there? In the place of `accepts`, perhaps after a while.
        self.when_entering: Callable[[str, str, Any], bool | Ask] | None = None
        self.when_accepted: Callable[[str, str], None] | None = None  # sid, namespace
        self.hooks: ClientHooks | None = None  # a client manager that wants to be told of clients
        self.recovery: Recovery | None = None  # of clients that come back
        self._leaving: dict[Key, asyncio.Future[None]] = {}  # disconnect() waits for these

    def _step(self, kind: int, *told: Any) -> tuple[Step | None, Finish | None]:
        """What begins a connect or an end, and what is called when it has ended."""
        if kind == _core.SESSION_CLOSED:
            self._environs.closed(*told)
            return None, None
        work = self._connect_work(*told) if kind == _core.CONNECT else self._leave_work(*told)
        return work or (None, None)

    # --- connect ---

    def connect(self, sid: str, namespace: str, eio_sid: str, auth: Any) -> None:
        """Notification CONNECT: the client waits until this accepts or refuses it."""
        work = self._connect_work(sid, namespace, eio_sid, auth)
        if work is not None:
            self._run(eio_sid, *work)

    def _connect_work(
        self, sid: str, namespace: str, eio_sid: str, auth: Any
    ) -> tuple[Step, Finish] | None:
        key = (namespace, sid)
        if isinstance(auth, Exception):  # of the codec
            self._core.log.socketio.warning("the auth of %s cannot be had: %s", sid, auth)
            self._core.engine.refuse(sid, namespace, REJECTED)
            self._dropped(key)
            return None
        if self.recovery is not None:
            auth = self.recovery.own_auth(auth)
        # The engine lets all in once the tables are exposed, or when namespaces come and go.
        entering = self.when_entering
        known = self._accepts(namespace) if entering is None else entering(sid, namespace, auth)
        if known is False:
            self._core.engine.refuse(sid, namespace, UNKNOWN_NAMESPACE)
            self._dropped(key)
            return None
        self.connecting[key] = None
        environ = self._environs.make(eio_sid)
        decide = partial(self._decide, sid, namespace, eio_sid)
        handler = partial(self._start_connect, sid, namespace, environ, auth or None)

        def start() -> Awaitable[None] | None:
            if self.hooks is None:
                return handler(decide)
            told = self.hooks.connect(sid, namespace, eio_sid, handler, decide)
            return self._logged(told, "connect", sid, namespace)

        if known is not True:
            start = partial(self._start_if, known, start, decide)
        return start, lambda: self._connect_ended(sid, namespace, eio_sid)

    async def _start_if(self, asked: Ask, start: Step, decide: Decide) -> None:
        if not await asked():
            decide(UNKNOWN_NAMESPACE)
        elif (waiting := start()) is not None:
            await waiting

    def _connect_ended(self, sid: str, namespace: str, eio_sid: str) -> None:
        # Undecided when the handler was cancelled: who was not let in stays out.
        self._decide(sid, namespace, eio_sid, REJECTED)
        self._environs.decided(eio_sid)

    def _start_connect(
        self, sid: str, namespace: str, environ: Any, auth: Any, decide: Decide
    ) -> Awaitable[None] | None:
        if self.when_joining is not None:
            middleware = self.when_joining(sid, namespace, auth)
            if middleware is not None:
                return self._guarded(middleware, sid, namespace, environ, auth, decide)
        return self._ask_handler(sid, namespace, environ, auth, decide)

    async def _guarded(
        self,
        middleware: Awaitable[None],
        sid: str,
        namespace: str,
        environ: Any,
        auth: Any,
        decide: Decide,
    ) -> None:
        try:
            await middleware
        except Exception as error:
            decide(_said_no(error))
            return
        asked = self._ask_handler(sid, namespace, environ, auth, decide)
        if asked is not None:
            await asked

    def _ask_handler(
        self, sid: str, namespace: str, environ: Any, auth: Any, decide: Decide
    ) -> Awaitable[None] | None:
        args = (sid, environ, auth)
        try:
            found = self._resolve("connect", namespace, args)
        except Exception as error:
            self._log_failure(error, "connect", sid, namespace)
            return None  # undecided, so refused
        if found is None:
            decide(None)
            return None
        handler, arguments = found

        try:
            # A client that sends credentials is never let in by a handler that ignores them.
            if auth is not None:
                result = handler(*arguments)
            else:
                result = start_either(handler, arguments, arguments[:-1])
        except Exception as error:
            decide(self._refusal(error, sid, namespace))
            return None
        if result is not None and inspect.isawaitable(result):
            return self._finish_connect(result, sid, namespace, decide)
        decide(REJECTED if result is False else None)
        return None

    async def _finish_connect(
        self, result: Awaitable[Any], sid: str, namespace: str, decide: Decide
    ) -> None:
        try:
            refusal = REJECTED if await result is False else None
        except Exception as error:
            refusal = self._refusal(error, sid, namespace)
        decide(refusal)

    def _refusal(self, error: Exception, sid: str, namespace: str) -> Any:
        if isinstance(error, exceptions.ConnectionRefusedError):
            return error.error_args
        if isinstance(error, ConnectionRefusedError):
            return {"message": "Connection refused by server"}
        self._log_failure(error, "connect", sid, namespace)
        return REJECTED

    def _decide(self, sid: str, namespace: str, eio_sid: str, refusal: Any) -> None:
        key = (namespace, sid)
        if key not in self.connecting:
            return
        left = self.connecting.pop(key)
        if refusal is None:
            self._core.engine.accept(sid, namespace)
            if (watcher := self._core.watcher) is not None:
                watcher.connected(sid, namespace)
            if self.when_accepted is not None:
                self.when_accepted(sid, namespace)
        else:
            try:
                self._core.engine.refuse(sid, namespace, refusal)
            except Exception as error:  # data that JSON cannot carry
                self._log_failure(error, "connect", sid, namespace)
                self._core.engine.refuse(sid, namespace, REJECTED)
            self._dropped(key)
        if left is not None:
            left(refusal is None)

    def _dropped(self, key: Key) -> None:
        """It is refused: so is one that had come back with its session."""
        if self.recovery is not None:
            self.recovery.refused(key)
        self._sessions.drop(key)

    # --- disconnect ---

    def disconnect(self, sid: str, namespace: str, eio_sid: str, reason: int) -> None:
        """Notification DISCONNECT."""
        work = self._leave_work(sid, namespace, eio_sid, reason)
        if work is None:
            return
        if (namespace, sid) not in self._leaving:
            self._run(eio_sid, *work)
            return
        # disconnect() waits for it, perhaps in the very handler that the queue would wait for.
        step, finish = work
        if (waiting := begin(step, finish)) is not None:
            self.spawn(waiting, finish)

    def _leave_work(
        self, sid: str, namespace: str, eio_sid: str, reason: int
    ) -> tuple[Step, Finish] | None:
        key = (namespace, sid)
        if self.cancellation is not None:
            self.cancellation.left(key)

        def start() -> Awaitable[None] | None:
            self.departing.add(key)
            handler = partial(self._start_disconnect, sid, namespace, REASONS[reason])
            if self.hooks is None:
                return handler()
            forget = partial(self._forget, sid, namespace)
            told = self.hooks.leave(sid, namespace, handler, forget)
            return self._logged(told, "disconnect", sid, namespace)

        def finish() -> None:
            self._disconnected(sid, namespace, eio_sid)

        if key in self.connecting and key not in self._leaving:
            # With always_connect a client can leave while its connect handler runs. One that was
            # refused was never connected, as far as the application knows.
            def left(was_accepted: bool) -> None:
                if was_accepted:
                    self._run(eio_sid, start, finish)
                else:
                    finish()

            self.connecting[key] = left
            return None
        return start, finish

    async def _logged(self, work: Awaitable[None], event: str, sid: str, namespace: str) -> None:
        try:
            await work
        except Exception as error:
            self._log_failure(error, event, sid, namespace)

    def _start_disconnect(self, sid: str, namespace: str, reason: str) -> Awaitable[None] | None:
        if (watcher := self._core.watcher) is not None:
            watcher.disconnected(sid, namespace, reason)
        try:
            found = self._resolve("disconnect", namespace, (sid, reason))
        except Exception as error:
            self._log_failure(error, "disconnect", sid, namespace)
            return None
        if found is None:
            return None
        handler, arguments = found
        try:
            result = start_either(handler, arguments, arguments[:-1])
        except Exception as error:
            self._log_failure(error, "disconnect", sid, namespace, (reason,))
            return None
        if result is not None and inspect.isawaitable(result):
            return self._finish_disconnect(result, sid, namespace, reason)
        return None

    async def _finish_disconnect(
        self, result: Awaitable[Any], sid: str, namespace: str, reason: str
    ) -> None:
        try:
            await result
        except Exception as error:
            self._log_failure(error, "disconnect", sid, namespace, (reason,))

    def _disconnected(self, sid: str, namespace: str, eio_sid: str) -> None:
        key = (namespace, sid)
        self._forget(sid, namespace)
        self.departing.discard(key)
        if self.recovery is None or not self.recovery.has_left(key):
            self._sessions.drop(key)  # after the engine: who asks from now on finds nobody
        waiting = self._leaving.pop(key, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _forget(self, sid: str, namespace: str) -> None:
        if (watcher := self._core.watcher) is not None:
            watcher.freed(sid, namespace)
        if self.recovery is not None:
            self.recovery.leave((namespace, sid))
        self._core.engine.disconnect_done(sid, namespace)

    async def wait_disconnected(self, sid: str, namespace: str) -> None:
        """Disconnect a connected client; returns when its disconnect handler has ended."""
        key = (namespace, sid)
        left = self._leaving.get(key)
        if left is None:
            if self.hooks is not None:
                self.hooks.leaving(sid, namespace)
            left = self._leaving[key] = asyncio.get_running_loop().create_future()
            self._core.engine.disconnect(sid, namespace)
        if self.cancellation is None:
            await asyncio.shield(left)
        else:
            with self.cancellation.sparing():
                await asyncio.shield(left)

    # --- ends ---

    def session_dropped(self, eio_sid: str) -> None:
        self._sessions.drop_all(eio_sid)
        super().session_dropped(eio_sid)

    def release_waiting(self) -> None:
        """The engine has ended: whoever waits in disconnect() need not."""
        waiting, self._leaving = self._leaving, {}
        for left in waiting.values():
            if not left.done() and not left.get_loop().is_closed():
                left.set_result(None)


def _said_no(error: Exception) -> Any:
    """What a client is told of an exception in a middleware: its text, and its `data`."""
    if isinstance(error, exceptions.ConnectionRefusedError):
        return error.error_args
    said = {"message": str(error)}
    data = getattr(error, "data", None)
    return said if data is None else {**said, "data": data}

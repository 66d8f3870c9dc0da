"""Builds the parts of one server around its engine, and starts and ends them together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from . import _core
from .acks import AckTable
from .bridge import SHUTTING_DOWN, Bridge, send_response
from .client_hooks import ClientHooks
from .core import Core
from .dispatcher import SECOND_LOOP, Dispatcher
from .environs import Environs
from .handlers import Registry
from .handoff import Handoff
from .options import Options
from .runner import FindEntry, HandlerRunner, Resolve
from .session import SessionStore
from .types import Receive, Scope, Send, as_sid

if TYPE_CHECKING:
    from .async_manager import AsyncManager

# An ASGI extension: a test client wants to know the server that it reaches.
TEST_CLIENT = "sio_native.testing"

# Seconds that disconnect handlers have at the end, and then bytes under way.
GRACE = 2.0


class Service:
    """What is behind an `AsyncServer`."""

    def __init__(
        self,
        core: Core,
        options: Options,
        registry: Registry,
        resolve: Resolve,
        entry: FindEntry,
        serial: bool,
    ) -> None:
        self.core = core
        self.always_connect = options.always_connect
        self.manager: AsyncManager | None = None
        self.sessions = SessionStore(
            lambda sid, namespace: core.engine.eio_sid(as_sid(sid), namespace) is not None
        )
        self.environs = Environs(core, lambda eio_sid: self.runner.session_dropped(eio_sid))
        self.runner = HandlerRunner(
            core,
            resolve,
            entry,
            registry.accepts,
            self.environs,
            self.sessions,
            serial,
            options.dispatch == "task",
        )
        self.acks = AckTable(core, self.runner.spawn)
        self.handoff = Handoff(
            core, self.environs, options.handoff, options.max_connections, self.end
        )
        self._bridge = Bridge(
            core,
            self.environs,
            self.handoff,
            options.max_http_buffer_size,
            options.origin_check(),
        )
        self._dispatcher = Dispatcher(core, self._bound, self._routes(), self.runner.queue)
        self._registry = registry
        self._ending: asyncio.Future[None] | None = None
        self.when_bound: Callable[[], None] | None = None  # called when a loop has been bound

    def bind(self) -> None:
        """Serve the running loop; see `Dispatcher.bind`."""
        self._dispatcher.bind()

    def use_hooks(self, manager: AsyncManager) -> ClientHooks:
        """Tell a manager of each client that comes and goes from now on."""
        self._registry.deliver_connects = True
        self.runner.hooks = hooks = ClientHooks(manager, self.always_connect)
        self.interest_changed()
        return hooks

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run it on the loop that is served, or on the running one before there is one.

        From any thread. `RuntimeError` if there is no loop.
        """
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        loop = self._dispatcher.loop or running
        if loop is None or loop.is_closed():
            work.close()
            raise RuntimeError(
                "this client manager publishes on the server's event loop, and there is none yet"
            )
        if loop is running:
            self.runner.spawn(work)
        else:
            loop.call_soon_threadsafe(self.runner.spawn, work)

    def on_its_loop(self) -> bool:
        """Is the running loop the one that is served?"""
        return asyncio.get_running_loop() is self._dispatcher.loop

    def interest_changed(self) -> None:
        """Handlers have been registered. Before the start there is nobody to tell."""
        self.runner.handlers_changed()
        if self.core.started:
            self._send_interest()

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI request or WebSocket."""
        if self._is_ending():
            if scope["type"] == "http":
                await send_response(send, SHUTTING_DOWN)
            else:
                await send({"type": "websocket.close"})
            return
        self.bind()
        extensions = scope.get("extensions")
        if extensions and TEST_CLIENT in extensions:
            extensions[TEST_CLIENT]["reached"](self)
        if scope["type"] == "http":
            await self._bridge.http(scope, receive, send)
        else:
            await self._bridge.websocket(scope, receive, send)

    async def end(self) -> None:
        """See `AsyncServer.shutdown`. Whoever asks while it ends waits for the same end."""
        if not self._is_ending():
            if not self.core.started:
                return
            self.core.start()  # no-op, but in a forked child it says what is wrong
            served = self._dispatcher.loop
            if served is not None and not served.is_closed() and not self.on_its_loop():
                raise RuntimeError(SECOND_LOOP)
            self._ending = asyncio.ensure_future(self._end())
        if self._ending is not None:
            await asyncio.shield(self._ending)

    async def _end(self) -> None:
        engine = self.core.engine
        if self.on_its_loop():
            # While the engine still answers, so that disconnect handlers can ask it.
            engine.stop_listening()
            eio_sids = {
                eio_sid
                for namespace in engine.namespaces()
                for _, eio_sid in engine.participants(namespace, None)
            }
            for eio_sid in eio_sids:
                engine.close_session(eio_sid)
            await self.runner.wait_closed(eio_sids, GRACE)
        else:
            self._abandon_loop()
        await asyncio.get_running_loop().run_in_executor(None, self.core.close, GRACE)
        self._dispatcher.release()
        self._dispatcher.drain_all()
        self._bridge.end()
        self.handoff.end()
        self.acks.fail_all()
        self.runner.release_waiting()
        self.environs.clear()

    def _is_ending(self) -> bool:
        ending = self._ending
        return ending is not None and not ending.done() and not ending.get_loop().is_closed()

    def _bound(self, rebound: bool) -> None:
        """A loop has been bound; what the one before was doing will not be finished."""
        if rebound:
            self._abandon_loop()
        self.runner.bound()
        self._send_interest()
        if rebound and self.manager is not None:
            self.manager._loop_lost()
        if self.when_bound is not None:
            self.when_bound()

    def _abandon_loop(self) -> None:
        self.core.engine.abort_bridged()
        self._bridge.forget()
        self.runner.abandon_tasks()

    def _send_interest(self) -> None:
        self.core.engine.set_interest(*self._registry.interest())

    def _routes(self) -> dict[int, Callable[..., None]]:
        return {
            _core.EVENT: self.runner.event,
            _core.CONNECT: self.runner.connect,
            _core.DISCONNECT: self.runner.disconnect,
            _core.ACK: self.acks.answered,
            _core.ACKS_DONE: self.acks.done,
            _core.SESSION_CLOSED: self.environs.closed,
            _core.HTTP_RESPONSE: self._bridge.http_response,
            _core.WS_ACCEPT: self._bridge.ws_accept,
            _core.WS_REJECT: self._bridge.ws_reject,
            _core.WS_SEND: self._bridge.ws_send,
            _core.WS_CLOSE: self._bridge.ws_close,
            _core.WS_PAUSE: self._bridge.ws_pause,
            _core.WS_RESUME: self._bridge.ws_resume,
            _core.ADOPTED: self.handoff.adopted,
            _core.LOG: self._log,
        }

    def _log(self, channel: str, level: int, text: str) -> None:
        log: Any = self.core.log
        getattr(log, channel).log(level, "%s", text)

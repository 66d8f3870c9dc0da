"""The ways into one engine, the loop that it serves, and its end: whatever runs above it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from . import _core
from .bridge import SHUTTING_DOWN, Bridge, send_response
from .core import Core
from .dispatcher import SECOND_LOOP, Dispatcher, Routes
from .environs import Environs
from .handoff import Handoff
from .options import Options
from .session_tasks import SessionTasks
from .types import Receive, Scope, Send

# An ASGI extension: a test client wants to know the server that it reaches.
TEST_CLIENT = "sio_native.testing"

# Seconds that disconnect handlers have at the end, and then bytes under way.
GRACE = 2.0


class Doors:
    """Bridge, hand-off and dispatcher of a server, started and ended together.

    What is above them says by its methods what it wants to hear and who is open.
    """

    def __init__(
        self,
        core: Core,
        options: Options,
        environs: Environs,
        tasks: SessionTasks,
        routes: Routes,
        queue: Callable[[], _core.HandlerQueue | None] = lambda: None,
    ) -> None:
        """`routes` and `queue`: for what is not the doors' own, see `Dispatcher`."""
        self.core = core
        self.environs = environs
        self._tasks = tasks
        self.closed = False  # until reopen(): every request is answered 503
        self.draining = False  # new sessions are, until the engine ends
        # What uvicorn waits for before it ends.
        self.farewell: Callable[[], Awaitable[Any]] = self.end
        self.handoff = Handoff(
            core, environs, options.handoff, options.max_connections, lambda: self.farewell()
        )
        self._bridge = Bridge(
            core,
            environs,
            self.handoff,
            options,
            self.shown_sid,
        )
        self._dispatcher = Dispatcher(core, self._bound, {**self._routes(), **routes}, queue)
        self._ending: asyncio.Future[None] | None = None
        # Before the engine ends, when its clients have gone: what is still to be saved.
        self.when_ending: list[Callable[[], Awaitable[None]]] = []
        self.when_ended: list[Callable[[], None]] = []  # when nothing will come of it any more

    def add_route(self, kind: int, call: Callable[..., None]) -> None:
        """Call it for each notification of this kind."""
        self._dispatcher.routes[kind] = call

    def send_interest(self) -> None:
        """Tell the engine what is wanted of it."""
        raise NotImplementedError

    def open_sessions(self) -> set[str]:
        """The Engine.IO sids of those whose disconnect handlers are waited for at the end."""
        raise NotImplementedError

    def shown_sid(self, eio_sid: str) -> str:
        """What the client of this session knows it by."""
        return eio_sid

    def ended(self) -> None:
        """The engine has ended: what waits for it need not."""

    def loop_bound(self, rebound: bool) -> None:
        """The running loop is the one that is served from now on, perhaps instead of a dead one."""

    def bind(self) -> None:
        """Serve the running loop; see `Dispatcher.bind`."""
        self._dispatcher.bind()

    def on_its_loop(self) -> bool:
        """Is the running loop the one that is served?"""
        return asyncio.get_running_loop() is self._dispatcher.loop

    def interest_changed(self) -> None:
        """Handlers have been registered. Before the start there is nobody to tell."""
        if self.core.started:
            self.send_interest()

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI request or WebSocket."""
        if self.closed or self._is_ending():
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

    def refuse_new(self) -> None:
        """No more sessions; those that are open go on."""
        self.draining = True
        self.core.engine.stop_accepting()

    def reopen(self) -> None:
        """Requests are dealt with again, and start the engine where it has ended."""
        self.closed = False

    async def end(self) -> None:
        """Close all and end the engine. Whoever asks while it ends waits for the same end."""
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
            self.refuse_new()
            eio_sids = self.open_sessions()
            engine.close_sessions(list(eio_sids), _core.SERVER_SHUTDOWN)
            await self._tasks.wait_closed(eio_sids, GRACE)
            for save in self.when_ending:
                await save()
        else:
            self._abandon_loop()
        await asyncio.get_running_loop().run_in_executor(None, self.core.close, GRACE)
        self.draining = False
        self._dispatcher.release()
        self._dispatcher.drain_all()
        self._bridge.end()
        self.handoff.end()
        self.ended()
        for each in self.when_ended:
            each()
        self._tasks.release_waiting()
        self.environs.clear()

    def _is_ending(self) -> bool:
        ending = self._ending
        return ending is not None and not ending.done() and not ending.get_loop().is_closed()

    def _bound(self, rebound: bool) -> None:
        """A loop has been bound; what the one before was doing will not be finished."""
        if rebound:
            self._abandon_loop()
        self.send_interest()
        self.loop_bound(rebound)

    def _abandon_loop(self) -> None:
        self.core.engine.abort_bridged()
        self._bridge.forget()
        self._tasks.abandon_tasks()

    def _routes(self) -> dict[int, Callable[..., None]]:
        return {
            _core.HTTP_RESPONSE: self._bridge.http_response,
            _core.OPENING: self._bridge.opening,
            _core.WS_ACCEPT: self._bridge.ws_accept,
            _core.WS_REJECT: self._bridge.ws_reject,
            _core.WS_SEND: self._bridge.ws_send,
            _core.WS_CLOSE: self._bridge.ws_close,
            _core.WS_PAUSE: self._bridge.ws_pause,
            _core.WS_RESUME: self._bridge.ws_resume,
            _core.ADOPTED: self.handoff.adopted,
            _core.ORIGIN: self._bridge.origin,
            _core.LOG: self._log,
        }

    def _log(self, channel: str, level: int, text: str) -> None:
        log: Any = self.core.log
        getattr(log, channel).log(level, "%s", text)

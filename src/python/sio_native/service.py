"""Builds the parts of one Socket.IO server around its engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from . import _core
from .acks import AckTable
from .client_hooks import ClientHooks
from .core import Core
from .doors import Doors
from .environs import Environs
from .event_runner import FindEntry, Resolve
from .handlers import Interest, Registry
from .options import Options
from .runner import HandlerRunner
from .session import SessionStore
from .types import as_namespace, as_sid

if TYPE_CHECKING:
    from .async_manager import AsyncManager
    from .recovery import Recovery, RecoveryOptions


class Service(Doors):
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
        self.always_connect = options.always_connect
        self.manager: AsyncManager | None = None
        self.sessions = SessionStore(
            lambda sid, nsp: core.engine.eio_sid(as_sid(sid), as_namespace(nsp)) is not None
        )
        self.recovery: Recovery | None = None
        if options.recovery is not None:
            self.recovery = _recovery(options.recovery, self.sessions, self.spawn)
            registry.recovers = True
        environs = Environs(core, lambda eio_sid: self.runner.session_dropped(eio_sid))
        self.runner = HandlerRunner(
            core,
            resolve,
            entry,
            registry.accepts,
            environs,
            self.sessions,
            serial,
            options.dispatch == "task",
        )
        self.runner.recovery = self.recovery
        self.acks = AckTable(core, self.runner.spawn)
        self._registry = registry
        # Namespace, topic, and what has changed there, as JSON; see `presence`.
        self.when_presence_changes: Callable[[str, str, str], None] | None = None
        super().__init__(
            core,
            options,
            environs,
            self.runner,
            {
                _core.EVENT: self.runner.event,
                _core.CONNECT: self.runner.connect,
                _core.DISCONNECT: self.runner.disconnect,
                _core.ACK: self.acks.answered,
                _core.ACKS_DONE: self.acks.done,
                _core.SESSION_CLOSED: environs.closed,
                _core.ROOM_QUESTION: lambda *told: self.room_asked(*told),
                _core.ROOM_CHANGED: lambda *told: self.room_changed(*told),
                _core.STREAM_CANCELLED: lambda stream: self.stream_cancelled(stream),
                _core.PRESENCE: self._presence_changed,
                _core.RECOVERY: self._recovery_told,
            },
            self.runner.queue,
        )
        self._setups: list[Callable[[], None]] = []  # see use()
        # Of the parts that are in use: notifications ROOM_QUESTION, ROOM_CHANGED, STREAM_CANCELLED.
        self.room_asked: Callable[[str, str, str], None] = _nobody_asked
        self.room_changed: Callable[..., None] = _nobody_asked
        self.stream_cancelled: Callable[[str], None] = _nobody_asked
        self.when_bound: Callable[[], None] | None = None  # called when a loop has been bound

    def use(self, configure: Callable[[], None]) -> None:
        """A part of the engine is in use: `configure` tells it how, each time the engine starts.

        It may be called more often, and before the engine runs.
        """
        self._setups.append(configure)
        if self.core.started:
            configure()

    def send_interest(self) -> None:
        for configure in self._setups:
            configure()
        interest = self._registry.interest()
        if self.core.logs(logging.INFO):  # a line for each event, also for those nobody handles
            interest = Interest(interest.namespaces, [], True)
        self.core.engine.set_interest(*interest)

    def interest_changed(self) -> None:
        self.runner.handlers_changed()
        super().interest_changed()

    def open_sessions(self) -> set[str]:
        engine = self.core.engine
        return {
            eio_sid
            for namespace in engine.namespaces()
            for _, eio_sid in engine.participants(namespace, None)
        }

    def loop_bound(self, rebound: bool) -> None:
        self.runner.bound()
        if rebound and self.manager is not None:
            self.manager._loop_lost()
        if self.when_bound is not None:
            self.when_bound()

    def _presence_changed(self, namespace: str, topic: str, diff: str) -> None:
        if self.when_presence_changes is not None:
            self.when_presence_changes(namespace, topic, diff)

    def _recovery_told(self, step: str, sid: str, namespace: str) -> None:
        if self.recovery is not None:
            self.recovery.told(step, sid, namespace)

    def ended(self) -> None:
        if self.recovery is not None:
            self.recovery.clear()
        self.acks.fail_all()

    def use_manager(self, manager: AsyncManager) -> None:
        """Before the server serves. Hooks of one that was used before are forgotten."""
        self.manager = manager
        self._registry.deliver_connects = False
        self.runner.hooks = None
        manager._bind(self.core, self)

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


def _recovery(
    options: RecoveryOptions,
    sessions: SessionStore,
    spawn: Callable[[Coroutine[Any, Any, Any]], None],
) -> Recovery:
    from .recovery import Recovery  # only for those who use it

    return Recovery(options, sessions, spawn)


def _nobody_asked(*told: Any) -> None:
    """Nothing is in use that wants to hear of it."""

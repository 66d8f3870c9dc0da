"""Runs the application's handlers for the events of clients. On the loop's thread alone."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from . import _core
from .ack import Ack, asked
from .cancellation import Cancellation
from .core import Core
from .handlers import Entry, Invocation
from .session_tasks import Finish, SessionTasks, Step

if TYPE_CHECKING:
    from .error_hooks import ErrorHooks

NOT_HANDLED: Final = object()

Resolve: TypeAlias = Callable[[str, str, tuple[Any, ...]], "Invocation | None"]
# Who handles an event until `handlers_changed`; False: ask `Resolve` each time.
FindEntry: TypeAlias = Callable[[str, str], "Entry | Literal[False] | None"]


class EventRunner(SessionTasks):
    """From an event to its handler, and from the result back to the engine.

    The engine's runners step handlers inside asyncio tasks, see `docs/threading.md`; with
    `own_tasks` each in one made for it. With `serial` all that one session does is handled in
    order, each thing after the one before has ended: then it is done here, a coroutine in a task
    and a plain function at once.
    """

    def __init__(
        self, core: Core, resolve: Resolve, entry: FindEntry, serial: bool, own_tasks: bool
    ) -> None:
        super().__init__(core, serial)
        self._resolve = resolve
        self._entry = entry
        self._own_tasks = own_tasks
        self._queue: _core.HandlerQueue | None = None
        self._queue_engine: _core.Engine | None = None
        self.cancellation: Cancellation | None = None  # of handlers whose client has left
        self.errors: ErrorHooks | None = None  # who hears of handlers that fail
        self.gives_acks = False  # see `give_acks`

    def _step(self, kind: int, *told: Any) -> tuple[Step | None, Finish | None]:
        """What begins a connect or an end, and what is called when it has ended."""
        raise NotImplementedError

    # --- the engine's runners ---

    def bound(self) -> None:
        """The running loop is the one from now on."""
        if self.serial:
            self._queue = None
            return
        if self._queue is None or self._queue_engine is not self._core.engine:
            self._queue_engine = self._core.engine
            self._queue = self._core.engine.handler_queue(
                start=_start_runner,
                alone=self._alone,
                entry=self._entry,
                resolve=self._call_handler,
                step=self._step,
                failed=self._log_failure,
                received=self._received,
                ack=self._give_ack,
                not_handled=NOT_HANDLED,
            )
            self._queue.gives_acks = self.gives_acks

    def give_acks(self) -> None:
        """A handler asks for the `Ack` of its event: from now on each event gets one."""
        self.gives_acks = True
        if self._queue is not None:
            self._queue.gives_acks = True

    def _alone(self) -> bool:
        # A task factory of the application's, which may come at any time, wants to see a task for
        # each handler.
        return self._own_tasks or asyncio.get_running_loop().get_task_factory() is not None

    def queue(self) -> _core.HandlerQueue | None:
        """Where what handlers are for goes; None: to the methods below."""
        if self._queue is not None:
            self._queue.verbose = self._core.watcher is not None or self._core.logs(logging.INFO)
        return self._queue

    def unfinished(self) -> int:
        """0: no handler waits to begin, and none is under way."""
        queued = 0 if self._queue is None else self._queue.unfinished
        return len(self._queues) + self._running + queued

    def handlers_changed(self) -> None:
        if self._queue is not None:
            self._queue.forget()

    def _call_handler(self, event: str, namespace: str, args: list[Any]) -> Any:
        if self.errors is None:
            result = self._call(event, namespace, args)
        else:
            call = partial(self._call, event, namespace, args)
            result = self.errors.follow(event, namespace, args, call)
        if self.cancellation is None:
            return result
        return self.cancellation.follow((namespace, args[0]), result)

    def _call(self, event: str, namespace: str, args: list[Any]) -> Any:
        found = self._resolve(event, namespace, tuple(args))
        if found is None:
            return NOT_HANDLED
        handler, arguments = found
        return handler(*arguments)

    # --- events ---

    def event(
        self, sid: str, namespace: str, eio_sid: str, args: list[Any], ack_id: int | None
    ) -> None:
        """Notification EVENT."""
        self._received(args, sid, namespace)
        self._run(
            eio_sid,
            lambda: self._start_event(sid, namespace, args, ack_id),
            lambda: self._count(eio_sid),
        )

    def _start_event(
        self, sid: str, namespace: str, args: list[Any], ack_id: int | None
    ) -> Awaitable[None] | None:
        event, *rest = args
        if self.gives_acks:
            self._give_ack(event, sid, namespace, ack_id)
        try:
            result = self._call_handler(event, namespace, [sid, *rest])
        except Exception as error:
            self._log_failure(error, event, sid, namespace)
            return None
        if inspect.isawaitable(result):
            return self._finish_event(result, event, sid, namespace, ack_id)
        self._answer(result, event, sid, namespace, ack_id)
        return None

    async def _finish_event(
        self, result: Awaitable[Any], event: str, sid: str, namespace: str, ack_id: int | None
    ) -> None:
        try:
            value = await result
        except Exception as error:
            self._log_failure(error, event, sid, namespace)
        else:
            self._answer(value, event, sid, namespace, ack_id)

    def _answer(
        self, result: Any, event: str, sid: str, namespace: str, ack_id: int | None
    ) -> None:
        if ack_id is None or result is NOT_HANDLED:
            return
        if self.gives_acks and (ack := asked.get()) is not None and ack.taken:
            return
        try:
            self._core.engine.send_ack(sid, namespace, ack_id, result)
        except Exception as error:  # a result that JSON cannot carry
            self._log_failure(error, event, sid, namespace)

    def _give_ack(self, event: str, sid: str, namespace: str, ack_id: int | None) -> Ack:
        """To whoever asks for it in the running context."""
        answer = self._core.engine.send_ack
        given = Ack(event, None if ack_id is None else partial(answer, sid, namespace, ack_id))
        asked.set(given)
        return given

    def _received(self, args: list[Any], sid: str, namespace: str) -> None:
        self._core.log.socketio.info('received event "%s" from %s [%s]', args[0], sid, namespace)
        if (watcher := self._core.watcher) is not None:
            watcher.received(sid, namespace, args)

    def _log_failure(
        self,
        error: Exception,
        event: str | None,
        sid: str | None,
        namespace: str | None,
        args: tuple[Any, ...] = (),
    ) -> None:
        if self.errors is None or event is None or sid is None or namespace is None:
            self.log_failure(error, event, sid, namespace)
        else:
            self.errors.tell(error, event, sid, namespace, args)

    def log_failure(
        self, error: Exception, event: str | None, sid: str | None, namespace: str | None
    ) -> None:
        if event is None:
            self._core.log.socketio.error("what a client did was not handled", exc_info=error)
            return
        self._core.log.socketio.error(
            'the handler of "%s" failed for %s [%s]', event, sid, namespace, exc_info=error
        )

    def abandon_tasks(self) -> None:
        if self._queue is not None:
            self._queue.abandon()
        super().abandon_tasks()


def _start_runner(runner: _core.Runner) -> None:
    asyncio.get_running_loop().create_task(runner)

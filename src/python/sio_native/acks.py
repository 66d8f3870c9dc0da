"""Emits that wait for answers: callbacks, and `call()`."""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from . import exceptions
from .core import Core
from .types import AckCallback, Data

Spawn = Callable[[Coroutine[Any, Any, Any]], object]


@dataclass(frozen=True)
class Answer:
    """A callback by what it does: two that do the same are equal."""

    report: Callable[..., Any]
    about: tuple[Any, ...]

    def __call__(self, *args: Any) -> Any:
        return self.report(*self.about, *args)


@dataclass
class _Gathering:
    """The answers of all who were asked; `heard` is told each."""

    heard: Callable[[str, Data], None] | None = None
    answers: dict[str, Data] = field(default_factory=dict)
    complete: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


def _value(args: list[Any]) -> Data:
    return args[0] if len(args) == 1 else tuple(args) or None


class AckTable:
    """Callbacks by token. Entered from any thread, answered on the loop.

    Bounded by the engine: an entry ends with the last client that was asked, and that of a call
    without a timeout with its caller.
    """

    def __init__(self, core: Core, spawn: Spawn) -> None:
        self._core = core
        self._spawn = spawn
        self._tokens = itertools.count(1)  # 0 asks for no ack
        self._callbacks: dict[int, AckCallback] = {}
        self._calls: dict[int, asyncio.Future[list[Any]]] = {}
        self._endless: set[int] = set()  # of the calls, those without a timeout
        self._gathered: dict[int, _Gathering] = {}

    def __len__(self) -> int:
        return len(self._callbacks) + len(self._calls) + len(self._gathered)

    def expect(self, callback: AckCallback) -> int:
        """A token for an emit whose answers `callback` gets, one call for each client."""
        token = next(self._tokens)
        self._callbacks[token] = callback
        return token

    def forget(self, token: int) -> None:
        """No answer is wanted any more. No-op when all have come."""
        known = self._callbacks.pop(token, None) or self._calls.pop(token, None)
        if known is not None:
            self._core.engine.forget_token(token)

    def forget_callback(self, callback: Answer) -> None:
        """`forget` by callback; looks through all that are waited for."""
        for token, known in list(self._callbacks.items()):
            if isinstance(known, Answer) and known == callback:
                self.forget(token)

    async def call(self, emit: Callable[[int], None], event: str, timeout: float | None) -> Data:
        """Emit with a token and wait for the first answer: None, one value, or a tuple."""
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        token = next(self._tokens)
        self._calls[token] = answer
        if timeout is None:
            self._endless.add(token)
        try:
            emit(token)
            return await self.in_time(answer, event, timeout)
        finally:
            self._endless.discard(token)
            self.forget(token)

    async def gather(
        self,
        emit: Callable[[int], None],
        event: str,
        timeout: float | None,
        heard: Callable[[str, Data], None] | None = None,
    ) -> dict[str, Data]:
        """Emit with a token and wait until all have answered or left: the answers by sid."""
        token = next(self._tokens)
        gathering = self._gathered[token] = _Gathering(heard)
        try:
            emit(token)
            await asyncio.wait_for(gathering.complete, timeout)
        except asyncio.TimeoutError:
            raise exceptions.AckTimeoutError(
                f"not everybody has answered {event!r} within {timeout} seconds",
                gathering.answers,
            ) from None
        finally:
            del self._gathered[token]
            if not gathering.complete.done() or gathering.complete.cancelled():
                self._core.engine.forget_token(token)
        return gathering.answers

    async def in_time(
        self, answer: asyncio.Future[list[Any]], event: str, timeout: float | None
    ) -> Data:
        """The arguments of an answer as `call` returns them, or `exceptions.TimeoutError`."""
        try:
            args = await asyncio.wait_for(answer, timeout)
        except asyncio.TimeoutError:
            raise exceptions.TimeoutError(
                f"the client did not answer {event!r} within {timeout} seconds"
            ) from None
        return _value(args)

    def answered(self, token: int, sid: str, args: list[Any]) -> None:
        """Notification ACK."""
        if (call := self._calls.get(token)) is not None:
            if not call.done():
                call.set_result(args)
        elif (gathering := self._gathered.get(token)) is not None:
            gathering.answers[sid] = value = _value(args)
            if gathering.heard is not None:
                gathering.heard(sid, value)
        elif (callback := self._callbacks.get(token)) is not None:
            try:
                result = callback(*args)
            except Exception:
                self._core.log.socketio.exception("ack callback failed")
            else:
                if inspect.isawaitable(result):
                    self._spawn(self._finish(result))

    def done(self, token: int) -> None:
        """Notification ACKS_DONE: no client that was asked is left.

        A call without a timeout waits on, as with python-socketio, until its caller gives up: it
        may know of a way on. Open WebUI asks again when the user's next tab comes.
        """
        if token not in self._endless:
            self._give_up(token)

    def fail_all(self) -> None:
        """The engine has ended."""
        for token in [*self._callbacks, *self._calls, *self._gathered]:
            self._give_up(token)

    def _give_up(self, token: int) -> None:
        self._callbacks.pop(token, None)
        gathering = self._gathered.get(token)
        if gathering is not None and not gathering.complete.done():
            gathering.complete.set_result(None)
        call = self._calls.pop(token, None)
        if call is not None and not call.done():
            call.set_exception(
                exceptions.TimeoutError("no answer will come: the client is not connected")
            )

    async def _finish(self, result: Any) -> None:
        try:
            await result
        except Exception:
            self._core.log.socketio.exception("ack callback failed")

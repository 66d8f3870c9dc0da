"""Who hears of errors: `@sio.on_error`."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .ack import asked
from .adapters import answer_of
from .exceptions import PayloadError
from .handlers import ANY, call
from .listeners import Listeners
from .types import Handler

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .socket import Socket

log = logging.getLogger("socketio.server")


@dataclass(frozen=True)
class ErrorContext:
    """What a handler was called for when it failed.

    `event` is that of the client, or of an emit in a listener of `on_any_outgoing`; "connect",
    "disconnect", or "connection" in a function of `on_connection`. `args` are those of the event,
    the reason of a "disconnect", and else empty.
    """

    event: str
    sid: str
    namespace: str
    args: tuple[Any, ...]
    _sio: AsyncServer = field(repr=False, compare=False)

    @property
    def socket(self) -> Socket | None:
        """The client; None when it has left."""
        try:
            return self._sio.socket(self.sid, self.namespace)
        except KeyError:
            return None


class ErrorHooks:
    """The hooks of one server, by namespace; "*": of all."""

    def __init__(self, sio: AsyncServer) -> None:
        self._sio = sio
        self._hooks: dict[str, Listeners] = {}

    def add(self, namespace: str, hook: Handler) -> None:
        """`TypeError` for what cannot be called."""
        self._hooks.setdefault(namespace, Listeners()).add(hook)

    def follow(self, event: str, namespace: str, args: list[Any], begin: Callable[[], Any]) -> Any:
        """What `begin` returns for an event of a client; `args` are its sid and what it sent."""
        context = self._context(event, args[0], namespace, tuple(args[1:]))
        try:
            result = begin()
        except Exception as error:
            return self._answer(error, context)
        return self._wait(result, context) if inspect.isawaitable(result) else result

    async def _wait(self, result: Awaitable[Any], context: ErrorContext) -> Any:
        try:
            return await result
        except Exception as error:
            return await self._answer(error, context)

    def tell(
        self, error: Exception, event: str, sid: str, namespace: str, args: tuple[Any, ...]
    ) -> None:
        """Of what nobody waits for an answer to."""
        self._sio._service.runner.spawn(
            self._asked(error, self._context(event, sid, namespace, args))
        )

    def _context(self, event: str, sid: str, namespace: str, args: tuple[Any, ...]) -> ErrorContext:
        return ErrorContext(event, sid, namespace, args, self._sio)

    async def _answer(self, error: Exception, context: ErrorContext) -> Any:
        answer = await self._asked(error, context)
        if answer is None:
            if not isinstance(error, PayloadError):
                return self._sio.not_handled
            answer = error.answer
        ack = asked.get()
        if ack is not None and ack.taken and not ack.answered:  # results do not answer it
            ack(*(answer if isinstance(answer, tuple) else (answer,)))
        return answer

    async def _asked(self, error: Exception, context: ErrorContext) -> Any:
        """Those of the namespace first. The first result that is not None; None: there is none."""
        hooks = [
            hook
            for name in (context.namespace, ANY)
            if name in self._hooks
            for hook in self._hooks[name].handlers()
        ]
        if not hooks and isinstance(error, PayloadError):
            return answer_of(error, context.event, context.sid, context.namespace)
        if not hooks:
            self._sio._service.runner.log_failure(
                error, context.event, context.sid, context.namespace
            )
        answer = None
        for hook in hooks:
            try:
                said = await call(hook, error, context)
            except Exception:
                log.exception("a hook for errors failed, of %r in %s", error, context)
            else:
                answer = said if answer is None else answer
        return answer

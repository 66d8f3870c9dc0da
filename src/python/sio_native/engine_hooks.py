"""What an application decides about requests below Socket.IO, and hears of those refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

from . import _core
from .engine_request import (
    FORBIDDEN,
    MESSAGES,
    ConnectionFailure,
    EngineRequest,
    failure,
    forbidden,
)
from .environ import environ_from_head
from .exceptions import ConnectionRefusedError as Refused
from .handlers import call
from .response_headers import header_lines
from .types import Environ, Handler

if TYPE_CHECKING:
    from .service import Service


class Question:
    """A request that waits in the engine, which knows it by `id`."""

    def __init__(self, id: str, opens: bool) -> None:
        self.id = id
        self.opens = opens  # a session, which will have the id
        self.opened = False
        self.answered = False


class EngineHooks:
    """The hooks of one server. The request that they are asked about waits, and nothing else does.

    With a bound on how many wait, and for how long: see `eio/gate.hpp`. Beyond, and when its client
    leaves, the engine gives a request up, and the hook that it waits for is cancelled.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._core = service.core
        self._log = service.core.log.engineio
        self._allows: list[Handler] = []
        self._middleware: list[Handler] = []
        self._initial_headers: list[Handler] = []
        self._headers: list[Handler] = []
        self._on_error: list[Handler] = []
        self._asking: dict[str, asyncio.Future[None]] = {}
        service.add_route(_core.REQUEST, self._asked)
        service.add_route(_core.REQUEST_WITHDRAWN, self._withdrawn)
        service.add_route(_core.REFUSED, self._refused)
        service.use(self._tell_engine)

    def allow(self, function: Handler) -> None:
        """Give those a session of whom it is true."""
        self._add(self._allows, function)

    def use(self, middleware: Handler) -> None:
        """Call it with each request and the headers of its answer; an exception refuses it."""
        self._add(self._middleware, middleware)

    def on_initial_headers(self, function: Handler) -> None:
        """Call it with the headers of the answer that opens a session, and the request."""
        self._add(self._initial_headers, function)

    def on_headers(self, function: Handler) -> None:
        """Call it with the headers of each answer of a session, and the request."""
        self._add(self._headers, function)

    def on_error(self, function: Handler) -> None:
        """Call it with each `ConnectionFailure`."""
        self._add(self._on_error, function)

    def _add(self, to: list[Handler], function: Handler) -> None:
        if not callable(function):
            raise TypeError(f"a hook must be callable, not {function!r}")
        to.append(function)
        self._service.interest_changed()

    def _tell_engine(self) -> None:
        each = bool(self._middleware or self._headers)
        self._service.handoff.upgrades_have_extras = each
        self._core.engine.set_door_interest(
            decides=each or bool(self._allows or self._initial_headers),
            requests=each,
            refusals=bool(self._on_error),
        )

    # --- verdicts ---

    def _asked(self, id: str, opens: bool, head: Mapping[str, Any]) -> None:
        """Notification REQUEST."""
        question = Question(id, opens)
        task = asyncio.ensure_future(self._decide(question, self._request(id, head)))
        self._asking[id] = task
        self._service.runner.keep(task, partial(self._ended, question))

    def _withdrawn(self, id: str) -> None:
        """Notification REQUEST_WITHDRAWN."""
        if (task := self._asking.get(id)) is not None:
            task.cancel()

    def _ended(self, question: Question) -> None:
        """However it has: also before it has begun."""
        del self._asking[question.id]
        if not question.opened:
            self._service.environs.closed(question.id)
        if not question.answered:  # a hook was cancelled; nobody waits if its client has left
            self._refuse(question, MESSAGES[FORBIDDEN])

    def _request(self, id: str, head: Mapping[str, Any]) -> EngineRequest:
        def make_environ() -> Environ:
            if id in self._asking:
                return self._service.environs.make(id)
            return environ_from_head(head)  # looked at too late to be what a connect handler gets

        return EngineRequest.of(head, make_environ)

    async def _decide(self, question: Question, request: EngineRequest) -> None:
        engine, environs = self._core.engine, self._service.environs
        headers: dict[str, Any] = {}
        try:
            await self._ask(request, headers, question.opens)
        except Exception as error:
            message = self._reason(error)
            environs.decided(question.id)  # while its request is there
            told = forbidden(message, request)
            self._refuse(question, told.message)
            self._tell(told)
            return
        lines = await self._lines(headers, request, question.opens)
        environs.decided(question.id)
        question.answered = True
        if question.opens:
            question.opened = True  # or it is told by SESSION_CLOSED
            engine.admit_session(question.id, "", False, lines)
        else:
            engine.admit_request(question.id, lines)

    def _refuse(self, question: Question, message: str) -> None:
        question.answered = True
        body = {"code": FORBIDDEN, "message": message}
        self._core.engine.refuse_session(question.id, 403, json.dumps(body))

    async def _ask(self, request: EngineRequest, headers: dict[str, Any], opens: bool) -> None:
        for allows in self._allows if opens else ():
            if not await call(allows, request):
                raise Refused
        for middleware in self._middleware:
            await call(middleware, request, headers)

    def _reason(self, error: Exception) -> str | None:
        """What its client is told: the text of a refusal, and nothing of a mistake."""
        if isinstance(error, Refused):
            said: Any = error.error_args["message"] if error.args else None
            return None if said is None else str(said)
        if isinstance(error, ConnectionRefusedError):
            return str(error) or None
        self._log.error("a hook has failed, its request is refused", exc_info=error)
        return None

    async def _lines(
        self, headers: MutableMapping[str, Any], request: EngineRequest, opens: bool
    ) -> list[tuple[bytes, bytes]]:
        """What cannot be sent is not, and the log says so: the request goes on all the same."""
        for hook in (*(self._initial_headers if opens else ()), *self._headers):
            try:
                await call(hook, headers, request)
            except Exception:
                self._log.exception("a hook for headers has failed")
        lines = []
        for name, value in headers.items():
            try:
                lines += header_lines({name: value})
            except Exception:
                self._log.exception("a header cannot be sent")
        return lines

    # --- refusals ---

    def _refused(self, code: int, why: int, head: Mapping[str, Any]) -> None:
        """Notification REFUSED."""
        make: Callable[[], Any] = partial(environ_from_head, head)
        self._tell(failure(code, why, EngineRequest.of(head, make)))

    def _tell(self, told: ConnectionFailure) -> None:
        for listener in self._on_error:
            self._service.runner.spawn(self._called(listener, told))

    async def _called(self, listener: Handler, told: ConnectionFailure) -> None:
        try:
            await call(listener, told)
        except Exception:
            self._log.exception("on_connection_error failed")

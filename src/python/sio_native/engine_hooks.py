"""What an application decides about requests for a session, and hears of those refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

from . import _core
from .engine_request import ConnectionFailure, EngineRequest, failure, forbidden
from .environ import environ_from_head
from .exceptions import ConnectionRefusedError as Refused
from .handlers import call
from .response_headers import header_lines
from .types import Handler

if TYPE_CHECKING:
    from .service import Service


class EngineHooks:
    """The hooks of one server. A request for a session waits for them, and nothing else does.

    With a bound on how many wait, and for how long: see `eio/gate.hpp`.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._core = service.core
        self._log = service.core.log.engineio
        self._allows: list[Handler] = []
        self._middleware: list[Handler] = []
        self._initial_headers: list[Handler] = []
        self._on_error: list[Handler] = []
        service.add_route(_core.EIO_OPEN, self._asked)
        service.add_route(_core.REFUSED, self._refused)
        service.use(self._tell_engine)

    def allow(self, function: Handler) -> None:
        """Let those in of whom it is true."""
        self._add(self._allows, function)

    def use(self, middleware: Handler) -> None:
        """Call it with the request and the headers of its answer; an exception refuses it."""
        self._add(self._middleware, middleware)

    def on_initial_headers(self, function: Handler) -> None:
        """Call it with the headers of the answer and the request."""
        self._add(self._initial_headers, function)

    def on_error(self, function: Handler) -> None:
        """Call it with each `ConnectionFailure`."""
        self._add(self._on_error, function)

    def _add(self, to: list[Handler], function: Handler) -> None:
        if not callable(function):
            raise TypeError(f"a hook must be callable, not {function!r}")
        to.append(function)
        self._service.interest_changed()

    def _tell_engine(self) -> None:
        self._core.engine.set_door_interest(
            decides=bool(self._allows or self._middleware or self._initial_headers),
            refusals=bool(self._on_error),
        )

    # --- verdicts ---

    def _asked(self, eio_sid: str, transport: str) -> None:
        """Notification EIO_OPEN."""
        self._service.runner.spawn(self._decide(eio_sid))

    async def _decide(self, eio_sid: str) -> None:
        engine, environs = self._core.engine, self._service.environs
        head = engine.request_head(eio_sid)
        if head is None:  # its client has not waited
            environs.closed(eio_sid)
            return
        environ = environs.make(eio_sid)
        request = EngineRequest.of(head, lambda: environ)
        headers: dict[str, Any] = {}
        try:
            await self._ask(request, headers)
        except Exception as error:
            message = self._reason(error)
            environs.decided(eio_sid)  # while its request is there
            told = forbidden(message, request)
            body = {"code": told.code, "message": told.message}
            engine.refuse_session(eio_sid, 403, json.dumps(body))
            environs.closed(eio_sid)
            self._tell(told)
            return
        environs.decided(eio_sid)
        engine.admit_session(eio_sid, "", False, await self._lines(headers, request))

    async def _ask(self, request: EngineRequest, headers: dict[str, Any]) -> None:
        for allows in self._allows:
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
        self, headers: MutableMapping[str, Any], request: EngineRequest
    ) -> list[tuple[bytes, bytes]]:
        """What cannot be sent is not, and the log says so: the client is let in all the same."""
        for hook in self._initial_headers:
            try:
                await call(hook, headers, request)
            except Exception:
                self._log.exception("an initial_headers hook has failed")
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

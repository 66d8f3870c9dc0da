"""What `AsyncServer` has of requests below Socket.IO: see docs/middleware.md."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from .types import Handler

if TYPE_CHECKING:
    from .engine_hooks import EngineHooks
    from .engineio.facade import SocketIOEngine
    from .service import Service

F = TypeVar("F", bound=Handler)


class RequestMethods:
    """Hooks of the Engine.IO server."""

    _service: Service

    def on_connection_error(self, handler: F) -> F:
        """Call a function with the `ConnectionFailure` of each request that is refused.

        At most 1,000 are kept for an application that is busy; it hears of no more then.
        """
        self._engine_hooks.on_error(handler)
        return handler

    @property
    def engine(self) -> SocketIOEngine:
        """`eio`, as the JavaScript server names it."""
        eio: SocketIOEngine = self.eio  # type: ignore[attr-defined]
        return eio

    @cached_property
    def _engine_hooks(self) -> EngineHooks:
        from .engine_hooks import EngineHooks  # only for those who use it

        return EngineHooks(self._service)

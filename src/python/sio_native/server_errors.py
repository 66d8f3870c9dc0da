"""What an AsyncServer has of errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from .handlers import ANY
from .types import Handler

if TYPE_CHECKING:
    from .async_server import AsyncServer

F = TypeVar("F", bound=Handler)


class ErrorMethods:
    """Of `AsyncServer`."""

    @overload
    def on_error(self, hook: F) -> F: ...
    @overload
    def on_error(self, *, namespace: str) -> Callable[[F], F]: ...
    def on_error(self, hook: Any = None, *, namespace: str = ANY) -> Any:
        """Call a function or coroutine function when a handler has failed, instead of logging.

        It is called with the exception and an `error_hooks.ErrorContext`. `@sio.on_error`, for all
        namespaces, or `@sio.on_error(namespace="/chat")`. Hooks of the namespace are called first,
        then those for all, each in the order of their registration. The first of their results
        that is not None answers the client's event; without one an event that failed is not
        answered, but for one with wrong arguments, see `exceptions.PayloadError`.
        """

        def register(function: F) -> F:
            service = cast("AsyncServer", self)._service
            if service.runner.errors is None:
                from .error_hooks import ErrorHooks  # only for those who use it

                service.runner.errors = ErrorHooks(cast("AsyncServer", self))
            service.runner.errors.add(namespace, function)
            service.interest_changed()  # from now on handlers are called where errors are caught
            return function

        return register if hook is None else register(hook)

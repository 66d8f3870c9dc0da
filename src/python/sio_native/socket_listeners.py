"""What is called for the events of one client, and for what it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from .adapters import answer_of, asking_for_nothing, for_socket, for_task_of
from .exceptions import PayloadError
from .handlers import Invocation, call, call_either
from .listeners import Listeners
from .types import Handler

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .socket import Socket
    from .sockets import Sockets

F = TypeVar("F", bound=Handler)

# What a socket hears of by itself. A client that sends an event "error" is not heard by these.
_OWN = ("disconnecting", "disconnect", "error")


class SocketListeners:
    """Of a `Socket`."""

    id: str
    nsp: str

    def __init__(self, sio: AsyncServer, sockets: Sockets) -> None:
        self._sio = sio
        self._sockets = sockets
        self._listeners: dict[str, Listeners] = {}
        self._any = Listeners()
        self._any_outgoing = Listeners()
        self._middleware: list[Handler] = []
        self._holds: list[asyncio.Event] = []

    # --- events ---

    @overload
    def on(self, event: str, handler: None = None) -> Callable[[F], F]: ...
    @overload
    def on(self, event: str, handler: F) -> F: ...
    def on(self, event: str, handler: F | None = None) -> F | Callable[[F], F]:
        """Call a function or coroutine function with the arguments of each such event, behind the
        server's own handler for it. As a decorator or with `handler`.

        Several are called in the order of their registration; the ack is the first result that is
        not None. Annotated parameters get what they ask for, see docs/handlers.md. "disconnecting"
        and "disconnect" have the reason as their argument, before and after the server's handler;
        "error" has the exception of a middleware or of a listener of this socket, which then goes
        nowhere else. `ValueError` for "connect".
        """
        return self._add(event, handler, once=False)

    @overload
    def once(self, event: str, handler: None = None) -> Callable[[F], F]: ...
    @overload
    def once(self, event: str, handler: F) -> F: ...
    def once(self, event: str, handler: F | None = None) -> F | Callable[[F], F]:
        """`on`, for the next such event alone."""
        return self._add(event, handler, once=True)

    def _add(self, event: str, handler: F | None, once: bool) -> F | Callable[[F], F]:
        if event == "connect":
            raise ValueError("it is connected: on_connection is called for each client")
        if not isinstance(event, str):
            raise TypeError(f"an event's name is a str, not {event!r}")

        def register(function: F) -> F:
            called = (
                for_socket(function, cast("Socket", self), event) if callable(function) else None
            )
            self._listeners.setdefault(event, Listeners()).add(function, once, called=called)
            self._sockets.listens(self.nsp)
            return function

        return register if handler is None else register(handler)

    def off(self, event: str | None = None, handler: Handler | None = None) -> None:
        """Remove a handler of an event, all of it, or all. No-op for what is not registered."""
        if event is None:
            self._listeners.clear()
        elif handler is None:
            self._listeners.pop(event, None)
        elif event in self._listeners:
            self._listeners[event].remove(handler)
            if not self._listeners[event]:
                del self._listeners[event]

    def task(
        self,
        id: str = "taskId",
        *,
        cancel_event: str = "CANCEL_TASK",
        by: str = "sid",
        most: int = 100,
    ) -> Callable[[F], F]:
        """`@socket.on("START_SEARCH") @socket.task()`: as `AsyncServer.task`, for a listener."""
        tasks = self._sio._client_tasks_of(self.nsp, cancel_event, id, by, most)

        def decorate(handler: F) -> F:
            called = for_task_of(cast("Socket", self), handler)

            @wraps(handler)
            async def cancellable(*arguments: Any) -> Any:
                return await tasks.run(called, self.id, arguments, by, most)

            return cast(F, asking_for_nothing(cancellable))

        return decorate

    # --- all events ---

    def on_any(self, handler: F) -> F:
        """Call it with the name and the arguments of each event, before its handlers."""
        self._any.add(handler)
        self._sockets.listens(self.nsp)
        return handler

    def prepend_any(self, handler: F) -> F:
        """`on_any`, before those that are there."""
        self._any.add(handler, first=True)
        self._sockets.listens(self.nsp)
        return handler

    def off_any(self, handler: Handler | None = None) -> None:
        """Remove what `on_any` has registered, or all of it."""
        self._any.remove(handler)

    def listeners_any(self) -> list[Handler]:
        """What `on_any` has registered, in the order of the calls; a copy."""
        return self._any.handlers()

    # --- what it is sent ---

    def on_any_outgoing(self, handler: F) -> F:
        """Call it with the name and the arguments of each event that the application sends it.

        What this object sends waits for it, and is not sent when it raises: the caller has the
        error. Of what the server sends, or another socket, to all, to a room or to its sid, also
        from other servers, it is told at the same time, volatile events that are lost among it;
        nobody waits, and errors go where those of `on` go.
        """
        self._any_outgoing.add(handler)
        self._sockets.listens_outgoing(cast("Socket", self))
        return handler

    def prepend_any_outgoing(self, handler: F) -> F:
        """`on_any_outgoing`, before those that are there."""
        self._any_outgoing.add(handler, first=True)
        self._sockets.listens_outgoing(cast("Socket", self))
        return handler

    def off_any_outgoing(self, handler: Handler | None = None) -> None:
        """Remove what `on_any_outgoing` has registered, or all of it."""
        self._any_outgoing.remove(handler)
        self._sockets.listens_outgoing(cast("Socket", self))

    def listeners_any_outgoing(self) -> list[Handler]:
        """What `on_any_outgoing` has registered, in the order of the calls; a copy."""
        return self._any_outgoing.handlers()

    # --- middleware ---

    def use(self, middleware: F) -> F:
        """Call it with the name and the list of arguments of each event, before anything else.

        It may change the list. When it raises nothing else is called, and handlers of the event
        "error" get the exception; without one it is an error of the server's, see `on_error`.
        """
        if not callable(middleware):
            raise TypeError(f"a middleware must be callable, not {middleware!r}")
        self._middleware.append(middleware)
        self._sockets.listens(self.nsp)
        return middleware

    # --- for `Sockets` ---

    def _hold(self) -> Callable[[], None]:
        """Its events wait until what is returned is called; the engine bounds how many do."""
        hold = asyncio.Event()
        self._holds.append(hold)

        def release() -> None:
            if not hold.is_set():
                hold.set()
                self._holds.remove(hold)

        return release

    def _wants(self, event: str) -> bool:
        if event == "disconnect":
            return event in self._listeners or "disconnecting" in self._listeners
        if self._holds or self._middleware or self._any:
            return True
        return event in self._listeners and event not in _OWN

    async def _handle(self, found: Invocation | None, event: str, *given: Any) -> Any:
        """An event of this client, which the server has a handler for if `found`."""
        if event == "disconnect":
            await self._leave(found, *given)
            return None
        for hold in list(self._holds):
            await hold.wait()
        args = list(given)
        try:
            for each in self._middleware:
                await call(each, event, args)
            await self._any.call_all(event, *args)
        except Exception as error:
            return await self._failed(error, event)
        results = []
        if found is not None:
            handler, arguments = found
            results.append(await call(handler, *arguments[: -len(given) or None], *args))
        if event in self._listeners and event not in _OWN:
            try:
                results += await self._listeners[event].call_all(*args)
            except Exception as error:
                results.append(await self._failed(error, event))
        answers = [each for each in results if each is not self._sio.not_handled]
        if not answers:
            return self._sio.not_handled
        return next((each for each in answers if each is not None), None)

    async def _leave(self, found: Invocation | None, *given: Any) -> None:
        """Its end. Each is called, whatever becomes of those before it."""
        failed: list[Exception] = []

        async def listeners(event: str) -> None:
            if event in self._listeners:
                try:
                    await self._listeners[event].call_all(*given)
                except Exception as error:
                    try:
                        await self._failed(error, event)
                    except Exception as unheard:
                        failed.append(unheard)

        await listeners("disconnecting")
        if found is not None:
            handler, arguments = found
            try:
                await call_either(handler, arguments, arguments[:-1])
            except Exception as error:
                failed.append(error)
        await listeners("disconnect")
        for more in failed[1:]:
            self._sio._service.runner._log_failure(more, "disconnect", self.id, self.nsp, given)
        if failed:
            raise failed[0]

    async def _failed(self, error: Exception, event: str) -> Any:
        """Of a listener or middleware: what answers the event. Raises it if nobody here hears."""
        if "error" in self._listeners:
            await self._listeners["error"].call_all(error)
            return error.answer if isinstance(error, PayloadError) else self._sio.not_handled
        if isinstance(error, PayloadError) and self._sio._service.runner.errors is None:
            return answer_of(error, event, self.id, self.nsp)
        raise error
